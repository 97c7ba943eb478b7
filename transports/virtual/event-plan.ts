/** Rounding of times may not make an event seem to have passed. */
const hair = 1e-9;

/** Maximum_CE_Length, in 0.625 ms, as ms. Vol 4, Part E, 7.8.12. */
export function eventTime(maxCeLength: number): number {
  return maxCeLength * 0.625;
}

/**
 * When the connection events of a link are, and which of them the peripheral attends. Vol 6, Part B, 4.5.1.
 *
 * Events are counted from 0 without end; packets carry the lower 16 bits. Times are in ms of the air's clock.
 */
export class EventPlan {
  /** In ms. */
  interval: number;
  /** How many events the peripheral may sleep through. Vol 6, Part B, 4.5.1. */
  latency: number;
  /** The first event that has not been held. */
  next = 0;
  /** The last event that the peripheral attended; -1 for none. */
  attended = -1;
  #base: number;
  #baseEvent = 0;
  /** Connection subrating. Vol 6, Part B, 4.5.1. */
  #factor = 1;
  #subrateBase = 0;
  #continuation = 0;
  /** The last event with data in it. */
  #busy = Number.NEGATIVE_INFINITY;

  /** @param base - The anchor point of event 0. */
  constructor(base: number, interval: number, latency: number) {
    this.#base = base;
    this.interval = interval;
    this.latency = latency;
  }

  /** When an event begins. */
  anchor(event: number): number {
    return this.#base + (event - this.#baseEvent) * this.interval;
  }

  /** The first event that does not begin before `time`. */
  eventAt(time: number): number {
    return this.#baseEvent + Math.max(0, Math.ceil((time - this.#base) / this.interval - hair));
  }

  /** The first event from `event` on that subrating uses. */
  used(event: number): number {
    if (this.#factor === 1 || event <= this.#busy + this.#continuation) return event;
    const beyond = this.#beyond(event);
    return beyond === 0 ? event : event + this.#factor - beyond;
  }

  /** The first event from `event` on at which the peripheral listens though it has nothing to say. */
  heard(event: number): number {
    if (this.latency === 0 || this.attended < 0 || event <= this.#busy + this.#continuation) {
      return this.used(event);
    }
    const step = this.#step;
    const from = this.attended - this.#beyond(this.attended);
    return from + Math.max(1, Math.ceil((event - from) / step)) * step;
  }

  /** `event` is held, with data in it or without. */
  hold(event: number, busy: boolean): void {
    this.next = event + 1;
    this.attended = event;
    if (busy) this.#busy = event;
  }

  /** Events up to `end` pass with nothing to send; returns how many of them the peripheral attends. */
  idle(end: number): number {
    if (end <= this.next) return 0;
    let first = this.heard(this.next);
    let count = 0;
    for (; first < end && first <= this.#busy + this.#continuation; first = this.heard(first + 1)) {
      this.attended = first;
      count++;
    }
    if (first < end) {
      const more = Math.floor((end - 1 - first) / this.#step);
      this.attended = first + more * this.#step;
      count += 1 + more;
    }
    this.next = end;
    return count;
  }

  /** From `event` on there is another interval. Vol 6, Part B, 5.1.1. */
  change(event: number, interval: number, latency: number): void {
    this.#base = this.anchor(event);
    this.#baseEvent = event;
    this.interval = interval;
    this.latency = latency;
    this.subrate(1, event, 0);
  }

  /** From now on one event of `factor` is used, counted from `base`. Vol 6, Part B, 5.1.19. */
  subrate(factor: number, base: number, continuation: number): void {
    this.#factor = factor;
    this.#subrateBase = base;
    this.#continuation = continuation;
  }

  get #step(): number {
    return (this.latency + 1) * this.#factor;
  }

  /** How many events ago the subrated grid had one. */
  #beyond(event: number): number {
    const beyond = (event - this.#subrateBase) % this.#factor;
    return beyond < 0 ? beyond + this.#factor : beyond;
  }
}
