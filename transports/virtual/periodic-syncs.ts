import type {
  LePeriodicAdvertisingCreateSyncParameters,
  PeriodicAdvertiser,
} from "../../src/hci/commands/le-periodic-sync.ts";
import {
  LePeriodicAdvertisingSyncEstablished,
  type LePeriodicAdvertisingSyncEstablishedParameters,
} from "../../src/hci/events/le-periodic-advertising.ts";
import { Status } from "../../src/hci/status.ts";
import { addressKey, type DeviceAddress } from "./device-address.ts";
import { PeriodicSync, type SyncOptions, type SyncOutcome } from "./periodic-sync.ts";
import type { Peer } from "./peer.ts";
import { recognise } from "./privacy.ts";
import type { Advertisement, Radio, Train } from "./radio.ts";

/** Sync handles go up to here. Vol 4, Part E, 7.8.69. */
const lastHandle = 0x0eff;

/** Bits of Options. Vol 4, Part E, 7.8.67. */
export const SyncOption = { UseList: 0b001, NoReports: 0b010, FilterDuplicates: 0b100 } as const;

/** Sync_CTE_Type: not with packets without Constant Tone Extension, and there are no others here. */
const wantsCte = 0b1_0000;

/** What the event says of a sync that did not come about. */
const none: Omit<LePeriodicAdvertisingSyncEstablishedParameters, "status"> = {
  syncHandle: 0,
  advertisingSid: 0,
  advertiserAddressType: 0,
  advertiserAddress: 0,
  advertiserPhy: 0,
  periodicAdvertisingInterval: 0,
  advertiserClockAccuracy: 0,
};

/** One number for each advertiser and set; below 2 to the power of 53. */
function keyOf(address: DeviceAddress, sid: number): number {
  return addressKey(address) * 16 + sid;
}

/** What a host is told of a train that is received. Vol 4, Part E, 7.7.65.14. */
export function descriptionOf(
  sync: PeriodicSync,
  status: Status,
): LePeriodicAdvertisingSyncEstablishedParameters {
  return {
    status,
    syncHandle: sync.handle,
    advertisingSid: sync.sid,
    advertiserAddressType: sync.peer.reportedType,
    advertiserAddress: sync.peer.address.value,
    advertiserPhy: sync.phy,
    periodicAdvertisingInterval: sync.train.parameters?.interval ?? 0,
    advertiserClockAccuracy: 0,
  };
}

/** The periodic advertising trains that a controller receives, and the list it looks for. Vol 6, Part B, 4.3.5, 4.4.5. */
export class PeriodicSyncs {
  readonly #chip: Radio;
  readonly #syncs = new Map<number, PeriodicSync>();
  readonly #list = new Set<number>();
  #wanted: LePeriodicAdvertisingCreateSyncParameters | undefined;
  /** The train that was found and of which no packet has come yet. */
  #beginning: PeriodicSync | undefined;
  #next = 0;

  constructor(chip: Radio) {
    this.#chip = chip;
  }

  /** Whether LE Periodic Advertising Create Sync has not come to its end. */
  get pending(): boolean {
    return this.#wanted !== undefined;
  }

  get full(): boolean {
    return this.#syncs.size >= this.#chip.settings.periodicSyncs;
  }

  /** A train that is received. */
  get(handle: number): PeriodicSync | undefined {
    const sync = this.#syncs.get(handle);
    return sync?.established ? sync : undefined;
  }

  /** Whether a train of this set is received. */
  isSynchronised({ advertiserAddressType, advertiserAddress, advertisingSid }: PeriodicAdvertiser): boolean {
    const key = keyOf({ type: advertiserAddressType, value: advertiserAddress }, advertisingSid);
    for (const sync of this.#syncs.values()) {
      if (sync.established && keyOf(sync.peer.address, sync.sid) === key) return true;
    }
    return false;
  }

  /** The Periodic Advertisement List: false when there is no room, or it is there. Vol 4, Part E, 7.8.70. */
  add(entry: PeriodicAdvertiser): Status {
    const key = this.#entryKey(entry);
    if (this.#list.has(key)) return Status.InvalidHciCommandParameters;
    if (this.#list.size >= this.#chip.settings.periodicAdvertiserListSize)
      return Status.MemoryCapacityExceeded;
    this.#list.add(key);
    return Status.Success;
  }

  /** False when it was not there. */
  remove(entry: PeriodicAdvertiser): boolean {
    return this.#list.delete(this.#entryKey(entry));
  }

  clearList(): void {
    this.#list.clear();
  }

  /** The scanner now looks for it. */
  create(wanted: LePeriodicAdvertisingCreateSyncParameters): void {
    this.#wanted = wanted;
  }

  cancel(): void {
    this.#end(Status.OperationCancelledByHost);
  }

  terminate(sync: PeriodicSync): void {
    sync.dispose();
    this.#syncs.delete(sync.handle);
  }

  /** The scanner has received an advertisement, whatever its filters say of it. Vol 6, Part B, 4.3.5. */
  notice(advertiser: Advertisement): void {
    const wanted = this.#wanted;
    const { periodic: train } = advertiser;
    if (!wanted || this.#beginning || !train.running) return;
    const peer = recognise(this.#chip, advertiser.address);
    if (!peer || !this.#isWanted(wanted, peer, advertiser.parameters.sid) || this.receives(train)) return;
    const usesList = (wanted.options & SyncOption.UseList) !== 0;
    if ((wanted.syncCteType & wantsCte) !== 0) {
      if (!usesList) this.#end(Status.UnsupportedRemoteFeature);
      return;
    }
    const options: SyncOptions = {
      skip: wanted.skip,
      syncTimeout: wanted.syncTimeout,
      reports: (wanted.options & SyncOption.NoReports) === 0,
      filtersDuplicates: (wanted.options & SyncOption.FilterDuplicates) !== 0,
    };
    this.#beginning = this.begin(train, peer, options, (status) => {
      this.#end(status);
    });
  }

  /** Whether a train is received, or about to be. */
  receives(train: Train): boolean {
    for (const sync of this.#syncs.values()) if (sync.train === train) return true;
    return false;
  }

  /** Begins to receive a train. */
  begin(train: Train, peer: Peer, options: SyncOptions, outcome: SyncOutcome): PeriodicSync {
    while (this.#syncs.has(this.#next)) this.#step();
    const handle = this.#next;
    const sync = new PeriodicSync(this.#chip, handle, train, peer, options, outcome, () => {
      this.#syncs.delete(handle);
    });
    this.#step();
    this.#syncs.set(sync.handle, sync);
    return sync;
  }

  reset(): void {
    for (const sync of this.#syncs.values()) sync.dispose();
    this.#syncs.clear();
    this.#list.clear();
    this.#wanted = undefined;
    this.#beginning = undefined;
    this.#next = 0;
  }

  #isWanted(wanted: LePeriodicAdvertisingCreateSyncParameters, { address }: Peer, sid: number): boolean {
    const key = keyOf(address, sid);
    return (wanted.options & SyncOption.UseList) !== 0 ? this.#list.has(key) : this.#entryKey(wanted) === key;
  }

  /** LE Periodic Advertising Create Sync has come to its end. Vol 4, Part E, 7.7.65.14. */
  #end(status: Status): void {
    const sync = this.#beginning;
    this.#beginning = undefined;
    this.#wanted = undefined;
    if (status !== Status.Success && sync) this.terminate(sync);
    const description = status === Status.Success && sync ? descriptionOf(sync, status) : { ...none, status };
    this.#chip.hci.event(LePeriodicAdvertisingSyncEstablished, description);
  }

  #entryKey({ advertiserAddressType, advertiserAddress, advertisingSid }: PeriodicAdvertiser): number {
    return keyOf({ type: advertiserAddressType, value: advertiserAddress }, advertisingSid);
  }

  #step(): void {
    this.#next = this.#next >= lastHandle ? 0 : this.#next + 1;
  }
}
