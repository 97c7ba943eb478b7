import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../src/common/bytes.ts";
import { MalformedPduError } from "../../src/common/errors.ts";
import {
  bytes,
  counted,
  type Field,
  flag,
  group,
  i16,
  i8,
  list,
  mapped,
  prefixed,
  rest,
  struct,
  u16,
  u24,
  u32,
  u48,
  u64,
  u8,
} from "../../src/common/struct.ts";
import { runs } from "../support/runs.ts";

interface Pair {
  readonly key: number;
  readonly value: number;
}

interface Report {
  readonly id: number;
  readonly data: Uint8Array;
}

const pair = group<Pair>({ key: u8, value: u16 });
const report = group<Report>({ id: u16, data: prefixed(u8) });
const whole = (min: number, max: number): fc.Arbitrary<number> => fc.integer({ min, max });
const octets = (maxLength: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ maxLength });
const pairs = fc.record({ key: whole(0, 255), value: whole(0, 0xffff) }, { noNullPrototype: true });
const reports = fc.record({ id: whole(0, 0xffff), data: octets(20) }, { noNullPrototype: true });

/** A field and its values, whatever the type: each case checks itself. */
interface Case {
  readonly name: string;
  check(runs: { readonly numRuns: number }): void;
}

function kind<T>(name: string, field: Field<T>, value: fc.Arbitrary<T>): Case {
  const alone = struct<{ value: T }>(name, { value: field }, "refuse");
  const behind = struct<{ first: number; value: T }>(name, { first: u16, value: field }, "refuse");
  return {
    name,
    check(options) {
      fc.assert(
        fc.property(value, fc.uint8Array({ maxLength: 5 }), (value, head) => {
          expect(alone.decode(alone.encode({ value }))).toEqual({ value });
          const encoded = behind.encode({ first: 0x1234, value }, head);
          expect(toHex(encoded.subarray(0, head.length + 2))).toBe(`${toHex(head)}3412`);
          expect(behind.decode(encoded, head.length)).toEqual({ first: 0x1234, value });
        }),
        options,
      );
      fc.assert(
        fc.property(octets(30), (packet) => {
          for (const layout of [alone, behind]) {
            let decoded;
            try {
              decoded = layout.decode(packet);
            } catch (error) {
              expect(error).toBeInstanceOf(MalformedPduError);
              continue;
            }
            // A flag may have been any octet but 0.
            if (field !== flag) expect(toHex(layout.encode(decoded))).toBe(toHex(packet));
          }
        }),
        options,
      );
    },
  };
}

const kinds: readonly Case[] = [
  kind("u8", u8, whole(0, 0xff)),
  kind("u16", u16, whole(0, 0xffff)),
  kind("u24", u24, whole(0, 0xff_ffff)),
  kind("u32", u32, whole(0, 0xffff_ffff)),
  kind("u48", u48, whole(0, 0xffff_ffff_ffff)),
  kind("u64", u64, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
  kind("i8", i8, whole(-128, 127)),
  kind("i16", i16, whole(-32768, 32767)),
  kind("flag", flag, fc.boolean()),
  kind("bytes", bytes(3), fc.uint8Array({ minLength: 3, maxLength: 3 })),
  kind("rest", rest, octets(40)),
  kind("prefixed by u8", prefixed(u8), octets(40)),
  kind("prefixed by u16", prefixed(u16), octets(40)),
  kind("list of numbers", list(u16), fc.array(whole(0, 0xffff))),
  kind("list of groups", list(pair), fc.array(pairs)),
  kind("list of groups of any size", list(report), fc.array(reports)),
  kind("counted numbers", counted(u8, u24), fc.array(whole(0, 0xff_ffff))),
  kind("counted groups of any size", counted(u8, report), fc.array(reports)),
  kind("group", pair, pairs),
  kind("group that ends with the packet", group<Report>({ id: u16, data: rest }), reports),
  kind(
    "mapped",
    mapped(
      u8,
      (octet) => String(octet),
      (text) => Number(text),
    ),
    whole(0, 255).map(String),
  ),
];

describe("A struct field", () => {
  for (const one of kinds) {
    it(`${one.name}: decodes what it encodes, and any octets decode or are malformed, nothing else`, () => {
      one.check(runs);
    });
  }

  it.each<[string, Field<number>, readonly number[]]>([
    ["u8", u8, [-1, 0x100, 0.5, Number.NaN]],
    ["u16", u16, [-1, 0x1_0000, 0.5]],
    ["u24", u24, [-1, 0x100_0000, 0.5]],
    ["u32", u32, [-1, 0x1_0000_0000, 0.5]],
    ["u48", u48, [-1, 2 ** 48, Number.POSITIVE_INFINITY]],
    ["i8", i8, [-129, 128, 0.5]],
    ["i16", i16, [-32769, 32768, Number.NaN]],
  ])("%s refuses numbers it cannot hold", (_name, field, values) => {
    const layout = struct<{ value: number }>("number", { value: field }, "refuse");
    for (const value of values) expect(() => layout.encode({ value }), String(value)).toThrow(RangeError);
  });

  it("u64 refuses numbers it cannot hold", () => {
    const layout = struct<{ value: bigint }>("number", { value: u64 }, "refuse");
    for (const value of [-1n, 2n ** 64n]) expect(() => layout.encode({ value })).toThrow(RangeError);
  });

  it("bytes refuses another length, prefixed and counted what their number cannot tell", () => {
    const three = struct<{ key: Uint8Array }>("three", { key: bytes(3) }, "refuse");
    expect(() => three.encode({ key: new Uint8Array(4) })).toThrow(
      new RangeError("key: 4 octets where 3 belong"),
    );
    const short = struct<{ value: Uint8Array }>("short", { value: prefixed(u8) }, "refuse");
    expect(() => short.encode({ value: new Uint8Array(256) })).toThrow(RangeError);
    const few = struct<{ value: readonly number[] }>("few", { value: counted(u8, u8) }, "refuse");
    expect(() => few.encode({ value: new Array<number>(256).fill(0) })).toThrow(RangeError);
  });
});

describe("A struct", () => {
  const strict = struct<Pair>("Pair", { key: u8, value: u16 }, "refuse");
  const tolerant = struct<Pair>("Pair", { key: u8, value: u16 }, "ignore");

  it("is little-endian, its fields in the order of the definition", () => {
    expect(toHex(strict.encode({ value: 0x1234, key: 1 }))).toBe("013412");
    const all = struct("All", { a: u24, b: u32, c: u48, d: i16, e: u64, f: flag }, "refuse");
    const value = { a: 1, b: 2, c: 0xc0ffee000001, d: -2, e: 3n, f: true };
    expect(toHex(all.encode(value))).toBe(
      "010000020000000100 00eeffc0feff0300000000000000 01".replace(/ /g, ""),
    );
  });

  it("names itself and shows the octets when they are malformed", () => {
    expect(() => strict.decode(fromHex("01 34"))).toThrow(/^Pair: .* in 01 34$/);
    expect(() => strict.decode(fromHex("01 3412 00"))).toThrow(/^Pair: 1 octets too many in/);
  });

  it("may ignore what a later version appended, but not what is missing", () => {
    expect(tolerant.decode(fromHex("01 3412 00"))).toEqual({ key: 1, value: 0x1234 });
    expect(() => tolerant.decode(fromHex("01 34"))).toThrow(MalformedPduError);
  });

  it("of no fields is no octets", () => {
    const empty = struct<object>("Nothing", {}, "refuse");
    expect(empty.decode(new Uint8Array(0))).toEqual({});
    expect(toHex(empty.encode({}, fromHex("0102")))).toBe("0102");
    expect(() => empty.decode(fromHex("00"))).toThrow(MalformedPduError);
    expect(() => empty.decode(new Uint8Array(0), 1)).toThrow(MalformedPduError);
  });

  it("shows views of the packet, not of what lies around it, and encodes into octets of its own", () => {
    const layout = struct<Report>("Report", { id: u16, data: rest }, "refuse");
    const memory = fromHex("ff 3412 aabb ff");
    const { data } = layout.decode(memory.subarray(1, 5));
    expect(toHex(data)).toBe("aabb");
    memory[3] = 0;
    expect(toHex(data)).toBe("00bb");
    const first = layout.encode({ id: 1, data });
    layout.encode({ id: 2, data: fromHex("ffff") });
    expect(toHex(first)).toBe("010000bb");
    expect(first.constructor).toBe(Uint8Array);
    expect(first.buffer.byteLength).toBe(4);
  });

  it("has room for the largest L2CAP PDU", () => {
    const layout = struct<Report>("Report", { id: u16, data: rest }, "refuse");
    expect(layout.encode({ id: 1, data: new Uint8Array(65_533) }, new Uint8Array(9))).toHaveLength(65_544);
  });

  it("keeps a field of any size in the middle apart from what follows it", () => {
    const layout = struct<{ a: Uint8Array; b: readonly Pair[]; c: number }>(
      "Middle",
      { a: prefixed(u8), b: counted(u8, pair), c: u16 },
      "refuse",
    );
    const value = { a: fromHex("aabb"), b: [{ key: 1, value: 2 }], c: 0xcccc };
    expect(toHex(layout.encode(value))).toBe("02aabb01010200cccc");
    expect(layout.decode(layout.encode(value))).toEqual(value);
  });

  it("reports what a mapped field refuses as malformed", () => {
    const odd = mapped(
      u8,
      (octet) => {
        if (octet % 2 === 0) throw new RangeError(`${octet} is even`);
        return octet;
      },
      (octet) => octet,
    );
    const layout = struct<{ odd: number }>("Odd", { odd }, "refuse");
    expect(layout.decode(fromHex("03"))).toEqual({ odd: 3 });
    expect(() => layout.decode(fromHex("04"))).toThrow(
      new MalformedPduError("Odd", "odd: 4 is even", fromHex("04")),
    );
  });
});
