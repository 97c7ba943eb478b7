import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { characteristic, service } from "../src/gatt/service-builder.ts";
import { twoHosts } from "./support/two-hosts.ts";

/** What callbacks threw, which would have ended the process as uncaught. */
const uncaught: unknown[] = [];

beforeEach(() => {
  uncaught.length = 0;
  vi.stubGlobal("queueMicrotask", (callback: () => void) => {
    try {
      callback();
    } catch (error) {
      uncaught.push(error);
    }
  });
});

afterEach(() => {
  vi.unstubAllGlobals();
});

describe("A callback of the program that throws", () => {
  const mistake = new Error("the program's own");
  const fail = (): never => {
    throw mistake;
  };

  it("as a listener of host and connection surfaces as uncaught, and the stack goes on", async () => {
    const { air, central, peripheral } = await twoHosts();
    central.host.on("connected", fail);
    peripheral.host.on("connected", fail);
    const { central: connection, peripheral: other } = await air.connect(central, peripheral);
    expect(uncaught).toEqual([mistake, mistake]);
    connection.on("mtuChanged", fail);
    other.on("disconnected", fail);
    await air.until(connection.gatt.services());
    await air.until(connection.disconnect());
    await air.clock.advance(10);
    expect(uncaught).toEqual([mistake, mistake, mistake, mistake]);
    expect([central.host.connections, peripheral.host.connections]).toEqual([[], []]);
    central.host.on("closed", fail);
    await air.expectNothingLeft();
    expect(uncaught).toHaveLength(5);
  });

  it("as onValue surfaces as uncaught for each value, and the values go on", async () => {
    const { air, central, peripheral } = await twoHosts();
    const { value } = peripheral.host.gatt.add(
      service("180d", { value: characteristic("2a37", { notify: true }) }),
    );
    const { central: connection } = await air.connect(central, peripheral);
    const remote = await air.until(connection.gatt.characteristic("180d", "2a37"));
    const heard: number[] = [];
    await air.until(remote.subscribe({ onValue: ([first]) => heard.push(first ?? -1) && fail() }));
    for (const first of [1, 2, 3]) await air.until(value.notify(Uint8Array.of(first)));
    await air.clock.advance(10);
    expect(heard).toEqual([1, 2, 3]);
    expect(uncaught).toEqual([mistake, mistake, mistake]);
    await air.expectNothingLeft();
  });

  it("as a handler of the server is a fault of the host, and the client gets an answer", async () => {
    const { air, central, peripheral } = await twoHosts();
    const faults: unknown[] = [];
    peripheral.host.on("fault", (error) => faults.push(error));
    peripheral.host.gatt.add(
      service("180d", {
        a: characteristic("2a37", { onRead: fail }),
        b: characteristic("2a38", { onRead: () => Promise.reject(mistake) }),
      }),
    );
    const { central: connection } = await air.connect(central, peripheral);
    for (const uuid of ["2a37", "2a38"]) {
      const remote = await air.until(connection.gatt.characteristic("180d", uuid));
      expect(await air.ending(remote.read())).toMatchObject({ error: { code: "ATT_ERROR", status: 0x0e } });
    }
    expect(faults).toMatchObject([{ cause: mistake }, { cause: mistake }]);
    expect(uncaught).toEqual([]);
    await air.expectNothingLeft();
  });

  it("may call back into the stack, even to close the host it came from", async () => {
    const { air, central, peripheral } = await twoHosts();
    peripheral.host.on("connected", (connection) => void connection.disconnect());
    await air.until(peripheral.host.advertise());
    const connection = await air.until(central.host.connect(peripheral.host.address));
    connection.on("disconnected", () => void central.host[Symbol.asyncDispose]());
    await air.clock.advance(10);
    expect(connection.connected).toBe(false);
    expect(await air.ending(central.host.advertise())).toMatchObject({ error: { code: "HOST_CLOSED" } });
    expect(uncaught).toEqual([]);
    await air.expectNothingLeft();
  });
});
