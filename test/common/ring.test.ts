import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Ring } from "../../src/common/ring.ts";
import { runs } from "../support/runs.ts";

describe("A ring", () => {
  it("does what an array does whose end is pushed and whose head is shifted, at any length", () => {
    const steps = fc.array(
      fc.oneof(
        { weight: 3, arbitrary: fc.integer() },
        { weight: 2, arbitrary: fc.constantFrom("shift", "peek") },
        fc.constant("clear"),
      ),
      {
        maxLength: 300,
        size: "max",
      },
    );
    fc.assert(
      fc.property(steps, (plan) => {
        const ring = new Ring<number>();
        const array: number[] = [];
        for (const step of plan) {
          if (typeof step === "number") {
            ring.push(step);
            array.push(step);
          } else if (step === "shift") expect(ring.shift()).toBe(array.shift());
          else if (step === "peek") expect(ring.peek()).toBe(array[0]);
          else if (array.length > 40) {
            ring.clear();
            array.length = 0;
          }
          expect(ring.length).toBe(array.length);
        }
        while (array.length > 0) expect(ring.shift()).toBe(array.shift());
        expect(ring.shift()).toBeUndefined();
      }),
      runs,
    );
  });
});
