import type { Writable } from "node:stream";

/** What a command reads from and writes to; `process` has them. */
export interface Streams {
  readonly stdin: AsyncIterable<Uint8Array | string>;
  readonly stdout: Writable;
  readonly stderr: Writable;
}

/** Characters that are gathered before they are written. */
const batchSize = 0x4000;

/**
 * Writes lines no faster than the reader takes them. A reader that goes away, as `head` does, is no error: it has seen
 * enough.
 */
export class LineWriter {
  readonly #stream: Writable;
  #batch = "";
  #gone = false;
  #failure: Error | undefined;

  constructor(stream: Writable) {
    this.#stream = stream;
    // Told here when it happens between two writes; without a listener it would end the process.
    stream.on("error", (error) => {
      this.#end(error);
    });
  }

  /** Nobody reads any more: nothing that is written from now on is seen. */
  get gone(): boolean {
    return this.#gone;
  }

  /** What the operating system has to say against writing. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Adds a line; a promise when it is time to wait for the reader. */
  line(text: string): Promise<void> | undefined {
    this.#batch += `${text}\n`;
    return this.#batch.length < batchSize ? undefined : this.flush();
  }

  /** Waits until the reader has taken everything, or has gone away. */
  async flush(): Promise<void> {
    const batch = this.#batch;
    this.#batch = "";
    if (batch !== "" && !this.#gone) {
      await new Promise<void>((resolve) => {
        this.#stream.write(batch, (error) => {
          if (error) this.#end(error);
          resolve();
        });
      });
    }
  }

  #end(error: NodeJS.ErrnoException): void {
    this.#gone = true;
    if (error.code !== "EPIPE") this.#failure ??= error;
  }
}
