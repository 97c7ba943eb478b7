import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { TransportError } from "../../src/common/errors.ts";
import type { VirtualController } from "../virtual/controller.ts";
import { DoorClient, sendAway } from "./client.ts";
import { listen } from "./listening.ts";
import type { DoorLocation, TcpPlace, UnixPlace } from "./place.ts";

/** A door that sockets come to: it lets in one at a time. */
export class SocketDoor implements AsyncDisposable {
  readonly location: DoorLocation;
  readonly controller: VirtualController;
  readonly #server: Server;
  readonly #onTrouble: (error: Error) => void;
  readonly #sockets = new Set<Socket>();
  #client: DoorClient | undefined;

  private constructor(
    server: Server,
    place: TcpPlace | UnixPlace,
    controller: VirtualController,
    onTrouble: (error: Error) => void,
  ) {
    this.#server = server;
    this.controller = controller;
    this.#onTrouble = onTrouble;
    const bound = server.address();
    const port = typeof bound === "object" ? (bound?.port ?? 0) : 0;
    this.location = place.kind === "tcp" ? { kind: "tcp", port } : place;
    server.on("error", onTrouble); // of accept
    server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
      socket.on("error", () => socket.destroy()); // whose it is hears of it too
      // It is at the door, but the one before may be about to leave: that is known when this round of events is over.
      setImmediate(() => this.#admit(socket));
    });
  }

  /**
   * Opens it.
   *
   * @param onTrouble - Told of clients that were refused or sent away.
   * @throws {@link TransportError} Nobody can listen there.
   */
  static async open(
    place: TcpPlace | UnixPlace,
    controller: VirtualController,
    onTrouble: (error: Error) => void,
  ): Promise<SocketDoor> {
    const server = createServer({ allowHalfOpen: true });
    try {
      await listen(server, place);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new TransportError(`a door cannot be opened: ${why}`, { cause });
    }
    return new SocketDoor(server, place, controller, onTrouble);
  }

  /** Closes it, and sends the client away. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#client?.close();
    for (const socket of this.#sockets) socket.destroy();
    if (!this.#server.listening) return;
    const closed = once(this.#server, "close");
    this.#server.close();
    await closed;
  }

  #admit(socket: Socket): void {
    if (socket.destroyed) return;
    if (this.#client?.leaving) this.#client.close();
    if (this.#client) {
      sendAway(socket);
      this.#onTrouble(new TransportError("a client was refused: the door serves another one"));
      return;
    }
    const client = new DoorClient(socket, this.controller.transport(), (failure) => {
      if (this.#client === client) this.#client = undefined;
      if (failure) this.#onTrouble(failure);
    });
    this.#client = client;
  }
}
