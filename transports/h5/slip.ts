import { MalformedPduError } from "../../src/common/errors.ts";

const delimiter = 0xc0;
const escape = 0xdb;

/** What stands behind the escape octet for an octet that may not stand in a frame. Vol 4, Part D, 3.1. */
const escaped: Readonly<Record<number, number | undefined>> = {
  0xc0: 0xdc,
  0xdb: 0xdd,
  0x11: 0xde,
  0x13: 0xdf,
};
const unescaped: Readonly<Record<number, number | undefined>> = {
  0xdc: 0xc0,
  0xdd: 0xdb,
  0xde: 0x11,
  0xdf: 0x13,
};

/** XON and XOFF: they stand for themselves where no software flow control was agreed upon. */
const flowCharacters: ReadonlySet<number> = new Set([0x11, 0x13]);

/** Where frames go. */
export interface SlipSink {
  /** One frame without its delimiters, never empty; *borrowed* until the call returns. */
  frame(octets: Uint8Array): void;
  /** Octets between two delimiters that are no frame; they were dropped. */
  fault(error: MalformedPduError): void;
}

/**
 * One packet as a frame, delimiters at both ends. The caller *owns* it. Vol 4, Part D, 3.1.
 *
 * @param escapesFlowControl - Also keeps XON and XOFF out of the frame: software flow control was agreed upon.
 */
export function slipEncode(packet: Uint8Array, escapesFlowControl: boolean): Uint8Array {
  const isEscaped = (octet: number): boolean =>
    escaped[octet] !== undefined && (escapesFlowControl || !flowCharacters.has(octet));
  let size = packet.length + 2;
  for (const octet of packet) if (isEscaped(octet)) size++;
  const frame = new Uint8Array(size);
  frame[0] = delimiter;
  let at = 1;
  for (const octet of packet) {
    if (isEscaped(octet)) {
      frame[at++] = escape;
      frame[at++] = escaped[octet] ?? 0;
    } else {
      frame[at++] = octet;
    }
  }
  frame[at] = delimiter;
  return frame;
}

/**
 * Cuts a stream of octets into frames. Vol 4, Part D, 3.2.
 *
 * A delimiter begins a frame and ends one: where one is lost, what stands between is dropped and the next frame is
 * whole again.
 */
export class SlipDecoder {
  readonly #frame: Uint8Array;
  #size = 0;
  #isEscape = false;
  /** Why the octets up to the next delimiter are no frame. */
  #fault: string | undefined;

  /** @param longest - As many octets as a frame may have; longer ones are dropped. */
  constructor(longest: number) {
    this.#frame = new Uint8Array(longest);
  }

  /** Takes the next octets of the stream and gives every frame that is now whole to `sink`, in order. */
  push(chunk: Uint8Array, sink: SlipSink): void {
    for (const octet of chunk) {
      if (octet === delimiter) this.#end(sink);
      else this.#take(octet);
    }
  }

  #take(octet: number): void {
    if (this.#fault !== undefined) return;
    if (this.#isEscape) {
      this.#isEscape = false;
      const meant = unescaped[octet];
      if (meant === undefined) this.#fault = "an octet is escaped that needs none";
      else this.#add(meant);
    } else if (octet === escape) {
      this.#isEscape = true;
    } else {
      this.#add(octet);
    }
  }

  #add(octet: number): void {
    if (this.#size === this.#frame.length) this.#fault = `more than ${this.#size} octets without a delimiter`;
    else this.#frame[this.#size++] = octet;
  }

  #end(sink: SlipSink): void {
    const octets = this.#frame.subarray(0, this.#size);
    const fault = this.#isEscape ? "a frame ends within an escape" : this.#fault;
    this.#size = 0;
    this.#isEscape = false;
    this.#fault = undefined;
    if (fault !== undefined) sink.fault(new MalformedPduError("SLIP frame", fault, octets));
    else if (octets.length > 0) sink.frame(octets);
  }
}
