import { type Field, mapped, u16, u8 } from "../common/struct.ts";
import {
  type CharacteristicType,
  defineCharacteristic,
  type TypedCharacteristicDefinition,
} from "../gatt/define-characteristic.ts";
import { service, type ServiceDefinition } from "../gatt/service-builder.ts";
import { field } from "./codec.ts";
import { ranged } from "./fields.ts";
import { always, flagged, when } from "./flagged.ts";
import { ServiceUuid } from "./service-uuid.ts";

const percent = ranged(u8, 0, 100);

/** Battery Level, 0x2A19: how full the battery is, in per cent, 0 to 100. Battery Service 1.1, 3.1. */
export const batteryLevel: CharacteristicType<number> = defineCharacteristic(
  "2a19",
  field("Battery Level", percent),
);

/** Whether something is connected; a device may not be able to tell. */
export type Connectedness = "no" | "yes" | "unknown" | "reserved";
/** What the battery does. Discharging, it may feed the device or be in use for nothing. */
export type ChargeState = "unknown" | "charging" | "dischargingActive" | "dischargingInactive";
/** How full the battery is, as the device judges it. */
export type ChargeLevel = "unknown" | "good" | "low" | "critical";
/** How the battery is charged; `unknown` also when it is not. */
export type ChargeType = "unknown" | "constantCurrent" | "constantVoltage" | "trickle" | "float" | "reserved";
/** What keeps the battery from being charged. */
export type ChargingFault = "battery" | "externalPowerSource" | "other";

/** The Power State of a Battery Level Status. */
export interface PowerState {
  readonly present: boolean;
  readonly wiredPower: Connectedness;
  readonly wirelessPower: Connectedness;
  readonly chargeState: ChargeState;
  readonly chargeLevel: ChargeLevel;
  readonly chargeType: ChargeType;
  readonly chargingFaults: readonly ChargingFault[];
}

/** The Additional Status of a Battery Level Status. */
export interface AdditionalBatteryStatus {
  readonly serviceRequired: "no" | "yes" | "unknown" | "reserved";
  readonly fault: boolean;
}

/** A value of Battery Level Status. Battery Service 1.1, 3.2. */
export interface BatteryLevelStatus {
  readonly power: PowerState;
  /** Which battery, where there are several: the number its Battery Level has in its Presentation Format. */
  readonly identifier?: number;
  /** In per cent, 0 to 100. */
  readonly level?: number;
  readonly additional?: AdditionalBatteryStatus;
}

const connectedness = ["no", "yes", "unknown", "reserved"] as const;
const chargeStates = ["unknown", "charging", "dischargingActive", "dischargingInactive"] as const;
const chargeLevels = ["unknown", "good", "low", "critical"] as const;
const chargeTypes = [
  "unknown",
  "constantCurrent",
  "constantVoltage",
  "trickle",
  "float",
  "reserved",
] as const;
const chargingFaults = ["battery", "externalPowerSource", "other"] as const;

const powerState: Field<PowerState> = mapped(
  u16,
  (bits) => ({
    present: (bits & 0x0001) !== 0,
    wiredPower: connectedness[(bits >> 1) & 3] ?? "reserved",
    wirelessPower: connectedness[(bits >> 3) & 3] ?? "reserved",
    chargeState: chargeStates[(bits >> 5) & 3] ?? "unknown",
    chargeLevel: chargeLevels[(bits >> 7) & 3] ?? "unknown",
    chargeType: chargeTypes[(bits >> 9) & 7] ?? "reserved",
    chargingFaults: chargingFaults.filter((_, place) => ((bits >> (12 + place)) & 1) !== 0),
  }),
  (state) =>
    (state.present ? 1 : 0) |
    (placeOf(connectedness, state.wiredPower) << 1) |
    (placeOf(connectedness, state.wirelessPower) << 3) |
    (placeOf(chargeStates, state.chargeState) << 5) |
    (placeOf(chargeLevels, state.chargeLevel) << 7) |
    (placeOf(chargeTypes, state.chargeType) << 9) |
    state.chargingFaults.reduce((bits, fault) => bits | (0x1000 << placeOf(chargingFaults, fault)), 0),
);

const additionalStatus: Field<AdditionalBatteryStatus> = mapped(
  u8,
  (bits) => ({
    serviceRequired: connectedness[bits & 3] ?? "reserved",
    fault: (bits & 0x04) !== 0,
  }),
  ({ serviceRequired, fault }) => placeOf(connectedness, serviceRequired) | (fault ? 0x04 : 0),
);

/** For programs that no compiler checks. */
function placeOf<T extends string>(names: readonly T[], name: T): number {
  const place = names.indexOf(name);
  if (place < 0) throw new RangeError(`"${name}" is none of ${names.join(", ")}`);
  return place;
}

/** Battery Level Status, 0x2BED: read, and notified when it changes. */
export const batteryLevelStatus: CharacteristicType<BatteryLevelStatus> = defineCharacteristic(
  "2bed",
  flagged<BatteryLevelStatus>("Battery Level Status", u8, {
    power: always(powerState),
    identifier: when(0x01, u16),
    level: when(0x02, percent),
    additional: when(0x04, additionalStatus),
  }),
);

/** What a battery service tells. */
export interface BatteryServiceOptions {
  /** In per cent, 0 to 100. */
  readonly level: number;
  readonly status?: BatteryLevelStatus;
}

/** Defines a Battery service, to be offered with `host.gatt.add`. Battery Service 1.1. */
export function batteryService({ level, status }: BatteryServiceOptions): ServiceDefinition<{
  readonly level: TypedCharacteristicDefinition<number>;
  readonly status?: TypedCharacteristicDefinition<BatteryLevelStatus>;
}> {
  return service(ServiceUuid.Battery, {
    level: batteryLevel.characteristic({ value: level, notify: true }),
    ...(status && { status: batteryLevelStatus.characteristic({ value: status, notify: true }) }),
  });
}
