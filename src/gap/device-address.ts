import { Address } from "../common/address.ts";
import type { Random } from "../common/random.ts";

/** Peer_Address_Type in commands and events: odd numbers are random, 2 and 3 identities. Vol 4, Part E, 7.7.65.2. */
export function addressFrom(type: number, value: number): Address {
  return new Address((type & 1) === 1 ? "random" : "public", value);
}

/** The octet for an address in a command. Vol 4, Part E, 7.8.12. */
export function addressTypeOctet(address: Address): number {
  return address.type === "random" ? 1 : 0;
}

/**
 * A fresh static address: the two most significant bits 1, of the rest at least one 0 and one 1.
 * Vol 6, Part B, 1.3.2.1.
 */
export function generateStaticAddress(random: Random): number {
  for (;;) {
    const rest = random.bytes(6).reduce((value, octet) => value * 256 + octet, 0) % 2 ** 46;
    if (rest !== 0 && rest !== 2 ** 46 - 1) return 3 * 2 ** 46 + rest;
  }
}
