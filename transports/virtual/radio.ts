import type { LeSetDefaultPhyParameters } from "../../src/hci/commands/le-connection.ts";
import type { RfPathCompensation } from "../../src/hci/commands/le-controller.ts";
import type { SyncTransferParameters } from "../../src/hci/commands/le-periodic-sync-transfer.ts";
import type { SubrateParameters } from "../../src/hci/commands/le-subrating.ts";
import type { AdvertisingParameters } from "./advertising-parameters.ts";
import type { SyncInfo } from "./advertising-pdu.ts";
import type { CommandSet } from "./command-set.ts";
import type { Counters } from "./counters.ts";
import type { Limit } from "./data-length.ts";
import type { DeviceAddress } from "./device-address.ts";
import type { FilterAcceptList } from "./filter-accept-list.ts";
import type { FragmentedData } from "./fragmented-data.ts";
import type { HciPort } from "./hci-port.ts";
import type { LinkIdentity } from "./link-identity.ts";
import type { Linked } from "./link-table.ts";
import type { Medium, Sender } from "./medium.ts";
import type { OwnAddress, Peer } from "./peer.ts";
import type { RadioTime } from "./radio-time.ts";
import type { ResolvingList } from "./resolving-list.ts";
import type { Settings } from "./settings.ts";

/** A controller, as far as its own parts and those of others know it. */
export interface Radio {
  readonly medium: Medium;
  readonly settings: Settings;
  readonly hci: HciPort;
  /** Its buffers for data. */
  readonly acl: AclBuffers;
  readonly links: Links;
  readonly acceptList: FilterAcceptList;
  readonly resolvingList: ResolvingList;
  readonly radio: RadioTime;
  /** The LE features, with the bits that are the host's to set. Vol 6, Part B, 4.6. */
  readonly features: Uint8Array;
  /** `undefined` until the host sets one. */
  readonly randomAddress: number | undefined;
  /** `undefined` until the host uses one of them. */
  readonly commandSet: CommandSet | undefined;
  /** At the transceiver, in dBm. */
  readonly txPower: number;
  /** At the antenna, in dBm. */
  readonly radiatedPower: number;
  readonly rfPath: RfPathCompensation;
  readonly clockAccuracy: number;
  /** What new links begin with. */
  readonly dataLengthDefaults: Limit;
  readonly phyDefaults: LeSetDefaultPhyParameters;
  readonly subrateDefaults: SubrateParameters;
  readonly syncTransferDefaults: SyncTransferParameters;
  readonly channelMap: Uint8Array;
  /** What was done on links that have ended. */
  readonly counters: Counters;
  /** A peer has told how to receive a train. Vol 6, Part B, 5.1.13. */
  receiveSync(connectionHandle: number, serviceData: number, train: Train): void;
}

/** What the end of a link needs of its controller's buffers. */
export interface AclBuffers {
  /** A packet of the link has been taken: its buffer is free. */
  returned(end: BufferHolder): void;
  /** The link is gone, and its buffers are free. */
  forget(end: BufferHolder): void;
}

/** What a link has of its controller's buffers. */
export interface BufferHolder {
  readonly handle: number;
  /** How many hold packets of this link. */
  held: number;
  /** How many packets the peer has taken since the host was last told. */
  completed: number;
}

/** The links of a controller, as its other parts know them. */
export interface Links {
  readonly full: boolean;
  withPeer(address: DeviceAddress): Linked | undefined;
  freeHandle(): number;
  add(end: Linked): void;
  remove(end: Linked): void;
}

/** What an advertiser sends now, and how it takes what comes in answer. Vol 6, Part B, 4.4.2. */
export interface Advertisement extends Sender {
  readonly chip: Radio;
  readonly parameters: AdvertisingParameters;
  readonly data: FragmentedData;
  readonly scanResponse: FragmentedData;
  readonly periodic: Train;
  /** The advertising DID. */
  readonly dataId: number;
  /** AdvA of the event that goes on. */
  readonly address: OwnAddress;
  /** TargetA of the event that goes on. */
  readonly target: DeviceAddress | undefined;
  readonly legacy: boolean;
  readonly takesData: boolean;
  readonly hasAuxiliary: boolean;
  /** In ms. */
  readonly packetTime: number;
  /** In ms. */
  readonly packetSpacing: number;
  /** Whether a bit of the properties is set. */
  has(property: number): boolean;
  /** Private addresses are looked up anew. */
  updateAddresses(): void;
  /** Whether a scan request is answered. */
  takeScanRequest(from: DeviceAddress): boolean;
  /** Whose connection request is taken; `undefined` if it is not. */
  takeConnection(from: DeviceAddress): Peer | undefined;
  disable(): void;
  /** A connection came of it. */
  connected(connectionHandle: number): void;
}

/** How a set advertises periodically. Vol 4, Part E, 7.8.61. */
export interface PeriodicParameters {
  /** In 1.25 ms: the shortest of those that the host allows in which the data fits. */
  readonly interval: number;
  readonly intervalMin: number;
  readonly intervalMax: number;
  readonly includesTxPower: boolean;
}

/** Who receives a train. */
export interface TrainReceiver {
  /** One AUX_SYNC_IND is sent, with what follows it. */
  hear(): void;
  /** There will be no more of them. */
  ended(): void;
}

/** A periodic advertising train, as those know it who receive it. Vol 6, Part B, 4.4.2.12. */
export interface Train {
  readonly advertiser: Pick<Advertisement, "chip" | "parameters">;
  readonly parameters: PeriodicParameters | undefined;
  readonly data: FragmentedData;
  readonly includesAdi: boolean;
  readonly dataId: number;
  readonly address: DeviceAddress;
  readonly identity: LinkIdentity;
  readonly running: boolean;
  /** In ms. */
  readonly interval: number;
  readonly syncInfo: SyncInfo;
  attach(receiver: TrainReceiver): void;
  detach(receiver: TrainReceiver): void;
}
