import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { BleError } from "../src/common/errors.ts";
import type { Channel } from "../src/gap/channel.ts";
import type { Connection } from "../src/gap/connection.ts";
import { characteristic, service } from "../src/gatt/service-builder.ts";
import { VirtualAir, type VirtualControllerOptions } from "../transports/virtual/index.ts";
import { octets, take, takeAll } from "./gap/channel-pair.ts";
import { runs } from "./support/runs.ts";
import { type Ending, HostsOnAir, outcome, type Station } from "./support/two-hosts.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

/** Longer than any time-out there is, in ms. */
const patience = 120_000;
const kinds: VirtualControllerOptions[] = [{}, { aclOctets: 27 }, { aclOctets: 27, aclPackets: 1 }];

/** All that two hosts do with channels, some of it at once, until something stands in the way. */
class ChannelStory {
  readonly air = new HostsOnAir();
  readonly endings: Promise<Ending<unknown>>[] = [];
  central!: Station;
  peripheral!: Station;
  ends!: Record<"central" | "peripheral", Connection>;
  #before = 0;

  /** Two hosts and their link: not part of the story. */
  static async begin(kind: VirtualControllerOptions): Promise<ChannelStory> {
    const story = new ChannelStory();
    story.peripheral = await story.air.open(kind);
    story.central = await story.air.open(kind);
    story.ends = await story.air.connect(story.central, story.peripheral);
    story.#before = story.#passed;
    return story;
  }

  /** How many packets have passed to and from the hosts. */
  get steps(): number {
    return this.#passed - this.#before;
  }

  get #passed(): number {
    return this.central.transport.passed + this.peripheral.transport.passed;
  }

  /** Resolves when it has been told to its end; the endings say how. */
  tell(): Promise<unknown> {
    return Promise.allSettled([this.#serve(), this.#visit()]);
  }

  async expectCleanEnd(): Promise<void> {
    await this.air.expectNothingLeft();
    for (const ending of await Promise.all(this.endings)) {
      if ("error" in ending) expect(ending.error).toBeInstanceOf(BleError);
    }
  }

  #do<T>(name: string, promise: Promise<T>): Promise<T> {
    this.endings.push(outcome(this.air.track(name, promise)));
    return promise;
  }

  async #serve(): Promise<void> {
    const listener = this.peripheral.host.listen({ spsm: 0x80, mtu: 300, mps: 64, initialCredits: 6 });
    const served: Promise<unknown>[] = [];
    for (let i = 0; i < 5; i++) {
      const { value: channel } = await this.#do("incoming", listener[Symbol.asyncIterator]().next());
      if (channel) served.push(this.#do("echo", this.#echo(channel)));
    }
    await Promise.allSettled(served);
    await this.#do("listener", Promise.resolve(listener[Symbol.asyncDispose]()));
  }

  async #echo(channel: Channel): Promise<void> {
    for await (const sdu of channel) await this.#do("echoed", channel.send(sdu));
  }

  async #visit(): Promise<void> {
    const { central, peripheral } = this.ends;
    const first = await this.#do("open", central.openChannel({ spsm: 0x80, mtu: 300 }));
    const more = await this.#do("open three", central.openChannel({ spsm: 0x80, mtu: 300, count: 3 }));
    const refused = outcome(this.#do("refused", central.openChannel({ spsm: 0x99 })));
    const updated = this.#do("update", peripheral.updateParameters({ latency: 1 }));
    const sends = [first, ...more].flatMap((channel, i) =>
      [0, 1, 300].map((length) => this.#do("send", channel.send(octets(length, i)))),
    );
    const echoes = [first, ...more].map((channel) => this.#do("take", take(channel, 3)));
    await Promise.all([...sends, ...echoes]);
    await refused;
    await updated;
    await this.#do("reconfigure", more[0]!.reconfigure({ mtu: 500 }));
    const writer = more[0]!.writable.getWriter();
    void writer.closed.catch(() => undefined);
    await this.#do("write", writer.write(octets(700)));
    await this.#do("close writer", writer.close());
    await this.#do("dispose", Promise.resolve(more[1]![Symbol.asyncDispose]()));
    const near = central.openFixedChannel(0x30);
    const far = peripheral.openFixedChannel(0x30);
    const payload = this.#do("fixed", far[Symbol.asyncIterator]().next());
    await this.#do("send fixed", near.send(octets(100)));
    await payload;
    const last = await this.#do("open once more", central.openChannel({ spsm: 0x80 }));
    void this.#do("not awaited", last.send(octets(300)));
    await Promise.all(
      [more[2]!, first, last].map((channel) => this.#do("dispose", channel[Symbol.asyncDispose]())),
    );
  }
}

/** Tells a story in which, after so many packets, something happens. */
async function interrupted(
  kind: VirtualControllerOptions,
  at: number,
  happen: (story: ChannelStory) => void,
): Promise<ChannelStory> {
  const story = await ChannelStory.begin(kind);
  let left = at;
  for (const { transport } of [story.central, story.peripheral]) {
    transport.onPacket = (packet) => {
      if (left-- === 0) happen(story);
      return packet;
    };
  }
  const told = story.tell();
  await story.air.clock.advance(patience);
  await story.expectCleanEnd();
  await story.air.until(told);
  return story;
}

/** Tries an interruption at every step of the story, or at as many as the number of runs allows. */
async function anywhere(
  happen: (story: ChannelStory, side: "central" | "peripheral") => void,
): Promise<void> {
  const lengths = new Map<VirtualControllerOptions, number>();
  for (const kind of kinds) lengths.set(kind, (await interrupted(kind, Infinity, () => undefined)).steps);
  const point = fc.constantFrom(...kinds).chain((kind) =>
    fc.record({
      kind: fc.constant(kind),
      side: fc.constantFrom("central" as const, "peripheral" as const),
      at: fc.integer({ min: 0, max: lengths.get(kind) ?? 0 }),
    }),
  );
  await fc.assert(
    fc.asyncProperty(point, async ({ kind, side, at }) => {
      await interrupted(kind, at, (story) => {
        happen(story, side);
      });
    }),
    { ...runs, endOnFailure: true },
  );
}

describe("Whatever happens in the middle of channels", () => {
  it.each(kinds)("a story that nothing disturbs ends well on %j", async (kind) => {
    const story = await interrupted(kind, Infinity, () => undefined);
    const failed = (await Promise.all(story.endings)).flatMap((ending) =>
      "error" in ending ? [ending.error] : [],
    );
    // Beside the channel that nobody takes: echoes to a channel that its peer has closed meanwhile.
    const others = failed.filter((error) => (error as BleError).code !== "CHANNEL_CLOSED");
    expect(others).toMatchObject([{ code: "CHANNEL_REFUSED" }]);
    expect(story.steps).toBeGreaterThan(100);
  });

  it.each<[string, (story: ChannelStory, side: "central" | "peripheral") => void]>([
    ["a transport that fails", (story, side) => story[side].transport.fail(new Error("unplugged"))],
    ["a host that is closed", (story, side) => void story[side].host[Symbol.asyncDispose]()],
    ["a link that is disconnected", (story, side) => void story.ends[side].disconnect()],
    [
      "a controller that answers nothing any more",
      (story, side) => {
        story[side].transport.onPacket = () => undefined;
      },
    ],
    [
      "a peer that is heard no more",
      (story, side) => {
        story[side].transport.onPacket = (packet, toHost) =>
          !toHost && packet[0] === 2 ? undefined : packet;
      },
    ],
    ["the air that is switched off", (story) => void story.air.air[Symbol.asyncDispose]()],
  ])("%s ends every pending promise with a typed error and leaves no timer", async (_name, happen) => {
    await anywhere(happen);
  });
});

/** An air on which packets take their time. */
class TimedAir extends HostsOnAir {
  override readonly air: VirtualAir = new VirtualAir({ clock: this.clock, timing: "air" });
}

describe("Bulk data starves nobody", () => {
  it.each([
    ["251-octet buffers", { aclOctets: 251, aclPackets: 12 }],
    ["27-octet buffers", { aclOctets: 27, aclPackets: 12 }],
    ["two buffers", { aclOctets: 251, aclPackets: 2 }],
  ] as const)(
    "a read on another link is at most two connection intervals slower than without, on %s",
    async (_name, kind) => {
      const { air, bulk, other } = await busyCentral(kind);
      const remote = await air.until(other.gatt.characteristic("180f", "2a19"));
      const idle = await slowest(air, () => remote.read());
      const transfer = await startTransfer(air, bulk);
      const busy = await slowest(air, () => remote.read());
      expect(transfer.sent(), "a transfer is under way").toBeGreaterThan(20);
      expect(busy - idle).toBeLessThanOrEqual(2 * other.parameters.intervalMs);
      await transfer.stop();
      await air.expectNothingLeft();
    },
  );

  it("a read on the same link goes before the data that has not reached the controller", async () => {
    const { air, bulk } = await busyCentral({ aclOctets: 251, aclPackets: 12 });
    const remote = await air.until(bulk.gatt.characteristic("180f", "2a19"));
    const idle = await slowest(air, () => remote.read());
    const transfer = await startTransfer(air, bulk);
    const busy = await slowest(air, () => remote.read());
    expect(transfer.sent(), "a transfer is under way").toBeGreaterThan(20);
    expect(busy - idle).toBeLessThanOrEqual(4 * bulk.parameters.intervalMs);
    await transfer.stop();
    await air.expectNothingLeft();
  });
});

/** A central with two links; the peers offer a battery and take channels. */
async function busyCentral(
  kind: VirtualControllerOptions,
): Promise<{ air: HostsOnAir; bulk: Connection; other: Connection }> {
  const air = new TimedAir();
  const central = await air.open(kind);
  const links: Connection[] = [];
  for (let i = 0; i < 2; i++) {
    const peripheral = await air.open(kind);
    const { host } = peripheral;
    host.gatt.add(service("180f", { level: characteristic("2a19", { value: Uint8Array.of(93) }) }));
    const listener = host.listen({ spsm: 0x80 });
    void (async () => {
      for await (const channel of listener) void takeAll(channel).catch(() => undefined);
    })().catch(() => undefined);
    links.push((await air.connect(central, peripheral)).central);
  }
  return { air, bulk: links[0]!, other: links[1]! };
}

/** Sends SDUs as fast as the channel lets it. */
async function startTransfer(
  air: HostsOnAir,
  connection: Connection,
): Promise<{ sent(): number; stop(): Promise<void> }> {
  const channel = await air.until(connection.openChannel({ spsm: 0x80 }));
  let sent = 0;
  let stopped = false;
  const sending = (async () => {
    while (!stopped) {
      await channel.send(octets(2048));
      sent++;
    }
  })();
  await air.clock.advance(2_000);
  return {
    sent: () => sent,
    stop: async () => {
      stopped = true;
      await air.until(sending);
      await air.until(channel[Symbol.asyncDispose]());
    },
  };
}

/** The longest of many times, in ms. */
async function slowest(air: HostsOnAir, work: () => Promise<unknown>): Promise<number> {
  let most = 0;
  for (let i = 0; i < 50; i++) {
    const began = air.clock.now();
    await air.until(work());
    most = Math.max(most, air.clock.now() - began);
    await air.clock.advance(i * 1.7); // at all phases of the connection events
  }
  return most;
}
