import type { Clock } from "../src/common/clock.ts";
import { concat, noOctets } from "../src/common/bytes.ts";
import { reasonOf } from "../src/common/promised.ts";
import type { SerialLine } from "./serial-line.ts";

/** As much as is kept of what a device says, in octets: a log may never end. */
const mostHeard = 16 * 1024;

/** Listens to a serial port, for an answer that may come or not. */
export class Ear {
  readonly #line: SerialLine;
  readonly #clock: Clock;
  readonly #signal: AbortSignal | undefined;
  #heard: Uint8Array = noOctets;
  #lost: Error | undefined;
  #onChange: (() => void) | undefined;

  constructor(line: SerialLine, clock: Clock, signal?: AbortSignal) {
    this.#line = line;
    this.#clock = clock;
    this.#signal = signal;
    this.listen();
  }

  /** What was heard since {@link forget}. */
  get heard(): Uint8Array {
    return this.#heard;
  }

  /** Listens again after somebody else had the line. */
  listen(): void {
    this.#line.start({
      octets: (chunk) => {
        if (this.#heard.length < mostHeard) this.#heard = concat(this.#heard, chunk);
        this.#onChange?.();
      },
      lost: (error) => {
        this.#lost = error;
        this.#onChange?.();
      },
    });
  }

  forget(): void {
    this.#heard = noOctets;
  }

  /**
   * Waits until `find` finds something in what was heard since {@link forget}.
   *
   * @returns `undefined` when `ms` have passed.
   * @throws {@link TransportError} The port is gone.
   */
  async hear<T>(ms: number, find: (heard: Uint8Array) => T | undefined): Promise<T | undefined> {
    this.#signal?.throwIfAborted();
    return new Promise((resolve, reject) => {
      const settle = (finish: () => void): void => {
        this.#onChange = undefined;
        timer[Symbol.dispose]();
        this.#signal?.removeEventListener("abort", abort);
        finish();
      };
      const timer = this.#clock.after(ms, () => settle(() => resolve(undefined)));
      const signal = this.#signal;
      const abort = (): void => {
        if (signal) settle(() => reject(reasonOf(signal)));
      };
      signal?.addEventListener("abort", abort, { once: true });
      this.#onChange = (): void => {
        const lost = this.#lost;
        const found = find(this.#heard);
        if (lost) settle(() => reject(lost));
        else if (found !== undefined) settle(() => resolve(found));
      };
      this.#onChange();
    });
  }
}
