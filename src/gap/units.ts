/** Advertising and scanning count in units of this many ms. Vol 4, Part E, 7.8.5 and 7.8.10. */
const slotMs = 0.625;

/** Connection intervals count in units of this many ms. Vol 4, Part E, 7.8.12. */
const intervalUnitMs = 1.25;

/** Supervision timeouts count in units of this many ms. Vol 4, Part E, 7.8.12. */
const timeoutUnitMs = 10;

/** A time in ms, and the range in ms it must lie in. */
interface Limits {
  readonly min: number;
  readonly max: number;
}

function inUnits(name: string, ms: number, unit: number, { min, max }: Limits): number {
  if (!(ms >= min && ms <= max)) throw new RangeError(`${name}: ${ms} ms is not within ${min} to ${max} ms`);
  return Math.round(ms / unit);
}

/** The longest time that Node's timers can wait, in ms: longer ones would be over at once. */
const mostPatience = 2 ** 31 - 1;

/** @throws {@link RangeError} Not a time that can be waited for: 0 to 2,147,483,647 ms, about 24 days. */
export function checkPatience(name: string, ms: number): void {
  if (!(ms >= 0 && ms <= mostPatience)) {
    throw new RangeError(`${name}: ${ms} ms is not within 0 to ${mostPatience} ms`);
  }
}

/** @throws {@link RangeError} Not within 20 to 10,240 ms. */
export function advertisingInterval(name: string, ms: number): number {
  return inUnits(name, ms, slotMs, { min: 20, max: 10_240 });
}

/** @throws {@link RangeError} Not within 2.5 to 10,240 ms. */
export function scanTime(name: string, ms: number): number {
  return inUnits(name, ms, slotMs, { min: 2.5, max: 10_240 });
}

/** @throws {@link RangeError} Not within 7.5 to 4,000 ms. */
export function connectionInterval(name: string, ms: number): number {
  return inUnits(name, ms, intervalUnitMs, { min: 7.5, max: 4_000 });
}

/** @throws {@link RangeError} Not within 100 to 32,000 ms. */
export function supervisionTimeout(name: string, ms: number): number {
  return inUnits(name, ms, timeoutUnitMs, { min: 100, max: 32_000 });
}

/** Connection interval from its units to ms. */
export function intervalMs(units: number): number {
  return units * intervalUnitMs;
}

/** Supervision timeout from its units to ms. */
export function timeoutMs(units: number): number {
  return units * timeoutUnitMs;
}

/** @throws {@link RangeError} Not within 7.5 to 81,918.75 ms. */
export function periodicInterval(name: string, ms: number): number {
  return inUnits(name, ms, intervalUnitMs, { min: 7.5, max: 81_918.75 });
}

/** @throws {@link RangeError} Not within 100 to 163,840 ms. */
export function syncTimeout(name: string, ms: number): number {
  return inUnits(name, ms, timeoutUnitMs, { min: 100, max: 163_840 });
}
