import type { ClientBearer } from "../att/att.ts";
import { AttError } from "../att/error.ts";
import { ErrorCode } from "../att/error-code.ts";
import { Opcode } from "../att/opcode.ts";
import { ReadBlobRequest } from "../att/pdu.ts";
import { concat } from "../common/bytes.ts";
import type { Done } from "../common/procedure.ts";
import { type Procedure, run, wait } from "../common/procedure.ts";

/** Offsets have 16 bits, so there is an end to every value whatever a server says. */
const mostOctets = 0xffff;

/**
 * Reads a value of any length: Read Characteristic Value and, where the first response is full, Read Long
 * Characteristic Values. Vol 3, Part G, 4.8.1 and 4.8.3.
 *
 * @param done - Gets a value that it *owns*.
 */
export function readValue(bearer: ClientBearer, handle: number, done: Done<Uint8Array>): void {
  const request = Uint8Array.of(Opcode.ReadRequest, handle, handle >> 8);
  bearer.request(request, undefined, Opcode.ReadResponse, (outcome) => {
    if (!(outcome instanceof Uint8Array)) done(outcome);
    else if (outcome.length < bearer.mtu) done(outcome.slice(1));
    else run(readOn(bearer, handle, outcome.slice(1)), done);
  });
}

/** Writes a value that fits one request: Write Characteristic Value. Vol 3, Part G, 4.9.3. */
export function writeValue(
  bearer: ClientBearer,
  handle: number,
  value: Uint8Array,
  done: Done<undefined>,
): void {
  const request = Uint8Array.of(Opcode.WriteRequest, handle, handle >> 8);
  bearer.request(request, value, Opcode.WriteResponse, (outcome) => {
    done(outcome instanceof Uint8Array ? undefined : outcome);
  });
}

function* readOn(bearer: ClientBearer, handle: number, first: Uint8Array): Procedure<Uint8Array> {
  let value = first;
  for (;;) {
    const part = yield* readPart(bearer, handle, value.length);
    if (part.length === 0) return value;
    value = concat(value, part);
    if (part.length < bearer.mtu - 1 || value.length > mostOctets) return value;
  }
}

/** The part of a value at `offset`; empty where the value ends there. */
function* readPart(bearer: ClientBearer, handle: number, offset: number): Procedure<Uint8Array> {
  try {
    const response = yield* wait<Uint8Array>((done) => {
      bearer.request(ReadBlobRequest.encode({ handle, offset }), undefined, Opcode.ReadBlobResponse, done);
    });
    return response.slice(1);
  } catch (error) {
    // Servers whose value fills the first response to the last octet answer so; the value was complete.
    const ends: readonly number[] = [ErrorCode.InvalidOffset, ErrorCode.AttributeNotLong];
    if (error instanceof AttError && ends.includes(error.status)) return new Uint8Array(0);
    throw error;
  }
}
