import { shownAsText } from "../common/inspect.ts";
import type { ClientBearer, Requester } from "../att/client-bearer.ts";
import { ErrorCode } from "../att/error-code.ts";
import type { Abandoned } from "../att/transaction-line.ts";
import { requireOctets, hexNumber } from "../common/bytes.ts";
import { BleError } from "../common/errors.ts";
import { checkCallOptions } from "../common/options.ts";
import type { Done } from "../common/procedure.ts";
import { type CallOptions, promised } from "../common/promised.ts";
import type { Turn } from "../common/turn.ts";
import type { Uuid } from "../common/uuid.ts";
import { checkWriteOptions } from "./call-options.ts";
import type { Subject } from "./client-recovery.ts";
import { StaleAttributeError } from "./error.ts";
import { readValue, writeValue } from "./read-write.ts";
import type { RemoteService } from "./remote-service.ts";
import { mostValueOctets } from "./service-builder.ts";
import type { ValueSinks } from "./value-sinks.ts";

/** What remote attributes need of the connection that leads to them. */
export interface RemoteLink {
  readonly turn: Turn;
  /** Why nothing can be sent any more; `undefined` while it can. */
  readonly ended: BleError | undefined;
  /** Who wants the values that come by themselves. */
  readonly sinks: ValueSinks;
  /** How many values of a subscription may wait, unless the subscription says it; `undefined` where nobody does. */
  readonly capacity: number | undefined;
  /** The bearer that commands take. */
  readonly commands: ClientBearer;
  /** Whether the link is encrypted, so that nothing needs to be signed. */
  readonly encrypted: boolean;
  /** Where requests about an attribute go. */
  requester(handle: number, subject: Subject): Requester;
  /** The service that begins at a handle, where it is known. */
  serviceAt(handle: number): RemoteService | undefined;
  /** The program waits for values from now on: a server may keep them back until its changes are known. */
  awaitValues(): void;
  /** Finds out what of the attributes in doubt still holds. */
  refresh(done: Done<undefined>): void;
  /** The server has no way to tell of changes, and the client remembers what it has found. */
  readonly isUntold: boolean;
  /** The server has refused something in a way that puts everything in doubt: finds out what still holds. */
  doubt(status: ErrorCode, done: Done<undefined>): void;
  /** Services have changed without the server's telling of it. */
  foundChanged(): void;
  /** Writes several values together, or a long one part by part. Vol 3, Part G, 4.9.4 and 4.9.5. */
  writePrepared(values: readonly PreparedPart[], done: Done<undefined>, signal?: Abandoned): void;
}

/** Whether an attribute is what it was when it was found: known to be, perhaps not, or not. Vol 3, Part G, 2.5.2. */
export type Standing = "known" | "doubtful" | "gone";

/** A value, or the part of one from an offset on, that is to be written by prepared writes. */
export interface PreparedPart {
  readonly value: RemoteValue;
  readonly offset: number;
  /** *Owned*. */
  readonly octets: Uint8Array;
}

/** How to write. */
export interface WriteOptions extends CallOptions {
  /** Where in the value the octets go; the server keeps what is before. Takes a long write. */
  readonly offset?: number;
  /** A long write even where one request would do, for a server that wants it so. Vol 3, Part G, 4.9.4. */
  readonly long?: boolean;
}

/** An attribute of the server that has a value: a characteristic or a descriptor. */
export abstract class RemoteValue {
  static {
    shownAsText(this.prototype);
  }

  readonly uuid: Uuid;
  /** The handle of the value: what tells two attributes with one UUID apart. */
  readonly handle: number;
  /** @internal */
  readonly link: RemoteLink;
  /** @internal For the catalogue. */
  standing: Standing = "known";
  /** It was found again after the server had denied to have it. */
  #vouchedFor = false;

  /** @internal */
  constructor(uuid: Uuid, handle: number, link: RemoteLink) {
    this.uuid = uuid;
    this.handle = handle;
    this.link = link;
  }

  toString(): string {
    return `${this.uuid.toString()} at 0x${hexNumber(this.handle, 4)}`;
  }

  /** @internal What it is, for messages. */
  abstract get label(): string;

  /**
   * The most octets that one write carries, as long as the MTU stays what it is: for writes without response the limit,
   * while {@link write} takes several requests for what is longer.
   */
  get maxWriteLength(): number {
    return Math.min(this.link.commands.mtu - 3, mostValueOctets);
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
   * @throws {@link StaleAttributeError} The server's services have changed, and this is no longer among them.
   * @throws {@link DisconnectedError} The link was lost first.
   */
  async read(options?: CallOptions): Promise<Uint8Array> {
    checkCallOptions("read", options);
    if (this.standing !== "known") await this.checkStanding(options);
    return promised<Uint8Array>((done) => {
      readValue(this.requester, this.handle, done, options?.signal);
    }, options);
  }

  /**
   * Writes the value and waits for the server's answer: in one request where it fits, else as a long write that the
   * server does whole or not at all (Vol 3, Part G, 4.9.3 and 4.9.4).
   *
   * @param value - Copied. At most 512 octets.
   * @param options.signal - Stops waiting. A request already on the air may still have its effect; one that waits for
   *   its turn is never sent, and the parts of a long write that were sent are given up.
   * @throws {@link AttError} The server refused; see `status`.
   * @throws {@link StaleAttributeError} The server's services have changed, and this is no longer among them.
   * @throws {@link MalformedPduError} The server gave back other octets than a long write sent; nothing was written.
   * @throws {@link DisconnectedError} The link was lost first.
   * @throws {@link RangeError} The value is too long, or the offset is out of range.
   */
  async write(value: Uint8Array, options: WriteOptions = {}): Promise<void> {
    checkWriteOptions(options);
    const { offset = 0, long = offset > 0, signal } = options;
    checkWrite(value, offset);
    const copy = new Uint8Array(value); // it may wait in line behind other requests
    if (this.standing !== "known") await this.checkStanding(options);
    await promised<undefined>((done) => {
      const { requester, handle } = this;
      const isLong = long || copy.length > requester.mtu - 3;
      if (isLong) this.link.writePrepared([{ value: this, offset, octets: copy }], done, signal);
      else writeValue(requester, handle, copy, done, signal);
    }, options);
  }

  /** @internal For messages. */
  about(): string {
    return this.label;
  }

  /** @internal */
  get inDoubt(): boolean {
    return this.standing !== "known";
  }

  /** @internal See {@link Subject}. */
  settle(done: Done<undefined>): void {
    if (this.standing === "doubtful") {
      this.link.refresh((outcome) => {
        done(outcome ?? this.staleness);
      });
    } else done(this.staleness);
  }

  /**
   * @internal Besides Database Out Of Sync, Invalid Handle and Attribute Not Found: a server may remove what it has and
   * have no way to tell. But not again and again from one that answers so of what it has.
   */
  suspects(status: ErrorCode): boolean {
    if (status === ErrorCode.DatabaseOutOfSync) return true;
    return missing.has(status) && this.link.isUntold && !this.#vouchedFor;
  }

  /** @internal See {@link Subject}. */
  confirm(status: ErrorCode, done: Done<undefined>): void {
    this.link.doubt(status, (outcome) => {
      const { staleness } = this;
      if (missing.has(status) && !outcome) {
        if (staleness) this.link.foundChanged();
        else this.#vouchedFor = true;
      }
      done(outcome ?? staleness);
    });
  }

  /** @internal Why it cannot be used; `undefined` where it can. */
  get staleness(): StaleAttributeError | undefined {
    return this.standing === "gone" ? new StaleAttributeError(this.label, this.handle) : undefined;
  }

  /** @internal Where requests about it go. */
  get requester(): Requester {
    return this.link.requester(this.handle, this);
  }

  /** @internal Waits until it is known whether the server still has it. */
  async checkStanding(options?: CallOptions): Promise<void> {
    await promised<undefined>((done) => {
      this.settle(done);
    }, options);
  }
}

/** How a server answers of an attribute that it does not have. Vol 3, Part F, 3.4.1.1. */
const missing: ReadonlySet<ErrorCode> = new Set([ErrorCode.InvalidHandle, ErrorCode.AttributeNotFound]);

/** A descriptor of a server's characteristic. Vol 3, Part G, 3.3.3. */
export class RemoteDescriptor extends RemoteValue {
  /** @internal */
  override get label(): string {
    return `descriptor ${this.uuid.toString()}`;
  }
}

/**
 * @throws {@link TypeError} For programs that no compiler checks.
 * @throws {@link RangeError} No attribute value is so long.
 */
export function checkWrite(value: Uint8Array, offset: number): void {
  requireOctets(value);
  if (!Number.isInteger(offset) || offset < 0 || offset > mostValueOctets) {
    throw new RangeError(`offset: ${offset} is not in 0 to ${mostValueOctets}`);
  }
  if (offset + value.length <= mostValueOctets) return;
  const where = offset > 0 ? ` from ${offset} on` : "";
  throw new RangeError(`${value.length} octets${where}: a value has at most ${mostValueOctets}`);
}
