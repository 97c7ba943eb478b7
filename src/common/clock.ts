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

/** The operating system's time. */
export const systemClock: Clock = {
  now: () => performance.now(),
  date: () => Date.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return {
      [Symbol.dispose]() {
        clearTimeout(timer);
      },
    };
  },
  soon(callback) {
    setImmediate(callback);
  },
  hold() {
    const timer = setInterval(() => undefined, longest);
    return {
      [Symbol.dispose]() {
        clearInterval(timer);
      },
    };
  },
};

interface Due {
  readonly at: number;
  /** Breaks ties: what was asked for first is called first. */
  readonly order: number;
  readonly callback: () => void;
  cancelled: boolean;
}

/**
 * A clock that moves only when told to, so that a 30 s time-out takes microseconds and a run can be repeated.
 *
 * Promises still settle on Node's own queue: the asynchronous methods let that queue run dry between two timers.
 */
export class VirtualClock implements Clock {
  #now = 0;
  #order = 0;
  #live = 0;
  readonly #start: number;
  readonly #heap: Due[] = [];

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
    return this.#live;
  }

  after(ms: number, callback: () => void): Disposable {
    const due: Due = { at: this.#now + Math.max(0, ms), order: this.#order++, callback, cancelled: false };
    this.#push(due);
    this.#live++;
    return {
      [Symbol.dispose]: () => {
        if (due.cancelled) return;
        due.cancelled = true;
        this.#live--;
        this.#sweep();
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
    for (;;) {
      const due = this.#heap[0];
      if (!due || (due.at > end && !due.cancelled)) return false;
      this.#pop();
      if (due.cancelled) continue;
      due.cancelled = true;
      this.#live--;
      this.#now = Math.max(this.#now, due.at);
      due.callback();
      return true;
    }
  }

  /** Most timers are called off long before they are due: without this the heap would hold them until then. */
  #sweep(): void {
    if (this.#heap.length < 64 || this.#heap.length < 4 * this.#live) return;
    for (const due of this.#heap.splice(0)) if (!due.cancelled) this.#push(due);
  }

  #push(due: Due): void {
    const heap = this.#heap;
    let at = heap.push(due) - 1;
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = heap[up];
      if (!parent || isBefore(parent, due)) break;
      heap[at] = parent;
      at = up;
    }
    heap[at] = due;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let down = 2 * at + 1;
      const left = heap[down];
      if (!left) break;
      let child = left;
      const right = heap[down + 1];
      if (right && isBefore(right, left)) {
        down++;
        child = right;
      }
      if (isBefore(last, child)) break;
      heap[at] = child;
      at = down;
    }
    heap[at] = last;
  }
}

function noEnd(ms: number): string {
  const hint = "does it wait for a timer that is not of this clock, such as AbortSignal.timeout?";
  return `nothing due within ${ms} ms settles the promise: ${hint}`;
}

function isBefore(a: Due, b: Due): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/** Resolves when the promises that can settle without time passing have. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
