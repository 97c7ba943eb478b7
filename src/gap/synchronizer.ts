import { Address } from "../common/address.ts";
import { AsyncQueue } from "../common/async-queue.ts";
import type { Clock } from "../common/clock.ts";
import { BleError } from "../common/errors.ts";
import { checkOptions, type OptionKinds } from "../common/options.ts";
import { type CallOptions, promised, reasonOf } from "../common/promised.ts";
import type { Turn } from "../common/turn.ts";
import type { Command } from "../hci/command.ts";
import {
  LePeriodicAdvertisingCreateSync,
  LePeriodicAdvertisingCreateSyncCancel,
  LePeriodicAdvertisingTerminateSync,
} from "../hci/commands/le-periodic-sync.ts";
import {
  LePeriodicAdvertisingSyncTransfer,
  LeSetPeriodicAdvertisingSyncTransferParameters,
} from "../hci/commands/le-periodic-sync-transfer.ts";
import { HciError } from "../hci/error.ts";
import type { Event } from "../hci/event.ts";
import {
  LePeriodicAdvertisingReport,
  LePeriodicAdvertisingSyncEstablished,
  type LePeriodicAdvertisingSyncEstablishedParameters,
  LePeriodicAdvertisingSyncLost,
  LePeriodicAdvertisingSyncTransferReceived,
} from "../hci/events/le-periodic-advertising.ts";
import type { Hci } from "../hci/hci.ts";
import { Status } from "../hci/status.ts";
import type { Connection } from "./connection.ts";
import { addressFrom, addressTypeOctet } from "./device-address.ts";
import { SyncTimeoutError } from "./error.ts";
import { PeriodicSync } from "./periodic-sync.ts";
import { phyFrom } from "./scan-report.ts";
import type { Scanner } from "./scanner.ts";
import { checkPatience, intervalMs, syncTimeout } from "./units.ts";

/** The events whose handlers {@link Synchronizer} puts in place. */
export const synchronizerEvents: readonly Event<unknown>[] = [
  LePeriodicAdvertisingSyncEstablished,
  LePeriodicAdvertisingReport,
  LePeriodicAdvertisingSyncLost,
  LePeriodicAdvertisingSyncTransferReceived,
];

/** Which periodic advertiser; what a scan has found will do. */
export interface PeriodicAdvertiserId {
  readonly address: Address | string;
  /** The advertising set, 0 to 15. */
  readonly sid: number | undefined;
}

/** How to receive a periodic advertiser. */
export interface SyncOptions {
  /** How many advertisements may be slept through after each that was received, 0 to 499. Default 0. */
  readonly skip?: number;
  /** How long without one until it counts as lost, 100 to 163,840 ms. Default 10,000. */
  readonly lostAfterMs?: number;
}

/** How to find a periodic advertiser. */
export interface SyncPeriodicOptions extends SyncOptions, CallOptions {
  /** Give up after so many ms, at most 2,147,483,647: 24 days, in place of Infinity. Default 30,000. */
  readonly timeoutMs?: number;
}

interface Attempt {
  readonly address: Address;
  readonly sid: number;
  readonly parameters: { readonly skip: number; readonly syncTimeout: number };
  readonly done: (outcome: PeriodicSync | BleError) => void;
  /** Why it was called off. */
  cancelled: (() => void) | undefined;
}

const syncKinds: OptionKinds = { skip: "number", lostAfterMs: "number", signal: "signal" };
const mostSkip = 499;
const mostServiceData = 0xffff;
const defaultTimeoutMs = 30_000;
/** With reports. Vol 4, Part E, 7.8.91. */
const transferMode = { mode: 2, cteType: 0 } as const;
const ignoreTransfers = { mode: 0, skip: 0, syncTimeout: 0x0a, cteType: 0 } as const;
const mostTransfers = 16;

/** Receives periodic advertisers: finds them one at a time, receives many. Vol 4, Part E, 7.8.67 to 7.8.69. */
export class Synchronizer {
  readonly #hci: Hci;
  readonly #clock: Clock;
  readonly #turn: Turn;
  readonly #scanner: Scanner;
  readonly #syncs = new Map<number, PeriodicSync>();
  /** By connection handle: where the advertisers go that a peer tells of. */
  readonly #transfers = new Map<number, AsyncQueue<PeriodicSync>>();
  readonly #line: Attempt[] = [];
  #current: Attempt | undefined;
  #ended: BleError | undefined;

  constructor(hci: Hci, clock: Clock, turn: Turn, scanner: Scanner) {
    this.#hci = hci;
    this.#clock = clock;
    this.#turn = turn;
    this.#scanner = scanner;
    hci.on(LePeriodicAdvertisingSyncEstablished, (event) => {
      this.#established(event);
    });
    hci.on(LePeriodicAdvertisingReport, (report) => {
      this.#syncs.get(report.syncHandle)?.report(report);
    });
    hci.on(LePeriodicAdvertisingSyncLost, ({ syncHandle }) => {
      this.#forget(syncHandle, new SyncTimeoutError("the periodic advertiser is not heard any more"));
    });
    hci.on(LePeriodicAdvertisingSyncTransferReceived, ({ connectionHandle, serviceData, ...event }) => {
      if (event.status !== Status.Success) return; // the peer's offer came to nothing
      this.#transfers.get(connectionHandle)?.push(this.#open(event, serviceData));
    });
  }

  async sync(id: PeriodicAdvertiserId, options: SyncPeriodicOptions): Promise<PeriodicSync> {
    checkOptions(
      "syncPeriodic",
      options,
      { ...syncKinds, timeoutMs: "number" },
      "{ timeoutMs: 10_000, signal }",
    );
    const address = Address.from(id.address);
    const sid = checkWhole("sid", id.sid ?? Number.NaN, 15);
    const parameters = syncParameters(options);
    const { timeoutMs = defaultTimeoutMs, signal } = options;
    checkPatience("timeoutMs", timeoutMs);
    signal?.throwIfAborted();
    if (this.#ended) throw this.#ended;
    let timer: Disposable | undefined;
    let aborted: (() => void) | undefined;
    try {
      return await new Promise<PeriodicSync>((resolve, reject) => {
        const attempt: Attempt = {
          address,
          sid,
          parameters,
          done: (outcome) => {
            if (outcome instanceof BleError) reject(outcome);
            else resolve(outcome);
          },
          cancelled: undefined,
        };
        const callOff = (reason: () => Error): void => {
          this.#turn.run(() => {
            this.#cancel(attempt, () => {
              reject(reason());
            });
          });
        };
        timer = this.#clock.after(timeoutMs, () => {
          const who = `${address.toString()}, set ${sid}`;
          callOff(() => new SyncTimeoutError(`${who}: no periodic advertising within ${timeoutMs} ms`));
        });
        aborted = (): void => {
          if (signal) callOff(() => reasonOf(signal));
        };
        signal?.addEventListener("abort", aborted, { once: true });
        this.#line.push(attempt);
        this.#turn.run(() => {
          this.#next();
        });
      });
    } finally {
      timer?.[Symbol.dispose]();
      if (aborted) signal?.removeEventListener("abort", aborted);
    }
  }

  /** Takes the periodic advertisers that a peer tells of, until the iteration is left or the link ends. */
  async acceptFrom(
    connection: Connection,
    options: SyncOptions & CallOptions,
  ): Promise<AsyncIterableIterator<PeriodicSync, undefined>> {
    checkOptions("acceptPeriodicSyncs", options, syncKinds, "{ skip: 0, lostAfterMs: 10_000, signal }");
    const parameters = { connectionHandle: connection.handle, ...transferMode, ...syncParameters(options) };
    const queue = new AsyncQueue<PeriodicSync>(mostTransfers, "dropOldest", () => {
      if (this.#transfers.get(connection.handle) !== queue) return;
      this.#transfers.delete(connection.handle);
      if (!connection.connected || this.#ended) return;
      const off = { connectionHandle: connection.handle, ...ignoreTransfers };
      this.#turn.run(() => {
        this.#hci.send(LeSetPeriodicAdvertisingSyncTransferParameters, off, () => undefined);
      });
    });
    await this.#ask(LeSetPeriodicAdvertisingSyncTransferParameters, parameters, options);
    this.#transfers.get(connection.handle)?.end();
    this.#transfers.set(connection.handle, queue);
    return queue;
  }

  /** A link is gone: nobody will tell of anything on it. */
  disconnected(connection: Connection, reason: BleError): void {
    const queue = this.#transfers.get(connection.handle);
    this.#transfers.delete(connection.handle);
    queue?.end(reason);
  }

  /** The controller is gone, or will be. */
  end(reason: BleError): void {
    if (this.#ended) return;
    this.#ended = reason;
    this.reset(reason);
  }

  /** The controller is being reset, and receives nobody any more. */
  reset(reason: BleError): void {
    const attempts = this.#current ? [this.#current, ...this.#line] : [...this.#line];
    this.#line.length = 0;
    if (this.#current) this.#scanner.unlisten();
    this.#current = undefined;
    for (const attempt of attempts) (attempt.cancelled ?? ((): void => attempt.done(reason)))();
    for (const handle of [...this.#syncs.keys()]) this.#forget(handle, reason);
    for (const queue of [...this.#transfers.values()]) queue.end(reason);
    this.#transfers.clear();
  }

  #next(): void {
    if (this.#current || this.#ended) return;
    const attempt = this.#line.shift();
    if (!attempt) return;
    this.#current = attempt;
    // Only a controller that scans finds a periodic advertiser. Vol 4, Part E, 7.8.67.
    this.#scanner.listen();
    const parameters = {
      options: 0,
      advertisingSid: attempt.sid,
      advertiserAddressType: addressTypeOctet(attempt.address),
      advertiserAddress: attempt.address.value,
      ...attempt.parameters,
      syncCteType: 0,
    };
    this.#hci.send(LePeriodicAdvertisingCreateSync, parameters, (outcome) => {
      if (outcome instanceof BleError) this.#finish(attempt, outcome);
    });
  }

  #cancel(attempt: Attempt, tell: () => void): void {
    if (attempt.cancelled) return;
    attempt.cancelled = tell;
    const place = this.#line.indexOf(attempt);
    if (place >= 0) {
      this.#line.splice(place, 1);
      tell();
    } else if (this.#current === attempt) {
      // Its end is an event, whether it came too late or not.
      this.#hci.send(LePeriodicAdvertisingCreateSyncCancel, {}, (outcome) => {
        if (outcome instanceof BleError && !(outcome instanceof HciError)) this.#finish(attempt, outcome);
      });
    }
  }

  #established(event: LePeriodicAdvertisingSyncEstablishedParameters): void {
    const attempt = this.#current;
    if (event.status !== Status.Success) {
      if (attempt) this.#finish(attempt, new HciError(event.status, LePeriodicAdvertisingCreateSync.opcode));
      return;
    }
    const sync = this.#open(event, undefined);
    if (!attempt || attempt.cancelled) void sync[Symbol.asyncDispose]();
    if (attempt) this.#finish(attempt, sync);
  }

  #finish(attempt: Attempt, outcome: PeriodicSync | BleError): void {
    if (this.#current !== attempt) return;
    this.#current = undefined;
    this.#scanner.unlisten();
    if (attempt.cancelled) attempt.cancelled();
    else attempt.done(outcome);
    this.#next();
  }

  #open(
    event: LePeriodicAdvertisingSyncEstablishedParameters,
    serviceData: number | undefined,
  ): PeriodicSync {
    const train = {
      syncHandle: event.syncHandle,
      address: addressFrom(event.advertiserAddressType, event.advertiserAddress),
      sid: event.advertisingSid,
      intervalMs: intervalMs(event.periodicAdvertisingInterval),
      phy: phyFrom(event.advertiserPhy) ?? "1M",
      serviceData,
    };
    const sync = new PeriodicSync(train, {
      terminate: (own) => this.#terminate(own),
      transfer: (own, to, data, options) => this.#transfer(own, to, data, options),
    });
    this.#syncs.set(event.syncHandle, sync);
    return sync;
  }

  async #terminate(sync: PeriodicSync): Promise<void> {
    if (this.#syncs.get(sync.syncHandle) !== sync) return;
    this.#forget(sync.syncHandle);
    try {
      await this.#ask(LePeriodicAdvertisingTerminateSync, { syncHandle: sync.syncHandle });
    } catch (error) {
      // Lost in the same moment, or the controller is gone: either way it is not received any more.
      if (!(error instanceof BleError)) throw error;
    }
  }

  async #transfer(
    sync: PeriodicSync,
    { handle }: Connection,
    serviceData: number,
    options: CallOptions,
  ): Promise<void> {
    checkWhole("serviceData", serviceData, mostServiceData);
    const parameters = { connectionHandle: handle, serviceData, syncHandle: sync.syncHandle };
    await this.#ask(LePeriodicAdvertisingSyncTransfer, parameters, options);
  }

  #forget(syncHandle: number, reason?: BleError): void {
    const sync = this.#syncs.get(syncHandle);
    this.#syncs.delete(syncHandle);
    sync?.end(reason);
  }

  #ask<P, R>(command: Command<P, R>, parameters: P, options?: CallOptions): Promise<R> {
    return promised<R>((done) => {
      this.#turn.run(() => {
        this.#hci.send(command, parameters, done);
      });
    }, options);
  }
}

function syncParameters({ skip = 0, lostAfterMs = 10_000 }: SyncOptions): {
  readonly skip: number;
  readonly syncTimeout: number;
} {
  return {
    skip: checkWhole("skip", skip, mostSkip),
    syncTimeout: syncTimeout("lostAfterMs", lostAfterMs),
  };
}

function checkWhole(name: string, value: number, most: number): number {
  if (Number.isInteger(value) && value >= 0 && value <= most) return value;
  throw new RangeError(`${name}: ${value} is not a whole number from 0 to ${most}`);
}
