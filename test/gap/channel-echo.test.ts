import { describe, expect, it } from "vitest";
import { BleError } from "../../src/common/errors.ts";
import type { Channel } from "../../src/gap/channel.ts";
import type { ChannelListener } from "../../src/gap/channel-listener.ts";
import { outcome } from "../support/two-hosts.ts";
import { type Listening, listening, octets, take } from "./channel-pair.ts";

/** What examples/coc.ts does, telling how each channel has ended. */
async function serve(listener: ChannelListener, ended: (error?: BleError) => void): Promise<void> {
  for await (const channel of listener) void echo(channel).then(ended);
}

async function echo(channel: Channel): Promise<BleError | undefined> {
  try {
    for await (const sdu of channel) await channel.send(sdu.subarray(0, channel.peerMtu));
  } catch (error) {
    if (!(error instanceof BleError)) throw error; // an unhandled rejection, which fails the test
    return error;
  }
  return undefined;
}

/** Serves, and shows in the end that others are still served. */
async function served(
  misbehave: (listening: Listening) => Promise<void>,
): Promise<readonly (BleError | undefined)[]> {
  const all = await listening({ mtu: 4096 });
  const { air, listener, central, peripheral } = all;
  const endings: (BleError | undefined)[] = [];
  const serving = outcome(
    air.track(
      "serve",
      serve(listener, (error) => endings.push(error)),
    ),
  );
  await misbehave(all);
  const link = central.host.connections[0] ?? (await air.connect(central, peripheral)).central;
  const channel = await air.until(link.openChannel({ spsm: listener.spsm }));
  await air.until(channel.send(octets(100)));
  expect(await air.until(take(channel, 1))).toEqual([octets(100)]);
  const before = [...endings];
  await air.until(peripheral.host[Symbol.asyncDispose]());
  expect(await serving).toEqual({ value: undefined });
  await air.expectNothingLeft();
  return before;
}

describe("A program that serves each channel by itself goes on with the others", () => {
  it("after an SDU that is longer than the peer receives", async () => {
    const endings = await served(async ({ air, ends, listener }) => {
      const channel = await air.until(ends.central.openChannel({ spsm: listener.spsm, mtu: 23 }));
      await air.until(channel.send(octets(4096)));
      expect(await air.until(take(channel, 1))).toEqual([octets(4096).subarray(0, 23)]);
    });
    expect(endings).toEqual([]);
  });

  it("when a peer closes before it has the answer", async () => {
    const endings = await served(async ({ air, ends, listener }) => {
      const { spsm } = listener;
      const channel = await air.until(ends.central.openChannel({ spsm, mtu: 23, initialCredits: 1 }));
      for (let i = 0; i < 40; i++) await air.until(channel.send(octets(23)));
      await air.clock.advance(100);
      await air.until(channel[Symbol.asyncDispose]());
      await air.clock.advance(100);
    });
    expect(endings).toMatchObject([{ code: "CHANNEL_CLOSED" }]);
  });

  it("when a peer takes nothing", async () => {
    const endings = await served(async ({ air, ends, listener }) => {
      const channel = await air.until(ends.central.openChannel({ spsm: listener.spsm, initialCredits: 1 }));
      for (let i = 0; i < 100; i++) channel.trySend(octets(2000));
      await air.clock.advance(1_000);
    });
    expect(endings).toEqual([]);
  });

  it("when a peer leaves", async () => {
    const endings = await served(async ({ air, ends, listener }) => {
      const channel = await air.until(ends.central.openChannel({ spsm: listener.spsm }));
      void channel.send(octets(2000));
      await air.until(ends.central.disconnect());
      await air.clock.advance(100);
    });
    expect(endings).toMatchObject([{ code: "DISCONNECTED" }]);
  });
});
