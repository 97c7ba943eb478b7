import { BleError } from "./errors.ts";
import { requireSignal } from "./options.ts";
import type { Operation } from "./procedure.ts";

/** What every call that waits accepts. */
export interface CallOptions {
  /** Stops waiting; the promise rejects with `signal.reason`. What is on the air already is not called back. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Where the core's callbacks become the shell's promises.
 *
 * What `operation` throws at once, such as a RangeError, rejects the promise too; so does a signal that is none, with a
 * TypeError.
 */
export function promised<T>(operation: Operation<T>, options?: CallOptions): Promise<T> {
  const signal = options?.signal ?? undefined; // some write null for none
  return signal === undefined ? settled(operation) : abortable(operation, signal);
}

function settled<T>(operation: Operation<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    operation((outcome) => {
      if (outcome instanceof BleError) reject(outcome);
      else resolve(outcome);
    });
  });
}

function abortable<T>(operation: Operation<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    requireSignal(signal);
    if (signal.aborted) {
      reject(reasonOf(signal));
      return;
    }
    const aborted = (): void => {
      reject(reasonOf(signal));
    };
    signal.addEventListener("abort", aborted, { once: true });
    const forget = (): void => {
      signal.removeEventListener("abort", aborted);
    };
    try {
      operation((outcome) => {
        forget();
        if (outcome instanceof BleError) reject(outcome);
        else resolve(outcome);
      });
    } catch (error) {
      forget(); // it has not begun: a signal that outlives it must not keep hold of it
      throw error;
    }
  });
}

/** Why a signal was aborted, as `throwIfAborted` would throw it. Nearly always an Error, but programs may give anything. */
export function reasonOf(signal: AbortSignal): Error {
  return signal.reason as Error;
}
