import type { MessagePort } from "node:worker_threads";
import type { HciReceiver, HciTransport } from "../src/hci/transport.ts";

/** The way to a controller in another thread, so that the heap of this one holds one host and nothing else. */
export class PortTransport implements HciTransport {
  readonly #port: MessagePort;

  constructor(port: MessagePort) {
    this.#port = port;
  }

  start(receiver: HciReceiver): void {
    this.#port.on("message", (packet: Uint8Array) => {
      receiver.packet(packet);
    });
    this.#port.on("close", () => {
      receiver.closed();
    });
  }

  send(packet: Uint8Array): void {
    this.#port.postMessage(packet.slice()); // of a view the whole buffer would go
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#port.close();
    return Promise.resolve();
  }
}

/** The other side of it: puts a controller behind a port. */
export function serveController(port: MessagePort, controller: HciTransport): void {
  controller.start({
    packet: (packet) => {
      port.postMessage(packet.slice());
    },
    closed: () => {
      port.close();
    },
  });
  port.on("message", (packet: Uint8Array) => {
    controller.send(packet);
  });
}
