import { describe, expect, it } from "vitest";
import { AttError } from "../../src/att/error.ts";
import { StaleAttributeError } from "../../src/gatt/error.ts";
import type { RemoteCharacteristic } from "../../src/gatt/remote-characteristic.ts";
import { characteristic, service } from "../../src/gatt/service-builder.ts";
import type { HostOptions } from "../../src/gap/host-options.ts";
import { manyLinks } from "../support/profile.ts";
import { HostsOnAir, outcome } from "../support/two-hosts.ts";

const ticking = service("180d", { ticks: characteristic("2a37", { notify: true }) });
const another = service("180f", { level: characteristic("2a19", { value: octets(80) }) });

function octets(...values: number[]): Uint8Array {
  return Uint8Array.from(values);
}

/** The error of a promise as text. */
async function errorOf(air: HostsOnAir, promise: Promise<unknown>): Promise<string> {
  const ending = await air.ending(promise);
  return "error" in ending ? String(ending.error) : "none";
}

/** A peripheral that ticks, and a central that hears it without having asked for anything else. */
async function hearing(options: HostOptions = {}) {
  const air = new HostsOnAir();
  const [peripheral, central] = [await air.open({}, options), await air.open({}, options)];
  const { gatt } = peripheral.host;
  const offered = gatt.add(ticking);
  const links = await air.connect(central, peripheral);
  if (options.enhancedBearers) await air.until(links.central.pair());
  await air.clock.advance(1000);
  const remote = await air.until(links.central.gatt.characteristic("180d", "2a37"));
  const heard: number[] = [];
  await air.until(remote.subscribe({ onValue: ([tick = -1]) => heard.push(tick) }));
  await air.clock.advance(1000);
  return { air, central, peripheral, gatt, offered, links, remote, heard };
}

describe("Services that change while a client only listens (Vol 3, Part G, 2.5.2)", () => {
  for (const enhancedBearers of [0, 3]) {
    it(`a service that is added takes no values from it, with ${enhancedBearers} enhanced bearers`, async () => {
      const { air, gatt, offered, links, heard } = await hearing({ enhancedBearers });
      expect(links.central.gatt.bearers).toBe(1 + enhancedBearers);
      for (let tick = 1; tick <= 3; tick++) {
        gatt.add(another);
        await air.clock.advance(1000);
        expect(await air.until(offered.ticks.notify(octets(tick)))).toBe(1);
        await air.clock.advance(1000);
      }
      expect(heard).toEqual([1, 2, 3]);
      await air.expectNothingLeft();
    });
  }

  it("its iteration ends when the service is removed", async () => {
    const { air, gatt, offered, remote } = await hearing();
    const next = remote.notifications().next();
    await air.clock.advance(1000);
    gatt.remove(offered);
    expect(await air.ending(next)).toMatchObject({ error: { constructor: StaleAttributeError } });
    await air.expectNothingLeft();
  });

  it("it is subscribed again where the same service comes back at the same handles", async () => {
    const air = new HostsOnAir();
    const [peripheral, central] = [await air.open(), await air.open()];
    const { gatt } = peripheral.host;
    const definition = { ...ticking, options: { handle: 100 } };
    const before = gatt.add(definition);
    const links = await air.connect(central, peripheral);
    const remote = await air.until(links.central.gatt.characteristic("180d", "2a37"));
    const heard: number[] = [];
    await air.until(remote.subscribe({ onValue: ([tick = -1]) => heard.push(tick) }));
    await air.clock.advance(1000);
    gatt.remove(before);
    const after = gatt.add(definition);
    await air.clock.advance(1000);
    expect(await air.until(after.ticks.notify(octets(7)))).toBe(1);
    await air.clock.advance(1000);
    expect(heard).toEqual([7]);
    await air.expectNothingLeft();
  });

  it("does not subscribe again to what it had left", async () => {
    const { air, gatt, offered, remote } = await hearing();
    const second = await air.until(remote.subscribe());
    await air.until(second[Symbol.asyncDispose]());
    gatt.add(another);
    await air.clock.advance(1000);
    expect(offered.ticks.subscribers).toHaveLength(1);
    await air.expectNothingLeft();
  });
});

describe("What is remembered of a bonded client (Vol 3, Part G, 2.5.2)", () => {
  it("is not changed by one that has its address but not its keys", async () => {
    const air = new HostsOnAir();
    const [peripheral, central] = [await air.open(), await air.open()];
    const { ticks } = peripheral.host.gatt.add(ticking);
    const subscribed = async (encrypted: boolean, unsubscribe: boolean): Promise<number> => {
      const { central: connection } = await air.connect(central, peripheral);
      if (encrypted) await air.until(connection.encrypt());
      const before = ticks.subscribers.length;
      const remote = await air.until(connection.gatt.characteristic("180d", "2a37"));
      const subscription = await air.until(remote.subscribe());
      if (unsubscribe) await air.until(subscription[Symbol.asyncDispose]());
      await air.until(connection.disconnect());
      await air.clock.advance(1000);
      return before;
    };
    const first = await air.connect(central, peripheral);
    await air.until(first.central.pair());
    await air.until(first.central.disconnect());
    await air.clock.advance(1000);
    expect(await subscribed(true, false)).toBe(0);
    expect(await subscribed(false, true), "not its subscription").toBe(0);
    expect(await subscribed(true, true), "still its own").toBe(1);
    expect(await subscribed(true, true), "none, since it has left it itself").toBe(0);
    await air.expectNothingLeft();
  });

  it("takes in what it did before the link was encrypted, once it is", async () => {
    const air = new HostsOnAir();
    const [peripheral, central] = [await air.open(), await air.open()];
    const { ticks } = peripheral.host.gatt.add(ticking);
    const first = await air.connect(central, peripheral);
    await air.until(first.central.pair());
    await air.until(first.central.disconnect());
    await air.clock.advance(1000);
    const { central: second } = await air.connect(central, peripheral);
    const remote = await air.until(second.gatt.characteristic("180d", "2a37"));
    await air.until(remote.subscribe());
    await air.until(second.encrypt());
    await air.until(second.disconnect());
    await air.clock.advance(1000);
    const { central: third } = await air.connect(central, peripheral);
    expect(ticks.subscribers).toHaveLength(0);
    await air.until(third.encrypt());
    await air.clock.advance(1000);
    expect(ticks.subscribers).toHaveLength(1);
    await air.expectNothingLeft();
  });

  it("sends nothing to one that has its address but not its keys, unless it subscribes itself (Vol 3, Part C, 10.3.1.1)", async () => {
    const air = new HostsOnAir();
    const [peripheral, central] = [await air.open(), await air.open()];
    const { ticks } = peripheral.host.gatt.add(ticking);
    const events: string[] = [];
    ticks.on("subscribed", () => events.push("subscribed"));
    ticks.on("unsubscribed", () => events.push("unsubscribed"));
    const first = await air.connect(central, peripheral);
    await air.until(first.central.pair());
    const remote = await air.until(first.central.gatt.characteristic("180d", "2a37"));
    await air.until(remote.subscribe());
    await air.until(first.central.disconnect());
    await air.clock.advance(1000);
    expect(events.splice(0)).toEqual(["subscribed", "unsubscribed"]);

    const { central: second } = await air.connect(central, peripheral);
    expect(await air.until(ticks.notify(octets(1)))).toBe(0);
    const configuration = (await air.until(second.gatt.characteristic("180d", "2a37"))).descriptors[0]!;
    expect(await air.until(configuration.read()), "it stands as it was (Vol 3, Part G, 3.3.3.3)").toEqual(
      octets(1, 0),
    );
    expect(await air.until(ticks.notify(octets(2)))).toBe(0);
    await air.until(configuration.write(octets(1, 0)));
    expect(await air.until(ticks.notify(octets(3))), "asked for on this link").toBe(1);
    await air.until(second.disconnect());
    await air.clock.advance(1000);
    expect(events.splice(0)).toEqual(["subscribed", "unsubscribed"]);

    const { central: third } = await air.connect(central, peripheral);
    expect(await air.until(ticks.notify(octets(4)))).toBe(0);
    await air.until(third.encrypt());
    await air.clock.advance(1000);
    expect(events).toEqual(["subscribed"]);
    expect(await air.until(ticks.notify(octets(5)))).toBe(1);
    await air.expectNothingLeft();
  });

  it("asks for encryption before it sends what needs it to one that had subscribed (Vol 3, Part C, 10.3.1.1)", async () => {
    const air = new HostsOnAir();
    const [peripheral, central] = [await air.open(), await air.open()];
    const secret = characteristic("2a37", { notify: true, permissions: { notify: "encrypted" } });
    const { ticks } = peripheral.host.gatt.add(service("180d", { ticks: secret }));
    const first = await air.connect(central, peripheral);
    await air.until(first.central.pair());
    const remote = await air.until(first.central.gatt.characteristic("180d", "2a37"));
    await air.until(remote.subscribe());
    await air.until(first.central.disconnect());
    await air.clock.advance(1000);
    const { central: second } = await air.connect(central, peripheral);
    expect(await air.until(ticks.notify(octets(1)))).toBe(0);
    await air.clock.advance(1000);
    expect(second.security.encrypted).toBe(true);
    expect(await air.until(ticks.notify(octets(2)))).toBe(1);
    await air.expectNothingLeft();
  });
});

describe("Signed writes between two hosts (Vol 3, Part G, 4.9.2)", () => {
  async function signing() {
    const air = new HostsOnAir();
    const [peripheral, central] = [await air.open(), await air.open()];
    const written: number[] = [];
    const { signed } = peripheral.host.gatt.add(
      service("180d", { signed: characteristic("2a39", { signedWrite: true }) }),
    );
    signed.on("written", ({ value: [value = -1] }) => written.push(value));
    const links = await air.connect(central, peripheral);
    await air.until(links.central.pair());
    return { air, central, peripheral, links, written };
  }

  it("go without a signature on an encrypted link, and arrive all the same", async () => {
    const { air, links, written } = await signing();
    const remote = await air.until(links.central.gatt.characteristic("180d", "2a39"));
    await air.until(remote.writeWithoutResponse(octets(5), { signed: true }));
    await air.clock.advance(1000);
    expect(written).toEqual([5]);
    await air.expectNothingLeft();
  });

  it("are taken on a link that is not encrypted from whom the bond is with", async () => {
    const { air, central, peripheral, links, written } = await signing();
    await air.until(links.central.disconnect());
    await air.clock.advance(1000);
    const { central: connection } = await air.connect(central, peripheral);
    const remote = await air.until(connection.gatt.characteristic("180d", "2a39"));
    for (let value = 1; value <= 3; value++)
      await air.until(remote.writeWithoutResponse(octets(value), { signed: true }));
    await air.clock.advance(1000);
    expect(connection.security.encrypted).toBe(false);
    expect(written).toEqual([1, 2, 3]);
    await air.expectNothingLeft();
  });
});

describe("Several clients of one server (Vol 3, Part F, 3.4.6)", () => {
  for (const mtu of [23, 517]) {
    it(`write and read long values at once, each its own; ATT_MTU ${mtu}`, async () => {
      const air = new HostsOnAir();
      const peripheral = await air.open(manyLinks, { mtu });
      const centrals = [await air.open(), await air.open({ aclOctets: 27, aclPackets: 1 }), await air.open()];
      const values = () => characteristic("2a37", { value: octets(), write: true });
      for (let n = 0; n < 3; n++)
        peripheral.host.gatt.add(service("180d", { one: values(), other: values() }));
      for (let n = 0; n < 120; n++) peripheral.host.gatt.add(another);
      const connections = [];
      for (const central of centrals) connections.push((await air.connect(central, peripheral)).central);
      const exchanges = connections.map(async ({ gatt }, index) => {
        const services = await gatt.services();
        expect(services).toHaveLength(2 + 3 + 120);
        const own = services.filter(({ uuid }) => uuid.short === 0x180d)[index];
        const [one, other] = own?.characteristics as [RemoteCharacteristic, RemoteCharacteristic];
        const whole = new Uint8Array(512).fill(index);
        await one.write(whole);
        expect(await one.read()).toEqual(whole);
        await gatt.reliableWrite([
          [one, octets(index)],
          [other, whole],
        ]);
        expect(await gatt.readMultiple([one, other])).toEqual([octets(index), whole]);
        await other.write(octets());
        expect(await other.read()).toEqual(octets());
      });
      await air.until(Promise.all(exchanges));
      await air.expectNothingLeft();
    });
  }

  it("have their services taken from under their reads, and each is told", async () => {
    const air = new HostsOnAir();
    const peripheral = await air.open(manyLinks);
    const offered = peripheral.host.gatt.add(another);
    const levels = [];
    for (let n = 0; n < 3; n++) {
      const { central } = await air.connect(await air.open(), peripheral);
      levels.push(await air.until(central.gatt.characteristic("180f", "2a19")));
    }
    const reads = levels.map((level) => outcome(level.read()));
    peripheral.host.gatt.remove(offered);
    for (const ending of await air.until(Promise.all(reads))) {
      const { error } = ending as { readonly error: unknown };
      expect(error instanceof StaleAttributeError || error instanceof AttError).toBe(true);
    }
    await air.expectNothingLeft();
  });
});

describe("Careless programs", () => {
  it("that keep attributes of a connection which is gone are told so, before anything is sent", async () => {
    const { air, central, peripheral, links, remote } = await hearing();
    await air.until(links.central.disconnect());
    await air.clock.advance(1000);
    const { central: again } = await air.connect(central, peripheral);
    const told = /^TypeError: values: .* another connection's$/;
    expect(await errorOf(air, again.gatt.readMultiple([remote]))).toMatch(told);
    expect(await errorOf(air, again.gatt.reliableWrite([[remote, octets(1)]]))).toMatch(told);
    await air.expectNothingLeft();
  });

  it("that cannot count or call are told which option", async () => {
    const { air, remote } = await hearing();
    for (const capacity of [0, Number.NaN, 1.5])
      expect(await errorOf(air, remote.subscribe({ capacity }))).toMatch(/^RangeError: capacity/);
    const onValue = 5 as unknown as () => void;
    expect(await errorOf(air, remote.subscribe({ onValue }))).toMatch(/^TypeError: onValue/);
    await air.expectNothingLeft();
  });
});
