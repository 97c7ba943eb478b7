import type { Access, AttributeWrite, ReadResult, WriteResult } from "../att/attribute-table.ts";
import { AttError } from "../att/error.ts";
import { ErrorCode } from "../att/error-code.ts";
import type { LinkSecurity } from "../common/security.ts";
import type { Turn } from "../common/turn.ts";
import type { Uuid } from "../common/uuid.ts";
import { HandlerLine } from "./handler-line.ts";
import { type Permission, permissionFrom, refusalOf } from "./permissions.ts";
import {
  type AuthorizeEvent,
  type CharacteristicOptions,
  type GattPeer,
  mostValueOctets,
  type ValueOptions,
  type WriteEvent,
} from "./service-builder.ts";
import { ValueBuffer } from "./value-buffer.ts";

/** Told of a handler that failed in a way it did not mean to. */
export type HandlerFailed = (error: unknown) => void;

/** What every value of a server shares. */
export interface ValueSetup {
  readonly turn: Turn;
  readonly handlerFailed: HandlerFailed;
}

/** A value of the local server: the octets kept for the program, and its handlers. */
export class LocalValue {
  readonly uuid: Uuid;
  /** Told when a written value has been kept. */
  onKept: ((event: WriteEvent) => void) | undefined;
  readonly #buffer: ValueBuffer;
  readonly #options: ValueOptions & Pick<CharacteristicOptions, "writeWithoutResponse" | "signedWrite">;
  readonly #permissions: Readonly<Record<AuthorizeEvent["access"], Permission>>;
  readonly #setup: ValueSetup;
  readonly #writes = new WeakMap<GattPeer, HandlerLine>();
  readonly #questions = new WeakMap<GattPeer, HandlerLine>();

  constructor(uuid: Uuid, options: CharacteristicOptions, setup: ValueSetup) {
    this.uuid = uuid;
    this.#options = options;
    this.#setup = setup;
    this.#buffer = new ValueBuffer(options);
    const { read, write, notify } = options.permissions ?? {};
    this.#permissions = {
      read: permissionFrom("permissions.read", read),
      write: permissionFrom("permissions.write", write),
      subscribe: permissionFrom("permissions.notify", notify ?? read),
    };
  }

  get readable(): boolean {
    const { read, value, onRead } = this.#options;
    return read ?? (value !== undefined || onRead !== undefined);
  }

  get writable(): boolean {
    const { write, onWrite } = this.#options;
    return write ?? onWrite !== undefined;
  }

  /** Whether there is any way for a client to write it. */
  get changeable(): boolean {
    return this.writable || this.#takes("command", false) || this.#takes("signedCommand", false);
  }

  /** *Borrowed*: do not write into it. */
  get octets(): Uint8Array {
    return this.#buffer.octets;
  }

  /** @throws {@link RangeError} More octets than there may be. */
  set(value: Uint8Array): void {
    this.#buffer.set(value);
  }

  /** The value, which is then empty. */
  take(): Uint8Array {
    return this.#buffer.take();
  }

  /** Whether a client must bring anything. */
  guards(access: AuthorizeEvent["access"]): boolean {
    return Object.keys(this.#permissions[access]).length > 0;
  }

  /** Whether the program is to be asked. */
  asksFor(access: AuthorizeEvent["access"]): boolean {
    return this.#permissions[access].authorized === true;
  }

  /** Why a client with that link may not, or `undefined`. A refused command is ignored, as any wrong command is. */
  refusal(access: Access | "subscribe", security: LinkSecurity): ErrorCode | undefined {
    if (access !== "read" && access !== "subscribe" && !this.#takes(access, security.state.encrypted))
      return ErrorCode.WriteNotPermitted;
    return refusalOf(
      this.#permissions[access === "read" || access === "subscribe" ? access : "write"],
      security,
    );
  }

  /** Asks the program, about one client once at a time: what waits too long in line for it is not granted. */
  authorize(event: Omit<AuthorizeEvent, "uuid">, done: (granted: boolean) => void): void {
    const { onAuthorize } = this.#options;
    const line = lineOf(this.#questions, event.connection);
    const answer = (granted: boolean): void => {
      done(granted);
      line.next();
    };
    const taken = line.enter(() => {
      this.#call<boolean>(
        () => onAuthorize?.({ ...event, uuid: this.uuid }) ?? false,
        () => {
          answer(false);
        },
        (granted) => {
          answer((granted as unknown) === true); // nothing but consent is consent
        },
      );
    });
    if (!taken) done(false);
  }

  read(connection: GattPeer, offset: number, done: (result: ReadResult) => void): void {
    const { onRead } = this.#options;
    if (!onRead) {
      done(this.#buffer.octets);
      return;
    }
    this.#call(
      () => onRead({ connection, offset }),
      done,
      (octets) => {
        done(this.#checked(octets));
      },
    );
  }

  compose(before: Uint8Array | undefined, offset: number, octets: Uint8Array): ReadResult {
    return this.#buffer.compose(before, offset, octets);
  }

  write(connection: GattPeer, write: AttributeWrite, done: (result: WriteResult) => void): void {
    const value = this.#buffer.compose(undefined, 0, write.value);
    if (typeof value === "number") {
      done(value);
      return;
    }
    const { acknowledged } = write;
    const { onWrite } = this.#options;
    if (!onWrite) {
      done(this.#keep(connection, value, acknowledged));
      return;
    }
    // The handler owns its octets; what is kept here must not change with them.
    const event = { connection, value: new Uint8Array(value), acknowledged };
    const line = lineOf(this.#writes, connection);
    const taken = line.enter(() => {
      this.#call(
        () => onWrite(event),
        (error) => {
          done(error);
          line.next();
        },
        () => {
          done(this.#keep(connection, value, acknowledged));
          line.next();
        },
      );
    });
    if (!taken) done(ErrorCode.InsufficientResources);
  }

  #keep(connection: GattPeer, value: Uint8Array, acknowledged: boolean): WriteResult {
    if (!this.#buffer.keep(value)) return ErrorCode.InsufficientResources;
    this.onKept?.({ connection, value, acknowledged });
    return undefined;
  }

  /** On an encrypted link clients write without a signature what they may write with one. Vol 3, Part G, 4.9.2. */
  #takes(access: Exclude<Access, "read">, encrypted: boolean): boolean {
    const { writeWithoutResponse = false, signedWrite = false } = this.#options;
    switch (access) {
      case "write":
        return this.writable;
      case "command":
        return writeWithoutResponse || (signedWrite && encrypted);
      case "signedCommand":
        return signedWrite;
    }
  }

  /** What a handler gave. The compiler is not everywhere: a handler that gives nonsense must still be answered for. */
  #checked(octets: unknown): ReadResult {
    if (octets instanceof Uint8Array && octets.length <= mostValueOctets) return octets;
    this.#setup.handlerFailed(
      octets instanceof Uint8Array
        ? new RangeError(`onRead gave ${octets.length} octets, more than ${mostValueOctets}`)
        : new TypeError(`onRead gave ${typeof octets}, no Uint8Array`),
    );
    return ErrorCode.UnlikelyError;
  }

  /** Runs a handler when the turn is over, and makes an error code of what it throws then or later. */
  #call<T>(
    handler: () => T | Promise<T>,
    refused: (error: ErrorCode) => void,
    succeeded: (result: T) => void,
  ): void {
    this.#setup.turn.defer(() => {
      let result: T | Promise<T>;
      try {
        result = handler();
      } catch (error) {
        refused(this.#codeOf(error));
        return;
      }
      if (!isThenable(result)) {
        succeeded(result);
        return;
      }
      result.then(succeeded, (error: unknown) => {
        refused(this.#codeOf(error));
      });
    });
  }

  #codeOf(error: unknown): ErrorCode {
    if (error instanceof AttError) return error.status;
    this.#setup.handlerFailed(error);
    return ErrorCode.UnlikelyError;
  }
}

function lineOf(lines: WeakMap<GattPeer, HandlerLine>, connection: GattPeer): HandlerLine {
  const line = lines.get(connection) ?? new HandlerLine();
  lines.set(connection, line);
  return line;
}

/** Promises of other makes have no more in common with Promise than this. */
function isThenable<T>(result: T | PromiseLike<T>): result is PromiseLike<T> {
  if (typeof result !== "object" || result === null) return false;
  return "then" in result && typeof result.then === "function";
}
