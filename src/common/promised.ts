import { BleError } from "./errors.ts";
import type { Operation } from "./procedure.ts";

/** What every call that waits accepts. */
export interface CallOptions {
  /** Stops waiting; the promise rejects with `signal.reason`. What is on the air already is not called back. */
  readonly signal?: AbortSignal | undefined;
}

/** Where the core's callbacks become the shell's promises. */
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
    operation((outcome) => {
      if (aborted) signal?.removeEventListener("abort", aborted);
      if (outcome instanceof BleError) reject(outcome);
      else resolve(outcome);
    });
  });
}

/** The error an aborted signal carries; a program may have put anything there. */
export function reasonOf(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return reason instanceof Error ? reason : new DOMException(String(reason), "AbortError");
}
