import { concat, u16At } from "../common/bytes.ts";
import { type Codec, pdu } from "../common/codec.ts";
import { type Field, group, mapped, rest, u16, u8 } from "../common/struct.ts";
import type { Uuid } from "../common/uuid.ts";
import type { ErrorCode } from "./error-code.ts";
import { atLeast, type ItemSize, uniformList, uuid } from "./field.ts";
import { Opcode } from "./opcode.ts";

// Sections 3.4.1 to 3.4.4. Writing is in pdu-write.ts, what a server sends by itself in pdu-server-initiated.ts.

/** ATT_ERROR_RSP: why a request gets no other answer. Vol 3, Part F, 3.4.1.1. */
export interface ErrorResponse {
  /** The opcode of the request that is refused. */
  readonly requestOpcode: number;
  /** The attribute the error is about, 0x0000 when there is none. */
  readonly handle: number;
  readonly error: ErrorCode;
}

/** Codec of ATT_ERROR_RSP. Vol 3, Part F, 3.4.1.1. */
export const ErrorResponse: Codec<ErrorResponse> = pdu("ATT_ERROR_RSP", Opcode.ErrorResponse, {
  requestOpcode: u8,
  handle: u16,
  error: u8,
});

/** ATT_EXCHANGE_MTU_REQ: the client tells how much it can receive. Vol 3, Part F, 3.4.2.1. */
export interface ExchangeMtuRequest {
  /** Client Rx MTU in octets, 23 or more on LE. */
  readonly mtu: number;
}

/** Codec of ATT_EXCHANGE_MTU_REQ. Vol 3, Part F, 3.4.2.1. */
export const ExchangeMtuRequest: Codec<ExchangeMtuRequest> = pdu(
  "ATT_EXCHANGE_MTU_REQ",
  Opcode.ExchangeMtuRequest,
  { mtu: u16 },
);

/** ATT_EXCHANGE_MTU_RSP: the server tells how much it can receive. Vol 3, Part F, 3.4.2.2. */
export interface ExchangeMtuResponse {
  /** Server Rx MTU in octets, 23 or more on LE. */
  readonly mtu: number;
}

/** Codec of ATT_EXCHANGE_MTU_RSP. Vol 3, Part F, 3.4.2.2. */
export const ExchangeMtuResponse: Codec<ExchangeMtuResponse> = pdu(
  "ATT_EXCHANGE_MTU_RSP",
  Opcode.ExchangeMtuResponse,
  { mtu: u16 },
);

/** ATT_FIND_INFORMATION_REQ: which attributes are there, of which types. Vol 3, Part F, 3.4.3.1. */
export interface FindInformationRequest {
  readonly startHandle: number;
  /** The last handle wanted, itself included. */
  readonly endHandle: number;
}

/** Codec of ATT_FIND_INFORMATION_REQ. Vol 3, Part F, 3.4.3.1. */
export const FindInformationRequest: Codec<FindInformationRequest> = pdu(
  "ATT_FIND_INFORMATION_REQ",
  Opcode.FindInformationRequest,
  { startHandle: u16, endHandle: u16 },
);

/** An attribute and its type. Vol 3, Part F, 3.4.3.2. */
export interface HandleUuid {
  readonly handle: number;
  readonly uuid: Uuid;
}

/** ATT_FIND_INFORMATION_RSP: attributes in ascending order of handle. Vol 3, Part F, 3.4.3.2. */
export interface FindInformationResponse {
  /** One or more, all with UUIDs that take 2 octets or all with UUIDs that take 16: encoding refuses a mixture. */
  readonly entries: readonly HandleUuid[];
}

// The Format field. Vol 3, Part F, 3.4.3.2.
const format: ItemSize = {
  sizeOf(octet) {
    if (octet === 0x01) return 4;
    return octet === 0x02 ? 18 : undefined;
  },
  octetOf: (size) => (size === 4 ? 0x01 : 0x02),
};

/** Codec of ATT_FIND_INFORMATION_RSP. Vol 3, Part F, 3.4.3.2. */
export const FindInformationResponse: Codec<FindInformationResponse> = pdu(
  "ATT_FIND_INFORMATION_RSP",
  Opcode.FindInformationResponse,
  { entries: uniformList(format, { handle: u16, uuid }) },
);

/** ATT_FIND_BY_TYPE_VALUE_REQ: where are attributes of this type and value. Vol 3, Part F, 3.4.3.3. */
export interface FindByTypeValueRequest {
  readonly startHandle: number;
  /** The last handle wanted, itself included. */
  readonly endHandle: number;
  /** A 16-bit UUID as its number; this PDU knows no other width. */
  readonly attributeType: number;
  /** The whole value looked for. */
  readonly value: Uint8Array;
}

/** Codec of ATT_FIND_BY_TYPE_VALUE_REQ. Vol 3, Part F, 3.4.3.3. */
export const FindByTypeValueRequest: Codec<FindByTypeValueRequest> = pdu(
  "ATT_FIND_BY_TYPE_VALUE_REQ",
  Opcode.FindByTypeValueRequest,
  { startHandle: u16, endHandle: u16, attributeType: u16, value: rest },
);

/** An attribute that was found, and the last of the group it begins. Vol 3, Part F, 3.4.3.4. */
export interface HandleRange {
  readonly handle: number;
  /** Its own handle when it begins no group. */
  readonly groupEndHandle: number;
}

/** ATT_FIND_BY_TYPE_VALUE_RSP: the attributes found, in ascending order of handle. Vol 3, Part F, 3.4.3.4. */
export interface FindByTypeValueResponse {
  /** One or more. */
  readonly handles: readonly HandleRange[];
}

/** Codec of ATT_FIND_BY_TYPE_VALUE_RSP. Vol 3, Part F, 3.4.3.4. */
export const FindByTypeValueResponse: Codec<FindByTypeValueResponse> = pdu(
  "ATT_FIND_BY_TYPE_VALUE_RSP",
  Opcode.FindByTypeValueResponse,
  { handles: atLeast(1, group({ handle: u16, groupEndHandle: u16 })) },
);

/** ATT_READ_BY_TYPE_REQ: the values of attributes whose type is known. Vol 3, Part F, 3.4.4.1. */
export interface ReadByTypeRequest {
  readonly startHandle: number;
  /** The last handle wanted, itself included. */
  readonly endHandle: number;
  readonly type: Uuid;
}

/** Codec of ATT_READ_BY_TYPE_REQ. Vol 3, Part F, 3.4.4.1. */
export const ReadByTypeRequest: Codec<ReadByTypeRequest> = pdu(
  "ATT_READ_BY_TYPE_REQ",
  Opcode.ReadByTypeRequest,
  {
    startHandle: u16,
    endHandle: u16,
    type: uuid,
  },
);

/** An attribute and its value. Vol 3, Part F, 3.4.4.2. */
export interface HandleValue {
  readonly handle: number;
  readonly value: Uint8Array;
}

/** ATT_READ_BY_TYPE_RSP: attributes in ascending order of handle. Vol 3, Part F, 3.4.4.2. */
export interface ReadByTypeResponse {
  /** One or more, with values of one length, 0 to 253 octets. A value as long as the PDU allows may be a part. */
  readonly entries: readonly HandleValue[];
}

/** The Length field counts a whole item, and an item has at least its handles. */
function lengthFrom(least: number): ItemSize {
  const possible = (size: number): number | undefined => (size >= least && size <= 0xff ? size : undefined);
  return { sizeOf: possible, octetOf: possible };
}

/** Codec of ATT_READ_BY_TYPE_RSP. Vol 3, Part F, 3.4.4.2. */
export const ReadByTypeResponse: Codec<ReadByTypeResponse> = pdu(
  "ATT_READ_BY_TYPE_RSP",
  Opcode.ReadByTypeResponse,
  { entries: uniformList(lengthFrom(2), { handle: u16, value: rest }) },
);

/** ATT_READ_REQ: read an attribute's value. Vol 3, Part F, 3.4.4.3. */
export interface ReadRequest {
  readonly handle: number;
}

/** Codec of ATT_READ_REQ. Vol 3, Part F, 3.4.4.3. */
export const ReadRequest: Codec<ReadRequest> = pdu("ATT_READ_REQ", Opcode.ReadRequest, { handle: u16 });

/** ATT_READ_RSP: at most ATT_MTU - 1 octets of the value. Vol 3, Part F, 3.4.4.4. */
export interface ReadResponse {
  readonly value: Uint8Array;
}

/** Codec of ATT_READ_RSP. Vol 3, Part F, 3.4.4.4. */
export const ReadResponse: Codec<ReadResponse> = pdu("ATT_READ_RSP", Opcode.ReadResponse, { value: rest });

/** ATT_READ_BLOB_REQ: read part of a long attribute value. Vol 3, Part F, 3.4.4.5. */
export interface ReadBlobRequest {
  readonly handle: number;
  /** First octet wanted, counted in octets from the start of the value. */
  readonly offset: number;
}

/** Codec of ATT_READ_BLOB_REQ. Vol 3, Part F, 3.4.4.5. */
export const ReadBlobRequest: Codec<ReadBlobRequest> = pdu("ATT_READ_BLOB_REQ", Opcode.ReadBlobRequest, {
  handle: u16,
  offset: u16,
});

/** ATT_READ_BLOB_RSP: at most ATT_MTU - 1 octets of the value from the offset on. Vol 3, Part F, 3.4.4.6. */
export interface ReadBlobResponse {
  /** Empty when the offset was the length of the value. */
  readonly value: Uint8Array;
}

/** Codec of ATT_READ_BLOB_RSP. Vol 3, Part F, 3.4.4.6. */
export const ReadBlobResponse: Codec<ReadBlobResponse> = pdu("ATT_READ_BLOB_RSP", Opcode.ReadBlobResponse, {
  value: rest,
});

/** ATT_READ_MULTIPLE_REQ: read several values whose lengths the client knows. Vol 3, Part F, 3.4.4.7. */
export interface ReadMultipleRequest {
  /** Two or more, in any order. */
  readonly handles: readonly number[];
}

/** Codec of ATT_READ_MULTIPLE_REQ. Vol 3, Part F, 3.4.4.7. */
export const ReadMultipleRequest: Codec<ReadMultipleRequest> = pdu(
  "ATT_READ_MULTIPLE_REQ",
  Opcode.ReadMultipleRequest,
  { handles: atLeast(2, u16) },
);

/** ATT_READ_MULTIPLE_RSP: at most ATT_MTU - 1 octets of the values. Vol 3, Part F, 3.4.4.8. */
export interface ReadMultipleResponse {
  /** The values one after the other in the order of the request, with nothing between them. */
  readonly values: Uint8Array;
}

/** Codec of ATT_READ_MULTIPLE_RSP. Vol 3, Part F, 3.4.4.8. */
export const ReadMultipleResponse: Codec<ReadMultipleResponse> = pdu(
  "ATT_READ_MULTIPLE_RSP",
  Opcode.ReadMultipleResponse,
  { values: rest },
);

/** ATT_READ_BY_GROUP_TYPE_REQ: the values of attributes that begin a group. Vol 3, Part F, 3.4.4.9. */
export interface ReadByGroupTypeRequest {
  readonly startHandle: number;
  /** The last handle wanted, itself included. */
  readonly endHandle: number;
  /** A grouping type, such as the one of primary services. */
  readonly type: Uuid;
}

/** Codec of ATT_READ_BY_GROUP_TYPE_REQ. Vol 3, Part F, 3.4.4.9. */
export const ReadByGroupTypeRequest: Codec<ReadByGroupTypeRequest> = pdu(
  "ATT_READ_BY_GROUP_TYPE_REQ",
  Opcode.ReadByGroupTypeRequest,
  { startHandle: u16, endHandle: u16, type: uuid },
);

/** A group of attributes: its first and last handle, and the value of the first. Vol 3, Part F, 3.4.4.10. */
export interface GroupValue {
  readonly handle: number;
  readonly groupEndHandle: number;
  readonly value: Uint8Array;
}

/** ATT_READ_BY_GROUP_TYPE_RSP: groups in ascending order of handle. Vol 3, Part F, 3.4.4.10. */
export interface ReadByGroupTypeResponse {
  /** One or more, with values of one length, 0 to 251 octets. */
  readonly entries: readonly GroupValue[];
}

/** Codec of ATT_READ_BY_GROUP_TYPE_RSP. Vol 3, Part F, 3.4.4.10. */
export const ReadByGroupTypeResponse: Codec<ReadByGroupTypeResponse> = pdu(
  "ATT_READ_BY_GROUP_TYPE_RSP",
  Opcode.ReadByGroupTypeResponse,
  { entries: uniformList(lengthFrom(4), { handle: u16, groupEndHandle: u16, value: rest }) },
);

/** ATT_READ_MULTIPLE_VARIABLE_REQ: read several values of any length. Vol 3, Part F, 3.4.4.11. */
export interface ReadMultipleVariableRequest {
  /** Two or more, in any order. */
  readonly handles: readonly number[];
}

/** Codec of ATT_READ_MULTIPLE_VARIABLE_REQ. Vol 3, Part F, 3.4.4.11. */
export const ReadMultipleVariableRequest: Codec<ReadMultipleVariableRequest> = pdu(
  "ATT_READ_MULTIPLE_VARIABLE_REQ",
  Opcode.ReadMultipleVariableRequest,
  { handles: atLeast(2, u16) },
);

/** One value among several. Vol 3, Part F, 3.4.4.12. */
export interface VariableValue {
  /** Octets the whole value has, more than are in `value` when the response had no room for the others. */
  readonly length: number;
  readonly value: Uint8Array;
}

/** ATT_READ_MULTIPLE_VARIABLE_RSP: as many of the values as the PDU has room for. Vol 3, Part F, 3.4.4.12. */
export interface ReadMultipleVariableResponse {
  /** In the order of the request. Those at the end may be missing, and the last one here may be a part. */
  readonly values: readonly VariableValue[];
}

const variableValues: Field<readonly VariableValue[]> = mapped(
  rest,
  (octets) => {
    if (octets.length < 2) throw new RangeError("the first length is missing");
    const values: VariableValue[] = [];
    let at = 0;
    // Servers written to earlier versions cut the list anywhere, so half a length may be left: it says nothing.
    while (at + 2 <= octets.length) {
      const length = u16At(octets, at);
      values.push({ length, value: octets.subarray(at + 2, at + 2 + length) });
      at += 2 + length;
    }
    return values;
  },
  (values) => {
    if (values.length === 0) throw new RangeError("the list is empty");
    const parts: Uint8Array[] = [];
    for (const [index, { length, value }] of values.entries()) {
      const mayBeCut = index === values.length - 1;
      if (value.length > length || (value.length < length && !mayBeCut)) {
        throw new RangeError(`${value.length} octets of a value of ${length}`);
      }
      if (length > 0xffff) throw new RangeError(`a value of ${length} octets`);
      parts.push(Uint8Array.of(length, length >> 8), value);
    }
    return concat(...parts);
  },
);

/** Codec of ATT_READ_MULTIPLE_VARIABLE_RSP. Vol 3, Part F, 3.4.4.12. */
export const ReadMultipleVariableResponse: Codec<ReadMultipleVariableResponse> = pdu(
  "ATT_READ_MULTIPLE_VARIABLE_RSP",
  Opcode.ReadMultipleVariableResponse,
  { values: variableValues },
);
