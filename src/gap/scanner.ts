import type { BleError } from "../common/errors.ts";
import type { Procedure } from "../common/procedure.ts";
import type { Address } from "../common/address.ts";
import type { Clock } from "../common/clock.ts";
import type { Turn } from "../common/turn.ts";
import type { Event } from "../hci/event.ts";
import { LeAdvertisingReport, LeExtendedAdvertisingReport } from "../hci/events/le-advertising.ts";
import type { LeActivity } from "../hci/le-states.ts";
import type { Hci } from "../hci/hci.ts";
import { RadioTask } from "./radio-task.ts";
import { checkScanOptions, Scan, type ScanLeases, type ScanOptions } from "./scan.ts";
import { type ScanPhy, ScanRadio, type WantedScanning } from "./scan-radio.ts";
import { UnavailableError } from "./error.ts";

/** The events whose handlers {@link Scanner} puts in place. */
export const scannerEvents: readonly Event<unknown>[] = [LeAdvertisingReport, LeExtendedAdvertisingReport];

/** What others than scans need: nothing but that the radio listens. */
const listening = { active: false, interval: 96, window: 48, phys: ["1M"] } as const;

/** What scanning needs to know of the host and its controller, at any time. */
export interface ScanningSetup {
  readonly ownAddressType: () => number;
  /** Whether the controller scans with the extended commands. */
  readonly extended: () => boolean;
  /** Whether it listens on LE Coded. */
  readonly coded: () => boolean;
  /** Who is behind an address, if it is a bonded peer. */
  readonly identityOf: (address: Address) => Address | undefined;
  /** @throws {@link UnavailableError} The controller does not scan beside what it is at. */
  readonly checkScanning: (active: boolean) => void;
  /** Whether the controller scans beside the links there are at this moment. */
  readonly scansBesideLinks: (active: boolean) => boolean;
  /** Whether what comes from there is not to be heard, as the privacy mode has it; `type` as in a report. */
  readonly ignores: (type: number, address: number) => boolean;
}

/**
 * Scanning as leases: each scan of the program is one, the radio does what all of them together want, and stops when
 * the last has ended. Vol 3, Part C, 9.2.
 */
export class Scanner implements ScanLeases {
  readonly clock: Clock;
  readonly #turn: Turn;
  readonly #setup: ScanningSetup;
  readonly #radio: ScanRadio;
  readonly #scans = new Set<Scan>();
  readonly #task: RadioTask;
  /** What the controller was told, as text to compare; `undefined` while it does not scan. */
  #running: string | undefined;
  #holds = 0;
  #listeners = 0;
  #ended: BleError | undefined;

  constructor(hci: Hci, clock: Clock, turn: Turn, setup: ScanningSetup) {
    this.clock = clock;
    this.#turn = turn;
    this.#setup = setup;
    this.#task = new RadioTask(
      hci,
      () => this.#bring(),
      (error) => {
        for (const scan of [...this.#scans]) scan.end(error);
      },
    );
    this.#radio = new ScanRadio(hci, setup.extended, (report) => {
      if (setup.ignores(report.addressType, report.address)) return;
      for (const scan of this.#scans) scan.report(report);
    });
  }

  /** @throws {@link RangeError} An option is out of its range. */
  scan(options: ScanOptions, capacity?: number): Scan {
    checkScanOptions(options);
    return new Scan(
      capacity === undefined ? options : { ...options, capacity: options.capacity ?? capacity },
      this,
    );
  }

  begin(scan: Scan): void {
    if (this.#ended) {
      scan.end(this.#ended);
      return;
    }
    const refusal = this.#refusal(scan);
    if (refusal) {
      scan.end(refusal);
      return;
    }
    this.#scans.add(scan);
    this.#turn.run(() => this.#task.wanted());
  }

  /** What the radio is at for scans, whether it is still for the moment or not. */
  get activities(): readonly LeActivity[] {
    if (this.#scans.size === 0) return [];
    return [[...this.#scans].some(({ active }) => active) ? "activeScanning" : "passiveScanning"];
  }

  release(scan: Scan): void {
    if (this.#scans.delete(scan)) this.#turn.run(() => this.#task.wanted());
  }

  identityOf(address: Address): Address | undefined {
    return this.#setup.identityOf(address);
  }

  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#turn.run(() =>
        this.#task.wanted(() => {
          resolve(); // a failure is told those scans that need the radio
        }),
      );
    });
  }

  /**
   * Stops the radio's scanning until {@link resume}: many controllers cannot scan and initiate at once.
   *
   * @param done - Called when it has stopped, or could not be stopped.
   */
  pause(done: () => void): void {
    this.#holds++;
    this.#task.wanted(() => {
      done();
    });
  }

  resume(): void {
    this.#holds--;
    this.#task.wanted();
  }

  /** There is a link more, or one less, beside which the controller may be unable to scan. */
  reconsider(): void {
    this.#task.wanted();
  }

  /** Keeps the radio listening until {@link unlisten}, whether a scan wants it or not. */
  listen(): void {
    this.#listeners++;
    this.#task.wanted();
  }

  unlisten(): void {
    this.#listeners--;
    this.#task.wanted();
  }

  /** The controller is being reset, and has forgotten what it was told. */
  suspend(): void {
    this.#task.suspend();
    this.#radio.clear();
    this.#running = undefined;
  }

  /** It is ready again: scanning goes on. */
  restore(): void {
    this.#running = undefined;
    this.#task.resume();
  }

  /** The controller is gone, or will be: every scan ends with `reason`. */
  end(reason: BleError): void {
    this.#ended ??= reason;
    this.#task.end(reason);
    for (const scan of [...this.#scans]) scan.end(reason);
  }

  #refusal({ phys, active }: Scan): BleError | undefined {
    if (phys.includes("coded") && !this.#setup.coded()) {
      return new UnavailableError('this controller does not listen on LE Coded: leave "coded" out of phys');
    }
    try {
      this.#setup.checkScanning(active);
    } catch (error) {
      if (error instanceof UnavailableError) return error;
      throw error;
    }
    return undefined;
  }

  *#bring(): Procedure<void> {
    const wanted = this.#wanted();
    const key = wanted && JSON.stringify(wanted);
    if (key === this.#running) return;
    if (this.#running !== undefined) {
      yield* this.#radio.stop(this.#task);
      this.#running = undefined;
    }
    if (!wanted) return;
    yield* this.#radio.start(this.#task, wanted);
    this.#running = key;
  }

  /** Active if one of them is, and as attentive as the most attentive; `undefined` when nobody wants any. */
  #wanted(): WantedScanning | undefined {
    if (this.#holds > 0) return undefined;
    let eager: Scan | undefined;
    let active = false;
    const phys = new Set<ScanPhy>();
    for (const scan of this.#scans) {
      active ||= scan.active;
      for (const phy of scan.phys) phys.add(phy);
      if (!eager || scan.window / scan.interval > eager.window / eager.interval) eager = scan;
    }
    if (!this.#setup.scansBesideLinks(active)) return undefined;
    const ownAddressType = this.#setup.ownAddressType();
    if (!eager && this.#listeners > 0) return { ...listening, ownAddressType };
    return (
      eager && {
        active,
        interval: eager.interval,
        window: eager.window,
        phys: [...phys].sort(),
        ownAddressType,
      }
    );
  }
}
