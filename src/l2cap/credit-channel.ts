import type { BleError } from "../common/errors.ts";
import type { Priority } from "../common/priority.ts";
import type { Done } from "../common/procedure.ts";
import type { SecurityRequirement } from "../common/security.ts";
import type { Channel, ChannelUser } from "./channel.ts";

/** What one side of a credit-based channel can receive. Vol 3, Part A, 4.22 and 4.25. */
export interface ChannelLimits {
  /** Octets of the longest SDU that this side receives: 23 to 65535, from 64 for an enhanced channel. */
  readonly mtu: number;
  /**
   * Octets of the longest K-frame payload that this side receives: 23 to 65533, from 64 for an enhanced channel. By
   * default as long as what fits one packet of the radio, or a whole SDU if that is less.
   */
  readonly mps?: number | undefined;
  /**
   * How many K-frames the peer may send ahead of what was consumed, 1 to 65535. By default enough for two of the
   * longest SDUs, and 32 at least.
   */
  readonly initialCredits?: number | undefined;
  /** What the K-frames go before and after on this link; bulk by default. */
  readonly priority?: Priority | undefined;
}

/** A credit-based channel, of either kind. Vol 3, Part A, 10.1 and 10.2. */
export interface CreditChannel extends Channel {
  /** This side's end, 0x0040 to 0x007f. */
  readonly localCid: number;
  /** The peer's end, 0x0040 to 0x007f. */
  readonly peerCid: number;
  readonly spsm: number;
  /** Whether it was opened with L2CAP_CREDIT_BASED_CONNECTION_REQ, and so may be reconfigured. */
  readonly enhanced: boolean;
  /** Whether it is there: from when its user was made until its user was told that it closed. */
  readonly open: boolean;
  /** Octets of the longest SDU that this side receives. */
  readonly mtu: number;
  /** Octets of the longest SDU that the peer receives, and so of the longest that may be sent. */
  readonly peerMtu: number;
  /** Octets of the longest K-frame payload that this side receives. */
  readonly mps: number;
  /** Octets of the longest K-frame payload that the peer receives. */
  readonly peerMps: number;
  /** How many K-frames this side may still send. */
  readonly credits: number;
  /** How many K-frames the peer may still send. */
  readonly granted: number;
  /** Octets that were given to `send` and have not been handed to the link yet: they wait for credits or for room. */
  readonly waiting: number;

  /**
   * Calls once: at once when nothing waits for credits or room, else when the last of it has been handed to the link,
   * or when the channel has closed. What was handed to the link still goes out before {@link close} takes effect.
   */
  whenDrained(callback: () => void): void;

  /**
   * The user has dealt with the oldest SDU that it has not consumed yet: the credits of its K-frames may go back.
   *
   * They do in batches of half of what the peer may send ahead. Does nothing when all are consumed.
   */
  consumed(): void;

  /**
   * Tells the peer of other limits for what this side receives. Vol 3, Part A, 4.27.
   *
   * @throws {@link RangeError} The channel is not enhanced; a limit is out of its range, or the MTU less than it is.
   */
  reconfigure(limits: Reconfiguration, done: Done<undefined>): void;

  /**
   * Disconnects. What waits for credits is discarded; the user is told at once that the channel has closed.
   *
   * @param done - Called once, when the peer has acknowledged it, or never will. At once when it has closed before.
   */
  close(done: () => void): void;
}

/** Other limits for what this side receives; what is left out stays. Vol 3, Part A, 4.27. */
export interface Reconfiguration {
  /** 64 to 65535, and not less than it is. */
  readonly mtu?: number | undefined;
  /** 64 to 65533. */
  readonly mps?: number | undefined;
}

/** Makes the user of a channel that has just opened. Called before anything is received on it. */
export type OpenChannel = (channel: CreditChannel) => ChannelUser;

/** A request for channels to the peer. */
export interface OpenRequest extends ChannelLimits {
  /** 0x0001 to 0x00ff. */
  readonly spsm: number;
  /** Whether L2CAP_CREDIT_BASED_CONNECTION_REQ is used. */
  readonly enhanced?: boolean | undefined;
  /** How many channels, 1 by default; up to 5 in one request of the enhanced kind. */
  readonly count?: number | undefined;
  /** What this side wants of the link; raised before the request is sent. */
  readonly security?: SecurityRequirement | undefined;
}

/** What became of an {@link OpenRequest} that at least one channel came of. */
export interface OpenedChannels {
  /** At least one. They are open, and their users were made. */
  readonly channels: readonly CreditChannel[];
  /** `ConnectionResult.Success`, or why the peer refused the others; see `ConnectionResult`. */
  readonly result: number;
}

/** The peer's request for channels to a listener, until it is answered. */
export interface IncomingChannels {
  /** Of the link that it came by. */
  readonly connectionHandle: number;
  readonly spsm: number;
  readonly enhanced: boolean;
  /** How many channels the peer asks for that there can be: 1 to 5. */
  readonly count: number;
  /** This side's ends of them, in their order: theirs alone while it is pending. */
  readonly localCids: readonly number[];
  readonly peerMtu: number;
  readonly peerMps: number;
  /** How many K-frames this side may send at first on each. */
  readonly credits: number;
  /** False once it was answered, by either method or for want of one, or the link has gone. */
  readonly pending: boolean;
  /**
   * Opens the first `count` channels and refuses the others for want of resources. `open` is called for each within
   * this call.
   *
   * @param count - 1 up to what was asked for, and all of that by default.
   * @returns False when it was no longer pending; then `open` is not called.
   */
  accept(open: OpenChannel, count?: number): boolean;
  /**
   * Refuses all.
   *
   * @param result - One of `ConnectionResult`, but neither `Success` nor a pending one, and for a channel that is not
   *   enhanced not `InvalidParameters`.
   * @throws {@link RangeError} It is none of these.
   */
  refuse(result: number): void;
}

/** Who takes channels that peers open to an SPSM. */
export interface SpsmListener extends ChannelLimits {
  /** Fixed, 0x01 to 0x7f, or dynamic, 0x80 to 0xff. By default a dynamic one that is free. */
  readonly spsm?: number | undefined;
  /** Which kind of channels it takes: the enhanced ones alone, or the others alone; by default both (with an MTU of 64). */
  readonly enhanced?: boolean | undefined;
  /** What is asked of the link; a peer that lacks it is refused without asking the listener. */
  readonly security?: SecurityRequirement | undefined;
  /**
   * The peer asks for channels. May answer within the call or later: 20 s later a request is refused for want of
   * resources; the peer of an enhanced one is told to be patient then, and refused 50 s after that.
   */
  requested(request: IncomingChannels): void;
  /** The request was not answered in time, or its link has gone: it is pending no more. */
  withdrawn?(request: IncomingChannels, reason: BleError): void;
}
