/** Versions of the Core Specification, as Read Local Version Information numbers them. Assigned Numbers, 2.1. */
export const CoreVersion = {
  V4_0: 0x06,
  V4_1: 0x07,
  V4_2: 0x08,
  V5_0: 0x09,
  V5_1: 0x0a,
  V5_2: 0x0b,
  V5_3: 0x0c,
  V5_4: 0x0d,
} as const;
export type CoreVersion = (typeof CoreVersion)[keyof typeof CoreVersion];

/** Commands that came together: the first opcode, and how many there are in a row. */
type Commands = readonly [since: CoreVersion, first: number, count: number];

/** The commands that were not there from the beginning of LE; all others were. Vol 4, Part E, 3.1. */
const commands: readonly Commands[] = [
  [CoreVersion.V4_1, 0x0c7b, 2], // Read and Write Authenticated Payload Timeout
  [CoreVersion.V4_1, 0x2020, 2], // LE Remote Connection Parameter Request Reply and Negative Reply
  [CoreVersion.V4_2, 0x2022, 14], // LE Set Data Length … LE Read Maximum Data Length
  [CoreVersion.V5_0, 0x2030, 31], // LE Read PHY … LE Set Privacy Mode
  [CoreVersion.V5_1, 0x204f, 17], // LE Receiver Test [v3] … LE Modify Sleep Clock Accuracy
  [CoreVersion.V5_2, 0x2060, 28], // LE Read Buffer Size [v2] … LE Transmitter Test [v4]
  [CoreVersion.V5_3, 0x207c, 3], // LE Set Data Related Address Changes … LE Subrate Request
  [CoreVersion.V5_4, 0x207f, 8], // LE Set Extended Advertising Parameters [v2] … Periodic [v2]
];

/** The last LE subevent of each version from 4.0 on: they were given out in order. Vol 4, Part E, 7.7.65. */
const lastSubevents = [0x05, 0x06, 0x0b, 0x14, 0x18, 0x22, 0x23, 0x29] as const;

/** The other events that were not there from the beginning of LE. Vol 4, Part E, 3.1. */
const events: ReadonlyMap<number, CoreVersion> = new Map<number, CoreVersion>([
  [0x57, CoreVersion.V4_1], // Authenticated Payload Timeout Expired
  [0x59, CoreVersion.V5_3], // Encryption Change [v2]
]);

/** The last bit of the FeatureSet of each version: they, too, were given out in order. Vol 6, Part B, 4.6. */
const lastFeatures = [0, 4, 7, 16, 27, 35, 39, 44] as const;

/** Whether a controller of a version can know the command. */
export function hasCommand(version: CoreVersion, opcode: number): boolean {
  return !commands.some(
    ([since, first, count]) => since > version && opcode >= first && opcode < first + count,
  );
}

/** Whether a controller of a version can send the event. */
export function hasEvent(version: CoreVersion, code: number, subevent?: number): boolean {
  if (subevent !== undefined) return subevent <= (lastSubevents[version - CoreVersion.V4_0] ?? 0);
  return (events.get(code) ?? CoreVersion.V4_0) <= version;
}

/** Those of the features that a controller of a version can have. The caller *owns* them. */
export function featuresOf(version: CoreVersion, octets: Uint8Array): Uint8Array {
  const last = lastFeatures[version - CoreVersion.V4_0] ?? 0;
  return octets.map((octet, at) => octet & (0xff >> Math.min(8, Math.max(0, 8 * at + 7 - last))));
}
