import type { Address } from "../common/address.ts";
import { AsyncQueue } from "../common/async-queue.ts";
import { checkOptions, type OptionKind } from "../common/options.ts";
import { type CallOptions, reasonOf } from "../common/promised.ts";
import type { Clock } from "../common/clock.ts";
import { type Found, Sighting } from "./found.ts";
import { compileFilter, type ScanFilter } from "./scan-filter.ts";
import type { ScanPhy } from "./scan-radio.ts";
import type { ScanReport } from "./scan-report.ts";
import { requireWhole } from "../common/whole-number.ts";
import { checkPatience, scanTime } from "./units.ts";

/** How to scan, and for what. */
export interface ScanOptions extends ScanFilter, CallOptions {
  /** Ask advertisers for their scan response. Default true. */
  readonly active?: boolean;
  /** From the start of one listening to that of the next, 2.5 to 10,240 ms. Default 60, or the window if it is longer. */
  readonly intervalMs?: number;
  /** How long it listens each time, 2.5 ms up to the interval. Default 30, or the interval if it is shorter. */
  readonly windowMs?: number;
  /** The PHYs to listen on: `"1M"` (default), `"coded"` for long range where the controller can, or both. */
  readonly phys?: readonly ScanPhy[];
  /** Ends the scan normally after so many ms; by default it goes on. */
  readonly durationMs?: number;
  /**
   * How often a device is reported: `"changed"` (default) when it is first heard and when what it says has changed,
   * `"all"` for every packet, `"once"` when it is first heard and passes the filter.
   */
  readonly duplicates?: "changed" | "all" | "once";
  /**
   * How many results wait for a slow program, 1 to 1,048,576; beyond that the oldest is dropped. Default: the host's
   * `receiveBuffer`, else 256.
   */
  readonly capacity?: number;
  /** Makes the scan throw `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
}

/** What a scan needs of the radio that it shares with others. */
export interface ScanLeases {
  readonly clock: Clock;
  /** The scan wants to be told of reports from now on. Ends it when the host is closed. */
  begin(scan: Scan): void;
  /** It wants no more of them. */
  release(scan: Scan): void;
  /** Who is behind an address, if it is a bonded peer. */
  identityOf(address: Address): Address | undefined;
  /** Resolves when the radio does what the scans that are left want; after the last one, when it is silent. */
  idle(): Promise<void>;
}

const kinds: Readonly<Record<keyof ScanOptions, OptionKind>> = {
  active: "boolean",
  intervalMs: "number",
  windowMs: "number",
  phys: "list",
  durationMs: "number",
  duplicates: "text",
  capacity: "number",
  services: "anything", // whoever gives one alone is told how to write it
  name: "text",
  namePrefix: "text",
  serviceData: "list",
  manufacturerData: "list",
  addresses: "list",
  minRssi: "number",
  signal: "signal",
};

/** @throws {@link TypeError} They are no options of `scan`; the message names the one that is none. */
export function checkScanOptions(options: unknown): void {
  checkOptions("scan", options, kinds, '{ services: ["180f"], durationMs: 5000 }');
}

/** How many devices one scan remembers; beyond that the one heard least recently is forgotten, and new again. */
const mostSightings = 8192;
/** How many results wait for a slow program; beyond that the oldest is dropped. */
const defaultCapacity = 256;
const mostCapacity = 2 ** 20;

const duplicatePolicies: readonly unknown[] = ["changed", "all", "once"];
const scanPhys: readonly unknown[] = ["1M", "coded"];

/**
 * One `host.scan()`: iterate it for the devices it finds. It begins with the first step of the iteration, and ends
 * when the loop is left, when it is disposed of, or with its duration, its signal or the host.
 */
export class Scan implements AsyncIterableIterator<Found, undefined>, AsyncDisposable {
  /** Whether scan responses are asked for. */
  readonly active: boolean;
  /** In 0.625 ms. */
  readonly interval: number;
  /** In 0.625 ms. */
  readonly window: number;
  readonly phys: readonly ScanPhy[];
  readonly #radio: ScanLeases;
  readonly #options: ScanOptions;
  readonly #accepts: (found: Found) => boolean;
  readonly #duplicates: "changed" | "all" | "once";
  readonly #queue: AsyncQueue<Found>;
  readonly #sightings = new Map<string, Sighting>();
  readonly #told = new Set<string>();
  #begun = false;
  #timer: Disposable | undefined;

  /** Made by `host.scan`. */
  constructor(options: ScanOptions, radio: ScanLeases) {
    checkScanOptions(options);
    const { active = true, duplicates = "changed", durationMs } = options;
    const { intervalMs = Math.max(60, options.windowMs ?? 0) } = options;
    const { windowMs = Math.min(30, intervalMs) } = options;
    if (options.windowMs !== undefined) scanTime("windowMs", windowMs);
    if (windowMs > intervalMs) throw new RangeError(`windowMs: ${windowMs} ms is longer than the interval`);
    if (durationMs !== undefined) checkPatience("durationMs", durationMs);
    const { phys = ["1M"] } = options;
    checkChoices(duplicates, phys);
    this.active = active;
    this.phys = phys;
    this.interval = scanTime("intervalMs", intervalMs);
    this.window = scanTime("windowMs", windowMs);
    this.#accepts = compileFilter(options);
    this.#duplicates = duplicates;
    this.#options = options;
    this.#radio = radio;
    this.#queue = new AsyncQueue(capacityOf(options), "dropOldest", () => {
      this.#over();
    });
  }

  /** How many results were dropped, the oldest each time, because the program was too slow to take them. */
  get dropped(): number {
    return this.#queue.dropped;
  }

  /** The next device; with the end, or the error, the radio has stopped if no other scan needs it. */
  async next(): Promise<IteratorResult<Found, undefined>> {
    let result: IteratorResult<Found, undefined> | undefined;
    try {
      this.#begin();
      result = await this.#queue.next();
      return result;
    } finally {
      if (!result || result.done) await this.#radio.idle();
    }
  }

  /** Ends the scan, even while a {@link next} waits, and resolves when the radio has heard of it. */
  async return(): Promise<IteratorResult<Found, undefined>> {
    const result = await this.#queue.return();
    await this.#radio.idle();
    return result;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The same as leaving the loop. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  /** @internal For the scanner: something was heard. `report` is *borrowed*. */
  report(report: ScanReport): void {
    const key = `${report.addressType & 0x81}/${report.address}/${report.sid ?? ""}`;
    const sighting = this.#sightings.get(key) ?? new Sighting(report);
    // Set anew, so that the Map's order is that of the last hearing.
    this.#sightings.delete(key);
    this.#sightings.set(key, sighting);
    if (this.#sightings.size > mostSightings) this.#forgetOldest();
    const isNews = sighting.add(report);
    if (this.#duplicates !== "all" && (!isNews || (this.#duplicates === "once" && this.#told.has(key))))
      return;
    const found = sighting.found(this.#radio.identityOf(sighting.address));
    if (!this.#accepts(found)) return;
    if (this.#duplicates === "once") this.#told.add(key);
    this.#queue.push(found);
  }

  /** @internal For the scanner: there is nothing more to be heard. */
  end(reason: unknown): void {
    this.#queue.end(reason);
  }

  #begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    const { signal, durationMs } = this.#options;
    if (this.#queue.ended) return;
    if (signal?.aborted) {
      this.#queue.abort(reasonOf(signal)); // the next step tells it, and that after it finds the scan over
      return;
    }
    signal?.addEventListener("abort", this.#aborted, { once: true });
    if (durationMs !== undefined) {
      this.#timer = this.#radio.clock.after(durationMs, () => {
        this.#queue.end();
      });
    }
    this.#radio.begin(this);
  }

  readonly #aborted = (): void => {
    const { signal } = this.#options;
    if (signal) this.#queue.abort(reasonOf(signal));
  };

  #over(): void {
    this.#options.signal?.removeEventListener("abort", this.#aborted);
    this.#timer?.[Symbol.dispose]();
    this.#sightings.clear();
    this.#told.clear();
    this.#radio.release(this);
  }

  #forgetOldest(): void {
    const [oldest] = this.#sightings.keys();
    if (oldest === undefined) return;
    this.#sightings.delete(oldest);
    this.#told.delete(oldest);
  }
}

function checkChoices(duplicates: string, phys: readonly string[]): void {
  if (!duplicatePolicies.includes(duplicates)) {
    throw new RangeError(`duplicates: "${duplicates}" is none of changed, all, once`);
  }
  if (phys.length === 0 || !phys.every((phy) => scanPhys.includes(phy))) {
    throw new RangeError(`phys: "${phys.join(", ")}" is not "1M", "coded" or both`);
  }
}

function capacityOf({ capacity = defaultCapacity }: ScanOptions): number {
  requireWhole("capacity", capacity, 1, mostCapacity);
  return capacity;
}
