import fc from "fast-check";
import type { Knowledge } from "./parameter-values.ts";
import { fitting } from "./parameter-values.ts";
import {
  all,
  type Bound,
  distinct,
  either,
  many,
  octetsUpTo,
  signed,
  unsigned,
  upTo,
  type Values,
} from "./values.ts";

// What the fields of HCI may hold. Vol 4, Part E, 7.

const flag: Bound = [0, 1];
const handle: Bound = [0, 0x0eff];
const phy: Bound = [1, 3];
const dBm: Bound = fc.oneof(fc.integer({ min: -127, max: 20 }), fc.constant(127));
const anyOf = (...values: readonly number[]): Bound => fc.constantFrom(...values);
const cteType = anyOf(0, 1, 2, 0xff);
const dataStatus = anyOf(0, 1, 2, 0xff);

/** One of the 37 data channels at least, and none of the reserved bits behind them. Vol 4, Part E, 7.8.19. */
const channelMaps = fc
  .tuple(octetsUpTo(5, 5), fc.nat(36))
  .map(([octets, used]) =>
    octets.map((octet, at) => (octet | (used >> 3 === at ? 1 << (used % 8) : 0)) & (at === 4 ? 0x1f : 0xff)),
  );

const bounds: Knowledge["bounds"] = {
  connectionHandle: handle,
  syncHandle: handle,
  advertisingHandle: [0, 0xef],
  advertisingSid: [0, 0x0f],
  addressType: flag,
  peerAddressType: flag,
  advertiserAddressType: flag,
  peerIdentityAddressType: flag,
  scannerAddressType: [0, 3],
  ownAddressType: [0, 3],
  role: flag,
  centralClockAccuracy: [0, 7],
  advertiserClockAccuracy: [0, 7],
  peerClockAccuracy: [0, 7],
  channelSelectionAlgorithm: flag,
  // Connections
  connectionInterval: [6, 0x0c80],
  connectionIntervalMin: [6, 0x0c80],
  connectionIntervalMax: [6, 0x0c80],
  intervalMin: [6, 0x0c80],
  intervalMax: [6, 0x0c80],
  maxLatency: [0, 499],
  peripheralLatency: [0, 499],
  supervisionTimeout: [10, 0x0c80],
  timeout: [10, 0x0c80],
  initiatorFilterPolicy: flag,
  subrateMin: [1, 500],
  subrateMax: [1, 500],
  subrateFactor: [1, 500],
  continuationNumber: [0, 499],
  authenticatedPayloadTimeout: [1, 0xffff],
  "HCI_Disconnect reason": anyOf(0x05, 0x13, 0x14, 0x15, 0x1a, 0x29, 0x3b),
  "HCI_LE_Transmit_Power_Reporting reason": [0, 2],
  encryptionEnabled: flag,
  encryptionKeySize: [7, 16],
  // Data length and PHYs
  txOctets: [27, 251],
  txTime: [0x0148, 0x4290],
  suggestedMaxTxOctets: [27, 251],
  suggestedMaxTxTime: [0x0148, 0x4290],
  supportedMaxTxOctets: [27, 251],
  supportedMaxRxOctets: [27, 251],
  supportedMaxTxTime: [0x0148, 0x4290],
  supportedMaxRxTime: [0x0148, 0x4290],
  maxTxOctets: [27, 251],
  maxRxOctets: [27, 251],
  maxTxTime: [0x0148, 0x4290],
  maxRxTime: [0x0148, 0x4290],
  phy: [1, 4],
  txPhy: phy,
  rxPhy: phy,
  advertiserPhy: phy,
  allPhys: [0, 3],
  txPhys: [1, 7],
  rxPhys: [1, 7],
  phyOptions: [0, 2],
  // Advertising
  advertisingIntervalMin: [0x20, 0x4000],
  advertisingIntervalMax: [0x20, 0x4000],
  primaryAdvertisingIntervalMin: [0x20, 0xff_ffff],
  primaryAdvertisingIntervalMax: [0x20, 0xff_ffff],
  advertisingType: [0, 4],
  advertisingChannelMap: [1, 7],
  primaryAdvertisingChannelMap: [1, 7],
  advertisingFilterPolicy: [0, 3],
  // Legacy PDUs go in five kinds; others are connectable or scannable, not both, and anonymous only if neither.
  advertisingEventProperties: anyOf(
    ...[0x13, 0x15, 0x1d, 0x12, 0x10],
    ...[0, 1, 2, 4, 5, 0x40, 0x41, 0x42, 0x20, 0x60],
  ),
  primaryAdvertisingPhy: anyOf(1, 3),
  secondaryAdvertisingPhy: phy,
  primaryAdvertisingPhyOptions: [0, 4],
  secondaryAdvertisingPhyOptions: [0, 4],
  operation: [0, 4],
  "HCI_LE_Set_Extended_Scan_Response_Data operation": [0, 3],
  fragmentPreference: flag,
  changeReasons: [0, 3],
  maxAdvertisingDataLength: [31, 1650],
  numSupportedAdvertisingSets: [1, 0xf0],
  // Scanning
  scanType: flag,
  scanInterval: [4, 0x4000],
  scanWindow: [4, 0x4000],
  scanningFilterPolicy: [0, 3],
  filterDuplicates: [0, 2],
  // Periodic advertising
  periodicAdvertisingInterval: [6, 0xffff],
  periodicAdvertisingIntervalMin: [6, 0xffff],
  periodicAdvertisingIntervalMax: [6, 0xffff],
  periodicAdvertisingProperties: anyOf(0, 0x40),
  "HCI_LE_Set_Periodic_Advertising_Enable enable": [0, 3],
  "HCI_LE_Set_Periodic_Advertising_Receive_Enable enable": [0, 3],
  numSubevents: [0, 128],
  subeventInterval: [6, 0xff],
  subevent: [0, 0x7f],
  subeventStart: [0, 0x7f],
  requestSubevent: [0, 0x7f],
  responseSubevent: [0, 0x7f],
  options: [0, 7],
  skip: [0, 499],
  syncTimeout: [10, 0x4000],
  syncCteType: [0, 0x1f],
  "HCI_LE_Set_Periodic_Advertising_Sync_Transfer_Parameters cteType": [0, 0x1f],
  "HCI_LE_Set_Default_Periodic_Advertising_Sync_Transfer_Parameters cteType": [0, 0x1f],
  cteType,
  mode: [0, 3],
  dataStatus,
  txStatus: flag,
  // Power
  rssi: dBm,
  txPower: dBm,
  advertisingTxPower: dBm,
  selectedTxPower: [-127, 20],
  currentTxPowerLevel: [-127, 20],
  maxTxPowerLevel: [-127, 20],
  minTxPower: [-127, 20],
  maxTxPower: [-127, 20],
  txPowerLevel: [-127, 20],
  txPowerLevelFlag: [0, 3],
  rfTxPathCompensation: [-1280, 1280],
  rfRxPathCompensation: [-1280, 1280],
  zoneEntered: [0, 2],
  // Privacy and the rest
  rpaTimeout: [1, 3600],
  privacyMode: flag,
  flowControlEnable: [0, 3],
  linkType: [0, 2],
  type: flag,
  keyType: flag,
  action: flag,
  bitNumber: anyOf(32, 38, 41),
  aclDataPacketLength: [27, 0xffff],
  hostAclDataPacketLength: [1, 0xffff],
  hostTotalNumAclDataPackets: [1, 0xffff],
  channelMap: channelMaps,
};

/** HCI carries 255 octets of parameters: lists are short enough for that. */
const mostData = 40;
const u8 = (bound?: Bound): Values => unsigned(1, bound);
const u16 = (bound?: Bound): Values => unsigned(2, bound);
const address = unsigned(6);

const report = (data: Values): Values =>
  all({ eventType: u8([0, 4]), addressType: u8([0, 3]), address, data, rssi: signed(1, dBm) });
const directedReport = all({
  eventType: u8([1, 1]),
  addressType: u8([0, 3]),
  address,
  directAddressType: u8([0, 3]),
  directAddress: address,
  rssi: signed(1, dBm),
});
const extendedReport = (data: Values): Values =>
  all({
    eventType: u16([0, 0x7f]),
    addressType: u8(anyOf(0, 1, 2, 3, 0xff)),
    address,
    primaryPhy: u8(anyOf(1, 3)),
    secondaryPhy: u8([0, 3]),
    advertisingSid: u8(anyOf(...Array.from({ length: 16 }, (_, sid) => sid), 0xff)),
    txPower: signed(1, dBm),
    rssi: signed(1, dBm),
    periodicAdvertisingInterval: u16(fc.oneof(fc.constant(0), fc.integer({ min: 6, max: 0xffff }))),
    directAddressType: u8(anyOf(0, 1, 2, 3, 0xfe)),
    directAddress: address,
    data,
  });
const response = all({
  txPower: signed(1, dBm),
  rssi: signed(1, dBm),
  cteType: u8(cteType),
  responseSlot: u8(),
  dataStatus: u8(dataStatus),
  data: upTo(mostData),
});

/** Parameters for some PHYs, in the order of the bits that stand for them. */
function perPhy(allowed: readonly number[], parameters: Readonly<Record<string, Values>>): Values {
  const of = (kind: keyof Values, phys: readonly number[]): fc.Arbitrary<unknown> =>
    fc
      .subarray([...phys], { minLength: 1 })
      // Nobody listens on LE 2M alone. Vol 4, Part E, 7.8.66.
      .filter((chosen) => kind === "encodable" || chosen.some((phy) => phy !== 2))
      .chain((chosen) =>
        fc.tuple(
          ...chosen.map((phy) =>
            all(parameters)[kind].map((value): Record<string, unknown> => ({ phy, ...value })),
          ),
        ),
      );
  return {
    valid: of("valid", allowed).map((list) =>
      (list as Record<string, unknown>[]).map((each) => fitting(each)),
    ),
    encodable: of("encodable", [1, 2, 3, 4, 5, 6, 7, 8]),
  };
}

const scanTiming = { scanInterval: u16([4, 0xffff]), scanWindow: u16([4, 0xffff]) };

const open: Knowledge["open"] = {
  "HCI_Host_Number_Of_Completed_Packets handles": many(
    all({ connectionHandle: u16(handle), hostNumCompletedPackets: u16() }),
    1,
    8,
  ),
  "HCI_Number_Of_Completed_Packets handles": many(
    all({ connectionHandle: u16(handle), numCompletedPackets: u16() }),
    1,
    8,
  ),
  "HCI_Command_Complete returnParameters": upTo(80),
  "HCI_LE_Set_Advertising_Data advertisingData": upTo(31),
  "HCI_LE_Set_Scan_Response_Data scanResponseData": upTo(31),
  "HCI_LE_Set_Periodic_Advertising_Data advertisingData": upTo(252),
  advertisingData: upTo(251),
  scanResponseData: upTo(251),
  "HCI_LE_Set_Extended_Advertising_Enable sets": distinct(
    all({ advertisingHandle: u8([0, 0xef]), duration: u16(), maxExtendedAdvertisingEvents: u8() }),
    "advertisingHandle",
    1,
    8,
  ),
  "HCI_LE_Set_Periodic_Advertising_Subevent_Data subevents": many(
    all({
      subevent: u8([0, 0x7f]),
      responseSlotStart: u8(),
      responseSlotCount: u8(),
      subeventData: upTo(mostData),
    }),
    1,
    5,
  ),
  "HCI_LE_Set_Periodic_Sync_Subevent subevents": many(u8([0, 0x7f]), 1, 40),
  "HCI_LE_Set_Periodic_Advertising_Response_Data responseData": upTo(247),
  scanningPhys: perPhy([1, 3], { scanType: u8(flag), ...scanTiming }),
  initiatingPhys: perPhy([1, 2, 3], {
    ...scanTiming,
    connectionIntervalMin: u16([6, 0x0c80]),
    connectionIntervalMax: u16([6, 0x0c80]),
    maxLatency: u16([0, 499]),
    supervisionTimeout: u16([10, 0x0c80]),
    minCeLength: u16(),
    maxCeLength: u16(),
  }),
  "HCI_LE_Advertising_Report reports": many(report(upTo(31)), 1, 5),
  "HCI_LE_Directed_Advertising_Report reports": many(directedReport, 1, 10),
  "HCI_LE_Extended_Advertising_Report reports": either(
    many(extendedReport(upTo(mostData)), 1, 3),
    many(extendedReport(upTo(229)), 1, 1),
  ),
  "HCI_LE_Periodic_Advertising_Response_Report responses": many(response, 0, 5),
  "HCI_LE_Periodic_Advertising_Report data": upTo(247),
  "HCI_LE_Periodic_Advertising_Report [v2] data": upTo(244),
};

/** HCI commands, what they return, and events. Vol 4, Part E, 7. */
export const hciKnowledge: Knowledge = { bounds, open };
