import type { Done } from "../common/procedure.ts";
import type { Abandoned } from "./transaction-line.ts";

/** Something that requests can be sent through. */
export interface Requester {
  /** The most octets in one PDU. */
  readonly mtu: number;
  /**
   * Sends a request as soon as those before it were answered.
   *
   * @param head - *Owned* from now on, like `body`, whose octets follow it on the air.
   * @param answer - The opcode of the response.
   * @param done - Gets the response, *borrowed*, or why there is none.
   * @param signal - Once it is aborted a request that has not been sent never is, and `done` need not be called.
   */
  request(
    head: Uint8Array,
    body: Uint8Array | undefined,
    answer: number,
    done: Done<Uint8Array>,
    signal?: Abandoned,
  ): void;
}

/** What a client needs of an ATT bearer, on the fixed channel or on an enhanced one. Vol 3, Part F, 3.2.11. */
export interface ClientBearer extends Requester {
  /** How many requests are on the air or wait in line. */
  readonly pending: number;
  /** Tells the server our receive MTU and learns its own; the smaller holds. Vol 3, Part F, 3.4.2. */
  exchangeMtu(done: Done<number>): void;
  /** ATT_WRITE_CMD. Vol 3, Part F, 3.4.5.3. The caller has seen to the length and to {@link hasRoom}. */
  writeCommand(handle: number, value: Uint8Array): void;
  /**
   * ATT_SIGNED_WRITE_CMD. Vol 3, Part F, 3.4.5.4. The caller has seen to the length and to {@link hasRoom}.
   *
   * @returns False when nothing was sent: there is no key to sign with, or the bearer is an enhanced one.
   */
  signedWriteCommand(handle: number, value: Uint8Array): boolean;
  /** Whether one more command may be queued. */
  readonly hasRoom: boolean;
  /** Calls once when there is room, or when the bearer has closed; at once where too many wait already. */
  whenRoom(done: Done<undefined>): void;
}
