import { loaded } from "./loading.ts";
import { TimerHeap } from "./timer-heap.ts";

/** Where the stack takes its time from. Nothing in it asks the operating system directly. */
export interface Clock {
  /** Milliseconds since some fixed moment; never goes back. */
  now(): number;
  /** Milliseconds since 1970-01-01 UTC, for time stamps in files. */
  date(): number;
  /** Calls once, `ms` milliseconds from now, unless the returned timer is disposed of first. */
  after(ms: number, callback: () => void): Disposable;
  /** Calls once, in a turn of its own, before any time passes. */
  soon(callback: () => void): void;
  /** Keeps the process running until it is disposed of: something may come that no timer stands for. */
  hold(): Disposable;
}

/** As long as Node lets a timer wait, in ms. */
const longest = 2 ** 31 - 1;

/**
 * The operating system's time.
 *
 * All timers share one of Node's, for the earliest of them: a request has a time-out that nearly never comes, and
 * setting and clearing a timer of Node's for each was a fifth of what a read costs.
 */
class SystemClock implements Clock {
  readonly #timers = new TimerHeap();
  #timer: NodeJS.Timeout | NodeJS.Immediate | undefined;
  /** When that is due. */
  #timerAt = Number.POSITIVE_INFINITY;

  now(): number {
    return performance.now();
  }

  date(): number {
    return Date.now();
  }

  after(ms: number, callback: () => void): Disposable {
    const due = this.#timers.add(performance.now() + Math.max(0, ms), callback);
    if (due.at < this.#timerAt) this.#arm(due.at);
    else if (this.#timers.live === 1) this.#timer?.ref();
    return {
      [Symbol.dispose]: () => {
        // It is left to be used again; but nobody waits for it, so the process may end.
        if (this.#timers.cancel(due) && this.#timers.live === 0) this.#timer?.unref();
      },
    };
  }

  soon(callback: () => void): void {
    setImmediate(callback);
  }

  hold(): Disposable {
    const timer = setInterval(() => undefined, longest);
    return {
      [Symbol.dispose]() {
        clearInterval(timer);
      },
    };
  }

  #arm(at: number): void {
    this.#timer?.[Symbol.dispose]();
    this.#timerAt = at;
    this.#timer = setTimeout(this.#due, Math.min(longest, Math.max(0, at - performance.now())));
  }

  readonly #due = (): void => {
    this.#timer = undefined;
    this.#timerAt = Number.POSITIVE_INFINITY;
    // One at a time, each in a turn of Node's own: what it throws keeps no other from being called.
    const now = performance.now();
    const due = this.#timers.take(now);
    const { first } = this.#timers;
    if (first && first.at <= now) {
      this.#timerAt = first.at;
      this.#timer = setImmediate(this.#due); // a timer of Node's would take 1 ms more for each that is due
    } else if (first) this.#arm(first.at);
    due?.callback();
  };
}

/** The operating system's time. */
export const systemClock: Clock = new SystemClock();

/**
 * A clock that moves only when told to, so that a 30 s time-out takes microseconds and a run can be repeated.
 *
 * Promises still settle on Node's own queue: the asynchronous methods let that queue run dry between two timers.
 */
export class VirtualClock implements Clock {
  #now = 0;
  readonly #start: number;
  readonly #timers = new TimerHeap();

  /** @param start - What {@link date} says at time 0, in ms since 1970-01-01 UTC. */
  constructor(start: number = Date.UTC(2026, 0, 1)) {
    this.#start = start;
  }

  now(): number {
    return this.#now;
  }

  date(): number {
    return this.#start + this.#now;
  }

  /** How many timers are waiting. Tests assert 0 after closing everything. */
  get timers(): number {
    return this.#timers.live;
  }

  after(ms: number, callback: () => void): Disposable {
    const due = this.#timers.add(this.#now + Math.max(0, ms), callback);
    return {
      [Symbol.dispose]: () => {
        this.#timers.cancel(due);
      },
    };
  }

  soon(callback: () => void): void {
    this.after(0, callback);
  }

  /** Nothing: whoever moves this clock is what the process runs for. */
  hold(): Disposable {
    return { [Symbol.dispose]: () => undefined };
  }

  /** Lets `ms` milliseconds pass, running what falls due in order and every promise in between. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    while (this.#step(end)) await settle();
    this.#now = Math.max(this.#now, end); // somebody else may have moved it further
  }

  /** The same without giving promises a chance: for tests of the synchronous core, and for speed. */
  advanceSync(ms: number): void {
    const end = this.#now + ms;
    while (this.#step(end));
    this.#now = Math.max(this.#now, end); // somebody else may have moved it further
  }

  /**
   * Lets time pass until `promise` settles, and returns what it settled to.
   *
   * @throws {@link Error} Nothing is left that could settle it, or `most` ms went by.
   */
  async until<T>(promise: Promise<T>, most: number = 24 * 3_600_000): Promise<T> {
    const end = this.#now + most;
    let settled = false;
    const note = (): void => {
      settled = true;
    };
    promise.then(note, note);
    await settle();
    while (!settled) {
      if (!this.#step(end)) throw new Error(noEnd(most));
      await settle();
    }
    return promise;
  }

  /** Runs the next timer due at or before `end`; false when there is none. */
  #step(end: number): boolean {
    const due = this.#timers.take(end);
    if (!due) return false;
    this.#now = Math.max(this.#now, due.at);
    due.callback();
    return true;
  }
}

function noEnd(ms: number): string {
  const hint = "does it wait for a timer that is not of this clock, such as AbortSignal.timeout?";
  return `nothing due within ${ms} ms settles the promise: ${hint}`;
}

/** Resolves when the promises that can settle without time passing have, and what is being loaded is there. */
async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  for (let loading = loaded(); loading; loading = loaded()) {
    await loading;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
