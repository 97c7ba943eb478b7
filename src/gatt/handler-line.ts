/** How many writes or questions of one client wait for a slow handler. */
const mostWaiting = 64;

/**
 * What one client does with one value that the program has a part in: one handler at a time, so that its writes take
 * effect in the order they came, and however many come the memory is bounded.
 */
export class HandlerLine {
  readonly #waiting: (() => void)[] = [];
  #busy = false;

  /**
   * Runs `job` when those before it have ended; it says so by {@link next}.
   *
   * @returns False when too many wait already: the job will not run.
   */
  enter(job: () => void): boolean {
    if (this.#busy) {
      if (this.#waiting.length >= mostWaiting) return false;
      this.#waiting.push(job);
      return true;
    }
    this.#busy = true;
    job();
    return true;
  }

  /** Begins a job of the caller's own, if none is under way; the caller says by {@link next} that it has ended. */
  begin(): boolean {
    if (this.#busy) return false;
    this.#busy = true;
    return true;
  }

  /** The job under way has ended. */
  next(): void {
    const job = this.#waiting.shift();
    if (job) job();
    else this.#busy = false;
  }
}
