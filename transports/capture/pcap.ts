import type { ByteSource } from "./byte-source.ts";
import { CaptureError } from "./error.ts";
import { clampMicroseconds, largestRecord, takeAll, viewOf } from "./frame.ts";
import { pseudoHeader } from "./link-layer.ts";
import { LinkType, directionSize, frameReader } from "./link-type.ts";
import type { CaptureFormat, CaptureRecord, HciPacket, LinkLayerPacket } from "./record.ts";

const format = "pcap";
const headerSize = 24;
const recordHeaderSize = 16;

const Magic = { Microseconds: 0xa1b2c3d4, Nanoseconds: 0xa1b23c4d } as const;

/** Byte order and unit of time of a pcap file, from its first four octets; `undefined` when it is none. */
export function pcapVariant(magic: Uint8Array): { littleEndian: boolean; nanoseconds: boolean } | undefined {
  if (magic.length < 4) return undefined;
  for (const littleEndian of [true, false]) {
    const value = viewOf(magic).getUint32(0, littleEndian);
    if (value === Magic.Microseconds) return { littleEndian, nanoseconds: false };
    if (value === Magic.Nanoseconds) return { littleEndian, nanoseconds: true };
  }
  return undefined;
}

/** Reads a pcap file, of either byte order, its time in microseconds or nanoseconds. */
export function* readPcap(source: ByteSource): Generator<CaptureRecord, void> {
  const header = takeAll(source, headerSize, format, source.offset, "the file header");
  const variant = pcapVariant(header);
  if (!variant) throw new CaptureError(format, 0, "the first four octets are none of pcap's");
  const { littleEndian, nanoseconds } = variant;
  // Above bit 26 the field tells of frame check sequences, which no Bluetooth link type has.
  const read = frameReader(viewOf(header).getUint32(20, littleEndian) & 0x03ff_ffff, format, 20);
  for (let number = 1; ; number++) {
    const offset = source.offset;
    const head = source.take(recordHeaderSize);
    if (head.length === 0) return;
    if (head.length < recordHeaderSize) {
      throw new CaptureError(format, offset, `the file ends in the header of record ${number}`);
    }
    const fields = viewOf(head);
    const size = fields.getUint32(8, littleEndian);
    if (size > largestRecord) {
      throw new CaptureError(
        format,
        offset,
        `record ${number} claims ${size} octets, more than any packet has`,
      );
    }
    const octets = takeAll(source, size, format, offset, `record ${number}`);
    const fraction = fields.getUint32(4, littleEndian) / (nanoseconds ? 1000 : 1);
    const timestampMicroseconds = clampMicroseconds(
      fields.getUint32(0, littleEndian) * 1e6 + Math.floor(fraction),
    );
    const originalLength = fields.getUint32(12, littleEndian);
    const record = read({
      format,
      offset,
      number,
      timestampMicroseconds,
      originalLength,
      direction: undefined,
      octets,
    });
    if (record) yield record;
  }
}

/** Writes pcap with HCI packets and their direction (LINKTYPE_BLUETOOTH_HCI_H4_WITH_PHDR). */
export const pcapHciFormat: CaptureFormat<HciPacket> = {
  header: () => fileHeader(LinkType.BluetoothHciH4WithPhdr),

  record({ timestampMicroseconds, direction, packet }) {
    const phdr = new Uint8Array(directionSize);
    phdr[directionSize - 1] = direction === "controllerToHost" ? 1 : 0;
    return record(timestampMicroseconds, phdr, packet);
  },
};

/** Writes pcap with link-layer packets (LINKTYPE_BLUETOOTH_LE_LL_WITH_PHDR). */
export const pcapLinkLayerFormat: CaptureFormat<LinkLayerPacket> = {
  header: () => fileHeader(LinkType.BluetoothLeLlWithPhdr),
  record: (packet) => record(packet.timestampMicroseconds, pseudoHeader(packet), packet.packet),
};

function fileHeader(linkType: number): Uint8Array {
  const octets = new Uint8Array(headerSize);
  const fields = viewOf(octets);
  fields.setUint32(0, Magic.Microseconds, true);
  fields.setUint16(4, 2, true);
  fields.setUint16(6, 4, true);
  fields.setUint32(16, largestRecord, true);
  fields.setUint32(20, linkType, true);
  return octets;
}

function record(timestampMicroseconds: number, phdr: Uint8Array, packet: Uint8Array): Uint8Array {
  const size = phdr.length + packet.length;
  const octets = new Uint8Array(recordHeaderSize + size);
  const fields = viewOf(octets);
  const seconds = Math.floor(timestampMicroseconds / 1e6);
  fields.setUint32(0, seconds, true);
  fields.setUint32(4, Math.floor(timestampMicroseconds - seconds * 1e6), true);
  fields.setUint32(8, size, true);
  fields.setUint32(12, size, true);
  octets.set(phdr, recordHeaderSize);
  octets.set(packet, recordHeaderSize + phdr.length);
  return octets;
}
