import type { Clock } from "../../src/common/clock.ts";

/** How long a procedure may take, in ms. Vol 6, Part B, 5.2. */
const responseTimeout = 40_000;

/** One procedure: it calls `done` when it is over. */
export type LinkProcedure = (done: () => void) => void;

/** How far a procedure has come. */
interface Run {
  over: boolean;
  /** It was not over at once, and has a timer. */
  waited: boolean;
}

/** The Link Layer procedures that one end of a link has begun: one at a time. Vol 6, Part B, 5.1. */
export class ProcedureLine implements Disposable {
  readonly #clock: Clock;
  readonly #onTimeout: () => void;
  #line: LinkProcedure[] = [];
  #running = false;
  #disposed = false;
  #timer: Disposable | undefined;

  /** @param onTimeout - Called when the peer does not answer in time. */
  constructor(clock: Clock, onTimeout: () => void) {
    this.#clock = clock;
    this.#onTimeout = onTimeout;
  }

  /** Begins a procedure at once, or when those before it are over. */
  run(procedure: LinkProcedure): void {
    if (this.#disposed) return;
    this.#line.push(procedure);
    if (!this.#running) this.#begin();
  }

  /** No procedure goes on, nor does the timer. */
  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#line = [];
    this.#disposed = true;
  }

  #begin(): void {
    for (let procedure = this.#line.shift(); procedure; procedure = this.#line.shift()) {
      this.#running = true;
      const run: Run = { over: false, waited: false };
      procedure(() => {
        this.#finish(run);
      });
      if (this.#waits(run)) return;
      this.#running = false;
    }
  }

  /** Many procedures are over at once: those need no timer. */
  #waits(run: Run): boolean {
    if (run.over || this.#disposed) return run.waited;
    run.waited = true;
    this.#timer = this.#clock.after(responseTimeout, this.#onTimeout);
    return true;
  }

  #finish(run: Run): void {
    if (run.over) return;
    run.over = true;
    if (!run.waited) return;
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    this.#running = false;
    this.#begin();
  }
}
