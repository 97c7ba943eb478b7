import type { Address } from "../common/address.ts";
import type { JsonValue } from "../common/json.ts";
import type { ClientMemory, ClientRecord } from "../gatt/client-memory.ts";
import type { DatabaseCache, DatabaseRecord, ServerMemory, ServerRecord } from "../gatt/database-cache.ts";
import type { BondKeeper } from "./bond-keeper.ts";

/*
 * What GATT remembers of bonded peers stands with their bonds, as JSON that comes out of a file which anybody may have
 * written in. What does not look like a record is as good as none.
 */

/** What the local server remembers of one client. */
export function clientMemory(keeper: BondKeeper, peer: () => Address): ClientMemory {
  return {
    load: () => {
      const record = keeper.gatt(peer())?.gattClient;
      return isClientRecord(record) ? record : undefined;
    },
    save: (record) => {
      keeper.saveGatt(peer(), { gattClient: asJson(record) });
    },
  };
}

/** What the client of this side remembers of one server. */
export function serverMemory(keeper: BondKeeper, peer: () => Address): ServerMemory {
  return {
    load: () => {
      const record = keeper.gatt(peer())?.gattServer;
      return isServerRecord(record) ? record : undefined;
    },
    save: (record) => {
      keeper.saveGatt(peer(), { gattServer: asJson(record) });
    },
  };
}

/** The databases that were found, by their hash. */
export function databaseCache(keeper: BondKeeper): DatabaseCache {
  return {
    load: (hash) => {
      const record = keeper.database(hash);
      return isDatabase(record) ? record : undefined;
    },
    save: (hash, database) => {
      keeper.saveDatabase(hash, asJson(database));
    },
  };
}

/** The records are plain data by their definition, which the compiler does not see in an interface. */
function asJson(record: ClientRecord | ServerRecord | DatabaseRecord): JsonValue {
  return record as unknown as JsonValue;
}

function isClientRecord(value: unknown): value is ClientRecord {
  const { configurations, features, databaseHash } = membersOf(value);
  return (
    typeof features === "number" &&
    (databaseHash === undefined || typeof databaseHash === "string") &&
    Array.isArray(configurations) &&
    configurations.every(isConfiguration)
  );
}

function isConfiguration(value: unknown): boolean {
  const { handle, uuid, bits } = membersOf(value);
  return typeof handle === "number" && typeof uuid === "string" && typeof bits === "number";
}

function isServerRecord(value: unknown): value is ServerRecord {
  const { hash, database } = membersOf(value);
  return (hash === undefined || typeof hash === "string") && isDatabase(database);
}

/** What is in the services is looked at where it is used. */
function isDatabase(value: unknown): value is DatabaseRecord {
  const { complete, searched, services } = membersOf(value);
  return typeof complete === "boolean" && Array.isArray(searched) && Array.isArray(services);
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}
