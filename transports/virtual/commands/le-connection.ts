import {
  LeConnectionUpdate,
  LeReadRemoteFeatures,
  LeRemoteConnectionParameterRequestNegativeReply,
  LeRemoteConnectionParameterRequestReply,
} from "../../../src/hci/commands/le-connection.ts";
import { Status } from "../../../src/hci/status.ts";
import { type CommandHandler, completesForLink, defersForLink, nothing } from "../command-handler.ts";
import { acceptRequest, isValidWish, rejectRequest, requestUpdate, takesPart } from "../connection-update.ts";
import type { ConnectionWish } from "../connection-wish.ts";
import { readRemoteFeatures } from "../feature-exchange.ts";
import { Role } from "../role.ts";

/** The parameters of a wish as LE Connection Update calls them. */
interface Named {
  readonly connectionIntervalMin: number;
  readonly connectionIntervalMax: number;
  readonly maxLatency: number;
  readonly supervisionTimeout: number;
  readonly maxCeLength: number;
}

const wishOf = (parameters: Named): ConnectionWish => ({
  intervalMin: parameters.connectionIntervalMin,
  intervalMax: parameters.connectionIntervalMax,
  maxLatency: parameters.maxLatency,
  timeout: parameters.supervisionTimeout,
  maxCeLength: parameters.maxCeLength,
});

/** Connections: changed, asked about. Vol 4, Part E, 7.8.18, 7.8.21, 7.8.31 and 7.8.32. */
export const leConnection: readonly CommandHandler[] = [
  defersForLink(
    LeConnectionUpdate,
    (end, parameters) => {
      const { role, peer } = end;
      const isValid = isValidWish(wishOf(parameters)) && parameters.minCeLength <= parameters.maxCeLength;
      if (!isValid) return Status.InvalidHciCommandParameters;
      const isDisallowed = role === Role.Peripheral && (peer.request !== undefined || !takesPart(end));
      return isDisallowed ? Status.CommandDisallowed : Status.Success;
    },
    {
      then(end, parameters) {
        requestUpdate(end, wishOf(parameters));
      },
    },
  ),
  defersForLink(LeReadRemoteFeatures, () => Status.Success, { then: readRemoteFeatures }),
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
