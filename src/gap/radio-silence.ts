/** Something that uses the radio and can be still for a moment. */
export interface Pausable {
  /** Calls `done` when it is still, or cannot be. */
  pause(done: () => void): void;
  resume(): void;
}

/**
 * What may be changed only while the controller neither advertises nor scans nor initiates: addresses, and the lists
 * that decide on them. Vol 4, Part E, 7.8.4 and 7.8.38. One change at a time; between two the radio stays still.
 */
export class RadioSilence {
  readonly #users: Pausable[] = [];
  readonly #line: ((over: () => void) => void)[] = [];

  /** Who has to be still; paused in this order. */
  add(...users: readonly Pausable[]): void {
    this.#users.push(...users);
  }

  /** Runs `work` when all are still. They go on once it calls `over`, whatever came of it. */
  during(work: (over: () => void) => void): void {
    if (this.#line.push(work) === 1) this.#still([...this.#users]);
  }

  #still(users: Pausable[]): void {
    const user = users.shift();
    if (user) {
      user.pause(() => {
        this.#still(users);
      });
    } else this.#work();
  }

  #work(): void {
    const [work] = this.#line;
    work?.(() => {
      this.#line.shift();
      if (this.#line.length > 0) this.#work();
      else for (const user of this.#users) user.resume();
    });
  }
}
