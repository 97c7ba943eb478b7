import fc from "fast-check";
import { concat } from "../../src/common/bytes.ts";

/** One fragment as HCI gives it to L2CAP. */
export interface Fragment {
  readonly continues: boolean;
  readonly payload: Uint8Array;
}

/** A PDU with its Basic header. Vol 3, Part A, 3.1. */
export function basicFrame(cid: number, payload: Uint8Array): Uint8Array {
  const { length } = payload;
  return concat(Uint8Array.of(length, length >> 8, cid, cid >> 8), payload);
}

/** Cuts a PDU in pieces of these lengths, as often as they go into it, and one for what is left. */
export function fragmentsOf(pdu: Uint8Array, ...sizes: number[]): Fragment[] {
  const fragments: Fragment[] = [];
  let at = 0;
  for (const size of [...sizes, pdu.length]) {
    const end = Math.min(at + size, pdu.length);
    if (end > at || fragments.length === 0) {
      fragments.push({ continues: fragments.length > 0, payload: pdu.slice(at, end) });
    }
    at = end;
  }
  return fragments;
}

/** Lengths for {@link fragmentsOf}: whole packets, single octets, and some of nothing. */
export const anySizes: fc.Arbitrary<number[]> = fc.oneof(
  fc.array(fc.constant(1), { maxLength: 12 }),
  fc.array(fc.nat({ max: 60 }), { maxLength: 20 }),
  fc.constantFrom(27, 251).map((size) => new Array<number>(20).fill(size)),
);
