import type { Access, AgreedWrite, AttributeWrite, ReadResult, WriteResult } from "../att/attribute-table.ts";
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
  /** Asked for consent where the program has no handler for it. */
  readonly authorizeService?: (connection: GattPeer) => Promise<boolean>;
}

/** A value of the local server: the octets kept for the program, and its handlers. */
export class LocalValue {
  readonly uuid: Uuid;
  /** What it is the value of, for messages. */
  readonly #label: string;
  /** Told when a written value has been kept. */
  onKept: ((event: WriteEvent) => void) | undefined;
  readonly #buffer: ValueBuffer;
  readonly #options: ValueOptions & Pick<CharacteristicOptions, "writeWithoutResponse" | "signedWrite">;
  readonly #permissions: Readonly<Record<AuthorizeEvent["access"], Permission>>;
  readonly #setup: ValueSetup;
  readonly #writes = new WeakMap<GattPeer, HandlerLine>();
  readonly #questions = new WeakMap<GattPeer, HandlerLine>();

  constructor(
    uuid: Uuid,
    options: CharacteristicOptions,
    setup: ValueSetup,
    kind: "characteristic" | "descriptor" = "characteristic",
  ) {
    this.uuid = uuid;
    this.#label = `${kind} ${uuid.toString()}`;
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

  /** As it is at this moment, and as those who hold it see it from then on. *Borrowed*: do not write into it. */
  get octets(): Uint8Array {
    return this.#buffer.lend();
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
    const { authorizeService } = onAuthorize ? {} : this.#setup;
    const line = lineOf(this.#questions, event.connection);
    const answer = (granted: boolean): void => {
      done(granted);
      line.next();
    };
    const taken = line.enter(() => {
      this.#call<boolean>(
        onAuthorize ? "onAuthorize" : "authorizeService",
        () => onAuthorize?.({ ...event, uuid: this.uuid }) ?? authorizeService?.(event.connection) ?? false,
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
      "onRead",
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
    if (this.#options.onWrite && this.#buffer.takesWhole(write.value)) {
      const line = lineOf(this.#writes, connection);
      if (line.begin()) {
        this.#setup.turn.deferWith(this.#show, { connection, write, done, line });
        return;
      }
    }
    const value = this.#buffer.compose(undefined, 0, write.value);
    if (typeof value === "number") {
      done(value);
      return;
    }
    const { acknowledged } = write;
    if (!this.#options.onWrite) {
      done(this.#keep({ connection, value, acknowledged }));
      return;
    }
    const event = { connection, value, acknowledged };
    this.#ask(event, (refused) => {
      done(refused ?? this.#keep(event));
    });
  }

  /**
   * The usual write: it replaces the value, and no other waits for the handler. The packet is still there at the end of
   * the turn, so its octets are copied for the handler alone; those kept here take the place of the old ones.
   */
  readonly #show = ({ connection, write: { value, acknowledged }, done, line }: PlainWrite): void => {
    let result: unknown;
    try {
      result = this.#options.onWrite?.({ connection, value: new Uint8Array(value), acknowledged });
    } catch (error) {
      done(this.#codeOf("onWrite", error));
      line.next();
      return;
    }
    if (!isThenable(result)) {
      this.#buffer.replace(value);
      this.onKept?.({ connection, value, acknowledged });
      done(undefined);
      line.next();
      return;
    }
    const kept = new Uint8Array(value);
    const answer = (refused: ErrorCode | undefined): void => {
      done(refused ?? this.#keep({ connection, value: kept, acknowledged }));
      line.next();
    };
    result.then(
      () => {
        answer(undefined);
      },
      (error: unknown) => {
        answer(this.#codeOf("onWrite", error));
      },
    );
  };

  /** Asks the handler, if there is one, and leaves the value as it is until all that is written with it is agreed to. */
  propose(
    connection: GattPeer,
    write: AttributeWrite,
    done: (result: AgreedWrite | ErrorCode) => void,
  ): void {
    const value = this.#buffer.compose(undefined, 0, write.value);
    if (typeof value === "number") {
      done(value);
      return;
    }
    const event = { connection, value, acknowledged: write.acknowledged };
    const agreed = (): AgreedWrite => new BufferedWrite(this.#buffer, value, () => this.onKept?.(event));
    if (!this.#options.onWrite) {
      done(agreed());
      return;
    }
    this.#ask(event, (refused) => {
      done(refused ?? agreed());
    });
  }

  /** The handler gets the writes of a client one after the other, and what it says of one is taken before the next. */
  #ask(event: WriteEvent, answered: (refused: ErrorCode | undefined) => void): void {
    const { onWrite } = this.#options;
    const line = lineOf(this.#writes, event.connection);
    const answer = (refused: ErrorCode | undefined): void => {
      answered(refused);
      line.next();
    };
    const taken = line.enter(() => {
      this.#call(
        "onWrite",
        // The handler owns its octets; what is kept here must not change with them.
        () => onWrite?.({ ...event, value: new Uint8Array(event.value) }),
        answer,
        () => {
          answer(undefined);
        },
      );
    });
    if (!taken) answered(ErrorCode.InsufficientResources);
  }

  #keep(event: WriteEvent): WriteResult {
    if (!this.#buffer.keep(event.value)) return ErrorCode.InsufficientResources;
    this.onKept?.(event);
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
        ? new RangeError(
            `${this.#where("onRead")} gave ${octets.length} octets, more than ${mostValueOctets}`,
          )
        : new TypeError(`${this.#where("onRead")} gave ${typeof octets}, no Uint8Array`),
    );
    return ErrorCode.UnlikelyError;
  }

  #where(name: string): string {
    return `${name} of ${this.#label}`;
  }

  /** Runs a handler when the turn is over, and makes an error code of what it throws then or later. */
  #call<T>(
    name: string,
    handler: () => T | Promise<T>,
    refused: (error: ErrorCode) => void,
    succeeded: (result: T) => void,
  ): void {
    this.#setup.turn.defer(() => {
      let result: T | Promise<T>;
      try {
        result = handler();
      } catch (error) {
        refused(this.#codeOf(name, error));
        return;
      }
      if (!isThenable(result)) {
        succeeded(result);
        return;
      }
      result.then(succeeded, (error: unknown) => {
        refused(this.#codeOf(name, error));
      });
    });
  }

  #codeOf(name: string, error: unknown): ErrorCode {
    if (error instanceof AttError) return error.status;
    const why = error instanceof Error ? error.message : String(error);
    this.#setup.handlerFailed(new Error(`${this.#where(name)}: ${why}`, { cause: error }));
    return ErrorCode.UnlikelyError;
  }
}

/** A write that needs nothing of what was there before. */
interface PlainWrite {
  readonly connection: GattPeer;
  readonly write: AttributeWrite;
  readonly done: (result: WriteResult) => void;
  readonly line: HandlerLine;
}

/** A value that replaces, or is appended to, the one kept here. */
class BufferedWrite implements AgreedWrite {
  readonly tell: () => void;
  readonly #buffer: ValueBuffer;
  readonly #value: Uint8Array;
  #before: Uint8Array | undefined;
  #kept: Uint8Array | undefined;

  constructor(buffer: ValueBuffer, value: Uint8Array, tell: () => void) {
    this.#buffer = buffer;
    this.#value = value;
    this.tell = tell;
  }

  keep(): WriteResult {
    const before = this.#buffer.octets;
    if (!this.#buffer.keep(this.#value)) return ErrorCode.InsufficientResources;
    this.#before = before;
    this.#kept = this.#buffer.octets;
    return undefined;
  }

  undo(): void {
    if (this.#before && this.#kept) this.#buffer.restore(this.#before, this.#kept);
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
