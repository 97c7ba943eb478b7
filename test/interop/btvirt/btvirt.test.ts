import { documented } from "../../support/documented.ts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compare, type Difference } from "./compare.ts";
import { judgementOf, judgements } from "./judgements.ts";
import { listOf } from "./document.ts";
import { startBtvirt } from "./theirs.ts";

const btvirt = await startBtvirt();

describe.skipIf(typeof btvirt === "string")(
  typeof btvirt === "string"
    ? `BlueZ's virtual controller (skipped: ${btvirt})`
    : "BlueZ's virtual controller",
  () => {
    let differences: readonly Difference[] = [];

    beforeAll(async () => {
      if (typeof btvirt !== "string") differences = await compare(btvirt);
    });

    afterAll(async () => {
      if (typeof btvirt !== "string") await btvirt[Symbol.asyncDispose]();
    });

    it("differs from ours only where somebody has looked it up in the specification", () => {
      expect(differences.filter((difference) => !judgementOf(difference))).toEqual([]);
    });

    it("differs from ours wherever a judgement says so", () => {
      const used = new Set(differences.map(judgementOf));
      expect(judgements.filter((judgement) => !used.has(judgement))).toEqual([]);
    });

    it("is nowhere right where ours is wrong", () => {
      expect(differences.filter((difference) => judgementOf(difference)?.verdict === "btvirt")).toEqual([]);
    });

    it("differs from ours as docs/virtual-radio.md tells (JELLING_WRITE_DOCS=1 writes it anew)", async () => {
      const { is, should } = await documented("btvirt", listOf(differences));
      expect(should).toBe(is);
    });
  },
);
