import fc from "fast-check";
import type { PlainField } from "./field-probe.ts";

/** Values for a field or a whole packet. All of them shrink towards the smallest ones. */
export interface Values<T = unknown> {
  /** What the specification allows. */
  readonly valid: fc.Arbitrary<T>;
  /** What fits: also what the specification reserves or forbids, which every receiver has to expect. */
  readonly encodable: fc.Arbitrary<T>;
}

/** Which values of a field the specification allows: from the first up to and with the second, or those here. */
export type Bound = readonly [least: number, most: number] | fc.Arbitrary<unknown>;

/** A number of so many octets, unsigned. */
export function unsigned(octets: number, bound: Bound = [0, 256 ** octets - 1]): Values {
  return { valid: within(bound), encodable: fc.integer({ min: 0, max: 256 ** octets - 1 }) };
}

/** A number of so many octets, signed. */
export function signed(octets: number, bound?: Bound): Values {
  const half = 256 ** octets / 2;
  const encodable = fc.integer({ min: -half, max: half - 1 });
  return { valid: bound ? within(bound) : encodable, encodable };
}

/** Octet strings of any length up to `most`: mostly short ones, as what goes wrong with long ones is costly to shrink. */
export function octetsUpTo(most: number, least = 0): fc.Arbitrary<Uint8Array> {
  const range = { minLength: least, maxLength: most };
  return fc.oneof(
    { weight: 4, arbitrary: fc.uint8Array(range) },
    { weight: 1, arbitrary: fc.uint8Array({ ...range, size: "max" }) },
  );
}

/** The same as {@link Values}. */
export function upTo(most: number, least = 0): Values<Uint8Array> {
  return alike(octetsUpTo(most, least));
}

/** Where the specification allows all that fits. */
export function alike<T>(arbitrary: fc.Arbitrary<T>): Values<T> {
  return { valid: arbitrary, encodable: arbitrary };
}

/** Several fields as one value. */
export function all(fields: Readonly<Record<string, Values>>): Values<Record<string, unknown>> {
  const pick = (kind: keyof Values): fc.Arbitrary<Record<string, unknown>> =>
    fc.record(Object.fromEntries(Object.entries(fields).map(([name, values]) => [name, values[kind]])), {
      noNullPrototype: true,
    });
  return { valid: pick("valid"), encodable: pick("encodable") };
}

/** Lists of `least` to `most` elements. */
export function many<T>({ valid, encodable }: Values<T>, least: number, most: number): Values<T[]> {
  const list = (element: fc.Arbitrary<T>): fc.Arbitrary<T[]> =>
    fc.array(element, { minLength: least, maxLength: most });
  return { valid: list(valid), encodable: list(encodable) };
}

/** Lists of which the valid ones have no two elements that are the same in `field`. */
export function distinct(element: Values, field: string, least: number, most: number): Values<unknown[]> {
  const selector = (value: unknown): unknown => (value as Record<string, unknown>)[field];
  return {
    valid: fc.uniqueArray(element.valid, { selector, minLength: least, maxLength: most }),
    encodable: many(element, least, most).encodable,
  };
}

/** One or the other. */
export function either<T>(...choices: readonly Values<T>[]): Values<T> {
  return {
    valid: fc.oneof(...choices.map(({ valid }) => valid)),
    encodable: fc.oneof(...choices.map(({ encodable }) => encodable)),
  };
}

/** The same, with the valid ones made right where fields depend on one another. */
export function putRight<T>({ valid, encodable }: Values<T>, right: (value: T) => T): Values<T> {
  return { valid: valid.map(right), encodable };
}

/** Values of a field whose layout was found out. */
export function plainValues(field: PlainField, bound?: Bound): Values {
  switch (field.kind) {
    case "unsigned":
      return unsigned(field.octets, bound);
    case "signed":
      return signed(field.octets, bound);
    case "big":
      return alike(fc.bigInt({ min: 0n, max: 256n ** BigInt(field.octets) - 1n }));
    case "octets": {
      const any = upTo(field.octets, field.octets);
      return bound ? { ...any, valid: within(bound) } : any;
    }
    case "flag":
      return alike(fc.boolean());
  }
}

/** As {@link Bound} says. */
export function within(bound: Bound): fc.Arbitrary<unknown> {
  if (bound instanceof fc.Arbitrary) return bound;
  const [min, max] = bound;
  return fc.integer({ min, max });
}
