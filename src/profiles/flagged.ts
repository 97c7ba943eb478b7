import { type Field, type Fields, struct, type Struct } from "../common/struct.ts";
import type { ValueCodec } from "../gatt/value-codec.ts";
import { requireFields } from "./codec.ts";

/** One part of a value whose first field says which of the others are there. */
interface Part<V> {
  /** The bits of the flags that decide how this part looks on the air. */
  readonly mask: number;
  /** The bits it sets when it has this value. */
  flagsOf(value: V): number;
  /** How it is laid out behind such flags; `undefined` when it is not there. */
  layout(flags: number): Field<V> | undefined;
  /** What the flags themselves say; `undefined` when they say nothing. */
  inFlags?(flags: number): V | undefined;
}

/** A part that may be missing, which {@link when} makes. */
interface OptionalPart<V> extends Part<V> {
  readonly optional: true;
}

/** The parts of `T` in the order in which they go over the air. */
export type Parts<T> = {
  readonly [K in keyof T]-?: undefined extends T[K] ? OptionalPart<Exclude<T[K], undefined>> : Part<T[K]>;
};

/** A part that is always there. */
export function always<V>(field: Field<V>): Part<V> {
  return { mask: 0, flagsOf: () => 0, layout: () => field };
}

/** A part that is there when a bit of the flags is set. */
export function when<V>(bit: number, field: Field<V>): OptionalPart<V> {
  return {
    optional: true,
    mask: bit,
    flagsOf: () => bit,
    layout: (flags) => ((flags & bit) === 0 ? undefined : field),
  };
}

/** A number that takes the wider field when a bit of the flags is set, which it is only where the number needs it. */
export function widened(bit: number, narrow: Field<number>, wide: Field<number>): Part<number> {
  const most = 256 ** narrow.span - 1;
  return {
    mask: bit,
    flagsOf: (value) => (value > most ? bit : 0),
    layout: (flags) => ((flags & bit) === 0 ? narrow : wide),
  };
}

/** A part that stands in the flags alone: a bit. It may be missing in what is sent, and is always there in what comes. */
export function bit(mask: number): OptionalPart<boolean> {
  return {
    optional: true,
    mask,
    flagsOf: (value) => (value ? mask : 0),
    layout: () => undefined,
    inFlags: (flags) => (flags & mask) !== 0,
  };
}

/** A part that stands in the flags alone: what a bit says where another says that it means something. */
export function bitWhen(known: number, mask: number): OptionalPart<boolean> {
  return {
    optional: true,
    mask: known | mask,
    flagsOf: (value) => known | (value ? mask : 0),
    layout: () => undefined,
    inFlags: (flags) => ((flags & known) === 0 ? undefined : (flags & mask) !== 0),
  };
}

/** How many layouts are remembered by their flags: as a rule a device always sends the same parts. */
const mostRemembered = 64;

/**
 * A value that begins with flags which say what follows. Bits that no part knows are ignored, and so are octets behind
 * the last part: a later version of a profile may append fields.
 *
 * @param parts - A property that is `undefined` is not there.
 */
export function flagged<T extends object>(
  name: string,
  flags: Field<number>,
  parts: Parts<T>,
): ValueCodec<T> {
  const entries = Object.entries<Part<unknown>>(parts);
  const mask = entries.reduce((bits, [, part]) => bits | part.mask, 0);
  const head = struct<{ readonly flags: number }>(name, { flags }, "ignore");
  const layouts = new Map<number, Struct<Record<string, unknown>>>();

  function layoutFor(bits: number): Struct<Record<string, unknown>> {
    const known = layouts.get(bits);
    if (known) return known;
    const fields: Record<string, Field<unknown>> = { flags };
    for (const [property, part] of entries) {
      const field = part.layout(bits);
      if (field) fields[property] = field;
    }
    const made = struct(name, fields as Fields<Record<string, unknown>>, "ignore");
    if (layouts.size < mostRemembered) layouts.set(bits, made);
    return made;
  }

  return {
    encode(value) {
      requireFields(name, value, Object.keys(parts));
      let bits = 0;
      for (const [property, part] of entries) {
        const own = value[property as keyof T];
        if (own !== undefined) bits |= part.flagsOf(own);
      }
      return layoutFor(bits).encode({ ...value, flags: bits });
    },
    decode(octets) {
      const bits = head.decode(octets).flags & mask;
      const value = layoutFor(bits).decode(octets);
      delete value["flags"];
      for (const [property, part] of entries) {
        const said = part.inFlags?.(bits);
        if (said !== undefined) value[property] = said;
      }
      return value as T;
    },
  };
}
