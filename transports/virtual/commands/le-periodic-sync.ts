import {
  LeAddDeviceToPeriodicAdvertiserList,
  LeClearPeriodicAdvertiserList,
  LePeriodicAdvertisingCreateSync,
  LePeriodicAdvertisingCreateSyncCancel,
  type LePeriodicAdvertisingCreateSyncParameters,
  LePeriodicAdvertisingTerminateSync,
  LeReadPeriodicAdvertiserListSize,
  LeRemoveDeviceFromPeriodicAdvertiserList,
  LeSetPeriodicAdvertisingReceiveEnable,
  type PeriodicAdvertiser,
} from "../../../src/hci/commands/le-periodic-sync.ts";
import { Status } from "../../../src/hci/status.ts";
import type { Chip } from "../chip.ts";
import { type CommandHandler, completes, defers, nothing, ofSet } from "../command-handler.ts";
import { hasFeature, LeFeature } from "../le-feature.ts";
import { SyncOption } from "../periodic-syncs.ts";

const lastSid = 0x0f;
const mostSkip = 0x01f3;
const leastTimeout = 0x000a;
const mostTimeout = 0x4000;

/** All the types there are: with none of them one may synchronise. Vol 4, Part E, 7.8.67. */
const everyCteType = 0x1f;

function isNamed({ advertiserAddressType, advertisingSid }: PeriodicAdvertiser): boolean {
  return advertiserAddressType <= 0x01 && advertisingSid <= lastSid;
}

function isInRange(parameters: LePeriodicAdvertisingCreateSyncParameters): boolean {
  const { options, skip, syncTimeout, syncCteType } = parameters;
  if (options > 0b111 || skip > mostSkip || syncTimeout < leastTimeout || syncTimeout > mostTimeout)
    return false;
  return syncCteType <= everyCteType && ((options & SyncOption.UseList) !== 0 || isNamed(parameters));
}

/** Reports are filtered by the ADI of the packets. Vol 4, Part E, 7.8.67 and 7.8.88. */
function filtersWithoutAdi({ features }: Chip, reports: boolean, filters: boolean): boolean {
  return reports && filters && !hasFeature(features, LeFeature.PeriodicAdvertisingAdi);
}

function checkCreate(chip: Chip, parameters: LePeriodicAdvertisingCreateSyncParameters): Status {
  const { syncs } = chip;
  const { options, syncCteType } = parameters;
  if (syncs.pending) return Status.CommandDisallowed;
  if (!isInRange(parameters)) return Status.InvalidHciCommandParameters;
  if (syncCteType === everyCteType) return Status.CommandDisallowed;
  const reports = (options & SyncOption.NoReports) === 0;
  if (filtersWithoutAdi(chip, reports, (options & SyncOption.FilterDuplicates) !== 0)) {
    return Status.UnsupportedFeatureOrParameterValue;
  }
  if ((options & SyncOption.UseList) === 0 && syncs.isSynchronised(parameters)) {
    return Status.ConnectionAlreadyExists;
  }
  return syncs.full ? Status.MemoryCapacityExceeded : Status.Success;
}

/** Receiving periodic advertising. Vol 4, Part E, 7.8.67 to 7.8.73 and 7.8.88. */
export const lePeriodicSync: readonly CommandHandler[] = ofSet("extended", [
  defers(LePeriodicAdvertisingCreateSync, checkCreate, {
    then({ syncs }, parameters) {
      syncs.create(parameters);
    },
  }),
  completes(
    LePeriodicAdvertisingCreateSyncCancel,
    ({ syncs }) => (syncs.pending ? nothing : Status.CommandDisallowed),
    {
      then({ syncs }) {
        syncs.cancel();
      },
    },
  ),
  completes(LePeriodicAdvertisingTerminateSync, ({ syncs }, { syncHandle }) => {
    const sync = syncs.get(syncHandle);
    if (!sync) return Status.UnknownAdvertisingIdentifier;
    syncs.terminate(sync);
    return nothing;
  }),
  completes(LeAddDeviceToPeriodicAdvertiserList, ({ syncs }, entry) => {
    if (syncs.pending) return Status.CommandDisallowed;
    if (!isNamed(entry)) return Status.InvalidHciCommandParameters;
    const status = syncs.add(entry);
    return status === Status.Success ? nothing : status;
  }),
  completes(LeRemoveDeviceFromPeriodicAdvertiserList, ({ syncs }, entry) => {
    if (syncs.pending) return Status.CommandDisallowed;
    if (!isNamed(entry)) return Status.InvalidHciCommandParameters;
    return syncs.remove(entry) ? nothing : Status.UnknownAdvertisingIdentifier;
  }),
  completes(LeClearPeriodicAdvertiserList, ({ syncs }) => {
    if (syncs.pending) return Status.CommandDisallowed;
    syncs.clearList();
    return nothing;
  }),
  completes(LeReadPeriodicAdvertiserListSize, ({ settings }) => ({
    periodicAdvertiserListSize: settings.periodicAdvertiserListSize,
  })),
  completes(LeSetPeriodicAdvertisingReceiveEnable, (chip, { syncHandle, enable }) => {
    if (enable > 0b11 || syncHandle > 0x0eff) return Status.InvalidHciCommandParameters;
    const sync = chip.syncs.get(syncHandle);
    if (!sync) return Status.UnknownAdvertisingIdentifier;
    const reports = (enable & 0b01) !== 0;
    const filters = (enable & 0b10) !== 0;
    if (filtersWithoutAdi(chip, reports, filters)) return Status.UnsupportedFeatureOrParameterValue;
    sync.reports = reports;
    sync.filtersDuplicates = filters;
    return nothing;
  }),
]);
