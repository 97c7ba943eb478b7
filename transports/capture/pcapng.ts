import type { Direction } from "../../src/hci/packet.ts";
import type { ByteSource } from "./byte-source.ts";
import { CaptureError } from "./error.ts";
import { type Frame, type FrameReader, clampMicroseconds, largestRecord, takeAll, viewOf } from "./frame.ts";
import { frameReader } from "./link-type.ts";
import type { CaptureRecord } from "./record.ts";

/** What a pcapng file begins with: the type of a Section Header Block, the same in either byte order. */
export const sectionHeaderMagic: Uint8Array = Uint8Array.of(0x0a, 0x0d, 0x0d, 0x0a);

const format = "pcapng";

const Block = {
  InterfaceDescription: 1,
  Packet: 2,
  SimplePacket: 3,
  EnhancedPacket: 6,
  SectionHeader: 0x0a0d0d0a,
} as const;

const byteOrderMagic = 0x1a2b3c4d;
/** Type and length in front of a block; the length again behind it. */
const blockOverhead = 12;
/** The most octets of a block that is looked into: a packet, and options with comments. */
const largestBlock = 4 * largestRecord;

interface Interface {
  readonly linkType: number;
  readonly snapLength: number;
  /** Units of its time stamps in a second. */
  readonly unitsPerSecond: bigint;
  /** Seconds to add to them. */
  readonly secondsOffset: bigint;
  /** Where its description is in the file. */
  readonly offset: number;
  /** Made when the first packet comes: an interface without packets may have any link type. */
  reader: FrameReader | undefined;
}

interface BlockBody {
  readonly type: number;
  /** Of the block in the file. */
  readonly offset: number;
  readonly octets: Uint8Array;
  readonly fields: DataView;
}

/** Reads a pcapng file: sections of either byte order, packets of every interface, blocks of other types passed over. */
export function* readPcapng(source: ByteSource): Generator<CaptureRecord, void> {
  const reader = new PcapngReader(source);
  for (;;) {
    const block = reader.next();
    if (!block) return;
    const record = reader.record(block);
    if (record) yield record;
  }
}

class PcapngReader {
  readonly #source: ByteSource;
  #littleEndian = true;
  #interfaces: Interface[] = [];
  #number = 0;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  /** The next block that matters; `undefined` at the end of the file. */
  next(): BlockBody | undefined {
    for (;;) {
      const offset = this.#source.offset;
      const head = this.#source.take(8);
      if (head.length === 0) return undefined;
      if (head.length < 8) throw new CaptureError(format, offset, "the file ends in the header of a block");
      const type = viewOf(head).getUint32(0, this.#littleEndian);
      if (type === Block.SectionHeader) {
        this.#beginSection(offset, head);
        continue;
      }
      const size = this.#bodySize(offset, viewOf(head).getUint32(4, this.#littleEndian));
      if (!isWanted(type)) {
        if (this.#source.skip(size) < size)
          throw new CaptureError(format, offset, "the file ends in this block");
        this.#endBlock(offset, size);
        continue;
      }
      if (size > largestBlock) {
        throw new CaptureError(format, offset, `a block of ${size} octets, more than any packet has`);
      }
      const octets = takeAll(this.#source, size, format, offset, "the block");
      this.#endBlock(offset, size);
      return { type, offset, octets, fields: viewOf(octets) };
    }
  }

  /** What a block tells; `undefined` when it is no packet. */
  record(block: BlockBody): CaptureRecord | undefined {
    switch (block.type) {
      case Block.InterfaceDescription:
        this.#interfaces.push(this.#interface(block));
        return undefined;
      case Block.SimplePacket:
        return this.#simplePacket(block);
      default:
        return this.#packet(block);
    }
  }

  #beginSection(offset: number, head: Uint8Array): void {
    const magic = viewOf(takeAll(this.#source, 4, format, offset, "the section's byte-order magic"));
    if (magic.getUint32(0, true) === byteOrderMagic) this.#littleEndian = true;
    else if (magic.getUint32(0, false) === byteOrderMagic) this.#littleEndian = false;
    else throw new CaptureError(format, offset, "the section has no byte-order magic");
    const size = this.#bodySize(offset, viewOf(head).getUint32(4, this.#littleEndian));
    const rest = size - 4;
    if (rest < 12)
      throw new CaptureError(format, offset, `a section header of ${size + blockOverhead} octets`);
    const major = viewOf(takeAll(this.#source, 2, format, offset, "the version")).getUint16(
      0,
      this.#littleEndian,
    );
    if (major !== 1) throw new CaptureError(format, offset, `version ${major}, where only 1 is known`);
    if (this.#source.skip(rest - 2) < rest - 2)
      throw new CaptureError(format, offset, "the file ends in this block");
    this.#endBlock(offset, size);
    this.#interfaces = [];
  }

  #bodySize(offset: number, size: number): number {
    if (size < blockOverhead || size % 4 !== 0) {
      throw new CaptureError(
        format,
        offset,
        `a block of ${size} octets; at least 12 it must have, and whole words`,
      );
    }
    return size - blockOverhead;
  }

  #endBlock(offset: number, size: number): void {
    const end = viewOf(takeAll(this.#source, 4, format, offset, "the length behind the block"));
    const behind = end.getUint32(0, this.#littleEndian);
    if (behind !== size + blockOverhead) {
      throw new CaptureError(
        format,
        offset,
        `the block says ${size + blockOverhead} octets, behind it ${behind}`,
      );
    }
  }

  #interface(block: BlockBody): Interface {
    const { offset, fields } = block;
    if (fields.byteLength < 8)
      throw new CaptureError(format, offset, "the interface description is too short");
    let unitsPerSecond = 1_000_000n;
    let secondsOffset = 0n;
    for (const { code, at, length } of this.#options(fields, 8)) {
      if (code === 9 && length === 1) unitsPerSecond = resolution(fields.getUint8(at));
      if (code === 14 && length === 8) secondsOffset = fields.getBigInt64(at, this.#littleEndian);
    }
    const linkType = fields.getUint16(0, this.#littleEndian);
    const snapLength = fields.getUint32(4, this.#littleEndian);
    return { linkType, snapLength, unitsPerSecond, secondsOffset, offset, reader: undefined };
  }

  #packet(block: BlockBody): CaptureRecord | undefined {
    const { type, offset, octets, fields } = block;
    const little = this.#littleEndian;
    const number = ++this.#number;
    if (octets.length < 20)
      throw new CaptureError(format, offset, `the block of packet ${number} is too short`);
    const index = type === Block.Packet ? fields.getUint16(0, little) : fields.getUint32(0, little);
    const origin = this.#interfaceOf(index, offset);
    const size = fields.getUint32(12, little);
    if (size > octets.length - 20) {
      throw new CaptureError(
        format,
        offset,
        `packet ${number} claims ${size} octets, more than its block has`,
      );
    }
    const high = BigInt(fields.getUint32(4, little));
    const units = (high << 32n) | BigInt(fields.getUint32(8, little));
    const microseconds = (units * 1_000_000n) / origin.unitsPerSecond + origin.secondsOffset * 1_000_000n;
    return this.#read(origin, {
      format,
      offset,
      number,
      timestampMicroseconds: clampMicroseconds(Number(microseconds)),
      originalLength: fields.getUint32(16, little),
      direction: this.#direction(fields, 20 + 4 * Math.ceil(size / 4)),
      octets: octets.subarray(20, 20 + size),
    });
  }

  /** A packet of the first interface, with neither time nor options. */
  #simplePacket({ offset, octets, fields }: BlockBody): CaptureRecord | undefined {
    const number = ++this.#number;
    if (octets.length < 4)
      throw new CaptureError(format, offset, `the block of packet ${number} is too short`);
    const origin = this.#interfaceOf(0, offset);
    const originalLength = fields.getUint32(0, this.#littleEndian);
    const most = origin.snapLength === 0 ? originalLength : Math.min(originalLength, origin.snapLength);
    const packet = octets.subarray(4, 4 + most);
    const frame = { format, offset, number, timestampMicroseconds: 0, originalLength, octets: packet };
    return this.#read(origin, { ...frame, direction: undefined });
  }

  #interfaceOf(index: number, offset: number): Interface {
    const found = this.#interfaces[index];
    if (!found)
      throw new CaptureError(format, offset, `a packet of interface ${index}, which is not described`);
    return found;
  }

  #read(origin: Interface, frame: Frame): CaptureRecord | undefined {
    if (frame.octets.length > largestRecord) {
      const why = `packet ${frame.number} claims ${frame.octets.length} octets, more than any packet has`;
      throw new CaptureError(format, frame.offset, why);
    }
    origin.reader ??= frameReader(origin.linkType, format, origin.offset);
    return origin.reader(frame);
  }

  /** The direction among the packet's flags (epb_flags), if they are there. */
  #direction(fields: DataView, start: number): Direction | undefined {
    for (const { code, at, length } of this.#options(fields, start)) {
      if (code !== 2 || length !== 4) continue;
      const bits = fields.getUint32(at, this.#littleEndian) & 3;
      if (bits === 1) return "controllerToHost";
      if (bits === 2) return "hostToController";
    }
    return undefined;
  }

  /** The options from `start` on; damaged ones end the list, since nothing depends on those that follow. */
  *#options(fields: DataView, start: number): Generator<{ code: number; at: number; length: number }, void> {
    let at = start;
    while (at + 4 <= fields.byteLength) {
      const code = fields.getUint16(at, this.#littleEndian);
      const length = fields.getUint16(at + 2, this.#littleEndian);
      at += 4;
      if (code === 0 || at + length > fields.byteLength) return;
      yield { code, at, length };
      at += 4 * Math.ceil(length / 4);
    }
  }
}

function isWanted(type: number): boolean {
  return (
    type === Block.InterfaceDescription ||
    type === Block.Packet ||
    type === Block.SimplePacket ||
    type === Block.EnhancedPacket
  );
}

/** if_tsresol: a negative power of ten, or of two when the top bit is set. */
function resolution(value: number): bigint {
  const exponent = BigInt(value & 0x7f);
  return value & 0x80 ? 1n << exponent : 10n ** exponent;
}
