/**
 * Signs and checks messages with the CSRKs of both sides. Vol 3, Part H, 2.4.5. The Security Manager has the keys and
 * counts the SignCounters.
 */
export interface Signing {
  /**
   * The Authentication Signature of a message of ours: 12 octets as on the air, SignCounter and then the MAC.
   *
   * @param message - Opcode and parameters. Vol 3, Part F, 3.3.1.
   * @returns `undefined` while this side has no CSRK.
   */
  sign(message: Uint8Array): Uint8Array | undefined;
  /**
   * Whether the signature is the peer's, and its SignCounter one that has not been seen. A good one counts as seen.
   *
   * @param signature - 12 octets as on the air.
   */
  verify(message: Uint8Array, signature: Uint8Array): boolean;
}

/** Octets of an Authentication Signature. Vol 3, Part F, 3.3.1. */
export const signatureSize = 12;
