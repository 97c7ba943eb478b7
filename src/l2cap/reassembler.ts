import { u16At } from "../common/bytes.ts";
import { MalformedPduError } from "../common/errors.ts";

/** Octets of the Basic L2CAP header: length and channel. Vol 3, Part A, 3.1. */
export const basicHeaderSize = 4;

/**
 * Puts the fragments of PDUs together again. Vol 3, Part A, 7.2.2.
 *
 * A PDU that arrives in one fragment is not copied. What a peer can make it hold is one PDU of the size announced,
 * at most 65,539 octets.
 */
export class Reassembler {
  readonly #header = new Uint8Array(basicHeaderSize);
  /**
   * What the next continuation goes on with: a PDU under way, nothing, or nothing after a fault that was told of,
   * whose remaining fragments are not worth another error each.
   */
  #state: "underWay" | "nothing" | "lost" = "nothing";
  /** The PDU under way, once its header is complete. */
  #pdu: Uint8Array | undefined;
  #received = 0;

  /**
   * Takes the next fragment.
   *
   * @returns The PDU with its Basic header when it is complete, *borrowed* until the next call; else `undefined`.
   * @throws {@link MalformedPduError} It does not fit what came before. Whatever was incomplete has been dropped, and
   *   continuations are, without another error, until a PDU begins.
   */
  push(continues: boolean, fragment: Uint8Array): Uint8Array | undefined {
    if (!continues) return this.#start(fragment);
    if (this.#state === "underWay") return this.#add(fragment);
    if (this.#state === "nothing") this.#fail("a continuation of nothing", fragment);
    return undefined;
  }

  /**
   * Whether a first fragment is all of its PDU, which then needs not be pushed. A PDU that was never finished is dropped
   * without a word: the new one is no worse for it.
   *
   * @param start - Where the fragment begins in `octets`, which end with it.
   */
  isWhole(octets: Uint8Array, start: number): boolean {
    if (this.#state !== "nothing") this.#end("nothing");
    const size = octets.length - start;
    return size >= basicHeaderSize && size === basicHeaderSize + u16At(octets, start);
  }

  #start(fragment: Uint8Array): Uint8Array | undefined {
    if (this.isWhole(fragment, 0)) return fragment;
    this.#state = "underWay";
    return this.#add(fragment);
  }

  #add(fragment: Uint8Array): Uint8Array | undefined {
    // A fragment may end within the header. Vol 3, Part A, 7.2.1 sets no minimum.
    const inHeader = Math.max(0, Math.min(basicHeaderSize - this.#received, fragment.length));
    for (let at = 0; at < inHeader; at++) this.#header[this.#received++] = fragment[at] ?? 0;
    if (this.#received < basicHeaderSize) return undefined;

    const size = basicHeaderSize + u16At(this.#header, 0);
    const piece = inHeader === 0 ? fragment : fragment.subarray(inHeader);
    if (this.#received + piece.length > size) {
      this.#fail(`more octets than the ${size - basicHeaderSize} announced`, fragment);
    }
    const pdu = (this.#pdu ??= this.#begin(size));
    pdu.set(piece, this.#received);
    this.#received += piece.length;
    if (this.#received < size) return undefined;
    this.#end("nothing");
    return pdu;
  }

  #begin(size: number): Uint8Array {
    const pdu = new Uint8Array(size);
    pdu.set(this.#header);
    return pdu;
  }

  #fail(why: string, fragment: Uint8Array): never {
    this.#end("lost");
    throw new MalformedPduError("L2CAP PDU", why, fragment);
  }

  #end(state: "nothing" | "lost"): void {
    this.#state = state;
    this.#pdu = undefined;
    this.#received = 0;
  }
}
