import { u16At } from "../../src/common/bytes.ts";
import { MalformedPduError } from "../../src/common/errors.ts";
import { basicHeaderSize, Reassembler } from "../../src/l2cap/reassembler.ts";

/** What a fragment has brought. */
export interface Collected {
  /** A PDU with its Basic header, now complete. */
  readonly pdu?: Uint8Array;
  /** What a reader has to know about the fragment. */
  readonly note?: string;
  /** What is wrong with the fragment. */
  readonly malformed?: string;
}

/**
 * Puts PDUs together as a listener does, who may have missed some of their fragments: that something is missing is then
 * no fault of the sender's. Vol 3, Part A, 7.2.2.
 */
export class PduCollector {
  readonly #reassembler = new Reassembler();
  /** Octets of the PDU that is not complete; 0 when there is none. */
  #received = 0;
  /** Octets that PDU is to have, where its first fragment tells. */
  #announced: number | undefined;

  /** Takes the next fragment, whole. */
  push(continues: boolean, fragment: Uint8Array): Collected {
    if (continues && this.#received === 0) {
      return { note: `${fragment.length} octets of a PDU whose start is not in the capture` };
    }
    let unfinished: string | undefined;
    if (!continues) {
      if (this.#received > 0) unfinished = `the PDU before it was left at ${this.#progress()}`;
      this.drop();
      if (fragment.length >= basicHeaderSize) this.#announced = basicHeaderSize + u16At(fragment, 0);
    }
    this.#received += fragment.length;
    const { note, ...collected } = this.#reassemble(continues, fragment);
    const notes = [note, unfinished].filter((each) => each !== undefined);
    return notes.length > 0 ? { ...collected, note: notes.join("; ") } : collected;
  }

  /** Forgets the PDU that is not complete: what is missing cannot come any more. */
  drop(): void {
    this.#received = 0;
    this.#announced = undefined;
  }

  #reassemble(continues: boolean, fragment: Uint8Array): Collected {
    try {
      const pdu = this.#reassembler.push(continues, fragment);
      if (!pdu) return { note: `fragment, ${this.#progress()}` };
      this.drop();
      return { pdu };
    } catch (error) {
      if (!(error instanceof MalformedPduError)) throw error;
      this.drop();
      return { malformed: error.message };
    }
  }

  #progress(): string {
    return `${this.#received} of ${this.#announced ?? "?"} octets`;
  }
}
