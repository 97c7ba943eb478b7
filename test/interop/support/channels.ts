import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import type { Channel } from "../../../src/gap/channel.ts";
import { type PairingLink, swallowed } from "./pairing.ts";

const spsm = 0x80;
const mtu = 2048;

/** What a transfer has come to. */
interface Sum {
  readonly octets: number;
  readonly sha256: string;
}

/** A hundred SDUs of the longest kind take several K-frames each, and more credits than either side begins with. */
const transfer = { count: 100, size: mtu };

/** What the transfer comes to when nothing is lost or changed. */
function whole({ count, size }: typeof transfer): Sum {
  const hash = createHash("sha256");
  for (let i = 0; i < count; i++) hash.update(new Uint8Array(size).fill(i & 0xff));
  return { octets: count * size, sha256: hash.digest("hex") };
}

async function receive(channel: Channel, { count }: typeof transfer): Promise<Sum> {
  const hash = createHash("sha256");
  const sdus = channel[Symbol.asyncIterator]();
  let octets = 0;
  for (let i = 0; i < count; i++) {
    const { value } = await sdus.next();
    if (!value) throw new Error(`the channel has closed after ${i} SDUs`);
    hash.update(value);
    octets += value.length;
  }
  return { octets, sha256: hash.digest("hex") };
}

async function send(channel: Channel, { count, size }: typeof transfer): Promise<void> {
  for (let i = 0; i < count; i++) await channel.send(new Uint8Array(size).fill(i & 0xff));
}

/** Our host listens and the peer opens the channel. @param initialCredits - What the peer gets. */
export async function openedByPeer({ host, peer }: PairingLink, initialCredits: number): Promise<Channel> {
  const listener = host.listen({ spsm, mtu, initialCredits });
  const incoming = listener[Symbol.asyncIterator]().next();
  expect(await peer.call<object>("openChannel", { spsm, mtu })).toMatchObject({
    txMtu: mtu,
    credits: initialCredits,
  });
  const { value: channel } = await incoming;
  if (!channel) throw new Error("the listener has ended");
  return channel;
}

async function openedByUs({ connection, peer }: PairingLink): Promise<Channel> {
  await peer.call("listen", { spsm, mtu });
  const channel = await connection.openChannel({ spsm, mtu });
  await peer.next("channel");
  return channel;
}

async function heard({ peer }: PairingLink): Promise<Sum> {
  await peer.many("sdu", transfer.count);
  return peer.call<Sum>("received");
}

/** Credit-based channels with a peer. */
export function testChannels(link: (part: string) => Promise<PairingLink>): void {
  it("takes a channel that we open, and 200 KiB in each direction arrive unharmed", async () => {
    await using made = await link("channel-ours");
    const channel = await openedByUs(made);
    expect(channel.peerMtu).toBe(mtu);
    await send(channel, transfer);
    expect(await heard(made)).toEqual(whole(transfer));
    void swallowed(made.peer.call("send", transfer));
    expect(await receive(channel, transfer)).toEqual(whole(transfer));
  });

  it("opens a channel, and 200 KiB in each direction arrive unharmed", async () => {
    await using made = await link("channel-theirs");
    const channel = await openedByPeer(made, 2000); // it forgets to take more: see what is wrong with it
    await send(channel, transfer);
    expect(await heard(made)).toEqual(whole(transfer));
    void swallowed(made.peer.call("send", transfer));
    expect(await receive(channel, transfer)).toEqual(whole(transfer));
  });

  it("carries both directions of a channel at the same time", async () => {
    await using made = await link("channel-both");
    const channel = await openedByUs(made);
    void swallowed(made.peer.call("send", transfer));
    const [, came] = await Promise.all([send(channel, transfer), receive(channel, transfer)]);
    expect(came).toEqual(whole(transfer));
    expect(await heard(made)).toEqual(whole(transfer));
  });

  it("refuses a channel, for want of resources and because nobody listens", async () => {
    await using made = await link("channel-refused");
    const none = made.connection.openChannel({ spsm });
    await expect(none).rejects.toMatchObject({ code: "CHANNEL_REFUSED", result: 2 });
    await made.peer.call("refuseChannels", { spsm });
    const refused = made.connection.openChannel({ spsm });
    await expect(refused).rejects.toMatchObject({ code: "CHANNEL_REFUSED", result: 4 });
  });

  it("is refused a channel where nobody listens", async () => {
    await using made = await link("channel-nobody");
    await expect(made.peer.call("openChannel", { spsm, mtu })).rejects.toThrow("LE_PSM_NOT_SUPPORTED");
  });

  it("closes a channel that we have opened, and hears when we close one", async () => {
    await using made = await link("channel-close");
    const first = await openedByUs(made);
    await made.peer.call("closeChannel");
    expect(await first.closed).toMatchObject({ code: "CHANNEL_CLOSED" });
    await made.peer.next("channelClosed");
    const second = await openedByUs(made);
    await second[Symbol.asyncDispose]();
    await made.peer.next("channelClosed");
  });
}
