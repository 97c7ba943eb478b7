/**
 * Checks a whole number.
 *
 * @throws {@link RangeError} It is none, or out of its range; the message names it.
 */
export function checkWithin(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new RangeError(`${name} is ${least} to ${most}: ${value}`);
}

/**
 * Checks a probability.
 *
 * @throws {@link RangeError} It is not between 0 and 1; the message names it.
 */
export function checkProbability(name: string, value: number): void {
  if (value >= 0 && value <= 1) return;
  throw new RangeError(`${name} is 0 to 1: ${value}`);
}

/**
 * Checks a choice.
 *
 * @throws {@link RangeError} It is none of `choices`; the message names it.
 */
export function checkOneOf(name: string, value: string, choices: readonly string[]): void {
  if (choices.includes(value)) return;
  throw new RangeError(`${name} is one of ${choices.join(", ")}: ${value}`);
}

/**
 * Checks an octet string.
 *
 * @throws {@link RangeError} It is none, or of another length; the message names it.
 */
export function checkOctets(name: string, value: unknown, length: number): void {
  if (value instanceof Uint8Array && value.length === length) return;
  const what = value instanceof Uint8Array ? `${value.length} octets` : typeof value;
  throw new RangeError(`${name} is a Uint8Array of ${length} octets: ${what}`);
}
