import { MalformedPduError } from "../../src/common/errors.ts";
import { putU16, u16At } from "../../src/common/bytes.ts";

/** A value of Heart Rate Measurement (0x2A37). Heart Rate Service, 3.1. */
export interface HeartRateMeasurement {
  /** 0 to 65535; one octet is sent where it suffices. */
  readonly beatsPerMinute: number;
  /** Whether the sensor touches the skin; `undefined` when it cannot tell. */
  readonly contact: boolean | undefined;
  /** In kilojoules since it was last reset, 0 to 65535. */
  readonly energyExpended: number | undefined;
  /** From beat to beat in 1/1024 s, the oldest first. */
  readonly rrIntervals: readonly number[];
}

/** Bits of the first octet. */
const Flag = {
  SixteenBits: 0x01,
  ContactDetected: 0x02,
  ContactSupported: 0x04,
  EnergyExpended: 0x08,
  RrIntervals: 0x10,
} as const;

/** @throws {@link MalformedPduError} Octets are missing, or there are too many. */
export function decodeHeartRate(value: Uint8Array): HeartRateMeasurement {
  const flags = value[0] ?? 0;
  const has = (flag: number): boolean => (flags & flag) !== 0;
  const rate = 1;
  const energy = rate + (has(Flag.SixteenBits) ? 2 : 1);
  const intervals = energy + (has(Flag.EnergyExpended) ? 2 : 0);
  const end = has(Flag.RrIntervals) ? intervals + 2 * Math.floor((value.length - intervals) / 2) : intervals;
  if (value.length < intervals || value.length !== end) {
    throw new MalformedPduError("Heart Rate Measurement", "its length does not fit its flags", value);
  }
  const rrIntervals: number[] = [];
  for (let at = intervals; at < end; at += 2) rrIntervals.push(u16At(value, at));
  return {
    beatsPerMinute: has(Flag.SixteenBits) ? u16At(value, rate) : (value[rate] ?? 0),
    contact: has(Flag.ContactSupported) ? has(Flag.ContactDetected) : undefined,
    energyExpended: has(Flag.EnergyExpended) ? u16At(value, energy) : undefined,
    rrIntervals,
  };
}

/** The inverse of {@link decodeHeartRate}; the caller *owns* the octets. */
export function encodeHeartRate(measurement: HeartRateMeasurement): Uint8Array {
  const { beatsPerMinute, contact, energyExpended, rrIntervals } = measurement;
  const wide = beatsPerMinute > 0xff;
  const energyAt = wide ? 3 : 2;
  const intervalsAt = energyAt + (energyExpended === undefined ? 0 : 2);
  const value = new Uint8Array(intervalsAt + 2 * rrIntervals.length);
  value[0] =
    (wide ? Flag.SixteenBits : 0) |
    (contact === undefined ? 0 : Flag.ContactSupported) |
    (contact ? Flag.ContactDetected : 0) |
    (energyExpended === undefined ? 0 : Flag.EnergyExpended) |
    (rrIntervals.length > 0 ? Flag.RrIntervals : 0);
  if (wide) putU16(value, 1, beatsPerMinute);
  else value[1] = beatsPerMinute;
  if (energyExpended !== undefined) putU16(value, energyAt, energyExpended);
  for (const [index, interval] of rrIntervals.entries()) putU16(value, intervalsAt + 2 * index, interval);
  return value;
}
