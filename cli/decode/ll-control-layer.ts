import { hexNumber } from "../../src/common/bytes.ts";
import { bytes, type Field, struct, u16, u8 } from "../../src/common/struct.ts";
import type { Layer } from "./decoded.ts";
import { withFields, withOctets } from "./fields.ts";

type Layout = Readonly<Record<string, Field<unknown>>>;

const features: Layout = { features: bytes(8) };
const parameters: Layout = {
  intervalMin: u16,
  intervalMax: u16,
  latency: u16,
  timeout: u16,
  preferredPeriodicity: u8,
  referenceConnectionEventCount: u16,
  offsets: bytes(12),
};
const lengths: Layout = { maxRxOctets: u16, maxRxTime: u16, maxTxOctets: u16, maxTxTime: u16 };
const phys: Layout = { txPhys: u8, rxPhys: u8 };

/** LL Control PDUs by opcode; those without a layout are shown as octets. Vol 6, Part B, 2.4.2. */
const definitions: readonly (readonly [name: string, layout?: Layout])[] = [
  [
    "LL_CONNECTION_UPDATE_IND",
    {
      windowSize: u8,
      windowOffset: u16,
      connectionInterval: u16,
      peripheralLatency: u16,
      supervisionTimeout: u16,
      instant: u16,
    },
  ],
  ["LL_CHANNEL_MAP_IND", { channelMap: bytes(5), instant: u16 }],
  ["LL_TERMINATE_IND", { error: u8 }],
  ["LL_ENC_REQ", { rand: bytes(8), ediv: u16, skdCentral: bytes(8), ivCentral: bytes(4) }],
  ["LL_ENC_RSP", { skdPeripheral: bytes(8), ivPeripheral: bytes(4) }],
  ["LL_START_ENC_REQ", {}],
  ["LL_START_ENC_RSP", {}],
  ["LL_UNKNOWN_RSP", { unknownType: u8 }],
  ["LL_FEATURE_REQ", features],
  ["LL_FEATURE_RSP", features],
  ["LL_PAUSE_ENC_REQ", {}],
  ["LL_PAUSE_ENC_RSP", {}],
  ["LL_VERSION_IND", { version: u8, companyIdentifier: u16, subversion: u16 }],
  ["LL_REJECT_IND", { error: u8 }],
  ["LL_PERIPHERAL_FEATURE_REQ", features],
  ["LL_CONNECTION_PARAM_REQ", parameters],
  ["LL_CONNECTION_PARAM_RSP", parameters],
  ["LL_REJECT_EXT_IND", { rejectOpcode: u8, error: u8 }],
  ["LL_PING_REQ", {}],
  ["LL_PING_RSP", {}],
  ["LL_LENGTH_REQ", lengths],
  ["LL_LENGTH_RSP", lengths],
  ["LL_PHY_REQ", phys],
  ["LL_PHY_RSP", phys],
  ["LL_PHY_UPDATE_IND", { phyCentralToPeripheral: u8, phyPeripheralToCentral: u8, instant: u16 }],
  ["LL_MIN_USED_CHANNELS_IND", { phys: u8, minUsedChannels: u8 }],
  ["LL_CTE_REQ"],
  ["LL_CTE_RSP"],
  ["LL_PERIODIC_SYNC_IND"],
  ["LL_CLOCK_ACCURACY_REQ", { sleepClockAccuracy: u8 }],
  ["LL_CLOCK_ACCURACY_RSP", { sleepClockAccuracy: u8 }],
  ["LL_CIS_REQ"],
  ["LL_CIS_RSP"],
  ["LL_CIS_IND"],
  ["LL_CIS_TERMINATE_IND", { cigId: u8, cisId: u8, error: u8 }],
  ["LL_POWER_CONTROL_REQ"],
  ["LL_POWER_CONTROL_RSP"],
  ["LL_POWER_CHANGE_IND"],
  ["LL_SUBRATE_REQ"],
  [
    "LL_SUBRATE_IND",
    { subrateFactor: u16, subrateBaseEvent: u16, latency: u16, continuationNumber: u16, timeout: u16 },
  ],
  ["LL_CHANNEL_REPORTING_IND"],
  ["LL_CHANNEL_STATUS_IND"],
  ["LL_PERIODIC_SYNC_WR_IND"],
];

/** The opcode from which on a connection is encrypted. Vol 6, Part B, 5.1.3.1. */
export const startEncryptionRequest = 0x05;

/** An LL Control PDU, opcode first. Vol 6, Part B, 2.4.2. */
export function controlLayer(pdu: Uint8Array): Layer {
  const opcode = pdu[0];
  const base = { layer: "ll", kind: "control", opcode } as const;
  if (opcode === undefined)
    return { ...base, name: "LL Control", fields: {}, malformed: "there is no opcode" };
  const [name, layout] = definitions[opcode] ?? [];
  if (name === undefined)
    return withOctets({ ...base, name: `LL Control 0x${hexNumber(opcode, 2)}` }, pdu.subarray(1));
  if (!layout) return withOctets({ ...base, name }, pdu.subarray(1));
  return withFields({ ...base, name }, pdu, () => struct(name, layout, "ignore").decode(pdu, 1));
}
