import type { ClientBearer, Requester } from "../att/client-bearer.ts";
import { AttError } from "../att/error.ts";
import { ErrorCode } from "../att/error-code.ts";
import type { Abandoned } from "../att/transaction-line.ts";
import { u16At } from "../common/bytes.ts";
import type { BleError } from "../common/errors.ts";
import { type Done, type Procedure, wait } from "../common/procedure.ts";
import type { LinkSecurity } from "../common/security.ts";
import type { Turn } from "../common/turn.ts";
import type { Uuid } from "../common/uuid.ts";
import { BearerSet } from "./bearer-set.ts";
import { Catalogue } from "./client-catalogue.ts";
import { RecoveringRequester, type Subject } from "./client-recovery.ts";
import { ClientSetup, GattCharacteristic, genericAttributeService } from "./client-setup.ts";
import type { DatabaseCache, ServerMemory } from "./database-cache.ts";
import { DatabaseStore } from "./database-store.ts";
import { type HandleRange, wholeRange } from "./discovery.ts";
import type { KnownServices } from "./known-services.ts";
import { type PreparedWrite, PreparedWrites } from "./reliable-write.ts";
import type { RemoteCharacteristic } from "./remote-characteristic.ts";
import type { RemoteService } from "./remote-service.ts";
import type { PreparedPart, RemoteLink } from "./remote-value.ts";
import { together } from "./request-subject.ts";
import { ClientFeature } from "./served-client.ts";
import { ValueSinks } from "./value-sinks.ts";

/** What a client is given by the host it belongs to. */
export interface ClientParts {
  readonly security?: LinkSecurity | undefined;
  /** Whether security is raised where the server asks for more: "auto" where nothing is said. */
  readonly raiseSecurity?: "auto" | "off" | undefined;
  /** Databases that were discovered before; absent with `cache: "off"`. */
  readonly cache?: DatabaseCache | undefined;
  /** What is remembered of this server; absent with `cache: "off"`. */
  readonly memory?: ServerMemory | undefined;
  /** The client takes enhanced bearers, and says so in Client Supported Features. */
  readonly enhanced?: boolean | undefined;
  /** How many values of a subscription may wait, unless the subscription says it. */
  readonly capacity?: (() => number | undefined) | undefined;
}

/** The inside of a GATT client: puts bearers, memory and recovery together for the objects that the program sees. */
export class ClientCore implements RemoteLink {
  readonly turn: Turn;
  readonly bearers: BearerSet;
  readonly sinks: ValueSinks = new ValueSinks();
  readonly #prepared = new PreparedWrites();
  readonly catalogue: Catalogue;
  readonly setup: ClientSetup;
  /** Told, when the turn is over, of handles whose attributes may have changed. */
  onServicesChanged: ((range: HandleRange) => void) | undefined;
  readonly #parts: ClientParts;
  /** The link's security where it is to be raised. */
  readonly #raised: LinkSecurity | undefined;
  readonly #fixed: ClientBearer;
  #ended: BleError | undefined;
  /** The server's Service Changed characteristic, once it was found. */
  #watched: RemoteCharacteristic | undefined;
  /** The server was searched for Service Changed because the program waits for values. */
  #lookedForChanges = false;
  /** A search for what has changed is under way because the program waits for values. */
  #following = false;
  /** What the link was when the server was asked for its indications, or that it has agreed. */
  #asked: "open" | "encrypted" | "agreed" | undefined;

  constructor(bearer: ClientBearer, turn: Turn, parts: ClientParts) {
    this.turn = turn;
    this.#parts = parts;
    this.#raised = parts.raiseSecurity === "off" ? undefined : parts.security;
    this.#fixed = bearer;
    this.bearers = new BearerSet(bearer);
    const store = new DatabaseStore(parts.cache, parts.memory);
    this.setup = new ClientSetup(bearer, store.used, featuresOf(parts, store));
    this.catalogue = new Catalogue(this, {
      setup: this.setup,
      store,
      requester: () => this.bearers.pick(0),
      found: (services) => this.#found(services),
    });
  }

  get ended(): BleError | undefined {
    return this.#ended;
  }

  get commands(): ClientBearer {
    return this.bearers.first;
  }

  get capacity(): number | undefined {
    return this.#parts.capacity?.();
  }

  get encrypted(): boolean {
    return this.#parts.security?.state.encrypted ?? false;
  }

  requester(handle: number, subject: Subject): Requester {
    return new RecoveringRequester(this.bearers.pick(handle), this.#raised, subject);
  }

  writePrepared(parts: readonly PreparedPart[], done: Done<undefined>, signal?: Abandoned): void {
    const values = parts.map(({ value }) => value);
    // All of it over one bearer; a long write over that of other requests about its attribute.
    const bearer = this.bearers.pick(values.length === 1 ? (values[0]?.handle ?? 0) : 0);
    const subject = together(values);
    const write: PreparedWrite = {
      values: parts.map(({ value, offset, octets }) => ({
        handle: value.handle,
        offset,
        value: octets,
        requester: new RecoveringRequester(bearer, this.#raised, value),
      })),
      requester: bearer,
      subject,
    };
    this.#prepared.write(write, done, signal);
  }

  serviceAt(handle: number): RemoteService | undefined {
    return this.catalogue.known.at(handle);
  }

  /**
   * A client that takes part in robust caching gets no values while it does not know of a change, and one that asks for
   * nothing more would never learn, nor that what it waits for is gone: Service Changed must tell it. A server that has
   * no such characteristic is asked for it once. Vol 3, Part G, 2.5.2.1.
   */
  awaitValues(): void {
    if (this.#watched || !this.setup.hashed || (this.#lookedForChanges && !this.setup.robust)) return;
    this.#lookedForChanges = true;
    // What comes of it is nobody's business, but that the change that came in between has to be followed.
    this.catalogue.search({ uuid: genericAttributeService, onlyFirst: true }, () => {
      this.#follow();
    });
  }

  refresh(done: Done<undefined>): void {
    this.catalogue.refresh(done);
  }

  get isUntold(): boolean {
    return this.setup.hashed && !this.setup.robust && !this.#watched;
  }

  doubt(status: ErrorCode, done: Done<undefined>): void {
    this.catalogue.invalidate(wholeRange);
    if (status === ErrorCode.DatabaseOutOfSync) this.#tell(wholeRange);
    this.catalogue.refresh(done);
  }

  foundChanged(): void {
    this.#tell(wholeRange);
  }

  #tell(range: HandleRange): void {
    this.turn.defer(() => {
      this.onServicesChanged?.(range);
    });
  }

  /**
   * A notification or an indication came, over any bearer; `value` is *borrowed*.
   *
   * An indication that nobody asked for on this link comes of a bond: it may be Service Changed, as long as its handle is
   * not known because the services have not been searched. Vol 3, Part G, 2.5.2 and 7.1.
   */
  value(handle: number, value: Uint8Array, indicated: boolean): void {
    const mayTellOfChanges = indicated && value.length === serviceChangedSize && !this.sinks.has(handle);
    if (mayTellOfChanges && this.#watched?.standing !== "known") this.#servicesChanged(value);
    else this.sinks.value(handle, value);
  }

  #servicesChanged(value: Uint8Array): void {
    const range = changedRange(value);
    this.catalogue.invalidate(range);
    this.#tell(range);
    this.#follow();
  }

  /** A bearer has closed: nothing can be sent any more when it was the last. */
  closed(reason: BleError, bearer: ClientBearer = this.#fixed): void {
    if (!this.bearers.remove(bearer)) return;
    this.#ended = reason;
    this.sinks.endAll(reason);
  }

  /** Does with what was found what the client itself needs of it. A server may refuse. Vol 3, Part G, 7. */
  *#found(services: KnownServices): Procedure<undefined> {
    const own = services.all.find(({ uuid, primary }) => primary && uuid.equals(genericAttributeService));
    const find = (type: Uuid): RemoteCharacteristic | undefined =>
      own?.characteristics.find(({ uuid }) => uuid.equals(type));
    const requester = this.bearers.pick(0); // not one that raises security: nobody has asked for anything secret
    try {
      yield* this.#watch(find(GattCharacteristic.ServiceChanged), requester);
      if (find(GattCharacteristic.ClientSupportedFeatures)) yield* this.setup.tellFeatures(requester);
    } catch (error) {
      if (!(error instanceof AttError && error.status === ErrorCode.DatabaseOutOfSync)) throw error;
      this.catalogue.invalidate(wholeRange);
      this.#asked = undefined;
    }
  }

  /** Who waits for values asks for nothing more, and would not learn that none can come. Once, however often told. */
  #follow(): void {
    if (this.#ended || this.#following || !this.catalogue.known.awaited) return;
    this.#following = true;
    this.catalogue.refresh(() => {
      this.#following = false;
    });
  }

  /**
   * Subscribes to Service Changed: once, and again where it was refused and the link has been encrypted since.
   * Vol 3, Part G, 7.1.
   */
  *#watch(changed: RemoteCharacteristic | undefined, requester: Requester): Procedure<undefined> {
    if (!changed) return;
    if (changed !== this.#watched) {
      this.#watched = changed;
      this.#asked = undefined;
      this.sinks.add(changed.handle, {
        value: (value) => {
          this.#servicesChanged(value);
        },
        ended: () => undefined,
      });
    }
    if (this.#asked === "agreed" || this.#asked === this.#protection) return;
    this.#asked = this.#protection;
    yield* wait<undefined>((done) => {
      changed.watch(this, requester, done);
    });
    this.#asked = "agreed";
  }

  get #protection(): "open" | "encrypted" {
    return this.encrypted ? "encrypted" : "open";
  }
}

/** Octets of Service Changed: two handles. Vol 3, Part G, 7.1. */
const serviceChangedSize = 4;

function featuresOf({ enhanced }: ClientParts, store: DatabaseStore): number {
  return (
    ClientFeature.MultipleNotifications |
    (enhanced ? ClientFeature.EnhancedBearers : 0) |
    (store.used ? ClientFeature.RobustCaching : 0)
  );
}

/** The value of Service Changed. One that makes no sense may mean anything, so everything. Vol 3, Part G, 7.1. */
function changedRange(value: Uint8Array): HandleRange {
  const range = { start: u16At(value, 0), end: u16At(value, 2) };
  return value.length === 4 && range.start > 0 && range.start <= range.end ? range : wholeRange;
}
