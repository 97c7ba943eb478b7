import type { ServedClient } from "./served-client.ts";
import type { GattPeer } from "./service-builder.ts";

/** The clients that a server serves now. */
export class ServedClients {
  /** An array, since every notification to all walks over it. */
  readonly #all: ServedClient[] = [];
  /** Each alone, so that one of many is as near as one of few. */
  readonly #alone = new Map<GattPeer, readonly ServedClient[]>();

  get all(): readonly ServedClient[] {
    return this.#all;
  }

  add(client: ServedClient): void {
    this.#all.push(client);
    this.#alone.set(client.connection, [client]);
  }

  remove(client: ServedClient): void {
    const at = this.#all.indexOf(client);
    if (at < 0) return;
    this.#all.splice(at, 1);
    this.#alone.delete(client.connection);
  }

  /** The one at the other end of that connection, if it is served; without a connection, all. */
  meant(connection: GattPeer | undefined): readonly ServedClient[] {
    return connection === undefined ? this.#all : (this.#alone.get(connection) ?? nobody);
  }
}

const nobody: readonly ServedClient[] = [];
