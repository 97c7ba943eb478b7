import { LeRequestPeerSca } from "../../../src/hci/commands/le-connection.ts";
import { LeSetDefaultSubrate, LeSubrateRequest } from "../../../src/hci/commands/le-subrating.ts";
import { Status } from "../../../src/hci/status.ts";
import { type CommandHandler, completes, defersForLink, nothing } from "../command-handler.ts";
import { hasFeature, LeFeature } from "../le-feature.ts";
import { requestPeerClockAccuracy } from "../sleep-clock.ts";
import { fitsTimeout, hostKnowsSubrating, isValidSubrate, requestSubrate } from "../subrating.ts";

/** Subrating, and the peer's clock. Vol 4, Part E, 7.8.108, 7.8.123 and 7.8.124. */
export const leSubrating: readonly CommandHandler[] = [
  completes(LeSetDefaultSubrate, (chip, parameters) => {
    if (!isValidSubrate(parameters)) return Status.InvalidHciCommandParameters;
    chip.subrateDefaults = parameters;
    return nothing;
  }),
  defersForLink(
    LeSubrateRequest,
    (end, parameters) => {
      if (!isValidSubrate(parameters) || !fitsTimeout(end, parameters))
        return Status.InvalidHciCommandParameters;
      return hostKnowsSubrating(end.peer) ? Status.Success : Status.UnsupportedRemoteFeature;
    },
    { then: requestSubrate },
  ),
  defersForLink(
    LeRequestPeerSca,
    ({ peer }) =>
      hasFeature(peer.chip.features, LeFeature.SleepClockAccuracyUpdates)
        ? Status.Success
        : Status.UnsupportedRemoteFeature,
    { then: requestPeerClockAccuracy },
  ),
];
