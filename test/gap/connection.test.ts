import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { type BleError, HostClosedError, TransportError } from "../../src/common/errors.ts";
import type { Connection } from "../../src/gap/connection.ts";
import { characteristic, service } from "../../src/gatt/service-builder.ts";
import { DisconnectedError } from "../../src/hci/error.ts";
import { encodeEvent } from "../../src/hci/event.ts";
import { LeConnectionUpdateComplete } from "../../src/hci/events/le-connection.ts";
import { DisconnectionComplete } from "../../src/hci/events/link.ts";
import { Disconnect } from "../../src/hci/commands/link-control.ts";
import { Status } from "../../src/hci/status.ts";
import { countingSignal } from "../support/counting-signal.ts";
import { controllerKinds, HostsOnAir, outcome, twoHosts } from "../support/two-hosts.ts";

const reasonOf = ({ disconnectReason }: Connection): number | undefined =>
  disconnectReason instanceof DisconnectedError ? disconnectReason.reason : undefined;

const value = Uint8Array.from({ length: 100 }, (_, i) => i);
const measured = service("180d", { measurement: characteristic("2a37", { notify: true, value }) });

describe("A connection", () => {
  it.each(["central", "peripheral"] as const)(
    "is ended by the %s, and both learn the reason",
    async (side) => {
      const { air, central, peripheral } = await twoHosts();
      const ends = await air.connect(central, peripheral);
      const events: [string, BleError][] = [];
      ends.central.on("disconnected", (reason) => events.push(["central", reason]));
      ends.peripheral.on("disconnected", (reason) => events.push(["peripheral", reason]));
      const other = side === "central" ? "peripheral" : "central";
      await air.until(ends[side].disconnect());
      await air.clock.advance(10);
      expect(reasonOf(ends[side])).toBe(Status.ConnectionTerminatedByLocalHost);
      expect(reasonOf(ends[other])).toBe(Status.RemoteUserTerminatedConnection);
      expect(ends[other].disconnectReason?.message).toBe(
        "disconnected: Remote User Terminated Connection (0x13)",
      );
      expect(events).toHaveLength(2);
      expect(Object.fromEntries(events)).toEqual({
        central: ends.central.disconnectReason,
        peripheral: ends.peripheral.disconnectReason,
      });
      expect([central.host.connections, peripheral.host.connections]).toEqual([[], []]);
      await air.expectNothingLeft();
      expect(events).toHaveLength(2);
    },
  );

  it("tells the peer the reason it is given, and refuses those that a host may not give (Vol 4, Part E, 7.1.6)", async () => {
    const { air, central, peripheral } = await twoHosts();
    const ends = await air.connect(central, peripheral);
    const refused = await air.ending(ends.central.disconnect({ reason: Status.ConnectionTimeout }));
    expect(refused).toMatchObject({ error: { constructor: RangeError } });
    expect(ends.central.connected).toBe(true);
    await air.until(
      ends.central.disconnect({ reason: Status.RemoteDeviceTerminatedConnectionDueToPowerOff }),
    );
    await air.clock.advance(10);
    expect(reasonOf(ends.peripheral)).toBe(Status.RemoteDeviceTerminatedConnectionDueToPowerOff);
    await air.expectNothingLeft();
  });

  it("may be ended more than once, by both at a time, and after it has ended", async () => {
    const { air, central, peripheral } = await twoHosts();
    const ends = await air.connect(central, peripheral);
    let events = 0;
    ends.central.on("disconnected", () => events++);
    const all = [ends.central, ends.central, ends.peripheral].map((end) => end.disconnect());
    await air.until(Promise.all(all));
    await air.until(ends.central[Symbol.asyncDispose]());
    await air.until(ends.central.disconnect());
    expect(events).toBe(1);
    await air.expectNothingLeft();
  });

  it("is ended by leaving the block that holds it", async () => {
    const { air, central, peripheral } = await twoHosts();
    await air.until(peripheral.host.advertise());
    const held = (async () => {
      await using connection = await central.host.connect(peripheral.host.address);
      return connection;
    })();
    expect((await air.until(held)).connected).toBe(false);
    await air.expectNothingLeft();
  });

  it("lets events.once wait for its end, with a signal or without", async () => {
    const { air, central, peripheral } = await twoHosts();
    const { central: connection } = await air.connect(central, peripheral);
    const { signal, abort, listeners } = countingSignal();
    const called = once(connection, "disconnected", { signal });
    abort();
    expect(await air.ending(called)).toMatchObject({ error: { name: "AbortError" } });
    expect(listeners()).toBe(0);
    const ended = once(connection, "disconnected");
    await air.until(connection.disconnect());
    expect(await ended).toEqual([connection.disconnectReason]);
    expect(connection.listenerCount("disconnected")).toBe(0);
    await air.expectNothingLeft();
  });

  it("ends all the same when the program stops waiting for it", async () => {
    const { air, central, peripheral } = await twoHosts();
    const { central: connection } = await air.connect(central, peripheral);
    const { signal, abort, listeners } = countingSignal();
    const ending = connection.disconnect({ signal });
    abort("no time");
    expect(await air.ending(ending)).toEqual({ error: "no time" });
    await air.clock.advance(10);
    expect([connection.connected, listeners()]).toEqual([false, 0]);
    await air.expectNothingLeft();
  });

  it("stays when the signal was aborted before", async () => {
    const { air, central, peripheral } = await twoHosts();
    const { central: connection } = await air.connect(central, peripheral);
    const signal = AbortSignal.abort("no");
    expect(await air.ending(connection.disconnect({ signal }))).toEqual({ error: "no" });
    await air.clock.advance(10);
    expect(connection.connected).toBe(true);
    await air.expectNothingLeft();
  });

  it("rejects what is pending and what is asked later when it ends, with the reason", async () => {
    const { air, central, peripheral } = await twoHosts();
    const { measurement } = peripheral.host.gatt.add(
      service("180d", {
        measurement: characteristic("2a37", {
          notify: true,
          writeWithoutResponse: true,
          onRead: () => new Promise<Uint8Array>(() => undefined),
        }),
      }),
    );
    const ends = await air.connect(central, peripheral);
    const remote = await air.until(ends.central.gatt.characteristic("180d", "2a37"));
    await air.until(remote.subscribe());
    const pending = {
      read: remote.read(),
      write: remote.write(Uint8Array.of(1)),
      services: ends.central.gatt.services(),
      notifications: remote.notifications().next(),
    };
    for (const [name, promise] of Object.entries(pending)) void air.track<unknown>(name, promise);
    const endings = Promise.all(Object.values(pending).map((promise: Promise<unknown>) => outcome(promise)));
    await air.clock.advance(10);
    await air.until(ends.peripheral.disconnect());
    const disconnected = {
      error: { constructor: DisconnectedError, reason: Status.RemoteUserTerminatedConnection },
    };
    expect(await endings).toMatchObject([disconnected, disconnected, disconnected, disconnected]);
    const one = Uint8Array.of(1);
    const later: (() => Promise<unknown>)[] = [
      () => remote.read(),
      () => remote.write(one),
      () => remote.writeWithoutResponse(one),
      () => remote.subscribe(),
      () => ends.central.gatt.service("180f"),
    ];
    for (const ask of later) expect(await air.ending(ask())).toMatchObject(disconnected);
    expect(measurement.subscribers).toEqual([]);
    await air.expectNothingLeft();
  });

  it.each(controllerKinds)("can be made anew, with everything, on controllers with %s", async (_, kind) => {
    const { air, central, peripheral } = await twoHosts(kind);
    const { measurement } = peripheral.host.gatt.add(measured);
    for (let round = 0; round < 3; round++) {
      const { central: connection } = await air.connect(central, peripheral);
      const remote = await air.until(connection.gatt.characteristic("180d", "2a37"));
      expect(await air.until(remote.read())).toEqual(value);
      const values = remote.notifications();
      const first = values.next();
      await air.clock.advance(10);
      expect(await air.until(measurement.notify(Uint8Array.of(round)))).toBe(1);
      expect((await air.until(first)).value).toEqual(Uint8Array.of(round));
      await air.until(values.return());
      expect(measurement.subscribers).toEqual([]);
      await air.until(connection.disconnect());
    }
    await air.expectNothingLeft();
  });

  it("made and ended a hundred times leaves nothing behind", async () => {
    const { air, central, peripheral } = await twoHosts();
    await air.until(peripheral.host.advertise());
    for (let round = 0; round < 100; round++) {
      const connection = await air.until(central.host.connect(peripheral.host.address));
      await air.until(
        round % 2 === 0 ? connection.disconnect() : peripheral.host.connections[0]!.disconnect(),
      );
      await air.clock.advance(10);
      expect([central.host.connections.length, peripheral.host.connections.length]).toEqual([0, 0]);
    }
    expect(air.clock.timers).toBe(0);
    await air.expectNothingLeft();
  });

  it("is lost with its supervision timeout when the peer goes without a word", async () => {
    const { air, central, peripheral } = await twoHosts();
    peripheral.host.gatt.add(measured);
    const ends = await air.connect(central, peripheral);
    const remote = await air.until(ends.central.gatt.characteristic("180d", "2a37"));
    const begun = air.clock.now();
    peripheral.transport.fail(new Error("no power"));
    const read = await air.ending(remote.read());
    expect(read).toMatchObject({
      error: { constructor: DisconnectedError, reason: Status.ConnectionTimeout },
    });
    expect(air.clock.now() - begun).toBe(4000);
    expect(ends.peripheral.disconnectReason).toBeInstanceOf(TransportError);
    await air.expectNothingLeft();
  });

  it("is over when the controller does not know it any more", async () => {
    const { air, central, peripheral } = await twoHosts();
    const { central: connection } = await air.connect(central, peripheral);
    central.transport.refuse(Disconnect, Status.UnknownConnectionIdentifier);
    await air.until(connection.disconnect());
    expect(reasonOf(connection)).toBe(Status.UnspecifiedError);
  });

  it("is not taken for over when the controller only refuses to end it, but is in the end", async () => {
    const { air, central, peripheral } = await twoHosts();
    const { central: connection } = await air.connect(central, peripheral);
    central.transport.refuse(Disconnect, Status.CommandDisallowed);
    const begun = air.clock.now();
    const ending = connection.disconnect();
    await air.clock.advance(8_900);
    expect(connection.connected).toBe(true);
    await air.until(ending);
    expect(air.clock.now() - begun).toBe(9_000); // the supervision timeout and 5 s
  });

  it("is ended for both, with their own reasons, when one host is closed", async () => {
    const { air, central, peripheral } = await twoHosts();
    const ends = await air.connect(central, peripheral);
    await air.until(central.host[Symbol.asyncDispose]());
    expect(reasonOf(ends.central)).toBe(Status.ConnectionTerminatedByLocalHost);
    expect(reasonOf(ends.peripheral)).toBe(Status.RemoteUserTerminatedConnection);
    const late = await air.ending(central.host.connect(peripheral.host.address));
    expect(late).toMatchObject({ error: { constructor: HostClosedError } });
    await air.expectNothingLeft();
  });

  it("tells of changed parameters and of the MTU, and only of its own", async () => {
    const { air, central, peripheral } = await twoHosts();
    const ends = await air.connect(central, peripheral);
    const other = await air.connect(central, await air.open());
    const told: unknown[] = [];
    ends.central.on("parametersChanged", (parameters) => told.push(parameters));
    ends.central.on("mtuChanged", (mtu) => told.push(mtu));
    other.central.on("parametersChanged", () => told.push("the other"));
    const changed = { connectionInterval: 80, peripheralLatency: 2, supervisionTimeout: 600 };
    central.transport.inject(
      encodeEvent(LeConnectionUpdateComplete, {
        status: 0,
        connectionHandle: ends.central.handle,
        ...changed,
      }),
    );
    const parameters = { intervalMs: 100, latency: 2, supervisionTimeoutMs: 6000 };
    expect(ends.central.parameters).toEqual(parameters);
    await air.until(ends.central.gatt.services());
    expect(told).toEqual([parameters, 517]);
    await air.expectNothingLeft();
  });

  it("is another one when the controller gives its handle again without having said that it ended", async () => {
    const { air, central, peripheral } = await twoHosts();
    let kept: Uint8Array | undefined;
    central.transport.onPacket = (packet, toHost) => {
      const isNew = packet[1] === 0x3e && (packet[3] === 0x01 || packet[3] === 0x0a);
      if (toHost && isNew) kept = packet.slice();
      return packet;
    };
    await air.until(peripheral.host.advertise());
    const first = await air.until(central.host.connect(peripheral.host.address));
    central.transport.inject(kept!); // nobody asked for that one, so it is given back
    await air.clock.advance(10);
    expect([first.connected, reasonOf(first)]).toEqual([false, Status.UnspecifiedError]);
    await air.expectNothingLeft();
  });

  it("stays when the controller says that it could not be ended", async () => {
    const { air, central, peripheral } = await twoHosts();
    const { central: connection } = await air.connect(central, peripheral);
    const failed = { status: Status.CommandDisallowed, connectionHandle: connection.handle, reason: 0 };
    central.transport.inject(encodeEvent(DisconnectionComplete, failed));
    expect(connection.connected).toBe(true);
    await air.expectNothingLeft();
  });
});

describe("Several hosts", () => {
  it("serve four centrals from one peripheral, each with a subscription of its own", async () => {
    const air = new HostsOnAir();
    const peripheral = await air.open();
    const { measurement } = peripheral.host.gatt.add(measured);
    await air.until(peripheral.host.advertise());
    const centrals = [
      await air.open(),
      await air.open({ aclOctets: 27 }),
      await air.open(),
      await air.open(),
    ];
    const heard: number[][] = centrals.map(() => []);
    for (const [index, { host }] of centrals.entries()) {
      const connection = await air.until(host.connect(peripheral.host.address));
      const remote = await air.until(connection.gatt.characteristic("180d", "2a37"));
      if (index === 3) continue; // one does not care
      await air.until(remote.subscribe({ onValue: ([first]) => heard[index]?.push(first ?? -1) }));
    }
    expect(measurement.subscribers).toHaveLength(3);
    expect(await air.until(measurement.notify(Uint8Array.of(7)))).toBe(3);
    await air.until(centrals[0]!.host.connections[0]!.disconnect());
    expect(await air.until(measurement.notify(Uint8Array.of(8)))).toBe(2);
    await air.clock.advance(10);
    expect(heard).toEqual([[7], [7, 8], [7, 8], []]);
    await air.expectNothingLeft();
  });

  it("play both roles at once: central of one, peripheral of another, scanning and advertising", async () => {
    const air = new HostsOnAir();
    const [left, middle, right] = [await air.open(), await air.open({ aclOctets: 27 }), await air.open()];
    right.host.gatt.add(measured);
    middle.host.gatt.add(service("180f", { level: characteristic("2a19", { value: Uint8Array.of(93) }) }));
    await air.until(right.host.advertise({ name: "right" }));
    await air.until(middle.host.advertise({ name: "middle" }));
    const names = new Set<string | undefined>();
    const scan = middle.host.scan();
    const listening = (async () => {
      for await (const { name } of scan) names.add(name);
    })();
    const down = await air.until(middle.host.connect(right.host.address));
    const up = await air.until(left.host.connect(middle.host.address));
    await air.clock.advance(500);
    expect(middle.host.connections.map(({ role }) => role).sort()).toEqual(["central", "peripheral"]);
    const [far, near] = await air.until(
      Promise.all([
        down.gatt.characteristic("180d", "2a37").then((remote) => remote.read()),
        up.gatt.characteristic("180f", "2a19").then((remote) => remote.read()),
      ]),
    );
    expect([far, near]).toEqual([value, Uint8Array.of(93)]);
    expect([...names]).toEqual(["right"]);
    await air.until(scan[Symbol.asyncDispose]());
    await air.until(listening);
    await air.expectNothingLeft();
  });

  it("connect to each other both ways, one link in each direction refused as the second", async () => {
    const { air, central, peripheral } = await twoHosts({ profile: "5.4" });
    await air.until(central.host.advertise());
    await air.connect(central, peripheral);
    const back = await air.ending(peripheral.host.connect(central.host.address, { timeoutMs: 1000 }));
    expect(back).toMatchObject({ error: { status: Status.ConnectionAlreadyExists } });
    await air.expectNothingLeft();
  });
});
