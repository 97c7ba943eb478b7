import { EventEmitter } from "node:events";
import { requireOctets } from "../common/bytes.ts";
import { checkOptions, checkCallOptions } from "../common/options.ts";
import { type Outcome, run } from "../common/procedure.ts";
import { type CallOptions, promised } from "../common/promised.ts";
import { requireWhole } from "../common/whole-number.ts";
import { Uuid, type UuidLike } from "../common/uuid.ts";
import type { ClientCore } from "./client-core.ts";
import {
  discoverAttributes,
  discoverCharacteristics,
  discoverServices,
  discoverServicesByUuid,
  type FoundCharacteristic,
  type FoundDescriptor,
  type FoundService,
  wholeRange,
} from "./discovery.ts";
import { readValue, writeValue } from "./read-write.ts";

/** A value that the server has sent on its own account. Vol 3, Part G, 4.10 and 4.11. */
export interface AttributeValue {
  readonly handle: number;
  /** *Owned* by the program. */
  readonly value: Uint8Array;
  /** Whether it was an indication, which has been confirmed. */
  readonly indicated: boolean;
}

/** What the program can observe of the attributes. */
export interface AttributeClientEvents {
  /** The server has sent a value, whether anybody has subscribed to it or not. */
  value: [value: AttributeValue];
}

/** Handles from `start` to `end`; by default all there can be. */
export interface AttributeRange extends CallOptions {
  readonly start?: number;
  readonly end?: number;
}

const rangeKinds = { start: "number", end: "number", signal: "signal" } as const;

/**
 * The peer's attributes by nothing but their handles: `connection.gatt.attributes`. Vol 3, Part G, 4.
 *
 * Each call is what it says on the air, and no more: nothing is remembered, followed, or asked beside it, and security is
 * not raised. That is for programs that know the handles, and for ports of libraries that work by them; all others are
 * better served by `connection.gatt` itself. Both may be used on one link. Calls of one bearer are answered in their order.
 */
export class AttributeClient extends EventEmitter<AttributeClientEvents> {
  readonly #core: ClientCore;

  /** @internal Made with the connection. */
  constructor(core: ClientCore) {
    super();
    this.#core = core;
  }

  /**
   * Exchanges the ATT_MTU, which can be done once on a link: after that, gives the one in force. Vol 3, Part F, 3.4.2.
   *
   * @throws {@link DisconnectedError} The link was lost first.
   */
  exchangeMtu(options: CallOptions = {}): Promise<number> {
    return promised<number>((done) => {
      checkCallOptions("exchangeMtu", options);
      const core = this.#core;
      core.setup.begin(() => {
        done(core.ended ?? core.commands.mtu);
      });
    }, options);
  }

  /**
   * Discover All Primary Services, or those with one UUID. Vol 3, Part G, 4.4.
   *
   * @throws {@link AttError} The server refused to tell.
   */
  services(options: CallOptions & { readonly uuid?: UuidLike } = {}): Promise<readonly FoundService[]> {
    return promised<readonly FoundService[]>((done) => {
      checkOptions("services", options, { uuid: "anything", signal: "signal" }, '{ uuid: "180d" }');
      const requester = this.#core.bearers.pick(0);
      const { uuid } = options;
      run(
        uuid === undefined
          ? discoverServices(requester, true)
          : discoverServicesByUuid(requester, Uuid.from(uuid), false),
        done,
      );
    }, options);
  }

  /**
   * The characteristics that are declared in a range. Vol 3, Part G, 4.6.1.
   *
   * @throws {@link AttError} The server refused to tell.
   * @throws {@link RangeError} The handles are no range.
   */
  characteristics(options: AttributeRange = {}): Promise<readonly FoundCharacteristic[]> {
    return promised<readonly FoundCharacteristic[]>((done) => {
      const range = rangeOf("characteristics", options);
      run(discoverCharacteristics(this.#core.bearers.pick(0), range), done);
    }, options);
  }

  /**
   * Every attribute of a range with its type: descriptors, where the range is that behind a value. Vol 3, Part G, 4.7.1.
   *
   * @throws {@link AttError} The server refused to tell.
   * @throws {@link RangeError} The handles are no range.
   */
  all(options: AttributeRange = {}): Promise<readonly FoundDescriptor[]> {
    return promised<readonly FoundDescriptor[]>((done) => {
      const range = rangeOf("all", options);
      run(discoverAttributes(this.#core.bearers.pick(0), range), done);
    }, options);
  }

  /**
   * Reads a value, however long it is. Vol 3, Part G, 4.8.1 and 4.8.3.
   *
   * @throws {@link AttError} The server refused.
   */
  read(handle: number, options: CallOptions = {}): Promise<Uint8Array> {
    return promised<Uint8Array>((done) => {
      checkCallOptions("read", options);
      requireHandle(handle);
      readValue(this.#core.bearers.pick(handle), handle, done, options.signal);
    }, options);
  }

  /**
   * Writes a value with one request, and waits for the answer. Vol 3, Part G, 4.9.3.
   *
   * @param value - At most ATT_MTU - 3 octets; copied.
   * @throws {@link AttError} The server refused.
   * @throws {@link RangeError} One request does not carry so many octets.
   */
  write(handle: number, value: Uint8Array, options: CallOptions = {}): Promise<void> {
    return promised<undefined>((done) => {
      checkCallOptions("write", options);
      const requester = this.#core.bearers.pick(handle);
      requireWritable(handle, value, requester.mtu);
      writeValue(requester, handle, new Uint8Array(value), done, options.signal);
    }, options);
  }

  /**
   * Writes a value without an answer, once there is room for it. Vol 3, Part G, 4.9.1.
   *
   * @param value - At most ATT_MTU - 3 octets; copied.
   * @throws {@link DisconnectedError} The link was lost first.
   * @throws {@link BackPressureError} 1024 values wait already, because nobody awaits them.
   * @throws {@link RangeError} One command does not carry so many octets.
   */
  writeWithoutResponse(handle: number, value: Uint8Array, options: CallOptions = {}): Promise<void> {
    return promised<undefined>((done) => {
      checkCallOptions("writeWithoutResponse", options);
      const { commands } = this.#core;
      requireWritable(handle, value, commands.mtu);
      const octets = new Uint8Array(value);
      const send = (outcome?: Outcome<undefined>): void => {
        const { ended } = this.#core;
        if (!outcome && !ended && !options.signal?.aborted) commands.writeCommand(handle, octets);
        done(outcome ?? ended);
      };
      if (commands.hasRoom) send();
      else commands.whenRoom(send);
    }, options);
  }

  /** @internal A notification or an indication came; `value` is *borrowed*. */
  value(handle: number, value: Uint8Array, indicated: boolean): void {
    if (this.listenerCount("value") === 0) return;
    const told = { handle, value: new Uint8Array(value), indicated };
    this.#core.turn.defer(() => this.emit("value", told));
  }
}

function rangeOf(call: string, options: AttributeRange): { readonly start: number; readonly end: number } {
  checkOptions(call, options, rangeKinds, "{ start: 0x0001, end: 0xffff }");
  const { start = wholeRange.start, end = wholeRange.end } = options;
  requireWhole("start", start, wholeRange.start, wholeRange.end);
  requireWhole("end", end, start, wholeRange.end);
  return { start, end };
}

function requireHandle(handle: number): void {
  requireWhole("handle", handle, wholeRange.start, wholeRange.end);
}

function requireWritable(handle: number, value: Uint8Array, mtu: number): void {
  requireHandle(handle);
  requireOctets(value);
  if (value.length > mtu - 3) {
    throw new RangeError(`value: ${value.length} octets are more than the ${mtu - 3} that one write carries`);
  }
}
