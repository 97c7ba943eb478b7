import { AttError } from "../att/error.ts";
import { list, u16, u8 } from "../common/struct.ts";
import {
  type CharacteristicType,
  defineCharacteristic,
  type TypedCharacteristicDefinition,
} from "../gatt/define-characteristic.ts";
import { type GattPeer, service, type ServiceDefinition } from "../gatt/service-builder.ts";
import { field } from "./codec.ts";
import { scaled } from "./fields.ts";
import { bitWhen, flagged, when, widened } from "./flagged.ts";
import { ServiceUuid } from "./service-uuid.ts";

/** A value of Heart Rate Measurement. Heart Rate Service 1.0, 3.1. */
export interface HeartRateMeasurement {
  /** 0 to 65535; one octet is sent where it suffices. */
  readonly beatsPerMinute: number;
  /** Whether the sensor touches the skin; missing when it cannot tell. */
  readonly contact?: boolean;
  /** In kilojoules since it was last reset, 0 to 65535; a sensor sends it now and then. */
  readonly energyExpended?: number;
  /** The times from beat to beat, the oldest first, in ms: 0 to 63999, in steps of 1000/1024. */
  readonly rrIntervals?: readonly number[];
}

/** Heart Rate Measurement, 0x2A37: notified about once a second. */
export const heartRateMeasurement: CharacteristicType<HeartRateMeasurement> = defineCharacteristic(
  "2a37",
  flagged<HeartRateMeasurement>("Heart Rate Measurement", u8, {
    beatsPerMinute: widened(0x01, u8, u16),
    contact: bitWhen(0x04, 0x02),
    energyExpended: when(0x08, u16),
    rrIntervals: when(0x10, list(scaled(u16, 1000, 1024))),
  }),
);

/** Where a sensor is worn. Heart Rate Service 1.0, 3.2. */
export const BodySensorLocation = {
  Other: 0,
  Chest: 1,
  Wrist: 2,
  Finger: 3,
  Hand: 4,
  EarLobe: 5,
  Foot: 6,
} as const;

/** One of {@link BodySensorLocation}, or a number that was not assigned when this was written. */
export type BodySensorLocation = (typeof BodySensorLocation)[keyof typeof BodySensorLocation] | (number & {});

/** Body Sensor Location, 0x2A38. */
export const bodySensorLocation: CharacteristicType<BodySensorLocation> = defineCharacteristic(
  "2a38",
  field("Body Sensor Location", u8),
);

/** What a client may write to {@link heartRateControlPoint}. Heart Rate Service 1.0, 3.3. */
export const HeartRateCommand = { ResetEnergyExpended: 1 } as const;

/** Heart Rate Control Point, 0x2A39: one of {@link HeartRateCommand}. */
export const heartRateControlPoint: CharacteristicType<number> = defineCharacteristic(
  "2a39",
  field("Heart Rate Control Point", u8),
);

/** The server does not know what was written to its control point. Heart Rate Service 1.0, 3.3.1. */
const controlPointNotSupported = 0x80;

/** What a heart rate service has besides measurements. */
export interface HeartRateServiceOptions {
  readonly location?: BodySensorLocation;
  /** Sets the expended energy back to 0; a service without it has no control point. */
  readonly onResetEnergyExpended?: (connection: GattPeer) => void | Promise<void>;
}

/**
 * Defines a Heart Rate service, to be offered with `host.gatt.add`. Heart Rate Service 1.0.
 *
 * @example
 * ```ts
 * const belt = host.gatt.add(heartRateService({ location: BodySensorLocation.Chest }));
 * await belt.measurement.notify({ beatsPerMinute: 72 });
 * ```
 */
export function heartRateService(options: HeartRateServiceOptions = {}): ServiceDefinition<{
  readonly measurement: TypedCharacteristicDefinition<HeartRateMeasurement>;
  readonly location?: TypedCharacteristicDefinition<BodySensorLocation>;
  readonly controlPoint?: TypedCharacteristicDefinition<number>;
}> {
  const { location, onResetEnergyExpended } = options;
  return service(ServiceUuid.HeartRate, {
    measurement: heartRateMeasurement.characteristic({ notify: true }),
    ...(location !== undefined && { location: bodySensorLocation.characteristic({ value: location }) }),
    ...(onResetEnergyExpended && {
      controlPoint: heartRateControlPoint.characteristic({
        onWrite({ value, connection }) {
          if (value === HeartRateCommand.ResetEnergyExpended) return onResetEnergyExpended(connection);
          throw new AttError(controlPointNotSupported);
        },
      }),
    }),
  });
}
