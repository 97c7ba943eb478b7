import type { AttributeWrite, ReadResult, WriteResult } from "../att/attribute-table.ts";
import { AttError } from "../att/error.ts";
import { ErrorCode } from "../att/error-code.ts";
import { noOctets } from "../common/bytes.ts";
import type { Turn } from "../common/turn.ts";
import { HandlerLine } from "./handler-line.ts";
import { checkValue, type GattPeer, mostValueOctets, type ValueOptions } from "./service-builder.ts";

/** Told of a handler that failed in a way it did not mean to. */
export type HandlerFailed = (error: unknown) => void;

/** A value of the local server: the octets kept for the program, and its handlers. */
export class LocalValue {
  #octets: Uint8Array;
  readonly #options: ValueOptions;
  readonly #turn: Turn;
  readonly #lines = new WeakMap<GattPeer, HandlerLine>();
  readonly #handlerFailed: HandlerFailed;

  constructor(options: ValueOptions, turn: Turn, handlerFailed: HandlerFailed) {
    this.#octets = options.value ? copyOf(options.value) : noOctets;
    this.#options = options;
    this.#turn = turn;
    this.#handlerFailed = handlerFailed;
  }

  get readable(): boolean {
    const { read, value, onRead } = this.#options;
    return read ?? (value !== undefined || onRead !== undefined);
  }

  get writable(): boolean {
    const { write, onWrite } = this.#options;
    return write ?? onWrite !== undefined;
  }

  /** *Borrowed*: do not write into it. */
  get octets(): Uint8Array {
    return this.#octets;
  }

  /** @throws {@link RangeError} More than 512 octets. */
  set(value: Uint8Array): void {
    checkValue({ value });
    this.#octets = copyOf(value);
  }

  read(connection: GattPeer, offset: number, done: (result: ReadResult) => void): void {
    const { onRead } = this.#options;
    if (!onRead) {
      done(this.#octets);
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

  write(connection: GattPeer, write: AttributeWrite, done: (result: WriteResult) => void): void {
    if (write.value.length > mostValueOctets) {
      done(ErrorCode.InvalidAttributeValueLength);
      return;
    }
    const value = copyOf(write.value);
    const keep = (): void => {
      this.#octets = value;
      done(undefined);
    };
    const { onWrite } = this.#options;
    if (!onWrite) {
      keep();
      return;
    }
    // The handler owns its octets; what is kept here must not change with them.
    const event = { connection, value: copyOf(value), acknowledged: write.acknowledged };
    const line = this.#lineOf(connection);
    const taken = line.enter(() => {
      this.#call(
        () => onWrite(event),
        (error) => {
          done(error);
          line.next();
        },
        () => {
          keep();
          line.next();
        },
      );
    });
    if (!taken) done(ErrorCode.InsufficientResources);
  }

  #lineOf(connection: GattPeer): HandlerLine {
    const line = this.#lines.get(connection) ?? new HandlerLine();
    this.#lines.set(connection, line);
    return line;
  }

  /** What a handler gave. The compiler is not everywhere: a handler that gives nonsense must still be answered for. */
  #checked(octets: unknown): ReadResult {
    if (octets instanceof Uint8Array && octets.length <= mostValueOctets) return octets;
    this.#handlerFailed(
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
    this.#turn.defer(() => {
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
    this.#handlerFailed(error);
    return ErrorCode.UnlikelyError;
  }
}

/** Promises of other makes have no more in common with Promise than this. */
function isThenable<T>(result: T | PromiseLike<T>): result is PromiseLike<T> {
  if (typeof result !== "object" || result === null) return false;
  return "then" in result && typeof result.then === "function";
}

/** Not slice(): the one of a Buffer copies nothing. */
function copyOf(octets: Uint8Array): Uint8Array {
  return new Uint8Array(octets);
}
