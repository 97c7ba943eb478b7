import {
  LeCreateConnection,
  LeCreateConnectionCancel,
  type LeCreateConnectionParameters,
} from "../../../src/hci/commands/le-connection.ts";
import {
  type InitiatingParameters,
  LeExtendedCreateConnection,
  type LeExtendedCreateConnectionParameters,
  LeExtendedCreateConnectionV2,
  type LeExtendedCreateConnectionV2Parameters,
} from "../../../src/hci/commands/le-extended-connection.ts";
import type { OnPhy } from "../../../src/hci/commands/per-phy.ts";
import { Status } from "../../../src/hci/status.ts";
import type { Chip } from "../chip.ts";
import { type CommandHandler, completes, defers, nothing, ofSet } from "../command-handler.ts";
import { isValidWish } from "../connection-update.ts";
import { OwnAddressType } from "../device-address.ts";
import { type ConnectionGoal, goalOfExtendedCommand, goalOfLegacyCommand } from "../initiator.ts";
import { refuseOwnAddressType, refuseUnsetAddress } from "../own-address-check.ts";
import { supportsPhy } from "../phy-support.ts";
import { isValidExtendedScan, isValidScan } from "../scan-timing.ts";

/** One listens on LE 1M and LE Coded; a connection may be on LE 2M too. */
const le2M = 2;

/** Advertising_Handle and Subevent of a connection that does not come of periodic advertising. */
const none = 0xff;

function isConnectionInRange(parameters: InitiatingParameters): boolean {
  const { minCeLength, maxCeLength } = parameters;
  return (
    minCeLength <= maxCeLength &&
    isValidWish({
      intervalMin: parameters.connectionIntervalMin,
      intervalMax: parameters.connectionIntervalMax,
      maxLatency: parameters.maxLatency,
      timeout: parameters.supervisionTimeout,
    })
  );
}

function isInRange(parameters: LeCreateConnectionParameters): boolean {
  const { scanInterval, scanWindow, initiatorFilterPolicy, peerAddressType } = parameters;
  if (!isValidScan(scanInterval, scanWindow) || initiatorFilterPolicy > 0x01) return false;
  if (initiatorFilterPolicy === 0 && peerAddressType > 0x03) return false;
  return isConnectionInRange(parameters);
}

function isPhyInRange(parameters: OnPhy<InitiatingParameters>): boolean {
  const { phy, scanInterval, scanWindow } = parameters;
  return (phy === le2M || isValidExtendedScan(scanInterval, scanWindow)) && isConnectionInRange(parameters);
}

/** Whether it can be done now. Vol 4, Part E, 7.8.12 and 7.8.66. */
function checkGoal(chip: Chip, { ownAddressType, usesAcceptList, peer }: ConnectionGoal): Status {
  const refusal = refuseOwnAddressType(chip, ownAddressType);
  if (refusal !== undefined) return refusal;
  // With the list nobody knows yet whether the random address will be needed.
  const isOpen = usesAcceptList && ownAddressType === OwnAddressType.ResolvableOrRandom;
  const refusalOfAddress = isOpen ? undefined : refuseUnsetAddress(chip, ownAddressType, peer);
  if (refusalOfAddress !== undefined) return refusalOfAddress;
  if (!usesAcceptList && chip.links.withPeer(peer)) return Status.ConnectionAlreadyExists;
  return chip.links.full ? Status.ConnectionLimitExceeded : Status.Success;
}

function checkLegacy(chip: Chip, parameters: LeCreateConnectionParameters): Status {
  if (chip.initiator.pending) return Status.CommandDisallowed;
  if (!isInRange(parameters)) return Status.InvalidHciCommandParameters;
  return checkGoal(chip, goalOfLegacyCommand(parameters));
}

function checkExtended(chip: Chip, parameters: LeExtendedCreateConnectionParameters): Status {
  const { initiatorFilterPolicy, peerAddressType, initiatingPhys } = parameters;
  if (chip.initiator.pending) return Status.CommandDisallowed;
  if (!initiatingPhys.every(({ phy }) => supportsPhy(chip.features, phy))) {
    return Status.UnsupportedFeatureOrParameterValue;
  }
  const listens = initiatingPhys.some(({ phy }) => phy !== le2M);
  if (!listens || initiatorFilterPolicy > 0x01) return Status.InvalidHciCommandParameters;
  if (initiatorFilterPolicy === 0 && peerAddressType > 0x01) return Status.InvalidHciCommandParameters;
  if (!initiatingPhys.every(isPhyInRange)) return Status.InvalidHciCommandParameters;
  return checkGoal(chip, goalOfExtendedCommand(parameters));
}

/** There is no periodic advertising with responses to connect through. */
function checkExtendedV2(chip: Chip, parameters: LeExtendedCreateConnectionV2Parameters): Status {
  const { advertisingHandle, subevent } = parameters;
  if (advertisingHandle === none && subevent === none) return checkExtended(chip, parameters);
  if (advertisingHandle === none || subevent === none) return Status.InvalidHciCommandParameters;
  return chip.advertisingSets.get(advertisingHandle)
    ? Status.CommandDisallowed
    : Status.UnknownAdvertisingIdentifier;
}

function startExtended({ initiator }: Chip, parameters: LeExtendedCreateConnectionParameters): void {
  initiator.start(goalOfExtendedCommand(parameters));
}

/** Connections as central: made, and given up. Vol 4, Part E, 7.8.12, 7.8.13 and 7.8.66. */
export const leCreateConnection: readonly CommandHandler[] = [
  ...ofSet("legacy", [
    defers(LeCreateConnection, checkLegacy, {
      then({ initiator }, parameters) {
        initiator.start(goalOfLegacyCommand(parameters));
      },
    }),
  ]),
  ...ofSet("extended", [
    defers(LeExtendedCreateConnection, checkExtended, { then: startExtended }),
    defers(LeExtendedCreateConnectionV2, checkExtendedV2, { then: startExtended }),
  ]),
  completes(
    LeCreateConnectionCancel,
    ({ initiator }) => (initiator.pending ? nothing : Status.CommandDisallowed),
    {
      then({ initiator }) {
        initiator.cancel();
      },
    },
  ),
];
