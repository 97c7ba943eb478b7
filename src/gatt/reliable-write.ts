import type { Requester } from "../att/client-bearer.ts";
import { AttError } from "../att/error.ts";
import { ErrorCode } from "../att/error-code.ts";
import {
  ExecuteWriteFlags,
  ExecuteWriteRequest,
  ExecuteWriteResponse,
  PrepareWriteRequest,
  PrepareWriteResponse,
} from "../att/pdu-write.ts";
import type { Abandoned } from "../att/transaction-line.ts";
import { equal } from "../common/bytes.ts";
import { BackPressureError, BleError, MalformedPduError } from "../common/errors.ts";
import { type Done, type Procedure, run, wait } from "../common/procedure.ts";
import type { Subject } from "./client-recovery.ts";
import { ask } from "./discovery.ts";

/** A value, or the part of one from an offset on, that is to be written together with others. */
export interface PreparedValue {
  readonly handle: number;
  readonly offset: number;
  /** *Owned*. */
  readonly value: Uint8Array;
  /** Sends what prepares it, and mends what it is refused for. */
  readonly requester: Requester;
}

/** Values to be written all or none. All of it must lead over one bearer: a server's order is that of one. */
export interface PreparedWrite {
  readonly values: readonly PreparedValue[];
  /** Sends what is about all of them. What it is refused for is not mended by sending it again: the queue is empty then. */
  readonly requester: Requester;
  /** All of them. */
  readonly subject: Subject;
}

/** What stands before the octets in ATT_PREPARE_WRITE_REQ. */
const prepareHeaderSize = 5;

/** How many writes may wait for their turn. */
const mostWaiting = 1024;

/**
 * Writes that are prepared part by part and then executed: Write Long Characteristic Values and Reliable Writes.
 * Vol 3, Part G, 4.9.4 and 4.9.5.
 *
 * A server has one queue for all of a client's parts, so these writes take turns.
 */
export class PreparedWrites {
  readonly #waiting: (() => void)[] = [];
  #writing = false;

  /**
   * Writes all values or, where the server does not take one of them for what it can find out itself or gives back
   * another, none.
   *
   * @param signal - Once it is aborted, what was prepared is given up; what is being executed is not.
   */
  write(write: PreparedWrite, done: Done<undefined>, signal?: Abandoned): void {
    if (this.#waiting.length >= mostWaiting) {
      done(new BackPressureError(`${mostWaiting} long or reliable writes wait already`));
      return;
    }
    this.#waiting.push(() => {
      run(writeTogether(write, signal), (outcome) => {
        done(outcome); // before the next, which may end at once: the answers come in the order of the calls
        this.#writing = false;
        this.#next();
      });
    });
    this.#next();
  }

  #next(): void {
    if (this.#writing) return;
    const next = this.#waiting.shift();
    if (!next) return;
    this.#writing = true;
    next();
  }
}

/** Begins anew, once, where the server's attributes have changed meanwhile: 3.4.6.3 of Vol 3, Part F. */
function* writeTogether(write: PreparedWrite, signal: Abandoned | undefined): Procedure<undefined> {
  if (write.values.length === 0) return;
  for (let again = false; ; again = true) {
    if (!(yield* prepareAll(write, signal))) return;
    const refusal = yield* execute(write);
    if (!refusal) return;
    if (again || signal?.aborted || refusal.status !== ErrorCode.DatabaseOutOfSync) throw refusal;
    yield* wait<undefined>((done) => {
      write.subject.confirm(refusal.status, done);
    });
  }
}

/** @returns False where it was given up. */
function* prepareAll(
  { values, requester }: PreparedWrite,
  signal: Abandoned | undefined,
): Procedure<boolean> {
  let prepared = 0;
  try {
    for (const value of values) {
      for (const part of partsOf(value)) {
        if (signal?.aborted) break;
        prepared++;
        yield* prepare(value.requester, part);
      }
    }
  } catch (error) {
    if (error instanceof BleError) yield* cancel(requester);
    throw error;
  }
  if (!signal?.aborted) return true;
  if (prepared > 0) yield* cancel(requester);
  return false;
}

/** @returns The refusal, which says what the attribute is that the server blames: one of several. */
function* execute({ requester, subject }: PreparedWrite): Procedure<AttError | undefined> {
  const request = ExecuteWriteRequest.encode({ flags: ExecuteWriteFlags.Write });
  try {
    yield* ask(requester, request, ExecuteWriteResponse);
    return undefined;
  } catch (error) {
    if (!(error instanceof AttError)) throw error;
    return new AttError(error.status, error.handle, { about: subject.about(error.handle) });
  }
}

/** An empty value has one part, which is empty. */
function* partsOf({ handle, offset, value, requester }: PreparedValue): Generator<PrepareWriteRequest> {
  let at = 0;
  do {
    const end = at + requester.mtu - prepareHeaderSize;
    yield { handle, offset: offset + at, value: value.subarray(at, end) };
    at = end;
  } while (at < value.length);
}

/** @throws {@link MalformedPduError} The server gives back something else than it was given. */
function* prepare(requester: Requester, part: PrepareWriteRequest): Procedure<undefined> {
  const request = PrepareWriteRequest.encode(part);
  const { handle, offset, value } = yield* ask(requester, request, PrepareWriteResponse);
  if (handle === part.handle && offset === part.offset && equal(value, part.value)) return;
  throw new MalformedPduError(PrepareWriteResponse.name, "is not what was to be prepared");
}

/** Its own outcome is of no interest: the write has failed, and the reason is known. */
function* cancel(requester: Requester): Procedure<undefined> {
  const request = ExecuteWriteRequest.encode({ flags: ExecuteWriteFlags.Cancel });
  try {
    yield* ask(requester, request, ExecuteWriteResponse);
  } catch (error) {
    if (!(error instanceof BleError)) throw error;
  }
}
