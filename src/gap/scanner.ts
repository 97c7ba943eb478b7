import type { BleError } from "../common/errors.ts";
import type { Procedure } from "../common/procedure.ts";
import type { Clock } from "../common/clock.ts";
import type { Turn } from "../common/turn.ts";
import {
  LeSetScanEnable,
  LeSetScanParameters,
  type LeSetScanParametersParameters,
} from "../hci/commands/le-scanning.ts";
import { LeAdvertisingReport } from "../hci/events/le-advertising.ts";
import type { Hci } from "../hci/hci.ts";
import { RadioTask } from "./radio-task.ts";
import { Scan, type ScanOptions, type ScanRadio } from "./scan.ts";

/**
 * Scanning as leases: each scan of the program is one, the radio does what all of them together want, and stops when
 * the last has ended. Vol 3, Part C, 9.2.
 */
export class Scanner implements ScanRadio {
  readonly clock: Clock;
  readonly #turn: Turn;
  readonly #ownAddressType: () => number;
  readonly #scans = new Set<Scan>();
  readonly #task: RadioTask;
  /** What the controller was told, as text to compare; `undefined` while it does not scan. */
  #running: string | undefined;
  #holds = 0;
  #ended: BleError | undefined;

  constructor(hci: Hci, clock: Clock, turn: Turn, ownAddressType: () => number) {
    this.clock = clock;
    this.#turn = turn;
    this.#ownAddressType = ownAddressType;
    this.#task = new RadioTask(
      hci,
      () => this.#bring(),
      (error) => {
        for (const scan of [...this.#scans]) scan.end(error);
      },
    );
    hci.on(LeAdvertisingReport, ({ reports }) => {
      for (const report of reports) for (const scan of this.#scans) scan.report(report);
    });
  }

  /** @throws {@link RangeError} An option is out of its range. */
  scan(options: ScanOptions): Scan {
    return new Scan(options, this);
  }

  begin(scan: Scan): void {
    if (this.#ended) {
      scan.end(this.#ended);
      return;
    }
    this.#scans.add(scan);
    this.#turn.run(() => this.#task.wanted());
  }

  release(scan: Scan): void {
    if (this.#scans.delete(scan)) this.#turn.run(() => this.#task.wanted());
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

  /** The controller is gone, or will be: every scan ends with `reason`. */
  end(reason: BleError): void {
    this.#ended ??= reason;
    this.#task.end(reason);
    for (const scan of [...this.#scans]) scan.end(reason);
  }

  *#bring(): Procedure<void> {
    const wanted = this.#wanted();
    const key = wanted && JSON.stringify(wanted);
    if (key === this.#running) return;
    if (this.#running !== undefined) {
      yield* this.#task.ask(LeSetScanEnable, { enable: false, filterDuplicates: false });
      this.#running = undefined;
    }
    if (!wanted) return;
    yield* this.#task.ask(LeSetScanParameters, wanted);
    // Duplicates are sorted out here: each scan has its own wish, and controllers forget what they have reported.
    yield* this.#task.ask(LeSetScanEnable, { enable: true, filterDuplicates: false });
    this.#running = key;
  }

  /** Active if one of them is, and as attentive as the most attentive; `undefined` when nobody wants any. */
  #wanted(): LeSetScanParametersParameters | undefined {
    if (this.#holds > 0) return undefined;
    let eager: Scan | undefined;
    let active = false;
    for (const scan of this.#scans) {
      active ||= scan.active;
      if (!eager || scan.window / scan.interval > eager.window / eager.interval) eager = scan;
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
