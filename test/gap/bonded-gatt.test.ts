import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { AttError } from "../../src/att/error.ts";
import { ErrorCode } from "../../src/att/error-code.ts";
import { FixedPasskeyAgent } from "../../src/gap/agents/fixed-passkey-agent.ts";
import type { Connection } from "../../src/gap/connection.ts";
import { memoryBondStore } from "../../src/gap/bond-store.ts";
import { characteristic, service } from "../../src/gatt/service-builder.ts";
import type { GattServer } from "../../src/gatt/server.ts";
import { HostsOnAir, outcome, type Station } from "../support/two-hosts.ts";

/** The same services whenever the device starts. */
function offer(gatt: GattServer) {
  return gatt.add(
    service("180d", {
      open: characteristic("2a38", { value: Uint8Array.of(1) }),
      secret: characteristic("2a39", {
        value: Uint8Array.of(2),
        write: true,
        permissions: { read: "encrypted", write: "encrypted" },
      }),
      sealed: characteristic("2a3a", {
        value: Uint8Array.of(3),
        permissions: { read: { authenticated: true } },
      }),
      ticks: characteristic("2a37", { notify: true }),
    }),
  );
}

const passkey = 123_456;

/** Agents that can prove to each other that nobody is in the middle. */
function withPasskey(...stations: Station[]): void {
  for (const { host } of stations) host.agents.register(new FixedPasskeyAgent(passkey));
}

describe("Values that ask for security, between two hosts (Vol 3, Part C, 10.3)", () => {
  it("are read and written after pairing once by itself", async () => {
    const air = new HostsOnAir();
    const [peripheral, central] = [await air.open(), await air.open()];
    offer(peripheral.host.gatt);
    const { central: connection } = await air.connect(central, peripheral);
    const found = await air.until(connection.gatt.service("180d"));
    expect(await air.until(found.characteristic("2a38").read())).toEqual(Uint8Array.of(1));
    expect(connection.security.encrypted).toBe(false);
    expect(await air.until(found.characteristic("2a39").read())).toEqual(Uint8Array.of(2));
    expect(connection.security).toMatchObject({ encrypted: true, authenticated: false, keySize: 16 });
    await air.until(found.characteristic("2a39").write(Uint8Array.of(7)));
    await air.expectNothingLeft();
  });

  it("are authenticated where the agents can", async () => {
    const air = new HostsOnAir();
    const [peripheral, central] = [await air.open(), await air.open()];
    offer(peripheral.host.gatt);
    withPasskey(peripheral, central);
    const { central: connection } = await air.connect(central, peripheral);
    const value = await air.until(connection.gatt.characteristic("180d", "2a3a"));
    expect(await air.until(value.read())).toEqual(Uint8Array.of(3));
    expect(connection.security).toMatchObject({ authenticated: true, secureConnections: true, bonded: true });
    await air.expectNothingLeft();
  });

  it("are refused with the server's code when security is not to be raised", async () => {
    const air = new HostsOnAir();
    const peripheral = await air.open();
    const central = await air.open({}, { raiseSecurity: "off" });
    offer(peripheral.host.gatt);
    const { central: connection } = await air.connect(central, peripheral);
    const value = await air.until(connection.gatt.characteristic("180d", "2a39"));
    expect(await air.ending(value.read())).toMatchObject({
      error: { constructor: AttError, status: ErrorCode.InsufficientAuthentication },
    });
    expect(connection.security.encrypted).toBe(false);
    await air.expectNothingLeft();
  });
});

describe.each(["instant", "air"] as const)(
  "Values asked for while the link is being encrypted (%s)",
  (timing) => {
    it("are all read, whichever request has raised the security first", async () => {
      const air = new HostsOnAir(timing);
      const [peripheral, central] = [await air.open(), await air.open()];
      offer(peripheral.host.gatt);
      withPasskey(peripheral, central);
      const first = await air.connect(central, peripheral);
      await air.until(first.central.pair());
      await air.until(first.central.disconnect());
      const alone = (): Promise<unknown>[] => [];
      const others = [alone, (link: Connection) => [link.encrypt()], (link: Connection) => [link.pair()]];
      for (const other of others) {
        const { central: connection } = await air.connect(central, peripheral);
        const found = await air.until(connection.gatt.service("180d"));
        const [secret, sealed] = [found.characteristic("2a39"), found.characteristic("2a3a")];
        const asked = [secret.read(), sealed.read(), ...other(connection)];
        const [one, two] = await air.until(Promise.all(asked));
        expect([one, two]).toEqual([Uint8Array.of(2), Uint8Array.of(3)]);
        await air.until(connection.disconnect());
      }
      await air.expectNothingLeft();
    });
  },
);

describe("What GATT remembers of a bonded peer (Vol 3, Part G, 2.5.2)", () => {
  /** A peripheral that was subscribed to by a bonded central, both of which have been closed since. */
  function bonded() {
    const air = new HostsOnAir();
    const stores = { peripheral: memoryBondStore(), central: memoryBondStore() };
    const devices = { peripheral: air.prepare(), central: air.prepare() };
    const open = async (): Promise<{ readonly peripheral: Station; readonly central: Station }> => ({
      peripheral: await air.openOn(
        { controller: devices.peripheral.controller, transport: devices.peripheral.transport },
        { bonds: stores.peripheral },
      ),
      central: await air.openOn(
        { controller: devices.central.controller, transport: devices.central.transport },
        { bonds: stores.central },
      ),
    });
    return { air, open };
  }

  it("are its subscriptions, its database and changes meanwhile: the client is told when it is back", async () => {
    const { air, open } = bonded();
    const { peripheral, central } = await open();
    const { ticks } = offer(peripheral.host.gatt);
    const first = await air.connect(central, peripheral);
    await air.until(first.central.pair());
    const value = await air.until(first.central.gatt.characteristic("180d", "2a37"));
    const heard: number[] = [];
    await air.until(value.subscribe({ onValue: ([tick]) => heard.push(tick!) }));
    await air.until(ticks.notify(Uint8Array.of(1)));
    await air.clock.advance(100);
    expect(heard).toEqual([1]);
    const gone = once(first.central, "disconnected");
    await air.until(first.peripheral.disconnect());
    await air.until(gone);

    // Something new is offered while the client is away.
    peripheral.host.gatt.add(
      service("180f", { level: characteristic("2a19", { value: Uint8Array.of(80) }) }),
    );
    const again = await air.connect(central, peripheral);
    await air.until(again.central.encrypt());
    await air.clock.advance(1000);
    // Subscribed still, although it has not asked again.
    expect(ticks.subscribers).toEqual([again.peripheral]);
    const level = await air.until(again.central.gatt.characteristic("180f", "2a19"));
    expect(await air.until(level.read())).toEqual(Uint8Array.of(80));
    await air.expectNothingLeft();
  });

  it("follows changes told by Service Changed of the bond, whatever it has searched for on this link", async () => {
    const { air, open } = bonded();
    const { peripheral, central } = await open();
    offer(peripheral.host.gatt);
    const first = await air.connect(central, peripheral);
    await air.until(first.central.pair());
    await air.until(first.central.gatt.services());
    await air.until(first.central.disconnect());
    const battery = { level: characteristic("2a19", { value: Uint8Array.of(80) }) };
    const added = peripheral.host.gatt.add(service("180f", battery));
    const again = await air.connect(central, peripheral);
    await air.until(again.central.encrypt());
    const level = await air.until(again.central.gatt.characteristic("180f", "2a19"));
    expect(await air.until(level.read())).toEqual(Uint8Array.of(80));
    peripheral.host.gatt.remove(added);
    const written: Uint8Array[] = [];
    const other = { speed: characteristic("2a6e", { onWrite: ({ value }) => void written.push(value) }) };
    peripheral.host.gatt.add(service("181a", other, { handle: level.handle - 2 }));
    await air.clock.advance(1000);
    expect(await air.ending(level.write(Uint8Array.of(1)))).toMatchObject({
      error: { code: "STALE_ATTRIBUTE" },
    });
    expect(written).toEqual([]);
    await air.expectNothingLeft();
  });

  it("is used in place of discovery when the Database Hash is the same", async () => {
    const { air, open } = bonded();
    const { peripheral, central } = await open();
    offer(peripheral.host.gatt);
    /** How many packets it takes to read one value, from connecting on. */
    const packets = async (): Promise<number> => {
      const before = central.transport.dataPackets;
      const { central: connection } = await air.connect(central, peripheral);
      await air.until(connection.gatt.services());
      const value = await air.until(connection.gatt.characteristic("180d", "2a38"));
      await air.until(value.read());
      await air.until(connection.disconnect());
      return central.transport.dataPackets - before;
    };
    const first = await packets();
    expect(await packets()).toBeLessThan(first);
    expect(await packets()).toBe(6); // MTU, features, hash, Service Changed, and the value
    await air.expectNothingLeft();
  });

  it("does not hold up or break anything when the link goes in the middle of it", async () => {
    for (let ms = 0; ms < 30; ms += 2) {
      const { air, open } = bonded();
      const { peripheral, central } = await open();
      offer(peripheral.host.gatt);
      const { central: connection, peripheral: other } = await air.connect(central, peripheral);
      const value = outcome(connection.gatt.characteristic("180d", "2a39").then((found) => found.read()));
      await air.clock.advance(ms);
      await air.until(other.disconnect());
      await air.until(value);
      await air.expectNothingLeft();
    }
  });
});
