import { type Field, group, i16, mapped, u16, u24, u32, u8 } from "../common/struct.ts";
import {
  type CharacteristicType,
  defineCharacteristic,
  type TypedCharacteristicDefinition,
} from "../gatt/define-characteristic.ts";
import { service, type ServiceDefinition } from "../gatt/service-builder.ts";
import { field } from "./codec.ts";
import { controlPoint, type ControlPointMessage } from "./control-point.ts";
import { bitNames, scaled } from "./fields.ts";
import { always, bit, flagged, when } from "./flagged.ts";
import { crankRevolutions, type Revolutions, wheelRevolutions } from "./revolutions.ts";
import { type SensorLocation, sensorLocation } from "./sensor-location.ts";
import { ServiceUuid } from "./service-uuid.ts";

/** The largest and the smallest of a turn of the crank. */
export interface Extremes {
  readonly maximum: number;
  readonly minimum: number;
}

/** A value of Cycling Power Measurement. Cycling Power Service 1.1, 3.2. */
export interface CyclingPowerMeasurement {
  /** In watts, -32768 to 32767. */
  readonly power: number;
  /** The share of one pedal in per cent, 0 to 127.5 in steps of 0.5. */
  readonly pedalPowerBalance?: number;
  /** Whether the balance is the left pedal's share; else (as by default) nobody knows whose. */
  readonly balanceOfLeft?: boolean;
  /** In newton metres, 0 to 2047.97 in steps of 1/32; wraps around. */
  readonly accumulatedTorque?: number;
  /** Whether the torque is measured at the crank; else (as by default) at the wheel. */
  readonly torqueAtCrank?: boolean;
  /** The time wraps around at 32 s; see {@link powerWheelWrap}. */
  readonly wheel?: Revolutions;
  /** The time wraps around at 64 s; see {@link crankWrap}. */
  readonly crank?: Revolutions;
  /** In newtons. */
  readonly forceMagnitudes?: Extremes;
  /** In newton metres, in steps of 1/32. */
  readonly torqueMagnitudes?: Extremes;
  /** Where the extremes are, in degrees, 0 to 4095. */
  readonly extremeAngles?: Extremes;
  /** In degrees, 0 to 65535 (sensible up to 359). */
  readonly topDeadSpotAngle?: number;
  /** In degrees. */
  readonly bottomDeadSpotAngle?: number;
  /** In kilojoules, 0 to 65535. */
  readonly accumulatedEnergy?: number;
  /** Whether the sensor has compensated its offset; false by default. */
  readonly offsetCompensated?: boolean;
}

const torque = scaled(i16, 1, 32);

/** Twelve bits each, the maximum in the lower ones. */
const angles: Field<Extremes> = mapped(
  u24,
  (both) => ({ maximum: both & 0xfff, minimum: both >> 12 }),
  ({ maximum, minimum }) => {
    for (const angle of [maximum, minimum]) {
      if (!Number.isInteger(angle) || angle < 0 || angle > 0xfff)
        throw new RangeError(`an angle has 0 to 4095 whole degrees, not ${angle}`);
    }
    return maximum | (minimum << 12);
  },
);

/** Cycling Power Measurement, 0x2A63: notified about once a second. */
export const cyclingPowerMeasurement: CharacteristicType<CyclingPowerMeasurement> = defineCharacteristic(
  "2a63",
  flagged<CyclingPowerMeasurement>("Cycling Power Measurement", u16, {
    power: always(i16),
    pedalPowerBalance: when(0x0001, scaled(u8, 1, 2)),
    balanceOfLeft: bit(0x0002),
    accumulatedTorque: when(0x0004, scaled(u16, 1, 32)),
    torqueAtCrank: bit(0x0008),
    wheel: when(0x0010, wheelRevolutions(2048)),
    crank: when(0x0020, crankRevolutions),
    forceMagnitudes: when(0x0040, group<Extremes>({ maximum: i16, minimum: i16 })),
    torqueMagnitudes: when(0x0080, group<Extremes>({ maximum: torque, minimum: torque })),
    extremeAngles: when(0x0100, angles),
    topDeadSpotAngle: when(0x0200, u16),
    bottomDeadSpotAngle: when(0x0400, u16),
    accumulatedEnergy: when(0x0800, u16),
    offsetCompensated: bit(0x1000),
  }),
);

/** The bits of Cycling Power Feature that are one bit each, in their order. */
const featureNames = [
  "pedalPowerBalance",
  "accumulatedTorque",
  "wheelRevolutions",
  "crankRevolutions",
  "extremeMagnitudes",
  "extremeAngles",
  "deadSpotAngles",
  "accumulatedEnergy",
  "offsetCompensationIndicator",
  "offsetCompensation",
  "contentMasking",
  "multipleSensorLocations",
  "crankLengthAdjustment",
  "chainLengthAdjustment",
  "chainWeightAdjustment",
  "spanLengthAdjustment",
  "torqueBased",
  "instantaneousMeasurementDirection",
  "factoryCalibrationDate",
  "enhancedOffsetCompensation",
  "notForDistributedSystem",
  "forDistributedSystem",
] as const;

/**
 * What a sensor can do. Cycling Power Service 1.1, 3.1. `torqueBased`: its context is torque, else force. A sensor
 * that says neither `notForDistributedSystem` nor `forDistributedSystem` does not tell.
 */
export type CyclingPowerFeature = (typeof featureNames)[number];

/** Cycling Power Feature, 0x2A65. */
export const cyclingPowerFeatures: CharacteristicType<readonly CyclingPowerFeature[]> = defineCharacteristic(
  "2a65",
  field("Cycling Power Feature", bitNames<CyclingPowerFeature>(u32, featureNames)),
);

/** What can be asked of a sensor over {@link cyclingPowerControlPoint}. Cycling Power Service 1.1, 3.5. */
export const CyclingPowerOpcode = {
  /** Parameter: the wheel's revolutions, 32 bits. */
  SetCumulativeValue: 1,
  /** Parameter: a {@link SensorLocation}. */
  UpdateSensorLocation: 2,
  /** The response's parameter: an octet each {@link SensorLocation}. */
  RequestSupportedSensorLocations: 3,
  /** Parameter: 16 bits, in steps of 0.5 mm. */
  SetCrankLength: 4,
  RequestCrankLength: 5,
  /** Parameter: 16 bits, in mm. */
  SetChainLength: 6,
  RequestChainLength: 7,
  /** Parameter: 16 bits, in g. */
  SetChainWeight: 8,
  RequestChainWeight: 9,
  /** Parameter: 16 bits, in mm. */
  SetSpanLength: 10,
  RequestSpanLength: 11,
  /** The response's parameter: 16 bits with a sign, the raw force or torque. */
  StartOffsetCompensation: 12,
  /** Parameter: 16 bits, one for each part of a measurement that is not wanted. */
  MaskMeasurementContent: 13,
  RequestSamplingRate: 14,
  /** The response's parameter: a Date Time. */
  RequestFactoryCalibrationDate: 15,
  StartEnhancedOffsetCompensation: 16,
} as const;

/** Cycling Power Control Point, 0x2A66: written, and the answer indicated. */
export const cyclingPowerControlPoint: CharacteristicType<ControlPointMessage> = defineCharacteristic(
  "2a66",
  controlPoint("Cycling Power Control Point", 0x20),
);

/** What a Cycling Power service has besides measurements. */
export interface CyclingPowerOptions {
  readonly features: readonly CyclingPowerFeature[];
  readonly location: SensorLocation;
}

/** Defines a Cycling Power service without a control point, to be offered with `host.gatt.add`. Cycling Power Service 1.1. */
export function cyclingPowerService({ features, location }: CyclingPowerOptions): ServiceDefinition<{
  readonly features: TypedCharacteristicDefinition<readonly CyclingPowerFeature[]>;
  readonly measurement: TypedCharacteristicDefinition<CyclingPowerMeasurement>;
  readonly location: TypedCharacteristicDefinition<SensorLocation>;
}> {
  return service(ServiceUuid.CyclingPower, {
    features: cyclingPowerFeatures.characteristic({ value: features }),
    measurement: cyclingPowerMeasurement.characteristic({ notify: true }),
    location: sensorLocation.characteristic({ value: location }),
  });
}
