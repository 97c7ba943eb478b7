import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concat, fromHex, toHex } from "../../src/common/bytes.ts";
import { MalformedPduError } from "../../src/common/errors.ts";
import { H4Framer } from "../../transports/h4-framer.ts";
import { runs } from "../support/runs.ts";

/** Collects copies of what the framer gives, as hex. */
class Collector {
  readonly packets: string[] = [];

  packet(packet: Uint8Array): void {
    this.packets.push(toHex(packet));
  }
}

const packets: [name: string, hex: string][] = [
  ["a command without parameters", "01 030c 00"],
  ["a command", "01 0c20 02 01 00"],
  ["ACL data", "02 4020 0700 0300 0400 0a0300"],
  ["ACL data without octets", "02 4020 0000"],
  ["ACL data of 300 octets", `02 4020 2c01 ${"5a".repeat(300)}`],
  ["synchronous data", "03 0500 03 112233"],
  ["an event", "04 0e 04 01 030c 00"],
  ["an event without parameters", "04 0f 00"],
  ["ISO data, the reserved bits of its length set", "05 6000 04c0 01020304"],
];

const stream = concat(...packets.map(([, hex]) => fromHex(hex)));
const expected = packets.map(([, hex]) => toHex(fromHex(hex)));

/** Pushes `octets` in chunks that end at `cuts`. */
function collect(octets: Uint8Array, cuts: readonly number[], framer = new H4Framer()): string[] {
  const collector = new Collector();
  let at = 0;
  for (const cut of [...cuts, octets.length]) {
    framer.push(octets.slice(at, cut), collector);
    at = cut;
  }
  return collector.packets;
}

describe("H4Framer", () => {
  it.each(packets)("finds the end of %s (Vol 4, Part E, 5.4)", (_, hex) => {
    const octets = concat(fromHex(hex), fromHex("01 030c 00"));
    expect(collect(octets, [])).toEqual([toHex(fromHex(hex)), "01030c00"]);
  });

  it("gives the same packets wherever the stream is split in two", () => {
    for (let cut = 0; cut <= stream.length; cut++) expect(collect(stream, [cut])).toEqual(expected);
  });

  it("gives the same packets octet by octet", () => {
    expect(collect(stream, [...stream.keys()])).toEqual(expected);
  });

  it("gives the same packets in any chunking, of every packet type and up to the longest", () => {
    const body = (most: number) => fc.uint8Array({ maxLength: most });
    const any = fc.oneof(
      body(255).map((b) => Uint8Array.of(0x01, 0x03, 0x0c, b.length, ...b)),
      body(600).map((b) => Uint8Array.of(0x02, 0x40, 0x20, b.length, b.length >> 8, ...b)),
      body(255).map((b) => Uint8Array.of(0x03, 0x05, 0x00, b.length, ...b)),
      body(255).map((b) => Uint8Array.of(0x04, 0x3e, b.length, ...b)),
      body(600).map((b) => Uint8Array.of(0x05, 0x60, 0x00, b.length, b.length >> 8, ...b)),
    );
    fc.assert(
      fc.property(fc.array(any, { maxLength: 8 }), fc.array(fc.nat(5000)), (whole, cuts) => {
        const octets = concat(...whole);
        const sorted = cuts.map((cut) => Math.min(cut, octets.length)).sort((a, b) => a - b);
        expect(collect(octets, sorted)).toEqual(whole.map((packet) => toHex(packet)));
      }),
      runs,
    );
  });

  it("takes the longest ACL data packet in chunks", () => {
    const packet = new Uint8Array(5 + 0xffff).fill(0x77);
    packet.set([0x02, 0x01, 0x00, 0xff, 0xff]);
    const cuts = Array.from({ length: 65 }, (_, i) => i * 1000);
    expect(collect(packet, cuts)).toEqual([toHex(packet)]);
  });

  it("gives views of the chunk for packets that lie whole in it, and plain octets even of a Buffer", () => {
    const chunk = Buffer.from(fromHex("01 030c 00 04 0e 04 01 030c 00"));
    const seen: Uint8Array[] = [];
    new H4Framer().push(chunk, { packet: (packet) => seen.push(packet) });
    expect(seen.map((packet) => packet.buffer === chunk.buffer)).toEqual([true, true]);
    expect(seen.map((packet) => packet.constructor)).toEqual([Uint8Array, Uint8Array]);
  });

  it("uses one buffer for all packets that straddle chunks", () => {
    const framer = new H4Framer();
    const seen: ArrayBufferLike[] = [];
    const sink = { packet: (packet: Uint8Array) => void seen.push(packet.buffer) };
    for (let i = 0; i < 3; i++) {
      framer.push(fromHex("04 0e"), sink);
      framer.push(fromHex("04 01 030c 00"), sink);
    }
    expect(seen).toHaveLength(3);
    expect(new Set(seen).size).toBe(1);
  });

  it("delivers what came before an octet that is no packet type, then names it and its place", () => {
    const framer = new H4Framer();
    const collector = new Collector();
    framer.push(fromHex("01 030c 00 04 0e"), collector);
    expect(() => framer.push(fromHex("04 01 030c 00 01 030c 00 7f 01 030c 00"), collector)).toThrow(
      new MalformedPduError("H4", "0x7f, octet 15 of the stream, is no packet type"),
    );
    expect(collector.packets).toEqual(["01030c00", "040e0401030c00", "01030c00"]);
  });

  it.each(["00", "06", "ff"])("takes 0x%s for no packet type (Vol 4, Part A, 2)", (octet) => {
    expect(() => collect(fromHex(octet), [])).toThrow(MalformedPduError);
  });

  it("refuses everything after a fault until it is reset", () => {
    const framer = new H4Framer();
    const collector = new Collector();
    expect(() => framer.push(Uint8Array.of(0xff), collector)).toThrow(MalformedPduError);
    expect(() => framer.push(fromHex("01 030c 00"), collector)).toThrow(MalformedPduError);
    expect(collector.packets).toEqual([]);
    framer.reset();
    framer.push(fromHex("01 030c 00"), collector);
    expect(collector.packets).toEqual(["01030c00"]);
  });

  it("forgets the beginning of a packet when it is reset", () => {
    const framer = new H4Framer();
    framer.push(fromHex("02 4020 0700 03"), new Collector());
    framer.reset();
    expect(collect(fromHex("04 0e 04 01 030c 00"), [], framer)).toEqual(["040e0401030c00"]);
  });

  it("makes packets or MalformedPduError of any octets in any chunking, nothing else, and loses none", () => {
    const mostlyTypes = fc.oneof(
      { weight: 3, arbitrary: fc.integer({ min: 0, max: 6 }) },
      fc.integer({ max: 255 }),
    );
    const octet = mostlyTypes.map((value) => value & 0xff);
    fc.assert(
      fc.property(fc.array(fc.array(octet, { maxLength: 40 }), { maxLength: 6 }), (chunks) => {
        const framer = new H4Framer();
        const collector = new Collector();
        try {
          for (const chunk of chunks) framer.push(Uint8Array.from(chunk), collector);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedPduError);
        }
        const delivered = collector.packets.join("");
        expect(toHex(Uint8Array.from(chunks.flat())).startsWith(delivered)).toBe(true);
      }),
      runs,
    );
  });
});
