import type { Address } from "../common/address.ts";
import { shownAsText } from "../common/inspect.ts";
import type { Bond } from "../smp/bond.ts";

/** A peer that there is a bond with, and what the bond is worth; its keys are not shown. Vol 3, Part C, 9.4. */
export class BondedPeer {
  static {
    shownAsText(BondedPeer.prototype);
  }

  /** The address that stays the same whatever address the peer uses. */
  readonly identity: Address;
  /** The pairing would have noticed a man in the middle. */
  readonly authenticated: boolean;
  /** The key comes of LE Secure Connections. */
  readonly secureConnections: boolean;
  /** Octets of the encryption key, 7 to 16. */
  readonly keySize: number;
  /** The peer can be known by the private addresses it uses: it has told its identity resolving key. */
  readonly resolvable: boolean;

  /** @internal Made by the bonds. */
  constructor({ identity, irk, centralKey, peripheralKey }: Bond) {
    const keys = [centralKey, peripheralKey].filter((key) => key !== undefined);
    this.identity = identity;
    this.authenticated = keys.length > 0 && keys.every((key) => key.authenticated);
    this.secureConnections = keys.length > 0 && keys.every((key) => key.secureConnections);
    this.keySize = keys.length > 0 ? Math.min(...keys.map(({ keySize }) => keySize)) : 0;
    this.resolvable = irk?.some((octet) => octet !== 0) ?? false;
  }

  /** What `console.log` shows. */
  toString(): string {
    const worth = this.authenticated ? "authenticated" : "not authenticated";
    return `${this.identity.toString()} (${worth}, ${this.secureConnections ? "LE Secure Connections" : "LE legacy"})`;
  }
}
