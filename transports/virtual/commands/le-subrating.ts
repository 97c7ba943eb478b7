import { LeRequestPeerSca } from "../../../src/hci/commands/le-connection.ts";
import { LeModifySleepClockAccuracy } from "../../../src/hci/commands/le-controller.ts";
import { LeSetDefaultSubrate, LeSubrateRequest } from "../../../src/hci/commands/le-subrating.ts";
import { Status } from "../../../src/hci/status.ts";
import { type CommandHandler, completes, defersForLink, nothing } from "../command-handler.ts";
import { greatestAccuracy, leastAccuracy, requestPeerClockAccuracy } from "../sleep-clock.ts";
import { fitsTimeout, hostKnowsSubrating, isValidSubrate, requestSubrate } from "../subrating.ts";

/** Action. Vol 4, Part E, 7.8.94. */
const Action = { MoreAccurate: 0, LessAccurate: 1 } as const;

/** Subrating, and sleep clocks. Vol 4, Part E, 7.8.94, 7.8.108, 7.8.123 and 7.8.124. */
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
  completes(LeModifySleepClockAccuracy, (chip, { action }) => {
    if (action > Action.LessAccurate) return Status.InvalidHciCommandParameters;
    const accuracy = chip.clockAccuracy + (action === Action.MoreAccurate ? 1 : -1);
    if (accuracy < leastAccuracy || accuracy > greatestAccuracy) return Status.LimitReached;
    chip.clockAccuracy = accuracy;
    return nothing;
  }),
  defersForLink(LeRequestPeerSca, () => Status.Success, { then: requestPeerClockAccuracy }),
];
