import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { concat } from "../../src/common/bytes.ts";
import type { HciTransport } from "../../src/hci/transport.ts";
import { eventLoopRound, type TransportRig } from "./transport-contract.ts";

/** The controller's end of a socket, in the hands of a test. */
export class SocketPeer {
  readonly #chunks: Uint8Array[] = [];
  readonly socket: Socket;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on("error", () => undefined);
    socket.on("data", (chunk) => this.#chunks.push(chunk));
  }

  received(): Uint8Array {
    return concat(...this.#chunks);
  }

  /** Each chunk in a write of its own, and a round of the event loop for it. */
  async send(chunks: readonly Uint8Array[]): Promise<void> {
    for (const chunk of chunks) {
      if (this.socket.destroyed) return;
      this.socket.write(chunk);
      await eventLoopRound();
    }
  }
}

/** A server that one transport comes to. */
export async function listeningPeer(
  where: { readonly port: number; readonly host: string } | { readonly path: string },
): Promise<{ readonly server: Server; readonly peer: Promise<SocketPeer> }> {
  const server = createServer();
  server.listen(where);
  await once(server, "listening");
  const peer = (async () => {
    const [socket] = (await once(server, "connection")) as [Socket];
    return new SocketPeer(socket);
  })();
  return { server, peer };
}

/** A transport whose other end is a socket of the test. */
export function socketRig(transport: HciTransport, peer: SocketPeer, server?: Server): TransportRig {
  return {
    transport,
    send: (chunks) => peer.send(chunks),
    received: () => peer.received(),
    lose: () => {
      peer.socket.destroySoon();
    },
    settle: eventLoopRound,
    async [Symbol.asyncDispose]() {
      peer.socket.destroy();
      server?.close();
      await eventLoopRound();
    },
  };
}
