import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { systemClock, VirtualClock } from "../../src/common/clock.ts";
import { runs } from "../support/runs.ts";

describe("The virtual clock", () => {
  it("calls in the order of time, and of asking when the times are equal", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 60 }), (delays) => {
        const clock = new VirtualClock();
        const called: [at: number, order: number][] = [];
        delays.forEach((ms, order) => clock.after(ms, () => called.push([clock.now(), order])));
        clock.advanceSync(20);
        const expected = delays.map((ms, order): [number, number] => [ms, order]);
        expect(called).toEqual(expected.sort((a, b) => a[0] - b[0] || a[1] - b[1]));
        expect([clock.timers, clock.now()]).toEqual([0, 20]);
      }),
      runs,
    );
  });

  it("never calls what was disposed of, and counts what still waits", () => {
    const step = fc.record({ ms: fc.integer({ min: 0, max: 50 }), cancelled: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.integer({ min: 0, max: 50 }), (steps, end) => {
        const clock = new VirtualClock();
        let calls = 0;
        const timers = steps.map(({ ms }) => clock.after(ms, () => calls++));
        steps.forEach(({ cancelled }, at) => {
          if (cancelled) timers[at]![Symbol.dispose]();
        });
        const live = steps.filter(({ cancelled }) => !cancelled);
        expect(clock.timers).toBe(live.length);
        clock.advanceSync(end);
        expect(calls).toBe(live.filter(({ ms }) => ms <= end).length);
        expect(clock.timers).toBe(live.length - calls);
        for (const timer of timers) timer[Symbol.dispose]();
        for (const timer of timers) timer[Symbol.dispose]();
        expect(clock.timers).toBe(0);
      }),
      runs,
    );
  });

  it("does not call a moment too early", () => {
    const clock = new VirtualClock();
    let called = false;
    clock.after(30_000, () => (called = true));
    clock.advanceSync(29_999.9);
    expect(called).toBe(false);
    clock.advanceSync(0.1);
    expect(called).toBe(true);
  });

  it("runs timers that timers ask for, if they fall due in the same time", () => {
    const clock = new VirtualClock();
    const at: number[] = [];
    const again = (): void => {
      at.push(clock.now());
      clock.after(10, again);
    };
    clock.after(10, again);
    clock.advanceSync(35);
    expect(at).toEqual([10, 20, 30]);
    expect(clock.timers).toBe(1);
  });

  it("calls what is due soon before any time passes, and not at once", () => {
    const clock = new VirtualClock();
    const order: string[] = [];
    clock.after(0.001, () => order.push("later"));
    clock.soon(() => {
      order.push("soon");
      clock.soon(() => order.push("soon after"));
    });
    expect(order).toEqual([]);
    clock.advanceSync(1);
    expect(order).toEqual(["soon", "soon after", "later"]);
  });

  it("takes a negative delay for none", () => {
    const clock = new VirtualClock();
    clock.advanceSync(100);
    let at = -1;
    clock.after(-50, () => (at = clock.now()));
    clock.advanceSync(0);
    expect(at).toBe(100);
  });

  it("tells the date from where it began", () => {
    const clock = new VirtualClock(Date.UTC(2026, 5, 1));
    clock.advanceSync(1000);
    expect(new Date(clock.date()).toISOString()).toBe("2026-06-01T00:00:01.000Z");
  });

  it("lets promises settle between two timers", async () => {
    const clock = new VirtualClock();
    const order: string[] = [];
    clock.after(1, () => {
      void Promise.resolve()
        .then(() => undefined)
        .then(() => order.push("promise"));
    });
    clock.after(1, () => order.push("timer"));
    await clock.advance(1);
    expect(order).toEqual(["promise", "timer"]);
  });

  it("runs until a promise settles, and no longer", async () => {
    const clock = new VirtualClock();
    const answer = new Promise<number>((resolve) => {
      clock.after(15 * 60_000, () => {
        resolve(42);
      });
    });
    clock.after(3_600_000, () => undefined);
    expect(await clock.until(answer)).toBe(42);
    expect([clock.now(), clock.timers]).toEqual([15 * 60_000, 1]);
  });

  it("passes on a rejection", async () => {
    const clock = new VirtualClock();
    const failure = new Promise<never>((_, reject) => {
      clock.after(5, () => {
        reject(new Error("lost"));
      });
    });
    await expect(clock.until(failure)).rejects.toThrow("lost");
  });

  it("gives up on a promise that nothing will settle", async () => {
    const clock = new VirtualClock();
    clock.after(200, () => undefined);
    await expect(clock.until(new Promise(() => undefined), 100)).rejects.toThrow("nothing due within 100 ms");
    await expect(clock.until(new Promise(() => undefined))).rejects.toThrow("nothing due");
  });
});

describe("The operating system's time", () => {
  it("calls all that are due together without a delay for each, and promises in between", async () => {
    const asked = vi.spyOn(globalThis, "setTimeout");
    const order: string[] = [];
    await new Promise<void>((resolve) => {
      for (let number = 0; number < 50; number++) {
        systemClock.after(1, () => {
          order.push(`timer ${number}`);
          void Promise.resolve().then(() => order.push(`promise ${number}`));
          if (number === 49) resolve();
        });
      }
    });
    const times = asked.mock.calls.length;
    asked.mockRestore();
    const numbers = Array.from({ length: 50 }, (_, number) => number);
    expect(order).toEqual(numbers.flatMap((number) => [`timer ${number}`, `promise ${number}`]));
    expect(times).toBeLessThan(25);
  });
});
