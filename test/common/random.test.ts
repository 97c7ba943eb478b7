import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toHex } from "../../src/common/bytes.ts";
import { type Random, SeededRandom, systemRandom } from "../../src/common/random.ts";
import { runs } from "../support/runs.ts";

describe("Seeded chance", () => {
  it("is the same for the same seed, and another for another", () => {
    const seed = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
    fc.assert(
      fc.property(seed, seed, (a, b) => {
        const octets = toHex(new SeededRandom(a).bytes(16));
        expect(toHex(new SeededRandom(a).bytes(16))).toBe(octets);
        expect(toHex(new SeededRandom(b).bytes(16)) === octets).toBe(a === b);
      }),
      runs,
    );
  });

  it("tells seeds apart that differ in one bit, also beyond 32", () => {
    const seen = new Set([toHex(new SeededRandom(0).bytes(16))]);
    for (let bit = 0; bit < 53; bit++) seen.add(toHex(new SeededRandom(2 ** bit).bytes(16)));
    expect(seen.size).toBe(54);
  });
});

describe.each<[string, Random]>([
  ["seeded", new SeededRandom(1)],
  ["the system's", systemRandom],
])("Chance, %s", (_name, random) => {
  it("gives as many octets as asked for, and new ones each time", () => {
    expect(random.bytes(0)).toHaveLength(0);
    const first = random.bytes(16);
    expect(first).toHaveLength(16);
    expect(toHex(random.bytes(16))).not.toBe(toHex(first));
  });

  it("stays below the limit", () => {
    for (const limit of [1, 2, 3, 1000, 2 ** 32]) {
      for (let i = 0; i < 1000; i++) {
        const value = random.below(limit);
        expect(Number.isInteger(value) && value >= 0 && value < limit).toBe(true);
      }
    }
  });

  it("prefers no number", () => {
    // 16,000 throws of 16 faces: each face 1000 times, give or take six standard deviations of 31.
    const faces = new Array<number>(16).fill(0);
    const octetBits = new Array<number>(8).fill(0);
    for (let i = 0; i < 16_000; i++) faces[random.below(16)]!++;
    for (const octet of random.bytes(4000))
      for (let bit = 0; bit < 8; bit++) octetBits[bit]! += (octet >> bit) & 1;
    for (const count of faces) expect(Math.abs(count - 1000)).toBeLessThan(190);
    for (const count of octetBits) expect(Math.abs(count - 2000)).toBeLessThan(190);
  });
});
