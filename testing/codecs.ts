import { codecs as attCodecs } from "../src/att/registry.ts";
import type { Codec } from "../src/common/codec.ts";
import { concat } from "../src/common/bytes.ts";
import { commands } from "../src/hci/commands/registry.ts";
import { events } from "../src/hci/events/registry.ts";
import { signalingCommands } from "../src/l2cap/signaling-registry.ts";
import { codecs as smpCodecs } from "../src/smp/registry.ts";
import { attKnowledge } from "./att-values.ts";
import { commandCodec, eventCodec, returnCodecs } from "./hci-codecs.ts";
import { type Knowledge, parameterValues } from "./parameter-values.ts";
import { pduCodec, type PduCodec, type Protocol } from "./pdu-codec.ts";
import { signalingCodec } from "./signaling-codec.ts";
import { smpKnowledge } from "./smp-values.ts";

function codecOf(protocol: Protocol, codec: Codec<unknown>, knowledge: Knowledge): PduCodec {
  const head = Uint8Array.of(codec.opcode);
  return pduCodec({
    protocol,
    name: codec.name,
    code: codec.opcode,
    header: { codeAt: 0, lengthAt: undefined },
    decode: (octets) => codec.decode(octets),
    encode: (value) => codec.encode(value),
    values: () =>
      parameterValues(codec.name, (parameters) => codec.decode(concat(head, parameters)), knowledge),
  });
}

const everything: readonly PduCodec[] = [
  ...attCodecs.map((codec) => codecOf("ATT", codec, attKnowledge)),
  ...smpCodecs.map((codec) => codecOf("SMP", codec, smpKnowledge)),
  ...signalingCommands.map(signalingCodec),
  ...commands.map(commandCodec),
  ...commands.flatMap(returnCodecs),
  ...events.map(eventCodec),
];

/**
 * Every PDU there is, or those of some protocols.
 *
 * @throws {@link RangeError} There is no such protocol; the message names those there are.
 */
export function codecs(...protocols: readonly Protocol[]): readonly PduCodec[] {
  const known = new Set(everything.map(({ protocol }) => protocol));
  const unknown = protocols.find((protocol) => !known.has(protocol));
  if (unknown !== undefined) {
    throw new RangeError(`protocols: "${unknown}" is none of ${[...known].join(", ")}`);
  }
  if (protocols.length === 0) return everything;
  return everything.filter(({ protocol }) => protocols.includes(protocol));
}

/**
 * One PDU by its name in the specification, such as `ATT_READ_REQ`.
 *
 * @throws {@link RangeError} There is none; the message names some that are alike.
 */
export function codec(name: string): PduCodec {
  const found = everything.find((each) => each.name === name);
  if (found) return found;
  const wanted = name.toLowerCase();
  const alike = everything.filter((each) => each.name.toLowerCase().includes(wanted.slice(0, 8)));
  const hint = alike.slice(0, 5).map((each) => each.name);
  throw new RangeError(
    `name: no PDU is called "${name}"${hint.length > 0 ? `; ${hint.join(", ")} are` : ""}`,
  );
}
