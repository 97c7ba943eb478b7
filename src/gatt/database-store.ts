import {
  type DatabaseCache,
  type DatabaseRecord,
  recordOf,
  type ServerMemory,
  servicesOf,
} from "./database-cache.ts";
import type { ServiceData } from "./remote-database.ts";
import type { RemoteService } from "./remote-service.ts";

/** What is kept of a server, ready for use. */
export interface KeptDatabase {
  readonly complete: boolean;
  /** The searches whose results are all in it. */
  readonly searched: readonly string[];
  readonly services: readonly ServiceData[];
}

/** Where one client finds again what was discovered before: by the Database Hash, and by the bond with the server. */
export class DatabaseStore {
  readonly #cache: DatabaseCache | undefined;
  readonly #memory: ServerMemory | undefined;

  /** Without a cache and a memory nothing is kept. */
  constructor(cache: DatabaseCache | undefined, memory: ServerMemory | undefined) {
    this.#cache = cache;
    this.#memory = memory;
  }

  /** Whether anything can be kept, so that it is worthwhile to ask for a hash. */
  get used(): boolean {
    return this.#cache !== undefined || this.#memory !== undefined;
  }

  /**
   * @param hash - The one the server has now.
   * @param changed - It has changed since it was connected: what is kept without a hash does not hold then.
   */
  load(hash: string | undefined, changed: boolean): KeptDatabase | undefined {
    const record = this.#record(hash, changed);
    const services = record && servicesOf(record);
    return services && { complete: record.complete, searched: record.searched, services };
  }

  /** Whether databases of one server serve others, so that it matters whether a hash is true. */
  get shared(): boolean {
    return this.#cache !== undefined;
  }

  /** @param verified - The database is known to have that hash, so it serves other servers that have it. */
  save(hash: string | undefined, database: DatabaseRecord, verified: boolean): void {
    if (hash !== undefined) {
      if (verified) this.#cache?.save(hash, database);
      this.#memory?.save({ hash, database });
    } else if (database.complete) this.#memory?.save({ database });
  }

  #record(hash: string | undefined, changed: boolean): DatabaseRecord | undefined {
    const remembered = this.#memory?.load();
    const own =
      remembered && remembered.hash === hash && (hash !== undefined || !changed)
        ? remembered.database
        : undefined;
    if (own?.complete || hash === undefined) return own;
    return this.#cache?.load(hash) ?? own;
  }
}

/** What is known of a server in the form in which it is kept. */
export function snapshotOf(
  complete: boolean,
  searched: ReadonlySet<string>,
  services: readonly RemoteService[],
): DatabaseRecord {
  return {
    complete,
    searched: complete ? [] : [...searched],
    services: services.map(({ data }) => recordOf(data)),
  };
}
