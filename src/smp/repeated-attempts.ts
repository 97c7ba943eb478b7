import type { Address } from "../common/address.ts";
import type { Clock } from "../common/clock.ts";

/** The first waiting interval, and the longest, in ms. */
const first = 1_000;
const longest = 3_600_000;

/** So much longer than the interval itself it takes without a failure until the interval is halved. */
const forgiveness = 8;

/** How many peers are remembered: who has failed the longest ago is forgotten first. */
const most = 256;

interface Entry {
  /** The interval that the last failure has brought. */
  readonly interval: number;
  /** When it happened. */
  readonly at: number;
}

/**
 * Repeated attempts: after each failed pairing with a peer it takes longer, exponentially, until there may be another;
 * and while there is none, the interval shrinks again. One for all links of a host. Vol 3, Part H, 2.3.6.
 */
export class RepeatedAttempts {
  readonly #clock: Clock;
  /** By identity address, in the order of the last failure. */
  readonly #entries = new Map<string, Entry>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How long there may be no pairing with this peer, in ms; 0 if there may be one now. */
  waitMs(peer: Address): number {
    const entry = this.#entries.get(peer.toString());
    return entry ? Math.max(0, entry.at + entry.interval - this.#clock.now()) : 0;
  }

  /** A pairing has failed. */
  failed(peer: Address): void {
    const key = peer.toString();
    const before = this.#entries.get(key);
    this.#entries.delete(key);
    this.#entries.set(key, {
      interval: before ? Math.min(longest, 2 * this.#shrunk(before)) : first,
      at: this.#clock.now(),
    });
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= most) break;
      this.#entries.delete(oldest);
    }
  }

  /** A pairing went well. */
  succeeded(peer: Address): void {
    this.#entries.delete(peer.toString());
  }

  #shrunk({ interval, at }: Entry): number {
    const quiet = this.#clock.now() - at;
    let shrunk = interval;
    for (let left = quiet - forgiveness * shrunk; left >= 0 && shrunk > first / 2;) {
      shrunk /= 2;
      left -= forgiveness * shrunk;
    }
    return Math.max(first / 2, shrunk);
  }
}
