import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { HciReceiver, HciTransport } from "../../src/hci/transport.ts";
import { H4Framer } from "../../transports/h4-framer.ts";

/** H4 over a socket, as somebody else's host would do it. */
export class SocketTransport implements HciTransport {
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  static async open(port: number): Promise<SocketTransport> {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    return new SocketTransport(socket);
  }

  start(receiver: HciReceiver): void {
    const framer = new H4Framer();
    this.#socket.on("data", (chunk) => framer.push(chunk, { packet: (packet) => receiver.packet(packet) }));
    this.#socket.on("close", () => receiver.closed());
  }

  send(packet: Uint8Array): void {
    this.#socket.write(packet);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy();
    await Promise.resolve();
  }
}
