import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BleError, TransportError } from "../src/common/errors.ts";
import type { Connection } from "../src/gap/connection.ts";
import { characteristic, service } from "../src/gatt/service-builder.ts";
import { Host } from "../src/host.ts";
import type { VirtualControllerOptions } from "../transports/virtual/index.ts";
import { runs } from "./support/runs.ts";
import { type Ending, HostsOnAir, outcome, type Station } from "./support/two-hosts.ts";

/** Longer than any time-out there is, in ms. */
const patience = 120_000;
const long = Uint8Array.from({ length: 300 }, (_, i) => i);
const kinds: VirtualControllerOptions[] = [
  {},
  { aclOctets: 27 },
  { aclOctets: 27, aclPackets: 1, leBufferSizeZero: true },
];

class NothingFoundError extends BleError {
  readonly code = "NOTHING_FOUND";
}

/** Two hosts that do all there is to do, one thing after the other and some at once, until something stands in the way. */
class Story {
  readonly air = new HostsOnAir();
  readonly endings: Promise<Ending<unknown>>[] = [];
  readonly central;
  readonly peripheral;
  hosts: { central?: Host; peripheral?: Host } = {};

  constructor(kind: VirtualControllerOptions) {
    this.peripheral = this.air.prepare(kind);
    this.central = this.air.prepare(kind);
  }

  /** How many packets have passed to and from the hosts. */
  get steps(): number {
    return this.central.transport.passed + this.peripheral.transport.passed;
  }

  /** Resolves when it has been told to its end; the endings say how. */
  tell(): Promise<void> {
    return this.#do("the story", this.#plot()).then(
      () => undefined,
      () => undefined,
    );
  }

  /** Closes whatever is open, and sees that every promise came to an end it may have, and that nothing is left. */
  async expectCleanEnd(): Promise<void> {
    const { clock } = this.air;
    for (const host of Object.values(this.hosts)) await clock.until(host[Symbol.asyncDispose]());
    await this.air.expectNothingLeft();
    for (const ending of await Promise.all(this.endings)) {
      if ("error" in ending) expect(ending.error).toBeInstanceOf(BleError);
    }
  }

  #do<T>(name: string, promise: Promise<T>): Promise<T> {
    this.endings.push(outcome(this.air.track(name, promise)));
    return promise;
  }

  #open(side: "central" | "peripheral"): Promise<Host> {
    const opening = Host.open(this[side].transport, { clock: this.air.clock }).then((host) => {
      this.hosts[side] = host;
      return host;
    });
    return this.#do(`open ${side}`, opening);
  }

  async #plot(): Promise<void> {
    const [peripheral, central] = await Promise.all([this.#open("peripheral"), this.#open("central")]);
    const { value } = peripheral.gatt.add(
      service("180d", {
        value: characteristic("2a37", {
          notify: true,
          indicate: true,
          value: long,
          onWrite: () => undefined,
        }),
      }),
    );
    const advertising = await this.#do(
      "advertise",
      peripheral.advertise({ name: "story", services: ["180d"] }),
    );
    const accepted = this.#do("accepted", advertising[Symbol.asyncIterator]().next());
    const watching = this.#do("second scan", this.#watch(central));
    const found = await this.#do("scan", this.#find(central));
    const connection = await this.#do("connect", central.connect(found));
    const elsewhere = this.#do(
      "connect in line",
      central.connect("00:00:00:00:00:99/public", { timeoutMs: 500 }),
    );
    await this.#do("accepted", accepted);
    await this.#exchange(connection, value);
    await this.#do("disconnect", connection.disconnect());
    await Promise.allSettled([watching, elsewhere]);
    await this.#do("stop", advertising[Symbol.asyncDispose]());
  }

  async #exchange(
    connection: Connection,
    value: { notify(v: Uint8Array): Promise<number>; indicate(v: Uint8Array): Promise<number> },
  ): Promise<void> {
    await this.#do("services", connection.gatt.services());
    const remote = await this.#do("characteristic", connection.gatt.characteristic("180d", "2a37"));
    const reading = this.#do("read", remote.read());
    const writing = this.#do("write", remote.write(Uint8Array.of(1, 2, 3)));
    await Promise.all([reading, writing]);
    const values = remote.notifications();
    const first = this.#do("notification", values.next());
    await this.#do("mtu", connection.gatt.services());
    await this.#do("another read", remote.read()); // by now the server has heard of the subscription
    await this.#do("notify", value.notify(long));
    await first;
    await this.#do("unsubscribe", values.return());
    const subscription = await this.#do("subscribe", remote.subscribe({ indicate: true }));
    await this.#do("indicate", value.indicate(long));
    await this.#do("unsubscribe", Promise.resolve(subscription[Symbol.asyncDispose]()));
  }

  async #find(central: Host): Promise<string> {
    const options = { services: ["180d"], durationMs: 2000 };
    for await (const { address } of central.scan(options)) return address.toString();
    throw new NothingFoundError("the peripheral is gone");
  }

  async #watch(central: Host): Promise<void> {
    for await (const found of central.scan({ durationMs: 5000 })) expect(found.address).toBeDefined();
  }
}

/** Tells a story in which, after so many packets, something happens. */
async function interrupted(
  kind: VirtualControllerOptions,
  at: number,
  happen: (story: Story) => void,
): Promise<Story> {
  const story = new Story(kind);
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

/** How long the story is when nothing stands in its way. */
async function length(kind: VirtualControllerOptions): Promise<number> {
  return (await interrupted(kind, Infinity, () => undefined)).steps;
}

const sides = fc.constantFrom("central" as const, "peripheral" as const);
const anyKind = fc.constantFrom(...kinds);

/** Tries an interruption at every step of the story, or at as many as the number of runs allows. */
async function anywhere(happen: (story: Story, side: "central" | "peripheral") => void): Promise<void> {
  const lengths = new Map<VirtualControllerOptions, number>();
  for (const kind of kinds) lengths.set(kind, await length(kind));
  const point = anyKind.chain((kind) =>
    fc.record({
      kind: fc.constant(kind),
      side: sides,
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

describe("Whatever happens in the middle of anything", () => {
  it.each(kinds)("a story that nothing disturbs ends well on %j", async (kind) => {
    const story = await interrupted(kind, Infinity, () => undefined);
    const failed = (await Promise.all(story.endings)).flatMap((ending) =>
      "error" in ending ? [ending.error] : [],
    );
    expect(failed).toMatchObject([{ code: "CONNECT_TIMEOUT" }]); // the device that is not there
    expect(story.steps).toBeGreaterThan(100);
  });

  it("a transport that fails ends every pending promise with a typed error and leaves no timer", async () => {
    await anywhere((story, side) => {
      story[side].transport.fail(new Error("unplugged"));
    });
  });

  it("a transport that closes without a reason does the same", async () => {
    await anywhere((story, side) => {
      void story[side].transport[Symbol.asyncDispose]();
    });
  });

  it("a host that is closed does the same", async () => {
    await anywhere((story, side) => {
      const host = story.hosts[side];
      // From within a packet: the worst moment there is.
      if (host) void host[Symbol.asyncDispose]();
    });
  });

  it("both hosts closed at once do the same", async () => {
    await anywhere((story) => {
      for (const host of Object.values(story.hosts)) void host[Symbol.asyncDispose]();
    });
  });

  it("a controller that answers nothing any more does the same, in time", async () => {
    await anywhere((story, side) => {
      story[side].transport.onPacket = () => undefined;
    });
  });

  it("the air that is switched off does the same", async () => {
    await anywhere((story) => {
      void story.air.air[Symbol.asyncDispose]();
    });
  });

  it("a connection that either side ends does the same", async () => {
    await anywhere((story, side) => {
      for (const connection of story.hosts[side]?.connections ?? []) void connection.disconnect();
    });
  });

  it("the reason of a failed transport is the cause of what is rejected", async () => {
    const air = new HostsOnAir();
    const station: Station = await air.open();
    const scan = outcome(station.host.scan().next());
    const connect = outcome(station.host.connect("00:00:00:00:00:99/public"));
    await air.clock.advance(100);
    const cause = new Error("unplugged");
    station.transport.fail(cause);
    const expected = { error: { constructor: TransportError, code: "TRANSPORT", cause } };
    expect(await air.until(Promise.all([scan, connect]))).toMatchObject([expected, expected]);
    expect(await air.ending(station.host.advertise())).toMatchObject(expected);
    await air.expectNothingLeft();
  });
});
