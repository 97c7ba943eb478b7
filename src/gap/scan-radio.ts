import type { Procedure } from "../common/procedure.ts";
import {
  LeSetExtendedScanEnable,
  LeSetExtendedScanParameters,
} from "../hci/commands/le-extended-scanning.ts";
import { LeSetScanEnable, LeSetScanParameters } from "../hci/commands/le-scanning.ts";
import { LeAdvertisingReport, LeExtendedAdvertisingReport } from "../hci/events/le-advertising.ts";
import type { Hci } from "../hci/hci.ts";
import type { RadioTask } from "./radio-task.ts";
import { ReportChains } from "./report-chains.ts";
import { fromExtended, fromLegacy, type Phy, type ScanReport } from "./scan-report.ts";

/** A PHY that primary advertising channels are listened to on. Vol 6, Part B, 4.6. */
export type ScanPhy = Exclude<Phy, "2M">;

/** What all scans of a host together want of the radio. */
export interface WantedScanning {
  readonly active: boolean;
  /** In 0.625 ms. */
  readonly interval: number;
  /** In 0.625 ms. */
  readonly window: number;
  readonly phys: readonly ScanPhy[];
  readonly ownAddressType: number;
}

const phyNumber: Readonly<Record<ScanPhy, number>> = { "1M": 1, coded: 3 };

/**
 * The two ways to tell a controller to scan and to hear of it. A host must use one of them only, the extended one where
 * there is one. Vol 4, Part E, 3.1.1.
 */
export class ScanRadio {
  readonly #extended: () => boolean;
  readonly #chains = new ReportChains();

  /** @param receive - Gets every whole report; its data is *borrowed*. */
  constructor(hci: Hci, extended: () => boolean, receive: (report: ScanReport) => void) {
    this.#extended = extended;
    hci.on(LeAdvertisingReport, ({ reports }) => {
      for (const report of reports) receive(fromLegacy(report));
    });
    hci.on(LeExtendedAdvertisingReport, ({ reports }) => {
      for (const report of reports) {
        const whole = this.#chains.push(fromExtended(report));
        if (whole) receive(whole);
      }
    });
  }

  *start(task: RadioTask, wanted: WantedScanning): Procedure<void> {
    const { ownAddressType, interval, window, active } = wanted;
    const scanType = active ? 1 : 0;
    // Duplicates are sorted out here: each scan has its own wish, and controllers forget what they have reported.
    if (this.#extended()) {
      const onPhy = { scanType, scanInterval: interval, scanWindow: window };
      yield* task.ask(LeSetExtendedScanParameters, {
        ownAddressType,
        scanningFilterPolicy: 0,
        scanningPhys: wanted.phys.map((phy) => ({ phy: phyNumber[phy], ...onPhy })),
      });
      yield* task.ask(LeSetExtendedScanEnable, { enable: true, filterDuplicates: 0, duration: 0, period: 0 });
      return;
    }
    const parameters = { scanType, scanInterval: interval, scanWindow: window, ownAddressType };
    yield* task.ask(LeSetScanParameters, { ...parameters, scanningFilterPolicy: 0 });
    yield* task.ask(LeSetScanEnable, { enable: true, filterDuplicates: false });
  }

  *stop(task: RadioTask): Procedure<void> {
    if (this.#extended()) {
      yield* task.ask(LeSetExtendedScanEnable, {
        enable: false,
        filterDuplicates: 0,
        duration: 0,
        period: 0,
      });
    } else {
      yield* task.ask(LeSetScanEnable, { enable: false, filterDuplicates: false });
    }
    this.clear();
  }

  /** The rest of what was incomplete will not come. */
  clear(): void {
    this.#chains.clear();
  }
}
