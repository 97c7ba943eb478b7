import {
  LePeriodicAdvertisingSetInfoTransfer,
  LePeriodicAdvertisingSyncTransfer,
  LeSetDefaultPeriodicAdvertisingSyncTransferParameters,
  LeSetPeriodicAdvertisingSyncTransferParameters,
  type SyncTransferParameters,
} from "../../../src/hci/commands/le-periodic-sync-transfer.ts";
import { Status } from "../../../src/hci/status.ts";
import { type CommandHandler, completes, completesForLink, nothing } from "../command-handler.ts";
import { hasFeature, LeFeature } from "../le-feature.ts";
import type { LinkEnd } from "../link-end.ts";
import { setTransferParameters, transferSync } from "../sync-transfer.ts";

/** With mode 0 the others are of no meaning. Vol 4, Part E, 7.8.91. */
function isInRange({ mode, skip, syncTimeout, cteType }: SyncTransferParameters): boolean {
  if (mode === 0) return true;
  return mode <= 3 && skip <= 0x01f3 && syncTimeout >= 0x000a && syncTimeout <= 0x4000 && cteType <= 0x1f;
}

/** Whether the peer can be told of a train. Vol 6, Part B, 4.6.24. */
function takesTransfers({ peer }: LinkEnd): boolean {
  return hasFeature(peer.chip.features, LeFeature.PeriodicAdvertisingSyncTransferRecipient);
}

/** Telling peers of periodic advertising. Vol 4, Part E, 7.8.89 to 7.8.92. */
export const lePeriodicSyncTransfer: readonly CommandHandler[] = [
  completesForLink(
    LePeriodicAdvertisingSyncTransfer,
    (end, { syncHandle }, { syncs }) => {
      if (!syncs.get(syncHandle)) return Status.UnknownAdvertisingIdentifier;
      return takesTransfers(end) ? nothing : Status.UnsupportedRemoteFeature;
    },
    {
      then(end, { syncHandle, serviceData }, { syncs }) {
        const sync = syncs.get(syncHandle);
        if (sync) transferSync(end, serviceData, sync.train);
      },
    },
  ),
  completesForLink(
    LePeriodicAdvertisingSetInfoTransfer,
    (end, { advertisingHandle }, { advertisingSets }) => {
      const set = advertisingSets.get(advertisingHandle);
      if (!set) return Status.UnknownAdvertisingIdentifier;
      if (!set.periodic.running) return Status.CommandDisallowed;
      return takesTransfers(end) ? nothing : Status.UnsupportedRemoteFeature;
    },
    {
      then(end, { advertisingHandle, serviceData }, { advertisingSets }) {
        const set = advertisingSets.get(advertisingHandle);
        if (set) transferSync(end, serviceData, set.periodic);
      },
    },
  ),
  completesForLink(LeSetPeriodicAdvertisingSyncTransferParameters, (end, parameters) => {
    if (!isInRange(parameters)) return Status.InvalidHciCommandParameters;
    setTransferParameters(end, parameters);
    return nothing;
  }),
  completes(LeSetDefaultPeriodicAdvertisingSyncTransferParameters, (chip, parameters) => {
    if (!isInRange(parameters)) return Status.InvalidHciCommandParameters;
    chip.syncTransferDefaults = parameters;
    return nothing;
  }),
];
