import fc from "fast-check";
import { Opcode, pduKind } from "../src/att/opcode.ts";
import { Uuid } from "../src/common/uuid.ts";
import type { Knowledge } from "./parameter-values.ts";
import { alike, all, either, many, octetsUpTo, putRight, unsigned, upTo, type Values } from "./values.ts";

/** The longest attribute value. Vol 3, Part F, 3.2.9. */
const longestValue = 512;
const u16 = (least = 0): Values => unsigned(2, [least, 0xffff]);

const shortUuids: fc.Arbitrary<Uuid> = fc
  .oneof(fc.constantFrom(0x2800, 0x2801, 0x2802, 0x2803, 0x2902, 0x2a00), fc.integer({ min: 0, max: 0xffff }))
  .map((number) => Uuid.from(number));
const longUuids: fc.Arbitrary<Uuid> = fc
  .uint8Array({ minLength: 16, maxLength: 16 })
  .map((octets) => Uuid.from(octets))
  .filter(({ octets }) => octets.length === 16);
const uuids = fc.oneof(shortUuids, longUuids);

const requests = Object.values(Opcode).filter((opcode) => pduKind(opcode) === "request");

interface Handled {
  readonly handle: number;
  readonly groupEndHandle?: number;
}

/** Ascending handles, no two the same, and groups that do not overlap: as responses have them. Vol 3, Part F, 3.4.3.2. */
function ascending(value: Record<string, unknown>): Record<string, unknown> {
  const [[name, list] = ["", []]] = Object.entries(value);
  const ordered: Handled[] = [];
  let free = 1;
  for (const item of [...(list as Handled[])].sort((a, b) => a.handle - b.handle)) {
    const handle = Math.max(item.handle, free);
    if (handle > 0xffff) break;
    const last = Math.max(item.groupEndHandle ?? handle, handle);
    ordered.push({ ...item, handle, ...(item.groupEndHandle !== undefined && { groupEndHandle: last }) });
    free = last + 1;
  }
  return { [name]: ordered };
}

/** A list under one name, in the order of its handles. */
function found(name: string, item: Values, most: number): Values {
  return putRight(all({ [name]: many(item, 1, most) }), ascending);
}

/** Lists whose items have values of one length. */
function uniform(most: number, more: Readonly<Record<string, Values>>): Values {
  const of = (kind: keyof Values): fc.Arbitrary<unknown> =>
    fc
      .oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: most }))
      .chain((size) => found("entries", all({ ...more, value: upTo(size, size) }), 6)[kind]);
  return { valid: of("valid"), encodable: of("encodable") };
}

const wholeValue = octetsUpTo(40).map((value): unknown => ({ length: value.length, value }));
const cutValue = fc
  .tuple(octetsUpTo(40), fc.nat(longestValue - 40))
  .map(([value, missing]): unknown => ({ length: value.length + missing, value }));

/** ATT. Vol 3, Part F, 3.4. */
export const attKnowledge: Knowledge = {
  bounds: {
    requestOpcode: fc.constantFrom(...requests),
    handle: [1, 0xffff],
    // Where there is no attribute to blame it is 0.
    "ATT_ERROR_RSP handle": [0, 0xffff],
    error: fc.oneof(
      fc.integer({ min: 0x01, max: 0x13 }),
      fc.integer({ min: 0x80, max: 0x9f }),
      fc.integer({ min: 0xfc, max: 0xff }),
    ),
    mtu: [23, 517],
    startHandle: [1, 0xffff],
    endHandle: [1, 0xffff],
    offset: [0, longestValue],
    flags: [0, 1],
  },
  open: {
    value: upTo(longestValue),
    type: alike(uuids),
    handles: many(u16(1), 2, 12),
    "ATT_READ_MULTIPLE_RSP values": upTo(longestValue),
    "ATT_READ_MULTIPLE_VARIABLE_RSP values": alike(
      fc
        .tuple(fc.array(wholeValue, { maxLength: 4 }), fc.oneof(wholeValue, cutValue))
        .map(([whole, last]) => [...whole, last]),
    ),
    "ATT_MULTIPLE_HANDLE_VALUE_NTF entries": many(all({ handle: u16(1), value: upTo(60) }), 2, 6),
  },
  whole: {
    ATT_FIND_INFORMATION_RSP: either(
      found("entries", all({ handle: u16(1), uuid: alike(shortUuids) }), 6),
      found("entries", all({ handle: u16(1), uuid: alike(longUuids) }), 4),
    ),
    ATT_FIND_BY_TYPE_VALUE_RSP: found("handles", all({ handle: u16(1), groupEndHandle: u16(1) }), 6),
    ATT_READ_BY_TYPE_RSP: uniform(253, { handle: u16(1) }),
    ATT_READ_BY_GROUP_TYPE_RSP: uniform(251, { handle: u16(1), groupEndHandle: u16(1) }),
  },
};
