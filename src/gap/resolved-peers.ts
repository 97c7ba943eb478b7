import type { Address } from "../common/address.ts";
import type { Bond } from "../smp/bond.ts";
import { addressFrom } from "./device-address.ts";

/** How strictly the addresses of a peer are taken. Vol 3, Part C, 10.7. */
export type PrivacyMode = "network" | "device";

/** How many private addresses are remembered with what they resolve to. */
const mostRemembered = 4096;

/**
 * Who is behind an address, as the host finds out by itself: every controller can do with that. Vol 3, Part C, 10.8.2.3.
 *
 * An address is resolved once, not with each packet, since it takes one encryption for each bond.
 */
export class ResolvedPeers {
  readonly #find: (address: Address) => Bond | undefined;
  readonly #mode: PrivacyMode;
  /** By the 48 bits of the address. */
  readonly #resolved = new Map<number, Address | undefined>();

  /** @param find - The bond of an identity address, or of a resolvable private one. */
  constructor(find: (address: Address) => Bond | undefined, mode: PrivacyMode) {
    this.#find = find;
    this.#mode = mode;
  }

  /** The identity of the bonded peer that uses the address; `undefined` when it is nobody's. */
  identityOf(address: Address): Address | undefined {
    if (address.kind !== "resolvable private") return this.#find(address)?.identity;
    const { value } = address;
    if (!this.#resolved.has(value)) {
      if (this.#resolved.size >= mostRemembered) this.#resolved.clear();
      this.#resolved.set(value, this.#find(address)?.identity);
    }
    return this.#resolved.get(value);
  }

  /**
   * Whether what comes from an address on the air is to be ignored: in network privacy mode a peer that can be known by
   * its private addresses is not taken by its identity address, which anybody may have copied. Vol 6, Part B, 4.7.
   *
   * @param type - As in a report; 2 and 3 are what the controller has resolved.
   */
  ignores(type: number, value: number): boolean {
    if (this.#mode === "device" || type > 1) return false;
    const address = addressFrom(type, value);
    return address.kind !== "resolvable private" && hasIrk(this.#find(address));
  }

  /** The bonds have changed. */
  forget(): void {
    this.#resolved.clear();
  }
}

/** Whether a peer can be known by its private addresses. A key of zeros is none. */
export function hasIrk(bond: Bond | undefined): bond is Bond & { readonly irk: Uint8Array } {
  return bond?.irk?.some((octet) => octet !== 0) ?? false;
}
