import { open } from "node:fs/promises";
import { once } from "node:events";
import type { WriteStream } from "node:fs";
import type { VirtualAir } from "../../transports/virtual/index.ts";

/** The capture cannot be written. */
export class CaptureFileError extends Error {}

/** A file that a capture goes to, piece by piece; what was written when it is closed is in it. */
export class CaptureFile implements AsyncDisposable {
  readonly #path: string;
  readonly #stream: WriteStream;
  #recording: Disposable | undefined;
  #failure: Error | undefined;

  private constructor(path: string, stream: WriteStream) {
    this.#path = path;
    this.#stream = stream;
    stream.on("error", (error) => {
      this.#failure ??= error;
    });
  }

  /** @throws {@link CaptureFileError} The file cannot be made. */
  static async open(path: string): Promise<CaptureFile> {
    try {
      const file = await open(path, "w");
      return new CaptureFile(path, file.createWriteStream());
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new CaptureFileError(`--capture: ${why}`, { cause });
    }
  }

  /** Takes the packets of the air from now on. */
  record(air: VirtualAir): void {
    this.#recording = air.capture((octets) => {
      this.#stream.write(octets);
    });
  }

  /** @throws {@link CaptureFileError} Not all of it could be written. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#recording?.[Symbol.dispose](); // which writes the last of it
    if (!this.#stream.destroyed) {
      const closed = once(this.#stream, "close");
      this.#stream.end();
      await closed.catch(() => undefined); // the listener keeps why
    }
    if (this.#failure) {
      throw new CaptureFileError(`--capture: ${this.#path}: ${this.#failure.message}`, {
        cause: this.#failure,
      });
    }
  }
}
