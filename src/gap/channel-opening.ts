import type { Clock } from "../common/clock.ts";
import { checkOptions, type OptionKinds } from "../common/options.ts";
import { type CallOptions, promised } from "../common/promised.ts";
import type { SecurityRequirement } from "../common/security.ts";
import type { Turn } from "../common/turn.ts";
import type { OpenChannel, OpenedChannels, OpenRequest } from "../l2cap/credit-channel.ts";
import type { L2capLink } from "../l2cap/l2cap.ts";
import { Channel } from "./channel.ts";
import type { Connection } from "./connection.ts";

/** Octets of the longest SDU that a channel receives where the program does not say. */
export const defaultChannelMtu = 2048;

/** What this side of a channel receives; the peer says the same of its own. */
export interface ChannelOptions {
  /** Octets of the longest SDU, 23 to 65535, from 64 for an enhanced channel. Default 2048. */
  readonly mtu?: number | undefined;
  /**
   * Octets of the longest K-frame, 23 to 65533, from 64 for an enhanced channel. By default as long as one packet of
   * the radio carries, 247, or a whole SDU if that is less.
   */
  readonly mps?: number | undefined;
  /**
   * How many K-frames the peer may send ahead of what the program has taken, 1 to 65535: `initialCredits * mps` octets
   * bound what this side holds for it. By default enough for two of the longest SDUs, and 32 at least.
   */
  readonly initialCredits?: number | undefined;
}

/** Which channel to open. */
export interface OpenChannelOptions extends ChannelOptions, CallOptions {
  /** Where the peer listens, 0x01 to 0xff. */
  readonly spsm: number;
  /** An enhanced channel, which can be reconfigured, and of which one request opens several. Default `false`. */
  readonly enhanced?: boolean | undefined;
  /** What this side asks of the link before it opens the channel. What the peer asks is raised by itself, once. */
  readonly security?: SecurityRequirement | undefined;
}

/** Which channels to open with one request. */
export interface OpenChannelsOptions extends OpenChannelOptions {
  /** How many, 1 to 5. They are enhanced ones. */
  readonly count: number;
}

/** Where channels are opened. */
export interface ChannelOpener {
  readonly connection: Connection;
  readonly l2cap: L2capLink;
  readonly clock: Clock;
  readonly turn: Turn;
}

/** What {@link ChannelOptions} may be. */
export const channelOptionKinds: OptionKinds = { mtu: "number", mps: "number", initialCredits: "number" };

const openOptionKinds: OptionKinds = {
  spsm: "number",
  count: "number",
  enhanced: "boolean",
  ...channelOptionKinds,
  security: "object",
  signal: "signal",
};

/** @throws {@link TypeError} There is no such option, or it is of another kind, or `spsm` is missing. */
export function checkOpenOptions(options: Partial<OpenChannelOptions>): void {
  const example = "{ spsm: 0x80 }";
  checkOptions("openChannel", options, openOptionKinds, example);
  if (options.spsm === undefined) {
    throw new TypeError(`spsm: say where the peer listens, 0x01 to 0xff, such as ${example}`);
  }
}

/** Opens channels; those that the peer has agreed to. Vol 3, Part A, 4.22 and 4.25. */
export async function openChannels(
  { connection, l2cap, clock, turn }: ChannelOpener,
  options: OpenChannelOptions & { readonly count?: number | undefined },
): Promise<readonly Channel[]> {
  const { signal, spsm, count, enhanced = count !== undefined, security } = options;
  const { mtu = defaultChannelMtu, mps, initialCredits } = options;
  const request: OpenRequest = { spsm, count, enhanced, security, mtu, mps, initialCredits };
  const opened: Channel[] = [];
  const open: OpenChannel = (channel) => {
    const mine = new Channel({ connection, channel, clock, turn });
    opened.push(mine);
    return mine.user;
  };
  let callOff: (() => void) | undefined;
  const aborted = (): void => {
    if (callOff) turn.run(callOff);
  };
  signal?.throwIfAborted();
  // Before the promise listens: a channel that comes in the same turn must find the attempt called off.
  signal?.addEventListener("abort", aborted, { once: true });
  try {
    await promised<OpenedChannels>(
      (done) => {
        turn.run(() => {
          callOff = l2cap.openChannels(request, open, done);
        });
      },
      { signal },
    );
  } finally {
    signal?.removeEventListener("abort", aborted);
  }
  return opened;
}
