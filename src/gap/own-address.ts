import { Address } from "../common/address.ts";
import type { Clock } from "../common/clock.ts";
import { BleError } from "../common/errors.ts";
import type { Done } from "../common/procedure.ts";
import type { Random } from "../common/random.ts";
import { LeSetRandomAddress } from "../hci/commands/le-controller.ts";
import type { Hci } from "../hci/hci.ts";
import type { RadioSilence } from "./radio-silence.ts";
import { resolvableAddress } from "./resolvable-address.ts";

/** Which private addresses a host uses. Vol 6, Part B, 1.3.2.2. */
export type Privacy = "resolvable" | "nonResolvable";

/** What an {@link OwnAddress} is made of. */
export interface OwnAddressParts {
  readonly hci: Hci;
  readonly clock: Clock;
  readonly random: Random;
  /** At first; `undefined` for none: the identity address is used. */
  readonly privacy: Privacy | undefined;
  readonly rotationMs: number;
  /** What peers with a bond know this host by. */
  readonly identity: () => Address;
  /** This host's identity resolving key, 16 octets, most significant first. */
  readonly irk: () => Uint8Array;
  /** A controller changes its random address only while nobody uses the radio. */
  readonly silence: RadioSilence;
}

/** How long to wait when the controller was busy, in ms. */
const retryMs = 1_000;

/**
 * The address that is on the air: the identity, or a private one that changes from time to time, so that strangers
 * cannot follow this host. Vol 3, Part C, 10.7; made by the host, which every controller can do with.
 */
export class OwnAddress {
  readonly #parts: OwnAddressParts;
  #privacy: Privacy | undefined;
  #private: Address | undefined;
  #timer: Disposable | undefined;
  #ended = false;

  constructor(parts: OwnAddressParts) {
    this.#parts = parts;
    this.#privacy = parts.privacy;
  }

  /** Which private addresses are used; `undefined` for none. */
  get privacy(): Privacy | undefined {
    return this.#privacy;
  }

  /** The address on the air. */
  get current(): Address {
    return this.#private ?? this.#parts.identity();
  }

  /** A private address to begin with, `undefined` where none is used; {@link started} when the controller has it. */
  first(): Address | undefined {
    this.#private = this.#fresh(this.#privacy);
    return this.#private;
  }

  /** The controller has the first address: from now on it changes. */
  started(): void {
    if (this.#privacy) this.#after(this.#parts.rotationMs);
  }

  /**
   * Uses other addresses from now on; the radio must be silent.
   *
   * @param identity - The one that there will be.
   * @param done - Gets what the controller has against it; then everything stays as it was.
   */
  use(privacy: Privacy | undefined, identity: Address, done: Done<undefined>): void {
    const fresh = this.#fresh(privacy);
    const address = fresh ?? identity;
    const settled = (outcome: unknown): void => {
      if (outcome instanceof BleError) {
        done(outcome);
        return;
      }
      this.#timer?.[Symbol.dispose]();
      this.#privacy = privacy;
      this.#private = fresh;
      this.started();
      done(undefined);
    };
    if (address.type === "public") settled(undefined);
    else this.#parts.hci.send(LeSetRandomAddress, { randomAddress: address.value }, settled);
  }

  /** The host is closed. */
  end(): void {
    this.#ended = true;
    this.#timer?.[Symbol.dispose]();
  }

  #after(ms: number): void {
    this.#timer?.[Symbol.dispose]();
    if (this.#ended) return;
    this.#timer = this.#parts.clock.after(ms, () => {
      this.#parts.silence.during((over) => {
        this.#change(over);
      });
    });
  }

  #change(over: () => void): void {
    const next = this.#fresh(this.#privacy);
    if (this.#ended || !next) {
      over();
      return;
    }
    this.#parts.hci.send(LeSetRandomAddress, { randomAddress: next.value }, (outcome) => {
      // Refused while the radio is in use after all: the old one serves a little longer.
      const failed = outcome instanceof BleError;
      if (!failed) this.#private = next;
      over();
      this.#after(failed ? retryMs : this.#parts.rotationMs);
    });
  }

  #fresh(privacy: Privacy | undefined): Address | undefined {
    const { random, irk } = this.#parts;
    if (privacy === "resolvable") return resolvableAddress(irk(), random);
    return privacy && nonResolvableAddress(random);
  }
}

/** A fresh non-resolvable private address: the two highest bits 00, of the rest at least one 0 and one 1. */
function nonResolvableAddress(random: Random): Address {
  for (;;) {
    const value = random.bytes(6).reduce((sum, octet) => sum * 256 + octet, 0) % 2 ** 46;
    if (value !== 0 && value !== 2 ** 46 - 1) return new Address("random", value);
  }
}
