import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concat, fromHex, toHex } from "../../../src/common/bytes.ts";
import { MalformedPduError } from "../../../src/common/errors.ts";
import { dataIntegrityCheck } from "../../../transports/h5/data-integrity-check.ts";
import { decodeMessage, encodeMessage, type LinkMessage } from "../../../transports/h5/link-control.ts";
import { decodePacket, encodePacket, type H5Packet, longestPayload } from "../../../transports/h5/packet.ts";
import { SlipDecoder, slipEncode } from "../../../transports/h5/slip.ts";
import { runs } from "../../support/runs.ts";

/** What a decoder makes of octets: frames as hex, and the faults. */
function unslip(octets: Uint8Array, cuts: readonly number[] = [], longest = 64) {
  const frames: string[] = [];
  const faults: string[] = [];
  const decoder = new SlipDecoder(longest);
  let at = 0;
  for (const cut of [...cuts, octets.length]) {
    decoder.push(octets.subarray(at, cut), {
      frame: (frame) => frames.push(toHex(frame)),
      fault: (error) => faults.push(error.message),
    });
    at = Math.max(at, cut);
  }
  return { frames, faults };
}

describe("SLIP of the three-wire UART (Vol 4, Part D, 3)", () => {
  it.each([
    ["nothing special", "01 02 03", "c0 01 02 03 c0", "c0 01 02 03 c0"],
    ["the delimiter", "c0", "c0 db dc c0", "c0 db dc c0"],
    ["the escape octet", "db", "c0 db dd c0", "c0 db dd c0"],
    ["XON and XOFF", "11 13", "c0 11 13 c0", "c0 db de db df c0"],
    ["all of them", "c0 db 11 13", "c0 db dc db dd 11 13 c0", "c0 db dc db dd db de db df c0"],
  ])("encodes %s, without and with software flow control (10.1)", (_, packet, plain, controlled) => {
    expect(toHex(slipEncode(fromHex(packet), false), " ")).toBe(plain);
    expect(toHex(slipEncode(fromHex(packet), true), " ")).toBe(controlled);
    expect(unslip(fromHex(plain)).frames).toEqual([toHex(fromHex(packet))]);
    expect(unslip(fromHex(controlled)).frames).toEqual([toHex(fromHex(packet))]);
  });

  it.each([
    ["an octet escaped that needs none", "c0 01 db 02 03 c0", "escaped that needs none"],
    ["a frame that ends within an escape", "c0 01 db c0", "ends within an escape"],
    ["more octets than a packet may have", `c0 ${"01".repeat(65)} c0`, "more than 64 octets"],
  ])("drops %s, and reads the next frame", (_, octets, why) => {
    const { frames, faults } = unslip(concat(fromHex(octets), fromHex("c0 0a 0b c0")));
    expect(frames).toEqual(["0a0b"]);
    expect(faults).toEqual([expect.stringContaining(why)]);
  });

  it("reads the next frame when a delimiter is lost", () => {
    expect(unslip(fromHex("01 02 c0 03 c0 c0 04 c0")).frames).toEqual(["0102", "03", "04"]);
  });

  it("gives back what was encoded, wherever the stream is cut", () => {
    const packets = fc.array(fc.uint8Array({ minLength: 1, maxLength: 64 }), { maxLength: 5 });
    const property = fc.property(packets, fc.boolean(), fc.array(fc.nat(200)), (all, controlled, cuts) => {
      const stream = concat(...all.map((packet) => slipEncode(packet, controlled)));
      const { frames, faults } = unslip(
        stream,
        cuts.sort((a, b) => a - b).map((cut) => Math.min(cut, stream.length)),
      );
      expect(frames).toEqual(all.map((packet) => toHex(packet)));
      expect(faults).toEqual([]);
    });
    fc.assert(property, runs);
  });

  it("takes any octets, and after two delimiters the next frame", () => {
    const property = fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
      const { frames } = unslip(concat(noise, fromHex("c0 c0 0a 0b c0")));
      expect(frames.at(-1)).toBe("0a0b");
    });
    fc.assert(property, runs);
  });
});

const reset: H5Packet = {
  sequenceNumber: 0,
  acknowledgementNumber: 0,
  checked: false,
  reliable: true,
  type: 1,
  payload: fromHex("03 0c 00"),
};

describe("Packets of the three-wire UART (Vol 4, Part D, 4)", () => {
  it.each<[string, string, H5Packet]>([
    ["HCI_Reset", "80 31 00 4e 03 0c 00", reset],
    [
      "an acknowledgement of packet 0",
      "08 00 00 f7",
      { ...reset, reliable: false, type: 0, acknowledgementNumber: 1, payload: fromHex("") },
    ],
    ["SYNC", "00 2f 00 d0 01 7e", { ...reset, reliable: false, type: 15, payload: fromHex("01 7e") }],
    [
      "an event with every field in use",
      "ba 64 00 e1 0e 04 01 03 0c 00",
      {
        ...reset,
        sequenceNumber: 2,
        acknowledgementNumber: 7,
        type: 4,
        payload: fromHex("0e 04 01 03 0c 00"),
      },
    ],
    [
      "a payload of more than 15 octets",
      `80 02 10 6d ${"00".repeat(256)}`,
      { ...reset, type: 2, payload: new Uint8Array(256) },
    ],
  ])("encodes and decodes %s", (_, octets, packet) => {
    expect(toHex(encodePacket(packet))).toBe(toHex(fromHex(octets)));
    expect(decodePacket(fromHex(octets))).toEqual(packet);
  });

  it.each([
    ["is shorter than its header", "80 31 00", "shorter than its header"],
    ["has a wrong header checksum (6.1)", "80 31 00 4f 03 0c 00", "header checksum"],
    ["is shorter than its header says (6.2)", "80 31 00 4e 03 0c", "length"],
    ["is longer than its header says (6.2)", "80 31 00 4e 03 0c 00 00", "length"],
    ["has a wrong data integrity check (6.3)", "c0 31 00 0e 03 0c 00 00 00", "data integrity check"],
  ])("refuses a packet that %s", (_, octets, why) => {
    expect(() => decodePacket(fromHex(octets))).toThrow(MalformedPduError);
    expect(() => decodePacket(fromHex(octets))).toThrow(why);
  });

  // The check value of CRC-16/MCRF4XX for "123456789" is 0x6f91: the same sum before its bits are reversed.
  it("computes the data integrity check: CCITT, begun with 0xFFFF, its bits reversed (5.1)", () => {
    expect(dataIntegrityCheck(new TextEncoder().encode("123456789"))).toBe(0x89f6);
  });

  it("puts the data integrity check behind the payload, most significant octet first (5.1)", () => {
    const octets = encodePacket({ ...reset, checked: true });
    const check = dataIntegrityCheck(octets.subarray(0, 7));
    expect([octets[7], octets[8]]).toEqual([check >> 8, check & 0xff]);
  });

  const anyPacket = fc.record(
    {
      sequenceNumber: fc.nat(7),
      acknowledgementNumber: fc.nat(7),
      checked: fc.boolean(),
      reliable: fc.boolean(),
      type: fc.nat(15),
      payload: fc.oneof(
        fc.uint8Array({ maxLength: 40 }),
        fc.nat(longestPayload).map((size) => new Uint8Array(size).fill(0xc0)),
      ),
    },
    { noNullPrototype: true },
  );

  it("decodes what it encodes", () => {
    fc.assert(
      fc.property(anyPacket, (packet) => {
        expect(decodePacket(encodePacket(packet))).toEqual(packet);
      }),
      runs,
    );
  });

  it("notices any one bit that has changed, where there is a data integrity check", () => {
    fc.assert(
      fc.property(anyPacket, fc.nat(), (packet, place) => {
        const octets = encodePacket({ ...packet, checked: true });
        const bit = place % (octets.length * 8);
        octets[bit >> 3]! ^= 1 << (bit & 7);
        expect(() => decodePacket(octets)).toThrow(MalformedPduError);
      }),
      runs,
    );
  });

  it("decodes any octets or refuses them as malformed, nothing else", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 32 }), (octets) => {
        try {
          decodePacket(octets);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedPduError);
        }
      }),
      runs,
    );
  });
});

describe("Link Control messages (Vol 4, Part D, 8 and 9)", () => {
  const full = { windowSize: 7, softwareFlowControl: true, dataIntegrityCheck: true };

  it.each<[string, string, LinkMessage]>([
    ["SYNC (8.4)", "01 7e", { type: "sync" }],
    ["SYNC RESPONSE (8.5)", "02 7d", { type: "syncResponse" }],
    ["CONFIG of a controller (8.6)", "03 fc", { type: "config" }],
    ["CONFIG of a host (8.6)", "03 fc 1f", { type: "config", configuration: full }],
    [
      "CONFIG RESPONSE (8.7)",
      "04 7b 04",
      {
        type: "configResponse",
        configuration: { windowSize: 4, softwareFlowControl: false, dataIntegrityCheck: false },
      },
    ],
    ["WAKEUP (9.1)", "05 fa", { type: "wakeup" }],
    ["WOKEN (9.2)", "06 f9", { type: "woken" }],
    ["SLEEP (9.3)", "07 78", { type: "sleep" }],
  ])("%s", (_, octets, message) => {
    expect(toHex(encodeMessage(message), " ")).toBe(octets);
    expect(decodeMessage(fromHex(octets))).toEqual(message);
  });

  it.each(["", "01", "01 7f", "08 77", "ff ff"])("%j is no message that is known, and ignored", (octets) => {
    expect(decodeMessage(fromHex(octets))).toBeUndefined();
  });

  it("takes a window of 0, which is reserved, for 1 (8.8.2)", () => {
    expect(decodeMessage(fromHex("04 7b 00"))).toMatchObject({ configuration: { windowSize: 1 } });
  });
});
