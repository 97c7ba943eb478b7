import type { Clock } from "./clock.ts";

/**
 * One packet in, one timer due or one call of the program is one turn: the state changes first, and only when all of
 * it has changed do the program's own callbacks run. So a callback always finds the stack at rest and may call back
 * into it; and what it is shown of a received packet is still there, since the packet outlives the turn.
 */
export class Turn {
  #depth = 0;
  #deferred: (() => void)[] = [];

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
    if (this.#depth === 1 && this.#deferred.length > 0) this.#flush();
    this.#depth--;
  }

  /** Keeps `callback` for the end of the turn. */
  defer(callback: () => void): void {
    this.#deferred.push(callback);
    if (this.#depth === 0) this.run(() => undefined);
  }

  #flush(): void {
    while (this.#deferred.length > 0) {
      const callbacks = this.#deferred;
      this.#deferred = [];
      for (const callback of callbacks) {
        try {
          callback();
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
