import type { SecurityRequirement } from "../common/security.ts";
import { requireWhole } from "../common/whole-number.ts";
import { requireFlag } from "./credit-limits.ts";

const names: ReadonlySet<string> = new Set<keyof SecurityRequirement>([
  "encrypted",
  "authenticated",
  "secureConnections",
  "keySize",
]);
/** The shortest encryption key there is, in octets. Vol 3, Part H, 2.3.4. */
const shortestKey = 7;
/** The longest encryption key there is, in octets. Vol 3, Part H, 2.3.4. */
export const longestKey = 16;

/**
 * Refuses what would ask for less than the program believes: a misspelt requirement is none, and opens the channel to all.
 *
 * @throws {@link TypeError} It is no requirement, or asks for what there is not.
 * @throws {@link RangeError} There are no keys of that size.
 */
export function checkRequirement(security: SecurityRequirement | undefined): void {
  if (security === undefined) return;
  const given: unknown = security; // for programs that no compiler checks
  if (typeof given !== "object" || given === null) {
    throw new TypeError(
      `security: give an object such as { encrypted: true }, not a value of type ${typeof given}`,
    );
  }
  for (const name of Object.keys(given)) {
    if (!names.has(name)) throw new TypeError(`security: "${name}" is none of ${[...names].join(", ")}`);
  }
  const { encrypted, authenticated, secureConnections, keySize } = security;
  requireFlag("security.encrypted", encrypted);
  requireFlag("security.authenticated", authenticated);
  requireFlag("security.secureConnections", secureConnections);
  if (keySize !== undefined) requireWhole("security.keySize", keySize, shortestKey, longestKey);
}
