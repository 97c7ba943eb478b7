import { hexNumber, u16At } from "../../src/common/bytes.ts";
import { MalformedPduError } from "../../src/common/errors.ts";
import { bytes, rest, type Struct, struct, u16, u24, u32, u48, u8 } from "../../src/common/struct.ts";
import { advertisingFields } from "./advertising.ts";
import type { Fields, Layer } from "./decoded.ts";
import { withFields, withOctets } from "./fields.ts";

/** PDU types of the advertising physical channels; three have another name on the secondary ones. Vol 6, Part B, 2.3. */
const names: readonly string[] = [
  "ADV_IND",
  "ADV_DIRECT_IND",
  "ADV_NONCONN_IND",
  "SCAN_REQ",
  "SCAN_RSP",
  "CONNECT_IND",
  "ADV_SCAN_IND",
  "ADV_EXT_IND",
  "AUX_CONNECT_RSP",
];
const secondaryNames: Readonly<Record<number, string>> = {
  0x03: "AUX_SCAN_REQ",
  0x05: "AUX_CONNECT_REQ",
  0x07: "AUX_ADV_IND, AUX_SCAN_RSP, AUX_SYNC_IND or AUX_CHAIN_IND",
};

const firstPrimaryChannel = 37;

interface AdvertiserAndData {
  readonly advertiserAddress: number;
  readonly data: Uint8Array;
}

/** LLData of CONNECT_IND. Vol 6, Part B, 2.3.3.1. */
interface ConnectInd {
  readonly initiatorAddress: number;
  readonly advertiserAddress: number;
  /** The access address of the connection that begins. */
  readonly accessAddress: number;
  readonly crcInit: number;
  /** In 1.25 ms. */
  readonly windowSize: number;
  /** In 1.25 ms. */
  readonly windowOffset: number;
  /** In 1.25 ms. */
  readonly connectionInterval: number;
  readonly peripheralLatency: number;
  /** In 10 ms. */
  readonly supervisionTimeout: number;
  readonly channelMap: Uint8Array;
  /** Hop increment in the lower five bits, the central's sleep clock accuracy above. */
  readonly hopAndSleepClockAccuracy: number;
}

const advertiserAndData: Struct<AdvertiserAndData> = struct(
  "advertising PDU",
  { advertiserAddress: u48, data: rest },
  "refuse",
);
const directed: Struct<{ readonly advertiserAddress: number; readonly targetAddress: number }> = struct(
  "ADV_DIRECT_IND",
  { advertiserAddress: u48, targetAddress: u48 },
  "refuse",
);
const scanRequest: Struct<{ readonly scannerAddress: number; readonly advertiserAddress: number }> = struct(
  "SCAN_REQ",
  { scannerAddress: u48, advertiserAddress: u48 },
  "refuse",
);
const connectInd: Struct<ConnectInd> = struct(
  "CONNECT_IND",
  {
    initiatorAddress: u48,
    advertiserAddress: u48,
    accessAddress: u32,
    crcInit: u24,
    windowSize: u8,
    windowOffset: u16,
    connectionInterval: u16,
    peripheralLatency: u16,
    supervisionTimeout: u16,
    channelMap: bytes(5),
    hopAndSleepClockAccuracy: u8,
  },
  "refuse",
);

type Decode = (payload: Uint8Array) => Fields;

const withData: Decode = (payload) => {
  const { advertiserAddress, data } = advertiserAndData.decode(payload);
  return { advertiserAddress, data, advertising: advertisingFields(data) };
};

/** By PDU type. */
const decoders: readonly Decode[] = [
  withData,
  (payload) => ({ ...directed.decode(payload) }),
  withData,
  (payload) => ({ ...scanRequest.decode(payload) }),
  withData,
  (payload) => ({ ...connectInd.decode(payload) }),
  withData,
  extended,
  extended,
];

/** A PDU of an advertising physical channel, its payload as long as its header says. Vol 6, Part B, 2.3. */
export function advertisingLayer(header: number, payload: Uint8Array, channel: number | undefined): Layer {
  const opcode = header & 0x0f;
  const primary = channel === undefined || channel >= firstPrimaryChannel;
  const name = (primary ? undefined : secondaryNames[opcode]) ?? names[opcode];
  const layer = { layer: "ll", kind: "advertising", opcode } as const;
  const decode = decoders[opcode];
  if (name === undefined || !decode) {
    return withOctets({ ...layer, name: `advertising PDU 0x${hexNumber(opcode, 1)}` }, payload);
  }
  return withFields({ ...layer, name }, payload, () => typed(header, decode(payload)));
}

/** TxAdd is about whoever sends the PDU, RxAdd about the one it is meant for. Vol 6, Part B, 2.3. */
function typed(header: number, fields: Fields): Fields {
  const tx = header & 0x40 ? 1 : 0;
  const rx = header & 0x80 ? 1 : 0;
  const out: Record<string, unknown> = {};
  let first = true;
  for (const [name, value] of Object.entries(fields)) {
    if (name.endsWith("Address") && name !== "accessAddress") {
      out[`${name}Type`] = first && name !== "targetAddress" ? tx : rx;
      first = false;
    }
    out[name] = value;
  }
  return out;
}

/** Flags of the Extended Header, each for a part in the order of these. Vol 6, Part B, 2.3.4. */
const headerParts: readonly (readonly [size: number, read: (octets: Uint8Array) => Fields])[] = [
  [6, (octets) => ({ advertiserAddress: addressIn(octets) })],
  [6, (octets) => ({ targetAddress: addressIn(octets) })],
  [1, (octets) => ({ cteInfo: octets[0] })],
  [2, (octets) => ({ advertisingDid: u16At(octets, 0) & 0x0fff, advertisingSid: u16At(octets, 0) >> 12 })],
  [3, (octets) => ({ auxPointer: auxPointer(octets) })],
  [18, (octets) => ({ syncInfo: octets })],
  [1, (octets) => ({ txPower: ((octets[0] ?? 0) << 24) >> 24 })],
];

/** The Common Extended Advertising Payload Format. Vol 6, Part B, 2.3.4. */
function extended(payload: Uint8Array): Fields {
  const lengthAndMode = payload[0] ?? 0;
  const end = 1 + (lengthAndMode & 0x3f);
  if (payload.length === 0 || payload.length < end) {
    throw new MalformedPduError("extended advertising PDU", "the extended header is cut short", payload);
  }
  const fields: Record<string, unknown> = { advertisingMode: lengthAndMode >> 6 };
  let at = 2;
  for (const [bit, [size, read]] of headerParts.entries()) {
    if (end < 2 || !((payload[1] ?? 0) & (1 << bit))) continue;
    if (at + size > end)
      throw new MalformedPduError("extended advertising PDU", "the extended header is too short");
    Object.assign(fields, read(payload.subarray(at, at + size)));
    at += size;
  }
  if (at < end) fields["additionalControllerAdvertisingData"] = payload.subarray(at, end);
  const data = payload.subarray(end);
  return data.length > 0 ? { ...fields, data, advertising: advertisingFields(data) } : fields;
}

/** Vol 6, Part B, 2.3.4.5. */
function auxPointer(octets: Uint8Array): Fields {
  const first = octets[0] ?? 0;
  const second = u16At(octets, 1);
  const unit = first & 0x80 ? 300 : 30;
  return { channel: first & 0x3f, offsetMicroseconds: (second & 0x1fff) * unit, phy: (second >> 13) + 1 };
}

function addressIn(octets: Uint8Array): number {
  return u16At(octets, 0) + u16At(octets, 2) * 0x1_0000 + u16At(octets, 4) * 0x1_0000_0000;
}
