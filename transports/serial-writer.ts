import { concat } from "../src/common/bytes.ts";

/** Writes octets, which it *owns* from now on, and tells when the device has taken them. */
export type Write = (octets: Uint8Array, done: (error?: Error | null) => void) => void;

/**
 * Makes one write of all that is queued in a turn, or while the device is busy with the write before: every write costs
 * a call of the operating system, and over USB a packet of its own.
 */
export class BurstWriter {
  readonly #write: Write;
  readonly #onError: (error: Error) => void;
  #line: Uint8Array[] = [];
  #waiting = 0;
  #isBusy = false;
  #isDue = false;
  #idle: (() => void)[] = [];

  constructor(write: Write, onError: (error: Error) => void) {
    this.#write = write;
    this.#onError = onError;
  }

  /** Octets that the device has not taken yet. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Queues octets, which it *owns* from now on. */
  push(octets: Uint8Array): void {
    this.#line.push(octets);
    this.#waiting += octets.length;
    if (this.#isBusy || this.#isDue) return;
    this.#isDue = true;
    queueMicrotask(() => this.#flush()); // when the turn is over
  }

  /** Resolves when the device has taken everything. */
  async idle(): Promise<void> {
    if (this.#waiting > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #flush(): void {
    this.#isDue = false;
    const [first, ...others] = this.#line;
    if (!first) return;
    this.#line = [];
    const octets = others.length === 0 ? first : concat(first, ...others);
    this.#isBusy = true;
    this.#write(octets, (error) => {
      this.#isBusy = false;
      this.#waiting -= octets.length;
      if (error) {
        this.#line = [];
        this.#waiting = 0;
        this.#onError(error);
      }
      this.#flush();
      if (this.#waiting === 0) for (const resolve of this.#idle.splice(0)) resolve();
    });
  }
}
