import type { Clock } from "../../src/common/clock.ts";

/** Something that has packets to take in and to hand out: one controller. */
export interface Station {
  /** Whether it stands in the pump's line. The pump's own. */
  awake: boolean;
  /** Works off what its host has sent. Calls no host. */
  takeIn(): void;
  /** Gives its host what is ready. Whatever the host sends in answer waits for the next turn. */
  handOut(): void;
}

/**
 * The one turn in which every packet of an air moves: first all controllers take in what their hosts have sent, then
 * all hand out. So nobody who sends is called back from within, and no host sees a state half changed.
 */
export class Pump {
  readonly #clock: Clock;
  #line: Station[] = [];
  #spare: Station[] = [];
  /** How many stand in the line: arrays are not made shorter, which would cost them their storage. */
  #waiting = 0;
  #scheduled = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Has `station` take part in the next turn. */
  wake(station: Station): void {
    if (station.awake) return;
    station.awake = true;
    this.#line[this.#waiting++] = station;
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#clock.soon(this.#turn);
  }

  readonly #turn = (): void => {
    const line = this.#line;
    // The line grows while it is walked: a station that gets something from another hands it out in the same turn.
    for (let at = 0; at < this.#waiting; at++) line[at]?.takeIn();
    const count = this.#waiting;
    this.#line = this.#spare;
    this.#spare = line;
    this.#waiting = 0;
    this.#scheduled = false;
    for (let at = 0; at < count; at++) {
      const station = line[at];
      if (station) station.awake = false;
    }
    let at = 0;
    let finished = false;
    try {
      for (; at < count; at++) line[at]?.handOut();
      finished = true;
    } finally {
      // A host that throws has a fault of its own: the rest is handed out all the same.
      if (!finished) for (const station of line.slice(at, count)) this.wake(station);
    }
  };
}
