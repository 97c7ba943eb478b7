import type { Direction } from "../../src/hci/packet.ts";
import { PacketType } from "../../src/hci/packet.ts";

/** What a BlueZ monitor opcode says of the packet behind it. */
interface MonitorPacket {
  readonly type: PacketType;
  readonly direction: Direction;
}

const sent = "hostToController";
const received = "controllerToHost";

/** The opcodes of BlueZ's monitor channel that stand for packets. Others tell of controllers that come and go. */
export const monitorPackets: ReadonlyMap<number, MonitorPacket> = new Map<number, MonitorPacket>([
  [2, { type: PacketType.Command, direction: sent }],
  [3, { type: PacketType.Event, direction: received }],
  [4, { type: PacketType.AclData, direction: sent }],
  [5, { type: PacketType.AclData, direction: received }],
  [6, { type: PacketType.SynchronousData, direction: sent }],
  [7, { type: PacketType.SynchronousData, direction: received }],
  [18, { type: PacketType.IsoData, direction: sent }],
  [19, { type: PacketType.IsoData, direction: received }],
]);
