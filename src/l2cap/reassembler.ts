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
  #pdu: Uint8Array | undefined;
  /** Octets received of the PDU that is incomplete; 0 when there is none. */
  #received = 0;

  /**
   * Takes the next fragment.
   *
   * @returns The PDU with its Basic header when it is complete, *borrowed* until the next call; else `undefined`.
   * @throws {@link MalformedPduError} It fits nothing before it: whatever was incomplete has been dropped.
   */
  push(continues: boolean, fragment: Uint8Array): Uint8Array | undefined {
    if (!continues) return this.#start(fragment);
    if (this.#received === 0) throw new MalformedPduError("L2CAP PDU", "a continuation of nothing", fragment);
    return this.#add(fragment);
  }

  #start(fragment: Uint8Array): Uint8Array | undefined {
    // A PDU that was never finished is dropped without a word: the new one is no worse for it.
    this.#drop();
    const whole =
      fragment.length >= basicHeaderSize && fragment.length === basicHeaderSize + u16At(fragment, 0);
    return whole ? fragment : this.#add(fragment);
  }

  #add(fragment: Uint8Array): Uint8Array | undefined {
    let piece = fragment;
    if (!this.#pdu) {
      // A fragment may end within the header. Vol 3, Part A, 7.2.1 sets no minimum.
      const missing = Math.min(basicHeaderSize - this.#received, piece.length);
      this.#header.set(piece.subarray(0, missing), this.#received);
      this.#received += missing;
      piece = piece.subarray(missing);
      if (this.#received < basicHeaderSize) return undefined;
      this.#pdu = new Uint8Array(basicHeaderSize + u16At(this.#header, 0));
      this.#pdu.set(this.#header);
    }
    const pdu = this.#pdu;
    if (this.#received + piece.length > pdu.length) {
      this.#drop();
      throw new MalformedPduError(
        "L2CAP PDU",
        `more octets than the ${pdu.length - basicHeaderSize} announced`,
      );
    }
    pdu.set(piece, this.#received);
    this.#received += piece.length;
    if (this.#received < pdu.length) return undefined;
    this.#drop();
    return pdu;
  }

  #drop(): void {
    this.#pdu = undefined;
    this.#received = 0;
  }
}
