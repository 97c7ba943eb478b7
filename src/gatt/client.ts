import { EventEmitter } from "node:events";
import { shownAsText } from "../common/inspect.ts";
import type { ClientBearer } from "../att/client-bearer.ts";
import type { BleError } from "../common/errors.ts";
import { checkCallOptions, checkOptions } from "../common/options.ts";
import { run } from "../common/procedure.ts";
import { type CallOptions, promised } from "../common/promised.ts";
import type { Turn } from "../common/turn.ts";
import { Uuid, type UuidLike } from "../common/uuid.ts";
import { AttributeClient } from "./attribute-client.ts";
import { requireArray, requirePairs } from "./call-options.ts";
import type { Wanted } from "./client-catalogue.ts";
import { ClientCore, type ClientParts } from "./client-core.ts";
import { wholeRange } from "./discovery.ts";
import { NotFoundError } from "./error.ts";
import { readByUuid, readMultiple, type ReadPart, type ValueByUuid } from "./read-multiple.ts";
import type { RemoteCharacteristic } from "./remote-characteristic.ts";
import type { RemoteService } from "./remote-service.ts";
import { checkWrite, RemoteValue } from "./remote-value.ts";
import { anything, together } from "./request-subject.ts";

/** Which services are wanted. */
export interface ServicesOptions extends CallOptions {
  /** Only the primary services with that UUID. */
  readonly uuid?: UuidLike;
}

/** Where values are looked for. */
export interface ReadByUuidOptions extends CallOptions {
  /** The first handle, 0x0001 by default. */
  readonly start?: number;
  /** The last handle, 0xFFFF by default. */
  readonly end?: number;
}

/** How values are read together. */
export interface ReadMultipleOptions extends CallOptions {
  /**
   * How many octets each value has, in the order of the values. With them all servers can be asked for several values
   * at once; without, those that know Read Multiple Variable Length.
   */
  readonly lengths?: readonly number[];
}

/** The handles whose attributes may be others than before, first and last included. Vol 3, Part G, 7.1. */
export interface ServicesChange {
  readonly startHandle: number;
  readonly endHandle: number;
}

/** What the program can observe of a server. */
export interface GattClientEvents {
  /**
   * The server's services have changed, by what it says (Service Changed, Database Out Of Sync) or by what it does not
   * have any more. What was found in the range is looked at before it is used again: what is gone rejects with
   * {@link StaleAttributeError}, what has not changed goes on as before. Ask for services anew to learn what there is.
   */
  servicesChanged: [change: ServicesChange];
}

/**
 * The peer's GATT server, as this host sees it: `connection.gatt`. Vol 3, Part G, 4.
 *
 * Before the first search the MTU is exchanged. What was discovered is remembered as long as the connection lasts, and
 * longer where the server has a Database Hash or the peer is bonded. Changes of the server's services that it tells of
 * are followed: what has not changed stays the same object, and the event `servicesChanged` tells of each.
 */
export class GattClient extends EventEmitter<GattClientEvents> {
  static {
    shownAsText(GattClient.prototype);
  }

  /** @internal */
  readonly core: ClientCore;
  /** The same server by handles alone: for programs that know them. */
  readonly attributes: AttributeClient;

  /** @internal Made with the connection. */
  constructor(bearer: ClientBearer, turn: Turn, parts: ClientParts = {}) {
    super();
    this.core = new ClientCore(bearer, turn, parts);
    this.attributes = new AttributeClient(this.core);
    this.core.onServicesChanged = ({ start, end }) => {
      this.emit("servicesChanged", { startHandle: start, endHandle: end });
    };
  }

  override toString(): string {
    const known = this.core.catalogue.known.all.map(({ uuid }) => uuid.toString());
    return `ATT_MTU ${this.mtu}, ${known.length === 0 ? "nothing searched yet" : `knows ${known.join(", ")}`}`;
  }

  /** The ATT_MTU in force, 23 to 517 octets. */
  get mtu(): number {
    return this.core.commands.mtu;
  }

  /** How many ATT bearers lead to the server: 1, and the enhanced ones that are open. */
  get bearers(): number {
    return this.core.bearers.size;
  }

  /**
   * Everything the server has, in the order of its handles; or only the primary services with one UUID. Asked once;
   * later calls answer from memory.
   *
   * @param options.signal - Stops waiting; a search that has begun goes on and is remembered.
   * @throws {@link AttError} The server refused to tell.
   * @throws {@link MalformedPduError} What it told makes no sense.
   * @throws {@link DisconnectedError} The link was lost first.
   */
  async services(options: ServicesOptions = {}): Promise<readonly RemoteService[]> {
    checkOptions("services", options, { uuid: "anything", signal: "signal" }, '{ uuid: "180d", signal }');
    const { uuid } = options;
    const wanted = uuid === undefined ? "everything" : { uuid: Uuid.from(uuid), onlyFirst: false };
    return this.#search(wanted, options);
  }

  /**
   * The first primary service with that UUID. Only it is discovered where not everything has been yet, with what it
   * includes; what was found is remembered.
   *
   * @throws {@link NotFoundError} The server has none.
   */
  async service(uuid: UuidLike, options?: CallOptions): Promise<RemoteService> {
    checkCallOptions("service", options);
    const wanted = Uuid.from(uuid);
    const [found] = await this.#search({ uuid: wanted, onlyFirst: true }, options);
    if (found) return found;
    throw new NotFoundError(`the server has no service ${wanted.toString()}`);
  }

  /**
   * The first characteristic with that UUID in the first service with the other.
   *
   * @throws {@link NotFoundError} The server has none.
   */
  async characteristic(
    service: UuidLike,
    uuid: UuidLike,
    options?: CallOptions,
  ): Promise<RemoteCharacteristic> {
    if ((uuid as unknown) === undefined) {
      throw new TypeError('characteristic: give the service and the characteristic, ("180d", "2a37")');
    }
    return (await this.service(service, options)).characteristic(uuid);
  }

  /**
   * Reads the values of all characteristics with that UUID, without any search before (Vol 3, Part G, 4.8.2).
   *
   * @returns In the order of their handles. A value is cut to what one response carries: ATT_MTU - 4 octets, and never
   *   more than 253; read the characteristic to have all of it.
   * @throws {@link AttError} The server refused to tell one of them.
   * @throws {@link RangeError} The handles are no range.
   */
  async readByUuid(uuid: UuidLike, options: ReadByUuidOptions = {}): Promise<readonly ValueByUuid[]> {
    const kinds = { start: "number", end: "number", signal: "signal" } as const;
    checkOptions("readByUuid", options, kinds, "{ start: 0x0001, end: 0xffff, signal }");
    const { start = wholeRange.start, end = wholeRange.end } = options;
    const type = Uuid.from(uuid);
    checkRange(start, end);
    await this.#begin(options);
    const { core } = this;
    const subject = anything(core, `values of ${type.toString()}`);
    return promised<readonly ValueByUuid[]>((done) => {
      run(readByUuid(core.requester(0, subject), type, { start, end }), done);
    }, options);
  }

  /**
   * Reads several values with as few requests as can be; a server that does not know how is asked for each.
   * Vol 3, Part G, 4.8.4 and 4.8.5.
   *
   * @returns In the order of `values`.
   * @throws {@link AttError} The server refused one of them; `handle` tells which.
   * @throws {@link MalformedPduError} The server's answer does not agree with `lengths`.
   * @throws {@link RangeError} There are not as many lengths as values, or one is out of range.
   * @throws {@link TypeError} One of the values is another connection's.
   */
  async readMultiple(
    values: readonly RemoteValue[],
    options: ReadMultipleOptions = {},
  ): Promise<readonly Uint8Array[]> {
    const kinds = { lengths: "list", signal: "signal" } as const;
    checkOptions("readMultiple", options, kinds, "{ lengths: [2, 1], signal }");
    checkValues(values, this.core);
    const parts = partsOf(values, options.lengths);
    for (const value of values) if (value.standing !== "known") await value.checkStanding(options);
    return promised<readonly Uint8Array[]>((done) => {
      const requester = this.core.requester(0, together(values));
      run(readMultiple(requester, parts, options.signal), done);
    }, options);
  }

  /**
   * Writes several values after a check: the server gives back what it was sent, and only when all of that is right it
   * is told to write. Vol 3, Part G, 4.9.5.
   *
   * @param values - Written in their order. Copied.
   * @param options.signal - Stops waiting; what was prepared is given up.
   * @throws {@link AttError} The server refused one of them; `handle` tells which. What it has refused when it was asked
   *   to prepare was not written, nor were the others. What it has refused when it was told to write all leaves them
   *   undefined (Vol 3, Part F, 3.4.6.3): a server of this host keeps none of the values then, though what its program's
   *   handlers of those in front have done stays done.
   * @throws {@link MalformedPduError} It gave back something else; nothing was written.
   * @throws {@link StaleAttributeError} The server's services have changed, and one of them is no longer there.
   * @throws {@link RangeError} A value is longer than 512 octets.
   * @throws {@link TypeError} One of the values is another connection's.
   *
   * @example
   * ```ts
   * await connection.gatt.reliableWrite([[low, Uint8Array.of(10)], [high, Uint8Array.of(20)]]);
   * ```
   */
  async reliableWrite(
    values: readonly (readonly [value: RemoteValue, octets: Uint8Array])[],
    options: CallOptions = {},
  ): Promise<void> {
    checkCallOptions("reliableWrite", options);
    requirePairs(values);
    checkValues(
      values.map(([value]) => value),
      this.core,
    );
    const copies = values.map(([value, octets]) => {
      checkWrite(octets, 0);
      return { value, octets: new Uint8Array(octets) };
    });
    for (const { value } of copies) if (value.standing !== "known") await value.checkStanding(options);
    await promised<undefined>((done) => {
      const parts = copies.map(({ value, octets }) => ({ value, offset: 0, octets }));
      this.core.writePrepared(parts, done, options.signal);
    }, options);
  }

  /** @internal One more bearer leads to the server. */
  addBearer(bearer: ClientBearer): void {
    this.core.bearers.add(bearer);
  }

  /** @internal A notification or an indication came, over any bearer; `value` is *borrowed*. */
  value(handle: number, value: Uint8Array, indicated = false): void {
    this.attributes.value(handle, value, indicated);
    this.core.value(handle, value, indicated);
  }

  /** @internal A bearer can send nothing any more; the one on the fixed channel where none is named. */
  closed(reason: BleError, bearer?: ClientBearer): void {
    this.core.closed(reason, bearer);
  }

  async #search(wanted: Wanted, options?: CallOptions): Promise<readonly RemoteService[]> {
    options?.signal?.throwIfAborted();
    const { catalogue } = this.core;
    return (
      catalogue.answer(wanted) ??
      promised<readonly RemoteService[]>((done) => {
        catalogue.search(wanted, done);
      }, options)
    );
  }

  #begin(options: CallOptions): Promise<void> {
    return promised<undefined>((done) => {
      this.core.setup.begin(done);
    }, options);
  }
}

/** @throws {@link TypeError} A handle means something else on every connection. */
function checkValues(values: readonly unknown[], link: ClientCore): void {
  requireArray("values", values, "characteristics or descriptors");
  for (const value of values) {
    if (!(value instanceof RemoteValue))
      throw new TypeError("values: give characteristics or descriptors; of a typed one its plain");
    if (value.link !== link) throw new TypeError(`values: ${value.label} is another connection's`);
  }
}

function partsOf(values: readonly RemoteValue[], lengths: readonly number[] | undefined): ReadPart[] {
  if (lengths && lengths.length !== values.length) {
    throw new RangeError(`lengths: ${lengths.length} for ${values.length} values`);
  }
  for (const length of lengths ?? []) {
    if (!Number.isInteger(length) || length < 0 || length > 512)
      throw new RangeError(`lengths: ${length} is not in 0 to 512`);
  }
  return values.map(({ handle }, index) => ({ handle, length: lengths?.[index] }));
}

function checkRange(start: number, end: number): void {
  const isHandle = (handle: number): boolean => Number.isInteger(handle) && handle >= 1 && handle <= 0xffff;
  if (isHandle(start) && isHandle(end) && start <= end) return;
  throw new RangeError(`start and end: ${start} to ${end} are no handles from 0x0001 to 0xFFFF in order`);
}
