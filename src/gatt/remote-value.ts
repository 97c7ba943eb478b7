import type { ClientBearer } from "../att/att.ts";
import { requireOctets } from "../common/bytes.ts";
import type { BleError } from "../common/errors.ts";
import { type CallOptions, promised } from "../common/promised.ts";
import type { Turn } from "../common/turn.ts";
import type { Uuid } from "../common/uuid.ts";
import { readValue, writeValue } from "./read-write.ts";
import { mostValueOctets } from "./service-builder.ts";
import type { ValueSink } from "./subscription.ts";

/** What remote attributes need of the connection that leads to them. */
export interface RemoteLink {
  readonly bearer: ClientBearer;
  readonly turn: Turn;
  /** Why nothing can be sent any more; `undefined` while it can. */
  readonly ended: BleError | undefined;
  /** Whether the MTU is agreed, so that nobody waits for a promise in vain. */
  readonly ready: boolean;
  /** Agrees on the MTU, or waits for that; never fails but by the signal. */
  begin(options?: CallOptions): Promise<void>;
  /** Sends the values of a handle to a sink until it is removed. */
  addSink(handle: number, sink: ValueSink): void;
  removeSink(handle: number, sink: ValueSink): void;
}

/** An attribute of the server that has a value: a characteristic or a descriptor. */
export abstract class RemoteValue {
  readonly uuid: Uuid;
  /** The handle of the value: what tells two attributes with one UUID apart. */
  readonly handle: number;
  protected readonly link: RemoteLink;

  constructor(uuid: Uuid, handle: number, link: RemoteLink) {
    this.uuid = uuid;
    this.handle = handle;
    this.link = link;
  }

  /** The most octets that {@link write} takes, as long as the MTU stays what it is. */
  get maxWriteLength(): number {
    return Math.min(this.link.bearer.mtu - 3, mostValueOctets);
  }

  /**
   * Reads the whole value, however long it is.
   *
   * Sends one ATT_READ_REQ, then as many ATT_READ_BLOB_REQ as the value needs (Vol 3, Part G, 4.8.1 and 4.8.3).
   *
   * @param options.signal - Stops waiting. A request already on the air still completes; ATT has no cancel, so the
   *   next call waits for it. One that waits for its turn is never sent.
   * @returns A copy of the value, 0 to 512 octets; more where a server breaks that limit.
   * @throws {@link AttError} The server refused; see `status`.
   * @throws {@link DisconnectedError} The link was lost first.
   */
  async read(options?: CallOptions): Promise<Uint8Array> {
    if (!this.link.ready) await this.link.begin(options);
    return promised<Uint8Array>((done) => {
      readValue(this.link.bearer, this.handle, done, options?.signal);
    }, options);
  }

  /**
   * Writes the value and waits for the server's answer (Vol 3, Part G, 4.9.3).
   *
   * @param value - Copied. At most {@link maxWriteLength} octets.
   * @param options.signal - Stops waiting. A request already on the air may still have its effect; one that waits for
   *   its turn is never sent.
   * @throws {@link AttError} The server refused; see `status`.
   * @throws {@link DisconnectedError} The link was lost first.
   * @throws {@link RangeError} The value is too long for one request.
   */
  async write(value: Uint8Array, options?: CallOptions): Promise<void> {
    requireOctets(value);
    const copy = new Uint8Array(value); // it may wait in line behind other requests
    if (!this.link.ready) await this.link.begin(options);
    this.checkLength(copy);
    await promised<undefined>((done) => {
      writeValue(this.link.bearer, this.handle, copy, done, options?.signal);
    }, options);
  }

  /** @throws The reason why nothing can be sent any more. */
  protected checkLink(): void {
    if (this.link.ended) throw this.link.ended;
  }

  /** @throws {@link RangeError} One write does not carry so many octets. */
  protected checkLength(value: Uint8Array): void {
    if (value.length <= this.maxWriteLength) return;
    throw new RangeError(
      `${value.length} octets: one write carries at most ${this.maxWriteLength} (maxWriteLength)`,
    );
  }
}

/** A descriptor of a server's characteristic. Vol 3, Part G, 3.3.3. */
export class RemoteDescriptor extends RemoteValue {}
