import type { Clock } from "./clock.ts";

/**
 * One packet in, one timer due or one call of the program is one turn: the state changes first, and only when all of
 * it has changed do the program's own callbacks run. So a callback always finds the stack at rest and may call back
 * into it; and what it is shown of a received packet is still there, since the packet outlives the turn.
 */
export class Turn {
  #depth = 0;
  /** A callback and its argument, and so on: a closure for each received value would cost more than the rest. */
  #deferred: unknown[] = [];
  #spare: unknown[] = [];
  /** How many places of it are taken: an array that is made shorter loses its memory, and this one is filled again. */
  #count = 0;

  /** Runs `work` as a turn, or as part of the turn under way. */
  run<T>(work: () => T): T {
    this.enter();
    try {
      return work();
    } finally {
      this.leave();
    }
  }

  /** Begins a turn without a closure, for the path that every packet takes. Pair it with {@link leave}. */
  enter(): void {
    this.#depth++;
  }

  /** Ends what {@link enter} began; at the end of the outermost turn the deferred callbacks run. */
  leave(): void {
    if (this.#depth === 1 && this.#count > 0) this.#flush();
    this.#depth--;
  }

  /** Keeps `callback` for the end of the turn. */
  defer(callback: () => void): void {
    this.deferWith(callback, undefined);
  }

  /** The same of a callback that gets something. */
  deferWith<T>(callback: (argument: T) => void, argument: T): void {
    this.#deferred[this.#count++] = callback;
    this.#deferred[this.#count++] = argument;
    if (this.#depth === 0) this.run(() => undefined);
  }

  #flush(): void {
    while (this.#count > 0) {
      const deferred = this.#deferred;
      const count = this.#count;
      this.#deferred = this.#spare;
      this.#spare = deferred;
      this.#count = 0;
      for (let at = 0; at < count; at += 2) {
        const callback = deferred[at] as (argument: unknown) => void;
        const argument = deferred[at + 1];
        deferred[at] = deferred[at + 1] = undefined;
        try {
          callback(argument);
        } catch (error) {
          // The program's own mistake: it surfaces as uncaught, but the stack and the other callbacks go on.
          queueMicrotask(() => {
            throw error;
          });
        }
      }
    }
  }
}

/** A clock whose timers begin turns when they are due, as packets do. */
export function clockInTurns(clock: Clock, turn: Turn): Clock {
  return {
    now: () => clock.now(),
    date: () => clock.date(),
    after: (ms, callback) => clock.after(ms, () => turn.run(callback)),
    hold: () => clock.hold(),
    soon: (callback) => {
      clock.soon(() => turn.run(callback));
    },
  };
}
