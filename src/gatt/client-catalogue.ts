import type { Requester } from "../att/client-bearer.ts";
import { AttError } from "../att/error.ts";
import { ErrorCode } from "../att/error-code.ts";
import { BleError } from "../common/errors.ts";
import { type Done, type Procedure, run, wait } from "../common/procedure.ts";
import type { Uuid } from "../common/uuid.ts";
import type { ClientSetup } from "./client-setup.ts";
import { type DatabaseStore, snapshotOf } from "./database-store.ts";
import { type HandleRange, wholeRange } from "./discovery.ts";
import { KnownServices } from "./known-services.ts";
import { discoverAll, discoverByUuid, discoverRange } from "./remote-database.ts";
import type { RemoteService } from "./remote-service.ts";
import type { RemoteLink } from "./remote-value.ts";
import { isHashOf } from "./verified-database.ts";

/** What a search is for: everything, the primary services of one UUID, or the first of these. */
export type Wanted = "everything" | { readonly uuid: Uuid; readonly onlyFirst: boolean };

/** What the catalogue needs of the client it belongs to. */
export interface CatalogueUser {
  readonly setup: ClientSetup;
  readonly store: DatabaseStore;
  /** Sends the requests of a search. */
  requester(): Requester;
  /** Services were found, or found again; a failure is nobody's business. */
  found(services: KnownServices): Procedure<undefined>;
}

/** How often a search begins anew because the server changes meanwhile. */
const mostAttempts = 4;

/**
 * What is known of a server's attributes, and the searches that find out more: one at a time, so that none asks what
 * the one before it has learnt. Vol 3, Part G, 2.5.2 and 4.4 to 4.7.
 */
export class Catalogue {
  readonly known: KnownServices;
  readonly #user: CatalogueUser;
  #complete = false;
  /** The searches for UUIDs that have found something, by {@link nameOf}. */
  readonly #searched = new Set<string>();
  /** Handles whose attributes may have changed. */
  #stale: HandleRange | undefined;
  /** Counts the times that something changed, so that a search notices. */
  #changes = 0;
  readonly #line: (() => void)[] = [];
  #searching = false;

  constructor(link: RemoteLink, user: CatalogueUser) {
    this.known = new KnownServices(link);
    this.#user = user;
  }

  /** The answer from memory; `undefined` where it takes a search. */
  answer(wanted: Wanted): readonly RemoteService[] | undefined {
    if (this.#stale) return undefined;
    if (wanted === "everything") return this.#complete ? this.known.all : undefined;
    const { uuid } = wanted;
    const searched =
      this.#searched.has(nameOf(wanted)) || this.#searched.has(nameOf({ uuid, onlyFirst: false }));
    if (!this.#complete && !searched) return undefined;
    return this.known.all.filter((service) => service.primary && service.uuid.equals(uuid));
  }

  /** Finds out what is wanted, and whether what is known still holds. */
  search(wanted: Wanted, done: Done<readonly RemoteService[]>): void {
    this.#inTurn(this.#answered(wanted), done);
  }

  /** Finds out whether what is known still holds. */
  refresh(done: Done<undefined>): void {
    this.#inTurn(this.#steadily(undefined), done);
  }

  /** The attributes in a range may have changed. */
  invalidate(range: HandleRange): void {
    this.#changes++;
    this.#stale = this.#stale ? hull(this.#stale, range) : range;
    this.#searched.clear();
    this.known.doubt(range);
    this.#user.setup.forgetHash();
  }

  #inTurn<T>(procedure: Procedure<T>, done: Done<T>): void {
    this.#line.push(() => {
      run(procedure, (outcome) => {
        // What the client makes of it may need a search in its turn, so this one is over. It is told before the next
        // begins, which may end at once: the answers come in the order of the calls.
        if (outcome instanceof BleError) done(outcome);
        else {
          run(this.#user.found(this.known), () => {
            done(outcome);
          });
        }
        this.#searching = false;
        this.#next();
      });
    });
    this.#next();
  }

  #next(): void {
    if (this.#searching) return;
    const next = this.#line.shift();
    if (!next) return;
    this.#searching = true;
    next();
  }

  *#answered(wanted: Wanted): Procedure<readonly RemoteService[]> {
    yield* this.#steadily(wanted);
    return this.answer(wanted) ?? [];
  }

  /** Searches until nothing has changed meanwhile. */
  *#steadily(wanted: Wanted | undefined): Procedure<undefined> {
    yield* wait<undefined>((done) => {
      this.#user.setup.begin(done);
    });
    for (let attempt = 0; attempt < mostAttempts; attempt++) {
      if (this.#stale === undefined && (!wanted || this.answer(wanted))) return;
      const before = this.#changes;
      try {
        if (yield* this.#once(wanted, () => before === this.#changes)) return;
      } catch (error) {
        if (!(error instanceof AttError && error.status === ErrorCode.DatabaseOutOfSync)) throw error;
        this.invalidate(wholeRange);
      }
    }
    throw new AttError(ErrorCode.DatabaseOutOfSync);
  }

  /** @returns Whether all is as wanted; not if anything has changed meanwhile. */
  *#once(wanted: Wanted | undefined, steady: () => boolean): Procedure<boolean> {
    const { setup, store } = this.#user;
    const requester = this.#user.requester();
    const hash = yield* setup.identify(requester);
    if (!steady()) return false;
    const kept = store.load(hash, this.#changes > 0);
    if (kept) {
      this.known.merge(kept.services, kept.complete ? wholeRange : undefined);
      for (const name of kept.searched) this.#searched.add(name);
      if (kept.complete) this.#settled();
    }
    if (!this.#isAnswered(wanted)) {
      if (!(yield* this.#renew(requester, steady)) || !(yield* this.#find(wanted, requester, steady)))
        return false;
      const verified = yield* this.#verify(requester, hash);
      if (!steady()) return false;
      store.save(hash, snapshotOf(this.#complete, this.#searched, this.known.all), verified);
    }
    return true;
  }

  /** Whether what is known may serve other servers of the same hash. A part of a database has none. */
  *#verify(requester: Requester, hash: string | undefined): Procedure<boolean> {
    if (hash === undefined || !this.#complete || !this.#user.store.shared) return false;
    const services = this.known.all.map(({ data }) => data);
    return yield* isHashOf(requester, hash, services);
  }

  #isAnswered(wanted: Wanted | undefined): boolean {
    return this.#stale === undefined && (!wanted || this.answer(wanted) !== undefined);
  }

  /** Asks anew for what may have changed, as far as anything in it is known. */
  *#renew(requester: Requester, steady: () => boolean): Procedure<boolean> {
    if (!this.#stale) return true;
    const range = this.#complete ? this.known.around(this.#stale) : this.known.doubtful;
    if (range) {
      const isWhole = range.start === wholeRange.start && range.end === wholeRange.end;
      const found = yield* isWhole ? discoverAll(requester) : discoverRange(requester, range);
      if (!steady()) return false;
      this.known.merge(found, range);
    }
    this.#stale = undefined;
    return true;
  }

  *#find(wanted: Wanted | undefined, requester: Requester, steady: () => boolean): Procedure<boolean> {
    if (!wanted || this.answer(wanted)) return true;
    if (wanted === "everything") {
      const found = yield* discoverAll(requester);
      if (!steady()) return false;
      this.known.merge(found, wholeRange);
      this.#settled();
      return true;
    }
    const found = yield* discoverByUuid(requester, wanted.uuid, wanted.onlyFirst);
    if (!steady()) return false;
    this.known.merge(found);
    // One that is not there may come: that is asked anew each time.
    if (found.length > 0) this.#searched.add(nameOf(wanted));
    return true;
  }

  #settled(): void {
    this.#complete = true;
    this.#stale = undefined;
  }
}

/** Tells one search for a UUID from another. */
function nameOf({ uuid, onlyFirst }: Exclude<Wanted, "everything">): string {
  return `${onlyFirst ? "first" : "all"} ${uuid.toString()}`;
}

function hull(a: HandleRange, b: HandleRange): HandleRange {
  return { start: Math.min(a.start, b.start), end: Math.max(a.end, b.end) };
}
