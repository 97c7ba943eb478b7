import { u16At } from "../../src/common/bytes.ts";
import { PacketType } from "../../src/hci/packet.ts";
import { Status } from "../../src/hci/status.ts";
import type { HciReceiver } from "../../src/hci/transport.ts";
import { AclPath } from "./acl-path.ts";
import { Advertiser } from "./advertiser.ts";
import { commandTable } from "./command-table.ts";
import { leastLimit, type Limit } from "./data-length.ts";
import { type DeviceAddress, OwnAddressType } from "./device-address.ts";
import { EventMasks } from "./event-masks.ts";
import { FilterAcceptList } from "./filter-accept-list.ts";
import { HciPort } from "./hci-port.ts";
import type { HostFault, HostFaultKind } from "./host-fault.ts";
import { Initiator } from "./initiator.ts";
import { LinkTable } from "./link-table.ts";
import type { Medium } from "./medium.ts";
import type { Station } from "./pump.ts";
import { Scanner } from "./scanner.ts";
import type { Settings } from "./settings.ts";

/** How many faults are kept: a host that makes more of them makes no new ones. */
const mostFaults = 1000;

/** The inside of a virtual controller: what its parts are and how they are put together, and nothing else. */
export class Chip implements Station {
  awake = false;
  readonly medium: Medium;
  readonly settings: Settings;
  readonly hci: HciPort = new HciPort(this);
  readonly acl: AclPath = new AclPath(this);
  readonly links: LinkTable;
  readonly acceptList: FilterAcceptList;
  readonly advertiser: Advertiser = new Advertiser(this);
  readonly scanner: Scanner = new Scanner(this);
  readonly initiator: Initiator = new Initiator(this);
  readonly faults: HostFault[] = [];
  /** `undefined` until the host sets one. */
  randomAddress: number | undefined;
  /** What new links wish to send. Vol 4, Part E, 7.8.35. */
  dataLengthDefaults: Limit = leastLimit;

  constructor(medium: Medium, settings: Settings) {
    this.medium = medium;
    this.settings = settings;
    this.links = new LinkTable(settings.firstHandle, settings.connections);
    this.acceptList = new FilterAcceptList(settings.acceptListSize);
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

  /** The address the controller uses where the host says `ownAddressType`. */
  ownAddress(ownAddressType: number): DeviceAddress {
    if (ownAddressType === OwnAddressType.Public) return { type: 0, value: this.settings.address.value };
    return { type: 1, value: this.randomAddress ?? 0 };
  }

  /** Whether the Filter Accept List may not change now. Vol 4, Part E, 7.8.15. */
  get acceptListInUse(): boolean {
    return this.advertiser.usesAcceptList || this.scanner.usesAcceptList || this.initiator.usesAcceptList;
  }

  fault(kind: HostFaultKind, message: string): void {
    if (this.faults.length < mostFaults) this.faults.push({ kind, message, at: this.medium.clock.now() });
  }

  /** HCI_Reset: everything is as at power-on, and links are gone without a word. Vol 4, Part E, 7.3.2. */
  reset(): void {
    this.advertiser.reset();
    this.scanner.reset();
    this.initiator.reset();
    for (const end of this.links.all()) end.fallSilent();
    this.acceptList.clear();
    this.randomAddress = undefined;
    this.dataLengthDefaults = leastLimit;
    this.hci.masks = new EventMasks();
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
    const handler = commandTable.get(opcode);
    if (!handler) this.hci.status(opcode, Status.UnknownHciCommand);
    else if (!isWhole) handler.refuse(this, Status.InvalidHciCommandParameters);
    else handler.run(this, packet.subarray(4));
  }
}
