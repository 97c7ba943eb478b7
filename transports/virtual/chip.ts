import { PacketType } from "../../src/hci/packet.ts";
import type { RfPathCompensation } from "../../src/hci/commands/le-controller.ts";
import type { LeSetDefaultPhyParameters } from "../../src/hci/commands/le-connection.ts";
import type { SubrateParameters } from "../../src/hci/commands/le-subrating.ts";
import type { HciReceiver } from "../../src/hci/transport.ts";
import { AclPath } from "./acl-path.ts";
import { Advertiser } from "./advertiser.ts";
import { AdvertisingSets } from "./advertising-sets.ts";
import type { CommandSet } from "./command-set.ts";
import { hasEvent } from "./core-version.ts";
import { type Counters, noCounters } from "./counters.ts";
import { allChannels } from "./data-channel.ts";
import { leastLimit, type Limit } from "./data-length.ts";
import { EventMasks } from "./event-masks.ts";
import { FilterAcceptList } from "./filter-accept-list.ts";
import { HciPort } from "./hci-port.ts";
import type { HostFault, HostFaultKind } from "./host-fault.ts";
import { Initiator } from "./initiator.ts";
import { anyPhy } from "./link-phy.ts";
import type { LinkEnd } from "./link-end.ts";
import { LinkTable } from "./link-table.ts";
import type { Medium } from "./medium.ts";
import type { KeyPair } from "./p256.ts";
import type { Station } from "./pump.ts";
import { PeriodicSyncs } from "./periodic-syncs.ts";
import type { Radio, Train } from "./radio.ts";
import { RadioTime } from "./radio-time.ts";
import { ResolvingList } from "./resolving-list.ts";
import { Scanner } from "./scanner.ts";
import type { Settings } from "./settings.ts";
import { leastAccuracy } from "./sleep-clock.ts";
import { noSubrating } from "./subrating.ts";
import { ignoreTransfers, receiveTransfer } from "./sync-transfer.ts";
import type { SyncTransferParameters } from "../../src/hci/commands/le-periodic-sync-transfer.ts";

/** How many faults are kept: a host that makes more of them makes no new ones. */
const mostFaults = 1000;

/** Until the host says otherwise, nothing. Vol 4, Part E, 7.8.75. */
const noRfPath: RfPathCompensation = { rfTxPathCompensation: 0, rfRxPathCompensation: 0 };

/** What TxPower can say, in dBm. Vol 6, Part B, 2.3.4.7. */
const powerOnAir = { least: -127, greatest: 126 } as const;

/** The inside of a virtual controller: what its parts are and how they are put together, and nothing else. */
export class Chip implements Station, Radio {
  awake = false;
  readonly medium: Medium;
  readonly settings: Settings;
  readonly hci: HciPort;
  readonly acl: AclPath;
  readonly links: LinkTable<LinkEnd>;
  readonly acceptList: FilterAcceptList;
  readonly resolvingList: ResolvingList;
  /** The set of the legacy commands. */
  readonly advertiser: Advertiser = new Advertiser(this);
  readonly advertisingSets: AdvertisingSets = new AdvertisingSets(this);
  readonly scanner: Scanner = new Scanner(this, (advertiser) => {
    this.syncs.notice(advertiser);
  });
  readonly initiator: Initiator = new Initiator(this);
  readonly radio: RadioTime = new RadioTime();
  readonly syncs: PeriodicSyncs = new PeriodicSyncs(this);
  readonly faults: HostFault[] = [];
  /** The LE features, with the bits that are the host's to set. Vol 6, Part B, 4.6. */
  features: Uint8Array;
  /** `undefined` until the host sets one. */
  randomAddress: number | undefined;
  /** `undefined` until the host uses one of them. */
  commandSet: CommandSet | undefined;
  /** What becomes of the periodic advertisers that new peers tell of. Vol 4, Part E, 7.8.92. */
  syncTransferDefaults: SyncTransferParameters = ignoreTransfers;
  /** What new links wish to send. Vol 4, Part E, 7.8.35. */
  dataLengthDefaults: Limit = leastLimit;
  /** With which PHYs new links would go. Vol 4, Part E, 7.8.48. */
  phyDefaults: LeSetDefaultPhyParameters = anyPhy;
  /** What a central grants the peripherals of new links. Vol 4, Part E, 7.8.123. */
  subrateDefaults: SubrateParameters = noSubrating;
  /** The channels that the host does not know to be bad. Vol 4, Part E, 7.8.19. */
  channelMap: Uint8Array = allChannels;
  /** What the host was given the public key of. Vol 4, Part E, 7.8.36. */
  keyPair: KeyPair | undefined;
  /** At the transceiver, in dBm. */
  txPower: number;
  /** What lies between the transceiver and the antenna. Vol 4, Part E, 7.8.76. */
  rfPath: RfPathCompensation = noRfPath;
  /** The accuracy of the sleep clock, 0 (500 ppm) to 7 (20 ppm). Vol 4, Part E, 7.7.65.31. */
  clockAccuracy: number = leastAccuracy;
  /** Whether the host says it knows LE, of which nothing follows here. Vol 4, Part E, 7.3.79. */
  hostKnowsLe = false;
  /** What was done on links that have ended. */
  readonly counters: Counters = noCounters();
  readonly #carryOut: (chip: Chip, packet: Uint8Array) => void;

  /** @param carryOut - Takes each command packet of the host, and answers it. */
  constructor(medium: Medium, settings: Settings, carryOut: (chip: Chip, packet: Uint8Array) => void) {
    this.medium = medium;
    this.settings = settings;
    this.#carryOut = carryOut;
    this.hci = new HciPort(this);
    this.acl = new AclPath(this);
    this.features = settings.leFeatures.slice();
    this.txPower = settings.txPower;
    this.links = new LinkTable(settings.firstHandle, settings.connections);
    this.acceptList = new FilterAcceptList(settings.acceptListSize);
    this.resolvingList = new ResolvingList(settings.resolvingListSize, medium.clock, medium.random);
  }

  wake(): void {
    this.medium.pump.wake(this);
  }

  takeIn(): void {
    this.hci.takeIn();
  }

  handOut(): void {
    this.acl.report();
    this.hci.handOut();
  }

  /** One packet from the host, in the air's turn. */
  receive(packet: Uint8Array): void {
    switch (packet[0]) {
      case PacketType.AclData:
        this.acl.send(packet);
        return;
      case PacketType.Command:
        this.#carryOut(this, packet);
        return;
      default:
        this.fault("malformedPacket", `a packet of the type ${packet[0] ?? "that is missing"}`);
    }
  }

  /** At the antenna, in dBm: what TxPower in extended advertising tells. Vol 4, Part E, 7.8.76. */
  get radiatedPower(): number {
    const power = this.txPower + Math.round(this.rfPath.rfTxPathCompensation / 10);
    return Math.min(powerOnAir.greatest, Math.max(powerOnAir.least, power));
  }

  /** Whether the Filter Accept List may not change now. Vol 4, Part E, 7.8.15. */
  get acceptListInUse(): boolean {
    if (this.scanner.usesAcceptList || this.initiator.usesAcceptList) return true;
    return this.advertiser.usesAcceptList || this.advertisingSets.some((set) => set.usesAcceptList);
  }

  /** Whether addresses are being used, so that they may not change now. Vol 4, Part E, 7.8.38 and 7.8.44. */
  get addressesInUse(): boolean {
    if (this.scanner.enabled || this.initiator.pending || this.syncs.pending) return true;
    return this.advertiser.enabled || this.advertisingSets.some((set) => set.enabled);
  }

  /** Whether this kind of controller sends an event at all. */
  knowsEvent(code: number, subevent: number | undefined): boolean {
    return hasEvent(this.settings.profile.core, code, subevent);
  }

  fault(kind: HostFaultKind, message: string): void {
    if (this.faults.length < mostFaults) this.faults.push({ kind, message, at: this.medium.clock.now() });
  }

  receiveSync(connectionHandle: number, serviceData: number, train: Train): void {
    const end = this.links.get(connectionHandle);
    if (end) receiveTransfer(this, end, serviceData, train);
  }

  /** HCI_Reset: everything is as at power-on, and links are gone without a word. Vol 4, Part E, 7.3.2. */
  reset(): void {
    this.advertiser.reset();
    this.advertisingSets.clear();
    this.syncs.reset();
    this.scanner.reset();
    this.initiator.reset();
    for (const end of this.links.all()) end.fallSilent();
    this.acl.clear();
    this.acceptList.clear();
    this.resolvingList.reset();
    this.commandSet = undefined;
    this.syncTransferDefaults = ignoreTransfers;
    this.features = this.settings.leFeatures.slice();
    this.randomAddress = undefined;
    this.dataLengthDefaults = leastLimit;
    this.phyDefaults = anyPhy;
    this.subrateDefaults = noSubrating;
    this.channelMap = allChannels;
    this.hci.masks = new EventMasks();
    this.hci.flow.reset();
    this.hci.ended.forget();
    this.keyPair = undefined;
    this.rfPath = noRfPath;
    this.clockAccuracy = leastAccuracy;
    this.hostKnowsLe = false;
  }

  /** Powers the controller on for a host. */
  attach(receiver: HciReceiver): void {
    if (this.hci.attached) throw new Error("this virtual controller already has a host");
    this.hci.attach(receiver);
  }

  /** Powers it off. */
  detach(): void {
    this.hci.detach();
    this.reset();
  }
}
