import { Address } from "../common/address.ts";
import { noOctets } from "../common/bytes.ts";
import { MalformedPduError } from "../common/errors.ts";
import { Uuid } from "../common/uuid.ts";
import { AdType } from "./ad-type.ts";
import * as contents from "./advertising-content.ts";
import type { AdvertisingFields } from "./advertising-fields.ts";
import { type AdStructure, maximumStructureData } from "./advertising-structure.ts";

/** Fields while they are being gathered. */
export type Draft = { -readonly [K in keyof AdvertisingFields]: AdvertisingFields[K] };

/** How one property goes over the air: as structures of which types, and what is in them. */
export interface AdRule {
  readonly property: keyof AdvertisingFields;
  readonly types: readonly number[];
  /**
   * Takes a structure of one of `types` into the draft.
   *
   * @throws {@link MalformedPduError} Its content does not fit the type.
   */
  read(structure: AdStructure, into: Draft): void;
  /** @throws {@link RangeError} The value is beyond what the type can say; the message names the property. */
  write(from: AdvertisingFields): AdStructure[];
}

/** Types of the three widths a UUID may have. */
interface Widths {
  readonly bits16: number;
  readonly bits32: number;
  readonly bits128: number;
}

const complete: Widths = {
  bits16: AdType.CompleteServiceUuids16,
  bits32: AdType.CompleteServiceUuids32,
  bits128: AdType.CompleteServiceUuids128,
};
const incomplete: Widths = {
  bits16: AdType.IncompleteServiceUuids16,
  bits32: AdType.IncompleteServiceUuids32,
  bits128: AdType.IncompleteServiceUuids128,
};
const solicited: Widths = {
  bits16: AdType.SolicitedServiceUuids16,
  bits32: AdType.SolicitedServiceUuids32,
  bits128: AdType.SolicitedServiceUuids128,
};
const serviceData: Widths = {
  bits16: AdType.ServiceData16,
  bits32: AdType.ServiceData32,
  bits128: AdType.ServiceData128,
};

/** One rule a property, in the order in which they are sent: what scanners look for comes first. */
export const adRules: readonly AdRule[] = [
  one("flags", AdType.Flags, contents.flags),
  rule({
    property: "serviceUuids",
    types: [...typesOf(complete), ...typesOf(incomplete)],
    read({ type, data }, into) {
      const isIncomplete = typesOf(incomplete).includes(type);
      if (isIncomplete) into.serviceUuidsIncomplete = true;
      into.serviceUuids = [
        ...(into.serviceUuids ?? []),
        ...uuidsIn(data, widthOf(type, isIncomplete ? incomplete : complete)),
      ];
    },
    write({ serviceUuids = [], serviceUuidsIncomplete = false }) {
      if (!serviceUuidsIncomplete) return uuidLists(serviceUuids, complete);
      // There are services, but none is named.
      if (serviceUuids.length === 0) return [{ type: incomplete.bits16, data: noOctets }];
      return uuidLists(serviceUuids, incomplete);
    },
  }),
  rule({
    property: "localName",
    types: [AdType.CompleteLocalName, AdType.ShortenedLocalName],
    read({ type, data }, into) {
      const shortened = type === AdType.ShortenedLocalName;
      // The complete name wins, whichever comes first.
      if (into.localName !== undefined && (shortened || into.localNameShortened !== true)) return;
      into.localName = contents.text.decode(data);
      if (shortened) into.localNameShortened = true;
      else delete into.localNameShortened;
    },
    write({ localName, localNameShortened }) {
      if (localName === undefined) return [];
      const type = localNameShortened === true ? AdType.ShortenedLocalName : AdType.CompleteLocalName;
      return [{ type, data: contents.text.encode(localName) }];
    },
  }),
  one("txPowerLevel", AdType.TxPowerLevel, contents.signedOctet),
  one("appearance", AdType.Appearance, contents.number16),
  rule({
    property: "serviceData",
    types: typesOf(serviceData),
    read({ type, data }, into) {
      const width = widthOf(type, serviceData);
      if (data.length < width) throw new MalformedPduError("Service Data", "shorter than its UUID", data);
      const entry = { uuid: Uuid.from(data.subarray(0, width)), data: data.subarray(width) };
      into.serviceData = [...(into.serviceData ?? []), entry];
    },
    write: (from) =>
      (from.serviceData ?? []).map(({ uuid, data }) => {
        const octets = shortest(uuid);
        return { type: typeOf(octets.length, serviceData), data: Uint8Array.of(...octets, ...data) };
      }),
  }),
  many("manufacturerData", AdType.ManufacturerSpecificData, contents.manufacturerData),
  rule({
    property: "solicitedServiceUuids",
    types: typesOf(solicited),
    read({ type, data }, into) {
      const found = uuidsIn(data, widthOf(type, solicited));
      if (found.length > 0) into.solicitedServiceUuids = [...(into.solicitedServiceUuids ?? []), ...found];
    },
    write: (from) => uuidLists(from.solicitedServiceUuids ?? [], solicited),
  }),
  one("connectionIntervalRange", AdType.PeripheralConnectionIntervalRange, contents.connectionIntervalRange),
  rule({
    property: "advertisingIntervalMs",
    types: [AdType.AdvertisingInterval, AdType.AdvertisingIntervalLong],
    read({ type, data }, into) {
      const long = data.length === 3 ? contents.number24 : contents.number32;
      const content = type === AdType.AdvertisingInterval ? contents.number16 : long;
      into.advertisingIntervalMs ??= content.decode(data) * 0.625;
    },
    write({ advertisingIntervalMs: ms }) {
      if (ms === undefined) return [];
      const units = Math.round(ms / 0.625);
      if (units <= 0xffff)
        return [{ type: AdType.AdvertisingInterval, data: contents.number16.encode(units) }];
      const content = units <= 0xff_ffff ? contents.number24 : contents.number32;
      return [{ type: AdType.AdvertisingIntervalLong, data: content.encode(units) }];
    },
  }),
  rule({
    property: "targetAddresses",
    types: [AdType.PublicTargetAddress, AdType.RandomTargetAddress],
    read({ type, data }, into) {
      const kind = type === AdType.PublicTargetAddress ? "public" : "random";
      const found = contents.addresses.decode(data).map((value) => new Address(kind, value));
      if (found.length > 0) into.targetAddresses = [...(into.targetAddresses ?? []), ...found];
    },
    write({ targetAddresses = [] }) {
      return (["public", "random"] as const).flatMap((kind) => {
        const values = targetAddresses.filter(({ type }) => type === kind).map(({ value }) => value);
        const type = kind === "public" ? AdType.PublicTargetAddress : AdType.RandomTargetAddress;
        return values.length === 0 ? [] : [{ type, data: contents.addresses.encode(values) }];
      });
    },
  }),
  one("uri", AdType.Uri, contents.uri),
  one("deviceAddress", AdType.DeviceAddress, contents.deviceAddress),
  one("role", AdType.Role, contents.role),
  one("supportedFeatures", AdType.SupportedFeatures, contents.octets),
  one("classOfDevice", AdType.ClassOfDevice, contents.number24),
  // The two share a type and differ in length.
  one("deviceId", AdType.SecurityManagerTkOrDeviceId, contents.deviceId),
  one("securityManagerTk", AdType.SecurityManagerTkOrDeviceId, contents.octets16),
  one("securityManagerOobFlags", AdType.SecurityManagerOobFlags, contents.octet),
  one("secureConnectionsConfirmation", AdType.SecureConnectionsConfirmation, contents.octets16),
  one("secureConnectionsRandom", AdType.SecureConnectionsRandom, contents.octets16),
  one("simplePairingHashC192", AdType.SimplePairingHashC192, contents.octets16),
  one("simplePairingRandomizerR192", AdType.SimplePairingRandomizerR192, contents.octets16),
  one("simplePairingHashC256", AdType.SimplePairingHashC256, contents.octets16),
  one("simplePairingRandomizerR256", AdType.SimplePairingRandomizerR256, contents.octets16),
  one("indoorPositioning", AdType.IndoorPositioning, contents.octets),
  one("transportDiscovery", AdType.TransportDiscoveryData, contents.transportDiscovery),
  one("channelMapUpdate", AdType.ChannelMapUpdateIndication, contents.channelMapUpdate),
  one("pbAdv", AdType.PbAdv, contents.octets),
  one("meshMessage", AdType.MeshMessage, contents.octets),
  one("meshBeacon", AdType.MeshBeacon, contents.octets),
  one(
    "bigInfo",
    AdType.BigInfo,
    contents.octetsOf((length) => length === 33 || length === 57),
  ),
  one(
    "broadcastCode",
    AdType.BroadcastCode,
    contents.octetsOf((length) => length >= 1 && length <= 16),
  ),
  one("resolvableSetIdentifier", AdType.ResolvableSetIdentifier, contents.octets6),
  one("broadcastName", AdType.BroadcastName, contents.text),
  many("encryptedData", AdType.EncryptedAdvertisingData, contents.encryptedData),
  one(
    "periodicAdvertisingResponseTiming",
    AdType.PeriodicAdvertisingResponseTiming,
    contents.periodicAdvertisingResponseTiming,
  ),
  one("electronicShelfLabel", AdType.ElectronicShelfLabel, contents.octets),
  one("threeDInformation", AdType.ThreeDInformation, contents.threeDInformation),
];

/** A property of one value. Of several structures of the type the first counts. */
function one<K extends keyof AdvertisingFields>(
  property: K,
  type: number,
  content: contents.Content<NonNullable<AdvertisingFields[K]>>,
): AdRule {
  return rule({
    property,
    types: [type],
    read({ data }, into) {
      const value = content.decode(data);
      into[property] ??= value;
    },
    write(from) {
      const value = from[property];
      return value === undefined ? [] : [{ type, data: content.encode(value) }];
    },
  });
}

interface Many {
  manufacturerData: AdvertisingFields["manufacturerData"];
  encryptedData: AdvertisingFields["encryptedData"];
}
type ElementOf<K extends keyof Many> = NonNullable<Many[K]>[number];

/** A property of a value for each structure of the type. */
function many<K extends keyof Many>(
  property: K,
  type: number,
  content: contents.Content<ElementOf<K>>,
): AdRule {
  return rule({
    property,
    types: [type],
    read({ data }, into) {
      const others: readonly unknown[] = into[property] ?? [];
      Object.assign(into, { [property]: [...others, content.decode(data)] });
    },
    write(from) {
      const values: readonly ElementOf<K>[] = from[property] ?? [];
      return values.map((value) => ({ type, data: content.encode(value) }));
    },
  });
}

/** Adds to a rule that what cannot be written is named. */
function rule(plain: AdRule): AdRule {
  return {
    ...plain,
    write(from) {
      try {
        return plain.write(from).map(checked);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        throw new RangeError(`${plain.property}: ${error.message}`, { cause: error });
      }
    },
  };
}

function checked(structure: AdStructure): AdStructure {
  const surplus = structure.data.length - maximumStructureData;
  if (surplus > 0) throw new RangeError(`${surplus} octets more than one AD structure holds`);
  return structure;
}

function typesOf({ bits16, bits32, bits128 }: Widths): number[] {
  return [bits16, bits32, bits128];
}

/** Octets of the UUIDs in a structure of this type. */
function widthOf(type: number, { bits16, bits32 }: Widths): number {
  if (type === bits16) return 2;
  return type === bits32 ? 4 : 16;
}

function typeOf(width: number, { bits16, bits32, bits128 }: Widths): number {
  if (width === 2) return bits16;
  return width === 4 ? bits32 : bits128;
}

/** Advertising data knows 32-bit UUIDs where ATT does not. */
function shortest(uuid: Uuid): Uint8Array {
  return uuid.short !== undefined && uuid.short > 0xffff ? uuid.wide.subarray(12) : uuid.octets;
}

/** As many UUIDs as there are whole. */
function uuidsIn(data: Uint8Array, width: number): Uuid[] {
  return Array.from({ length: Math.floor(data.length / width) }, (_, at) =>
    Uuid.from(data.subarray(at * width, (at + 1) * width)),
  );
}

/** A list for each width of which there are UUIDs. */
function uuidLists(uuids: readonly Uuid[], widths: Widths): AdStructure[] {
  const octets = uuids.map(shortest);
  return [2, 4, 16].flatMap((width) => {
    const fitting = octets.filter(({ length }) => length === width);
    if (fitting.length === 0) return [];
    return [{ type: typeOf(width, widths), data: Uint8Array.from(fitting.flatMap((uuid) => [...uuid])) }];
  });
}
