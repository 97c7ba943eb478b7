import type { SyncTransferParameters } from "../../src/hci/commands/le-periodic-sync-transfer.ts";
import { LePeriodicAdvertisingSyncTransferReceived } from "../../src/hci/events/le-periodic-advertising.ts";
import { Status } from "../../src/hci/status.ts";
import { addressOctets, syncInfoOctets } from "./advertising-pdu.ts";
import type { LinkEnd } from "./link-end.ts";
import { LlOpcode, llControl, u16s } from "./ll-control.ts";
import { descriptionOf, type PeriodicSyncs } from "./periodic-syncs.ts";
import { recognise } from "./privacy.ts";
import type { Radio, Train } from "./radio.ts";

/** Mode. Vol 4, Part E, 7.8.91. */
const Mode = { Ignore: 0, WithoutReports: 1, WithReports: 2, FilteringDuplicates: 3 } as const;

/** Until the host says otherwise, nothing becomes of what peers tell. Vol 4, Part E, 7.8.92. */
export const ignoreTransfers: SyncTransferParameters = {
  mode: Mode.Ignore,
  skip: 0,
  syncTimeout: 0,
  cteType: 0,
};

/** CTE_Type: not with packets without Constant Tone Extension. */
const wantsCte = 0b1_0000;

const parametersOf = new WeakMap<LinkEnd, SyncTransferParameters>();

/** Says what becomes of the periodic advertisers that the peer of `end` tells of. Vol 4, Part E, 7.8.91. */
export function setTransferParameters(end: LinkEnd, parameters: SyncTransferParameters): void {
  parametersOf.set(end, parameters);
}

/** LL_PERIODIC_SYNC_IND: tells the peer of `end` how to receive a train. Vol 6, Part B, 5.1.13. */
export function transferSync(end: LinkEnd, serviceData: number, train: Train): void {
  end.procedures.run((done) => {
    end.control(syncInd(serviceData, train), () => {
      end.peer.chip.receiveSync(end.peer.handle, serviceData, train);
      done();
    });
  });
}

/** Vol 6, Part B, 2.4.2.27. The connection events in it are not counted: nothing here drifts. */
function syncInd(serviceData: number, { syncInfo, advertiser, address }: Train): Uint8Array {
  const { sid, secondaryPhy } = advertiser.parameters;
  return llControl(
    LlOpcode.PeriodicSyncInd,
    u16s(serviceData),
    syncInfoOctets(syncInfo),
    u16s(0, syncInfo.eventCounter),
    sid | ((address.type & 1) << 4),
    1 << (secondaryPhy - 1),
    addressOctets(address),
    u16s(0),
  );
}

/** What becomes of it at the other end. Vol 4, Part E, 7.8.91. */
export function receiveTransfer(
  chip: Radio & { readonly syncs: PeriodicSyncs },
  end: LinkEnd,
  serviceData: number,
  train: Train,
): void {
  const { handle } = end;
  const { mode, skip, syncTimeout, cteType } = parametersOf.get(end) ?? ignoreTransfers;
  if (mode === Mode.Ignore || !train.running || chip.syncs.receives(train)) return;
  const sender = recognise(chip, train.address);
  if (!sender) return;
  const tell = (status: Status): void => {
    chip.hci.event(LePeriodicAdvertisingSyncTransferReceived, {
      ...descriptionOf(sync, status),
      connectionHandle: handle,
      serviceData,
    });
  };
  const options = {
    skip,
    syncTimeout,
    reports: mode !== Mode.WithoutReports,
    filtersDuplicates: mode === Mode.FilteringDuplicates,
  };
  const isFull = chip.syncs.full;
  const sync = chip.syncs.begin(train, sender, options, tell);
  if (!isFull && (cteType & wantsCte) === 0) return;
  chip.syncs.terminate(sync);
  tell(isFull ? Status.MemoryCapacityExceeded : Status.UnsupportedRemoteFeature);
}
