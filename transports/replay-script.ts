import { equal, u16At } from "../src/common/bytes.ts";
import { commandName } from "../src/hci/commands/names.ts";
import { CommandComplete, CommandStatus } from "../src/hci/events/flow.ts";
import { PacketType } from "../src/hci/packet.ts";
import type { HciRecord } from "./capture/record.ts";

/** One packet of a capture that is replayed. */
export interface ReplayStep {
  /** Of the record in the capture, as other tools count. */
  readonly number: number;
  /** In ms since the first step. */
  readonly atMs: number;
  readonly toHost: boolean;
  readonly packet: Uint8Array;
  /** Left out: the answer to a command that the host has not sent. */
  dropped: boolean;
}

/** Whether a packet of the host is the one that a capture has. */
export type Likeness = (sent: Uint8Array, recorded: Uint8Array) => boolean;

/** The opcode of a command. */
export function opcodeOf(packet: Uint8Array): number {
  return u16At(packet, 1);
}

/** The opcode of the command that an event answers; `undefined` for other packets. Vol 4, Part E, 7.7.14 and 7.7.15. */
export function answeredOpcode(packet: Uint8Array): number | undefined {
  if (packet[0] !== PacketType.Event) return undefined;
  if (packet[1] === CommandComplete.code && packet.length >= 6) return u16At(packet, 4);
  if (packet[1] === CommandStatus.code && packet.length >= 7) return u16At(packet, 5);
  return undefined;
}

/** What is left out of a capture: packets of another controller, and what was cut short or is of no known type. */
function isUsable({ packet, direction, originalLength }: HciRecord): boolean {
  return (
    direction !== undefined && packet.length === originalLength && (packet[0] ?? 0) > 0 && packet.length > 2
  );
}

/**
 * The packets of a capture between one host and one controller, in order.
 *
 * @param controller - Which one, of several that a capture has. Left out: the first that a host speaks to.
 */
export function scriptOf(records: Iterable<HciRecord>, controller: number | undefined): ReplayStep[] {
  const usable = [...records].filter(isUsable);
  const wanted = controller ?? usable.find(({ direction }) => direction === "hostToController")?.controller;
  const steps: ReplayStep[] = [];
  let first: number | undefined;
  for (const record of usable) {
    if (record.controller !== wanted) continue;
    first ??= record.timestampMicroseconds;
    steps.push({
      number: record.number,
      atMs: (record.timestampMicroseconds - first) / 1000,
      toHost: record.direction === "controllerToHost",
      packet: record.packet.slice(),
      dropped: false,
    });
  }
  return steps;
}

/** The same octets. */
export const exactly: Likeness = equal;

/** The same command, or data for the same connection, whatever else is in it. */
export const roughly: Likeness = (sent, recorded) =>
  sent[0] === recorded[0] &&
  (sent[0] === PacketType.AclData
    ? (u16At(sent, 1) & 0x0fff) === (u16At(recorded, 1) & 0x0fff)
    : opcodeOf(sent) === opcodeOf(recorded));

/** A packet of a host in few words, for messages. */
export function describePacket(packet: Uint8Array): string {
  const octets = Buffer.from(packet.subarray(0, 16)).toString("hex");
  const shown = packet.length > 16 ? `${octets}… (${packet.length} octets)` : octets;
  if (packet[0] !== PacketType.Command) {
    return packet[0] === PacketType.AclData ? `data ${shown}` : `a packet ${shown}`;
  }
  return `${commandName(opcodeOf(packet)) ?? "a command unknown"} ${shown}`;
}
