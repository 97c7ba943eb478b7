import { u16At } from "../common/bytes.ts";
import { Ring } from "../common/ring.ts";
import type { ReceiveLimits } from "./channel-lifecycle.ts";
import { type Limits, sduLengthSize } from "./credit-limits.ts";
import { ChannelFaultError } from "./error.ts";

/**
 * The receiving end of a credit-based channel: K-frames to SDUs, and the credits for them.
 * Vol 3, Part A, 3.4.3, 7.11 and 10.1.
 *
 * The peer may send a window of K-frames ahead of what the user has consumed, and gets credits back in batches of half
 * a window. Only an SDU that is longer than the window, while nothing else is kept, gets what it still needs at once.
 * So what a peer can make us keep is a window of K-frames and one SDU of the MTU.
 */
export class CreditReceiver {
  readonly #batch: number;
  /** Sends credits to the peer; false when that cannot be now, and {@link settle} will be called when it can. */
  readonly #grant: (credits: number) => boolean;
  #limits: ReceiveLimits;
  /** The longest that is taken: more than the limits say while the peer is being told of longer ones. */
  #mostSdu: number;
  #mostFrame: number;
  /** How many K-frames may still come that were laid out when the MPS became less, and how long they may be. */
  #oldFrames = 0;
  #oldMps = 0;
  /** How many K-frames the peer may still send. */
  #granted: number;
  /** The SDU under way. */
  #sdu: Uint8Array | undefined;
  #received = 0;
  #reassembled = false;
  /** Whether the last K-frame was the first of the SDU under way. */
  #justBegun = false;
  /** K-frames of the SDU under way, less those whose credits went back already. */
  #frames = 0;
  /** The same of each SDU that the user has and has not consumed, the oldest first. */
  readonly #kept = new Ring<number>();
  /** K-frames whose credits may go back. */
  #owed = 0;

  constructor(limits: Limits, grant: (credits: number) => boolean) {
    this.#limits = limits;
    this.#mostSdu = limits.mtu;
    this.#mostFrame = limits.mps;
    this.#batch = Math.ceil(limits.credits / 2);
    this.#granted = limits.credits;
    this.#grant = grant;
  }

  get mtu(): number {
    return this.#limits.mtu;
  }

  get mps(): number {
    return this.#limits.mps;
  }

  get granted(): number {
    return this.#granted;
  }

  /** Whether the last SDU came in several K-frames, and so has memory of its own. */
  get reassembled(): boolean {
    return this.#reassembled;
  }

  /**
   * Takes the payload of a K-frame.
   *
   * @returns The SDU when it is complete, *borrowed* unless it was {@link reassembled}; why the channel has to be disconnected; or
   *   nothing, when more is to come.
   */
  receive(frame: Uint8Array): Uint8Array | ChannelFaultError | undefined {
    if (this.#granted === 0) return new ChannelFaultError("the peer sent a K-frame without a credit for it");
    this.#granted--;
    if (frame.length > this.#longest()) {
      return new ChannelFaultError(
        `the peer sent a K-frame of ${frame.length} octets, the MPS is ${this.mps}`,
      );
    }
    const sdu = this.#sdu ? this.#continue(this.#sdu, frame) : this.#begin(frame);
    if (!(sdu instanceof Uint8Array)) return sdu;
    this.#kept.push(this.#frames);
    this.#frames = 0;
    return sdu;
  }

  /** The user has dealt with the oldest SDU it was given. */
  consumed(): void {
    const frames = this.#kept.shift();
    if (frames === undefined) return;
    this.#owed += frames;
    this.settle();
  }

  /** Gives credits back when it is time. To be called after every K-frame. */
  settle(): void {
    if (this.#owed >= this.#batch) {
      this.#give(this.#owed);
      return;
    }
    const sdu = this.#sdu;
    if (!sdu || this.#kept.length > 0) return;
    // Only now, so that a peer that sends less in a K-frame than it may does not get its credits one by one.
    if (this.#granted > 0 && !this.#justBegun) return;
    const needed = Math.ceil((sdu.length - this.#received) / this.#limits.mps);
    if (needed <= this.#granted) return;
    const missing = needed - this.#granted;
    const ahead = Math.max(0, missing - this.#owed);
    if (this.#give(Math.max(missing, this.#owed))) this.#frames -= ahead;
  }

  /** The peer is being told of other limits: what fits either is taken until it has answered. */
  reconfiguring({ mtu, mps }: ReceiveLimits): void {
    this.#mostSdu = Math.max(this.#mostSdu, mtu);
    this.#mostFrame = Math.max(this.#mostFrame, mps);
  }

  /** The peer knows the limits that hold now, be they the new ones or those it refused to change. */
  reconfigured(limits: ReceiveLimits = this.#limits): void {
    if (limits.mps < this.#limits.mps) {
      this.#oldMps = Math.max(this.#limits.mps, this.#oldFrames > 0 ? this.#oldMps : 0);
      this.#oldFrames = this.#granted;
    }
    this.#mostFrame = limits.mps;
    this.#mostSdu = limits.mtu;
    this.#limits = limits;
  }

  #longest(): number {
    if (this.#oldFrames === 0) return this.#mostFrame;
    this.#oldFrames--;
    return Math.max(this.#mostFrame, this.#oldMps);
  }

  #begin(frame: Uint8Array): Uint8Array | ChannelFaultError | undefined {
    if (frame.length < sduLengthSize) {
      return new ChannelFaultError("the peer began an SDU with a K-frame that has no room for its length");
    }
    const size = u16At(frame, 0);
    if (size > this.#mostSdu) {
      return new ChannelFaultError(`the peer began an SDU of ${size} octets, the MTU is ${this.mtu}`);
    }
    const payload = frame.subarray(sduLengthSize);
    if (payload.length > size) return tooMuch(size);
    this.#frames = 1;
    this.#reassembled = false;
    if (payload.length === size) return payload;
    this.#sdu = new Uint8Array(size);
    this.#sdu.set(payload);
    this.#received = payload.length;
    this.#justBegun = true;
    return undefined;
  }

  #continue(sdu: Uint8Array, frame: Uint8Array): Uint8Array | ChannelFaultError | undefined {
    if (this.#received + frame.length > sdu.length) return tooMuch(sdu.length);
    sdu.set(frame, this.#received);
    this.#received += frame.length;
    this.#justBegun = false;
    this.#frames++;
    if (this.#received < sdu.length) return undefined;
    this.#sdu = undefined;
    this.#reassembled = true;
    return sdu;
  }

  #give(credits: number): boolean {
    if (!this.#grant(credits)) return false;
    this.#owed = Math.max(0, this.#owed - credits);
    this.#granted += credits;
    return true;
  }
}

function tooMuch(size: number): ChannelFaultError {
  return new ChannelFaultError(`the peer sent more octets of an SDU than the ${size} it announced`);
}
