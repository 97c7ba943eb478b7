import { createServer, type Server, type Socket } from "node:net";
import { TransportError } from "../src/common/errors.ts";
import { type CallOptions, reasonOf } from "../src/common/promised.ts";
import type { HciTransport } from "../src/hci/transport.ts";
import { listen } from "./door/listening.ts";
import type { TcpPlace, UnixPlace } from "./door/place.ts";
import { type Advice, openFailure } from "./open-error.ts";
import { ready, SocketTransport } from "./socket-transport.ts";

/** A place that controllers come to by themselves. Disposing closes it; transports that were accepted go on. */
export interface ControllerListener extends AsyncDisposable {
  /** The port, where it is one. */
  readonly port: number | undefined;
  /**
   * Waits for the next controller. One is served at a time: while there is a transport that has not closed, others that
   * come are sent away.
   *
   * @throws {@link TransportError} The listener was closed.
   * @throws {@link Error} Somebody else waits here already.
   */
  accept(options?: CallOptions): Promise<HciTransport>;
}

interface Waiting {
  resolve(transport: HciTransport): void;
  reject(error: Error): void;
}

/**
 * Listens for controllers.
 *
 * @param what - The place, for messages.
 * @throws {@link TransportError} Nobody can listen there.
 */
export async function listenAt(
  place: TcpPlace | UnixPlace,
  what: string,
  advice: Advice,
  { signal }: CallOptions = {},
): Promise<ControllerListener> {
  signal?.throwIfAborted();
  const server = createServer();
  try {
    await listen(server, place);
    signal?.throwIfAborted();
  } catch (error) {
    server.close();
    if (signal?.aborted) throw reasonOf(signal);
    throw openFailure(what, error, advice);
  }
  return new SocketListener(server, what);
}

/** Listens, takes the first controller that comes, and no other. */
export async function acceptOne(
  listening: Promise<ControllerListener>,
  options: CallOptions,
): Promise<HciTransport> {
  const listener = await listening;
  try {
    return await listener.accept(options);
  } finally {
    await listener[Symbol.asyncDispose]();
  }
}

class SocketListener implements ControllerListener {
  readonly port: number | undefined;
  readonly #server: Server;
  readonly #what: string;
  /** The controller that is served. */
  #current: SocketTransport | undefined;
  /** One that has come and was not accepted yet. */
  #early: Socket | undefined;
  #waiting: Waiting | undefined;

  constructor(server: Server, what: string) {
    this.#server = server;
    this.#what = what;
    const bound = server.address();
    this.port = typeof bound === "object" ? bound?.port : undefined;
    server.on("error", () => undefined); // of one connection that could not be accepted: there will be others
    server.on("connection", (socket) => this.#come(socket));
  }

  async accept({ signal }: CallOptions = {}): Promise<HciTransport> {
    signal?.throwIfAborted();
    if (this.#waiting) throw new Error("accept: somebody waits here already");
    if (!this.#server.listening) throw this.#closed();
    if (this.#early) return this.#serve(this.#early);
    return new Promise((resolve, reject) => {
      const aborted = (): void => {
        this.#waiting = undefined;
        if (signal) reject(reasonOf(signal));
      };
      const forget = (): void => signal?.removeEventListener("abort", aborted);
      signal?.addEventListener("abort", aborted, { once: true });
      this.#waiting = {
        resolve: (transport) => {
          forget();
          resolve(transport);
        },
        reject: (error) => {
          forget();
          reject(error);
        },
      };
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.reject(this.#closed());
    this.#early?.destroy();
    this.#early = undefined;
    if (!this.#server.listening) return;
    // Not its "close": that comes with the end of the last connection, which is somebody else's.
    this.#server.close();
    await new Promise((resolve) => setImmediate(resolve));
  }

  #come(socket: Socket): void {
    socket.on("error", () => undefined); // whoever takes it hears of it as well
    if (this.#current && !this.#current.ended) {
      socket.destroy();
      return;
    }
    const waiting = this.#waiting;
    if (waiting) {
      this.#waiting = undefined;
      waiting.resolve(this.#serve(socket));
      return;
    }
    // Whether one that nobody listens to is still there cannot be told: who comes anew is.
    this.#early?.destroy();
    this.#early = socket;
  }

  #serve(socket: Socket): SocketTransport {
    this.#early = undefined;
    ready(socket);
    this.#current = new SocketTransport(socket, `the controller that came to ${this.#what}`);
    return this.#current;
  }

  #closed(): TransportError {
    return new TransportError(`${this.#what} is closed`, { reason: "closed" });
  }
}
