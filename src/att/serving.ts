import type { AttributeTable } from "./attribute-table.ts";
import type { ErrorCode } from "./error-code.ts";
import type { PrepareQueue } from "./prepare-queue.ts";

/** What keeps requests and commands back while the client does not know the database. Vol 3, Part G, 2.5.2.1. */
export interface Gate {
  /**
   * Hears of a request before it is answered.
   *
   * @param pdu - *Borrowed*.
   * @param bearer - Tells bearers of one client apart.
   * @returns The error to answer with, `undefined` where the request is to be answered as always.
   */
  request(pdu: Uint8Array, bearer: object): ErrorCode | undefined;
  /** Whether a command is to be carried out; otherwise it is ignored. */
  readonly takesCommands: boolean;
}

/** What a server keeps of one client, the same for all bearers that lead to it. */
export interface ServerSession {
  /** "Each client has a single queue regardless of how many ATT bearers are currently established": 3.4.6. */
  readonly prepared: PrepareQueue;
  readonly gate?: Gate | undefined;
}

/** One request of one client being answered, as those see it who find the answer. */
export interface Serving<Peer> {
  readonly table: AttributeTable<Peer>;
  readonly peer: Peer;
  readonly session: ServerSession;
  /** The most octets of the response. */
  readonly mtu: number;
  /** The octets of `head` and those of `body`: both are copied. */
  respond(head: Uint8Array, body?: Uint8Array): void;
  refuse(handle: number, error: ErrorCode): void;
}
