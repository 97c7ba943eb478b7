import type { Address } from "../common/address.ts";
import { equal, noOctets } from "../common/bytes.ts";
import type { Uuid } from "../common/uuid.ts";
import type { AdvertisingReport } from "../hci/events/le-advertising.ts";
import { decodeAdvertisingData } from "./advertising-data.ts";
import type { AdvertisingData, ManufacturerData, ServiceData } from "./advertising-fields.ts";
import { addressFrom } from "./device-address.ts";

/** A device that a scan has found. Everything in it is a copy that the program may keep. */
export interface Found {
  readonly address: Address;
  /** In dBm, -127 to 20; `undefined` when the controller does not know. */
  readonly rssi: number | undefined;
  /** Whether it can be connected to. */
  readonly connectable: boolean;
  /** Complete or shortened, from the scan response if the advertisement has none. */
  readonly name: string | undefined;
  /** Of advertisement and scan response together. */
  readonly services: readonly Uuid[];
  readonly serviceData: readonly ServiceData[];
  readonly manufacturerData: readonly ManufacturerData[];
  readonly advertisement: AdvertisingData;
  /** `undefined` until there was one; never in a passive scan. */
  readonly scanResponse: AdvertisingData | undefined;
}

/** Event types of an advertising report. Vol 4, Part E, 7.7.65.2. */
const ReportType = { ConnectableUndirected: 0x00, ConnectableDirected: 0x01, ScanResponse: 0x04 } as const;
const rssiUnknown = 127;

/** What a scan remembers of one device: the last of each kind of packet, put together. */
export class Sighting {
  readonly address: Address;
  #advertisementOctets: Uint8Array | undefined;
  #scanResponseOctets: Uint8Array | undefined;
  #advertisement: AdvertisingData = decodeAdvertisingData(noOctets);
  #scanResponse: AdvertisingData | undefined;
  #connectable = false;
  #rssi: number | undefined;

  constructor(report: AdvertisingReport) {
    this.address = addressFrom(report.addressType, report.address);
  }

  /** @returns Whether the report says something that the ones before it did not. */
  add({ eventType, data, rssi }: AdvertisingReport): boolean {
    this.#rssi = rssi === rssiUnknown ? undefined : rssi;
    if (eventType === ReportType.ScanResponse) {
      const known = this.#scanResponseOctets;
      if (known && equal(known, data)) return false;
      this.#scanResponseOctets = data.slice();
      this.#scanResponse = decodeAdvertisingData(data);
      return known !== undefined || data.length > 0; // a first one that says nothing is no news
    }
    const connectable =
      eventType === ReportType.ConnectableUndirected || eventType === ReportType.ConnectableDirected;
    const old = this.#advertisementOctets;
    if (old && equal(old, data) && connectable === this.#connectable) return false;
    this.#connectable = connectable;
    this.#advertisementOctets = data.slice();
    this.#advertisement = decodeAdvertisingData(data);
    return true;
  }

  found(): Found {
    const advertisement = this.#advertisement;
    const scanResponse = this.#scanResponse;
    const parts = scanResponse ? [advertisement, scanResponse] : [advertisement];
    return {
      address: this.address,
      rssi: this.#rssi,
      connectable: this.#connectable,
      name: nameOf(parts),
      services: parts.flatMap(({ serviceUuids }) => serviceUuids),
      serviceData: parts.flatMap(({ serviceData }) => serviceData),
      manufacturerData: parts.flatMap(({ manufacturerData }) => manufacturerData),
      advertisement,
      scanResponse,
    };
  }
}

/** A complete name, wherever it is, before a shortened one. */
function nameOf(parts: readonly AdvertisingData[]): string | undefined {
  const named = parts.filter(({ localName }) => localName !== undefined);
  return (named.find(({ localNameShortened }) => !localNameShortened) ?? named[0])?.localName;
}
