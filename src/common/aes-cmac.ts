import { createCipheriv } from "node:crypto";

const blockSize = 16;

/**
 * AES-CMAC of RFC 4493, as Vol 3, Part H, 2.2.5 and Vol 3, Part G, 7.3.1 use it.
 *
 * @param key - 16 octets, most significant first, like all else here.
 * @returns 16 octets.
 */
export function aesCmac(key: Uint8Array, message: Uint8Array): Uint8Array {
  const [whole, padded] = subkeys(key);
  const blocks = Math.max(1, Math.ceil(message.length / blockSize));
  const input = new Uint8Array(blocks * blockSize);
  input.set(message);
  const isWhole = message.length === input.length;
  if (!isWhole) input[message.length] = 0x80;
  const subkey = isWhole ? whole : padded;
  const last = input.length - blockSize;
  for (let i = 0; i < blockSize; i++) input[last + i] = (input[last + i] ?? 0) ^ (subkey[i] ?? 0);
  return encrypt("aes-128-cbc", key, input).subarray(last);
}

/** K1 and K2. RFC 4493, 2.3. */
function subkeys(key: Uint8Array): readonly [k1: Uint8Array, k2: Uint8Array] {
  const k1 = doubled(encrypt("aes-128-ecb", key, new Uint8Array(blockSize)));
  return [k1, doubled(k1)];
}

/** Shifted left by one bit, in the field of the cipher. */
function doubled(block: Uint8Array): Uint8Array {
  const result = new Uint8Array(blockSize);
  for (let i = 0; i < blockSize; i++) result[i] = ((block[i] ?? 0) << 1) | ((block[i + 1] ?? 0) >> 7);
  if ((block[0] ?? 0) & 0x80) result[blockSize - 1] = (result[blockSize - 1] ?? 0) ^ 0x87;
  return result;
}

function encrypt(cipher: "aes-128-cbc" | "aes-128-ecb", key: Uint8Array, input: Uint8Array): Uint8Array {
  const iv = cipher === "aes-128-cbc" ? new Uint8Array(blockSize) : null;
  return new Uint8Array(createCipheriv(cipher, key, iv).setAutoPadding(false).update(input));
}
