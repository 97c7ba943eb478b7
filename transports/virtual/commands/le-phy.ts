import {
  LeReadPhy,
  LeSetDefaultPhy,
  type LeSetDefaultPhyParameters,
  LeSetPhy,
} from "../../../src/hci/commands/le-connection.ts";
import { Status } from "../../../src/hci/status.ts";
import type { Chip } from "../chip.ts";
import {
  type CommandHandler,
  completes,
  completesForLink,
  defersForLink,
  nothing,
} from "../command-handler.ts";
import { phyWish, supportedPhys } from "../link-phy.ts";
import { Phy, phyNumber } from "../phy.ts";
import { updatePhy } from "../phy-update.ts";

/** PHY_Options: S=2 is preferred on LE Coded. Vol 4, Part E, 7.8.49. */
const prefersS2 = 1;

/** No PHY where one must be named, or one that is not there. Vol 4, Part E, 7.8.48 and 7.8.49. */
function checkPhys({ features }: Chip, { allPhys, txPhys, rxPhys }: LeSetDefaultPhyParameters): Status {
  const named = [(allPhys & 1) === 0 ? [txPhys] : [], (allPhys & 2) === 0 ? [rxPhys] : []].flat();
  if (named.includes(0)) return Status.InvalidHciCommandParameters;
  const isThere = named.every((phys) => (phys & ~supportedPhys(features)) === 0);
  return isThere ? Status.Success : Status.UnsupportedFeatureOrParameterValue;
}

/** The PHYs of links. Vol 4, Part E, 7.8.47 to 7.8.49. */
export const lePhy: readonly CommandHandler[] = [
  completesForLink(LeReadPhy, ({ phy, peer }) => ({
    txPhy: phyNumber(phy.transmit),
    rxPhy: phyNumber(peer.phy.transmit),
  })),
  completes(LeSetDefaultPhy, (chip, parameters) => {
    const status = checkPhys(chip, parameters);
    if (status !== Status.Success) return status;
    chip.phyDefaults = parameters;
    return nothing;
  }),
  defersForLink(LeSetPhy, (_, parameters, chip) => checkPhys(chip, parameters), {
    then(end, parameters) {
      end.phy.wish = phyWish(parameters, supportedPhys(end.chip.features));
      end.phy.coded = (parameters.phyOptions & 3) === prefersS2 ? Phy.CodedS2 : Phy.CodedS8;
      updatePhy(end);
    },
  }),
];
