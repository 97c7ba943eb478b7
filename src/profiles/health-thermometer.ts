import { u8 } from "../common/struct.ts";
import { type CharacteristicType, defineCharacteristic } from "../gatt/define-characteristic.ts";
import { type DateTime, dateTime } from "./date-time.ts";
import { always, bit, flagged, when } from "./flagged.ts";
import { float } from "./medical-float.ts";

/** A value of Temperature Measurement. Health Thermometer Service 1.0, 3.1. */
export interface TemperatureMeasurement {
  /** Whether the temperature is in degrees Fahrenheit; else (as by default) it is in degrees Celsius. */
  readonly fahrenheit?: boolean;
  /** NaN: there is none. */
  readonly temperature: number;
  /** When it was measured. */
  readonly time?: DateTime;
  /** Where on the body it was measured: 1 armpit, 2 body, 3 ear, 4 finger, 5 gut, 6 mouth, 7 rectum, 8 toe, 9 eardrum. */
  readonly type?: number;
}

/** Temperature Measurement, 0x2A1C: indicated. */
export const temperatureMeasurement: CharacteristicType<TemperatureMeasurement> = defineCharacteristic(
  "2a1c",
  flagged<TemperatureMeasurement>("Temperature Measurement", u8, {
    fahrenheit: bit(0x01),
    temperature: always(float),
    time: when(0x02, dateTime),
    type: when(0x04, u8),
  }),
);
