import type { Clock } from "../../src/common/clock.ts";

/** How long a procedure may take, in ms. Vol 6, Part B, 5.2. */
const responseTimeout = 40_000;

/** One procedure: it calls `done` when it is over. */
export type LinkProcedure = (done: () => void) => void;

/** Procedures that involve an instant, of which there can be one at a time on a link. Vol 6, Part B, 5.3. */
export type InstantKind = "connection" | "channelMap" | "phy";

interface Waiting {
  readonly procedure: LinkProcedure;
  readonly kind: InstantKind | undefined;
}

/** How many procedures wait at most: a host that asks for more is told that the controller is busy. */
const mostWaiting = 32;

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
  #line: Waiting[] = [];
  #running = false;
  #active: InstantKind | undefined;
  /** How many procedures of the peer go on here that involve an instant. */
  #responding = 0;
  #disposed = false;
  #timer: Disposable | undefined;

  /** @param onTimeout - Called when the peer does not answer in time. */
  constructor(clock: Clock, onTimeout: () => void) {
    this.#clock = clock;
    this.#onTimeout = onTimeout;
  }

  /** Begins a procedure at once, or when those before it are over. @param kind - Whether it involves an instant. */
  run(procedure: LinkProcedure, kind?: InstantKind): void {
    if (this.#disposed || this.full) return;
    this.#line.push({ procedure, kind });
    if (!this.#running) this.#begin();
  }

  /** Whether it takes no more. */
  get full(): boolean {
    return this.#line.length >= mostWaiting;
  }

  /** What kind of procedure with an instant this end has begun, if it has. */
  get active(): InstantKind | undefined {
    return this.#active;
  }

  /**
   * This end goes along with a procedure of its peer that involves an instant: it begins none of its own until that is
   * over. Vol 6, Part B, 5.3.
   *
   * @returns To be called when it is over.
   */
  respond(): () => void {
    this.#responding++;
    let over = false;
    return () => {
      if (over) return;
      over = true;
      this.#responding--;
      if (!this.#running) this.#begin();
    };
  }

  /** No procedure goes on, nor does the timer. */
  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#line = [];
    this.#disposed = true;
  }

  #begin(): void {
    for (let next = this.#next(); next; next = this.#next()) {
      this.#running = true;
      this.#active = next.kind;
      const run: Run = { over: false, waited: false };
      next.procedure(() => {
        this.#finish(run);
      });
      if (this.#waits(run)) return;
      this.#running = false;
      this.#active = undefined;
    }
  }

  /** The first that may begin, taken out of the line. */
  #next(): Waiting | undefined {
    const at = this.#line.findIndex(({ kind }) => kind === undefined || this.#responding === 0);
    return at < 0 ? undefined : this.#line.splice(at, 1)[0];
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
    this.#active = undefined;
    this.#begin();
  }
}
