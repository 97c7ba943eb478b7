import { u8 } from "../common/struct.ts";
import { type CharacteristicType, defineCharacteristic } from "../gatt/define-characteristic.ts";
import { field } from "./codec.ts";

/** Where a sensor is mounted. GATT Specification Supplement, Sensor Location. */
export const SensorLocation = {
  Other: 0,
  TopOfShoe: 1,
  InShoe: 2,
  Hip: 3,
  FrontWheel: 4,
  LeftCrank: 5,
  RightCrank: 6,
  LeftPedal: 7,
  RightPedal: 8,
  FrontHub: 9,
  RearDropout: 10,
  Chainstay: 11,
  RearWheel: 12,
  RearHub: 13,
  Chest: 14,
  Spider: 15,
  ChainRing: 16,
} as const;

/** One of {@link SensorLocation}, or a number that was not assigned when this was written. */
export type SensorLocation = (typeof SensorLocation)[keyof typeof SensorLocation] | (number & {});

/** Sensor Location, 0x2A5D. */
export const sensorLocation: CharacteristicType<SensorLocation> = defineCharacteristic(
  "2a5d",
  field("Sensor Location", u8),
);
