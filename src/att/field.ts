import { bufferLayout } from "../common/layout.ts";
import { type Field, type Fields, group, list, mapped, rest } from "../common/struct.ts";
import { Uuid } from "../common/uuid.ts";

/** The octet in front of a list whose items have one size: what it says, and what it may say. */
export interface ItemSize {
  /** The size of every item, or `undefined` when the octet has no meaning. */
  sizeOf(octet: number): number | undefined;
  /** The octet that stands for items of this size, or `undefined` when such items cannot be sent. */
  octetOf(size: number): number | undefined;
}

// Members are not #private: buffer-layout's replicate() copies plain properties only.
class UniformList<T extends object> extends bufferLayout.Layout<readonly T[]> {
  readonly itemSize: ItemSize;
  readonly item: Field<T>;

  constructor(itemSize: ItemSize, item: Field<T>) {
    super(-1);
    this.itemSize = itemSize;
    this.item = item;
  }

  override getSpan(octets?: Uint8Array, offset = 0): number {
    if (!octets) throw new RangeError("the size depends on the PDU");
    return octets.length - offset;
  }

  override decode(octets: Uint8Array, offset = 0): readonly T[] {
    const octet = octets[offset];
    if (octet === undefined) throw new RangeError("the size of the items is missing");
    const size = this.itemSize.sizeOf(octet);
    if (size === undefined) throw new RangeError(`no item has the size that ${octet} stands for`);
    const available = octets.length - offset - 1;
    if (available === 0) throw new RangeError("the list is empty");
    if (available % size !== 0)
      throw new RangeError(`${available} octets are no whole number of ${size}-octet items`);
    const items: T[] = [];
    for (let at = offset + 1; at < octets.length; at += size) {
      items.push(this.item.decode(octets.subarray(at, at + size)));
    }
    return items;
  }

  override encode(items: readonly T[], octets: Uint8Array, offset = 0): number {
    let at = offset + 1;
    let size: number | undefined;
    for (const item of items) {
      const written = this.item.encode(item, octets, at);
      size ??= written;
      if (written !== size) throw new RangeError(`items of ${size} and of ${written} octets in one list`);
      at += written;
    }
    if (size === undefined) throw new RangeError("the list is empty");
    const octet = this.itemSize.octetOf(size);
    if (octet === undefined)
      throw new RangeError(`items of ${size} octets cannot be told in the octet for their size`);
    octets[offset] = octet;
    return at - offset;
  }
}

/** Up to the end of the PDU: an octet for the size of the items, then one or more items of exactly that size. */
export function uniformList<T extends object>(itemSize: ItemSize, item: Fields<T>): Field<readonly T[]> {
  return new UniformList(itemSize, group(item));
}

/** As many elements as fit up to the end, but no fewer than `least`. */
export function atLeast<T>(least: number, element: Field<T>): Field<readonly T[]> {
  const check = (elements: readonly T[]): readonly T[] => {
    if (elements.length < least)
      throw new RangeError(`${elements.length} elements where ${least} or more belong`);
    return elements;
  };
  return mapped(list(element), check, check);
}

/** An attribute type up to the end of the PDU: 2 or 16 octets, no other width. Vol 3, Part F, 3.2.1. */
export const uuid: Field<Uuid> = mapped(
  rest,
  (octets) => {
    if (octets.length !== 2 && octets.length !== 16)
      throw new RangeError(`a UUID of ${octets.length} octets`);
    return Uuid.from(octets);
  },
  ({ octets }) => octets,
);
