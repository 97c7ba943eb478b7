import { describe, expect, it } from "vitest";
import { Address } from "../../src/common/address.ts";
import { HostClosedError } from "../../src/common/errors.ts";
import type { Connection } from "../../src/gap/connection.ts";
import type { ConnectOptions } from "../../src/gap/connect-options.ts";
import { ConnectTimeoutError, UnavailableError } from "../../src/gap/error.ts";
import type { Found } from "../../src/gap/found.ts";
import { encodeEvent } from "../../src/hci/event.ts";
import { HciError } from "../../src/hci/error.ts";
import { LeConnectionComplete, LeEnhancedConnectionComplete } from "../../src/hci/events/le-connection.ts";
import { LeCreateConnectionCancel } from "../../src/hci/commands/le-connection.ts";
import { Status } from "../../src/hci/status.ts";
import type { Host } from "../../src/host.ts";
import { countingSignal } from "../support/counting-signal.ts";
import { controllerKinds, outcome, type Station, twoHosts } from "../support/two-hosts.ts";

const nobody = "00:00:00:00:00:99/public";

/** The initiating commands that were sent. */
function asked({ transport }: Station): string[] {
  return transport.commands.flatMap((name) =>
    name.includes("Create_Connection") ? name.replace("_Extended", "") : [],
  );
}

/** A link as central that nobody asked for. */
const complete = (peerAddress: number, status = 0): Uint8Array =>
  encodeEvent(LeEnhancedConnectionComplete, {
    status,
    connectionHandle: 0x0e00,
    role: 0,
    peerAddressType: 0,
    peerAddress,
    localResolvablePrivateAddress: 0,
    peerResolvablePrivateAddress: 0,
    connectionInterval: 24,
    peripheralLatency: 0,
    supervisionTimeout: 400,
    centralClockAccuracy: 0,
  });

describe("Connecting", () => {
  it.each(controllerKinds)("works between controllers with %s", async (_, kind) => {
    const { air, central, peripheral } = await twoHosts(kind);
    const { central: made, peripheral: taken } = await air.connect(central, peripheral);
    expect([made.role, taken.role]).toEqual(["central", "peripheral"]);
    expect(made.peerAddress.equals(peripheral.host.address)).toBe(true);
    expect(taken.peerAddress.equals(central.host.address)).toBe(true);
    expect([central.host.connections, peripheral.host.connections]).toEqual([[made], [taken]]);
    expect([made.mtu, made.connected, made.disconnectReason]).toEqual([23, true, undefined]);
    await air.expectNothingLeft();
  });

  const forms: [name: string, form: (host: Host) => Address | string][] = [
    ["text", ({ address }) => address.toString()],
    [
      "text with dashes in lower case",
      ({ address }) => address.toString().replaceAll(":", "-").toLowerCase(),
    ],
    ["an Address", ({ address }) => new Address(address.type, address.value)],
  ];
  it.each(forms)("takes %s", async (_, form) => {
    const { air, central, peripheral } = await twoHosts();
    await air.until(peripheral.host.advertise());
    const connection = await air.until(central.host.connect(form(peripheral.host)));
    expect(connection.peerAddress.toString()).toBe(peripheral.host.address.toString());
    await air.expectNothingLeft();
  });

  it("takes what a scan has found, also from within its loop", async () => {
    const { air, central, peripheral } = await twoHosts();
    await air.until(peripheral.host.advertise({ services: ["180d"] }));
    const connect = async (): Promise<[Found, Connection] | undefined> => {
      for await (const found of central.host.scan({ services: ["180d"] })) {
        return [found, await central.host.connect(found)];
      }
      return undefined;
    };
    const [found, connection] = (await air.until(connect()))!;
    expect(connection.peerAddress.equals(found.address)).toBe(true);
    await air.expectNothingLeft();
  });

  it("finds a peer with a random address, which is not the one with the same public address", async () => {
    const { air, central } = await twoHosts();
    const random = await air.open({}, { randomAddress: "C0:FF:EE:00:00:01/random" });
    await air.until(random.host.advertise());
    const wrong = await air.ending(central.host.connect("C0:FF:EE:00:00:01/public", { timeoutMs: 100 }));
    expect(wrong).toMatchObject({ error: { constructor: ConnectTimeoutError } });
    const connection = await air.until(central.host.connect("C0:FF:EE:00:00:01/random"));
    expect(connection.peerAddress.kind).toBe("static");
    await air.expectNothingLeft();
  });

  const wrong: [why: string, options: ConnectOptions, text: string][] = [
    ["a time-out below 0", { timeoutMs: -1 }, "timeoutMs"],
    ["a time-out that timers cannot wait for", { timeoutMs: Infinity }, "timeoutMs"],
    ["an interval below 7.5 ms", { minIntervalMs: 7 }, "minIntervalMs"],
    ["an interval above 4 s", { maxIntervalMs: 4001 }, "maxIntervalMs"],
    ["an interval that is no number", { minIntervalMs: Number.NaN }, "IntervalMs"],
    ["a least interval above the most", { minIntervalMs: 60, maxIntervalMs: 50 }, "minIntervalMs"],
    ["a latency above 499", { latency: 500 }, "latency"],
    ["a latency that is not whole", { latency: 0.5 }, "latency"],
    ["a supervision timeout above 32 s", { supervisionTimeoutMs: 32_001 }, "supervisionTimeoutMs"],
    [
      "a supervision timeout that the peripheral could sleep through",
      { latency: 39 },
      "supervisionTimeoutMs: 4000 ms",
    ],
  ];
  it.each(wrong)(
    "refuses %s with a RangeError that names it, and sends nothing",
    async (_, options, text) => {
      const { air, central } = await twoHosts();
      const { error } = (await air.ending(central.host.connect(nobody, options))) as { error: Error };
      expect(error).toBeInstanceOf(RangeError);
      expect(error.message).toContain(text);
      expect(asked(central)).toEqual([]);
      await air.expectNothingLeft();
    },
  );

  it("refuses an address that is none", async () => {
    const { air, central } = await twoHosts();
    expect(await air.ending(central.host.connect("heart rate"))).toMatchObject({
      error: { constructor: SyntaxError },
    });
  });

  it("asks for the parameters wanted; the end of the interval that was left open follows the other", async () => {
    const { air, central, peripheral } = await twoHosts();
    await air.until(peripheral.host.advertise());
    const options = { maxIntervalMs: 15, latency: 4, supervisionTimeoutMs: 2000 };
    const connection = await air.until(central.host.connect(peripheral.host.address, options));
    expect(connection.parameters).toEqual({ intervalMs: 15, latency: 4, supervisionTimeoutMs: 2000 });
    await air.until(connection.disconnect());
    const slow = await air.until(central.host.connect(peripheral.host.address, { minIntervalMs: 100 }));
    expect(slow.parameters.intervalMs).toBe(100);
    await air.expectNothingLeft();
  });

  it("gives up after its time, and the controller stops trying before the promise rejects", async () => {
    const { air, central, peripheral } = await twoHosts();
    const ending = await air.ending(central.host.connect(peripheral.host.address));
    expect(ending).toMatchObject({ error: { constructor: ConnectTimeoutError, code: "CONNECT_TIMEOUT" } });
    expect(air.clock.now()).toBe(30_000);
    expect(asked(central)).toEqual(["LE_Create_Connection", "LE_Create_Connection_Cancel"]);
    await air.until(peripheral.host.advertise());
    await air.clock.advance(1000);
    expect([central.host.connections, peripheral.host.connections]).toEqual([[], []]);
    await air.until(central.host.connect(peripheral.host.address));
    await air.expectNothingLeft();
  });

  it("is called off by its signal, on the air too, and lets go of it", async () => {
    const { air, central, peripheral } = await twoHosts();
    const { signal, abort, listeners } = countingSignal();
    const connecting = central.host.connect(peripheral.host.address, { signal });
    await air.clock.advance(100);
    abort("enough");
    expect(await air.ending(connecting)).toEqual({ error: "enough" });
    expect(asked(central)).toEqual(["LE_Create_Connection", "LE_Create_Connection_Cancel"]);
    await air.until(peripheral.host.advertise());
    await air.clock.advance(1000);
    expect(peripheral.host.connections).toEqual([]);
    expect(listeners()).toBe(0);
    await air.expectNothingLeft();
  });

  it("called off beside another leaves the other on the air", async () => {
    const { air, central } = await twoHosts({ acceptListSize: 8 });
    const first = outcome(central.host.connect(nobody, { timeoutMs: 1000 }));
    const { signal, abort, listeners } = countingSignal();
    const second = central.host.connect("00:00:00:00:00:98/public", { signal });
    await air.clock.advance(100);
    abort(null);
    expect(await air.ending(second)).toEqual({ error: null });
    expect(air.clock.now()).toBe(100);
    expect(await air.until(first)).toMatchObject({ error: { constructor: ConnectTimeoutError } });
    expect(air.clock.now()).toBe(1000);
    // Alone, with the other through the Filter Accept List, alone again, and then no more.
    const [create, cancel] = ["LE_Create_Connection", "LE_Create_Connection_Cancel"];
    expect(asked(central)).toEqual([create, cancel, create, cancel, create, cancel]);
    expect(listeners()).toBe(0);
    await air.expectNothingLeft();
  });

  it("of several peers at once takes each as it appears, through the Filter Accept List (Vol 4, Part E, 7.8.12)", async () => {
    const { air, central, peripheral } = await twoHosts({ acceptListSize: 8 });
    const late = await air.open();
    const absent = outcome(central.host.connect(nobody, { timeoutMs: 3000 }));
    const both = [peripheral, late].map(({ host }) =>
      central.host.connect(host.address, { timeoutMs: 3000 }),
    );
    await air.clock.advance(1000);
    await air.until(late.host.advertise());
    expect((await air.until(both[1]!)).peerAddress.toString()).toBe(late.host.address.toString());
    await air.until(peripheral.host.advertise());
    await air.until(both[0]!);
    expect(air.clock.now()).toBeLessThan(1500);
    expect(await air.until(absent)).toMatchObject({ error: { constructor: ConnectTimeoutError } });
    expect(central.host.connections).toHaveLength(2);
    await air.expectNothingLeft();
  });

  it("to one peer asked for twice is one link that both get", async () => {
    const { air, central, peripheral } = await twoHosts();
    const twice = Promise.all([
      central.host.connect(peripheral.host.address),
      central.host.connect(peripheral.host.address),
    ]);
    await air.clock.advance(100);
    await air.until(peripheral.host.advertise());
    const [one, other] = await air.until(twice);
    expect(one).toBe(other);
    expect(central.host.connections).toEqual([one]);
    await air.expectNothingLeft();
  });

  it("given up by one of two callers goes on for the other", async () => {
    const { air, central, peripheral } = await twoHosts();
    const short = outcome(central.host.connect(peripheral.host.address, { timeoutMs: 100 }));
    const long = central.host.connect(peripheral.host.address, { timeoutMs: 5000 });
    expect(await air.until(short)).toMatchObject({ error: { constructor: ConnectTimeoutError } });
    await air.until(peripheral.host.advertise());
    expect((await air.until(long)).connected).toBe(true);
    await air.expectNothingLeft();
  });

  it("to peers that are to have unlike links looks for all at once, and each gets the parameters it was to have", async () => {
    const { air, central, peripheral } = await twoHosts({ acceptListSize: 8 });
    const other = await air.open();
    const changes: unknown[] = [];
    central.host.on("connected", (connection) => {
      connection.on("parametersChanged", (parameters) => changes.push(parameters));
    });
    const first = central.host.connect(other.host.address, { minIntervalMs: 100, maxIntervalMs: 100 });
    const second = central.host.connect(peripheral.host.address, { maxIntervalMs: 15, latency: 2 });
    await air.clock.advance(100);
    await air.until(peripheral.host.advertise());
    const quick = await air.until(second);
    expect(quick.parameters.intervalMs).toBe(100);
    await air.clock.advance(5_000);
    expect(quick.parameters).toMatchObject({ intervalMs: 15, latency: 2 });
    expect(changes).toEqual([quick.parameters]);
    await air.until(other.host.advertise());
    expect((await air.until(first)).parameters).toMatchObject({ intervalMs: 100, latency: 0 });
    await air.clock.advance(5_000);
    expect(changes).toHaveLength(1);
    await air.expectNothingLeft();
  });

  it.each([1, 2])(
    "to more peers than the Filter Accept List holds, which is %i, tries them in turns: who is not there keeps nobody waiting",
    async (acceptListSize) => {
      const { air, central, peripheral } = await twoHosts({ acceptListSize });
      const options = { timeoutMs: 20_000 };
      const absent = ["00:00:00:00:00:97/public", "00:00:00:00:00:98/public", nobody].map((peer) =>
        outcome(central.host.connect(peer, options)),
      );
      const present = central.host.connect(peripheral.host.address, options);
      await air.until(peripheral.host.advertise());
      await air.until(present);
      expect(air.clock.now()).toBeLessThan(5_000);
      for (const ending of absent) {
        expect(await air.until(ending)).toMatchObject({ error: { constructor: ConnectTimeoutError } });
      }
      expect(air.clock.now()).toBe(20_000);
      const [create, cancel] = ["LE_Create_Connection", "LE_Create_Connection_Cancel"];
      expect(asked(central).filter((name) => name === cancel).length).toBeLessThan(30);
      expect(asked(central)[0]).toBe(create);
      await air.expectNothingLeft();
    },
  );

  it("called off before it began sends nothing", async () => {
    const { air, central } = await twoHosts();
    const signal = AbortSignal.abort();
    expect(await air.ending(central.host.connect(nobody, { signal }))).toEqual({
      error: signal.reason as unknown,
    });
    expect(asked(central)).toEqual([]);
  });

  it("lets go of its signal when it is connected, refused or the host is closed", async () => {
    const { air, central, peripheral } = await twoHosts();
    const { signal, listeners } = countingSignal();
    await air.until(peripheral.host.advertise());
    await air.until(central.host.connect(peripheral.host.address, { signal }));
    expect(listeners()).toBe(0);
    await air.ending(central.host.connect(peripheral.host.address, { signal }));
    expect(listeners()).toBe(0);
    await air.until(central.host[Symbol.asyncDispose]());
    await air.ending(central.host.connect(peripheral.host.address, { signal }));
    expect(listeners()).toBe(0);
    await air.expectNothingLeft();
  });

  it("called off in the very moment in which the link comes up gives that link back", async () => {
    const { air, central, peripheral } = await twoHosts();
    await air.until(peripheral.host.advertise());
    const { signal, abort } = countingSignal();
    const connected: Connection[] = [];
    central.host.on("connected", (connection) => connected.push(connection));
    central.transport.onPacket = (packet, toHost) => {
      // The event is on its way to the host, which does not know yet.
      if (toHost && packet[1] === 0x3e && (packet[3] === 0x0a || packet[3] === 0x01)) abort("late");
      return packet;
    };
    expect(await air.ending(central.host.connect(peripheral.host.address, { signal }))).toEqual({
      error: "late",
    });
    await air.clock.advance(10);
    expect([central.host.connections, peripheral.host.connections, connected]).toEqual([[], [], []]);
    await air.expectNothingLeft();
  });

  it("to a peer that is connected already is refused at once, with its address", async () => {
    const { air, central, peripheral } = await twoHosts();
    const { central: first } = await air.connect(central, peripheral);
    expect(await air.ending(central.host.connect(peripheral.host.address))).toMatchObject({
      error: {
        constructor: UnavailableError,
        message: `${peripheral.host.address.toString()} is connected already: see host.connections`,
      },
    });
    expect(first.connected).toBe(true);
    await air.expectNothingLeft();
  });

  it("waits for the attempts before it: each gets its own peer", async () => {
    const { air, central } = await twoHosts();
    const peers = [await air.open(), await air.open(), await air.open()];
    for (const { host } of peers) await air.until(host.advertise());
    const connections = await air.until(
      Promise.all(peers.map(({ host }) => central.host.connect(host.address))),
    );
    expect(connections.map(({ peerAddress }) => peerAddress.toString())).toEqual(
      peers.map(({ host }) => host.address.toString()),
    );
    expect(central.host.connections).toHaveLength(3);
    await air.expectNothingLeft();
  });

  it("goes on with the next attempt after one that came to nothing", async () => {
    const { air, central, peripheral } = await twoHosts({ acceptListSize: 8 });
    await air.until(peripheral.host.advertise());
    const silent = outcome(central.host.connect(nobody, { timeoutMs: 1000 }));
    const connection = await air.until(central.host.connect(peripheral.host.address, { timeoutMs: 1000 }));
    expect(connection.connected).toBe(true);
    expect(await air.until(silent)).toMatchObject({ error: { constructor: ConnectTimeoutError } });
    await air.expectNothingLeft();
  });

  it("tells what the controller says when the peer answers and the link fails all the same", async () => {
    const { air, central } = await twoHosts();
    const connecting = outcome(central.host.connect(nobody, { retries: 0 }));
    await air.clock.advance(10);
    central.transport.inject(complete(0x99, Status.ConnectionFailedToBeEstablished));
    expect(await air.until(connecting)).toMatchObject({
      error: { constructor: HciError, status: Status.ConnectionFailedToBeEstablished },
    });
    await air.expectNothingLeft();
  });

  it("tries again when the link is not established, and tells nobody of it (0x3E; Vol 6, Part B, 4.5.2)", async () => {
    const { air, central, peripheral } = await twoHosts({}, "air");
    await air.until(peripheral.host.advertise());
    const connected: Connection[] = [];
    central.host.on("connected", (connection) => connected.push(connection));
    let failures = 0;
    central.transport.onPacket = (packet, toHost) => {
      if (toHost && packet[1] === 0x3e && (packet[3] === 0x0a || packet[3] === 0x01) && failures++ < 2) {
        air.air.partition(central.controller, peripheral.controller);
      }
      if (toHost && packet[1] === 0x05) air.air.reunite(central.controller, peripheral.controller);
      return packet;
    };
    const connection = await air.until(central.host.connect(peripheral.host.address));
    expect([failures, connection.connected]).toEqual([3, true]);
    await air.clock.advance(0);
    expect(connected).toEqual([connection]);
    await air.expectNothingLeft();
  });

  it("gives up after as many retries as it was given, with why", async () => {
    const { air, central, peripheral } = await twoHosts({}, "air");
    await air.until(peripheral.host.advertise());
    central.transport.onPacket = (packet, toHost) => {
      if (toHost && packet[1] === 0x3e && (packet[3] === 0x0a || packet[3] === 0x01)) {
        air.air.partition(central.controller, peripheral.controller);
      }
      if (toHost && packet[1] === 0x05) air.air.reunite(central.controller, peripheral.controller);
      return packet;
    };
    const connecting = central.host.connect(peripheral.host.address, { retries: 2 });
    expect(await air.ending(connecting)).toMatchObject({
      error: { code: "DISCONNECTED", reason: Status.ConnectionFailedToBeEstablished },
    });
    expect(asked(central)).toHaveLength(3);
    await air.expectNothingLeft();
  });

  it("ends, and lets the next attempt try, even if the controller never says that it has stopped", async () => {
    const { air, central, peripheral } = await twoHosts();
    const refusal = central.transport.refuse(LeCreateConnectionCancel, Status.CommandDisallowed);
    const ending = await air.ending(central.host.connect(peripheral.host.address, { timeoutMs: 1000 }));
    expect(ending).toMatchObject({ error: { constructor: ConnectTimeoutError } });
    expect(air.clock.now()).toBe(6000);
    refusal.on = false;
    await air.expectNothingLeft();
  });

  it("does not take a link with another peer for the one it waits for, and gives that back", async () => {
    const { air, central } = await twoHosts();
    const connected: Connection[] = [];
    central.host.on("connected", (connection) => connected.push(connection));
    const connecting = outcome(central.host.connect(nobody, { timeoutMs: 1000 }));
    await air.clock.advance(10);
    central.transport.inject(complete(0x98));
    expect(await air.until(connecting)).toMatchObject({ error: { constructor: ConnectTimeoutError } });
    expect(central.transport.commands).toContain("Disconnect");
    expect([central.host.connections, connected]).toEqual([[], []]);
    await air.expectNothingLeft();
  });

  it("understands controllers that have the plain event only", async () => {
    const { air, central } = await twoHosts();
    const connecting = central.host.connect(nobody);
    await air.clock.advance(10);
    const { parameters } = LeEnhancedConnectionComplete;
    central.transport.inject(encodeEvent(LeConnectionComplete, parameters.decode(complete(0x99), 4)));
    const connection = await air.until(connecting);
    expect(connection.peerAddress.toString()).toBe(nobody);
    await air.until(connection.disconnect()); // the real controller does not know it
    expect(connection.connected).toBe(false);
    await air.expectNothingLeft();
  });

  it("ends with the host, also for those in line", async () => {
    const { air, central } = await twoHosts();
    const attempts = [outcome(central.host.connect(nobody)), outcome(central.host.connect(nobody))];
    await air.clock.advance(100);
    await air.until(central.host[Symbol.asyncDispose]());
    const closed = { error: { constructor: HostClosedError, code: "HOST_CLOSED" } };
    expect(await Promise.all(attempts)).toMatchObject([closed, closed]);
    expect(await air.ending(central.host.connect(nobody))).toMatchObject(closed);
    await air.expectNothingLeft();
  });
});
