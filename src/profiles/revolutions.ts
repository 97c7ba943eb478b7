import { type Field, group, u16, u32 } from "../common/struct.ts";
import { scaled } from "./fields.ts";

/** How often something has turned, and when it last did. */
export interface Revolutions {
  /** Since the beginning; wraps around at 2^32 for a wheel, at 65536 for a crank. */
  readonly count: number;
  /** When the last one ended, in ms, by a clock that wraps around; see the measurement. */
  readonly lastEventTime: number;
}

/** 32 bits of revolutions and the time in steps of `1 / perSecond` s. */
export function wheelRevolutions(perSecond: number): Field<Revolutions> {
  return group<Revolutions>({ count: u32, lastEventTime: scaled(u16, 1000, perSecond) });
}

/** 16 bits of revolutions and the time in steps of 1/1024 s. */
export const crankRevolutions: Field<Revolutions> = group<Revolutions>({
  count: u16,
  lastEventTime: scaled(u16, 1000, 1024),
});

/** Where the numbers of {@link Revolutions} wrap around. */
export interface Wrap {
  readonly count: number;
  /** In ms. */
  readonly time: number;
}

/** Of the wheel in a CSC Measurement. */
export const cscWheelWrap: Wrap = { count: 2 ** 32, time: 64_000 };
/** Of the wheel in a Cycling Power Measurement. */
export const powerWheelWrap: Wrap = { count: 2 ** 32, time: 32_000 };
/** Of the crank in both. */
export const crankWrap: Wrap = { count: 2 ** 16, time: 64_000 };

/**
 * How fast something has turned from one measurement to the next.
 *
 * @returns Revolutions a minute; 0 when it has not turned meanwhile.
 */
export function revolutionsPerMinute(earlier: Revolutions, later: Revolutions, wrap: Wrap): number {
  const turns = (later.count - earlier.count + wrap.count) % wrap.count;
  const time = (later.lastEventTime - earlier.lastEventTime + wrap.time) % wrap.time;
  return time === 0 ? 0 : (turns * 60_000) / time;
}
