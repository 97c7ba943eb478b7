import { putU16 } from "../../src/common/bytes.ts";

/** Opcodes of LL Control PDUs. Vol 6, Part B, 2.4.2. */
export const LlOpcode = {
  ConnectionUpdateInd: 0x00,
  ChannelMapInd: 0x01,
  TerminateInd: 0x02,
  EncReq: 0x03,
  EncRsp: 0x04,
  StartEncReq: 0x05,
  StartEncRsp: 0x06,
  UnknownRsp: 0x07,
  FeatureReq: 0x08,
  FeatureRsp: 0x09,
  PauseEncReq: 0x0a,
  PauseEncRsp: 0x0b,
  VersionInd: 0x0c,
  RejectInd: 0x0d,
  PeripheralFeatureReq: 0x0e,
  ConnectionParamReq: 0x0f,
  ConnectionParamRsp: 0x10,
  RejectExtInd: 0x11,
  PingReq: 0x12,
  PingRsp: 0x13,
  LengthReq: 0x14,
  LengthRsp: 0x15,
  PhyReq: 0x16,
  PhyRsp: 0x17,
  PhyUpdateInd: 0x18,
  PeriodicSyncInd: 0x1c,
  ClockAccuracyReq: 0x1d,
  ClockAccuracyRsp: 0x1e,
  PowerControlReq: 0x23,
  PowerControlRsp: 0x24,
  PowerChangeInd: 0x25,
  SubrateReq: 0x26,
  SubrateInd: 0x27,
} as const;
export type LlOpcode = (typeof LlOpcode)[keyof typeof LlOpcode];

/** An LL Control PDU without its header: the opcode, then single octets or octet strings. The caller *owns* it. */
export function llControl(opcode: LlOpcode, ...fields: readonly (number | Uint8Array)[]): Uint8Array {
  return Uint8Array.from([
    opcode,
    ...fields.flatMap((field) => (typeof field === "number" ? [field] : [...field])),
  ]);
}

/** 16-bit numbers, lowest octet first, as {@link llControl} takes them. */
export function u16s(...values: readonly number[]): Uint8Array {
  const octets = new Uint8Array(2 * values.length);
  values.forEach((value, index) => putU16(octets, 2 * index, value));
  return octets;
}
