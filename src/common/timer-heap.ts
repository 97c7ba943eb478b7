/** Something to be called at a time. */
export interface Due {
  readonly at: number;
  /** Breaks ties: what was asked for first is called first. */
  readonly order: number;
  readonly callback: () => void;
  cancelled: boolean;
}

/** The timers of a clock, the earliest first. Calling one off costs next to nothing: it is passed over later. */
export class TimerHeap {
  #heap: Due[] = [];
  #order = 0;
  #live = 0;

  /** How many wait to be called. */
  get live(): number {
    return this.#live;
  }

  /** The earliest that waits. */
  get first(): Due | undefined {
    for (let due = this.#heap[0]; due; due = this.#heap[0]) {
      if (!due.cancelled) return due;
      this.#pop();
    }
    return undefined;
  }

  add(at: number, callback: () => void): Due {
    const due: Due = { at, order: this.#order++, callback, cancelled: false };
    this.#push(due);
    this.#live++;
    return due;
  }

  /** Calls one off; whether it was still waiting. */
  cancel(due: Due): boolean {
    if (due.cancelled) return false;
    due.cancelled = true;
    this.#live--;
    // A request's time-out is called off before another is added behind it.
    if (this.#heap.at(-1) === due) this.#heap.pop();
    else this.#sweep();
    return true;
  }

  /** Takes the earliest out, if it is due at or before `end`. */
  take(end: number): Due | undefined {
    const { first } = this;
    if (!first || first.at > end) return undefined;
    this.#pop();
    first.cancelled = true; // disposing of it comes too late
    this.#live--;
    return first;
  }

  /** Most timers are called off long before they are due: without this the heap would hold them until then. */
  #sweep(): void {
    if (this.#heap.length < 64 || this.#heap.length < 4 * this.#live) return;
    const all = this.#heap;
    this.#heap = [];
    for (const due of all) if (!due.cancelled) this.#push(due);
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

function isBefore(a: Due, b: Due): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
