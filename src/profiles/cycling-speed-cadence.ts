import { u16, u8 } from "../common/struct.ts";
import {
  type CharacteristicType,
  defineCharacteristic,
  type TypedCharacteristicDefinition,
} from "../gatt/define-characteristic.ts";
import { service, type ServiceDefinition } from "../gatt/service-builder.ts";
import { field } from "./codec.ts";
import { controlPoint, type ControlPointMessage } from "./control-point.ts";
import { bitNames } from "./fields.ts";
import { flagged, when } from "./flagged.ts";
import { crankRevolutions, type Revolutions, wheelRevolutions } from "./revolutions.ts";
import { type SensorLocation, sensorLocation } from "./sensor-location.ts";
import { ServiceUuid } from "./service-uuid.ts";

/** A value of CSC Measurement. Cycling Speed and Cadence Service 1.0, 3.1. */
export interface CscMeasurement {
  /** The time wraps around at 64 s; see {@link cscWheelWrap}. */
  readonly wheel?: Revolutions;
  /** The time wraps around at 64 s; see {@link crankWrap}. */
  readonly crank?: Revolutions;
}

/** CSC Measurement, 0x2A5B: notified about once a second. */
export const cscMeasurement: CharacteristicType<CscMeasurement> = defineCharacteristic(
  "2a5b",
  flagged<CscMeasurement>("CSC Measurement", u8, {
    wheel: when(0x01, wheelRevolutions(1024)),
    crank: when(0x02, crankRevolutions),
  }),
);

/** What a sensor can do. Cycling Speed and Cadence Service 1.0, 3.2. */
export type CscFeature = "wheelRevolutions" | "crankRevolutions" | "multipleSensorLocations";

/** CSC Feature, 0x2A5C. */
export const cscFeatures: CharacteristicType<readonly CscFeature[]> = defineCharacteristic(
  "2a5c",
  field(
    "CSC Feature",
    bitNames<CscFeature>(u16, ["wheelRevolutions", "crankRevolutions", "multipleSensorLocations"]),
  ),
);

/** What can be asked of a sensor over {@link scControlPoint}. Cycling Speed and Cadence Service 1.0, 3.4. */
export const ScControlPointOpcode = {
  /** Parameter: the wheel's revolutions, 32 bits. */
  SetCumulativeValue: 1,
  StartSensorCalibration: 2,
  /** Parameter: a {@link SensorLocation}. */
  UpdateSensorLocation: 3,
  /** The response's parameter: an octet each {@link SensorLocation}. */
  RequestSupportedSensorLocations: 4,
} as const;

/** SC Control Point, 0x2A55: written, and the answer indicated. */
export const scControlPoint: CharacteristicType<ControlPointMessage> = defineCharacteristic(
  "2a55",
  controlPoint("SC Control Point", 0x10),
);

/** What a Cycling Speed and Cadence service has besides measurements. */
export interface CyclingSpeedAndCadenceOptions {
  readonly features: readonly CscFeature[];
  readonly location?: SensorLocation;
}

/**
 * Defines a Cycling Speed and Cadence service without a control point, to be offered with `host.gatt.add`. Cycling
 * Speed and Cadence Service 1.0.
 */
export function cyclingSpeedAndCadenceService({
  features,
  location,
}: CyclingSpeedAndCadenceOptions): ServiceDefinition<{
  readonly measurement: TypedCharacteristicDefinition<CscMeasurement>;
  readonly features: TypedCharacteristicDefinition<readonly CscFeature[]>;
  readonly location?: TypedCharacteristicDefinition<SensorLocation>;
}> {
  return service(ServiceUuid.CyclingSpeedAndCadence, {
    measurement: cscMeasurement.characteristic({ notify: true }),
    features: cscFeatures.characteristic({ value: features }),
    ...(location !== undefined && { location: sensorLocation.characteristic({ value: location }) }),
  });
}
