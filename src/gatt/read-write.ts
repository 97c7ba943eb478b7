import type { Requester } from "../att/client-bearer.ts";
import type { Abandoned } from "../att/transaction-line.ts";
import { AttError } from "../att/error.ts";
import { ErrorCode } from "../att/error-code.ts";
import { Opcode } from "../att/opcode.ts";
import { ReadBlobRequest } from "../att/pdu.ts";
import { concat } from "../common/bytes.ts";
import { type BleError, MalformedPduError } from "../common/errors.ts";
import { type Done, type Procedure, run, wait } from "../common/procedure.ts";

/** Offsets have 16 bits, so there is an end to every value whatever a server says. */
const mostOctets = 0xffff;

/**
 * Reads a value of any length: Read Characteristic Value and, where the first response is full, Read Long
 * Characteristic Values. Vol 3, Part G, 4.8.1 and 4.8.3.
 *
 * @param done - Gets a value that it *owns*.
 * @param signal - Once it is aborted nothing more is asked, and `done` need not be called.
 */
export function readValue(
  requester: Requester,
  handle: number,
  done: Done<Uint8Array>,
  signal?: Abandoned,
): void {
  const { mtu } = requester; // should it grow meanwhile, this one makes no full response look like the end
  const answered = (outcome: Uint8Array | BleError): void => {
    if (!(outcome instanceof Uint8Array)) done(outcome);
    else if (outcome.length < mtu) done(behindOpcode(outcome));
    else run(readOn(requester, handle, behindOpcode(outcome), signal), done);
  };
  const request = Uint8Array.of(Opcode.ReadRequest, handle, handle >> 8);
  requester.request(request, undefined, Opcode.ReadResponse, answered, signal);
}

/** Writes a value that fits one request: Write Characteristic Value. Vol 3, Part G, 4.9.3. */
export function writeValue(
  requester: Requester,
  handle: number,
  value: Uint8Array,
  done: Done<undefined>,
  signal?: Abandoned,
): void {
  const answered = (outcome: Uint8Array | BleError): void => {
    if (!(outcome instanceof Uint8Array)) done(outcome);
    else if (outcome.length === 1) done(undefined);
    else done(new MalformedPduError("ATT_WRITE_RSP", "more than its opcode", outcome));
  };
  const request = Uint8Array.of(Opcode.WriteRequest, handle, handle >> 8);
  requester.request(request, value, Opcode.WriteResponse, answered, signal);
}

function* readOn(
  requester: Requester,
  handle: number,
  first: Uint8Array,
  signal: Abandoned | undefined,
): Procedure<Uint8Array> {
  let value = first;
  for (;;) {
    const { mtu } = requester;
    const part = yield* readPart(requester, handle, value.length, signal);
    if (part.length === 0) return value;
    value = concat(value, part);
    if (part.length < mtu - 1 || value.length > mostOctets) return value;
  }
}

/** The part of a value at `offset`; empty where the value ends there. */
function* readPart(
  requester: Requester,
  handle: number,
  offset: number,
  signal: Abandoned | undefined,
): Procedure<Uint8Array> {
  const request = ReadBlobRequest.encode({ handle, offset });
  try {
    const response = yield* wait<Uint8Array>((done) => {
      requester.request(request, undefined, Opcode.ReadBlobResponse, done, signal);
    });
    return response.subarray(1);
  } catch (error) {
    // Servers whose value fills the first response to the last octet answer so; the value was complete.
    const ends: readonly number[] = [ErrorCode.InvalidOffset, ErrorCode.AttributeNotLong];
    if (error instanceof AttError && ends.includes(error.status)) return new Uint8Array(0);
    throw error;
  }
}

/** A copy of what follows the opcode. Not slice(): the one of a Buffer copies nothing. */
function behindOpcode(pdu: Uint8Array): Uint8Array {
  return new Uint8Array(pdu.subarray(1));
}
