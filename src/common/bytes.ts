/** Octets of nothing; shared, so never write to it (it has no room anyway). */
export const noOctets: Uint8Array = new Uint8Array(0);

/** The little-endian 16-bit number at `at`. The caller has checked that it is there. */
export function u16At(octets: Uint8Array, at: number): number {
  return (octets[at] ?? 0) | ((octets[at + 1] ?? 0) << 8);
}

/** Writes a little-endian 16-bit number. */
export function putU16(octets: Uint8Array, at: number, value: number): void {
  octets[at] = value;
  octets[at + 1] = value >> 8;
}

/** Writes a little-endian 24-bit number. */
export function putU24(octets: Uint8Array, at: number, value: number): void {
  octets[at] = value;
  octets[at + 1] = value >> 8;
  octets[at + 2] = value >> 16;
}

/** A copy of all parts, one after the other. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  let size = 0;
  for (const part of parts) size += part.length;
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Whether both hold the same octets. Not for secrets: the time it takes tells where they differ. */
export function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** A copy with the octets in the opposite order. */
export function reversed(octets: Uint8Array): Uint8Array {
  return Uint8Array.from(octets).reverse();
}

const digits = Array.from({ length: 256 }, (_, octet) => octet.toString(16).padStart(2, "0"));

/** Octets as lower-case hex, optionally with a separator between them. */
export function toHex(octets: Uint8Array, separator = ""): string {
  let text = "";
  for (const octet of octets) text += (text === "" ? "" : separator) + (digits[octet] ?? "");
  return text;
}

/** A number as hex of at least `width` digits, without a prefix. */
export function hexNumber(value: number, width: number): string {
  return value.toString(16).padStart(width, "0");
}

/**
 * Octets from hex; spaces, colons and dashes between octets are skipped.
 *
 * @throws {@link SyntaxError} A character is no hex digit, or a digit stands alone.
 */
export function fromHex(text: string): Uint8Array {
  if (!/^[\s:-]*(?:[0-9a-f]{2}[\s:-]*)*$/i.test(text))
    throw new SyntaxError(`not whole octets of hex: "${text}"`);
  const bare = text.replace(/[\s:-]/g, "");
  const octets = new Uint8Array(bare.length / 2);
  for (let i = 0; i < octets.length; i++) octets[i] = Number.parseInt(bare.slice(2 * i, 2 * i + 2), 16);
  return octets;
}

/**
 * For programs that no compiler checks: a text or a list of numbers would otherwise be taken for nothing.
 *
 * @throws {@link TypeError} It is no Uint8Array.
 */
export function requireOctets(value: unknown): asserts value is Uint8Array {
  if (value instanceof Uint8Array) return;
  throw new TypeError(`a value is a Uint8Array, not ${value === null ? "null" : typeof value}`);
}
