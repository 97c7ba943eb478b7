import { hexNumber } from "../common/bytes.ts";
import { requireWhole } from "../common/whole-number.ts";
import type { SpsmListener } from "./credit-channel.ts";
import { checkLimits, leastOf, type Limits, requireFlag } from "./credit-limits.ts";
import { SpsmTakenError } from "./error.ts";
import { checkRequirement } from "./security-requirement.ts";

/** The first SPSM that a program may take as it likes; those before are assigned. Vol 3, Part A, 4.22. */
const firstDynamic = 0x80;
/** The last SPSM there is. Vol 3, Part A, 4.22. */
export const lastSpsm = 0xff;

/** A listener in its place, until it is disposed of. Channels that are open then stay. */
export interface Registration extends Disposable {
  readonly spsm: number;
}

/** A listener and what it receives. */
export interface Registered {
  readonly listener: SpsmListener;
  readonly limits: Limits;
}

/** Who listens at which Simplified Protocol/Service Multiplexer, for all links of a host. Vol 3, Part A, 4.22. */
export class SpsmRegistry {
  readonly #registered = new Map<number, Registered>();

  /**
   * Puts a listener in place.
   *
   * @throws {@link RangeError} An option is out of its range.
   * @throws {@link TypeError} An option is of another kind.
   * @throws {@link SpsmTakenError} The SPSM has a listener, or every dynamic one has.
   */
  register(listener: SpsmListener): Registration {
    requireFlag("enhanced", listener.enhanced);
    checkRequirement(listener.security);
    const limits = checkLimits(listener, listener.enhanced === true);
    const spsm = listener.spsm ?? this.#freeOne();
    requireWhole("spsm", spsm, 1, lastSpsm);
    if (this.#registered.has(spsm)) {
      throw new SpsmTakenError(`SPSM 0x${hexNumber(spsm, 2)} has a listener already`);
    }
    const registered = { listener, limits };
    this.#registered.set(spsm, registered);
    return {
      spsm,
      [Symbol.dispose]: () => {
        if (this.#registered.get(spsm) === registered) this.#registered.delete(spsm);
      },
    };
  }

  /** Who takes channels of that kind there; `undefined` when nobody does. */
  find(spsm: number, enhanced: boolean): Registered | undefined {
    const registered = this.#registered.get(spsm);
    if (!registered || (registered.listener.enhanced ?? enhanced) !== enhanced) return undefined;
    // A listener for both kinds may have an MTU that an enhanced channel cannot have.
    const least = leastOf(enhanced);
    return registered.limits.mtu >= least && registered.limits.mps >= least ? registered : undefined;
  }

  #freeOne(): number {
    for (let spsm = firstDynamic; spsm <= lastSpsm; spsm++) if (!this.#registered.has(spsm)) return spsm;
    throw new SpsmTakenError("every dynamic SPSM has a listener already");
  }
}
