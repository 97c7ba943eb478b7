import { AsyncQueue } from "../common/async-queue.ts";
import { hexNumber } from "../common/bytes.ts";
import type { BleError } from "../common/errors.ts";
import { shownAsText } from "../common/inspect.ts";
import { checkCallOptions, checkOptions } from "../common/options.ts";
import type { CallOptions } from "../common/promised.ts";
import type { Turn } from "../common/turn.ts";
import { requireWhole } from "../common/whole-number.ts";
import type { ChannelUser, Channel as LinkChannel } from "../l2cap/channel.ts";
import { ChannelClosedError } from "../l2cap/error.ts";
import type { L2capLink } from "../l2cap/l2cap.ts";
import { ChannelSender, requireOctets } from "./channel-sender.ts";

/** How a fixed channel is taken. */
export interface FixedChannelOptions {
  /**
   * How many PDUs may wait to be iterated, 1 to 65536; one more ends the iteration with a {@link QueueOverflowError}, and
   * from then on what comes is dropped. Default 64.
   */
  readonly capacity?: number | undefined;
}

const defaultCapacity = 64;
const mostCapacity = 65_536;
/** The longest payload of a B-frame. Vol 3, Part A, 3.1. */
const longestPayload = 65_535;

/**
 * A fixed channel that program and peer have agreed on: B-frames without credits. Vol 3, Part A, 2.1 and 3.1.
 *
 * Nothing is said on the air when it is opened or closed, and nothing holds back a peer that sends faster than the
 * program takes: see `capacity`. When that was exceeded the channel still sends, but receives no more; to receive again,
 * dispose of it and open it anew.
 */
export class FixedChannel implements AsyncIterable<Uint8Array>, Disposable {
  /** The same for both ends. */
  readonly cid: number;
  readonly #l2cap: L2capLink;
  readonly #turn: Turn;
  readonly #received: AsyncQueue<Uint8Array>;
  readonly #sender: ChannelSender;
  #closed = false;

  static {
    shownAsText(FixedChannel.prototype);
  }

  /** Made by `connection.openFixedChannel`. */
  constructor(l2cap: L2capLink, turn: Turn, cid: number, options: FixedChannelOptions = {}) {
    checkOptions("openFixedChannel", options, { capacity: "number" }, "{ capacity: 64 }");
    const { capacity = defaultCapacity } = options;
    requireWhole("capacity", capacity, 1, mostCapacity);
    this.cid = cid;
    this.#l2cap = l2cap;
    this.#turn = turn;
    this.#received = new AsyncQueue(capacity, "fail");
    let opened: LinkChannel | undefined;
    turn.run(() => {
      l2cap.openFixed(cid, (channel) => {
        opened = channel;
        return this.#user();
      });
    });
    if (!opened) throw new Error("a fixed channel is opened at once");
    this.#sender = new ChannelSender(opened, turn);
  }

  /** What `console.log` shows. */
  toString(): string {
    const open = this.#received.ended ? "open, but receives no more: too much was waiting" : "open";
    return `0x${hexNumber(this.cid, 4)} (${this.#closed ? "closed" : open})`;
  }

  /**
   * Sends one PDU, and waits while too much waits for the link already.
   *
   * @param payload - 0 to 65535 octets, not to be changed until the promise settles.
   * @param options.signal - Aborting keeps it from being sent, while it still waits for room.
   * @throws {@link ChannelClosedError} The channel was disposed of.
   * @throws {@link DisconnectedError} The link is gone.
   * @throws {@link BackPressureError} 1024 PDUs wait for room already, because nobody awaits them.
   */
  async send(payload: Uint8Array, options?: CallOptions): Promise<void> {
    check(payload);
    checkCallOptions("send", options);
    options?.signal?.throwIfAborted();
    if (!this.#sender.trySend(payload)) await this.#sender.sendLater(payload, options);
  }

  /** Sends one PDU of 0 to 65535 octets at once. @returns False when there is no room for it, or the channel is closed. */
  trySend(payload: Uint8Array): boolean {
    check(payload);
    return this.#sender.trySend(payload);
  }

  /**
   * What comes, a payload each, *owned* by the program. Ends with the channel; throws when the link goes before, and a
   * {@link QueueOverflowError} after the last payload that there was room for.
   */
  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined> {
    return { next: () => this.#received.next() };
  }

  /** Gives the channel up: what still comes on it is dropped. What was sent before goes out. */
  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#turn.run(() => {
      this.#l2cap.closeFixed(this.cid);
      this.#sender.close(new ChannelClosedError("local"));
      this.#received.abort();
    });
  }

  #user(): ChannelUser {
    return {
      receive: (payload) => {
        this.#received.push(new Uint8Array(payload)); // not slice(): that of a Buffer copies nothing
      },
      closed: (reason: BleError) => {
        this.#closed = true;
        this.#sender.close(reason);
        this.#received.end(reason);
      },
    };
  }
}

function check(payload: unknown): void {
  requireOctets("payload", payload);
  if (payload.length > longestPayload) {
    throw new RangeError(`payload: ${payload.length} octets are more than ${longestPayload}`);
  }
}
