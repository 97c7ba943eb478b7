/** What two ends of a link agree upon. Vol 4, Part D, 8.8. */
export interface LinkConfiguration {
  /** How many reliable packets may wait for their acknowledgement, 1 to 7. */
  readonly windowSize: number;
  /** Whether XON and XOFF may stand between frames, and are escaped within. */
  readonly softwareFlowControl: boolean;
  /** Whether packets may carry the 16-bit CCITT-CRC. */
  readonly dataIntegrityCheck: boolean;
}

/** A Link Control message. Vol 4, Part D, 8 and 9. */
export type LinkMessage =
  | { readonly type: "sync" | "syncResponse" | "wakeup" | "woken" | "sleep" }
  | {
      readonly type: "config" | "configResponse";
      /** Absent in the CONFIG of a controller, and in the answer to it. */
      readonly configuration?: LinkConfiguration;
    };

type LinkMessageType = LinkMessage["type"];

/** The first two octets of each message. */
const codes: Readonly<Record<LinkMessageType, readonly [number, number]>> = {
  sync: [0x01, 0x7e],
  syncResponse: [0x02, 0x7d],
  config: [0x03, 0xfc],
  configResponse: [0x04, 0x7b],
  wakeup: [0x05, 0xfa],
  woken: [0x06, 0xf9],
  sleep: [0x07, 0x78],
};

const types = Object.keys(codes) as LinkMessageType[];

/** The payload of a message. The caller *owns* it. */
export function encodeMessage(message: LinkMessage): Uint8Array {
  const code = codes[message.type];
  const configuration = "configuration" in message ? message.configuration : undefined;
  return Uint8Array.of(...code, ...(configuration ? [encodeConfiguration(configuration)] : []));
}

/** The message that a payload is, or `undefined`: others "shall be ignored". Octets behind what is known are too. */
export function decodeMessage(payload: Uint8Array): LinkMessage | undefined {
  const type = types.find((each) => codes[each][0] === payload[0] && codes[each][1] === payload[1]);
  if (type === undefined || (type !== "config" && type !== "configResponse")) return type && { type };
  const [, , field] = payload;
  return field === undefined ? { type } : { type, configuration: decodeConfiguration(field) };
}

/** The version number in the upper three bits is 0. */
function encodeConfiguration({
  windowSize,
  softwareFlowControl,
  dataIntegrityCheck,
}: LinkConfiguration): number {
  return windowSize | (softwareFlowControl ? 0x08 : 0) | (dataIntegrityCheck ? 0x10 : 0);
}

function decodeConfiguration(field: number): LinkConfiguration {
  return {
    windowSize: Math.max(1, field & 0x07), // 0 is reserved, and would let nothing through
    softwareFlowControl: (field & 0x08) !== 0,
    dataIntegrityCheck: (field & 0x10) !== 0,
  };
}
