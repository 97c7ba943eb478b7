import { AsyncQueue } from "../common/async-queue.ts";
import type { Address } from "../common/address.ts";
import type { BleError } from "../common/errors.ts";
import type { CallOptions } from "../common/promised.ts";
import type { LePeriodicAdvertisingReportParameters } from "../hci/events/le-periodic-advertising.ts";
import type { Connection } from "./connection.ts";
import { levelOf, type Phy } from "./scan-report.ts";

/** One periodic advertisement. What is in it is a copy that the program may keep. */
export interface PeriodicReport {
  /** 0 to 1650 octets; `decodeAdvertisingData` tells what they say. */
  readonly data: Uint8Array;
  /** Whether the controller could not receive all of the data: what is here is its beginning. */
  readonly truncated: boolean;
  /** In dBm; `undefined` when the controller does not know. */
  readonly rssi: number | undefined;
  /** In dBm; `undefined` when the advertiser does not say. */
  readonly txPower: number | undefined;
}

/** Whom a {@link PeriodicSync} is with, and how it was found. */
export interface PeriodicTrain {
  readonly syncHandle: number;
  readonly address: Address;
  /** The advertising set, 0 to 15. */
  readonly sid: number;
  readonly intervalMs: number;
  readonly phy: Phy;
  /** What the peer said that told of it, 0 to 0xFFFF; `undefined` when this host has found it itself. */
  readonly serviceData: number | undefined;
}

/** What {@link PeriodicSync} asks of the synchronizer that made it. */
export interface SyncOwner {
  terminate(own: PeriodicSync): Promise<void>;
  transfer(own: PeriodicSync, to: Connection, serviceData: number, options: CallOptions): Promise<void>;
}

/** Data status of a report. Vol 4, Part E, 7.7.65.15. */
const DataStatus = { Complete: 0, More: 1 } as const;
const mostOctets = 1650;
const mostWaiting = 256;

/**
 * A periodic advertiser that is being received: iterate it for what it says. Vol 3, Part C, 9.5.
 *
 * A program that is too slow loses the oldest of more than 256 reports; see {@link dropped}. Leaving the loop does not
 * end the synchronisation, disposing of it does.
 */
export class PeriodicSync implements AsyncIterable<PeriodicReport>, AsyncDisposable {
  readonly address: Address;
  /** The advertising set, 0 to 15. */
  readonly sid: number;
  /** From one advertisement to the next, in ms. */
  readonly intervalMs: number;
  readonly phy: Phy;
  /** What the peer said that told of it, 0 to 0xFFFF; `undefined` when this host has found it itself. */
  readonly serviceData: number | undefined;
  /** @internal */
  readonly syncHandle: number;
  readonly #owner: SyncOwner;
  readonly #queue: AsyncQueue<PeriodicReport> = new AsyncQueue(mostWaiting, "dropOldest");
  #parts: Uint8Array[] = [];
  #terminated: Promise<void> | undefined;

  /** Made by `host.syncPeriodic`. */
  constructor(train: PeriodicTrain, owner: SyncOwner) {
    this.address = train.address;
    this.sid = train.sid;
    this.intervalMs = train.intervalMs;
    this.phy = train.phy;
    this.serviceData = train.serviceData;
    this.syncHandle = train.syncHandle;
    this.#owner = owner;
  }

  /** How many reports were lost because the program was too slow. */
  get dropped(): number {
    return this.#queue.dropped;
  }

  /** Whether the advertiser is still being received. */
  get active(): boolean {
    return !this.#queue.ended;
  }

  /** The reports, as they come. One loop at a time. @throws {@link SyncTimeoutError} It is not heard any more. */
  [Symbol.asyncIterator](): AsyncIterator<PeriodicReport, undefined> {
    const queue = this.#queue;
    return { next: () => queue.next() };
  }

  /**
   * Tells a peer how to receive the same advertiser. Vol 4, Part E, 7.8.89.
   *
   * @param serviceData - For the program on the other side, 0 to 0xFFFF.
   * @throws {@link HciError} The peer does not take such things, for one.
   */
  async transferTo(connection: Connection, serviceData = 0, options: CallOptions = {}): Promise<void> {
    await this.#owner.transfer(this, connection, serviceData, options);
  }

  /** Stops receiving. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#terminated ??= this.#owner.terminate(this);
    await this.#terminated;
  }

  /** @internal For the synchronizer. */
  report({ data, dataStatus, rssi, txPower }: LePeriodicAdvertisingReportParameters): void {
    const held = this.#parts.reduce((sum, part) => sum + part.length, 0);
    if (held + data.length <= mostOctets) this.#parts.push(data.slice());
    if (dataStatus === DataStatus.More) return;
    const whole = joined(this.#parts);
    this.#parts = [];
    const truncated = dataStatus !== DataStatus.Complete;
    this.#queue.push({ data: whole, truncated, rssi: levelOf(rssi), txPower: levelOf(txPower) });
  }

  /** @internal For the synchronizer: nothing more will come. */
  end(reason?: BleError): void {
    this.#queue.end(reason);
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  if (only && parts.length === 1) return only;
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
