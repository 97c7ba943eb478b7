import type { Channel } from "../../src/gap/channel.ts";
import type { ChannelListener, ListenOptions } from "../../src/gap/channel-listener.ts";
import type { OpenChannelOptions } from "../../src/gap/channel-opening.ts";
import type { Connection } from "../../src/gap/connection.ts";
import type { VirtualControllerOptions } from "../../transports/virtual/index.ts";
import { type Station, type TwoHosts, twoHosts } from "../support/two-hosts.ts";

/** Two hosts with a link, and a listener on the peripheral. */
export interface Listening extends TwoHosts {
  readonly ends: { readonly central: Connection; readonly peripheral: Connection };
  readonly listener: ChannelListener;
}

/** The same with a channel that the central has opened. */
export interface ChannelPair extends Listening {
  /** The central's end. */
  readonly near: Channel;
  /** The peripheral's end. */
  readonly far: Channel;
}

/** Connects two hosts of one kind; the peripheral listens. */
export async function listening(
  options: ListenOptions = {},
  kind: VirtualControllerOptions = {},
): Promise<Listening> {
  const pair = await twoHosts(kind);
  const listener = pair.peripheral.host.listen(options);
  return { ...pair, listener, ends: await pair.air.connect(pair.central, pair.peripheral) };
}

/** Opens a channel to a listener that takes everybody. */
export async function opened(
  { air, ends, listener }: Listening,
  options: Partial<OpenChannelOptions> = {},
): Promise<{ readonly near: Channel; readonly far: Channel }> {
  const near = await air.until(ends.central.openChannel({ spsm: listener.spsm, ...options }));
  return { near, far: await taken(air, listener) };
}

/** The next channel of a listener. */
export async function taken(air: TwoHosts["air"], listener: ChannelListener): Promise<Channel> {
  const { value } = await air.until(listener[Symbol.asyncIterator]().next());
  if (!value) throw new Error("the listener has ended");
  return value;
}

/** Two hosts and a channel between them. */
export async function channelPair(
  listen: ListenOptions = {},
  open: Partial<OpenChannelOptions> = {},
  kind: VirtualControllerOptions = {},
): Promise<ChannelPair> {
  const pair = await listening(listen, kind);
  return { ...pair, ...(await opened(pair, open)) };
}

/** From now on what a host receives is gone when it has been told of it, as in the buffer of a serial port. */
export function lendOnly({ transport }: Station): void {
  transport.onPacket = (packet, toHost) => {
    if (!toHost) return packet;
    const lent = Buffer.from(packet);
    transport.inject(lent);
    lent.fill(0xee);
    return undefined;
  };
}

/** So many octets that differ from those before and behind them. */
export function octets(length: number, seed = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 7 + (i >> 8) + seed) & 0xff);
}

/** Takes so many SDUs. */
export async function take(channel: Channel, count: number): Promise<Uint8Array[]> {
  const sdus: Uint8Array[] = [];
  if (count === 0) return sdus;
  for await (const sdu of channel) {
    sdus.push(sdu);
    if (sdus.length === count) break;
  }
  return sdus;
}

/** Takes all SDUs up to the end. */
export async function takeAll(channel: Channel): Promise<Uint8Array[]> {
  const sdus: Uint8Array[] = [];
  for await (const sdu of channel) sdus.push(sdu);
  return sdus;
}
