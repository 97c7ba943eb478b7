import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { codecs } from "../../src/att/registry.ts";
import { MalformedPduError } from "../../src/common/errors.ts";
import { Uuid } from "../../src/common/uuid.ts";
import { runs } from "../support/runs.ts";

const u8 = fc.integer({ min: 0, max: 0xff });
const u16 = fc.integer({ min: 0, max: 0xffff });
const value = fc.uint8Array({ maxLength: 40 });
const mtu = fc.record({ mtu: u16 }, { noNullPrototype: true });
const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<unknown> =>
  fc.record(model, { noNullPrototype: true });
const nothing = fc.constant({});

const shortUuid = u16.map((number) => Uuid.from(number));
const longUuid = fc
  .uint8Array({ minLength: 16, maxLength: 16 })
  .map((octets) => Uuid.from(octets))
  .filter((uuid) => uuid.octets.length === 16);

const list = <T>(element: fc.Arbitrary<T>, minLength: number): fc.Arbitrary<T[]> =>
  fc.array(element, { minLength, maxLength: 6 });
const uniform = (item: (value: fc.Arbitrary<Uint8Array>) => fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc
    .integer({ min: 0, max: 30 })
    .chain((size) => record({ entries: list(item(fc.uint8Array({ minLength: size, maxLength: size })), 1) }));
const uuids = (uuid: fc.Arbitrary<Uuid>): fc.Arbitrary<unknown> =>
  record({ entries: list(record({ handle: u16, uuid }), 1) });

const wholeValues = fc
  .array(value, { maxLength: 4 })
  .map((values) => values.map((octets) => ({ length: octets.length, value: octets })));
const lastValue = fc
  .tuple(value, fc.nat(500))
  .map(([octets, missing]) => ({ length: octets.length + missing, value: octets }));
const handleValue = record({ handle: u16, value });
const range = { startHandle: u16, endHandle: u16 };

const arbitraries: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  ATT_ERROR_RSP: record({ requestOpcode: u8, handle: u16, error: u8 }),
  ATT_EXCHANGE_MTU_REQ: mtu,
  ATT_EXCHANGE_MTU_RSP: mtu,
  ATT_FIND_INFORMATION_REQ: record(range),
  ATT_FIND_INFORMATION_RSP: fc.oneof(uuids(shortUuid), uuids(longUuid)),
  ATT_FIND_BY_TYPE_VALUE_REQ: record({ ...range, attributeType: u16, value }),
  ATT_FIND_BY_TYPE_VALUE_RSP: record({ handles: list(record({ handle: u16, groupEndHandle: u16 }), 1) }),
  ATT_READ_BY_TYPE_REQ: record({ ...range, type: fc.oneof(shortUuid, longUuid) }),
  ATT_READ_BY_TYPE_RSP: uniform((octets) => record({ handle: u16, value: octets })),
  ATT_READ_REQ: record({ handle: u16 }),
  ATT_READ_RSP: record({ value }),
  ATT_READ_BLOB_REQ: record({ handle: u16, offset: u16 }),
  ATT_READ_BLOB_RSP: record({ value }),
  ATT_READ_MULTIPLE_REQ: record({ handles: list(u16, 2) }),
  ATT_READ_MULTIPLE_RSP: record({ values: value }),
  ATT_READ_BY_GROUP_TYPE_REQ: record({ ...range, type: fc.oneof(shortUuid, longUuid) }),
  ATT_READ_BY_GROUP_TYPE_RSP: uniform((octets) =>
    record({ handle: u16, groupEndHandle: u16, value: octets }),
  ),
  ATT_READ_MULTIPLE_VARIABLE_REQ: record({ handles: list(u16, 2) }),
  ATT_READ_MULTIPLE_VARIABLE_RSP: record({
    // Nothing but the end of a response can be cut.
    values: fc.tuple(wholeValues, lastValue).map(([whole, last]) => [...whole, last]),
  }),
  ATT_WRITE_REQ: handleValue,
  ATT_WRITE_RSP: nothing,
  ATT_WRITE_CMD: handleValue,
  ATT_SIGNED_WRITE_CMD: record({
    handle: u16,
    value,
    signature: fc.uint8Array({ minLength: 12, maxLength: 12 }),
  }),
  ATT_PREPARE_WRITE_REQ: record({ handle: u16, offset: u16, value }),
  ATT_PREPARE_WRITE_RSP: record({ handle: u16, offset: u16, value }),
  ATT_EXECUTE_WRITE_REQ: record({ flags: u8 }),
  ATT_EXECUTE_WRITE_RSP: nothing,
  ATT_HANDLE_VALUE_NTF: handleValue,
  ATT_HANDLE_VALUE_IND: handleValue,
  ATT_HANDLE_VALUE_CFM: nothing,
  ATT_MULTIPLE_HANDLE_VALUE_NTF: record({ entries: list(handleValue, 1) }),
};

describe.each(codecs)("$name", (codec) => {
  it("decodes what it encodes", () => {
    const arbitrary = arbitraries[codec.name];
    if (!arbitrary) throw new Error(`no values to try for ${codec.name}`);
    fc.assert(
      fc.property(arbitrary, (pdu) => {
        const octets = codec.encode(pdu);
        expect(octets[0]).toBe(codec.opcode);
        expect(codec.decode(octets)).toEqual(pdu);
      }),
      runs,
    );
  });

  it("decodes any octets behind its opcode to what can be sent again, or they are malformed, nothing else", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (octets) => {
        let decoded: unknown;
        try {
          decoded = codec.decode(Uint8Array.of(codec.opcode, ...octets));
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedPduError);
          return;
        }
        expect(codec.decode(codec.encode(decoded))).toEqual(decoded);
      }),
      runs,
    );
  });

  it("takes octets without its opcode for malformed", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 24 }), (octets) => {
        fc.pre(octets[0] !== codec.opcode);
        expect(() => codec.decode(octets)).toThrow(MalformedPduError);
      }),
      runs,
    );
  });
});
