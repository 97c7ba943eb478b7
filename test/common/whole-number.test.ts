import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { requireWhole, requireWholeIfGiven } from "../../src/common/whole-number.ts";
import { runs } from "../support/runs.ts";

describe("A whole number of a range", () => {
  it("is taken from the least to the most, and nothing else is", () => {
    fc.assert(
      fc.property(fc.double({ min: -20, max: 20 }), (value) => {
        const isIn = Number.isInteger(value) && value >= -3 && value <= 7;
        const check = (): void => requireWhole("size", value, -3, 7);
        if (isIn) expect(check).not.toThrow();
        else expect(check).toThrow(RangeError);
      }),
      runs,
    );
  });

  it.each([[-4], [8], [1.5], [Number.NaN], [Infinity], ["5" as unknown as number]])(
    "%s is refused with the name and the range",
    (value) => {
      const text = `size: ${value} is not a whole number from -3 to 7`;
      expect(() => requireWhole("size", value, -3, 7)).toThrow(new RangeError(text));
    },
  );

  it("may be left out where that is said", () => {
    expect(() => requireWholeIfGiven("size", undefined, 1, 2)).not.toThrow();
    expect(() => requireWholeIfGiven("size", 3, 1, 2)).toThrow(RangeError);
  });
});
