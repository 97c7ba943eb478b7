/**
 * Refuses an option of the program that is no whole number of its range.
 *
 * @param name - The option, for the message.
 * @throws {@link RangeError} The number is not whole, or not from `least` to `most`; the message names the option and
 *   the range.
 */
export function requireWhole(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new RangeError(`${name}: ${value} is not a whole number from ${least} to ${most}`);
}

/** The same for an option that may be left out. */
export function requireWholeIfGiven(
  name: string,
  value: number | undefined,
  least: number,
  most: number,
): void {
  if (value !== undefined) requireWhole(name, value, least, most);
}
