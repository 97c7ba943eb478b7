import { once } from "node:events";
import { connect, type NetConnectOpts, type Socket } from "node:net";
import { type Clock, systemClock } from "../src/common/clock.ts";
import { reasonOf } from "../src/common/promised.ts";
import type { HciReceiver, HciTransport } from "../src/hci/transport.ts";
import { StreamDelivery } from "./delivery.ts";
import { type Advice, lossOf, openFailure } from "./open-error.ts";
import { mostWaiting, stalled } from "./packet-writer.ts";

/** How long the other end may take to read the last that is for it, in ms. */
const farewellTime = 1000;
/** How long a connection may be silent before the operating system asks whether the other end is alive, in ms. */
const keepAliveAfter = 10_000;

const itHasClosed = "it has closed the connection";
const atOnce = `${itHasClosed} without a word: does it serve another host?`;

/** H4 (Vol 4, Part A) over a connected socket of any kind. */
export class SocketTransport implements HciTransport {
  readonly #socket: Socket;
  readonly #who: string;
  readonly #delivery: StreamDelivery;
  #failure: Error | undefined;
  #heard = false;

  /**
   * *Owns* the socket.
   *
   * @param who - The other end, for messages.
   */
  constructor(socket: Socket, who: string) {
    this.#socket = socket;
    this.#who = who;
    this.#delivery = new StreamDelivery(who);
    socket.on("error", (error) => (this.#failure = error));
    socket.on("end", () => {
      // What still waits for an end that has closed its side may wait for ever; the last of this side may not.
      if (!this.#delivery.ended) this.#fail(this.#loss());
    });
    socket.on("close", () => {
      this.#delivery.end(this.#loss());
    });
  }

  /** Whether nothing goes either way any more. */
  get ended(): boolean {
    return this.#delivery.ended;
  }

  start(receiver: HciReceiver): void {
    this.#delivery.start(receiver);
    // Until there is a listener the octets wait in the operating system.
    this.#socket.on("data", (chunk: Uint8Array) => {
      this.#heard = true;
      const failure = this.#delivery.push(chunk);
      if (failure) this.#fail(failure);
    });
  }

  send(packet: Uint8Array): void {
    const socket = this.#socket;
    if (this.#delivery.ended || !socket.writable) return;
    if (socket.writableCorked === 0) {
      // The packets of a turn go out in one call of the operating system.
      socket.cork();
      process.nextTick(() => socket.uncork());
    }
    socket.write(packet);
    if (socket.writableLength > mostWaiting) this.#fail(stalled(this.#who, socket.writableLength));
  }

  /** Closes it behind what was sent, or without the rest of it when the other end does not read for a second. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#delivery.end();
    const socket = this.#socket;
    if (socket.closed) return;
    const closed = once(socket, "close");
    socket.resume(); // an end that has more to say would not close
    socket.destroySoon();
    const patience = setTimeout(() => socket.destroy(), farewellTime);
    await closed;
    clearTimeout(patience);
  }

  #loss(): Error {
    return lossOf(this.#who, this.#failure ?? new Error(this.#heard ? itHasClosed : atOnce));
  }

  #fail(error: Error): void {
    this.#delivery.end(error);
    this.#socket.destroy();
  }
}

/** How a connection is made. */
export interface ConnectOptions {
  /** How long to wait for the other end, in ms. Default 10 000. */
  readonly timeoutMs?: number | undefined;
  /** Calls it off. */
  readonly signal?: AbortSignal | undefined;
  /** Where the time comes from. Default: the operating system. */
  readonly clock?: Clock | undefined;
}

/** The kinds of {@link ConnectOptions}. */
export const connectKinds: {
  readonly timeoutMs: "number";
  readonly signal: "signal";
  readonly clock: "object";
} = { timeoutMs: "number", signal: "signal", clock: "object" };

/**
 * Connects to whoever serves a controller.
 *
 * @param who - Where that is, for messages.
 * @throws {@link TransportError} Nobody is there, or does not answer in time.
 */
export async function connectTo(
  where: NetConnectOpts,
  who: string,
  advice: Advice,
  { timeoutMs = 10_000, signal, clock = systemClock }: ConnectOptions,
): Promise<HciTransport> {
  requireTimeout(timeoutMs);
  signal?.throwIfAborted();
  const socket = connect(where);
  try {
    await connected(socket, { timeoutMs, signal, clock });
  } catch (error) {
    socket.destroy();
    if (signal?.aborted) throw reasonOf(signal);
    throw openFailure(who, error, advice);
  }
  ready(socket);
  return new SocketTransport(socket, who);
}

/** Sets a connection up for small packets that must not wait. */
export function ready(socket: Socket): void {
  socket.setNoDelay(true);
  socket.setKeepAlive(true, keepAliveAfter);
}

/** @throws {@link RangeError} It is no time to wait. */
function requireTimeout(timeoutMs: number): void {
  if (timeoutMs > 0 && timeoutMs <= 2 ** 31 - 1) return;
  throw new RangeError(`timeoutMs: ${timeoutMs} is not a number above 0 and up to 2147483647`);
}

function connected(
  socket: Socket,
  { timeoutMs, signal, clock }: { timeoutMs: number; signal: AbortSignal | undefined; clock: Clock },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const aborted = (): void => settle(() => reject(new Error("aborted")));
    const timer = clock.after(timeoutMs, () => {
      settle(() => reject(Object.assign(new Error(`no answer in ${timeoutMs} ms`), { code: "ETIMEDOUT" })));
    });
    const settle = (finish: () => void): void => {
      timer[Symbol.dispose]();
      signal?.removeEventListener("abort", aborted);
      socket
        .removeAllListeners("connect")
        .removeAllListeners("error")
        .on("error", () => undefined);
      finish();
    };
    signal?.addEventListener("abort", aborted, { once: true });
    socket.once("connect", () => settle(resolve));
    socket.once("error", (error) => settle(() => reject(error)));
  });
}
