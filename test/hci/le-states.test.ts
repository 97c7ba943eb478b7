import { describe, expect, it } from "vitest";
import { type LeActivity, statesAllow, statesSay } from "../../src/hci/le-states.ts";

/** LE_States with these bits set. */
function states(...bits: readonly number[]): Uint8Array {
  const octets = new Uint8Array(8);
  for (const bit of bits) octets[bit >> 3] = (octets[bit >> 3] ?? 0) | (1 << (bit & 7));
  return octets;
}

const places: [bit: number, activity: LeActivity, beside?: LeActivity][] = [
  [0, "nonConnectable"],
  [3, "highDutyDirected"],
  [7, "peripheral"],
  [10, "connectable", "passiveScanning"],
  [16, "nonConnectable", "initiating"],
  [19, "scannable", "central"],
  [22, "passiveScanning", "initiating"],
  [23, "activeScanning", "initiating"],
  [27, "activeScanning", "peripheral"],
  [28, "initiating", "central"],
  [29, "lowDutyDirected"],
  [32, "connectable", "initiating"],
  [35, "connectable", "central"],
  [38, "connectable", "peripheral"],
  [41, "initiating", "peripheral"],
];

describe("The states that a controller supports (Vol 4, Part E, 7.8.27)", () => {
  it.each(places)("bit %i is %s, %s", (bit, activity, beside) => {
    expect(statesSay(states(bit), activity, beside)).toBe(true);
    if (beside) expect(statesSay(states(bit), beside, activity)).toBe(true);
    const all = Array.from({ length: 42 }, (_, at) => at).filter((at) => at !== bit);
    expect(statesSay(states(...all), activity, beside)).toBe(false);
    expect(statesAllow(states(...all), activity, beside)).toBe(false);
  });

  it("of a controller that reports none forbid nothing, and promise nothing", () => {
    for (const none of [new Uint8Array(8), new Uint8Array(0)]) {
      expect(statesAllow(none, "connectable", "initiating")).toBe(true);
      expect(statesSay(none, "connectable", "initiating")).toBe(false);
    }
  });

  it("forbid nothing that no bit stands for: two kinds of advertising at once, for one", () => {
    expect(statesAllow(states(0), "connectable", "nonConnectable")).toBe(true);
    expect(statesSay(states(0), "connectable", "nonConnectable")).toBe(false);
  });
});
