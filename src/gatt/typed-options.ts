import { AttError } from "../att/error.ts";
import { ErrorCode } from "../att/error-code.ts";
import { MalformedPduError } from "../common/errors.ts";
import type {
  CharacteristicOptions,
  DescriptorOptions,
  GattPeer,
  ReadEvent,
  ReadHandler,
  ValueOptions,
  WriteHandler,
} from "./service-builder.ts";
import type { ValueCodec } from "./value-codec.ts";

/** A client writes a value of a known type. */
export interface TypedWriteEvent<T> {
  readonly connection: GattPeer;
  /** *Owned* by the handler. */
  readonly value: T;
  /** False for a write without response: refusing it then has no effect the client could see. */
  readonly acknowledged: boolean;
}

/** The options of a value with values in place of octets. */
export interface TypedValueOptions<T> {
  /** The value to begin with. */
  readonly value?: T;
  /** Makes the value when it is read, in place of the one kept here. To refuse, throw an {@link AttError}. */
  readonly onRead?: (event: ReadEvent) => T | Promise<T>;
  /**
   * Called before a written value replaces the one kept here; to refuse, throw an {@link AttError}. Octets that are no
   * such value never come here: the client is told Value Not Allowed.
   */
  readonly onWrite?: (event: TypedWriteEvent<T>) => void | Promise<void>;
}

/** What there is only for octets: a part of a value is none. */
type OfOctets = keyof TypedValueOptions<never> | "append";

/** The options of a characteristic with values in place of octets. */
export type TypedCharacteristicOptions<T> = TypedValueOptions<T> & Omit<CharacteristicOptions, OfOctets>;

/** The options of a descriptor with values in place of octets. */
export type TypedDescriptorOptions<T> = TypedValueOptions<T> & Omit<DescriptorOptions, OfOctets>;

/**
 * The same options with octets in place of values.
 *
 * @throws {@link RangeError} The value to begin with does not fit.
 */
export function plainOptions<T, O extends TypedValueOptions<T>>(
  codec: ValueCodec<T>,
  options: O,
): Omit<O, keyof TypedValueOptions<T>> & ValueOptions {
  const { value, onRead, onWrite, ...others } = options;
  const { write, writeWithoutResponse, signedWrite } = others as CharacteristicOptions;
  const written = [write, writeWithoutResponse, signedWrite].includes(true) || onWrite !== undefined;
  return {
    ...others,
    ...(value !== undefined && { value: codec.encode(value) }),
    ...(onRead && { onRead: plainRead(codec, onRead) }),
    // Without a handler too: what is kept here stays a value of the type.
    ...(written && { onWrite: plainWrite(codec, onWrite), write: write ?? onWrite !== undefined }),
  };
}

function plainRead<T>(
  codec: ValueCodec<T>,
  onRead: NonNullable<TypedValueOptions<T>["onRead"]>,
): ReadHandler {
  return (event) => {
    const value = onRead(event);
    return isPromise(value) ? value.then((settled) => codec.encode(settled)) : codec.encode(value);
  };
}

/** Promises of other makes have no more in common with Promise than this. */
function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

function plainWrite<T>(codec: ValueCodec<T>, onWrite: TypedValueOptions<T>["onWrite"]): WriteHandler {
  return ({ value: octets, ...event }) => {
    const value = decoded(codec, octets);
    return onWrite?.({ ...event, value });
  };
}

/** Vol 3, Part F, 3.4.1.1: Value Not Allowed. */
function decoded<T>(codec: ValueCodec<T>, octets: Uint8Array): T {
  try {
    return codec.decode(octets);
  } catch (error) {
    if (!(error instanceof MalformedPduError)) throw error;
    throw new AttError(ErrorCode.ValueNotAllowed, 0, { cause: error });
  }
}
