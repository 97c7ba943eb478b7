import { describe, expect, it } from "vitest";
import { Onlooker } from "../../cli/demo/onlooker.ts";

describe("who compares the displays in the demo", () => {
  it("says yes to both when they show the same", async () => {
    const onlooker = new Onlooker();
    const first = onlooker.look("001234");
    expect(await Promise.all([onlooker.look("001234"), first])).toEqual([true, true]);
  });

  it("says no to both when they do not, and looks anew the next time", async () => {
    const onlooker = new Onlooker();
    const first = onlooker.look("001234");
    expect(await Promise.all([onlooker.look("001235"), first])).toEqual([false, false]);
    const again = onlooker.look("000000");
    expect(await Promise.all([onlooker.look("000000"), again])).toEqual([true, true]);
  });
});
