import { MalformedPduError } from "../../src/common/errors.ts";
import type { Fields, Layer } from "./decoded.ts";

/**
 * Adds what `decode` finds to a layer; when the octets are malformed, their hex and what is wrong.
 *
 * @param octets - All that `decode` reads, shown when it cannot.
 */
export function withFields(layer: Omit<Layer, "fields">, octets: Uint8Array, decode: () => unknown): Layer {
  try {
    return { ...layer, fields: decode() as Fields };
  } catch (error) {
    if (!(error instanceof MalformedPduError)) throw error;
    return { ...layer, fields: { octets }, malformed: error.message };
  }
}

/** A layer whose octets nobody has a definition for; without octets it has no fields. */
export function withOctets(layer: Omit<Layer, "fields">, octets: Uint8Array): Layer {
  return { ...layer, fields: octets.length > 0 ? { octets } : {} };
}
