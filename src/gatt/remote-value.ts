import type { ClientBearer, Requester } from "../att/client-bearer.ts";
import { requireOctets } from "../common/bytes.ts";
import { BleError } from "../common/errors.ts";
import type { Done } from "../common/procedure.ts";
import { type CallOptions, promised } from "../common/promised.ts";
import type { Turn } from "../common/turn.ts";
import type { Uuid } from "../common/uuid.ts";
import type { Subject } from "./client-recovery.ts";
import { StaleAttributeError } from "./error.ts";
import { readValue, writeValue } from "./read-write.ts";
import type { PreparedWrites } from "./reliable-write.ts";
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
  /** Long and reliable writes, which take turns. */
  readonly prepared: PreparedWrites;
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
  /** The server says that everything is in doubt. */
  outOfSync(done: Done<undefined>): void;
}

/** Whether an attribute is what it was when it was found: known to be, perhaps not, or not. Vol 3, Part G, 2.5.2. */
export type Standing = "known" | "doubtful" | "gone";

/** How to write. */
export interface WriteOptions extends CallOptions {
  /** Where in the value the octets go; the server keeps what is before. Takes a long write. */
  readonly offset?: number;
  /** A long write even where one request would do, for a server that wants it so. Vol 3, Part G, 4.9.4. */
  readonly long?: boolean;
}

/** An attribute of the server that has a value: a characteristic or a descriptor. */
export abstract class RemoteValue {
  readonly uuid: Uuid;
  /** The handle of the value: what tells two attributes with one UUID apart. */
  readonly handle: number;
  /** @internal */
  readonly link: RemoteLink;
  /** @internal For the catalogue. */
  standing: Standing = "known";

  /** @internal */
  constructor(uuid: Uuid, handle: number, link: RemoteLink) {
    this.uuid = uuid;
    this.handle = handle;
    this.link = link;
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
    const { offset = 0, long = offset > 0, signal } = options;
    checkWrite(value, offset);
    const copy = new Uint8Array(value); // it may wait in line behind other requests
    if (this.standing !== "known") await this.checkStanding(options);
    await promised<undefined>((done) => {
      const { requester, handle } = this;
      const isLong = long || copy.length > requester.mtu - 3;
      if (isLong) this.link.prepared.write([{ handle, offset, value: copy, requester }], done, signal);
      else writeValue(requester, handle, copy, done, signal);
    }, options);
  }

  /** @internal Tells what the server's changes have made of the attribute: see {@link Subject}. */
  confirm(done: Done<undefined>): void {
    this.link.outOfSync((outcome) => {
      done(outcome ?? this.staleness);
    });
  }

  /** @internal Why it cannot be used; `undefined` where it can. */
  get staleness(): StaleAttributeError | undefined {
    if (this.standing !== "gone") return undefined;
    return new StaleAttributeError(`${this.label} is no longer what the server has there: ask for it again`);
  }

  /** @internal Where requests about it go. */
  get requester(): Requester {
    return this.link.requester(this.handle, this);
  }

  /** @internal Waits until it is known whether the server still has it. */
  async checkStanding(options?: CallOptions): Promise<void> {
    if (this.standing === "doubtful") {
      await promised<undefined>((done) => {
        this.link.refresh(done);
      }, options);
    }
    const { staleness } = this;
    if (staleness) throw staleness;
  }
}

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
