import { AttTimeoutError } from "../att/error.ts";
import { mostHandle } from "../att/attribute-table.ts";
import type { Done } from "../common/procedure.ts";
import { promised } from "../common/promised.ts";
import { Configuration, type ServedClient } from "./served-client.ts";

interface HandleRange {
  readonly start: number;
  readonly end: number;
}

const everything: HandleRange = { start: 0x0001, end: mostHandle };

/** Tells clients by Service Changed which attributes are others than before. Vol 3, Part G, 7.1. */
export class ServiceChanged {
  /** Of the characteristic's value. */
  readonly #handle: number;
  readonly #failed: (error: unknown) => void;
  /** Those who are told everything once they have proved to be who has subscribed. */
  readonly #late = new WeakSet<ServedClient>();
  /** Those being told, with what they are to be told next. */
  readonly #telling = new Map<ServedClient, HandleRange | undefined>();

  /** @param failed - Told why a client that was told late has not confirmed. */
  constructor(handle: number, failed: (error: unknown) => void) {
    this.#handle = handle;
    this.#failed = failed;
  }

  /**
   * Indicates a range to those of the clients who subscribed. What changes while a client is being told it is told
   * afterwards, as one range that covers everything. A client that goes meanwhile is no failure.
   *
   * @throws {@link AttTimeoutError} A client did not confirm within 30 s.
   */
  async changed(clients: readonly ServedClient[], start: number, end: number): Promise<void> {
    await Promise.all(clients.map((client) => this.#tell(client, { start, end })));
  }

  /**
   * A bonded client is back and knows an older database: it is told that everything has changed, as soon as the link is
   * encrypted, since a peer without the keys is not the one that has bonded.
   */
  returned(client: ServedClient): void {
    if (this.#late.has(client)) return;
    this.#late.add(client);
    const tell = (): void => {
      if (!this.#late.has(client) || client.unproved(this.#handle)) return;
      this.#late.delete(client);
      this.#tell(client, everything).catch(this.#failed);
    };
    client.security.onChange(tell);
    tell();
  }

  async #tell(client: ServedClient, range: HandleRange): Promise<void> {
    if (client.unproved(this.#handle)) {
      this.returned(client);
      return;
    }
    if (this.#telling.has(client)) {
      this.#telling.set(client, covering(this.#telling.get(client), range));
      return;
    }
    try {
      for (let next: HandleRange | undefined = range; next; next = this.#telling.get(client)) {
        this.#telling.set(client, undefined);
        if (!(await this.#indicate(client, next))) return;
        // What has changed since it was sent the client does not know yet.
        if (this.#telling.get(client) === undefined) client.gate.confirmed();
      }
    } finally {
      this.#telling.delete(client);
    }
  }

  /** @returns False when the client has not subscribed, or has gone. */
  async #indicate(client: ServedClient, { start, end }: HandleRange): Promise<boolean> {
    const bearer = client.route(this.#handle, Configuration.Indication);
    if (!bearer) return false;
    const range = Uint8Array.of(start, start >> 8, end, end >> 8);
    try {
      await promised((done: Done<Uint8Array>) => {
        bearer.indicate(this.#handle, range, done);
      });
      return true;
    } catch (error) {
      if (error instanceof AttTimeoutError || client.bearer) throw error;
      return false;
    }
  }
}

function covering(a: HandleRange | undefined, b: HandleRange): HandleRange {
  return a ? { start: Math.min(a.start, b.start), end: Math.max(a.end, b.end) } : b;
}
