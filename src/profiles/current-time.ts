import { type Field, i8, mapped, u8 } from "../common/struct.ts";
import {
  type CharacteristicType,
  defineCharacteristic,
  type TypedCharacteristicDefinition,
} from "../gatt/define-characteristic.ts";
import { type GattPeer, service, type ServiceDefinition } from "../gatt/service-builder.ts";
import { fields } from "./codec.ts";
import { type DateTime, dateTimeFields, dateTimeOf } from "./date-time.ts";
import { bitNames, ranged, scaled } from "./fields.ts";
import { ServiceUuid } from "./service-uuid.ts";

/** Why a clock was set. Current Time Service 1.1, 3.1.2. */
export type AdjustReason = "manual" | "externalReference" | "timeZone" | "daylightSavingTime";

/** A value of Current Time. Current Time Service 1.1, 3.1. */
export interface CurrentTime extends DateTime {
  /** 1 is Monday, 7 is Sunday, 0: not known. */
  readonly dayOfWeek: number;
  /** 0 to 999, in steps of 1000/256. */
  readonly milliseconds: number;
  /** What has led to a notification. */
  readonly adjustReasons: readonly AdjustReason[];
}

/** The last steps of a second must not become a second more. */
const fraction: Field<number> = mapped(
  u8,
  (steps) => (steps * 1000) / 256,
  (milliseconds) => (milliseconds < 1000 ? Math.min(Math.round((milliseconds * 256) / 1000), 0xff) : 256),
);

/** Current Time, 0x2A2B: read, notified when the clock was set, and written where the server lets clients set it. */
export const currentTime: CharacteristicType<CurrentTime> = defineCharacteristic(
  "2a2b",
  fields<CurrentTime>("Current Time", {
    ...dateTimeFields,
    dayOfWeek: ranged(u8, 0, 7),
    milliseconds: fraction,
    adjustReasons: bitNames(u8, ["manual", "externalReference", "timeZone", "daylightSavingTime"]),
  }),
);

/** How local time comes from UTC. Current Time Service 1.1, 3.2. */
export interface LocalTimeInformation {
  /** What standard time is ahead of UTC, in minutes: -720 to 840 in steps of 15, or NaN: not known. */
  readonly timeZoneMinutes: number;
  /** What is added to standard time at present, in minutes: 0, 30, 60 or 120, or NaN: not known. */
  readonly daylightSavingMinutes: number;
}

/** Local Time Information, 0x2A0F. */
export const localTimeInformation: CharacteristicType<LocalTimeInformation> = defineCharacteristic(
  "2a0f",
  fields<LocalTimeInformation>("Local Time Information", {
    timeZoneMinutes: scaled(i8, 15, 1, -128),
    daylightSavingMinutes: scaled(u8, 15, 1, 255),
  }),
);

/** Where a server has its time from. GATT Specification Supplement, Time Source. */
export const TimeSource = {
  Unknown: 0,
  NetworkTimeProtocol: 1,
  Gps: 2,
  RadioTimeSignal: 3,
  Manual: 4,
  AtomicClock: 5,
  CellularNetwork: 6,
} as const;

/** How good a server's time is. Current Time Service 1.1, 3.3. */
export interface ReferenceTimeInformation {
  /** One of {@link TimeSource}, or a number that was not assigned when this was written. */
  readonly source: number;
  /** How far the clock may be off, in ms: 0 to 31625 in steps of 125, Infinity: more than that, NaN: not known. */
  readonly accuracy: number;
  /** Days since the clock was set, 0 to 254; 255 stands for as many or more. */
  readonly daysSinceUpdate: number;
  /** Hours in addition to the days, 0 to 23; 255 where the days are 255. */
  readonly hoursSinceUpdate: number;
}

const accuracySteps = scaled(u8, 125, 1, 0xff);
const outOfRange = 0xfe * 125;

/** Reference Time Information, 0x2A14. */
export const referenceTimeInformation: CharacteristicType<ReferenceTimeInformation> = defineCharacteristic(
  "2a14",
  fields<ReferenceTimeInformation>("Reference Time Information", {
    source: u8,
    accuracy: mapped(
      accuracySteps,
      (value) => (value === outOfRange ? Number.POSITIVE_INFINITY : value),
      (value) => (value >= outOfRange ? outOfRange : value),
    ),
    daysSinceUpdate: u8,
    hoursSinceUpdate: u8,
  }),
);

/** What time it is on this computer, at a moment. */
export function currentTimeAt(date: Date, adjustReasons: readonly AdjustReason[] = []): CurrentTime {
  return {
    ...dateTimeOf(date),
    dayOfWeek: date.getDay() === 0 ? 7 : date.getDay(), // Sunday is the first day there, the last one here
    milliseconds: date.getMilliseconds(),
    adjustReasons,
  };
}

/** Where a Current Time service has its time from. */
export interface CurrentTimeServiceOptions {
  /** Asked at every read, e.g. `() => currentTimeAt(new Date())`. */
  readonly now: () => CurrentTime;
  /** Takes the time a client sets; without it clients may not. */
  readonly onSet?: (time: CurrentTime, connection: GattPeer) => void | Promise<void>;
  readonly localTime?: () => LocalTimeInformation;
  readonly reference?: () => ReferenceTimeInformation;
}

/** Defines a Current Time service, to be offered with `host.gatt.add`. Current Time Service 1.1. */
export function currentTimeService(options: CurrentTimeServiceOptions): ServiceDefinition<{
  readonly time: TypedCharacteristicDefinition<CurrentTime>;
  readonly localTime?: TypedCharacteristicDefinition<LocalTimeInformation>;
  readonly reference?: TypedCharacteristicDefinition<ReferenceTimeInformation>;
}> {
  const { now, onSet, localTime, reference } = options;
  return service(ServiceUuid.CurrentTime, {
    time: currentTime.characteristic({
      notify: true,
      onRead: now,
      ...(onSet && { onWrite: ({ value, connection }) => onSet(value, connection) }),
    }),
    ...(localTime && { localTime: localTimeInformation.characteristic({ onRead: localTime }) }),
    ...(reference && { reference: referenceTimeInformation.characteristic({ onRead: reference }) }),
  });
}
