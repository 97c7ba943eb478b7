import { describe, expect, it } from "vitest";
import { characteristic, service } from "../../src/gatt/service-builder.ts";
import { outcome, type TwoHosts, twoHosts } from "../support/two-hosts.ts";

const narrow = { aclOctets: 27, aclPackets: 1 };

interface Told extends TwoHosts {
  /** The numbers that the central was told, in order. */
  readonly heard: number[];
  readonly connection: Awaited<ReturnType<TwoHosts["air"]["connect"]>>;
  readonly notify: (number: number, octets?: number) => Promise<number>;
}

/** A central that is subscribed, on controllers that hold one packet of 27 octets. */
async function subscribed(): Promise<Told> {
  const hosts = await twoHosts(narrow, "air");
  const { air, central, peripheral } = hosts;
  const counter = characteristic("ff01", { notify: true });
  const local = peripheral.host.gatt.add(service("ff00", { counter }));
  const connection = await air.connect(central, peripheral);
  const remote = await air.until(connection.central.gatt.characteristic("ff00", "ff01"));
  const heard: number[] = [];
  await air.until(remote.subscribe({ onValue: (value) => heard.push(value[0] ?? -1) }));
  const notify = (number: number, octets = 20): Promise<number> =>
    local.counter.notify(new Uint8Array(octets).fill(number));
  return { ...hosts, heard, connection, notify };
}

describe("Saying goodbye (Vol 4, Part E, 7.1.6)", () => {
  it.each(["disconnect()", "closing the host"])(
    "%s lets notifications that resolved arrive first",
    async (how) => {
      const { air, peripheral, heard, connection, notify } = await subscribed();
      for (let number = 0; number < 10; number++) await air.until(notify(number));
      expect(heard.length).toBeLessThan(10);
      await air.until(
        how === "disconnect()" ? connection.peripheral.disconnect() : peripheral.host[Symbol.asyncDispose](),
      );
      expect(heard).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
      await air.expectNothingLeft();
    },
  );

  it("does not wait for what is sent later, nor where there is nothing to wait for", async () => {
    const { air, connection, notify } = await subscribed();
    const before = air.clock.now();
    await air.until(notify(1));
    const parting = connection.peripheral.disconnect();
    const ending = outcome(
      (async () => {
        while (connection.peripheral.connected) await notify(2);
      })(),
    );
    await air.until(parting);
    expect(air.clock.now() - before).toBeLessThan(connection.peripheral.parameters.supervisionTimeoutMs);
    await air.until(ending);
    await air.expectNothingLeft();
  });

  it("waits as long as the supervision timeout at most for a controller that reports nothing completed", async () => {
    const { air, peripheral, connection, notify } = await subscribed();
    peripheral.transport.onPacket = (packet, toHost) => (toHost && packet[1] === 0x13 ? undefined : packet);
    await air.until(notify(1));
    const commands = peripheral.transport.commands.length;
    const parting = connection.peripheral.disconnect();
    await air.clock.advance(connection.peripheral.parameters.supervisionTimeoutMs - 1);
    expect(peripheral.transport.commands.slice(commands)).toEqual([]);
    await air.clock.advance(1);
    expect(peripheral.transport.commands.slice(commands)).toEqual(["Disconnect"]);
    await air.until(parting);
    await air.expectNothingLeft();
  });

  it("sends nothing more to a peer that is not who it should be (Authentication Failure)", async () => {
    const { air, peripheral, connection, notify } = await subscribed();
    await air.until(notify(1));
    const parting = connection.peripheral.disconnect({ reason: 0x05 });
    expect(peripheral.transport.commands.at(-1)).toBe("Disconnect");
    await air.until(parting);
    await air.expectNothingLeft();
  });
});
