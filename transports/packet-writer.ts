import type { Clock } from "../src/common/clock.ts";
import { TransportError } from "../src/common/errors.ts";
import { Ring } from "../src/common/ring.ts";
import { errorCode, lossOf } from "./open-error.ts";

/** How long to wait before a device that is full is asked again, in ms: ever longer while it stays so. */
const shortestPause = 1;
const longestPause = 16;

/** As many octets as may wait for an end that does not read. Credits hold a host to far less. */
export const mostWaiting: number = 4 * 1024 * 1024;

/** That an end takes nothing any more. */
export function stalled(who: string, waiting: number): TransportError {
  const message = `${who} reads nothing any more: ${waiting} octets are waiting for it`;
  return new TransportError(message, { reason: "stalled" });
}

/** Where packets go. */
export interface PacketOutlet {
  /** What it is called in messages. */
  readonly who: string;
  readonly clock: Clock;
  /** Takes octets, and tells at once or later what became of them; an outlet of packets takes all or none. */
  write(octets: Uint8Array, done: (error: Error | null | undefined, size: number) => void): void;
  /** Called once, with why nothing can be written any more. */
  failed(error: TransportError): void;
}

/** Packets on their way to a device that may be full for a while: one at a time, in order, and none is lost. */
export class PacketWriter {
  readonly #outlet: PacketOutlet;
  readonly #line = new Ring<Uint8Array>();
  /** Of a packet that was not taken, or not all of it. */
  #rest: Uint8Array | undefined;
  /** Octets that have not been taken. */
  #unsent = 0;
  #writing = false;
  #stopped = false;
  #pause = shortestPause;
  #timer: Disposable | undefined;
  #onEmpty: (() => void) | undefined;

  constructor(outlet: PacketOutlet) {
    this.#outlet = outlet;
  }

  /** Queues a packet, which it *owns*. */
  send(packet: Uint8Array): void {
    if (this.#stopped) return;
    this.#line.push(packet);
    this.#unsent += packet.length;
    this.#pump();
    if (this.#unsent > mostWaiting) this.#fail(stalled(this.#outlet.who, this.#unsent));
  }

  /** Calls `done` when everything has left, or never will. */
  flush(done: () => void): void {
    if (this.#stopped || this.#unsent === 0) done();
    else this.#onEmpty = done;
  }

  /** Drops what has not left. */
  stop(): void {
    this.#stopped = true;
    this.#line.clear();
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    this.#emptied();
  }

  #pump(): void {
    while (!this.#writing && !this.#timer && !this.#stopped) {
      const octets = this.#rest ?? this.#line.shift();
      if (!octets) return;
      this.#rest = undefined;
      this.#writing = true;
      let isLater = false;
      this.#outlet.write(octets, (error, size) => {
        this.#writing = false;
        this.#written(octets, error, size);
        if (isLater) this.#pump();
      });
      isLater = true;
    }
  }

  #written(octets: Uint8Array, error: Error | null | undefined, size: number): void {
    if (this.#stopped) return;
    if (error) {
      this.#notWritten(octets, error);
      return;
    }
    this.#pause = shortestPause;
    this.#unsent -= size;
    if (size < octets.length) this.#rest = octets.subarray(size);
    if (this.#unsent === 0) this.#emptied();
  }

  #notWritten(octets: Uint8Array, error: Error): void {
    const { who, clock } = this.#outlet;
    const code = errorCode(error) ?? "";
    if (!["EAGAIN", "EINTR", "ENOBUFS"].includes(code)) {
      this.#fail(refusals.get(code)?.(who, octets, error) ?? lossOf(who, error));
      return;
    }
    this.#rest = octets;
    this.#timer = clock.after(this.#pause, () => {
      this.#timer = undefined;
      this.#pump();
    });
    this.#pause = Math.min(2 * this.#pause, longestPause);
  }

  #fail(error: TransportError): void {
    if (this.#stopped) return;
    this.stop();
    this.#outlet.failed(error);
  }

  #emptied(): void {
    const done = this.#onEmpty;
    this.#onEmpty = undefined;
    done?.();
  }
}

type Refusal = (who: string, octets: Uint8Array, cause: Error) => TransportError;

const tooLarge: Refusal = (who, octets, cause) =>
  new TransportError(`${who} does not take a packet of ${octets.length} octets: ${cause.message}`, { cause });

/** Errors that are about the packet, and not about the device. */
const refusals: ReadonlyMap<string, Refusal> = new Map([
  ["EMSGSIZE", tooLarge],
  ["EINVAL", tooLarge],
]);
