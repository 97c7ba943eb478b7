import { noOctets } from "../common/bytes.ts";
import { type Procedure, run, wait } from "../common/procedure.ts";
import { writableAttribute, type Writable } from "./access.ts";
import type { AgreedWrite, ReadResult } from "./attribute-table.ts";
import { ErrorCode } from "./error-code.ts";
import { Opcode } from "./opcode.ts";
import { overlay } from "./overlay.ts";
import { ExecuteWriteFlags, ExecuteWriteRequest, PrepareWriteRequest } from "./pdu-write.ts";
import type { PreparedWrite } from "./prepare-queue.ts";
import type { Serving } from "./serving.ts";

const executeWriteResponse = Uint8Array.of(Opcode.ExecuteWriteResponse);

/** ATT_PREPARE_WRITE_REQ and ATT_EXECUTE_WRITE_REQ. Vol 3, Part F, 3.4.6. */
export function answerQueue<Peer>(server: Serving<Peer>, opcode: number, pdu: Uint8Array): boolean {
  switch (opcode) {
    case Opcode.PrepareWriteRequest:
      prepare(server, pdu);
      return true;
    case Opcode.ExecuteWriteRequest:
      execute(server, pdu);
      return true;
    default:
      return false;
  }
}

/** Whether the client may write is found out now, whether the value is right when it is written. 3.4.6.1. */
function prepare<Peer>(server: Serving<Peer>, pdu: Uint8Array): void {
  const { handle, offset, value } = PrepareWriteRequest.decode(pdu);
  const { peer, session } = server;
  const attribute = writableAttribute(server, handle, "write");
  if (typeof attribute === "number") {
    server.refuse(handle, attribute);
    return;
  }
  const octets = new Uint8Array(value);
  const queue = (granted: boolean): void => {
    if (!granted) server.refuse(handle, ErrorCode.InsufficientAuthorization);
    else if (!session.prepared.add(handle, offset, octets)) server.refuse(handle, ErrorCode.PrepareQueueFull);
    else
      server.respond(
        Uint8Array.of(Opcode.PrepareWriteResponse, handle, handle >> 8, offset, offset >> 8),
        octets,
      );
  };
  // Who has been granted the first part of a value is not asked about for every other.
  if (attribute.authorize && !session.prepared.holds(handle)) attribute.authorize(peer, "write", queue);
  else queue(true);
}

function execute<Peer>(server: Serving<Peer>, pdu: Uint8Array): void {
  const { flags } = ExecuteWriteRequest.decode(pdu);
  const { prepared } = server.session;
  if (flags !== ExecuteWriteFlags.Write && flags !== ExecuteWriteFlags.Cancel) {
    server.refuse(0x0000, ErrorCode.InvalidPdu);
    return;
  }
  const { removed } = prepared;
  const writes = prepared.take();
  if (flags === ExecuteWriteFlags.Cancel) {
    server.respond(executeWriteResponse);
    return;
  }
  if (removed !== undefined) {
    server.refuse(removed, ErrorCode.DatabaseOutOfSync);
    return;
  }
  run(writeAll(server, writes), (failure) => {
    if (failure instanceof Error) throw failure; // writing gives codes, never errors
    if (failure) server.refuse(failure.handle, failure.error);
    else server.respond(executeWriteResponse);
  });
}

interface Failure {
  readonly handle: number;
  readonly error: ErrorCode;
}

/** A prepared write that is ready to be carried out. */
interface ReadyWrite<Peer> {
  readonly attribute: Writable<Peer>;
  readonly value: Uint8Array;
}

/**
 * "This request shall be handled by the server as an atomic operation": all is checked, then all who have a say are
 * asked, in the order of the writes; only when nobody has refused the values are kept. What a handler has done meanwhile
 * nobody can undo.
 */
function* writeAll<Peer>(
  server: Serving<Peer>,
  writes: readonly PreparedWrite[],
): Procedure<Failure | undefined> {
  const ready = readyWrites(server, writes);
  if (!Array.isArray(ready)) return ready;
  const agreed: Agreed[] = [];
  for (const { attribute, value } of ready) {
    const { handle } = attribute;
    const answer = yield* wait<AgreedWrite | ErrorCode>((done) => {
      propose(attribute, server.peer, value, done);
    });
    if (typeof answer === "number") return { handle, error: answer };
    agreed.push({ handle, write: answer });
  }
  // While a handler took its time the attributes may have gone: 3.4.6.3, "due to a database change".
  const gone = ready.find(({ attribute }) => server.table.at(attribute.handle) !== attribute);
  if (gone) return { handle: gone.attribute.handle, error: ErrorCode.DatabaseOutOfSync };
  return keepAll(agreed);
}

function readyWrites<Peer>(
  server: Serving<Peer>,
  writes: readonly PreparedWrite[],
): ReadyWrite<Peer>[] | Failure {
  const ready: ReadyWrite<Peer>[] = [];
  const values = new Map<number, Uint8Array>();
  for (const { handle, offset, octets } of writes) {
    const attribute = writableAttribute(server, handle, "write");
    if (typeof attribute === "number") return { handle, error: attribute };
    const value = compose(attribute, server.peer, values.get(handle), offset, octets);
    if (typeof value === "number") return { handle, error: value };
    values.set(handle, value);
    ready.push({ attribute, value });
  }
  return ready;
}

interface Agreed {
  readonly handle: number;
  readonly write: AgreedWrite;
}

/** An attribute that keeps nothing itself: it was written when it was asked. */
const written: AgreedWrite = { keep: () => undefined, undo: () => undefined, tell: () => undefined };

function propose<Peer>(
  attribute: Writable<Peer>,
  peer: Peer,
  value: Uint8Array,
  done: (result: AgreedWrite | ErrorCode) => void,
): void {
  const write = { value, acknowledged: true };
  if (attribute.propose) attribute.propose(peer, write, done);
  else {
    attribute.write(peer, write, (error) => {
      done(error ?? written);
    });
  }
}

/** All or none. */
function keepAll(agreed: readonly Agreed[]): Failure | undefined {
  for (const [index, { handle, write }] of agreed.entries()) {
    const error = write.keep();
    if (error === undefined) continue;
    for (const { write: before } of agreed.slice(0, index).reverse()) before.undo();
    return { handle, error };
  }
  for (const { write } of agreed) write.tell();
  return undefined;
}

function compose<Peer>(
  attribute: Writable<Peer>,
  peer: Peer,
  before: Uint8Array | undefined,
  offset: number,
  octets: Uint8Array,
): ReadResult {
  if (attribute.compose) return attribute.compose(peer, before, offset, octets);
  return overlay(before ?? noOctets, offset, octets);
}
