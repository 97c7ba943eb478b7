import { type Field, type Fields, group, u16, u8 } from "../common/struct.ts";
import { ranged } from "./fields.ts";

/** A moment on the clock and calendar of where the device is. GATT Specification Supplement, Date Time. */
export interface DateTime {
  /** 1582 to 9999, or 0: not known. */
  readonly year: number;
  /** 1 to 12, or 0: not known. */
  readonly month: number;
  /** 1 to 31, or 0: not known. */
  readonly day: number;
  /** 0 to 23. */
  readonly hours: number;
  /** 0 to 59. */
  readonly minutes: number;
  /** 0 to 59. */
  readonly seconds: number;
}

/** How the parts of a {@link DateTime} are laid out, for values that have more behind them. */
export const dateTimeFields: Fields<DateTime> = {
  year: ranged(u16, 0, 9999),
  month: ranged(u8, 0, 12),
  day: ranged(u8, 0, 31),
  hours: ranged(u8, 0, 23),
  minutes: ranged(u8, 0, 59),
  seconds: ranged(u8, 0, 59),
};

/** A {@link DateTime} among other fields. */
export const dateTime: Field<DateTime> = group(dateTimeFields);

/** A moment by the clock and time zone of this computer. */
export function dateTimeOf(date: Date): DateTime {
  return {
    year: date.getFullYear(),
    month: date.getMonth() + 1,
    day: date.getDate(),
    hours: date.getHours(),
    minutes: date.getMinutes(),
    seconds: date.getSeconds(),
  };
}

/** The inverse of {@link dateTimeOf}; `undefined` where year, month or day are not known. */
export function dateOf({ year, month, day, hours, minutes, seconds }: DateTime): Date | undefined {
  if (year === 0 || month === 0 || day === 0) return undefined;
  return new Date(year, month - 1, day, hours, minutes, seconds);
}
