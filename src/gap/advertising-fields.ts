import type { Address } from "../common/address.ts";
import type { Uuid, UuidLike } from "../common/uuid.ts";
import type { AdStructure } from "./advertising-structure.ts";

/** What a service says about itself. Supplement to the Core Specification, Part A, 1.11. */
export interface ServiceData {
  readonly uuid: Uuid;
  readonly data: Uint8Array;
}

/** What a company's device says in that company's own form. Supplement to the Core Specification, Part A, 1.4. */
export interface ManufacturerData {
  /** Company identifier, such as 0x004C. Assigned Numbers, 7. */
  readonly companyId: number;
  readonly data: Uint8Array;
}

/** Connection intervals that suit a peripheral; an end left open is not specified. */
export interface ConnectionIntervalRange {
  /** 7.5 to 4000 ms in steps of 1.25 ms. */
  readonly minMs?: number;
  /** 7.5 to 4000 ms in steps of 1.25 ms, not less than `minMs`. */
  readonly maxMs?: number;
}

/** The roles a device can take, and which it would rather have. Supplement to the Core Specification, Part A, 1.17. */
export type GapRole = "peripheral" | "central" | "both, peripheral preferred" | "both, central preferred";

/** Who made the device. Of BR/EDR's extended inquiry response. */
export interface DeviceId {
  /** 1: `vendorId` was assigned by the Bluetooth SIG; 2: by the USB Implementer's Forum. */
  readonly vendorIdSource: number;
  readonly vendorId: number;
  readonly productId: number;
  readonly version: number;
}

/** Something an organization offers over another transport. Supplement to the Core Specification, Part A, 1.10. */
export interface TransportBlock {
  readonly organizationId: number;
  /** Role, whether the data is incomplete, and the state of the transport. */
  readonly flags: number;
  readonly data: Uint8Array;
}

/** A change of the channels of a periodic advertising train with data on them. */
export interface ChannelMapUpdate {
  /** 5 octets, one bit a channel. */
  readonly channelMap: Uint8Array;
  /** The event from which the new map counts, 0 to 65535. */
  readonly instant: number;
}

/** AD structures that only holders of the key can read. Supplement to the Core Specification, Part A, 1.23. */
export interface EncryptedAdvertisingData {
  /** 5 octets. */
  readonly randomizer: Uint8Array;
  readonly payload: Uint8Array;
  /** 4 octets. */
  readonly mic: Uint8Array;
}

/** When and how to answer a periodic advertiser. Supplement to the Core Specification, Part A, 1.24. */
export interface PeriodicAdvertisingResponseTiming {
  /** Access address of the responses. */
  readonly responseAccessAddress: number;
  readonly subevents: number;
  /** In steps of 1.25 ms. */
  readonly subeventIntervalMs: number;
  /** In steps of 1.25 ms. */
  readonly responseSlotDelayMs: number;
  /** In steps of 0.125 ms. */
  readonly responseSlotSpacingMs: number;
}

/** What a device for 3D video tells in advance. 3D Synchronization Profile, 4.2. */
export interface ThreeDInformation {
  readonly flags: number;
  /** In dB. */
  readonly pathLossThreshold: number;
}

/**
 * What advertising data can say, a property for each AD type. Supplement to the Core Specification, Part A, 1.
 *
 * A property is absent when its type is. Octets are in the order of the air, little-endian.
 */
export interface AdvertisingFields {
  /** The bits of `AdFlag`. */
  readonly flags?: number;
  readonly serviceUuids?: readonly Uuid[];
  /** There are more services than `serviceUuids` lists. */
  readonly serviceUuidsIncomplete?: boolean;
  /** Up to the first NUL or the first octet that is no UTF-8. */
  readonly localName?: string;
  /** `localName` is only how the name begins. */
  readonly localNameShortened?: boolean;
  /** In dBm, -127 to 127. */
  readonly txPowerLevel?: number;
  /** Category and sub-category, such as 0x0341 for a heart rate belt. Assigned Numbers, 2.6. */
  readonly appearance?: number;
  readonly serviceData?: readonly ServiceData[];
  readonly manufacturerData?: readonly ManufacturerData[];
  /** Services that the device looks for in those that connect. */
  readonly solicitedServiceUuids?: readonly Uuid[];
  readonly connectionIntervalRange?: ConnectionIntervalRange;
  /** In steps of 0.625 ms. */
  readonly advertisingIntervalMs?: number;
  /** The devices that the advertiser wants to be heard by. */
  readonly targetAddresses?: readonly Address[];
  readonly uri?: string;
  /** Of the advertiser, or of the device that the data is about when it came another way. */
  readonly deviceAddress?: Address;
  readonly role?: GapRole;
  /** The LE features as one bit each; octets of zero at the end may be left out. */
  readonly supportedFeatures?: Uint8Array;
  /** 24 bits. Of BR/EDR's extended inquiry response. */
  readonly classOfDevice?: number;
  readonly deviceId?: DeviceId;
  /** 16 octets, for pairing out of band. */
  readonly securityManagerTk?: Uint8Array;
  /** Out-of-band data present, LE supported, both at once, address type: one bit each from bit 0 on. */
  readonly securityManagerOobFlags?: number;
  /** 16 octets, C. For pairing out of band over LE. */
  readonly secureConnectionsConfirmation?: Uint8Array;
  /** 16 octets, r. For pairing out of band over LE. */
  readonly secureConnectionsRandom?: Uint8Array;
  /** 16 octets. For pairing out of band over BR/EDR, like the three that follow. */
  readonly simplePairingHashC192?: Uint8Array;
  readonly simplePairingRandomizerR192?: Uint8Array;
  readonly simplePairingHashC256?: Uint8Array;
  readonly simplePairingRandomizerR256?: Uint8Array;
  /** As the Indoor Positioning Service lays it out. */
  readonly indoorPositioning?: Uint8Array;
  readonly transportDiscovery?: readonly TransportBlock[];
  readonly channelMapUpdate?: ChannelMapUpdate;
  /** A provisioning bearer PDU of Bluetooth Mesh. */
  readonly pbAdv?: Uint8Array;
  /** A network PDU of Bluetooth Mesh. */
  readonly meshMessage?: Uint8Array;
  /** A beacon of Bluetooth Mesh. */
  readonly meshBeacon?: Uint8Array;
  /** 33 octets, or 57 of an encrypted group. Vol 6, Part B, 4.4.6.11. */
  readonly bigInfo?: Uint8Array;
  /** 1 to 16 octets. */
  readonly broadcastCode?: Uint8Array;
  /** 6 octets: a hash of three and the random part of three. */
  readonly resolvableSetIdentifier?: Uint8Array;
  readonly broadcastName?: string;
  readonly encryptedData?: readonly EncryptedAdvertisingData[];
  readonly periodicAdvertisingResponseTiming?: PeriodicAdvertisingResponseTiming;
  /** As the Electronic Shelf Label Profile lays it out. */
  readonly electronicShelfLabel?: Uint8Array;
  readonly threeDInformation?: ThreeDInformation;
}

/** Advertising data as received. Everything in it is a copy that the program may keep. */
export interface AdvertisingData extends AdvertisingFields {
  readonly serviceUuids: readonly Uuid[];
  readonly serviceData: readonly ServiceData[];
  readonly manufacturerData: readonly ManufacturerData[];
  /**
   * All structures in their order, also those of unknown types and those whose content does not fit their type;
   * the properties have nothing of the latter.
   */
  readonly structures: readonly AdStructure[];
  /** The data ended in the middle of a structure, which is left out. */
  readonly truncated: boolean;
}

/** Properties of {@link AdvertisingFields} that a program may give in a shorter form. */
type Shorter = "serviceUuids" | "solicitedServiceUuids" | "serviceData" | "targetAddresses" | "deviceAddress";

/** Advertising data to be sent. */
export interface AdvertisingDataInput extends Omit<AdvertisingFields, Shorter> {
  readonly serviceUuids?: readonly UuidLike[];
  readonly solicitedServiceUuids?: readonly UuidLike[];
  readonly serviceData?: readonly { readonly uuid: UuidLike; readonly data: Uint8Array }[];
  /** Addresses as text are in the form of `Address.parse`. */
  readonly targetAddresses?: readonly (Address | string)[];
  readonly deviceAddress?: Address | string;
  /** More structures, of types that have no property here; they come last. */
  readonly others?: readonly AdStructure[];
}
