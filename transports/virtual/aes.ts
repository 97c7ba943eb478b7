import { createCipheriv } from "node:crypto";
import { reversed } from "../../src/common/bytes.ts";

/**
 * The security function e: AES-128 of one block. Vol 3, Part H, 2.2.1.
 *
 * @param key - 16 octets in the order of HCI, least significant first, as are `plaintext` and the result.
 */
export function e(key: Uint8Array, plaintext: Uint8Array): Uint8Array {
  // AES has the most significant octet first.
  return reversed(createCipheriv("aes-128-ecb", reversed(key), null).update(reversed(plaintext)));
}
