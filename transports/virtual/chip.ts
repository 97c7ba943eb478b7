import { u16At } from "../../src/common/bytes.ts";
import { PacketType } from "../../src/hci/packet.ts";
import type { LeSetDefaultPhyParameters } from "../../src/hci/commands/le-connection.ts";
import type { SubrateParameters } from "../../src/hci/commands/le-subrating.ts";
import { Status } from "../../src/hci/status.ts";
import type { HciReceiver } from "../../src/hci/transport.ts";
import { AclPath } from "./acl-path.ts";
import { Advertiser } from "./advertiser.ts";
import { AdvertisingSets } from "./advertising-sets.ts";
import type { CommandSet } from "./command-set.ts";
import { commandsOf, type KnownCommands } from "./command-table.ts";
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
import { LinkTable } from "./link-table.ts";
import type { Medium } from "./medium.ts";
import type { KeyPair } from "./p256.ts";
import type { Station } from "./pump.ts";
import { PeriodicSyncs } from "./periodic-syncs.ts";
import { ResolvingList } from "./resolving-list.ts";
import { Scanner } from "./scanner.ts";
import type { Settings } from "./settings.ts";
import { noSubrating } from "./subrating.ts";
import { ignoreTransfers } from "./sync-transfer.ts";
import type { SyncTransferParameters } from "../../src/hci/commands/le-periodic-sync-transfer.ts";

/** How many faults are kept: a host that makes more of them makes no new ones. */
const mostFaults = 1000;

/** The inside of a virtual controller: what its parts are and how they are put together, and nothing else. */
export class Chip implements Station {
  awake = false;
  readonly medium: Medium;
  readonly settings: Settings;
  readonly hci: HciPort;
  readonly acl: AclPath;
  readonly links: LinkTable;
  readonly acceptList: FilterAcceptList;
  readonly resolvingList: ResolvingList;
  /** The set of the legacy commands. */
  readonly advertiser: Advertiser = new Advertiser(this);
  readonly advertisingSets: AdvertisingSets = new AdvertisingSets(this);
  readonly scanner: Scanner = new Scanner(this);
  readonly initiator: Initiator = new Initiator(this);
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
  /** In dBm. */
  txPower: number;
  /** What was done on links that have ended. */
  readonly counters: Counters = noCounters();
  readonly #commands: KnownCommands;

  constructor(medium: Medium, settings: Settings) {
    this.medium = medium;
    this.settings = settings;
    this.#commands = commandsOf(settings.profile);
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
        this.#command(packet);
        return;
      default:
        this.fault("malformedPacket", `a packet of the type ${packet[0] ?? "that is missing"}`);
    }
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
    this.keyPair = undefined;
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

  #command(packet: Uint8Array): void {
    if (packet.length < 4) {
      this.fault("malformedPacket", `a command of ${packet.length} octets`);
      return;
    }
    const opcode = u16At(packet, 1);
    const isWhole = packet[3] === packet.length - 4;
    if (!isWhole) this.fault("malformedPacket", `a command of ${packet.length} octets says otherwise`);
    const handler = this.#commands.handlers.get(opcode);
    if (!handler) this.hci.status(opcode, Status.UnknownHciCommand);
    else if (!isWhole) handler.refuse(this, Status.InvalidHciCommandParameters);
    else handler.run(this, packet.subarray(4));
  }
}
