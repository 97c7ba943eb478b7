import { AsyncQueue } from "../common/async-queue.ts";
import type { BleError } from "../common/errors.ts";
import { type Procedure, wait } from "../common/procedure.ts";
import { type CallOptions, reasonOf } from "../common/promised.ts";
import type { Clock } from "../common/clock.ts";
import type { Turn } from "../common/turn.ts";
import { LeSetScanEnable, LeSetScanParameters } from "../hci/commands/le-scanning.ts";
import { type AdvertisingReport, LeAdvertisingReport } from "../hci/events/le-advertising.ts";
import type { Hci } from "../hci/hci.ts";
import { sending } from "../hci/start-up.ts";
import { type Found, Sighting } from "./found.ts";
import { RadioTask } from "./radio-task.ts";
import { compileFilter, type ScanFilter } from "./scan-filter.ts";
import { scanTime } from "./units.ts";

/** How to scan, and for what. */
export interface ScanOptions extends ScanFilter, CallOptions {
  /** Ask advertisers for their scan response. Default true. */
  readonly active?: boolean;
  /** From the start of one listening to that of the next, 2.5 to 10,240 ms. Default 60. */
  readonly intervalMs?: number;
  /** How long it listens each time, 2.5 ms up to the interval. Default 30. */
  readonly windowMs?: number;
  /** Ends the scan normally after so many ms; by default it goes on. */
  readonly durationMs?: number;
  /**
   * How often a device is reported: `"changed"` (default) when it is first heard and when what it says has changed,
   * `"all"` for every packet, `"once"` when it is first heard and passes the filter.
   */
  readonly duplicates?: "changed" | "all" | "once";
}

/** How many devices one scan remembers; beyond that the one heard least recently is forgotten, and new again. */
const mostSightings = 1000;
/** How many results wait for a slow program; beyond that the oldest is dropped. */
const mostWaiting = 256;

/** One `host.scan()`: its wishes to the radio, its filter, and what it has seen. */
class Lease {
  readonly active: boolean;
  readonly interval: number;
  readonly window: number;
  readonly queue: AsyncQueue<Found>;
  readonly #accepts: (found: Found) => boolean;
  readonly #duplicates: "changed" | "all" | "once";
  readonly #sightings = new Map<string, Sighting>();
  readonly #told = new Set<string>();

  constructor(options: ScanOptions, onEnd: (lease: Lease) => void) {
    const {
      active = true,
      intervalMs = 60,
      windowMs = Math.min(30, intervalMs),
      duplicates = "changed",
    } = options;
    if (windowMs > intervalMs) throw new RangeError(`windowMs: ${windowMs} ms is longer than the interval`);
    this.active = active;
    this.interval = scanTime("intervalMs", intervalMs);
    this.window = scanTime("windowMs", windowMs);
    this.#accepts = compileFilter(options);
    this.#duplicates = duplicates;
    this.queue = new AsyncQueue(mostWaiting, "dropOldest", () => {
      onEnd(this);
    });
  }

  report(report: AdvertisingReport): void {
    const key = `${report.addressType & 1}/${report.address}`;
    const sighting = this.#sightings.get(key) ?? new Sighting(report);
    // Set anew, so that the Map's order is that of the last hearing.
    this.#sightings.delete(key);
    this.#sightings.set(key, sighting);
    if (this.#sightings.size > mostSightings) this.#forgetOldest();
    const isNews = sighting.add(report);
    if (this.#duplicates !== "all" && (!isNews || (this.#duplicates === "once" && this.#told.has(key))))
      return;
    const found = sighting.found();
    if (!this.#accepts(found)) return;
    if (this.#duplicates === "once") this.#told.add(key);
    this.queue.push(found);
  }

  #forgetOldest(): void {
    const [oldest] = this.#sightings.keys();
    if (oldest === undefined) return;
    this.#sightings.delete(oldest);
    this.#told.delete(oldest);
  }
}

/**
 * Scanning as leases: each scan of the program owns one, the radio does what all of them together want, and stops when
 * the last has ended. Vol 3, Part C, 9.2.
 */
export class Scanner {
  readonly #hci: Hci;
  readonly #clock: Clock;
  readonly #turn: Turn;
  readonly #ownAddressType: () => number;
  readonly #leases = new Set<Lease>();
  readonly #task: RadioTask;
  /** What the controller was told, as text to compare; `undefined` while it does not scan. */
  #running: string | undefined;
  #holds = 0;
  #ended: BleError | undefined;

  constructor(hci: Hci, clock: Clock, turn: Turn, ownAddressType: () => number) {
    this.#hci = hci;
    this.#clock = clock;
    this.#turn = turn;
    this.#ownAddressType = ownAddressType;
    this.#task = new RadioTask(
      () => this.#bring(),
      (error) => {
        for (const lease of [...this.#leases]) lease.queue.end(error);
      },
    );
    hci.on(LeAdvertisingReport, ({ reports }) => {
      for (const report of reports) for (const lease of this.#leases) lease.report(report);
    });
  }

  /** Takes a lease when the iteration begins and returns it when it ends. */
  async *scan(options: ScanOptions): AsyncGenerator<Found, void, undefined> {
    const { signal, durationMs } = options;
    signal?.throwIfAborted();
    if (this.#ended) throw this.#ended;
    const lease = new Lease(options, (ended) => {
      this.#leases.delete(ended);
      this.#task.wanted();
    });
    this.#leases.add(lease);
    this.#task.wanted();
    const timer =
      durationMs === undefined ? undefined : this.#clock.after(durationMs, () => lease.queue.end());
    const aborted = (): void => {
      if (signal) lease.queue.end(reasonOf(signal));
    };
    signal?.addEventListener("abort", aborted, { once: true });
    try {
      for await (const found of lease.queue) {
        signal?.throwIfAborted();
        yield found;
      }
    } finally {
      signal?.removeEventListener("abort", aborted);
      timer?.[Symbol.dispose]();
      lease.queue.end();
      await this.#idle();
    }
  }

  /**
   * Stops the radio's scanning until {@link resume}: many controllers cannot scan and initiate at once.
   *
   * @param done - Called when it has stopped.
   */
  pause(done: () => void): void {
    this.#holds++;
    this.#task.wanted(done);
  }

  resume(): void {
    this.#holds--;
    this.#task.wanted();
  }

  /** The controller is gone: every scan ends with `reason`. */
  end(reason: BleError): void {
    this.#ended = reason;
    for (const lease of [...this.#leases]) lease.queue.end(reason);
  }

  /** Resolves when the radio does what the leases want: after the last one, when it is silent. */
  #idle(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#ended) resolve();
      else this.#turn.run(() => this.#task.wanted(resolve));
    });
  }

  *#bring(): Procedure<void> {
    if (this.#ended) return;
    const wanted = this.#wanted();
    const key = wanted && JSON.stringify(wanted);
    if (key === this.#running) return;
    if (this.#running !== undefined) {
      yield* wait(sending(this.#hci, LeSetScanEnable, { enable: false, filterDuplicates: false }));
      this.#running = undefined;
    }
    if (!wanted) return;
    yield* wait(sending(this.#hci, LeSetScanParameters, wanted));
    // Duplicates are sorted out here: each lease has its own wish, and controllers forget what they have reported.
    yield* wait(sending(this.#hci, LeSetScanEnable, { enable: true, filterDuplicates: false }));
    this.#running = key;
  }

  /** Active if one of them is, and as attentive as the most attentive. */
  #wanted():
    | {
        scanType: number;
        scanInterval: number;
        scanWindow: number;
        ownAddressType: number;
        scanningFilterPolicy: number;
      }
    | undefined {
    if (this.#holds > 0) return undefined;
    let eager: Lease | undefined;
    let active = false;
    for (const lease of this.#leases) {
      active ||= lease.active;
      if (!eager || lease.window / lease.interval > eager.window / eager.interval) eager = lease;
    }
    return (
      eager && {
        scanType: active ? 1 : 0,
        scanInterval: eager.interval,
        scanWindow: eager.window,
        ownAddressType: this.#ownAddressType(),
        scanningFilterPolicy: 0,
      }
    );
  }
}
