import { concat } from "../common/bytes.ts";
import { type Codec, pdu } from "../common/codec.ts";
import { MalformedPduError } from "../common/errors.ts";
import { rest, u16, u8 } from "../common/struct.ts";
import { Opcode } from "./opcode.ts";

// Sections 3.4.5 and 3.4.6.

/** ATT_WRITE_REQ: write a value and say that it was done. Vol 3, Part F, 3.4.5.1. */
export interface WriteRequest {
  readonly handle: number;
  /** The whole value, at most ATT_MTU - 3 octets. */
  readonly value: Uint8Array;
}

/** Codec of ATT_WRITE_REQ. Vol 3, Part F, 3.4.5.1. */
export const WriteRequest: Codec<WriteRequest> = pdu("ATT_WRITE_REQ", Opcode.WriteRequest, {
  handle: u16,
  value: rest,
});

/** ATT_WRITE_RSP: it was written. Vol 3, Part F, 3.4.5.2. */
export type WriteResponse = Readonly<Record<string, never>>;

/** Codec of ATT_WRITE_RSP. Vol 3, Part F, 3.4.5.2. */
export const WriteResponse: Codec<WriteResponse> = pdu("ATT_WRITE_RSP", Opcode.WriteResponse, {});

/** ATT_WRITE_CMD: write a value; nobody answers, whatever becomes of it. Vol 3, Part F, 3.4.5.3. */
export interface WriteCommand {
  readonly handle: number;
  /** The whole value, at most ATT_MTU - 3 octets. */
  readonly value: Uint8Array;
}

/** Codec of ATT_WRITE_CMD. Vol 3, Part F, 3.4.5.3. */
export const WriteCommand: Codec<WriteCommand> = pdu("ATT_WRITE_CMD", Opcode.WriteCommand, {
  handle: u16,
  value: rest,
});

/** ATT_SIGNED_WRITE_CMD: a write command of a client that proves who it is. Vol 3, Part F, 3.4.5.4. */
export interface SignedWriteCommand {
  readonly handle: number;
  /** The whole value, at most ATT_MTU - 15 octets. */
  readonly value: Uint8Array;
  /** 12 octets as on the air: SignCounter, then the MAC over all that is before them. */
  readonly signature: Uint8Array;
}

const signatureSize = 12;
const signed: Codec<{ readonly handle: number; readonly valueAndSignature: Uint8Array }> = pdu(
  "ATT_SIGNED_WRITE_CMD",
  Opcode.SignedWriteCommand,
  { handle: u16, valueAndSignature: rest },
);

/** Codec of ATT_SIGNED_WRITE_CMD. Vol 3, Part F, 3.4.5.4. */
export const SignedWriteCommand: Codec<SignedWriteCommand> = {
  name: signed.name,
  opcode: signed.opcode,
  decode(octets) {
    const { handle, valueAndSignature } = signed.decode(octets);
    const end = valueAndSignature.length - signatureSize;
    if (end < 0)
      throw new MalformedPduError(signed.name, `${-end} octets of the signature are missing`, octets);
    return { handle, value: valueAndSignature.subarray(0, end), signature: valueAndSignature.subarray(end) };
  },
  encode({ handle, value, signature }) {
    if (signature.length !== signatureSize)
      throw new RangeError(`signature: ${signature.length} octets, not 12`);
    return signed.encode({ handle, valueAndSignature: concat(value, signature) });
  },
};

/** ATT_PREPARE_WRITE_REQ: keep part of a value until it is to be written. Vol 3, Part F, 3.4.6.1. */
export interface PrepareWriteRequest {
  readonly handle: number;
  /** Where the part begins, in octets from the start of the value. */
  readonly offset: number;
  /** The part, at most ATT_MTU - 5 octets. */
  readonly value: Uint8Array;
}

/** Codec of ATT_PREPARE_WRITE_REQ. Vol 3, Part F, 3.4.6.1. */
export const PrepareWriteRequest: Codec<PrepareWriteRequest> = pdu(
  "ATT_PREPARE_WRITE_REQ",
  Opcode.PrepareWriteRequest,
  { handle: u16, offset: u16, value: rest },
);

/** ATT_PREPARE_WRITE_RSP: the request again, so that the client can compare. Vol 3, Part F, 3.4.6.2. */
export interface PrepareWriteResponse {
  readonly handle: number;
  /** Where the part begins, in octets from the start of the value. */
  readonly offset: number;
  readonly value: Uint8Array;
}

/** Codec of ATT_PREPARE_WRITE_RSP. Vol 3, Part F, 3.4.6.2. */
export const PrepareWriteResponse: Codec<PrepareWriteResponse> = pdu(
  "ATT_PREPARE_WRITE_RSP",
  Opcode.PrepareWriteResponse,
  { handle: u16, offset: u16, value: rest },
);

/** What to do with the values that were prepared. Vol 3, Part F, 3.4.6.3. */
export const ExecuteWriteFlags = { Cancel: 0x00, Write: 0x01 } as const;

/** ATT_EXECUTE_WRITE_REQ: write what was prepared, or forget it. Vol 3, Part F, 3.4.6.3. */
export interface ExecuteWriteRequest {
  /** One of {@link ExecuteWriteFlags}; from the air, any octet. */
  readonly flags: number;
}

/** Codec of ATT_EXECUTE_WRITE_REQ. Vol 3, Part F, 3.4.6.3. */
export const ExecuteWriteRequest: Codec<ExecuteWriteRequest> = pdu(
  "ATT_EXECUTE_WRITE_REQ",
  Opcode.ExecuteWriteRequest,
  { flags: u8 },
);

/** ATT_EXECUTE_WRITE_RSP: it was done. Vol 3, Part F, 3.4.6.4. */
export type ExecuteWriteResponse = Readonly<Record<string, never>>;

/** Codec of ATT_EXECUTE_WRITE_RSP. Vol 3, Part F, 3.4.6.4. */
export const ExecuteWriteResponse: Codec<ExecuteWriteResponse> = pdu(
  "ATT_EXECUTE_WRITE_RSP",
  Opcode.ExecuteWriteResponse,
  {},
);
