import { Address } from "../common/address.ts";
import { equal, noOctets } from "../common/bytes.ts";
import type { Uuid } from "../common/uuid.ts";
import { decodeAdvertisingData } from "./advertising-data.ts";
import type { AdvertisingData, ManufacturerData, ServiceData } from "./advertising-fields.ts";
import { addressFrom } from "./device-address.ts";
import { anonymous, type Phy, type ScanReport } from "./scan-report.ts";

/** A device that a scan has found. Everything in it is a copy that the program may keep. */
export interface Found {
  /** The one on the air; where the controller has resolved a private address, the identity that it stands for. */
  readonly address: Address;
  /** The address that stays the same, of a peer with a bond; `undefined` of strangers. */
  readonly identity: Address | undefined;
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
  /** Whether it is meant for one device. */
  readonly directed: boolean;
  /** Whether it keeps its address to itself; `address` is then all zeros. */
  readonly anonymous: boolean;
  /** Whether it is of extended advertising, which has room for 1650 octets. */
  readonly extended: boolean;
  /** Whether the controller could not receive all of the data: what is here is its beginning. */
  readonly truncated: boolean;
  /** The PHYs of the first packet and, in extended advertising, of the data. */
  readonly primaryPhy: Phy;
  readonly secondaryPhy: Phy | undefined;
  /** The advertising set, 0 to 15; `undefined` for legacy advertising. */
  readonly sid: number | undefined;
  /** What the advertiser sends with, in dBm, from the packet or its data; `undefined` when it does not say. */
  readonly txPower: number | undefined;
  /** How often the periodic advertising comes that belongs to it, in ms; `undefined` when there is none. */
  readonly periodicIntervalMs: number | undefined;
  /** The one packet that this result tells of; everything above is put together from all that were heard. */
  readonly packet: FoundPacket;
}

/** One packet of an advertiser, or the packets of extended advertising that belong together. Vol 4, Part E, 7.7.65.2. */
export interface FoundPacket {
  readonly scanResponse: boolean;
  readonly connectable: boolean;
  /** Whether it may be asked for a scan response. */
  readonly scannable: boolean;
  readonly directed: boolean;
  /** As it came. */
  readonly data: Uint8Array;
}

/** A report that nothing has been told by yet. */
const silence = decodeAdvertisingData(noOctets);

/** What a scan remembers of one advertising set of a device: the last of each kind of packet, put together. */
export class Sighting {
  readonly address: Address;
  /** The last report that was no scan response, without its data. */
  #last: ScanReport;
  #rssi: number | undefined;
  #advertisementOctets: Uint8Array | undefined;
  #scanResponseOctets: Uint8Array | undefined;
  /** What the last report was, without its data. */
  #heard: Omit<FoundPacket, "data">;

  constructor(report: ScanReport) {
    this.address =
      report.addressType === anonymous
        ? new Address("random", 0)
        : addressFrom(report.addressType, report.address);
    this.#last = { ...report, connectable: false, data: noOctets };
    this.#heard = heardIn(report);
  }

  /** @returns Whether the report says something that the ones before it did not. */
  add(report: ScanReport): boolean {
    this.#rssi = report.rssi;
    this.#heard = heardIn(report);
    return report.isScanResponse ? this.#addResponse(report) : this.#addAdvertisement(report);
  }

  /** @param identity - Of the device, if it is a bonded peer. */
  found(identity: Address | undefined): Found {
    const octets = this.#advertisementOctets;
    const advertisement = octets ? decodeAdvertisingData(octets) : silence;
    const scanResponse = this.#scanResponseOctets && decodeAdvertisingData(this.#scanResponseOctets);
    const parts = scanResponse ? [advertisement, scanResponse] : [advertisement];
    const { connectable, directed, legacy, completeness, ...last } = this.#last;
    return {
      address: this.address,
      identity,
      rssi: this.#rssi,
      connectable,
      name: nameOf(parts),
      services: parts.flatMap(({ serviceUuids }) => serviceUuids),
      serviceData: parts.flatMap(({ serviceData }) => serviceData),
      manufacturerData: parts.flatMap(({ manufacturerData }) => manufacturerData),
      advertisement,
      scanResponse,
      directed,
      anonymous: last.addressType === anonymous,
      extended: !legacy,
      truncated: completeness === "truncated",
      primaryPhy: last.primaryPhy,
      secondaryPhy: last.secondaryPhy,
      sid: last.sid,
      txPower: last.txPower ?? parts.find((part) => part.txPowerLevel !== undefined)?.txPowerLevel,
      periodicIntervalMs: last.periodicIntervalMs,
      packet: {
        ...this.#heard,
        data: new Uint8Array(
          (this.#heard.scanResponse ? this.#scanResponseOctets : this.#advertisementOctets) ?? noOctets,
        ),
      },
    };
  }

  #addResponse({ data }: ScanReport): boolean {
    const known = this.#scanResponseOctets;
    if (known && equal(known, data)) return false;
    this.#scanResponseOctets = data.slice();
    return known !== undefined || data.length > 0; // a first one that says nothing is no news
  }

  #addAdvertisement(report: ScanReport): boolean {
    const { data } = report;
    const { connectable } = this.#last;
    this.#last = { ...report, data: noOctets };
    const old = this.#advertisementOctets;
    if (old && equal(old, data) && connectable === report.connectable) return false;
    this.#advertisementOctets = data.slice();
    return true;
  }
}

function heardIn({
  isScanResponse,
  connectable,
  scannable,
  directed,
}: ScanReport): Omit<FoundPacket, "data"> {
  return { scanResponse: isScanResponse, connectable, scannable, directed };
}

/** A complete name, wherever it is, before a shortened one. */
function nameOf(parts: readonly AdvertisingData[]): string | undefined {
  const named = parts.filter(({ localName }) => localName !== undefined);
  return (named.find(({ localNameShortened }) => !localNameShortened) ?? named[0])?.localName;
}
