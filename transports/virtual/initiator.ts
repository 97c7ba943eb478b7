import type { LeCreateConnectionParameters } from "../../src/hci/commands/le-connection.ts";
import type {
  InitiatingParameters,
  LeExtendedCreateConnectionParameters,
} from "../../src/hci/commands/le-extended-connection.ts";
import type { OnPhy } from "../../src/hci/commands/per-phy.ts";
import { Status } from "../../src/hci/status.ts";
import { Property } from "./advertising-parameters.ts";
import { requestAt, requestChannel } from "./advertising-capture.ts";
import type { Advertisement, Radio } from "./radio.ts";
import { establish } from "./connecting.ts";
import { announceFailure } from "./connection-complete.ts";
import { type DeviceAddress, sameAddress } from "./device-address.ts";
import { eventTime } from "./event-plan.ts";
import { Role } from "./role.ts";
import type { Listener } from "./medium.ts";
import type { Phy } from "./phy.ts";
import type { Peer } from "./peer.ts";
import { aimOf, ownAddress, recognise } from "./privacy.ts";
import { receptionOf } from "./reception.ts";

/** Which connection is wanted, whichever command said so. Vol 4, Part E, 7.8.12 and 7.8.66. */
export interface ConnectionGoal {
  /** Any device of the Filter Accept List, rather than `peer`. */
  readonly usesAcceptList: boolean;
  readonly ownAddressType: number;
  readonly peer: DeviceAddress;
  readonly phys: readonly OnPhy<InitiatingParameters>[];
}

/** What LE Create Connection asks for. Types 2 and 3 are those of identity addresses. Vol 4, Part E, 7.8.12. */
export function goalOfLegacyCommand(parameters: LeCreateConnectionParameters): ConnectionGoal {
  return {
    usesAcceptList: parameters.initiatorFilterPolicy === 1,
    ownAddressType: parameters.ownAddressType,
    peer: { type: parameters.peerAddressType & 1, value: parameters.peerAddress },
    phys: [{ phy: 1, ...parameters }],
  };
}

/** What LE Extended Create Connection asks for. Vol 4, Part E, 7.8.66. */
export function goalOfExtendedCommand(parameters: LeExtendedCreateConnectionParameters): ConnectionGoal {
  return {
    usesAcceptList: parameters.initiatorFilterPolicy === 1,
    ownAddressType: parameters.ownAddressType,
    peer: { type: parameters.peerAddressType, value: parameters.peerAddress },
    phys: parameters.initiatingPhys,
  };
}

/** How it asks for the connection. */
interface Request {
  readonly phy: Phy;
  readonly wanted: InitiatingParameters;
  /** In ms of the clock. */
  readonly requestedAt: number;
}

/** The Initiating state of a controller. Vol 6, Part B, 4.4.4. */
export class Initiator implements Listener {
  readonly #chip: Radio;
  #goal: ConnectionGoal | undefined;
  #since = 0;

  constructor(chip: Radio) {
    this.#chip = chip;
  }

  /** Whether LE Create Connection, or the extended one, has not come to its end. */
  get pending(): boolean {
    return this.#goal !== undefined;
  }

  get usesAcceptList(): boolean {
    return this.#goal?.usesAcceptList === true;
  }

  start(goal: ConnectionGoal): void {
    const { medium } = this.#chip;
    this.#goal = goal;
    this.#since = medium.clock.now();
    medium.listen(this);
  }

  /** LE Create Connection Cancel: the connection complete event tells that there is none. Vol 4, Part E, 7.8.13. */
  cancel(): void {
    const goal = this.#goal;
    if (!goal) return;
    this.reset();
    announceFailure(this.#chip, Role.Central, Status.UnknownConnectionIdentifier, goal.peer);
  }

  hear(advertiser: Advertisement): void {
    const goal = this.#goal;
    const chip = this.#chip;
    if (!goal || !advertiser.has(Property.Connectable)) return;
    const reception = receptionOf(chip, advertiser, goal.phys, this.#since);
    const peer = reception && recognise(chip, advertiser.address);
    if (!peer || !this.#isWanted(goal, peer) || !this.#isForMe(goal, advertiser)) return;
    if (chip.links.full || chip.links.withPeer(peer.address)) return;
    const { legacy, parameters } = advertiser;
    const phy = (legacy ? parameters.primaryPhy : parameters.secondaryPhy) as Phy;
    // A host that names no parameters for the PHY of the connection means those of the PHY it listens on.
    const wanted = goal.phys.find((each) => each.phy === phy) ?? reception.window;
    this.#connect(goal, advertiser, peer, {
      phy,
      wanted,
      // Behind the packet that was heard: no other goes out in this event.
      requestedAt: requestAt(advertiser, reception.at),
    });
  }

  reset(): void {
    this.#goal = undefined;
    this.#chip.medium.stopListening(this);
  }

  #isWanted(goal: ConnectionGoal, { address }: Peer): boolean {
    return goal.usesAcceptList ? this.#chip.acceptList.has(address) : sameAddress(address, goal.peer);
  }

  #isForMe(goal: ConnectionGoal, { target }: Advertisement): boolean {
    return !target || aimOf(this.#chip, goal.ownAddressType, target).at === "self";
  }

  /** CONNECT_IND or AUX_CONNECT_REQ, if the advertiser gets and takes it. Vol 6, Part B, 4.4.4. */
  #connect(
    goal: ConnectionGoal,
    advertiser: Advertisement,
    peer: Peer,
    { phy, wanted, requestedAt }: Request,
  ): void {
    const chip = this.#chip;
    const own = ownAddress(chip, goal.ownAddressType, chip.randomAddress, peer.address);
    if (chip.medium.receives(chip, advertiser.chip, phy) === undefined) return;
    const self = advertiser.takeConnection(own);
    if (!self) return;
    this.reset();
    advertiser.disable();
    const { peer: end } = establish(
      { chip, own, peer },
      { chip: advertiser.chip, own: advertiser.address, peer: self },
      {
        connectionInterval: wanted.connectionIntervalMax,
        peripheralLatency: wanted.maxLatency,
        supervisionTimeout: wanted.supervisionTimeout,
      },
      {
        phy,
        mostEventTime: eventTime(wanted.maxCeLength),
        requestedAt,
        channel: requestChannel(advertiser, requestedAt),
        isExtended: !advertiser.legacy,
        source: advertiser,
      },
    );
    advertiser.connected(end.handle);
  }
}
