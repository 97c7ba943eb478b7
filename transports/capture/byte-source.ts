import { closeSync, openSync, readSync } from "node:fs";

/** Where a capture is read from, front to back. */
export interface ByteSource {
  /** Where the next octet is, counted from the start of the file. */
  readonly offset: number;
  /** The next `size` octets, or those that are left. They stay as they are: nothing is written over them later. */
  peek(size: number): Uint8Array;
  /** The same, and goes on to what is behind them. */
  take(size: number): Uint8Array;
  /** Passes over `size` octets, or those that are left, and returns how many those were. */
  skip(size: number): number;
}

/** A capture that is in memory. What it gives are views. */
export class OctetsSource implements ByteSource {
  readonly #octets: Uint8Array;
  #offset = 0;

  constructor(octets: Uint8Array) {
    // Of a Buffer too, the packets are plain octets, whose slice() copies.
    this.#octets = new Uint8Array(octets.buffer, octets.byteOffset, octets.length);
  }

  get offset(): number {
    return this.#offset;
  }

  peek(size: number): Uint8Array {
    return this.#octets.subarray(this.#offset, this.#offset + size);
  }

  take(size: number): Uint8Array {
    const octets = this.peek(size);
    this.#offset += octets.length;
    return octets;
  }

  skip(size: number): number {
    return this.take(size).length;
  }
}

const chunkSize = 0x10000;

/** A file read chunk by chunk. A chunk lives as long as a packet in it is used. */
export class FileSource implements ByteSource, Disposable {
  readonly #file: number;
  #chunk: Uint8Array = new Uint8Array(0);
  #at = 0;
  /** Of the octet behind the chunk. */
  #read = 0;

  /** @throws What the operating system has to say against opening the file. */
  constructor(path: string) {
    this.#file = openSync(path, "r");
  }

  get offset(): number {
    return this.#read - this.#chunk.length + this.#at;
  }

  peek(size: number): Uint8Array {
    if (this.#chunk.length - this.#at < size) this.#fill(size);
    return this.#chunk.subarray(this.#at, this.#at + size);
  }

  take(size: number): Uint8Array {
    const octets = this.peek(size);
    this.#at += octets.length;
    return octets;
  }

  skip(size: number): number {
    let skipped = 0;
    while (skipped < size) {
      const step = this.take(Math.min(size - skipped, chunkSize)).length;
      if (step === 0) break;
      skipped += step;
    }
    return skipped;
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }

  /** Goes on to a chunk that begins with what is left of this one and has at least `size` octets, if the file has. */
  #fill(size: number): void {
    const rest = this.#chunk.subarray(this.#at);
    const chunk = new Uint8Array(Math.max(size, chunkSize));
    chunk.set(rest);
    let length = rest.length;
    while (length < size) {
      const count = readSync(this.#file, chunk, length, chunk.length - length, null);
      if (count === 0) break;
      length += count;
      this.#read += count;
    }
    this.#chunk = chunk.subarray(0, length);
    this.#at = 0;
  }
}
