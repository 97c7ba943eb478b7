import { noOctets } from "../../src/common/bytes.ts";
import {
  LeAdvertisingReport,
  LeDirectedAdvertisingReport,
  LeExtendedAdvertisingReport,
} from "../../src/hci/events/le-advertising.ts";
import { Property } from "./advertising-parameters.ts";
import type { Advertisement, Radio } from "./radio.ts";
import type { Peer } from "./peer.ts";
import type { Aim } from "./privacy.ts";

/** Event_Type of the report of a scan response. Vol 4, Part E, 7.7.65.2. */
const scanResponse = 4;

/** Bits of Event_Type. Vol 4, Part E, 7.7.65.13. */
const Bit = { ScanResponse: 0x08, Incomplete: 0x20, Truncated: 0x40 } as const;

/** Of the properties, those that the report tells too: connectable, scannable, directed, legacy PDUs. */
const reportedProperties = 0x17;

/** As much data as one report has room for. Vol 4, Part E, 7.7.65.13. */
const mostReported = 229;

/** What a report says of a field that the packet did not have. Vol 4, Part E, 7.7.65.13. */
const Absent = { Sid: 0xff, TxPower: 127 } as const;

/** Direct_Address_Type of a private address that was not resolved. Vol 4, Part E, 7.7.65.13. */
const unresolvedType = 0xfe;

/** One packet that a scanner has received. */
export interface Received {
  readonly advertiser: Advertisement;
  readonly peer: Peer;
  /** At whom it is directed, if it is. */
  readonly aim: Aim | undefined;
  readonly isResponse: boolean;
  /** In dBm. */
  readonly rssi: number;
}

/** Event_Type of the packets of each kind. Vol 4, Part E, 7.7.65.2. */
function legacyType({ advertiser, isResponse }: Received): number {
  if (isResponse) return scanResponse;
  if (advertiser.has(Property.Directed)) return 1;
  if (advertiser.has(Property.Connectable)) return 0;
  return advertiser.has(Property.Scannable) ? 2 : 3;
}

function dataOf({ advertiser, isResponse }: Received): Uint8Array {
  if (isResponse) return advertiser.scanResponse.value;
  return advertiser.takesData ? advertiser.data.value : noOctets;
}

/** Reports a legacy packet to a host of the legacy commands. Vol 4, Part E, 7.7.65.2 and 7.7.65.11. */
export function reportLegacy({ hci }: Radio, received: Received): void {
  const { peer, aim, advertiser, rssi } = received;
  const from = { addressType: peer.reportedType, address: peer.address.value };
  if (aim?.at === "unresolved") {
    hci.event(LeDirectedAdvertisingReport, {
      reports: [
        {
          eventType: 1,
          ...from,
          directAddressType: 1,
          directAddress: advertiser.target?.value ?? 0,
          rssi,
        },
      ],
    });
    return;
  }
  hci.event(LeAdvertisingReport, {
    reports: [{ eventType: legacyType(received), ...from, data: dataOf(received), rssi }],
  });
}

/** Reports any packet to a host of the extended commands, in as many events as it takes. Vol 4, Part E, 7.7.65.13. */
export function reportExtended({ hci, settings }: Radio, received: Received): void {
  const { advertiser, peer, rssi } = received;
  const { parameters, legacy, periodic } = advertiser;
  const common = {
    addressType: peer.reportedType,
    address: peer.address.value,
    primaryPhy: parameters.primaryPhy,
    secondaryPhy: advertiser.hasAuxiliary ? parameters.secondaryPhy : 0,
    advertisingSid: legacy ? Absent.Sid : parameters.sid,
    txPower: advertiser.has(Property.IncludeTxPower) ? advertiser.chip.radiatedPower : Absent.TxPower,
    rssi,
    periodicAdvertisingInterval: periodic.running && !legacy ? (periodic.parameters?.interval ?? 0) : 0,
    ...directAddress(received),
  };
  const eventType = extendedType(received);
  const sent = dataOf(received);
  const data = sent.subarray(0, settings.scanDataOctets);
  let at = 0;
  do {
    const piece = data.subarray(at, at + mostReported);
    at += piece.length;
    const isLast = at >= data.length;
    const status = isLast ? (data.length < sent.length ? Bit.Truncated : 0) : Bit.Incomplete;
    hci.event(LeExtendedAdvertisingReport, {
      reports: [{ ...common, eventType: eventType | status, data: piece }],
    });
  } while (at < data.length);
}

/** Event_Type without the data status. Vol 4, Part E, 7.7.65.13. */
function extendedType({ advertiser, isResponse }: Received): number {
  const properties = advertiser.parameters.properties & reportedProperties;
  if (!isResponse) return properties;
  // AUX_SCAN_RSP has no TargetA. Vol 6, Part B, 2.3.2.3.
  return (advertiser.legacy ? properties : Property.Scannable) | Bit.ScanResponse;
}

function directAddress({ aim, advertiser, isResponse }: Received): {
  readonly directAddressType: number;
  readonly directAddress: number;
} {
  if (!aim || isResponse) return { directAddressType: 0, directAddress: 0 };
  if (aim.at === "self") return { directAddressType: aim.reportedType, directAddress: aim.value };
  return { directAddressType: unresolvedType, directAddress: advertiser.target?.value ?? 0 };
}
