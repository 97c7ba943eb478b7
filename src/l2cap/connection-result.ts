import type { SecurityLack, SecurityRequirement, SecurityState } from "../common/security.ts";
import { longestKey } from "./security-requirement.ts";
import { ConnectionResult } from "./signaling-pdu.ts";

const pending: ReadonlySet<number> = new Set([
  ConnectionResult.Pending,
  ConnectionResult.AuthenticationPending,
  ConnectionResult.AuthorizationPending,
]);

const partial: ReadonlySet<number> = new Set([
  ConnectionResult.Success,
  ConnectionResult.NoResources,
  ConnectionResult.InvalidSourceCid,
  ConnectionResult.SourceCidAlreadyAllocated,
]);

/** Whether the result only asks for patience. Vol 3, Part A, 4.26. */
export function isPending(result: number): boolean {
  return pending.has(result);
}

/** Whether channels may have opened with that result; with any other all were refused. Vol 3, Part A, 4.26. */
export function mayHaveOpened(result: number): boolean {
  return partial.has(result);
}

/** The result for a link that lacks security. Vol 3, Part A, 4.23 and Part C, 10.3.1. */
export function resultOfLack(lack: SecurityLack): number {
  switch (lack) {
    case "authentication":
      return ConnectionResult.InsufficientAuthentication;
    case "encryption":
      return ConnectionResult.InsufficientEncryption;
    case "keySize":
      return ConnectionResult.EncryptionKeySizeTooShort;
  }
}

/**
 * What a result asks of the link, `undefined` when it is not about its security. Vol 3, Part C, 10.3.2.
 *
 * A peer that has no key for this side says "insufficient authentication" whatever it wants, so on a link without
 * encryption any pairing is tried; on one that has it, an authenticated one.
 */
export function requirementOf(result: number, state: SecurityState): SecurityRequirement | undefined {
  switch (result) {
    case ConnectionResult.InsufficientAuthentication:
      if (!state.encrypted) return { encrypted: true };
      return state.authenticated ? { authenticated: true, secureConnections: true } : { authenticated: true };
    case ConnectionResult.InsufficientEncryption:
      return { encrypted: true };
    case ConnectionResult.EncryptionKeySizeTooShort:
      return { keySize: longestKey };
    default:
      return undefined;
  }
}

/** Whether a listener may refuse with that result. Vol 3, Part A, 4.23 and 4.26. */
export function isRefusal(result: number, enhanced: boolean): boolean {
  if (result === ConnectionResult.Success || isPending(result)) return false;
  if (result === ConnectionResult.InvalidParameters) return enhanced;
  return (Object.values(ConnectionResult) as number[]).includes(result);
}
