import { u16At } from "../src/common/bytes.ts";
import { MalformedPduError } from "../src/common/errors.ts";
import { type Command, encodeCommand } from "../src/hci/command.ts";
import { encodeEvent, type Event } from "../src/hci/event.ts";
import { PacketType } from "../src/hci/packet.ts";
import { hciKnowledge } from "./hci-values.ts";
import { parameterValues } from "./parameter-values.ts";
import { pduCodec, type PduCodec } from "./pdu-codec.ts";

/** As many octets of parameters as the length octet can tell. Vol 4, Part E, 5.4.1 and 5.4.4. */
const mostParameters = 0xff;

/** An HCI Command packet. Vol 4, Part E, 5.4.1. */
export function commandCodec(command: Command<unknown, unknown>): PduCodec {
  const { name, opcode, parameters } = command;
  return pduCodec({
    protocol: "HCI command",
    name,
    code: opcode,
    header: { codeAt: 1, lengthAt: 3 },
    decode(octets) {
      const isOurs = octets[0] === PacketType.Command && u16At(octets, 1) === opcode;
      requireHeader(name, octets, isOurs, 4);
      return parameters.decode(octets, 4);
    },
    encode: (value) => requireFit(name, encodeCommand(command, value), 4),
    values: () => parameterValues(name, (octets) => parameters.decode(octets), hciKnowledge),
  });
}

/** What Command Complete carries behind the status; none for commands that Command Status answers. */
export function returnCodecs({ name, opcode, returns }: Command<unknown, unknown>): PduCodec[] {
  if (!returns) return [];
  return [
    pduCodec({
      protocol: "HCI return parameters",
      name: `${name} return parameters`,
      code: opcode,
      header: { codeAt: 0, lengthAt: undefined },
      decode: (octets) => returns.decode(octets),
      encode: (value) => returns.encode(value),
      values: () => parameterValues(returns.name, (octets) => returns.decode(octets), hciKnowledge),
    }),
  ];
}

/** An HCI Event packet. Vol 4, Part E, 5.4.4. */
export function eventCodec(event: Event<unknown>): PduCodec {
  const { name, code, subevent, parameters } = event;
  const head = subevent === undefined ? 3 : 4;
  return pduCodec({
    protocol: "HCI event",
    name,
    code: subevent ?? code,
    header: { codeAt: head === 3 ? 1 : 3, lengthAt: 2 },
    decode(octets) {
      const isOurs = octets[0] === PacketType.Event && octets[1] === code;
      requireHeader(name, octets, isOurs && (subevent === undefined || octets[3] === subevent), 3);
      return parameters.decode(octets, head);
    },
    encode: (value) => requireFit(name, encodeEvent(event, value), 3),
    values: () => parameterValues(name, (octets) => parameters.decode(octets), hciKnowledge),
  });
}

/** @param head - Octets up to and with the length octet. */
function requireHeader(name: string, octets: Uint8Array, isOurs: boolean, head: number): void {
  if (!isOurs) throw new MalformedPduError(name, "the header is another packet's", octets);
  if (octets.length < head || octets[head - 1] !== octets.length - head) {
    throw new MalformedPduError(name, "the length does not match", octets);
  }
}

function requireFit(name: string, packet: Uint8Array, head: number): Uint8Array {
  const size = packet.length - head;
  if (size <= mostParameters) return packet;
  throw new RangeError(`${name}: ${size} octets of parameters are more than ${mostParameters}`);
}
