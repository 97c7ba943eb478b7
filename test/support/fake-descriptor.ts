import type { VirtualClock } from "../../src/common/clock.ts";
import { concat } from "../../src/common/bytes.ts";
import type { DescriptorIo } from "../../transports/descriptor-transport.ts";

type ReadDone = (error: Error | null, size: number) => void;

/** How a descriptor waits: for ever, until its time-out (SO_RCVTIMEO), or not at all (O_NONBLOCK). */
export type Waiting = "always" | "timeout" | "never";

/** A socket of packets as the Linux user channel is one, behind a descriptor. */
export class FakeDescriptor implements DescriptorIo {
  /** Packets that were taken, those that came of {@link writeNow} apart. */
  readonly taken: Uint8Array[] = [];
  readonly wakings: Uint8Array[] = [];
  /** Errors that the next writes end with, instead of taking the packet. */
  readonly writeErrors: string[] = [];
  /** `false`: writes wait for ever. */
  takes = true;
  /** Octets that a write takes at most. */
  mostTaken: number = Number.POSITIVE_INFINITY;
  /** Whether the controller answers what {@link writeNow} sends. */
  answers = true;
  closings = 0;
  reads = 0;
  readonly #clock: VirtualClock;
  readonly #waiting: Waiting;
  readonly #packets: Uint8Array[] = [];
  #failure: string | undefined;
  #read:
    | { readonly buffer: Uint8Array; readonly done: ReadDone; readonly timer: Disposable | undefined }
    | undefined;

  constructor(clock: VirtualClock, waiting: Waiting) {
    this.#clock = clock;
    this.#waiting = waiting;
  }

  /** A packet from the controller. */
  deliver(packet: Uint8Array): void {
    this.#packets.push(packet);
    this.#serve();
  }

  /** Every read from now on ends with this error. */
  fail(code: string): void {
    this.#failure = code;
    this.#serve();
  }

  received(): Uint8Array {
    return concat(...this.taken);
  }

  /** Whether a thread waits in a read. */
  get reading(): boolean {
    return this.#read !== undefined;
  }

  read(_fd: number, buffer: Uint8Array, done: ReadDone): void {
    this.reads++;
    this.#serve(); // what is there comes before the end of the wait
    const wait = this.#waiting === "timeout" ? 200 : 0;
    const timer =
      this.#waiting === "always"
        ? undefined
        : this.#clock.after(wait, () => {
            this.#finish(errnoError("EAGAIN"), 0);
          });
    this.#read = { buffer, done, timer };
  }

  write(_fd: number, octets: Uint8Array, done: ReadDone): void {
    if (!this.takes) return;
    this.#clock.soon(() => {
      const code = this.writeErrors.shift();
      if (code !== undefined) {
        done(errnoError(code), 0);
        return;
      }
      const part = octets.slice(0, this.mostTaken);
      this.taken.push(part);
      done(null, part.length);
    });
  }

  writeNow(_fd: number, octets: Uint8Array): void {
    this.wakings.push(octets.slice());
    if (this.answers) this.deliver(Uint8Array.of(0x04, 0x0e, 0x04, 0x01, 0x01, 0x10, 0x00));
  }

  close(): void {
    this.closings++;
    this.#read?.timer?.[Symbol.dispose]();
  }

  /** Ends the read that waits, in a turn of its own, if there is something for it. */
  #serve(): void {
    this.#clock.soon(() => {
      const read = this.#read;
      if (!read) return;
      const packet = this.#packets.shift();
      if (packet) {
        read.buffer.set(packet);
        this.#finish(null, packet.length);
      } else if (this.#failure !== undefined) {
        this.#finish(errnoError(this.#failure), 0);
      }
    });
  }

  #finish(error: Error | null, size: number): void {
    const read = this.#read;
    this.#read = undefined;
    read?.timer?.[Symbol.dispose]();
    read?.done(error, size);
  }
}

function errnoError(code: string): Error {
  return Object.assign(new Error(`${code}: fake`), { code });
}
