import { describe, expect, it } from "vitest";
import { BleError, HostClosedError } from "../../src/common/errors.ts";
import type { Done } from "../../src/common/procedure.ts";
import { promised, reasonOf } from "../../src/common/promised.ts";
import { countingSignal } from "../support/counting-signal.ts";

/** An operation that ends when the test says so. */
function manual(): { readonly operation: (done: Done<number>) => void; readonly end: Done<number> } {
  const waiting: Done<number>[] = [];
  return {
    operation: (done) => waiting.push(done),
    end: (outcome) => {
      for (const done of waiting.splice(0)) done(outcome);
    },
  };
}

describe("A callback of the core as a promise", () => {
  it("resolves with a result and rejects with a BleError, whether that comes at once or later", async () => {
    const failure = new HostClosedError();
    const later = manual();
    const value = promised(later.operation);
    later.end(42);
    const failed = promised(later.operation);
    later.end(failure);
    expect(await value).toBe(42);
    await expect(failed).rejects.toBe(failure);
    expect(await promised<number>((done) => done(7))).toBe(7);
    await expect(promised<number>((done) => done(failure))).rejects.toBe(failure);
  });

  it.each([new Error("enough"), "a text", null, 0])(
    "rejects with the reason of its signal as it is: %s",
    async (reason) => {
      const { signal, abort, listeners } = countingSignal();
      const later = manual();
      const promise = promised(later.operation, { signal });
      expect(listeners()).toBe(1);
      abort(reason);
      await expect(promise).rejects.toBe(reason);
      later.end(42); // too late, and no harm
      expect(listeners()).toBe(0);
      expect(reasonOf(signal)).toBe(reason);
    },
  );

  it.each([5, 0, "soon", {}, new AbortController()])("rejects a signal that is none: %s", async (signal) => {
    let begun = 0;
    const promise = promised(() => begun++, { signal: signal as unknown as AbortSignal });
    await expect(promise).rejects.toThrow(TypeError);
    await expect(promise).rejects.toThrow(/^signal: give an AbortSignal/);
    expect(begun).toBe(0);
  });

  it("takes null for no signal, as some programs write it", async () => {
    expect(await promised<number>((done) => done(7), { signal: null as never })).toBe(7);
  });

  it("does not begin when the signal was aborted before", async () => {
    const signal = AbortSignal.abort("before");
    let begun = 0;
    await expect(promised(() => begun++, { signal })).rejects.toBe("before");
    expect(begun).toBe(0);
  });

  it.each([
    ["a result", (done: Done<number>) => done(1)],
    ["a failure", (done: Done<number>) => done(new HostClosedError())],
    [
      "an error thrown at once",
      () => {
        throw new RangeError("too long");
      },
    ],
  ])("lets go of the signal after %s", async (_, operation) => {
    const { signal, listeners } = countingSignal();
    await Promise.allSettled([promised<number>(operation, { signal })]);
    expect(listeners()).toBe(0);
  });

  it("rejects with what the operation throws at once", async () => {
    const thrown = promised(() => {
      throw new RangeError("too long");
    });
    await expect(thrown).rejects.toThrow(RangeError);
    await expect(thrown).rejects.not.toBeInstanceOf(BleError);
  });
});
