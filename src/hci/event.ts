import { type Fields, type Struct, struct } from "../common/struct.ts";
import { PacketType } from "./packet.ts";

/** One HCI event. Vol 4, Part E, 5.4.4. */
export interface Event<T> {
  /** Name in the specification, such as `HCI_Disconnection_Complete`. */
  readonly name: string;
  readonly code: number;
  /** Of LE Meta events, the subevent code behind the event header. */
  readonly subevent: number | undefined;
  readonly parameters: Struct<T>;
}

/** The event code that all LE events share. Vol 4, Part E, 7.7.65. */
export const leMetaEventCode = 0x3e;

/** An event with a code of its own. Octets behind the known parameters are ignored: later versions append. */
export function event<T extends object>(name: string, code: number, parameters: Fields<T>): Event<T> {
  return { name, code, subevent: undefined, parameters: struct(name, parameters, "ignore") };
}

/** An LE Meta event, told apart by its subevent code. */
export function leEvent<T extends object>(name: string, subevent: number, parameters: Fields<T>): Event<T> {
  return { name, code: leMetaEventCode, subevent, parameters: struct(name, parameters, "ignore") };
}

/** The whole HCI Event packet, packet-type octet first. The caller *owns* it. */
export function encodeEvent<T>(definition: Event<T>, parameters: T): Uint8Array {
  const head = [PacketType.Event, definition.code, 0];
  if (definition.subevent !== undefined) head.push(definition.subevent);
  const packet = definition.parameters.encode(parameters, Uint8Array.from(head));
  packet[2] = packet.length - 3;
  return packet;
}
