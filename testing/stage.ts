import { type Clock, VirtualClock } from "../src/common/clock.ts";

/** Where an adversary waits: it moves a virtual clock by itself, and leaves the operating system's alone. */
export class Stage {
  readonly #clock: Clock;
  readonly #quietMs: number;
  /** Those who look whether what they wait for has come. */
  readonly #watchers = new Set<() => void>();

  constructor(clock: Clock, quietMs: number) {
    this.#clock = clock;
    this.#quietMs = quietMs;
  }

  /** Something has happened that somebody may wait for. */
  changed(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }

  /** Waits for a promise. */
  until<T>(promise: Promise<T>): Promise<T> {
    return this.#clock instanceof VirtualClock ? this.#clock.until(promise) : promise;
  }

  /** Waits until there is what `look` looks for; `undefined` when there is not within `ms`. */
  find<T>(look: () => T | undefined, ms: number): Promise<T | undefined> {
    return this.until(
      new Promise<T | undefined>((resolve) => {
        const end = (found: T | undefined): void => {
          this.#watchers.delete(watcher);
          timer[Symbol.dispose]();
          resolve(found);
        };
        const watcher = (): void => {
          const found = look();
          if (found !== undefined) end(found);
        };
        const timer = this.#clock.after(ms, () => end(undefined));
        this.#watchers.add(watcher);
        watcher();
      }),
    );
  }

  /** Lets time pass. */
  async pass(ms: number): Promise<void> {
    if (this.#clock instanceof VirtualClock) {
      await this.#clock.advance(ms);
      return;
    }
    await new Promise<void>((resolve) => this.#clock.after(ms, resolve));
  }

  /** Lets happen what is on its way. */
  async settle(): Promise<void> {
    await this.pass(this.#quietMs);
  }
}
