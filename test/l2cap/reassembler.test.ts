import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../src/common/bytes.ts";
import { MalformedPduError } from "../../src/common/errors.ts";
import { Reassembler } from "../../src/l2cap/reassembler.ts";
import { runs } from "../support/runs.ts";
import { anySizes, basicFrame, type Fragment, fragmentsOf } from "./fragments.ts";

/** `>` begins a PDU, `+` continues one; the outcome is hex, `…` while incomplete, `!` when malformed. */
function play(reassembler: Reassembler, fragments: readonly string[]): string[] {
  return fragments.map((text) => {
    try {
      const pdu = reassembler.push(text.startsWith("+"), fromHex(text.slice(1)));
      return pdu ? toHex(pdu) : "…";
    } catch (error) {
      expect(error).toBeInstanceOf(MalformedPduError);
      return "!";
    }
  });
}

describe("the reassembler (Vol 3, Part A, 7.2.2)", () => {
  it.each<[name: string, fragments: string[], outcomes: string[]]>([
    ["a PDU in one fragment", [">0200 0400 aabb"], ["02000400aabb"]],
    ["a PDU of nothing but its header", [">0000 0400"], ["00000400"]],
    ["two fragments", [">0200 0400 aa", "+bb"], ["…", "02000400aabb"]],
    ["a first fragment that is the header", [">0200 0400", "+aabb"], ["…", "02000400aabb"]],
    ["a header in two fragments", [">02", "+00 0400 aabb"], ["…", "02000400aabb"]],
    [
      "an octet a fragment",
      [">02", "+00", "+04", "+00", "+aa", "+bb"],
      ["…", "…", "…", "…", "…", "02000400aabb"],
    ],
    ["a header in pieces with nothing behind it", [">00", "+00", "+0400"], ["…", "…", "00000400"]],
    [
      "fragments of nothing among the others",
      [">", "+0200 0400", "+", "+aabb"],
      ["…", "…", "…", "02000400aabb"],
    ],
    ["two PDUs one after the other", [">0100 0400 aa", ">0100 0400 bb"], ["01000400aa", "01000400bb"]],
    ["a PDU that is never finished", [">0200 0400 aa", ">0100 0400 bb"], ["…", "01000400bb"]],
    ["a continuation of nothing", ["+aabb", ">0100 0400 aa"], ["!", "01000400aa"]],
    [
      "a continuation of what is complete",
      [">0100 0400 aa", "+bb", ">0100 0400 cc"],
      ["01000400aa", "!", "01000400cc"],
    ],
    ["more octets than announced", [">0100 0400 aabb", ">0100 0400 cc"], ["!", "01000400cc"]],
    [
      "more octets than announced in a continuation",
      [">0400 0400", "+aabbccddeeff", ">0100 0400 cc"],
      ["…", "!", "01000400cc"],
    ],
    ["more octets than announced by a header in pieces", [">01", "+00 0400 aabb"], ["…", "!"]],
    ["the rest of a PDU that was malformed", [">0100 0400 aabb", "+cc", "+0000 0400"], ["!", "…", "…"]],
    ["many continuations of nothing, of which it tells once", ["+aa", "+bb", "+cc"], ["!", "…", "…"]],
    [
      "as many after the next PDU, of which it tells again",
      ["+aa", ">0000 0400", "+cc"],
      ["!", "00000400", "!"],
    ],
  ])("takes %s", (_, fragments, outcomes) => {
    expect(play(new Reassembler(), fragments)).toEqual(outcomes);
  });

  it("does not copy a PDU that comes in one fragment", () => {
    const fragment = basicFrame(4, fromHex("aabb"));
    expect(new Reassembler().push(false, fragment)).toBe(fragment);
  });

  it("keeps nothing of the fragments it was lent", () => {
    const reassembler = new Reassembler();
    const outcomes = fragmentsOf(basicFrame(4, fromHex("aabbcc")), 2, 3, 1).map(({ continues, payload }) => {
      const pdu = reassembler.push(continues, payload);
      payload.fill(0xee);
      return pdu && toHex(pdu);
    });
    expect(outcomes).toEqual([undefined, undefined, undefined, "03000400aabbcc"]);
  });

  it("takes the longest PDU there is", () => {
    const pdu = basicFrame(0x40, new Uint8Array(65_535).fill(7));
    const reassembler = new Reassembler();
    const results = fragmentsOf(pdu, 27, 251, 40_000).map(({ continues, payload }) =>
      reassembler.push(continues, payload),
    );
    expect(results.at(-1)).toEqual(pdu);
  });

  it("gives PDUs back whole and in order, however they are cut, also after whatever went wrong before", () => {
    const anyPdus = fc.array(
      fc.tuple(fc.nat({ max: 0xffff }), fc.uint8Array({ maxLength: 600, size: "max" }), anySizes),
      { minLength: 1, maxLength: 5 },
    );
    const anyMishap = fc.array(
      fc.record<Fragment>({ continues: fc.boolean(), payload: fc.uint8Array({ maxLength: 20 }) }),
      { maxLength: 5 },
    );
    fc.assert(
      fc.property(anyMishap, anyPdus, (mishap, pdus) => {
        const reassembler = new Reassembler();
        for (const { continues, payload } of mishap) {
          try {
            reassembler.push(continues, payload);
          } catch (error) {
            expect(error).toBeInstanceOf(MalformedPduError);
          }
        }
        const expected = pdus.map(([cid, payload]) => basicFrame(cid, payload));
        const received = expected.flatMap((pdu, number) =>
          fragmentsOf(pdu, ...pdus[number]![2]).flatMap(({ continues, payload }) => {
            const complete = reassembler.push(continues, payload);
            return complete ? [complete.slice()] : [];
          }),
        );
        expect(received).toEqual(expected);
      }),
      runs,
    );
  });

  it("gives nothing but PDUs whose length is the announced one, and throws nothing but MalformedPduError", () => {
    const anyFragment = fc.record<Fragment>({
      continues: fc.boolean(),
      payload: fc.oneof(
        fc.uint8Array({ maxLength: 40 }),
        // Announced lengths that can be reached.
        fc
          .uint8Array({ minLength: 1, maxLength: 40 })
          .map((octets) => octets.map((octet, at) => (at < 2 ? octet & 3 : octet))),
      ),
    });
    fc.assert(
      fc.property(fc.array(anyFragment, { maxLength: 30 }), (fragments) => {
        const reassembler = new Reassembler();
        for (const { continues, payload } of fragments) {
          try {
            const pdu = reassembler.push(continues, payload);
            if (pdu) expect(pdu.length).toBe(4 + pdu[0]! + 256 * pdu[1]!);
          } catch (error) {
            expect(error).toBeInstanceOf(MalformedPduError);
          }
        }
      }),
      runs,
    );
  });

  it("tells of a flood of continuations once, and spends nothing on the rest", () => {
    const reassembler = new Reassembler();
    const fragment = new Uint8Array(251);
    let errors = 0;
    for (let i = 0; i < 10_000; i++) {
      try {
        expect(reassembler.push(true, fragment)).toBeUndefined();
      } catch {
        errors++;
      }
    }
    expect(errors).toBe(1);
  });
});
