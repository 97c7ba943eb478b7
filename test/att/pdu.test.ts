import { describe, expect, it } from "vitest";
import * as write from "../../src/att/pdu-write.ts";
import * as server from "../../src/att/pdu-server-initiated.ts";
import * as att from "../../src/att/pdu.ts";
import { codecs } from "../../src/att/registry.ts";
import { fromHex, toHex } from "../../src/common/bytes.ts";
import type { Codec } from "../../src/common/codec.ts";
import { MalformedPduError } from "../../src/common/errors.ts";
import { Uuid } from "../../src/common/uuid.ts";

const wideUuid = Uuid.from("f0debc9a-7856-3412-7856-341278563412");
const wideOnAir = "12345678 12345678 12345678 9abcdef0";

type Row<T> = readonly [title: string, codec: Codec<T>, hex: string, value: T];
const row = <T>(title: string, codec: Codec<T>, hex: string, value: T): Row<unknown> => [
  title,
  codec,
  hex,
  value,
];

const table: readonly Row<unknown>[] = [
  row("ATT_ERROR_RSP (3.4.1.1)", att.ErrorResponse, "01 0a 2400 02", {
    requestOpcode: 0x0a,
    handle: 0x24,
    error: 2,
  }),
  row("ATT_EXCHANGE_MTU_REQ (3.4.2.1)", att.ExchangeMtuRequest, "02 f700", { mtu: 247 }),
  row("ATT_EXCHANGE_MTU_RSP (3.4.2.2)", att.ExchangeMtuResponse, "03 0502", { mtu: 517 }),
  row("ATT_FIND_INFORMATION_REQ (3.4.3.1)", att.FindInformationRequest, "04 0100 ffff", {
    startHandle: 0x0001,
    endHandle: 0xffff,
  }),
  row(
    "ATT_FIND_INFORMATION_RSP, format 1 (3.4.3.2)",
    att.FindInformationResponse,
    "05 01 0100 0028 0200 0328",
    {
      entries: [
        { handle: 1, uuid: Uuid.from(0x2800) },
        { handle: 2, uuid: Uuid.from(0x2803) },
      ],
    },
  ),
  row(
    "ATT_FIND_INFORMATION_RSP, format 2 (3.4.3.2)",
    att.FindInformationResponse,
    `05 02 0300 ${wideOnAir}`,
    {
      entries: [{ handle: 3, uuid: wideUuid }],
    },
  ),
  row("ATT_FIND_BY_TYPE_VALUE_REQ (3.4.3.3)", att.FindByTypeValueRequest, "06 0100 ffff 0028 0d18", {
    startHandle: 0x0001,
    endHandle: 0xffff,
    attributeType: 0x2800,
    value: fromHex("0d18"),
  }),
  row("ATT_FIND_BY_TYPE_VALUE_REQ, empty value (3.4.3.3)", att.FindByTypeValueRequest, "06 0100 ffff 0028", {
    startHandle: 0x0001,
    endHandle: 0xffff,
    attributeType: 0x2800,
    value: fromHex(""),
  }),
  row("ATT_FIND_BY_TYPE_VALUE_RSP (3.4.3.4)", att.FindByTypeValueResponse, "07 1000 1f00 3000 ffff", {
    handles: [
      { handle: 0x10, groupEndHandle: 0x1f },
      { handle: 0x30, groupEndHandle: 0xffff },
    ],
  }),
  row("ATT_READ_BY_TYPE_REQ, 2-octet UUID (3.4.4.1)", att.ReadByTypeRequest, "08 0100 0f00 0328", {
    startHandle: 0x0001,
    endHandle: 0x000f,
    type: Uuid.from(0x2803),
  }),
  row("ATT_READ_BY_TYPE_REQ, 16-octet UUID (3.4.4.1)", att.ReadByTypeRequest, `08 0100 0f00 ${wideOnAir}`, {
    startHandle: 0x0001,
    endHandle: 0x000f,
    type: wideUuid,
  }),
  row("ATT_READ_BY_TYPE_RSP (3.4.4.2)", att.ReadByTypeResponse, "09 07 0200 020300002a 0400 020500012a", {
    entries: [
      { handle: 2, value: fromHex("020300002a") },
      { handle: 4, value: fromHex("020500012a") },
    ],
  }),
  row("ATT_READ_BY_TYPE_RSP, empty values (3.4.4.2)", att.ReadByTypeResponse, "09 02 0200 0300", {
    entries: [
      { handle: 2, value: fromHex("") },
      { handle: 3, value: fromHex("") },
    ],
  }),
  row("ATT_READ_REQ (3.4.4.3)", att.ReadRequest, "0a 3412", { handle: 0x1234 }),
  row("ATT_READ_RSP (3.4.4.4)", att.ReadResponse, "0b 426c75655a", { value: fromHex("426c75655a") }),
  row("ATT_READ_RSP, empty value (3.4.4.4)", att.ReadResponse, "0b", { value: fromHex("") }),
  row("ATT_READ_BLOB_REQ (3.4.4.5)", att.ReadBlobRequest, "0c 0300 1600", { handle: 3, offset: 22 }),
  row("ATT_READ_BLOB_RSP (3.4.4.6)", att.ReadBlobResponse, "0d 0102", { value: fromHex("0102") }),
  row("ATT_READ_MULTIPLE_REQ (3.4.4.7)", att.ReadMultipleRequest, "0e 0300 0700", { handles: [3, 7] }),
  row("ATT_READ_MULTIPLE_RSP (3.4.4.8)", att.ReadMultipleResponse, "0f 010203", {
    values: fromHex("010203"),
  }),
  row("ATT_READ_BY_GROUP_TYPE_REQ (3.4.4.9)", att.ReadByGroupTypeRequest, "10 0100 ffff 0028", {
    startHandle: 0x0001,
    endHandle: 0xffff,
    type: Uuid.from(0x2800),
  }),
  row(
    "ATT_READ_BY_GROUP_TYPE_RSP (3.4.4.10)",
    att.ReadByGroupTypeResponse,
    "11 06 0100 0400 0118 0500 0800 0d18",
    {
      entries: [
        { handle: 1, groupEndHandle: 4, value: fromHex("0118") },
        { handle: 5, groupEndHandle: 8, value: fromHex("0d18") },
      ],
    },
  ),
  row("ATT_READ_MULTIPLE_VARIABLE_REQ (3.4.4.11)", att.ReadMultipleVariableRequest, "20 0300 0700 0900", {
    handles: [3, 7, 9],
  }),
  row(
    "ATT_READ_MULTIPLE_VARIABLE_RSP (3.4.4.12)",
    att.ReadMultipleVariableResponse,
    "21 0200 aabb 0000 0100 cc",
    {
      values: [
        { length: 2, value: fromHex("aabb") },
        { length: 0, value: fromHex("") },
        { length: 1, value: fromHex("cc") },
      ],
    },
  ),
  row(
    "ATT_READ_MULTIPLE_VARIABLE_RSP, cut (3.4.4.12)",
    att.ReadMultipleVariableResponse,
    "21 0200 aabb 1400 cc",
    {
      values: [
        { length: 2, value: fromHex("aabb") },
        { length: 20, value: fromHex("cc") },
      ],
    },
  ),
  row("ATT_WRITE_REQ (3.4.5.1)", write.WriteRequest, "12 0400 0100", { handle: 4, value: fromHex("0100") }),
  row("ATT_WRITE_RSP (3.4.5.2)", write.WriteResponse, "13", {}),
  row("ATT_WRITE_CMD (3.4.5.3)", write.WriteCommand, "52 0400 ff", { handle: 4, value: fromHex("ff") }),
  row("ATT_SIGNED_WRITE_CMD (3.4.5.4)", write.SignedWriteCommand, "d2 1200 1337 01000000 f1871e93 3c900ff2", {
    handle: 0x12,
    value: fromHex("1337"),
    signature: fromHex("01000000 f1871e93 3c900ff2"),
  }),
  row(
    "ATT_SIGNED_WRITE_CMD, empty value (3.4.5.4)",
    write.SignedWriteCommand,
    "d2 1200 000102030405060708090a0b",
    {
      handle: 0x12,
      value: fromHex(""),
      signature: fromHex("000102030405060708090a0b"),
    },
  ),
  row("ATT_PREPARE_WRITE_REQ (3.4.6.1)", write.PrepareWriteRequest, "16 0300 1200 aabb", {
    handle: 3,
    offset: 18,
    value: fromHex("aabb"),
  }),
  row("ATT_PREPARE_WRITE_RSP (3.4.6.2)", write.PrepareWriteResponse, "17 0300 1200 aabb", {
    handle: 3,
    offset: 18,
    value: fromHex("aabb"),
  }),
  row("ATT_EXECUTE_WRITE_REQ (3.4.6.3)", write.ExecuteWriteRequest, "18 01", {
    flags: write.ExecuteWriteFlags.Write,
  }),
  row("ATT_EXECUTE_WRITE_RSP (3.4.6.4)", write.ExecuteWriteResponse, "19", {}),
  row("ATT_HANDLE_VALUE_NTF (3.4.7.1)", server.HandleValueNotification, "1b 0300 0048", {
    handle: 3,
    value: fromHex("0048"),
  }),
  row("ATT_HANDLE_VALUE_IND (3.4.7.2)", server.HandleValueIndication, "1d 0300 0100ffff", {
    handle: 3,
    value: fromHex("0100ffff"),
  }),
  row("ATT_HANDLE_VALUE_CFM (3.4.7.3)", server.HandleValueConfirmation, "1e", {}),
  row(
    "ATT_MULTIPLE_HANDLE_VALUE_NTF (3.4.7.4)",
    server.MultipleHandleValueNotification,
    "23 0300 0100 aa 0500 0000 0700 0200 bbcc",
    {
      entries: [
        { handle: 3, value: fromHex("aa") },
        { handle: 5, value: fromHex("") },
        { handle: 7, value: fromHex("bbcc") },
      ],
    },
  ),
];

describe("ATT PDUs, as Vol 3, Part F, 3.4 lays them out", () => {
  it.each(table)("%s decodes to its fields", (_, codec, hex, value) => {
    expect(codec.decode(fromHex(hex))).toEqual(value);
  });

  it.each(table)("%s encodes to its octets", (_, codec, hex, value) => {
    expect(toHex(codec.encode(value))).toBe(toHex(fromHex(hex)));
  });

  it("are all in the table above", () => {
    expect(new Set(table.map(([, codec]) => codec))).toEqual(new Set(codecs));
  });
});

const malformed: readonly (readonly [why: string, codec: Codec<unknown>, hex: string])[] = [
  ["no octet at all", att.ReadRequest, ""],
  ["another's opcode", att.ReadRequest, "0c 0300"],
  ["a handle cut in half", att.ReadRequest, "0a 03"],
  ["an octet too many", att.ReadRequest, "0a 0300 00"],
  ["a confirmation with parameters", server.HandleValueConfirmation, "1e 00"],
  ["no format", att.FindInformationResponse, "05"],
  ["format 0", att.FindInformationResponse, "05 00 0100 0028"],
  ["format 3", att.FindInformationResponse, "05 03 0100 0028"],
  ["no information", att.FindInformationResponse, "05 01"],
  ["information cut short", att.FindInformationResponse, "05 01 0100 0028 0200"],
  ["16-bit UUIDs as format 2", att.FindInformationResponse, "05 02 0100 0028"],
  ["no handles", att.FindByTypeValueResponse, "07"],
  ["handles cut short", att.FindByTypeValueResponse, "07 0100 0400 0500"],
  ["no type", att.ReadByTypeRequest, "08 0100 ffff"],
  ["a 4-octet type (3.2.1)", att.ReadByTypeRequest, "08 0100 ffff 00280000"],
  ["a 1-octet type", att.ReadByTypeRequest, "08 0100 ffff 28"],
  ["a 17-octet type", att.ReadByTypeRequest, `08 0100 ffff ${wideOnAir} 00`],
  ["no length", att.ReadByTypeResponse, "09"],
  ["length 0", att.ReadByTypeResponse, "09 00 0100"],
  ["length 1", att.ReadByTypeResponse, "09 01 0100"],
  ["no data", att.ReadByTypeResponse, "09 07"],
  ["length beyond the data", att.ReadByTypeResponse, "09 07 0200 020300"],
  ["a partial entry behind a whole one", att.ReadByTypeResponse, "09 04 0200 aabb 0300"],
  ["one handle to read (two or more: 3.4.4.7)", att.ReadMultipleRequest, "0e 0300"],
  ["one and a half handles to read", att.ReadMultipleRequest, "0e 0300 07"],
  ["length 3", att.ReadByGroupTypeResponse, "11 03 0100 04"],
  ["no groups", att.ReadByGroupTypeResponse, "11 06"],
  ["a partial group", att.ReadByGroupTypeResponse, "11 06 0100 0400 0118 0500"],
  ["one handle to read (two or more: 3.4.4.11)", att.ReadMultipleVariableRequest, "20 0300"],
  ["no values", att.ReadMultipleVariableResponse, "21"],
  ["half a length and nothing before it", att.ReadMultipleVariableResponse, "21 02"],
  ["eleven octets of signature", write.SignedWriteCommand, "d2 1200 000102030405060708090a"],
  ["no flags", write.ExecuteWriteRequest, "18"],
  ["no handle", server.HandleValueNotification, "1b"],
  ["no entries", server.MultipleHandleValueNotification, "23"],
  ["a value cut short (never truncated: 3.4.7.4)", server.MultipleHandleValueNotification, "23 0300 0200 aa"],
  ["an entry cut short", server.MultipleHandleValueNotification, "23 0300 0000 0500 00"],
];

describe("ATT PDUs that are malformed", () => {
  it.each(malformed)("%s: %o does not decode", (_, codec, hex) => {
    expect(() => codec.decode(fromHex(hex))).toThrow(MalformedPduError);
  });

  it("say which PDU, why, and with which octets", () => {
    expect(() => att.ReadByTypeRequest.decode(fromHex("08 0100 ffff 28"))).toThrow(
      "ATT_READ_BY_TYPE_REQ: type: a UUID of 1 octets in 08 01 00 ff ff 28",
    );
    expect(() => att.ReadRequest.decode(fromHex("0c 0300"))).toThrow(
      "ATT_READ_REQ: does not begin with opcode 0x0a in 0c 03 00",
    );
  });

  it("leave half a length at the end of a cut list of values unread (3.4.4.12)", () => {
    expect(att.ReadMultipleVariableResponse.decode(fromHex("21 0100 aa 05"))).toEqual({
      values: [{ length: 1, value: fromHex("aa") }],
    });
  });

  it("decode one entry of a multiple notification, though a server shall send two or more (3.4.7.4)", () => {
    expect(server.MultipleHandleValueNotification.decode(fromHex("23 0300 0100 aa"))).toEqual({
      entries: [{ handle: 3, value: fromHex("aa") }],
    });
  });
});

const some = fromHex("aabb");
const refused: readonly (readonly [why: string, encode: () => unknown])[] = [
  ["a handle beyond 16 bits", () => att.ReadRequest.encode({ handle: 0x1_0000 })],
  ["a negative handle", () => att.ReadRequest.encode({ handle: -1 })],
  ["no information", () => att.FindInformationResponse.encode({ entries: [] })],
  [
    "UUIDs of both widths in one response (3.4.3.2)",
    () =>
      att.FindInformationResponse.encode({
        entries: [
          { handle: 1, uuid: Uuid.from(0x2800) },
          { handle: 2, uuid: wideUuid },
        ],
      }),
  ],
  ["no handles found", () => att.FindByTypeValueResponse.encode({ handles: [] })],
  ["no entries", () => att.ReadByTypeResponse.encode({ entries: [] })],
  [
    "entries of different lengths (3.4.4.2)",
    () =>
      att.ReadByTypeResponse.encode({
        entries: [
          { handle: 1, value: some },
          { handle: 2, value: fromHex("aa") },
        ],
      }),
  ],
  [
    "a value of 254 octets (253 at most: 3.4.4.2)",
    () => att.ReadByTypeResponse.encode({ entries: [{ handle: 1, value: new Uint8Array(254) }] }),
  ],
  [
    "a group value of 252 octets (251 at most: 3.4.4.10)",
    () =>
      att.ReadByGroupTypeResponse.encode({
        entries: [{ handle: 1, groupEndHandle: 2, value: new Uint8Array(252) }],
      }),
  ],
  ["one handle to read", () => att.ReadMultipleRequest.encode({ handles: [1] })],
  ["no values", () => att.ReadMultipleVariableResponse.encode({ values: [] })],
  [
    "more octets than the length says",
    () => att.ReadMultipleVariableResponse.encode({ values: [{ length: 1, value: some }] }),
  ],
  [
    "a cut value that is not the last (3.4.4.12)",
    () =>
      att.ReadMultipleVariableResponse.encode({
        values: [
          { length: 3, value: some },
          { length: 2, value: some },
        ],
      }),
  ],
  [
    "a length beyond 16 bits",
    () => att.ReadMultipleVariableResponse.encode({ values: [{ length: 0x1_0000, value: some }] }),
  ],
  [
    "a signature of 11 octets",
    () => write.SignedWriteCommand.encode({ handle: 1, value: some, signature: new Uint8Array(11) }),
  ],
  ["no entries to notify", () => server.MultipleHandleValueNotification.encode({ entries: [] })],
];

describe("ATT PDUs that cannot be sent", () => {
  it.each(refused)("%s: RangeError, the fault is the caller's", (_, encode) => {
    expect(encode).toThrow(RangeError);
  });

  it("take the longest values that their length octet can tell", () => {
    expect(
      att.ReadByTypeResponse.encode({ entries: [{ handle: 1, value: new Uint8Array(253) }] }),
    ).toHaveLength(257);
  });
});

describe("decoded ATT values", () => {
  it("are views of the PDU, and the encoded PDU is a copy", () => {
    const pdu = fromHex("1b 0300 0048");
    const { value } = server.HandleValueNotification.decode(pdu);
    pdu[3] = 0x77;
    expect(value[0]).toBe(0x77);
    const encoded = server.HandleValueNotification.encode({ handle: 3, value });
    value[0] = 0x11;
    expect(encoded[3]).toBe(0x77);
  });
});
