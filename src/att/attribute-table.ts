import type { Uuid } from "../common/uuid.ts";
import type { ErrorCode } from "./error-code.ts";

/** What reading an attribute gives: its whole value, or why not. */
export type ReadResult = Uint8Array | ErrorCode;

/** What writing one gives: why not, or nothing. */
export type WriteResult = ErrorCode | undefined;

/** The way in which a client wants at a value: a request to read or to write, or a command. */
export type Access = "read" | "write" | "command" | "signedCommand";

/** How a value arrived. */
export interface AttributeWrite {
  /** *Borrowed*: copy it to keep it. */
  readonly value: Uint8Array;
  /** False for a command, whose result nobody hears. */
  readonly acknowledged: boolean;
}

/**
 * A value that is to be written together with others, and that everybody who was to be asked has agreed to. Nothing has
 * been written yet. Vol 3, Part F, 3.4.6.3.
 */
export interface AgreedWrite {
  /** Writes it. @returns Why it cannot be after all; nothing has changed then. */
  keep(): WriteResult;
  /** Takes back what {@link keep} has done, because another value could not be kept. */
  undo(): void;
  /** Tells who wants to know that it was written; once all the others are. */
  tell(): void;
}

/**
 * One attribute of a server. Vol 3, Part F, 3.2.
 *
 * @typeParam Peer - What the server knows of the client that asks.
 */
export interface Attribute<Peer> {
  readonly handle: number;
  readonly type: Uuid;
  /** The last handle of the group that this attribute begins; its own handle where it begins none. */
  readonly groupEnd: number;
  /** The value, where it is always the same and everyone may read it: declarations. */
  readonly constant?: Uint8Array;
  /** Why this client may not do so now; absent where nothing but {@link read} and {@link write} being there counts. */
  refusal?(peer: Peer, access: Access): ErrorCode | undefined;
  /** Asks the program when nothing else stands against it; absent where it need not be asked. */
  authorize?(peer: Peer, access: Access, done: (granted: boolean) => void): void;
  /**
   * Gives the whole value, at once or later; absent where reading is not permitted.
   *
   * @param offset - Where the client starts to read; 0 in a first request.
   */
  read?(peer: Peer, offset: number, done: (result: ReadResult) => void): void;
  /** Takes a value, at once or later; absent where writing is not permitted. */
  write?(peer: Peer, write: AttributeWrite, done: (result: WriteResult) => void): void;
  /**
   * Asks whoever has a say in {@link write}, at once or later, but writes nothing yet: the value is one of several that
   * are written together or not at all. Absent where {@link write} is all there is; it is then called in its place.
   */
  propose?(peer: Peer, write: AttributeWrite, done: (result: AgreedWrite | ErrorCode) => void): void;
  /**
   * The value to give to {@link write} so that prepared octets get to their place in the present one. Nothing is
   * written. Absent where the present value is taken for empty.
   *
   * @param before - The value that prepared writes before these will leave, in place of the present one.
   * @param octets - *Borrowed*.
   */
  compose?(peer: Peer, before: Uint8Array | undefined, offset: number, octets: Uint8Array): ReadResult;
}

/** The highest handle there is. Vol 3, Part F, 3.2.2. */
export const mostHandle = 0xffff;

/** All attributes of a server, by handle. */
export class AttributeTable<Peer> {
  /** By handle: index 0 and gaps are empty. */
  readonly #byHandle: (Attribute<Peer> | undefined)[] = [];
  /** By type, in the order of their handles. */
  readonly #byType = new Map<string, Attribute<Peer>[]>();

  /** The lowest handle behind all others, also behind those that were removed. */
  get end(): number {
    return Math.max(1, this.#byHandle.length);
  }

  /** @throws {@link RangeError} The handle is taken, or none of 0x0001 to 0xFFFF. */
  add(attribute: Attribute<Peer>): void {
    const { handle } = attribute;
    if (!Number.isInteger(handle) || handle < 0x0001 || handle > mostHandle) {
      throw new RangeError(`no attribute handle: ${handle}`);
    }
    if (this.#byHandle[handle]) throw new RangeError(`attribute handle ${handle} is taken`);
    while (this.#byHandle.length < handle) this.#byHandle.push(undefined); // holes would make it a dictionary
    this.#byHandle[handle] = attribute;
    const same = this.#byType.get(attribute.type.key);
    if (!same) this.#byType.set(attribute.type.key, [attribute]);
    else same.splice(placeOf(same, handle), 0, attribute);
  }

  /** Removes the attributes from `start` to `end`, both included. */
  remove(start: number, end: number): void {
    for (const { handle, type } of this.between(start, end)) {
      const same = this.#byType.get(type.key);
      same?.splice(placeOf(same, handle), 1);
    }
    this.#byHandle.fill(undefined, start, end + 1);
  }

  at(handle: number): Attribute<Peer> | undefined {
    return this.#byHandle[handle];
  }

  /** The attributes from `start` to `end`, both included, in the order of their handles. */
  *between(start: number, end: number): Generator<Attribute<Peer>, void, undefined> {
    const last = Math.min(end, this.#byHandle.length - 1);
    for (let handle = start; handle <= last; handle++) {
      const attribute = this.#byHandle[handle];
      if (attribute) yield attribute;
    }
  }

  /** Those of one type from `start` to `end`, both included, in the order of their handles. */
  *ofType(type: Uuid, start: number, end: number): Generator<Attribute<Peer>, void, undefined> {
    const same = this.#byType.get(type.key) ?? [];
    for (let at = placeOf(same, start); at < same.length; at++) {
      const attribute = same[at];
      if (!attribute || attribute.handle > end) return;
      yield attribute;
    }
  }
}

/** Where the first is whose handle is not below `handle`. */
function placeOf(attributes: readonly { readonly handle: number }[], handle: number): number {
  let from = 0;
  let to = attributes.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((attributes[middle]?.handle ?? 0) < handle) from = middle + 1;
    else to = middle;
  }
  return from;
}
