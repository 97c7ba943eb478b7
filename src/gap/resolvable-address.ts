import { Address } from "../common/address.ts";
import { equal } from "../common/bytes.ts";
import type { Random } from "../common/random.ts";
import { addressOctets, ah } from "../smp/crypto.ts";

/**
 * Whether a resolvable private address was made with an identity resolving key. Vol 6, Part B, 1.3.2.3.
 *
 * @param irk - 16 octets, most significant first. All zero is none: anybody could make addresses with it.
 */
export function resolves(address: Address, irk: Uint8Array): boolean {
  if (address.kind !== "resolvable private" || irk.every((octet) => octet === 0)) return false;
  const octets = addressOctets(address);
  return equal(ah(irk, octets.subarray(0, 3)), octets.subarray(3));
}

/** A fresh resolvable private address: the two highest bits 01, of the rest of prand at least one 0 and one 1. Vol 6, Part B, 1.3.2.2. */
export function resolvableAddress(irk: Uint8Array, random: Random): Address {
  for (;;) {
    const prand = random.bytes(3);
    prand[0] = 0x40 | ((prand[0] ?? 0) & 0x3f);
    const rest = ((prand[0] & 0x3f) << 16) | ((prand[1] ?? 0) << 8) | (prand[2] ?? 0);
    if (rest === 0 || rest === 0x3fffff) continue;
    const octets = [...prand, ...ah(irk, prand)];
    return new Address(
      "random",
      octets.reduce((value, octet) => value * 256 + octet, 0),
    );
  }
}
