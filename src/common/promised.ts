import { BleError } from "./errors.ts";
import type { Operation } from "./procedure.ts";

/** What every call that waits accepts. */
export interface CallOptions {
  /** Stops waiting; the promise rejects with `signal.reason`. What is on the air already is not called back. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Where the core's callbacks become the shell's promises.
 *
 * What `operation` throws at once, such as a RangeError, rejects the promise too.
 */
export function promised<T>(operation: Operation<T>, { signal }: CallOptions = {}): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(reasonOf(signal));
      return;
    }
    const aborted = signal
      ? (): void => {
          reject(reasonOf(signal));
        }
      : undefined;
    if (aborted) signal?.addEventListener("abort", aborted, { once: true });
    const forget = (): void => {
      if (aborted) signal?.removeEventListener("abort", aborted);
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
