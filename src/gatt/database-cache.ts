import { Uuid } from "../common/uuid.ts";
import { propertiesOf, propertyOctet } from "./declaration.ts";
import type { CharacteristicData, ServiceData } from "./remote-database.ts";

/** A characteristic as it is kept: plain data that JSON carries. */
export interface CharacteristicRecord {
  readonly uuid: string;
  readonly declaration: number;
  readonly value: number;
  /** Characteristic Properties, as the octet of the declaration. Vol 3, Part G, 3.3.1.1. */
  readonly properties: number;
  readonly descriptors: readonly { readonly uuid: string; readonly handle: number }[];
}

/** A service as it is kept. */
export interface ServiceRecord {
  readonly uuid: string;
  readonly start: number;
  readonly end: number;
  readonly primary: boolean;
  readonly includes: readonly {
    readonly declaration: number;
    readonly start: number;
    readonly end: number;
    readonly uuid?: string;
  }[];
  readonly characteristics: readonly CharacteristicRecord[];
}

/** What was discovered of a server, as plain data that JSON carries. */
export interface DatabaseRecord {
  /** Whether it is everything the server has. */
  readonly complete: boolean;
  /** Where it is not: the searches whose results are all in it, such as "first 180d". */
  readonly searched: readonly string[];
  readonly services: readonly ServiceRecord[];
}

/**
 * Databases by their Database Hash: equal devices have equal hashes, so one entry serves all of them. Whole ones only,
 * of which it was checked that they have the hash their server has claimed: none can spoil them for others.
 * Vol 3, Part G, 7.3.
 */
export interface DatabaseCache {
  /** @param hash - The 16 octets as hex, in the order of the air. */
  load(hash: string): DatabaseRecord | undefined;
  save(hash: string, database: DatabaseRecord): void;
}

/** What a client remembers of one server that it has a bond with; stored with the bond. Vol 3, Part G, 2.5.2. */
export interface ServerRecord {
  /** Absent where the server has none: then Service Changed tells what is not true any more. */
  readonly hash?: string;
  readonly database: DatabaseRecord;
}

/** Where a client keeps what it remembers of one server. Without a bond it loads nothing and keeps nothing. */
export interface ServerMemory {
  load(): ServerRecord | undefined;
  save(record: ServerRecord): void;
}

/** A {@link DatabaseCache} that lasts as long as the program; the one not used for longest makes room. */
export class MemoryDatabaseCache implements DatabaseCache {
  readonly #most: number;
  /** In the order of their use, the latest last. */
  readonly #databases = new Map<string, DatabaseRecord>();

  /** @param most - How many databases are kept. */
  constructor(most = 64) {
    this.#most = most;
  }

  /** How many databases are kept at this moment. */
  get size(): number {
    return this.#databases.size;
  }

  load(hash: string): DatabaseRecord | undefined {
    const database = this.#databases.get(hash);
    if (database) this.save(hash, database);
    return database;
  }

  save(hash: string, database: DatabaseRecord): void {
    this.#databases.delete(hash);
    this.#databases.set(hash, database);
    const [oldest] = this.#databases.keys();
    if (this.#databases.size > this.#most && oldest !== undefined) this.#databases.delete(oldest);
  }
}

/** A service in the form in which it is kept. Equal services have equal records, members in one order. */
export function recordOf(service: ServiceData): ServiceRecord {
  const { uuid, start, end, primary, includes, characteristics } = service;
  return {
    uuid: uuid.toString(),
    start,
    end,
    primary,
    includes: includes.map((each) => ({
      declaration: each.declarationHandle,
      start: each.startHandle,
      end: each.endHandle,
      ...(each.uuid && { uuid: each.uuid.toString() }),
    })),
    characteristics: characteristics.map(characteristicRecordOf),
  };
}

/** A characteristic in the form in which it is kept. */
export function characteristicRecordOf(data: CharacteristicData): CharacteristicRecord {
  return {
    uuid: data.uuid.toString(),
    declaration: data.declarationHandle,
    value: data.valueHandle,
    properties: propertyOctet(data.properties),
    descriptors: data.descriptors.map(({ uuid, handle }) => ({ uuid: uuid.toString(), handle })),
  };
}

/**
 * The inverse of {@link recordOf}, of something that was stored somewhere and may have been spoilt there.
 *
 * @returns `undefined` where it is no such record.
 */
export function servicesOf(database: DatabaseRecord): readonly ServiceData[] | undefined {
  try {
    return database.services.map(serviceOf);
  } catch (error) {
    if (error instanceof TypeError || error instanceof SyntaxError || error instanceof RangeError)
      return undefined;
    throw error;
  }
}

function serviceOf(record: ServiceRecord): ServiceData {
  const { start, end, primary } = record;
  return {
    uuid: Uuid.from(record.uuid),
    start: handle(start),
    end: handle(end),
    primary,
    includes: record.includes.map((each) => ({
      declarationHandle: handle(each.declaration),
      startHandle: handle(each.start),
      endHandle: handle(each.end),
      uuid: each.uuid === undefined ? undefined : Uuid.from(each.uuid),
    })),
    characteristics: record.characteristics.map((each) => ({
      uuid: Uuid.from(each.uuid),
      declarationHandle: handle(each.declaration),
      valueHandle: handle(each.value),
      properties: propertiesOf(each.properties),
      descriptors: each.descriptors.map((one) => ({ uuid: Uuid.from(one.uuid), handle: handle(one.handle) })),
    })),
  };
}

function handle(stored: number): number {
  if (Number.isInteger(stored) && stored >= 1 && stored <= 0xffff) return stored;
  throw new RangeError(`no attribute handle: ${stored}`);
}
