import type { Channel } from "../index.ts";
import {
  _IRQ_L2CAP_CONNECT,
  _IRQ_L2CAP_DISCONNECT,
  _IRQ_L2CAP_RECV,
  _IRQ_L2CAP_SEND_READY,
} from "./constants.ts";
import type { Irq } from "./irq.ts";
import { OSError } from "./os-error.ts";

/** How many times the local MTU `l2cap_send` takes at most. */
const mostLocalMtus = 2;

/** A channel by MicroPython's rules: one SDU on its way at a time, and no credits before all that came was read. */
export class L2capChannel {
  readonly #channel: Channel;
  readonly #irq: Irq;
  readonly #conn_handle: number;
  #stalled = false;
  /** What was read of the SDUs that wait: so many whole ones, and so much of the next. */
  #whole = 0;
  #offset = 0;

  /** @param closed - Called when it has closed. */
  constructor(channel: Channel, irq: Irq, closed: () => void) {
    this.#channel = channel;
    this.#irq = irq;
    const conn_handle = (this.#conn_handle = channel.connection.handle);
    const { localCid: cid, spsm, mtu, peerMtu } = channel;
    irq.raise(_IRQ_L2CAP_CONNECT, [conn_handle, cid, spsm, mtu, peerMtu]);
    const received = (): void => {
      irq.raise(_IRQ_L2CAP_RECV, [conn_handle, cid]);
    };
    for (let index = 0; channel.peek(index); index++) received();
    channel.on("received", received);
    const disconnected = (): void => {
      closed();
      irq.raise(_IRQ_L2CAP_DISCONNECT, [conn_handle, cid, spsm, 0]);
    };
    if (channel.closeReason) disconnected();
    else channel.once("closed", disconnected);
  }

  /**
   * Sends one SDU, all of it.
   *
   * @returns Whether the next may follow; else `_IRQ_L2CAP_SEND_READY` tells when.
   * @throws {@link OSError} EINVAL: it is too long; EBUSY: the one before is still on its way.
   */
  send(octets: Uint8Array): boolean {
    const channel = this.#channel;
    const most = Math.min(channel.peerMtu, mostLocalMtus * channel.mtu);
    if (octets.length > most)
      throw new OSError("EINVAL", `buf: ${octets.length} octets are more than ${most}`);
    if (this.#stalled) throw new OSError("EBUSY", "the channel is stalled until _IRQ_L2CAP_SEND_READY");
    if (channel.trySend(octets) && channel.waiting === 0) return true;
    this.#stalled = true;
    channel.drained().then(
      () => {
        this.#stalled = false;
        this.#irq.deliver(_IRQ_L2CAP_SEND_READY, [this.#conn_handle, channel.localCid, 0]);
      },
      () => undefined, // it has closed, which another event tells
    );
    return false;
  }

  /** How many octets have come that were not read. */
  get available(): number {
    let octets = -this.#offset;
    for (let index = this.#whole; ; index++) {
      const sdu = this.#channel.peek(index);
      if (!sdu) return Math.max(0, octets);
      octets += sdu.length;
    }
  }

  /** Reads as much as there is and has room in `into`. @returns How much that is. */
  receiveInto(into: Uint8Array): number {
    let read = 0;
    for (let sdu = this.#channel.peek(this.#whole); sdu; sdu = this.#channel.peek(this.#whole)) {
      const part = sdu.subarray(this.#offset, this.#offset + into.length - read);
      into.set(part, read);
      read += part.length;
      this.#offset += part.length;
      if (this.#offset < sdu.length) return read;
      this.#whole++;
      this.#offset = 0;
    }
    // Only now is there room for more: the peer gets its credits back.
    for (; this.#whole > 0; this.#whole--) this.#channel.take();
    return read;
  }

  /** Closes it; `_IRQ_L2CAP_DISCONNECT` tells when the peer has agreed. */
  disconnect(): void {
    void this.#channel[Symbol.asyncDispose]();
  }
}
