import type { ClientBearer } from "../att/client-bearer.ts";

/**
 * The ATT bearers that lead to one server: the fixed channel, and enhanced ones beside it. Vol 3, Part F, 3.2.11.
 *
 * Requests go to whichever bearer has the fewest waiting, one pending on each; but those about one attribute follow
 * each other on one bearer, so that they arrive in the order of the calls. Commands all take the first bearer, for
 * the same reason: bearers do not keep an order between them.
 */
export class BearerSet {
  readonly #bearers: ClientBearer[];
  /** Which bearer an attribute's last request went to, while there is a choice. */
  readonly #last = new Map<number, ClientBearer>();

  /** @param fixed - The bearer on the fixed channel, or the first enhanced one. */
  constructor(fixed: ClientBearer) {
    this.#bearers = [fixed];
  }

  /** How many there are. */
  get size(): number {
    return this.#bearers.length;
  }

  /** The bearer that commands take. */
  get first(): ClientBearer {
    const [first] = this.#bearers;
    if (!first) throw new Error("the last bearer stays"); // see remove()
    return first;
  }

  /** One more bearer takes requests from now on. */
  add(bearer: ClientBearer): void {
    if (!this.#bearers.includes(bearer)) this.#bearers.push(bearer);
  }

  /**
   * A bearer has closed: what waited on it has been told so. The last one stays, so that what is asked later learns why
   * it cannot be.
   *
   * @returns Whether none is left.
   */
  remove(bearer: ClientBearer): boolean {
    const at = this.#bearers.indexOf(bearer);
    if (at < 0) return false;
    if (this.#bearers.length === 1) return true;
    this.#bearers.splice(at, 1);
    this.#last.clear();
    return false;
  }

  /** The bearer for a request about an attribute; 0 for one that is about none. */
  pick(handle: number): ClientBearer {
    let best = this.first;
    if (this.#bearers.length === 1) return best;
    const last = this.#last.get(handle);
    if (last && last.pending > 0) return last;
    for (const bearer of this.#bearers) if (bearer.pending < best.pending) best = bearer;
    if (handle !== 0) this.#last.set(handle, best);
    return best;
  }
}
