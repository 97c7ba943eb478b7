import { noOctets } from "../common/bytes.ts";

/** Octets of one piece of memory, and of the largest buffer that is cut from one. */
const pieceOctets = 65_536;
const mostCut = 4_096;

/** What is left of the present piece: `taken` of its octets have been given away, for good. */
let piece = noOctets;
let taken = 0;

/**
 * A buffer of zeros that the caller *owns*.
 *
 * It is cut from a larger piece, which for a packet costs a seventh of what memory of its own does, most of it saved
 * at garbage collection. So `buffer.buffer` is not the packet's alone: mind `byteOffset`.
 */
export function newOctets(size: number): Uint8Array {
  if (size > mostCut) return new Uint8Array(size);
  if (taken + size > piece.length) {
    piece = new Uint8Array(pieceOctets);
    taken = 0;
  }
  const octets = new Uint8Array(piece.buffer, taken, size); // two thirds of what subarray() costs
  taken += size;
  return octets;
}
