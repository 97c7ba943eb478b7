import { describe, expect, it } from "vitest";
import { BleError, MalformedPduError } from "../../src/common/errors.ts";
import {
  type Done,
  type Operation,
  type Outcome,
  type Procedure,
  run,
  wait,
} from "../../src/common/procedure.ts";

const answer =
  <T>(outcome: Outcome<T>): Operation<T> =>
  (done) => {
    done(outcome);
  };

/** Runs a procedure and shows how often and how it ended. */
function outcomes<T>(procedure: Procedure<T>): Outcome<T>[] {
  const told: Outcome<T>[] = [];
  run(procedure, (outcome) => told.push(outcome));
  return told;
}

describe("A procedure", () => {
  it("goes on with each answer and tells the outcome once", () => {
    function* sum(): Procedure<number> {
      return (yield* wait(answer(40))) + (yield* wait(answer(2)));
    }
    expect(outcomes(sum())).toEqual([42]);
  });

  it("goes on in the very turn that a late answer comes in", () => {
    const later: Done<string>[] = [];
    function* two(): Procedure<string> {
      const first = yield* wait<string>((done) => later.push(done));
      return first + (yield* wait<string>((done) => later.push(done)));
    }
    const told = outcomes(two());
    expect([told, later.length]).toEqual([[], 1]);
    later[0]!("one ");
    expect([told, later.length]).toEqual([[], 2]);
    later[1]!("two");
    expect(told).toEqual(["one two"]);
  });

  it("takes 100,000 answers given at once without growing the stack", () => {
    function* count(): Procedure<number> {
      let sum = 0;
      for (let i = 0; i < 100_000; i++) sum += yield* wait(answer(1));
      return sum;
    }
    expect(outcomes(count())).toEqual([100_000]);
  });

  it("has failures thrown where it waits, and may catch them", () => {
    const failure = new MalformedPduError("Test", "bad");
    function* careful(): Procedure<string> {
      try {
        yield* wait(answer<string>(failure));
      } catch (error) {
        if (error === failure) return yield* wait(answer("instead"));
        throw error;
      }
      return "not reached";
    }
    function* careless(): Procedure<string> {
      return yield* wait(answer<string>(failure));
    }
    expect(outcomes(careful())).toEqual(["instead"]);
    expect(outcomes(careless())).toEqual([failure]);
  });

  it("has late failures thrown, too", () => {
    const later: Done<string>[] = [];
    function* careless(): Procedure<string> {
      return yield* wait<string>((done) => later.push(done));
    }
    const told = outcomes(careless());
    const failure = new MalformedPduError("Test", "bad");
    later[0]!(failure);
    expect(told).toEqual([failure]);
  });

  it("may fail by itself, with a BleError", () => {
    // eslint-disable-next-line require-yield -- it fails before it waits
    function* refusing(): Procedure<string> {
      throw new MalformedPduError("Test", "bad");
    }
    expect(outcomes(refusing())[0]).toBeInstanceOf(BleError);
  });

  it("does not hide a fault", () => {
    // eslint-disable-next-line require-yield -- it fails before it waits
    function* faulty(): Procedure<string> {
      throw new TypeError("a fault");
    }
    expect(() => outcomes(faulty())).toThrow(TypeError);
  });

  it("tells undefined from no answer", () => {
    function* nothing(): Procedure<string> {
      const result: undefined = yield* wait(answer(undefined));
      return `got ${String(result)}`;
    }
    expect(outcomes(nothing())).toEqual(["got undefined"]);
  });
});
