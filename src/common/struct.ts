import { Buffer } from "node:buffer"; // buffer-layout reads and writes through Buffer's methods
import { MalformedPduError } from "./errors.ts";
import { bufferLayout } from "./layout.ts";

const {
  Layout,
  s16,
  s8,
  u16: layoutU16,
  u24: layoutU24,
  u32: layoutU32,
  u48: layoutU48,
  u8: layoutU8,
} = bufferLayout;

/** How one field of a packet is laid out. Made by the constants and functions below, used in {@link struct}. */
export interface Field<T> {
  /** Octets the field takes, or -1 when that depends on the value. */
  readonly span: number;
  decode(octets: Uint8Array, offset?: number): T;
  encode(value: T, octets: Uint8Array, offset?: number): number;
  getSpan(octets?: Uint8Array, offset?: number): number;
  /** The name of the property in a {@link group}. */
  readonly property: string | undefined;
  replicate(property: string): Field<T>;
}

/** The layout of each property of `T`, in the order in which they go over the air. */
export type Fields<T> = { readonly [K in keyof T]-?: Field<T[K]> };

/** A packet's parameters: one definition for both directions. */
export interface Struct<T> {
  /** Name in the specification, for error messages. */
  readonly name: string;
  /**
   * Reads `octets` from `start`. Octet strings in the result are *borrowed* views of `octets`.
   *
   * @throws {@link MalformedPduError} The octets are too few, or too many for a strict struct.
   */
  decode(octets: Uint8Array, start?: number): T;
  /**
   * Writes the value behind `head`.
   *
   * @returns A buffer of its own that the caller *owns*.
   * @throws {@link RangeError} A number does not fit its field, or an octet string has the wrong length.
   */
  encode(value: T, head?: Uint8Array): Uint8Array;
}

/** What a struct does with octets behind its last field: later versions of HCI may append, ATT may not. */
export type Trailing = "refuse" | "ignore";

// The largest packet a struct is used for: an L2CAP PDU of 65535 octets with its headers.
const scratch = Buffer.alloc(65_600);
// The same memory, to be copied from: what Buffer copies is a Buffer again, whose slice() is none.
const scratchOctets = new Uint8Array(scratch.buffer, scratch.byteOffset, scratch.length);

// Members of these classes are not #private: buffer-layout's replicate() copies plain properties only.

class Bytes extends Layout<Uint8Array> {
  readonly size: number;

  constructor(size: number) {
    super(size);
    this.size = size;
  }

  override decode(octets: Uint8Array, offset = 0): Uint8Array {
    return view(octets, offset, this.size);
  }

  override encode(value: Uint8Array, octets: Uint8Array, offset = 0): number {
    if (value.length !== this.size) {
      throw new RangeError(`${value.length} octets where ${this.size} belong`);
    }
    octets.set(value, offset);
    return this.size;
  }
}

class Rest extends Layout<Uint8Array> {
  constructor() {
    super(-1);
  }

  override getSpan(octets?: Uint8Array, offset = 0): number {
    return present(octets).length - offset;
  }

  override decode(octets: Uint8Array, offset = 0): Uint8Array {
    return view(octets, offset, octets.length - offset);
  }

  override encode(value: Uint8Array, octets: Uint8Array, offset = 0): number {
    octets.set(value, offset);
    return value.length;
  }
}

/** Octets behind their own length. */
class Prefixed extends Layout<Uint8Array> {
  readonly length: Field<number>;

  constructor(length: Field<number>) {
    super(-1);
    this.length = length;
  }

  override getSpan(octets?: Uint8Array, offset = 0): number {
    return this.length.span + this.length.decode(present(octets), offset);
  }

  override decode(octets: Uint8Array, offset = 0): Uint8Array {
    return view(octets, offset + this.length.span, this.length.decode(octets, offset));
  }

  override encode(value: Uint8Array, octets: Uint8Array, offset = 0): number {
    this.length.encode(value.length, octets, offset);
    octets.set(value, offset + this.length.span);
    return this.length.span + value.length;
  }
}

/** Elements one after the other: `count` of them, or as many as a field in front says, or up to the end. */
class Repeated<T> extends Layout<readonly T[]> {
  readonly element: Field<T>;
  readonly count: Field<number> | "toTheEnd";

  constructor(element: Field<T>, count: Field<number> | "toTheEnd") {
    super(-1);
    this.element = element;
    this.count = count;
  }

  override getSpan(octets?: Uint8Array, offset = 0): number {
    return this.walk(present(octets), offset) - offset;
  }

  override decode(octets: Uint8Array, offset = 0): readonly T[] {
    const elements: T[] = [];
    this.walk(octets, offset, (at) => elements.push(this.element.decode(octets, at)));
    return elements;
  }

  override encode(elements: readonly T[], octets: Uint8Array, offset = 0): number {
    let at = offset;
    if (this.count !== "toTheEnd") {
      this.count.encode(elements.length, octets, at);
      at += this.count.span;
    }
    if (!Array.isArray(elements)) throw new TypeError("give an array");
    for (const element of elements as readonly T[]) at += this.element.encode(element, octets, at);
    return at - offset;
  }

  /** Calls `visit` with the place of each element; returns where the last one ends. */
  private walk(octets: Uint8Array, offset: number, visit?: (at: number) => void): number {
    let at = offset;
    let left = Number.POSITIVE_INFINITY;
    if (this.count !== "toTheEnd") {
      left = this.count.decode(octets, at);
      at += this.count.span;
    }
    while (left-- > 0 && (this.count !== "toTheEnd" || at < octets.length)) {
      visit?.(at);
      const size = this.element.getSpan(octets, at);
      if (size <= 0 || at + size > octets.length) throw new RangeError("an element is cut short");
      at += size;
    }
    return at;
  }
}

class Mapped<Inner, Outer> extends Layout<Outer> {
  readonly inner: Field<Inner>;
  readonly read: (value: Inner) => Outer;
  readonly write: (value: Outer) => Inner;

  constructor(inner: Field<Inner>, read: (value: Inner) => Outer, write: (value: Outer) => Inner) {
    super(inner.span);
    this.inner = inner;
    this.read = read;
    this.write = write;
  }

  override getSpan(octets?: Uint8Array, offset?: number): number {
    return this.inner.getSpan(octets, offset);
  }

  override decode(octets: Uint8Array, offset = 0): Outer {
    return this.read(this.inner.decode(octets, offset));
  }

  override encode(value: Outer, octets: Uint8Array, offset = 0): number {
    return this.inner.encode(this.write(value), octets, offset);
  }
}

/** Says more than buffer-layout does: Buffer writes 1.5 as 1 and NaN as 0, and speaks of offsets in its errors. */
class Integer extends Layout<number> {
  readonly layout: Field<number>;
  readonly least: number;
  readonly most: number;

  constructor(layout: Field<number>, least: number, most: number) {
    super(layout.span);
    this.layout = layout;
    this.least = least;
    this.most = most;
  }

  override decode(octets: Uint8Array, offset = 0): number {
    const missing = offset + this.span - octets.length;
    if (missing > 0) throw new RangeError(`${missing} octets are missing`);
    return this.layout.decode(octets, offset);
  }

  override encode(value: number, octets: Uint8Array, offset = 0): number {
    if (!Number.isInteger(value)) throw new RangeError(`${value} is no whole number`);
    if (value < this.least || value > this.most)
      throw new RangeError(`${value} is not in ${this.least} to ${this.most}`);
    return this.layout.encode(value, octets, offset);
  }
}

/** Fields one after the other. Unlike buffer-layout's own, it needs no size from a field but what it wrote. */
class Group<T extends object> extends Layout<T> {
  readonly fields: readonly Field<unknown>[];

  constructor(fields: readonly Field<unknown>[]) {
    super(fields.some(({ span }) => span < 0) ? -1 : fields.reduce((size, { span }) => size + span, 0));
    this.fields = fields;
  }

  override getSpan(octets?: Uint8Array, offset = 0): number {
    if (this.span >= 0) return this.span;
    let at = offset;
    for (const field of this.fields) at += field.getSpan(present(octets), at);
    return at - offset;
  }

  override decode(octets: Uint8Array, offset = 0): T {
    const value: Record<string, unknown> = {};
    this.read(octets, offset, value);
    return value as T;
  }

  override encode(value: T, octets: Uint8Array, offset = 0): number {
    let at = offset;
    let property: string | undefined;
    try {
      for (const field of this.fields) {
        property = field.property;
        at += field.encode(value[property as keyof T], octets, at);
      }
    } catch (error) {
      throw inField(error, property);
    }
    return at - offset;
  }

  /** Sets the properties of `value`; returns where the last field ends, which may be behind the octets. */
  read(octets: Uint8Array, offset: number, value: Record<string, unknown>): number {
    let at = offset;
    let property: string | undefined;
    try {
      for (const field of this.fields) {
        property = field.property;
        value[property ?? ""] = field.decode(octets, at);
        at += field.span >= 0 ? field.span : field.getSpan(octets, at);
      }
    } catch (error) {
      throw inField(error, property);
    }
    return at;
  }
}

/** An unsigned octet. */
export const u8: Field<number> = integer(layoutU8(), 0, 0xff);
/** An unsigned 16-bit number, little-endian like all that follow. */
export const u16: Field<number> = integer(layoutU16(), 0, 0xffff);
/** An unsigned 24-bit number. */
export const u24: Field<number> = integer(layoutU24(), 0, 0xff_ffff);
/** An unsigned 32-bit number. */
export const u32: Field<number> = integer(layoutU32(), 0, 0xffff_ffff);
/** An unsigned 48-bit number; a device address is one. */
export const u48: Field<number> = integer(layoutU48(), 0, 0xffff_ffff_ffff);
/** A signed octet. */
export const i8: Field<number> = integer(s8(), -0x80, 0x7f);
/** A signed 16-bit number. */
export const i16: Field<number> = integer(s16(), -0x8000, 0x7fff);

/** Exactly `size` octets. Decodes to a *borrowed* view. */
export function bytes(size: number): Field<Uint8Array> {
  return new Bytes(size);
}

/** All octets up to the end of the packet. Decodes to a *borrowed* view. */
export const rest: Field<Uint8Array> = new Rest();

/** Octets with their number in front. Decodes to a *borrowed* view. */
export function prefixed(length: Field<number>): Field<Uint8Array> {
  return new Prefixed(length);
}

/** As many elements as fit up to the end; a part of one is malformed. */
export function list<T>(element: Field<T>): Field<readonly T[]> {
  return new Repeated(element, "toTheEnd");
}

/** Elements with their number in front. */
export function counted<T>(count: Field<number>, element: Field<T>): Field<readonly T[]> {
  return new Repeated(element, count);
}

/**
 * A field whose program-side value differs from its air-side one. Both functions may throw RangeError; `write` may not
 * encode another {@link struct}, since all share one buffer.
 */
export function mapped<Inner, Outer>(
  inner: Field<Inner>,
  read: (value: Inner) => Outer,
  write: (value: Outer) => Inner,
): Field<Outer> {
  return new Mapped(inner, read, write);
}

/** An octet that is 0x00 or not. */
export const flag: Field<boolean> = mapped(
  u8,
  (octet) => octet !== 0,
  (value) => (value ? 1 : 0),
);

/** An unsigned 64-bit number. */
export const u64: Field<bigint> = mapped(
  bytes(8),
  (octets) => new DataView(octets.buffer, octets.byteOffset, 8).getBigUint64(0, true),
  (value) => {
    if (BigInt.asUintN(64, value) !== value)
      throw new RangeError(`${value.toString()} is no unsigned 64-bit number`);
    const octets = new Uint8Array(8);
    new DataView(octets.buffer).setBigUint64(0, value, true);
    return octets;
  },
);

/** Several fields as one value, to be an element of {@link list} or {@link counted}. */
export function group<T extends object>(fields: Fields<T>): Field<T> {
  return groupOf(fields);
}

/** A whole packet's parameters. */
export function struct<T extends object>(name: string, fields: Fields<T>, trailing: Trailing): Struct<T> {
  const layout = groupOf(fields);
  return {
    name,
    decode(octets, start = 0) {
      const buffer = Buffer.from(octets.buffer, octets.byteOffset, octets.length);
      try {
        const value: Record<string, unknown> = {};
        const end = layout.read(buffer, start, value);
        if (end > octets.length) throw new RangeError(`${end - octets.length} octets are missing`);
        if (end < octets.length && trailing === "refuse") {
          throw new RangeError(`${octets.length - end} octets too many`);
        }
        return value as T;
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        throw new MalformedPduError(name, error.message, octets, { cause: error });
      }
    },
    encode(value, head) {
      const start = head?.length ?? 0;
      if (head) scratch.set(head);
      const end = start + layout.encode(value, scratch, start);
      return scratchOctets.slice(0, end);
    },
  };
}

function groupOf<T extends object>(fields: Fields<T>): Group<T> {
  const named: Field<unknown>[] = [];
  for (const [property, field] of Object.entries<Field<unknown>>(fields))
    named.push(field.replicate(property));
  return new Group<T>(named);
}

/** buffer-layout asks for a size without octets to learn whether it is always the same, and takes the error for no. */
function present(octets: Uint8Array | undefined): Uint8Array {
  if (!octets) throw new RangeError("the size depends on the octets");
  return octets;
}

function view(octets: Uint8Array, offset: number, size: number): Uint8Array {
  if (offset + size > octets.length)
    throw new RangeError(`${offset + size - octets.length} octets are missing`);
  return new Uint8Array(octets.buffer, octets.byteOffset + offset, size);
}

function integer(layout: Field<number>, least: number, most: number): Field<number> {
  return new Integer(layout, least, most);
}

/** The same error, with the field that it is about in front. */
function inField(error: unknown, property: string | undefined): unknown {
  if (!property) return error; // the only field of a value that is no object
  const Kind = [RangeError, TypeError].find((kind) => error instanceof kind);
  return Kind ? new Kind(`${property}: ${(error as Error).message}`, { cause: error }) : error;
}
