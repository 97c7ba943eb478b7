import {
  LeConnectionUpdate,
  LeCreateConnection,
  LeCreateConnectionCancel,
  type LeCreateConnectionParameters,
  LeReadRemoteFeatures,
  LeRemoteConnectionParameterRequestNegativeReply,
  LeRemoteConnectionParameterRequestReply,
} from "../../../src/hci/commands/le-connection.ts";
import { LeReadRemoteFeaturesComplete } from "../../../src/hci/events/le-connection.ts";
import { Status } from "../../../src/hci/status.ts";
import type { Chip } from "../chip.ts";
import {
  type CommandHandler,
  completes,
  completesForLink,
  defers,
  defersForLink,
  nothing,
} from "../command-handler.ts";
import {
  acceptRequest,
  type ConnectionWish,
  isValidWish,
  rejectRequest,
  requestUpdate,
} from "../connection-update.ts";
import { leFeatures } from "../identity.ts";
import { Role } from "../link.ts";
import { refuseOwnAddressType, refuseUnsetAddress } from "../own-address-check.ts";
import { isValidScan } from "../scan-timing.ts";

/** The parameters of a wish as LE Create Connection and LE Connection Update call them. */
interface Named {
  readonly connectionIntervalMin: number;
  readonly connectionIntervalMax: number;
  readonly maxLatency: number;
  readonly supervisionTimeout: number;
}

const wishOf = (parameters: Named): ConnectionWish => ({
  intervalMin: parameters.connectionIntervalMin,
  intervalMax: parameters.connectionIntervalMax,
  maxLatency: parameters.maxLatency,
  timeout: parameters.supervisionTimeout,
});

function isInRange(parameters: LeCreateConnectionParameters): boolean {
  const { scanInterval, scanWindow, initiatorFilterPolicy, peerAddressType, minCeLength, maxCeLength } =
    parameters;
  if (!isValidScan(scanInterval, scanWindow) || initiatorFilterPolicy > 0x01) return false;
  if (initiatorFilterPolicy === 0 && peerAddressType > 0x03) return false;
  return minCeLength <= maxCeLength && isValidWish(wishOf(parameters));
}

function checkCreate(chip: Chip, parameters: LeCreateConnectionParameters): Status {
  const { initiatorFilterPolicy, peerAddressType, peerAddress, ownAddressType } = parameters;
  if (chip.initiator.pending) return Status.CommandDisallowed;
  if (!isInRange(parameters)) return Status.InvalidHciCommandParameters;
  const refusal = refuseOwnAddressType(ownAddressType) ?? refuseUnsetAddress(chip, ownAddressType);
  if (refusal !== undefined) return refusal;
  if (initiatorFilterPolicy === 0 && chip.links.withPeer({ type: peerAddressType & 1, value: peerAddress })) {
    return Status.ConnectionAlreadyExists;
  }
  return chip.links.full ? Status.ConnectionLimitExceeded : Status.Success;
}

/** Connections: made, changed, asked about. Vol 4, Part E, 7.8.12, 7.8.13, 7.8.18, 7.8.21, 7.8.31 and 7.8.32. */
export const leConnection: readonly CommandHandler[] = [
  defers(LeCreateConnection, checkCreate, {
    then({ initiator }, parameters) {
      initiator.start(parameters);
    },
  }),
  completes(
    LeCreateConnectionCancel,
    ({ initiator }) => (initiator.pending ? nothing : Status.CommandDisallowed),
    {
      then({ initiator }) {
        initiator.cancel();
      },
    },
  ),
  defersForLink(
    LeConnectionUpdate,
    ({ role, peer }, parameters) => {
      const isValid = isValidWish(wishOf(parameters)) && parameters.minCeLength <= parameters.maxCeLength;
      if (!isValid) return Status.InvalidHciCommandParameters;
      return role === Role.Peripheral && peer.request ? Status.CommandDisallowed : Status.Success;
    },
    {
      then(end, parameters) {
        requestUpdate(end, wishOf(parameters));
      },
    },
  ),
  defersForLink(LeReadRemoteFeatures, () => Status.Success, {
    then({ chip, handle, link }) {
      if (link.silent) return;
      chip.hci.event(LeReadRemoteFeaturesComplete, {
        status: Status.Success,
        connectionHandle: handle,
        features: leFeatures,
      });
    },
  }),
  completesForLink(
    LeRemoteConnectionParameterRequestReply,
    (end, wish) => {
      if (!end.request) return Status.CommandDisallowed;
      return isValidWish(wish) && wish.minCeLength <= wish.maxCeLength
        ? nothing
        : Status.InvalidHciCommandParameters;
    },
    { then: acceptRequest },
  ),
  completesForLink(
    LeRemoteConnectionParameterRequestNegativeReply,
    (end) => (end.request ? nothing : Status.CommandDisallowed),
    {
      then(end, { reason }) {
        rejectRequest(end, reason);
      },
    },
  ),
];
