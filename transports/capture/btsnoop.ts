import type { ByteSource } from "./byte-source.ts";
import { CaptureError } from "./error.ts";
import {
  type Frame,
  clampMicroseconds,
  hciRecord,
  largestRecord,
  takeAll,
  typedRecord,
  viewOf,
} from "./frame.ts";
import { monitorPackets } from "./monitor.ts";
import type { CaptureFormat, CaptureRecord, HciPacket, HciRecord } from "./record.ts";
import { type Direction, PacketType } from "../../src/hci/packet.ts";

/** What a btsnoop file begins with: `btsnoop` and a zero octet. */
export const btsnoopMagic: Uint8Array = Uint8Array.of(0x62, 0x74, 0x73, 0x6e, 0x6f, 0x6f, 0x70, 0x00);

const format = "btsnoop";
const headerSize = 16;
const recordHeaderSize = 24;

/** How the packets of a file are wrapped. */
const DataLink = { Hci: 1001, H4: 1002, Monitor: 2001 } as const;

/** Microseconds from the year 0, where btsnoop counts from, to 1970. */
const epoch = 0x00dc_ddb3_0f2f_8000n;

const Flag = { Received: 1, CommandOrEvent: 2 } as const;

/** Reads a btsnoop file of version 1. All its numbers are big-endian. */
export function* readBtsnoop(source: ByteSource): Generator<CaptureRecord, void> {
  const header = viewOf(takeAll(source, headerSize, format, source.offset, "the file header"));
  const version = header.getUint32(8);
  if (version !== 1) throw new CaptureError(format, 8, `version ${version}, where only 1 is known`);
  const read = frameReader(header.getUint32(12));
  for (let number = 1; ; number++) {
    const offset = source.offset;
    const head = source.take(recordHeaderSize);
    if (head.length === 0) return;
    if (head.length < recordHeaderSize) {
      throw new CaptureError(format, offset, `the file ends in the header of record ${number}`);
    }
    const fields = viewOf(head);
    const size = fields.getUint32(4);
    if (size > largestRecord) {
      throw new CaptureError(
        format,
        offset,
        `record ${number} claims ${size} octets, more than any packet has`,
      );
    }
    const octets = takeAll(source, size, format, offset, `record ${number}`);
    const timestampMicroseconds = clampMicroseconds(Number(fields.getBigInt64(16) - epoch));
    const originalLength = fields.getUint32(0);
    const direction = undefined;
    const frame = { format, offset, number, timestampMicroseconds, originalLength, direction, octets };
    const record = read(frame, fields.getUint32(8));
    if (record) yield record;
  }
}

function frameReader(dataLink: number): (frame: Frame, flags: number) => HciRecord | undefined {
  switch (dataLink) {
    case DataLink.Hci:
      return (frame, flags) => typedRecord(frame, typeOf(flags), directionOf(flags));
    case DataLink.H4:
      return (frame, flags) => hciRecord(frame, directionOf(flags));
    case DataLink.Monitor:
      return (frame, flags) => {
        const packet = monitorPackets.get(flags & 0xffff);
        return packet && typedRecord(frame, packet.type, packet.direction, 0, flags >>> 16);
      };
    default:
      throw new CaptureError(
        format,
        12,
        `data link ${dataLink}; 1001 (HCI), 1002 (H4) and 2001 (monitor) can be read`,
      );
  }
}

function directionOf(flags: number): Direction {
  return flags & Flag.Received ? "controllerToHost" : "hostToController";
}

/** Without a packet-type octet synchronous data cannot be told from ACL data, which it is next to always. */
function typeOf(flags: number): PacketType {
  if (!(flags & Flag.CommandOrEvent)) return PacketType.AclData;
  return flags & Flag.Received ? PacketType.Event : PacketType.Command;
}

/** Writes btsnoop with the packets as H4 has them (data link 1002). */
export const btsnoopFormat: CaptureFormat<HciPacket> = {
  header() {
    const octets = new Uint8Array(headerSize);
    octets.set(btsnoopMagic);
    const fields = viewOf(octets);
    fields.setUint32(8, 1);
    fields.setUint32(12, DataLink.H4);
    return octets;
  },

  record({ timestampMicroseconds, direction, packet }) {
    const octets = new Uint8Array(recordHeaderSize + packet.length);
    const fields = viewOf(octets);
    fields.setUint32(0, packet.length);
    fields.setUint32(4, packet.length);
    const type = packet[0];
    const control = type === PacketType.Command || type === PacketType.Event ? Flag.CommandOrEvent : 0;
    fields.setUint32(8, control | (direction === "controllerToHost" ? Flag.Received : 0));
    fields.setBigInt64(16, BigInt(Math.round(timestampMicroseconds)) + epoch);
    octets.set(packet, recordHeaderSize);
    return octets;
  },
};
