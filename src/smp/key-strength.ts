import type { SecurityRequirement } from "../common/security.ts";
import type { Bond, LongTermKey } from "./bond.ts";

/** What a key is worth. Vol 3, Part C, 10.2. */
export type KeyStrength = Pick<LongTermKey, "keySize" | "authenticated" | "secureConnections">;

/** Whether a key does less than another in any respect: then it may not take the other's place. */
export function isWeaker(key: KeyStrength, than: KeyStrength): boolean {
  if (than.authenticated && !key.authenticated) return true;
  if (than.secureConnections && !key.secureConnections) return true;
  return key.keySize < than.keySize;
}

/** Whether a link encrypted with this key meets a requirement. */
export function satisfies(key: KeyStrength, requirement: SecurityRequirement): boolean {
  if (requirement.authenticated && !key.authenticated) return false;
  if (requirement.secureConnections && !key.secureConnections) return false;
  return key.keySize >= (requirement.keySize ?? 0);
}

/** The strength of a bond: that of its long term key, of the better one if there are two. */
export function strengthOf({ centralKey, peripheralKey }: Bond): KeyStrength | undefined {
  if (!centralKey || !peripheralKey) return centralKey ?? peripheralKey;
  return isWeaker(centralKey, peripheralKey) ? peripheralKey : centralKey;
}
