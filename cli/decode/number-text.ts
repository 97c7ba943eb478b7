import { errorName } from "../../src/att/error-code.ts";
import { opcodeName } from "../../src/att/opcode.ts";
import { hexNumber } from "../../src/common/bytes.ts";
import { commandName } from "../../src/hci/commands/names.ts";
import { statusName } from "../../src/hci/status.ts";
import { ConnectionParametersResult, SignalingCode } from "../../src/l2cap/signaling-pdu.ts";
import {
  connectionResultName,
  reconfigureResultName,
  rejectReasonName,
} from "../../src/l2cap/signaling-registry.ts";
import { pairingFailureName } from "../../src/smp/pairing-failure.ts";
import type { Layer } from "./decoded.ts";

/** How a number reads that stands in a field of some name. */
type NumberText = (value: number, layer: Layer) => string;

const hex2: NumberText = (value) => `0x${hexNumber(value, 2)}`;
const hex4: NumberText = (value) => `0x${hexNumber(value, 4)}`;
const milliseconds =
  (unit: number): NumberText =>
  (value) =>
    `${value * unit} ms`;
const microseconds: NumberText = (value) => `${value} µs`;
const one =
  (...names: readonly string[]): NumberText =>
  (value) =>
    names[value] ?? String(value);
/** The names of the bits that are set, bit 0 first; an empty name for one that has none. */
const bits =
  (...names: readonly string[]): NumberText =>
  (value) => {
    const set = names.filter((name, bit) => name !== "" && value & (1 << bit));
    return set.length > 0 ? `0x${hexNumber(value, 2)} (${set.join(", ")})` : hex2(value, unused);
  };
const unused: Layer = { layer: "hci", kind: "unknown", name: "", fields: {} };
/** With its sign: 127 stands for not known. */
const power: NumberText = (value) => (value === 127 ? "unknown" : `${value} dBm`);
const keyDistribution: NumberText = bits("EncKey", "IdKey", "SignKey", "LinkKey");

/** Names in the specification's units, which differ from layer to layer only where a layer is asked for. */
const texts: ReadonlyMap<string, NumberText> = new Map<string, NumberText>(
  Object.entries({
    status: statusName,
    reason: (value, { layer }) => reasonText(value, layer),
    result: resultText,
    error: (value, { layer }) => (layer === "att" ? errorName(value) : statusName(value)),
    requestOpcode: opcodeName,
    commandOpcode: (value) => commandName(value) ?? hex4(value, unused),
    rejectOpcode: hex2,
    unknownType: hex2,
    cid: hex4,
    sourceCid: hex4,
    destinationCid: hex4,
    spsm: hex4,
    ediv: hex4,
    connectionInterval: milliseconds(1.25),
    connectionIntervalMin: milliseconds(1.25),
    connectionIntervalMax: milliseconds(1.25),
    intervalMin: milliseconds(1.25),
    intervalMax: milliseconds(1.25),
    windowSize: milliseconds(1.25),
    windowOffset: milliseconds(1.25),
    supervisionTimeout: milliseconds(10),
    timeout: milliseconds(10),
    scanInterval: milliseconds(0.625),
    scanWindow: milliseconds(0.625),
    advertisingIntervalMin: milliseconds(0.625),
    advertisingIntervalMax: milliseconds(0.625),
    primaryAdvertisingIntervalMin: milliseconds(0.625),
    primaryAdvertisingIntervalMax: milliseconds(0.625),
    rpaTimeout: (value) => `${value} s`,
    maxTxTime: microseconds,
    maxRxTime: microseconds,
    rssi: power,
    txPower: power,
    txPowerLevel: power,
    role: one("central", "peripheral"),
    encryptionEnabled: one("off", "on", "on, AES-CCM"),
    flags: (value, { layer }) =>
      layer === "att" ? one("cancel", "write")(value, unused) : adFlags(value, unused),
    properties: bits(
      "broadcast",
      "read",
      "write without response",
      "write",
      "notify",
      "indicate",
      "signed write",
      "extended",
    ),
    appearance: hex4,
    companyId: hex4,
    companyIdentifier: hex4,
    crcInit: (value) => `0x${hexNumber(value, 6)}`,
    accessAddress: (value) => `0x${hexNumber(value, 8)}`,
    ioCapability: one("DisplayOnly", "DisplayYesNo", "KeyboardOnly", "NoInputNoOutput", "KeyboardDisplay"),
    authReq: bits("Bonding", "", "MITM", "SC", "Keypress", "CT2"),
    initiatorKeyDistribution: keyDistribution,
    responderKeyDistribution: keyDistribution,
    advertisingHandle: String,
  } satisfies Readonly<Record<string, NumberText>>),
);

const adFlags: NumberText = bits(
  "limited discoverable",
  "general discoverable",
  "no BR/EDR",
  "BR/EDR and LE in one controller",
);

/** A number as a field of this name means it; decimal where nothing is known about the name. */
export function numberText(field: string, value: number, layer: Layer): string {
  const text = texts.get(field);
  if (text) return text(value, layer);
  if (/handle$/i.test(field)) return hex4(value, layer);
  return /(map|mask|features|eventType|properties)$/i.test(field) ? hex2(value, layer) : String(value);
}

function reasonText(value: number, layer: Layer["layer"]): string {
  if (layer === "smp") return pairingFailureName(value);
  return layer === "l2cap" ? rejectReasonName(value) : statusName(value);
}

function resultText(value: number, { opcode }: Layer): string {
  if (opcode === SignalingCode.CreditBasedReconfigureResponse) return reconfigureResultName(value);
  if (opcode !== SignalingCode.ConnectionParameterUpdateResponse) return connectionResultName(value);
  return value === ConnectionParametersResult.Accepted ? "accepted" : "rejected";
}
