import { Address } from "../common/address.ts";
import { equal } from "../common/bytes.ts";
import type { JsonValue } from "../common/json.ts";
import type { Random } from "../common/random.ts";
import type { Bond } from "../smp/bond.ts";
import type { KeyStore, OwnIdentity } from "../smp/key-store.ts";
import {
  type BondContents,
  type BondDocument,
  bondContents,
  bondDocument,
  type BondRecord,
  type LocalIdentity,
} from "./bond-document.ts";
import { type BondStore, BondStoreError } from "./bond-store.ts";
import { BondWriter } from "./bond-writer.ts";
import { generateStaticAddress } from "./device-address.ts";
import { resolves } from "./resolvable-address.ts";

/** What a {@link BondKeeper} is made of. */
export interface BondKeeperParts {
  readonly random: Random;
  /** Without one the bonds last as long as the host. */
  readonly store: BondStore | undefined;
  /** The address that peers know this host by. */
  readonly address: () => Address;
  /** Whether this host uses resolvable private addresses; if not, peers get no key for them. Default: it does. */
  readonly resolvable?: () => boolean;
  /** Told of saves that have failed while the host is open. */
  readonly fault: (error: BondStoreError) => void;
}

/** What has become of a bond. */
export type BondChange = "added" | "replaced" | "removed";

/** What GATT remembers of a bonded peer. */
export type GattMemory = Pick<BondRecord, "gattClient" | "gattServer">;

/** How many bonds a host keeps. A full list takes no new peer: what is there is never given up for a stranger. */
export const mostBonds = 256;

/** What stands for no key. A peer whose controller has one ignores, by default, an identity address. Vol 6, Part B, 4.7. */
const noIrk: Uint8Array = new Uint8Array(16);

/** How many databases of peers are kept by their hash. */
const mostDatabases = 64;

/** The bonds in memory, with their keys, saved behind the program. The program sees them through `Bonds`. */
export class BondKeeper implements KeyStore {
  readonly #watchers: ((change: BondChange, bond: Bond) => void)[] = [];
  readonly #random: Random;
  readonly #address: () => Address;
  readonly #resolvable: () => boolean;
  readonly #store: BondStore | undefined;
  readonly #writer: BondWriter | undefined;
  readonly #records = new Map<string, BondRecord>();
  readonly #databases = new Map<string, JsonValue>();
  /** Who the host is; there once the bonds are loaded. */
  #local: LocalIdentity | undefined;
  #loaded = false;
  /** Whether the store is this host's to dispose of: one that refuses may be another's. */
  #held = false;

  constructor({ random, store, address, resolvable = () => true, fault }: BondKeeperParts) {
    this.#resolvable = resolvable;
    this.#random = random;
    this.#address = address;
    this.#store = store;
    const failed = (error: BondStoreError): void => {
      if (this.#loaded) fault(error); // before, it is what keeps the host from opening, and told so
    };
    this.#writer = store && new BondWriter(store, () => bondDocument(this.contents), failed);
  }

  /** Has `changed` told of every bond that is added, replaced or removed, in the turn in which that happens. */
  onChange(changed: (change: BondChange, bond: Bond) => void): void {
    this.#watchers.push(changed);
  }

  /** Reads the store, or begins anew. */
  async load(): Promise<void> {
    const document = await this.#store?.load();
    this.#held = true;
    if (document === undefined) {
      const randomAddress = new Address("random", generateStaticAddress(this.#random));
      this.#local = { randomAddress, irk: this.#random.bytes(16) };
      // Who this host is outlives it too; and of a store that cannot save the program learns now.
      this.#writer?.changed();
      await this.saved();
    } else {
      const { local, records, databases } = checked(document);
      this.#local = local;
      for (const record of records) this.#records.set(record.bond.identity.toString(), record);
      for (const [hash, database] of databases) this.#databases.set(hash, database);
    }
    this.#loaded = true;
  }

  /** Resolves when all changes so far are saved. @throws {@link BondStoreError} They could not be. */
  async saved(): Promise<void> {
    await this.#writer?.saved();
  }

  /** Saves what is not saved yet, and gives the store free. */
  async end(): Promise<void> {
    try {
      if (this.#loaded) await this.saved();
    } finally {
      if (this.#held) await this.#store?.[Symbol.asyncDispose]?.();
    }
  }

  /** Everything there is. */
  get contents(): BondContents {
    return { local: this.local, records: [...this.#records.values()], databases: this.#databases };
  }

  /** Who this host is where the program does not say it. */
  get local(): LocalIdentity {
    if (!this.#local) throw new Error("the bonds are not loaded"); // the host loads them first
    return this.#local;
  }

  get own(): OwnIdentity {
    return { address: this.#address(), irk: this.#resolvable() ? this.local.irk : noIrk };
  }

  find(peer: Address): Bond | undefined {
    const known = this.#records.get(peer.toString());
    if (known) return known.bond;
    if (peer.kind !== "resolvable private") return undefined;
    for (const { bond } of this.#records.values()) {
      if (bond.irk && resolves(peer, bond.irk)) return bond;
    }
    return undefined;
  }

  findByDiversifier(ediv: number, rand: Uint8Array): Bond | undefined {
    for (const { bond } of this.#records.values()) {
      const key = bond.peripheralKey;
      if (key && !key.secureConnections && key.ediv === ediv && equal(key.rand, rand)) return bond;
    }
    return undefined;
  }

  /** What GATT has of the peer as a client belongs to the bond before: with new keys that begins anew. */
  save(bond: Bond): void {
    const known = this.#records.get(bond.identity.toString());
    this.#put({ bond, gattClient: undefined, gattServer: known?.gattServer });
    this.#writer?.changed();
  }

  saveCounters(bond: Bond): void {
    this.#update(bond.identity, (record) => ({ ...record, bond }));
  }

  /** Whether a peer can have a bond: it has one, or there is room. */
  hasRoomFor(peer: Address): boolean {
    return this.#records.size < mostBonds || this.find(peer) !== undefined;
  }

  /** @returns Whether there was a bond. */
  remove(identity: Address): boolean {
    const record = this.#records.get(identity.toString());
    if (!record) return false;
    this.#records.delete(identity.toString());
    this.#changed("removed", record.bond);
    this.#writer?.changed();
    return true;
  }

  /**
   * Takes bonds over; they replace those of the same peers. The identity resolving key is taken along where there are
   * no other bonds.
   *
   * @throws {@link RangeError} They are more than can be kept; nothing was taken.
   */
  take(records: readonly BondRecord[], irk: Uint8Array | undefined): void {
    const fresh = records.filter(({ bond }) => !this.#records.has(bond.identity.toString()));
    if (this.#records.size + fresh.length > mostBonds) {
      throw new RangeError(`bonds: a host keeps no more than ${mostBonds}`);
    }
    if (irk && this.#records.size === 0) this.#local = { ...this.local, irk };
    for (const record of records) this.#put(record);
    this.#writer?.changed();
  }

  /** What GATT remembers of a bonded peer. */
  gatt(identity: Address): GattMemory | undefined {
    return this.#records.get(identity.toString());
  }

  /** Does nothing for a peer without a bond. */
  saveGatt(identity: Address, change: Partial<GattMemory>): void {
    this.#update(identity, (record) => ({ ...record, ...change }));
  }

  /** The services that were found under a Database Hash, as GATT has written them down. Vol 3, Part G, 7.3. */
  database(hash: string): JsonValue | undefined {
    return this.#databases.get(hash);
  }

  /** Keeps them; of too many, those that were kept first are forgotten. */
  saveDatabase(hash: string, database: JsonValue): void {
    this.#databases.delete(hash);
    this.#databases.set(hash, database);
    for (const oldest of this.#databases.keys()) {
      if (this.#databases.size <= mostDatabases) break;
      this.#databases.delete(oldest);
    }
    this.#writer?.changed();
  }

  #put(record: BondRecord): void {
    const identity = record.bond.identity.toString();
    const change = this.#records.has(identity) ? "replaced" : "added";
    this.#records.set(identity, record);
    this.#changed(change, record.bond);
  }

  #changed(change: BondChange, bond: Bond): void {
    for (const changed of this.#watchers) changed(change, bond);
  }

  #update(identity: Address, change: (record: BondRecord) => BondRecord): void {
    const record = this.#records.get(identity.toString());
    if (!record) return; // removed while its link is up
    this.#records.set(identity.toString(), change(record));
    this.#writer?.changed();
  }
}

function checked(document: BondDocument): BondContents {
  try {
    return bondContents(document);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new BondStoreError(`what the store has given is damaged: ${error.message}`);
  }
}
