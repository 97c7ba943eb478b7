import type { Requester } from "../att/client-bearer.ts";
import { AttError } from "../att/error.ts";
import type { Done } from "../common/procedure.ts";
import { writeValue } from "./read-write.ts";
import type { RemoteDescriptor } from "./remote-value.ts";

/**
 * The Client Characteristic Configuration of a server's characteristic: what all subscriptions together want of it is
 * written when that changes, one write at a time. Vol 3, Part G, 3.3.3.3.
 */
export class RemoteConfiguration {
  readonly #descriptor: RemoteDescriptor;
  readonly #wanted = new Map<object, number>();
  /** What the server has; `undefined` while a write is on its way, or its end was never learnt. */
  #told: number | undefined = 0;
  #writing = false;
  #waiting: Done<undefined>[] = [];

  constructor(descriptor: RemoteDescriptor) {
    this.#descriptor = descriptor;
  }

  /** From now on `subscription` wants these bits; {@link settle} tells the server. */
  want(subscription: object, bits: number): void {
    this.#wanted.set(subscription, bits);
  }

  /** From now on `subscription` wants nothing. */
  forget(subscription: object): void {
    this.#wanted.delete(subscription);
  }

  /** Whether any subscription wants something, besides one. */
  wantedBesides(one: object | undefined): boolean {
    return this.#wanted.size > (one && this.#wanted.has(one) ? 1 : 0);
  }

  /** The server may have begun anew with the attribute: what it has is not known any more. */
  doubt(): void {
    this.#told = undefined;
  }

  /**
   * Calls `done` when the server has what is wanted, or has refused it.
   *
   * @param requester - Sends the request in place of one that mends what the server may not like about the link.
   */
  settle(done: Done<undefined>, requester?: Requester): void {
    if (this.#writing) {
      this.#waiting.push(done);
      return;
    }
    let bits = 0;
    for (const each of this.#wanted.values()) bits |= each;
    if (bits === this.#told) {
      done(undefined);
      return;
    }
    const before = this.#told;
    this.#told = undefined;
    this.#writing = true;
    const { handle } = this.#descriptor;
    writeValue(requester ?? this.#descriptor.requester, handle, Uint8Array.of(bits, 0), (outcome) => {
      this.#writing = false;
      if (outcome === undefined) this.#told = bits;
      else if (outcome instanceof AttError) this.#told = before;
      const waiting = this.#waiting;
      this.#waiting = [];
      done(outcome);
      for (const next of waiting) this.settle(next);
    });
  }
}
