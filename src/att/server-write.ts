import { u16At } from "../common/bytes.ts";
import { MalformedPduError } from "../common/errors.ts";
import { writableAttribute } from "./access.ts";
import type { Access } from "./attribute-table.ts";
import { ErrorCode } from "./error-code.ts";
import { Opcode } from "./opcode.ts";
import { SignedWriteCommand } from "./pdu-write.ts";
import type { Serving } from "./serving.ts";
import { type Signing, signatureSize } from "./signing.ts";

/** Octets of an ATT_WRITE_REQ or ATT_WRITE_CMD in front of the value. Vol 3, Part F, 3.4.5.1 and 3.4.5.3. */
const writeHeaderSize = 3;

const writeResponse = Uint8Array.of(Opcode.WriteResponse);
const nobodyHears = (): void => undefined;

/** ATT_WRITE_REQ. Vol 3, Part F, 3.4.5.1. */
export function answerWrite<Peer>(server: Serving<Peer>, opcode: number, pdu: Uint8Array): boolean {
  if (opcode !== Opcode.WriteRequest) return false;
  if (pdu.length < writeHeaderSize)
    throw new MalformedPduError("ATT_WRITE_REQ", "the handle is missing", pdu);
  const handle = u16At(pdu, 1);
  const attribute = writableAttribute(server, handle, "write");
  if (typeof attribute === "number") {
    server.refuse(handle, attribute);
    return true;
  }
  const answer = (error: ErrorCode | undefined): void => {
    if (error === undefined) server.respond(writeResponse);
    else server.refuse(handle, error);
  };
  const value = pdu.subarray(writeHeaderSize);
  if (!attribute.authorize) {
    attribute.write(server.peer, { value, acknowledged: true }, answer);
    return true;
  }
  const octets = new Uint8Array(value); // the request does not outlive the turn
  attribute.authorize(server.peer, "write", (granted) => {
    if (granted) attribute.write(server.peer, { value: octets, acknowledged: true }, answer);
    else answer(ErrorCode.InsufficientAuthorization);
  });
  return true;
}

/**
 * ATT_WRITE_CMD and ATT_SIGNED_WRITE_CMD; any other command is ignored. Vol 3, Part F, 3.4.5.3 and 3.4.5.4.
 *
 * No command is ever answered, not even a wrong one: 3.3.
 *
 * @param signing - Absent where signed commands are not taken.
 */
export function takeCommand<Peer>(
  server: Serving<Peer>,
  opcode: number,
  pdu: Uint8Array,
  signing: Signing | undefined,
): void {
  if (opcode === Opcode.WriteCommand) {
    if (pdu.length < writeHeaderSize)
      throw new MalformedPduError("ATT_WRITE_CMD", "the handle is missing", pdu);
    command(server, u16At(pdu, 1), pdu.subarray(writeHeaderSize), "command");
  } else if (opcode === Opcode.SignedWriteCommand && signing) {
    const { handle, value, signature } = SignedWriteCommand.decode(pdu);
    if (signing.verify(pdu.subarray(0, pdu.length - signatureSize), signature))
      command(server, handle, value, "signedCommand");
  }
}

function command<Peer>(server: Serving<Peer>, handle: number, value: Uint8Array, access: Access): void {
  const attribute = writableAttribute(server, handle, access);
  if (typeof attribute === "number") return;
  if (!attribute.authorize) {
    attribute.write(server.peer, { value, acknowledged: false }, nobodyHears);
    return;
  }
  const octets = new Uint8Array(value); // the command does not outlive the turn
  attribute.authorize(server.peer, access, (granted) => {
    if (granted) attribute.write(server.peer, { value: octets, acknowledged: false }, nobodyHears);
  });
}
