import { describe, expect, it } from "vitest";
import { concat, fromHex } from "../../../src/common/bytes.ts";
import { CaptureError, readCapture } from "../../../transports/capture/index.ts";

const u16 = (value: number, little: boolean): Uint8Array => {
  const octets = new Uint8Array(2);
  new DataView(octets.buffer).setUint16(0, value, little);
  return octets;
};
const u32 = (value: number, little: boolean): Uint8Array => {
  const octets = new Uint8Array(4);
  new DataView(octets.buffer).setUint32(0, value, little);
  return octets;
};
const padded = (octets: Uint8Array): Uint8Array =>
  concat(octets, new Uint8Array((4 - (octets.length % 4)) % 4));

/** Builds blocks in one byte order. */
class Blocks {
  readonly #little: boolean;

  constructor(little: boolean) {
    this.#little = little;
  }

  block(type: number, ...body: Uint8Array[]): Uint8Array {
    const octets = padded(concat(...body));
    const size = this.u32(12 + octets.length);
    return concat(this.u32(type), size, octets, size);
  }

  u16(value: number): Uint8Array {
    return u16(value, this.#little);
  }

  u32(value: number): Uint8Array {
    return u32(value, this.#little);
  }

  option(code: number, value: Uint8Array): Uint8Array {
    return concat(this.u16(code), this.u16(value.length), padded(value));
  }

  section(major = 1): Uint8Array {
    const unknownLength = new Uint8Array(8).fill(0xff);
    return this.block(0x0a0d0d0a, this.u32(0x1a2b3c4d), this.u16(major), this.u16(0), unknownLength);
  }

  interface(linkType: number, ...options: Uint8Array[]): Uint8Array {
    return this.block(1, this.u16(linkType), this.u16(0), this.u32(0), ...options);
  }

  enhanced(
    units: bigint,
    packet: string,
    { at = 0, flags }: { at?: number; flags?: number } = {},
  ): Uint8Array {
    const octets = fromHex(packet);
    const time = [this.u32(Number(units >> 32n)), this.u32(Number(units & 0xffffffffn))];
    const sizes = [this.u32(octets.length), this.u32(octets.length)];
    const options =
      flags === undefined ? [] : [this.option(1, fromHex("6869")), this.option(2, this.u32(flags))];
    return this.block(6, this.u32(at), ...time, ...sizes, padded(octets), ...options);
  }
}

const little = new Blocks(true);
const big = new Blocks(false);
const microseconds = Date.UTC(2026, 0, 1) * 1000 + 123456;
const units = BigInt(microseconds);

const read = (...parts: Uint8Array[]) => [...readCapture(concat(...parts))];

describe("reading pcapng", () => {
  it.each([
    ["little-endian", little],
    ["big-endian", big],
  ])("reads a %s section", (_, blocks) => {
    expect(
      read(blocks.section(), blocks.interface(201), blocks.enhanced(units, "00000000 01030c00")),
    ).toEqual([
      {
        kind: "hci",
        number: 1,
        timestampMicroseconds: microseconds,
        direction: "hostToController",
        controller: undefined,
        packet: fromHex("01030c00"),
        originalLength: 4,
      },
    ]);
  });

  const resolutions: [name: string, value: string, units: bigint][] = [
    ["milliseconds", "03", units / 1000n],
    ["nanoseconds", "09", units * 1000n + 999n],
    ["a power of two", "8a", (units * 1024n) / 1_000_000n],
  ];
  it.each(resolutions)("reads time in %s, as whole microseconds", (_, value, time) => {
    const [record] = read(
      little.section(),
      little.interface(187, little.option(9, fromHex(value))),
      little.enhanced(time, "01030c00"),
    );
    const coarse = { "03": 1000, "09": 1, "8a": 977 }[value] ?? 0;
    expect(Number.isInteger(record?.timestampMicroseconds)).toBe(true);
    expect(microseconds - record!.timestampMicroseconds).toBeGreaterThanOrEqual(0);
    expect(microseconds - record!.timestampMicroseconds).toBeLessThan(coarse);
  });

  it("adds the time offset of the interface", () => {
    const offset = little.option(14, concat(little.u32(100), little.u32(0)));
    const [record] = read(
      little.section(),
      little.interface(187, offset),
      little.enhanced(units, "01030c00"),
    );
    expect(record?.timestampMicroseconds).toBe(microseconds + 100_000_000);
  });

  it("takes the direction from the packet's flags where the link type does not tell (187)", () => {
    const inbound = little.enhanced(units, "0240000000", { flags: 1 });
    const outbound = little.enhanced(units, "0240000000", { flags: 2 });
    const unknown = little.enhanced(units, "0240000000", { flags: 0 });
    const records = read(little.section(), little.interface(187), inbound, outbound, unknown);
    expect(records.map(({ direction }) => direction)).toEqual([
      "controllerToHost",
      "hostToController",
      undefined,
    ]);
  });

  it("keeps interfaces apart, and begins anew with each section, whatever its byte order", () => {
    const records = read(
      little.section(),
      little.interface(187),
      little.interface(251),
      little.enhanced(units, "d6be898e 0000 112233", { at: 1 }),
      big.section(),
      big.interface(201),
      big.enhanced(units, "00000001 040f00"),
    );
    expect(records).toMatchObject([
      { number: 1, kind: "linkLayer" },
      { number: 2, kind: "hci", packet: fromHex("040f00") },
    ]);
  });

  it("passes over blocks that are no packets, however large", () => {
    const names = little.block(4, new Uint8Array(8));
    const secrets = little.block(10, new Uint8Array(3_000_000));
    const packet = little.enhanced(units, "01030c00");
    expect(read(little.section(), names, little.interface(187), secrets, packet)).toMatchObject([
      { number: 1 },
    ]);
  });

  it("reads simple packets, which have no time", () => {
    const packet = little.block(3, little.u32(4), fromHex("01030c00"));
    expect(read(little.section(), little.interface(187), packet)).toMatchObject([
      { number: 1, timestampMicroseconds: 0, packet: fromHex("01030c00"), originalLength: 4 },
    ]);
  });

  it("reads the packet blocks of old files", () => {
    const time = [little.u32(Number(units >> 32n)), little.u32(Number(units & 0xffffffffn))];
    const body = [little.u16(0), little.u16(7), ...time, little.u32(3), little.u32(9), fromHex("040f00")];
    expect(read(little.section(), little.interface(187), little.block(2, ...body))).toMatchObject([
      { timestampMicroseconds: microseconds, packet: fromHex("040f00"), originalLength: 9 },
    ]);
  });

  it("does not mind an interface of another kind as long as it has no packets", () => {
    const file = [little.section(), little.interface(1), little.interface(187)];
    expect(read(...file, little.enhanced(units, "01030c00", { at: 1 }))).toHaveLength(1);
    expect(() => read(...file, little.enhanced(units, "01030c00"))).toThrow(
      /^pcapng, octet 28: link type 1;/,
    );
  });

  const start = concat(little.section(), little.interface(187)); // 28 + 20 octets
  const damaged: [name: string, octets: Uint8Array, offset: number, message: string][] = [
    [
      "a section without byte order",
      fromHex("0a0d0d0a 1c000000 00000000"),
      0,
      "the section has no byte-order magic",
    ],
    ["a section cut short", little.section().subarray(0, 20), 0, "the file ends in this block"],
    ["version 2", little.section(2), 0, "version 2, where only 1 is known"],
    [
      "a block header cut short",
      concat(start, fromHex("060000")),
      48,
      "the file ends in the header of a block",
    ],
    [
      "a block of no whole words",
      concat(start, fromHex("06000000 0e000000")),
      48,
      "a block of 14 octets; at least 12 it must have, and whole words",
    ],
    [
      "a packet block of almost 4 GiB",
      concat(start, fromHex("06000000 fcffffff")),
      48,
      "a block of 4294967280 octets, more than any packet has",
    ],
    [
      "another block of almost 4 GiB",
      concat(start, fromHex("04000000 fcffffff")),
      48,
      "the file ends in this block",
    ],
    [
      "a block whose two lengths differ",
      concat(start, fromHex("04000000 0c000000 10000000")),
      48,
      "the block says 12 octets, behind it 16",
    ],
    [
      "a packet that is longer than its block",
      concat(start, little.block(6, new Uint8Array(12), little.u32(5), little.u32(5), new Uint8Array(4))),
      48,
      "packet 1 claims 5 octets, more than its block has",
    ],
    [
      "an interface that is not described",
      concat(start, little.enhanced(units, "01030c00", { at: 1 })),
      48,
      "a packet of interface 1, which is not described",
    ],
  ];
  it.each(damaged)("tells where and why it stops at %s", (_, octets, offset, message) => {
    expect(() => read(octets)).toThrow(new CaptureError("pcapng", offset, message));
  });
});
