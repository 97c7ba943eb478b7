import { type Advertising, BleError, type Host } from "../index.ts";
import { tellFault } from "./fault.ts";
import { type BufferLike, octetsOf } from "./octets.ts";
import { OSError, requireWithin } from "./os-error.ts";

/** The keyword arguments of `gap_advertise`. */
export interface AdvertiseKeywords {
  /** What is sent to those who ask; null for that of before. */
  readonly resp_data?: BufferLike | null;
  /** Whether others may connect. Default true. */
  readonly connectable?: boolean;
}

/** One unit of the advertising interval of HCI, in µs. */
const unitUs = 625;
const leastIntervalUs = 20_000;
const mostIntervalUs = 10_240_000;
const mostOctets = 31;

/** An advertising that was asked for; `advertising` once the radio is at it. */
interface Current {
  readonly stop: AbortController;
  advertising?: Advertising;
}

/** `gap_advertise`: one advertising, which a connection ends. */
export class Advertiser {
  readonly #host: Host;
  #advertisingData: Uint8Array = new Uint8Array(0);
  #scanResponseData: Uint8Array = new Uint8Array(0);
  #current: Current | undefined;
  /** One after the other: the radio takes one at a time. */
  #line: Promise<void> = Promise.resolve();

  constructor(host: Host) {
    this.#host = host;
  }

  /** Whether it advertises, or is about to. */
  get active(): boolean {
    const current = this.#current;
    return current !== undefined && current.advertising?.active !== false;
  }

  advertise(
    interval_us: number | null,
    adv_data: BufferLike | null,
    { resp_data = null, connectable = true }: AdvertiseKeywords,
  ): void {
    if (interval_us === null) {
      this.#stop();
      return;
    }
    requireWithin("interval_us", Math.floor(interval_us), leastIntervalUs, mostIntervalUs);
    const advertisingData = adv_data === null ? this.#advertisingData : packet("adv_data", adv_data);
    const scanResponseData = resp_data === null ? this.#scanResponseData : packet("resp_data", resp_data);
    this.#advertisingData = advertisingData;
    this.#scanResponseData = scanResponseData;
    this.#stop();
    const intervalMs = (Math.floor(interval_us / unitUs) * unitUs) / 1000;
    this.#start(intervalMs, connectable);
  }

  #start(intervalMs: number, connectable: boolean): void {
    const raw = { advertisingData: this.#advertisingData, scanResponseData: this.#scanResponseData };
    const current: Current = { stop: new AbortController() };
    const { signal } = current.stop;
    this.#current = current;
    this.#then(async () => {
      if (this.#hasLeft(current)) return;
      const advertising = await this.#host.advertise({
        ...{ raw, connectable, intervalMs, signal },
        resume: false,
      });
      current.advertising = advertising;
      if (this.#hasLeft(current)) await advertising[Symbol.asyncDispose]();
    }, current);
  }

  #stop(): void {
    const current = this.#current;
    this.#current = undefined;
    if (!current) return;
    current.stop.abort();
    this.#then(async () => {
      await current.advertising?.[Symbol.asyncDispose]();
    }, current);
  }

  /** Another has taken its place, or none. */
  #hasLeft(current: Current): boolean {
    return this.#current !== current;
  }

  /** What fails after the method has returned is told as a fault of the host; a stop that was wanted is none. */
  #then(step: () => Promise<void>, current: Current): void {
    this.#line = this.#line.then(step).catch((error: unknown) => {
      if (!this.#hasLeft(current)) this.#current = undefined;
      if (current.stop.signal.aborted && error === current.stop.signal.reason) return;
      if (!(error instanceof BleError)) throw error;
      tellFault(this.#host, error);
    });
  }
}

/** @throws {@link OSError} EINVAL: it is more than fits an advertisement. */
function packet(name: string, data: BufferLike): Uint8Array {
  const octets = octetsOf(name, data);
  if (octets.length <= mostOctets) return new Uint8Array(octets);
  throw new OSError("EINVAL", `${name}: ${octets.length} octets are more than ${mostOctets}`);
}
