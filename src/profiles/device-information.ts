import { u16, u24, u8 } from "../common/struct.ts";
import {
  type CharacteristicType,
  defineCharacteristic,
  type TypedCharacteristicDefinition,
} from "../gatt/define-characteristic.ts";
import { type CharacteristicDefinition, service, type ServiceDefinition } from "../gatt/service-builder.ts";
import { fields, octets, text } from "./codec.ts";
import { u40 } from "./fields.ts";
import { ServiceUuid } from "./service-uuid.ts";

/** Manufacturer Name String, 0x2A29. Device Information Service 1.1, 3.1. */
export const manufacturerName: CharacteristicType<string> = defineCharacteristic("2a29", text);
/** Model Number String, 0x2A24. Device Information Service 1.1, 3.2. */
export const modelNumber: CharacteristicType<string> = defineCharacteristic("2a24", text);
/** Serial Number String, 0x2A25. Device Information Service 1.1, 3.3. */
export const serialNumber: CharacteristicType<string> = defineCharacteristic("2a25", text);
/** Hardware Revision String, 0x2A27. Device Information Service 1.1, 3.4. */
export const hardwareRevision: CharacteristicType<string> = defineCharacteristic("2a27", text);
/** Firmware Revision String, 0x2A26. Device Information Service 1.1, 3.5. */
export const firmwareRevision: CharacteristicType<string> = defineCharacteristic("2a26", text);
/** Software Revision String, 0x2A28. Device Information Service 1.1, 3.6. */
export const softwareRevision: CharacteristicType<string> = defineCharacteristic("2a28", text);

/** An EUI-64: which device this is among all of its kind in the world. Device Information Service 1.1, 3.7. */
export interface SystemId {
  /** The 40 bits the manufacturer gives. */
  readonly manufacturerIdentifier: number;
  /** The 24 bits the IEEE has given the manufacturer. */
  readonly organizationallyUniqueIdentifier: number;
}

/** System ID, 0x2A23. */
export const systemId: CharacteristicType<SystemId> = defineCharacteristic(
  "2a23",
  fields("System ID", { manufacturerIdentifier: u40, organizationallyUniqueIdentifier: u24 }),
);

/** IEEE 11073-20601 Regulatory Certification Data List, 0x2A2A, as it is. Device Information Service 1.1, 3.8. */
export const regulatoryCertificationDataList: CharacteristicType<Uint8Array> = defineCharacteristic(
  "2a2a",
  octets,
);

/** Who has given a {@link PnpId} its vendor. Device Information Service 1.1, 3.9. */
export const VendorIdSource = { BluetoothSig: 1, UsbImplementersForum: 2 } as const;

/** What device this is, for whoever looks for a driver. Device Information Service 1.1, 3.9. */
export interface PnpId {
  /** One of {@link VendorIdSource}. */
  readonly vendorIdSource: number;
  /** A company identifier, or a vendor of USB devices. */
  readonly vendorId: number;
  /** Given by the vendor. */
  readonly productId: number;
  /** Binary-coded decimal: 0x0213 is version 2.1.3. */
  readonly productVersion: number;
}

/** PnP ID, 0x2A50. */
export const pnpId: CharacteristicType<PnpId> = defineCharacteristic(
  "2a50",
  fields<PnpId>("PnP ID", { vendorIdSource: u8, vendorId: u16, productId: u16, productVersion: u16 }),
);

/** Everything a Device Information service can tell. */
export interface DeviceInformation {
  readonly manufacturerName: string;
  readonly modelNumber: string;
  readonly serialNumber: string;
  readonly hardwareRevision: string;
  readonly firmwareRevision: string;
  readonly softwareRevision: string;
  readonly systemId: SystemId;
  readonly regulatoryCertificationDataList: Uint8Array;
  readonly pnpId: PnpId;
}

/** The kinds of characteristic by what they tell. */
const kinds: { readonly [K in keyof DeviceInformation]: CharacteristicType<DeviceInformation[K]> } = {
  manufacturerName,
  modelNumber,
  serialNumber,
  hardwareRevision,
  firmwareRevision,
  softwareRevision,
  systemId,
  regulatoryCertificationDataList,
  pnpId,
};

/** A characteristic for each of what `I` has. */
export type DeviceInformationCharacteristics<I extends Partial<DeviceInformation>> = {
  readonly [K in keyof I]: TypedCharacteristicDefinition<
    K extends keyof DeviceInformation ? DeviceInformation[K] : never
  >;
};

/**
 * Defines a Device Information service, to be offered with `host.gatt.add`. Device Information Service 1.1.
 *
 * @param information - What is not in it has no characteristic.
 */
export function deviceInformationService<I extends Partial<DeviceInformation>>(
  information: I,
): ServiceDefinition<DeviceInformationCharacteristics<I>> {
  const characteristics: Record<string, CharacteristicDefinition> = {};
  for (const name of Object.keys(kinds) as (keyof DeviceInformation)[]) {
    const definition = definitionOf(name, information[name]);
    if (definition) characteristics[name] = definition;
  }
  return service(ServiceUuid.DeviceInformation, characteristics as DeviceInformationCharacteristics<I>);
}

function definitionOf<K extends keyof DeviceInformation>(
  name: K,
  value: DeviceInformation[K] | undefined,
): CharacteristicDefinition | undefined {
  return value === undefined ? undefined : kinds[name].characteristic({ value });
}
