import { afterEach, describe, expect, it, vi } from "vitest";
import { VirtualClock } from "../../src/common/clock.ts";
import { clockInTurns, Turn } from "../../src/common/turn.ts";

afterEach(() => {
  vi.unstubAllGlobals();
});

describe("A turn", () => {
  it("runs callbacks when all state has changed, in the order of asking", () => {
    const turn = new Turn();
    const order: string[] = [];
    const result = turn.run(() => {
      turn.defer(() => order.push("first callback"));
      order.push("state");
      turn.defer(() => order.push("second callback"));
      order.push("more state");
      return 42;
    });
    expect(result).toBe(42);
    expect(order).toEqual(["state", "more state", "first callback", "second callback"]);
  });

  it("is one turn however deep the calls go", () => {
    const turn = new Turn();
    const order: string[] = [];
    turn.enter();
    turn.run(() => {
      turn.defer(() => order.push("callback"));
    });
    order.push("state");
    turn.leave();
    expect(order).toEqual(["state", "callback"]);
  });

  it("lets a callback call back into the stack, whose callbacks come after those that wait", () => {
    const turn = new Turn();
    const order: string[] = [];
    turn.run(() => {
      turn.defer(() => {
        turn.run(() => {
          turn.defer(() => order.push("third"));
        });
        order.push("first");
      });
      turn.defer(() => order.push("second"));
    });
    expect(order).toEqual(["first", "second", "third"]);
  });

  it("begins a turn for what is deferred outside of one", () => {
    const order: string[] = [];
    new Turn().defer(() => order.push("callback"));
    expect(order).toEqual(["callback"]);
  });

  it("runs the callbacks of work that throws, and can be used again", () => {
    const turn = new Turn();
    const order: string[] = [];
    const work = (): never => {
      turn.defer(() => order.push("callback"));
      throw new Error("a fault");
    };
    expect(() => turn.run(work)).toThrow("a fault");
    turn.run(() => {
      turn.defer(() => order.push("another"));
      order.push("state");
    });
    expect(order).toEqual(["callback", "state", "another"]);
  });

  it("keeps a callback that throws from the others, and lets its error surface as uncaught", () => {
    const microtasks: (() => void)[] = [];
    vi.stubGlobal("queueMicrotask", (task: () => void) => microtasks.push(task));
    const turn = new Turn();
    const order: string[] = [];
    turn.run(() => {
      turn.defer(() => {
        throw new Error("the program's mistake");
      });
      turn.defer(() => order.push("other"));
    });
    expect(order).toEqual(["other"]);
    expect(microtasks).toHaveLength(1);
    expect(microtasks[0]).toThrow("the program's mistake");
  });

  it("begins when a timer of its clock is due, or soon", () => {
    const turn = new Turn();
    const time = new VirtualClock();
    const clock = clockInTurns(time, turn);
    const order: string[] = [];
    const work = (name: string) => (): void => {
      turn.defer(() => order.push(`callback of ${name}`));
      order.push(name);
    };
    clock.after(10, work("timer"));
    clock.soon(work("soon"));
    clock.after(5, work("called off"))[Symbol.dispose]();
    time.advanceSync(10);
    expect(order).toEqual(["soon", "callback of soon", "timer", "callback of timer"]);
    expect([clock.now(), clock.date() - time.date()]).toEqual([10, 0]);
  });
});
