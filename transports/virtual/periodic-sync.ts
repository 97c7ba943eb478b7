import { noOctets } from "../../src/common/bytes.ts";
import {
  LePeriodicAdvertisingReport,
  LePeriodicAdvertisingSyncLost,
} from "../../src/hci/events/le-periodic-advertising.ts";
import { Status } from "../../src/hci/status.ts";
import type { Radio, Train, TrainReceiver } from "./radio.ts";
import type { Phy } from "./phy.ts";
import type { Peer } from "./peer.ts";

/** So many events may go by before synchronising has failed. Vol 6, Part B, 4.4.5. */
const mostMissedAtFirst = 6;

/** As much data as one report has room for. Vol 4, Part E, 7.7.65.15. */
const mostReported = 247;

/** Data_Status of a report. Vol 4, Part E, 7.7.65.15. */
const DataStatus = { Complete: 0, Incomplete: 1 } as const;

/** CTE_Type of a packet without Constant Tone Extension. Vol 4, Part E, 7.7.65.15. */
const noCte = 0xff;

/** TX_Power where the packet does not tell. Vol 4, Part E, 7.7.65.15. */
const unknownPower = 127;

/** How a train is to be received. */
export interface SyncOptions {
  /** How many events may be skipped after one was received. */
  readonly skip: number;
  /** In 10 ms. */
  readonly syncTimeout: number;
  readonly reports: boolean;
  readonly filtersDuplicates: boolean;
}

/** What a sync tells who has asked for it: once, whether the train is received. */
export type SyncOutcome = (status: Status) => void;

/** The reception of one periodic advertising train. Vol 6, Part B, 4.4.5. */
export class PeriodicSync implements TrainReceiver {
  readonly handle: number;
  readonly train: Train;
  /** The advertiser, as this controller knows it. */
  readonly peer: Peer;
  readonly sid: number;
  readonly phy: number;
  established = false;
  reports: boolean;
  filtersDuplicates: boolean;
  readonly #chip: Radio;
  readonly #skip: number;
  readonly #timeout: number;
  readonly #outcome: SyncOutcome;
  readonly #over: () => void;
  #skipped = 0;
  #heardAt: number;
  #reportedId: number | undefined;
  #loss: Disposable | undefined;

  /**
   * @param outcome - Called once, unless the sync is disposed of first.
   * @param over - Called when it is lost.
   */
  constructor(
    chip: Radio,
    handle: number,
    train: Train,
    peer: Peer,
    options: SyncOptions,
    outcome: SyncOutcome,
    over: () => void,
  ) {
    this.#chip = chip;
    this.handle = handle;
    this.train = train;
    this.peer = peer;
    this.sid = train.advertiser.parameters.sid;
    this.phy = train.advertiser.parameters.secondaryPhy;
    this.reports = options.reports;
    this.filtersDuplicates = options.filtersDuplicates;
    this.#skip = options.skip;
    this.#timeout = options.syncTimeout * 10;
    this.#outcome = outcome;
    this.#over = over;
    this.#heardAt = chip.medium.clock.now();
    this.#missed();
    train.attach(this);
  }

  hear(): void {
    const { train } = this;
    if (this.established && this.#skipped < this.#skip) {
      this.#skipped++;
      return;
    }
    const rssi = this.#chip.medium.receives(train.advertiser.chip, this.#chip, this.phy as Phy);
    if (rssi === undefined) {
      this.#missed();
      return;
    }
    this.#skipped = 0;
    this.#heardAt = this.#chip.medium.clock.now();
    this.#loss?.[Symbol.dispose]();
    this.#loss = undefined;
    if (!this.established) {
      this.established = true;
      this.#outcome(Status.Success);
    }
    if (this.reports) this.#report(rssi);
  }

  ended(): void {
    this.#missed();
  }

  /** Nothing more is received, and nobody is told. */
  dispose(): void {
    this.#loss?.[Symbol.dispose]();
    this.#loss = undefined;
    this.train.detach(this);
  }

  /** From now on it is a question of time. */
  #missed(): void {
    if (this.#loss) return;
    const { clock } = this.#chip.medium;
    const patience = this.established ? this.#timeout : mostMissedAtFirst * this.train.interval;
    this.#loss = clock.after(this.#heardAt + patience - clock.now(), () => {
      this.dispose();
      this.#over();
      if (!this.established) this.#outcome(Status.ConnectionFailedToBeEstablished);
      else this.#chip.hci.event(LePeriodicAdvertisingSyncLost, { syncHandle: this.handle });
    });
  }

  #report(rssi: number): void {
    const { data, dataId, includesAdi, parameters, advertiser } = this.train;
    if (this.filtersDuplicates && includesAdi && this.#reportedId === dataId) return;
    this.#reportedId = includesAdi ? dataId : undefined;
    const txPower = parameters?.includesTxPower ? advertiser.chip.radiatedPower : unknownPower;
    const whole = data.partial ? noOctets : data.value;
    let at = 0;
    do {
      const piece = whole.subarray(at, at + mostReported);
      at += piece.length;
      this.#chip.hci.event(LePeriodicAdvertisingReport, {
        syncHandle: this.handle,
        txPower,
        rssi,
        cteType: noCte,
        dataStatus: at < whole.length ? DataStatus.Incomplete : DataStatus.Complete,
        data: piece,
      });
    } while (at < whole.length);
  }
}
