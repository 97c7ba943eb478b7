import type { ClientBearer } from "../att/att.ts";
import { AttError } from "../att/error.ts";
import type { Done } from "../common/procedure.ts";
import { writeValue } from "./read-write.ts";

/**
 * The Client Characteristic Configuration of a server's characteristic: what all subscriptions together want of it is
 * written when that changes, one write at a time. Vol 3, Part G, 3.3.3.3.
 */
export class RemoteConfiguration {
  readonly #bearer: ClientBearer;
  readonly #handle: number;
  readonly #wanted = new Map<object, number>();
  /** What the server has; `undefined` while a write is on its way, or its end was never learnt. */
  #told: number | undefined = 0;
  #writing = false;
  #waiting: Done<undefined>[] = [];

  /** @param handle - The handle of the descriptor. */
  constructor(bearer: ClientBearer, handle: number) {
    this.#bearer = bearer;
    this.#handle = handle;
  }

  /** From now on `subscription` wants these bits; {@link settle} tells the server. */
  want(subscription: object, bits: number): void {
    this.#wanted.set(subscription, bits);
  }

  /** From now on `subscription` wants nothing. */
  forget(subscription: object): void {
    this.#wanted.delete(subscription);
  }

  /** Calls `done` when the server has what is wanted, or has refused it. */
  settle(done: Done<undefined>): void {
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
    writeValue(this.#bearer, this.#handle, Uint8Array.of(bits, 0), (outcome) => {
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
