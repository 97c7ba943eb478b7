import type { BondDocument } from "./bond-document.ts";
import { type BondStore, BondStoreError } from "./bond-store.ts";

interface Waiter {
  /** The change that it waits for, counted from 1. */
  readonly change: number;
  readonly resolve: () => void;
  readonly reject: (reason: BondStoreError) => void;
}

/** Saves behind the program: never two saves at a time, and each takes all changes before it along. */
export class BondWriter {
  readonly #store: BondStore;
  readonly #state: () => BondDocument;
  readonly #failed: (error: BondStoreError) => void;
  #waiting: Waiter[] = [];
  /** How many changes there have been, and how many of them are saved. */
  #changes = 0;
  #saved = 0;
  #running = false;

  /** @param failed - Told of every save that has failed; the next one tries again. */
  constructor(store: BondStore, state: () => BondDocument, failed: (error: BondStoreError) => void) {
    this.#store = store;
    this.#state = state;
    this.#failed = failed;
  }

  /** Something has changed: it will be saved. */
  changed(): void {
    this.#changes++;
    this.#begin();
  }

  /**
   * Resolves when all that has changed so far is saved; at once when it is.
   *
   * @throws {@link BondStoreError} It could not be.
   */
  async saved(): Promise<void> {
    if (this.#saved === this.#changes) return;
    await new Promise<void>((resolve, reject) => {
      this.#waiting.push({ change: this.#changes, resolve, reject });
      this.#begin(); // a save that failed before is tried once more
    });
  }

  #begin(): void {
    if (this.#running) return;
    this.#running = true;
    // Not before the turn is over: all changes of one turn are one save.
    queueMicrotask(() => {
      void this.#run();
    });
  }

  async #run(): Promise<void> {
    let failure: BondStoreError | undefined;
    do {
      const saving = this.#changes;
      failure = await this.#save();
      if (!failure) this.#saved = saving;
      this.#settle(saving, failure);
      // After a failure only for those who wait: else a full disk would be tried for ever.
    } while (this.#saved < this.#changes && (!failure || this.#waiting.length > 0));
    this.#running = false;
  }

  async #save(): Promise<BondStoreError | undefined> {
    try {
      await this.#store.save(this.#state());
      return undefined;
    } catch (error) {
      const failure = failureOf(error);
      this.#failed(failure);
      return failure;
    }
  }

  /** Those whose change was in the save that has ended; the others wait for the next. */
  #settle(saving: number, failure: BondStoreError | undefined): void {
    const waiting = this.#waiting;
    this.#waiting = waiting.filter(({ change }) => change > saving);
    for (const { change, resolve, reject } of waiting) {
      if (change > saving) continue;
      if (failure) reject(failure);
      else resolve();
    }
  }
}

function failureOf(error: unknown): BondStoreError {
  if (error instanceof BondStoreError) return error;
  const why = error instanceof Error ? error.message : String(error);
  return new BondStoreError(`the bonds could not be saved: ${why}`, { cause: error });
}
