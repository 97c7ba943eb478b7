import { nodeCrypto } from "./node-crypto.ts";

/** Octets of a block, of a key and of most values of the Security Manager. */
const size = 16;

/**
 * The security function e: AES-128 of one block. Vol 3, Part H, 2.2.1.
 *
 * @param key - 16 octets, most significant first, as are `plaintext` and the result, which the caller *owns*.
 */
export function e(key: Uint8Array, plaintext: Uint8Array): Uint8Array {
  return encryptBlocks(key, plaintext).subarray(0, size);
}

/** AES-CMAC of a message of any length; RFC 4493. Vol 3, Part H, 2.2.5. The caller *owns* the result, 16 octets. */
export function aesCmac(key: Uint8Array, message: Uint8Array): Uint8Array {
  const count = Math.max(1, Math.ceil(message.length / size));
  const whole = message.length === count * size;
  const padded = new Uint8Array(count * size);
  padded.set(message);
  if (!whole) padded[message.length] = 0x80;
  const subkeys = cmacSubkeys(key);
  const subkey = whole ? subkeys.k1 : subkeys.k2;
  const last = padded.subarray(-size);
  for (let i = 0; i < size; i++) last[i] = (last[i] ?? 0) ^ (subkey[i] ?? 0);
  const chained = nodeCrypto().createCipheriv("aes-128-cbc", key, new Uint8Array(size)).update(padded);
  const mac = Uint8Array.from(chained.subarray(-size));
  wipe(padded, subkeys.k1, subkeys.k2, chained);
  return mac;
}

/** K1 and K2 of AES-CMAC. RFC 4493, 2.3; Vol 3, Part H, 2.2.5. */
export function cmacSubkeys(key: Uint8Array): { readonly k1: Uint8Array; readonly k2: Uint8Array } {
  const k1 = doubled(e(key, new Uint8Array(size)));
  return { k1, k2: doubled(k1) };
}

/** Whether two secrets are the same, in a time that does not tell where they differ. */
export function sameSecret(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && nodeCrypto().timingSafeEqual(a, b);
}

/** Leaves nothing of secrets that are done with; of copies that the engine made it knows nothing. */
export function wipe(...secrets: readonly Uint8Array[]): void {
  for (const secret of secrets) secret.fill(0);
}

function encryptBlocks(key: Uint8Array, plaintext: Uint8Array): Uint8Array {
  return Uint8Array.from(nodeCrypto().createCipheriv("aes-128-ecb", key, null).update(plaintext));
}

/** Multiplication by x in the field that AES-CMAC calculates in. */
function doubled(octets: Uint8Array): Uint8Array {
  const result = new Uint8Array(size);
  for (let i = 0; i < size; i++) result[i] = ((octets[i] ?? 0) << 1) | ((octets[i + 1] ?? 0) >> 7);
  // Both ways do the same work: a branch on the key's own bit would show in the time.
  result[size - 1] = (result[size - 1] ?? 0) ^ (0x87 & -((octets[0] ?? 0) >> 7));
  return result;
}
