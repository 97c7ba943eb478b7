import { hexNumber } from "../common/bytes.ts";
import { type Fields, rest, type Struct, struct } from "../common/struct.ts";
import { requireWhole } from "../common/whole-number.ts";
import { PacketType } from "./packet.ts";

/** For commands without parameters, and answers with nothing but a status. */
export type Nothing = Readonly<Record<string, never>>;

/** One HCI command: its parameters and what comes back. Vol 4, Part E, 5.4.1. */
export interface Command<P, R> {
  /** Name in the specification, such as `HCI_LE_Set_Scan_Enable`. */
  readonly name: string;
  /** OGF in the upper six bits, OCF in the lower ten. */
  readonly opcode: number;
  readonly parameters: Struct<P>;
  /**
   * What Command Complete carries behind the status octet.
   * `undefined`: the controller answers with Command Status, and the result comes in an event of its own.
   */
  readonly returns: Struct<R> | undefined;
  /** For commands that nothing is known of: whichever of the two events comes first ends it. */
  readonly endsEitherWay?: boolean;
}

/** Opcode Group Fields. Vol 4, Part E, 5.4.1. */
export const Ogf = {
  LinkControl: 0x01,
  LinkPolicy: 0x02,
  ControllerAndBaseband: 0x03,
  Informational: 0x04,
  StatusParameters: 0x05,
  Testing: 0x06,
  Le: 0x08,
  Vendor: 0x3f,
} as const;

/** The 16-bit opcode of a group and a command in it. */
export function opcodeOf(ogf: number, ocf: number): number {
  return (ogf << 10) | ocf;
}

/** A command that Command Complete answers, with `returns` behind the status. */
export function command<P extends object, R extends object>(
  name: string,
  opcode: number,
  parameters: Fields<P>,
  returns: Fields<R>,
): Command<P, R> {
  return {
    name,
    opcode,
    parameters: struct(name, parameters, "refuse"),
    // Later versions of the specification append return parameters.
    returns: struct(`${name} return parameters`, returns, "ignore"),
  };
}

/** A command that Command Status answers; the result is an event. */
export function deferredCommand<P extends object>(
  name: string,
  opcode: number,
  parameters: Fields<P>,
): Command<P, Nothing> {
  return { name, opcode, parameters: struct(name, parameters, "refuse"), returns: undefined };
}

/**
 * A command that is not defined here, such as one of the controller's maker: its parameters, and what comes back behind
 * the status, are octets. Vol 4, Part E, 5.4.1.
 *
 * @param opcode - OGF in the upper six bits, OCF in the lower ten; OGF 0x3F are those of the maker.
 * @throws {@link RangeError} The opcode has more than 16 bits.
 */
export function rawCommand(opcode: number): Command<Octets, Octets> {
  requireWhole("opcode", opcode, 0, 0xffff);
  const name = `HCI command 0x${hexNumber(opcode, 4)}`;
  return { name, opcode, parameters: octets(name), returns: octets(name), endsEitherWay: true };
}

/** Octets of which no more is known. */
export interface Octets {
  readonly octets: Uint8Array;
}

function octets(name: string): Struct<Octets> {
  return struct(name, { octets: rest }, "ignore");
}

/** The whole HCI Command packet, packet-type octet first. The caller *owns* it. */
export function encodeCommand<P>(definition: Command<P, unknown>, parameters: P): Uint8Array {
  const packet = definition.parameters.encode(parameters, Uint8Array.of(PacketType.Command, 0, 0, 0));
  packet[1] = definition.opcode;
  packet[2] = definition.opcode >> 8;
  packet[3] = packet.length - 4;
  return packet;
}
