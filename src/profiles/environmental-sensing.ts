import { bytes, type Field, i16, mapped, u16, u24, u32, u8 } from "../common/struct.ts";
import { MalformedPduError } from "../common/errors.ts";
import {
  type CharacteristicType,
  defineCharacteristic,
  type TypedCharacteristicDefinition,
} from "../gatt/define-characteristic.ts";
import { defineDescriptor, type DescriptorType } from "../gatt/define-descriptor.ts";
import { type CharacteristicDefinition, service, type ServiceDefinition } from "../gatt/service-builder.ts";
import type { ValueCodec } from "../gatt/value-codec.ts";
import { field, fields } from "./codec.ts";
import { scaled } from "./fields.ts";
import { ServiceUuid } from "./service-uuid.ts";

/**
 * Temperature, 0x2A6E, in degrees Celsius: -327.67 to 327.67 in steps of 0.01, or NaN: not known. GATT Specification
 * Supplement, Temperature.
 */
export const temperature: CharacteristicType<number> = defineCharacteristic(
  "2a6e",
  field("Temperature", scaled(i16, 1, 100, -0x8000)),
);

/**
 * Humidity, 0x2A6F, in per cent: 0 to 655.34 in steps of 0.01 (sensible up to 100), or NaN: not known. GATT
 * Specification Supplement, Humidity.
 */
export const humidity: CharacteristicType<number> = defineCharacteristic(
  "2a6f",
  field("Humidity", scaled(u16, 1, 100, 0xffff)),
);

/** Pressure, 0x2A6D, in pascals: 0 to 429496729.5 in steps of 0.1. GATT Specification Supplement, Pressure. */
export const pressure: CharacteristicType<number> = defineCharacteristic(
  "2a6d",
  field("Pressure", scaled(u32, 1, 10)),
);

/** What a sensor makes of the samples it takes. Environmental Sensing Service 1.0, 3.1.2.1. */
export const SamplingFunction = {
  Unspecified: 0,
  Instantaneous: 1,
  ArithmeticMean: 2,
  RootMeanSquare: 3,
  Maximum: 4,
  Minimum: 5,
  Accumulated: 6,
  Count: 7,
} as const;

/** How a value is measured. Environmental Sensing Service 1.0, 3.1.2.1. */
export interface EnvironmentalMeasurement {
  /** One of {@link SamplingFunction}. */
  readonly samplingFunction: number;
  /** Over which time, in seconds, 0 to 16777215; 0: says nothing. */
  readonly measurementPeriod: number;
  /** How often the value is made anew, in seconds, 0 to 16777215; 0: says nothing. */
  readonly updateInterval: number;
  /** What is measured, such as 0x01: air. The table is long and grows. */
  readonly application: number;
  /** How far it may be off, in per cent: 0 to 127 in steps of 0.5, or NaN: not known. */
  readonly uncertainty: number;
}

/** Two octets without a meaning yet. */
const reserved: Field<undefined> = mapped(
  bytes(2),
  () => undefined,
  () => new Uint8Array(2),
);

const measurementFields = fields<EnvironmentalMeasurement & { readonly reserved?: undefined }>(
  "Environmental Sensing Measurement",
  {
    reserved,
    samplingFunction: u8,
    measurementPeriod: u24,
    updateInterval: u24,
    application: u8,
    uncertainty: scaled(u8, 1, 2, 0xff),
  },
);

/** Environmental Sensing Measurement, 0x290C, a descriptor. */
export const environmentalMeasurement: DescriptorType<EnvironmentalMeasurement> =
  defineDescriptor<EnvironmentalMeasurement>("290c", {
    encode: (value) => measurementFields.encode(value),
    decode(octets) {
      const { samplingFunction, measurementPeriod, updateInterval, application, uncertainty } =
        measurementFields.decode(octets);
      return { samplingFunction, measurementPeriod, updateInterval, application, uncertainty };
    },
  });

/** When a value that is compared with another is notified. */
export type Comparison = "lessThan" | "lessOrEqual" | "greaterThan" | "greaterOrEqual" | "equal" | "notEqual";

/** When a value is notified. Environmental Sensing Service 1.0, 3.1.2.2. */
export type EnvironmentalTrigger =
  | { readonly when: "inactive" | "changed" }
  /** Every so many seconds, or on change but not more often than that; 0 to 16777215. */
  | { readonly when: "interval" | "changedNotSooner"; readonly seconds: number }
  /** `operand` is laid out as the characteristic's own value. */
  | { readonly when: Comparison; readonly operand: Uint8Array };

/** The conditions by their numbers. */
const conditions = [
  "inactive",
  "interval",
  "changedNotSooner",
  "changed",
  "lessThan",
  "lessOrEqual",
  "greaterThan",
  "greaterOrEqual",
  "equal",
  "notEqual",
] as const;

const interval = fields<{ condition: number; seconds: number }>("ES Trigger Setting", {
  condition: u8,
  seconds: u24,
});

const triggerCodec: ValueCodec<EnvironmentalTrigger> = {
  encode(trigger) {
    const condition = conditions.indexOf(trigger.when);
    if (condition < 0) throw new RangeError(`"${trigger.when}" is none of ${conditions.join(", ")}`);
    if ("seconds" in trigger) return interval.encode({ condition, seconds: trigger.seconds });
    return "operand" in trigger ? Uint8Array.of(condition, ...trigger.operand) : Uint8Array.of(condition);
  },
  decode(octets) {
    const condition = conditions[octets[0] ?? conditions.length];
    switch (condition) {
      case undefined:
        throw new MalformedPduError("ES Trigger Setting", "no condition that is known", octets);
      case "inactive":
      case "changed":
        if (octets.length > 1) throw new MalformedPduError("ES Trigger Setting", "octets too many", octets);
        return { when: condition };
      case "interval":
      case "changedNotSooner":
        return { when: condition, seconds: interval.decode(octets).seconds };
      default:
        return { when: condition, operand: new Uint8Array(octets.subarray(1)) };
    }
  },
};

/** Environmental Sensing Trigger Setting, 0x290D, a descriptor. */
export const environmentalTrigger: DescriptorType<EnvironmentalTrigger> = defineDescriptor(
  "290d",
  triggerCodec,
);

/** Environmental Sensing Configuration, 0x290B, a descriptor: how several triggers work together. */
export const environmentalConfiguration: DescriptorType<number> = defineDescriptor(
  "290b",
  field("Environmental Sensing Configuration", u8),
);

/** How triggers work together. Environmental Sensing Service 1.0, 3.1.2.3. */
export const TriggerLogic = { And: 0, Or: 1 } as const;

/** What a sensor measures; what is missing has no characteristic. */
export interface EnvironmentalSensingOptions {
  /** In degrees Celsius; NaN: not known yet. */
  readonly temperature?: number;
  /** In per cent. */
  readonly humidity?: number;
  /** In pascals. */
  readonly pressure?: number;
}

/** The kinds of characteristic by what they tell. */
const sensors = { temperature, humidity, pressure };

/**
 * Defines an Environmental Sensing service, to be offered with `host.gatt.add`. Environmental Sensing Service 1.0.
 *
 * @returns A service with a characteristic for each of the values, under its name.
 */
export function environmentalSensingService<O extends EnvironmentalSensingOptions>(
  options: O,
): ServiceDefinition<{
  readonly [K in keyof O]: TypedCharacteristicDefinition<number>;
}> {
  const characteristics: Partial<Record<keyof EnvironmentalSensingOptions, CharacteristicDefinition>> = {};
  for (const name of Object.keys(sensors) as (keyof EnvironmentalSensingOptions)[]) {
    const value = options[name];
    if (value !== undefined) characteristics[name] = sensors[name].characteristic({ value, notify: true });
  }
  return service(
    ServiceUuid.EnvironmentalSensing,
    characteristics as Record<keyof O, TypedCharacteristicDefinition<number>>,
  );
}
