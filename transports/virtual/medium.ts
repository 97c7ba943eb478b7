import type { Clock } from "../../src/common/clock.ts";
import type { Random } from "../../src/common/random.ts";
import type { Advertiser } from "./advertiser.ts";
import { Pump } from "./pump.ts";

/** Who receives on the advertising channels: a scanner or an initiator. */
export interface Listener {
  /** One advertising event, as long as `advertiser` goes on with it. */
  hear(advertiser: Advertiser): void;
}

/** What all controllers of an air share: time, chance, and the advertising channels. */
export class Medium {
  readonly clock: Clock;
  readonly random: Random;
  readonly pump: Pump;
  readonly #advertisers: Advertiser[] = [];
  readonly #listeners: Listener[] = [];

  constructor(clock: Clock, random: Random) {
    this.clock = clock;
    this.random = random;
    this.pump = new Pump(clock);
  }

  /** `advertiser` has something to say; its timer runs only while somebody listens. */
  enter(advertiser: Advertiser): void {
    this.#advertisers.push(advertiser);
    if (this.#listeners.length > 0) advertiser.begin();
  }

  leave(advertiser: Advertiser): void {
    remove(this.#advertisers, advertiser);
    advertiser.pause();
  }

  /** Every advertiser has an event at once, so that a new listener need not wait for a whole interval. */
  listen(listener: Listener): void {
    if (!this.#listeners.includes(listener)) this.#listeners.push(listener);
    for (const advertiser of this.#advertisers) advertiser.begin();
  }

  stopListening(listener: Listener): void {
    remove(this.#listeners, listener);
    if (this.#listeners.length > 0) return;
    for (const advertiser of this.#advertisers) advertiser.pause();
  }

  /** One advertising event: whoever listened when it began hears it, until a connection ends it. */
  transmit(advertiser: Advertiser): void {
    for (const listener of [...this.#listeners]) {
      if (!advertiser.enabled) return;
      listener.hear(advertiser);
    }
  }
}

function remove<T>(from: T[], value: T): void {
  const index = from.indexOf(value);
  if (index >= 0) from.splice(index, 1);
}
