import { BleError } from "./errors.ts";

/** How an operation of the core ends: with its result, or with the reason there is none. */
export type Outcome<T> = T | BleError;

/** Called exactly once. */
export type Done<T> = (outcome: Outcome<T>) => void;

/** An operation that has not begun: give it a {@link Done} and it does. */
export type Operation<T> = (done: Done<T>) => void;

/**
 * Several operations one after the other, written as a generator: `const value = yield* wait(operation)`.
 * It keeps the core free of promises, so that an answer continues the procedure in the turn it arrives in.
 */
export type Procedure<T> = Generator<Operation<unknown>, T, unknown>;

/** Waits inside a {@link Procedure} for an operation's result; a failure is thrown there. */
export function* wait<T>(operation: Operation<T>): Procedure<T> {
  return (yield operation) as T;
}

/** Runs a procedure up to its end and tells the outcome. Errors that are no BleError are faults and not caught. */
export function run<T>(procedure: Procedure<T>, done: Done<T>): void {
  const resume = (outcome: Outcome<unknown>): void => {
    // An operation may answer at once; the loop takes such answers without growing the stack.
    for (;;) {
      let step: IteratorResult<Operation<unknown>, T>;
      try {
        step = outcome instanceof BleError ? procedure.throw(outcome) : procedure.next(outcome);
      } catch (error) {
        if (!(error instanceof BleError)) throw error;
        done(error);
        return;
      }
      if (step.done) {
        done(step.value);
        return;
      }
      const answer: { outcome?: Outcome<unknown>; synchronous: boolean } = { synchronous: true };
      step.value((result) => {
        if (answer.synchronous) answer.outcome = result;
        else resume(result);
      });
      answer.synchronous = false;
      if (!("outcome" in answer)) return;
      outcome = answer.outcome;
    }
  };
  resume(undefined);
}
