import { TransportError } from "../../src/common/errors.ts";
import type { HciReceiver, HciTransport } from "../../src/hci/transport.ts";
import type { Chip } from "./chip.ts";

/**
 * One host's way to a virtual controller. When it closes, the controller is powered off: it falls silent, and peers
 * of its links notice when their supervision timeout is over.
 */
export class VirtualTransport implements HciTransport {
  readonly #chip: Chip;
  readonly #onClose: (transport: VirtualTransport) => void;
  #receiver: HciReceiver | undefined;
  /** As a real controller's device would, an open one keeps the process running: a peer may call at any time. */
  #hold: Disposable | undefined;
  #closed = false;

  /** @param onClose - Called once, when it is of no more use. */
  constructor(chip: Chip, onClose: (transport: VirtualTransport) => void) {
    this.#chip = chip;
    this.#onClose = onClose;
  }

  /**
   * @throws {@link TransportError} It has a host already, which goes on; or it is closed.
   * @throws {@link Error} Another transport has the controller.
   */
  start(receiver: HciReceiver): void {
    if (this.#receiver) throw new TransportError("this transport has a host already", { reason: "busy" });
    if (this.#closed) throw new TransportError("this transport is closed", { reason: "closed" });
    this.#chip.attach(receiver);
    this.#receiver = receiver;
    this.#hold = this.#chip.medium.clock.hold();
  }

  send(packet: Uint8Array): void {
    if (this.#receiver) this.#chip.hci.send(packet);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Powers the controller off; the host learns why, or nothing if it closed the transport itself. */
  async close(error?: Error): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#hold?.[Symbol.dispose]();
    const receiver = this.#receiver;
    this.#receiver = undefined;
    this.#onClose(this);
    if (!receiver) return;
    this.#chip.detach();
    // Its own turn: who closes a transport is not called back from within.
    await Promise.resolve();
    receiver.closed(error);
  }
}
