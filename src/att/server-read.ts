import { u16At } from "../common/bytes.ts";
import { MalformedPduError } from "../common/errors.ts";
import { type Procedure, run, wait } from "../common/procedure.ts";
import { readAttribute } from "./access.ts";
import type { ReadResult } from "./attribute-table.ts";
import { ErrorCode } from "./error-code.ts";
import { Opcode } from "./opcode.ts";
import { ReadMultipleRequest, ReadMultipleVariableRequest } from "./pdu.ts";
import type { Serving } from "./serving.ts";

// The two that a busy server answers most are taken apart by hand. The sizes are those of 3.4.4.3 and 3.4.4.5.
const readSize = 3;
const readBlobSize = 5;

const readResponse = Uint8Array.of(Opcode.ReadResponse);
const readBlobResponse = Uint8Array.of(Opcode.ReadBlobResponse);

/** The requests that read attributes by their handles. Vol 3, Part F, 3.4.4. */
export function answerRead<Peer>(server: Serving<Peer>, opcode: number, pdu: Uint8Array): boolean {
  switch (opcode) {
    case Opcode.ReadRequest:
      if (pdu.length !== readSize) throw new MalformedPduError("ATT_READ_REQ", "not 3 octets", pdu);
      readOne(server, u16At(pdu, 1), 0, readResponse);
      return true;
    case Opcode.ReadBlobRequest:
      if (pdu.length !== readBlobSize) throw new MalformedPduError("ATT_READ_BLOB_REQ", "not 5 octets", pdu);
      readOne(server, u16At(pdu, 1), u16At(pdu, 3), readBlobResponse);
      return true;
    case Opcode.ReadMultipleRequest:
      readSeveral(server, ReadMultipleRequest.decode(pdu).handles, Opcode.ReadMultipleResponse);
      return true;
    case Opcode.ReadMultipleVariableRequest:
      readSeveral(
        server,
        ReadMultipleVariableRequest.decode(pdu).handles,
        Opcode.ReadMultipleVariableResponse,
      );
      return true;
    default:
      return false;
  }
}

function readOne<Peer>(server: Serving<Peer>, handle: number, offset: number, head: Uint8Array): void {
  readAttribute(server, handle, offset, (result) => {
    if (typeof result === "number") server.refuse(handle, result);
    else if (offset > result.length) server.refuse(handle, ErrorCode.InvalidOffset);
    else server.respond(head, part(result, offset, server.mtu - 1));
  });
}

/** At most `most` octets of `value` from `offset` on, without a view where all of it fits. */
function part(value: Uint8Array, offset: number, most: number): Uint8Array {
  return offset === 0 && value.length <= most ? value : value.subarray(offset, offset + most);
}

function readSeveral<Peer>(server: Serving<Peer>, handles: readonly number[], opcode: number): void {
  const response = new Uint8Array(server.mtu);
  response[0] = opcode;
  const withLengths = opcode === Opcode.ReadMultipleVariableResponse;
  run(fill(server, handles, response, withLengths), (outcome) => {
    if (outcome instanceof Error) throw outcome; // reading gives values or codes, never errors
    if (typeof outcome === "number") server.respond(response.subarray(0, outcome));
    else server.refuse(outcome.handle, outcome.error);
  });
}

/**
 * Writes the values one behind the other, as far as there is room; every attribute must be readable all the same. A
 * Value Length is whole or not there: Vol 3, Part F, 3.4.4.12.
 *
 * @returns Where the response ends, or which attribute cannot be read.
 */
function* fill<Peer>(
  server: Serving<Peer>,
  handles: readonly number[],
  response: Uint8Array,
  withLengths: boolean,
): Procedure<number | { readonly handle: number; readonly error: ErrorCode }> {
  let at = 1;
  let full = false;
  for (const handle of handles) {
    const value = yield* wait<ReadResult>((done) => {
      readAttribute(server, handle, 0, done);
    });
    if (typeof value === "number") return { handle, error: value };
    const lengthSize = withLengths ? 2 : 0;
    full ||= at + lengthSize > response.length;
    if (full) continue;
    if (withLengths) {
      response[at] = value.length;
      response[at + 1] = value.length >> 8;
    }
    const fits = value.subarray(0, response.length - at - lengthSize);
    response.set(fits, at + lengthSize);
    at += lengthSize + fits.length;
    full = fits.length < value.length;
  }
  return at;
}
