import type { Clock } from "../../src/common/clock.ts";
import type { Random } from "../../src/common/random.ts";
import type { AirCapture } from "./air-capture.ts";
import { Phy } from "./phy.ts";
import { Pump } from "./pump.ts";
import { type Antenna, Space } from "./space.ts";
import type { Encryption, Timing } from "./timing.ts";

/** Who sends on the advertising channels. */
export interface Sender {
  readonly enabled: boolean;
  /** Somebody listens. */
  begin(): void;
  /** Nobody listens. */
  pause(): void;
}

/** Who receives on the advertising channels: a scanner or an initiator. */
export interface Listener {
  /** One advertising event, as long as `advertiser` goes on with it. */
  hear(advertiser: Sender): void;
}

/** What all controllers of an air share: time, chance, space, and the advertising channels. */
export class Medium {
  readonly clock: Clock;
  readonly random: Random;
  readonly timing: Timing;
  readonly encryption: Encryption;
  readonly pump: Pump;
  readonly space: Space = new Space();
  /** Where packets are recorded, if somewhere. */
  capture: AirCapture | undefined;
  /** How long a packet of a link takes when the timing is "instant", in ms. */
  linkDelayMs = 0;
  readonly #advertisers = new Set<Sender>();
  /** Replaced rather than changed: an event goes on with those who listened when it began. */
  #listeners: readonly Listener[] = [];

  constructor(clock: Clock, random: Random, timing: Timing = "instant", encryption: Encryption = "flag") {
    this.clock = clock;
    this.random = random;
    this.timing = timing;
    this.encryption = encryption;
    this.pump = new Pump(clock);
  }

  /** `advertiser` has something to say; its timer runs only while somebody listens. */
  enter(advertiser: Sender): void {
    this.#advertisers.add(advertiser);
    if (this.#listeners.length > 0) advertiser.begin();
  }

  leave(advertiser: Sender): void {
    this.#advertisers.delete(advertiser);
    advertiser.pause();
  }

  /** Without air time every advertiser has an event at once, so that a new listener need not wait for an interval. */
  listen(listener: Listener): void {
    if (!this.#listeners.includes(listener)) this.#listeners = [...this.#listeners, listener];
    for (const advertiser of this.#advertisers) advertiser.begin();
  }

  stopListening(listener: Listener): void {
    this.#listeners = this.#listeners.filter((other) => other !== listener);
    if (this.#listeners.length > 0) return;
    for (const advertiser of this.#advertisers) advertiser.pause();
  }

  /** How strongly `to` receives one packet of `from`, in dBm; `undefined` if it is out of reach or the packet is lost. */
  receives(from: Antenna, to: Antenna, phy: Phy = Phy.Le1M): number | undefined {
    const rssi = this.space.hears(from, to, phy);
    if (rssi === undefined) return undefined;
    const loss = this.space.loss(from, to);
    return loss > 0 && this.random.below(1_000_000) < loss * 1_000_000 ? undefined : rssi;
  }

  /** One advertising event: whoever listened when it began hears it, until a connection ends it. */
  transmit(advertiser: Sender): void {
    for (const listener of this.#listeners) {
      if (!advertiser.enabled) return;
      listener.hear(advertiser);
    }
  }
}
