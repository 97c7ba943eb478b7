import type { Socket } from "node:net";
import { BackPressureError, MalformedPduError, TransportError } from "../../src/common/errors.ts";
import type { HciTransport } from "../../src/hci/transport.ts";
import { H4Framer, type PacketSink } from "../h4-framer.ts";

/** How long a client may take to read the last that is for it, in ms. */
const farewellTime = 1000;
/** With so much unread, in octets, nothing more is taken of a client until it has read: it makes no more answers then. */
const enoughWaiting = 64 * 1024;
/** As much as may wait for a client that does not read, in octets: what others send to it goes on. */
const mostWaiting = 4 * 1024 * 1024;

/** A host at a door: H4 (Vol 4, Part A) on one side, a controller on the other, until either ends. */
export class DoorClient {
  readonly #socket: Socket;
  readonly #transport: HciTransport;
  readonly #onEnd: (failure?: Error) => void;
  readonly #framer = new H4Framer();
  readonly #sink: PacketSink;
  #leaving = false;
  #ended = false;

  /**
   * *Owns* the socket, whose two directions close apart, and the transport.
   *
   * @param onEnd - Called once, when the controller is free again; with what the client did wrong, if anything.
   */
  constructor(socket: Socket, transport: HciTransport, onEnd: (failure?: Error) => void) {
    this.#socket = socket;
    this.#transport = transport;
    this.#onEnd = onEnd;
    this.#sink = { packet: (packet) => this.#transport.send(packet.slice()) };
    socket.setNoDelay(true);
    socket.on("data", (chunk) => this.#take(chunk));
    socket.on("drain", () => socket.resume());
    socket.on("end", () => this.#leave());
    socket.on("error", (error: NodeJS.ErrnoException) => {
      // Who is gone in the middle of a sentence is gone all the same.
      const isGone = error.code === "ECONNRESET" || error.code === "EPIPE";
      this.#end(isGone ? undefined : error);
    });
    socket.on("close", () => this.#end());
    transport.start({
      packet: (packet) => this.#give(packet),
      closed: () => this.#end(),
    });
  }

  /** Whether it has said that it sends no more, so that the next client may come in. */
  get leaving(): boolean {
    return this.#leaving;
  }

  /** Frees the controller and sends the client away, after what it has yet to read. */
  close(): void {
    this.#end();
  }

  /** The answers to its last commands are on their way: they come in the turns that are waiting already. */
  #leave(): void {
    this.#leaving = true;
    setImmediate(() => this.#end());
  }

  #take(chunk: Uint8Array): void {
    try {
      this.#framer.push(chunk, this.#sink);
    } catch (error) {
      if (!(error instanceof MalformedPduError)) throw error; // a fault of our own: do not hide it
      this.#end(error);
    }
  }

  #give(packet: Uint8Array): void {
    if (this.#ended) return;
    this.#socket.write(packet.slice()); // borrowed
    if (this.#socket.writableLength > enoughWaiting) this.#socket.pause();
    if (this.#socket.writableLength <= mostWaiting) return;
    this.#end(new BackPressureError(`it leaves more than ${mostWaiting} octets unread`));
  }

  /** @param cause - What the client did wrong: then it is cut off. */
  #end(cause?: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    if (cause === undefined) sendAway(this.#socket);
    else this.#socket.destroy();
    void this.#transport[Symbol.asyncDispose]();
    this.#onEnd(failureOf(cause));
  }
}

/** Closes a socket behind what it has yet to read, or without it if that takes too long. */
export function sendAway(socket: Socket): void {
  socket.setTimeout(farewellTime, () => socket.destroy());
  socket.resume();
  socket.destroySoon();
}

function failureOf(cause: Error | undefined): Error | undefined {
  return cause && new TransportError(`a client was sent away: ${cause.message}`, { cause });
}
