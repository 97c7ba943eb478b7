import { MalformedPduError } from "../common/errors.ts";
import { nodeCrypto } from "../common/node-crypto.ts";
import { type Random, systemRandom } from "../common/random.ts";
import { AdType } from "./ad-type.ts";
import type { AdStructure } from "./advertising-structure.ts";
import { joinStructures, structuresIn } from "./advertising-structure.ts";

/**
 * What encrypts advertising data: the value of the Encrypted Data Key Material characteristic (0x2B88), 24 octets,
 * taken apart. Vol 3, Part C, 12.6.
 */
export interface EncryptedDataKey {
  /** 16 octets, in the order of the characteristic. */
  readonly sessionKey: Uint8Array;
  /** 8 octets, in the order of the characteristic. */
  readonly iv: Uint8Array;
}

const keySize = 16;
const ivSize = 8;
const randomizerSize = 5;
const micSize = 4;
const additionalData = Uint8Array.of(0xea);
const algorithm = "aes-128-ccm";

/** The most significant bit of the Randomizer stands where CCM has its direction bit. Supplement, Part A, 1.23.3. */
const directionBit = 0x80;

/** Takes the value of the Encrypted Data Key Material characteristic apart; the result *borrows* views of it. */
export function decodeEncryptedDataKey(value: Uint8Array): EncryptedDataKey {
  if (value.length !== keySize + ivSize) {
    throw new MalformedPduError("Encrypted Data Key Material", `${value.length} octets, not 24`, value);
  }
  return { sessionKey: value.subarray(0, keySize), iv: value.subarray(keySize) };
}

/** The value of the Encrypted Data Key Material characteristic. @throws {@link RangeError} A part has another length. */
export function encodeEncryptedDataKey(key: EncryptedDataKey): Uint8Array {
  checkKey(key);
  return Uint8Array.of(...key.sessionKey, ...key.iv);
}

/**
 * Encrypts AD structures into one of type Encrypted Data, for `others` of advertising data. Supplement, Part A, 1.23.
 *
 * @param structures - What is to be said in secret.
 * @param random - Where the Randomizer comes from; each use must have its own.
 * @throws {@link RangeError} The key has another length, or the structures are longer than 245 octets.
 */
export function encryptAdvertisingData(
  structures: readonly AdStructure[],
  key: EncryptedDataKey,
  random: Random = systemRandom,
): AdStructure {
  checkKey(key);
  const plain = joinStructures(structures);
  const most = 254 - randomizerSize - micSize;
  if (plain.length > most)
    throw new RangeError(`${plain.length} octets do not fit: ${most} can be encrypted`);
  const randomizer = random.bytes(randomizerSize);
  randomizer[randomizerSize - 1] = (randomizer[randomizerSize - 1] ?? 0) | directionBit;
  const nonce = Uint8Array.of(...randomizer, ...key.iv);
  const cipher = nodeCrypto().createCipheriv(algorithm, key.sessionKey, nonce, { authTagLength: micSize });
  cipher.setAAD(additionalData, { plaintextLength: plain.length });
  const payload = cipher.update(plain);
  cipher.final();
  return {
    type: AdType.EncryptedAdvertisingData,
    data: Uint8Array.of(...randomizer, ...payload, ...cipher.getAuthTag()),
  };
}

/**
 * Decrypts a structure of type Encrypted Data. Supplement, Part A, 1.23.
 *
 * @returns The structures in it, *owned*; `undefined` when it was not encrypted with this key, or was changed.
 * @throws {@link RangeError} The key has another length.
 */
export function decryptAdvertisingData(
  { type, data }: AdStructure,
  key: EncryptedDataKey,
): readonly AdStructure[] | undefined {
  checkKey(key);
  if (type !== AdType.EncryptedAdvertisingData || data.length < randomizerSize + micSize) return undefined;
  const nonce = Uint8Array.of(...data.subarray(0, randomizerSize), ...key.iv);
  const payload = data.subarray(randomizerSize, data.length - micSize);
  const decipher = nodeCrypto().createDecipheriv(algorithm, key.sessionKey, nonce, {
    authTagLength: micSize,
  });
  decipher.setAuthTag(data.subarray(data.length - micSize));
  decipher.setAAD(additionalData, { plaintextLength: payload.length });
  const plain = decipher.update(payload);
  try {
    decipher.final();
  } catch {
    return undefined; // OpenSSL tells by throwing that the MIC is another
  }
  return structuresIn(new Uint8Array(plain)).structures;
}

function checkKey({ sessionKey, iv }: EncryptedDataKey): void {
  if (sessionKey.length !== keySize) throw new RangeError(`sessionKey: ${sessionKey.length} octets, not 16`);
  if (iv.length !== ivSize) throw new RangeError(`iv: ${iv.length} octets, not 8`);
}
