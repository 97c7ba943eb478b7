import { describe, expect, it } from "vitest";
import { AttError } from "../../src/att/error.ts";
import { ErrorCode } from "../../src/att/error-code.ts";
import { MemoryDatabaseCache } from "../../src/gatt/database-cache.ts";
import { StaleAttributeError } from "../../src/gatt/error.ts";
import { GattService } from "../../src/gatt/gatt-service.ts";
import type { RemoteCharacteristic } from "../../src/gatt/remote-characteristic.ts";
import { characteristic, service } from "../../src/gatt/service-builder.ts";
import { HostsOnAir } from "../support/two-hosts.ts";
import { script, ScriptedServer } from "./scripted-server.ts";
import { Bench, errorOf, settle, type Wire } from "./wire.ts";

const octets = (...values: number[]): Uint8Array => Uint8Array.from(values);
const battery = (value: number) =>
  service("180f", { level: characteristic("2a19", { value: octets(value), write: true, notify: true }) });

/** A server with a Generic Attribute service, whose Service Changed may be kept from its clients. */
class Device extends Bench {
  constructor(tells: boolean) {
    super();
    const gatt = new GattService(this.server);
    if (tells)
      this.changed = (start, end) => {
        void gatt.changed(start, end);
      };
  }
}

/** Three services of one kind, all found by a client. */
async function three(tells: boolean) {
  const device = new Device(tells);
  const offered = [1, 2, 3].map((value) => device.server.add(battery(value)));
  const wire = device.connect(517, { cache: new MemoryDatabaseCache() });
  const services = await device.until(wire.client.services({ uuid: "180f" }));
  if (tells) await device.until(wire.client.services());
  await device.clock.advance(1);
  wire.requests.length = 0;
  return { device, offered, wire, found: services.map((each) => each.characteristic("2a19")) };
}

function endings(values: readonly RemoteCharacteristic[]): Promise<unknown[]> {
  return Promise.all(
    values.map((each) =>
      each.read().then(
        (value) => value[0],
        (error: unknown) => error,
      ),
    ),
  );
}

/** What a client sent from the first read to the last, without what it has asked in between. */
function reads({ requests }: Wire): string[] {
  return requests.filter((request) => request.startsWith("0a"));
}

describe("Requests in line behind one that is answered Database Out Of Sync (Vol 3, Part G, 2.5.2.1)", () => {
  it("are held until the attributes are known anew, then go out once, in their order", async () => {
    const { device, wire, found } = await three(false);
    device.server.add(service("180d", { rate: characteristic("2a37", { value: octets(9) }) }));
    expect(await device.until(endings(found))).toEqual([1, 2, 3]);
    const handles = found.map(({ handle }) => `0a${handle.toString(16).padStart(2, "0")}00`);
    expect(reads(wire)).toEqual([handles[0], ...handles]);
    const [first, second] = [wire.requests.indexOf(handles[0]!), wire.requests.lastIndexOf(handles[0]!)];
    const between = wire.requests.slice(first + 1, second);
    expect(between.length, "a search").toBeGreaterThan(0);
    expect(device.clock.timers).toBe(0);
  });

  it("fail where theirs is gone, and are not sent with its handle, which may be another's now", async () => {
    const { device, offered, wire, found } = await three(false);
    device.server.remove(offered[1]!);
    const [first, second, third] = await device.until(endings(found));
    expect([first, third]).toEqual([1, 3]);
    expect(second).toBeInstanceOf(StaleAttributeError);
    expect(second).toMatchObject({ handle: found[1]!.handle });
    expect(String(second)).toMatch(/characteristic 2a19 \(handle 0x00..\) is no longer/);
    const stale = `0a${found[1]!.handle.toString(16).padStart(2, "0")}00`;
    expect(wire.requests).not.toContain(stale);
  });

  it("so are those that wait while Service Changed comes (2.5.2)", async () => {
    const { device, offered, wire, found } = await three(true);
    const waiting = endings(found);
    device.server.remove(offered[2]!);
    const [first, second, third] = await device.until(waiting);
    expect([first, second]).toEqual([1, 2]);
    expect(third).toBeInstanceOf(StaleAttributeError);
    expect(wire.requests).not.toContain(`0a${found[2]!.handle.toString(16).padStart(2, "0")}00`);
    await device.clock.advance(1);
    expect(device.clock.timers).toBe(0);
  });

  it("writes without response that wait for room are not sent with a handle that is another's now", async () => {
    const device = new Device(true);
    const command = service("180f", { it: characteristic("2a19", { writeWithoutResponse: true }) });
    const offered = device.server.add(command);
    const wire = device.connect(517, { cache: new MemoryDatabaseCache() });
    await device.until(wire.client.services());
    const remote = await device.until(wire.client.characteristic("180f", "2a19"));
    await device.clock.advance(1);
    wire.stallClient(0);
    const waiting = errorOf(remote.writeWithoutResponse(octets(1)));
    await settle();
    device.server.remove(offered);
    await device.clock.advance(1);
    wire.flow();
    for (const pdu of wire.toServer.takeOctets()) wire.toServer.deliver?.(pdu);
    expect(await device.until(waiting)).toBeInstanceOf(StaleAttributeError);
    expect(wire.requests.filter((pdu) => pdu.startsWith("52"))).toEqual([]);
  });
});

describe("Prepared writes in the middle of a change (Vol 3, Part F, 3.4.6.3)", () => {
  it("that cannot be executed for it begin anew once, and do not take the empty queue for done", async () => {
    let executed = 0;
    const base = script({
      "06 0100": "07 0100 0300",
      "10 0100 ffff 0028": "11 06 0100 0300 0d18",
      "10 0100 0300 0028": "11 06 0100 0300 0d18",
      "08 0200 0300 0328": "09 07 0200 0a 0300 372a",
    });
    const server = new ScriptedServer((request) => {
      if (request.startsWith("16")) return `17${request.slice(2)}`;
      if (request.startsWith("18")) return ++executed === 1 ? "01 18 0300 12" : "19";
      return base(request);
    });
    const value = await server.until(server.client.characteristic("180d", "2a37"));
    server.requests.length = 0;
    await server.until(value.write(octets(7), { long: true }));
    const writes = server.requests.filter((request) => /^1[68]/.test(request));
    expect(writes).toEqual(["160300000007", "1801", "160300000007", "1801"]);
  });
});

describe("A server that has no way to tell of changes (Vol 3, Part F, 3.4.1.1)", () => {
  it("and answers Invalid Handle has the client look anew: what is gone is told so", async () => {
    const bench = new Bench();
    const offered = bench.server.add(battery(1));
    const wire = bench.connect(517, { cache: new MemoryDatabaseCache() });
    const remote = await bench.until(wire.client.characteristic("180f", "2a19"));
    const changes: unknown[] = [];
    wire.client.on("servicesChanged", (change) => changes.push(change));
    bench.server.remove(offered);
    expect(await bench.until(errorOf(remote.read()))).toBeInstanceOf(StaleAttributeError);
    expect(changes).toEqual([{ startHandle: 0x0001, endHandle: 0xffff }]);
    wire.requests.length = 0;
    expect(await bench.until(errorOf(remote.read()))).toBeInstanceOf(StaleAttributeError);
    expect(wire.requests, "asked once").toEqual([]);
    expect(await bench.until(errorOf(wire.client.characteristic("180f", "2a19")))).toMatchObject({
      code: "NOT_FOUND",
    });
  });

  it.each([ErrorCode.InvalidHandle, ErrorCode.AttributeNotFound])(
    "but still shows the attribute it answers 0x%s for is asked again once, and then believed",
    async (status) => {
      const base = script({
        "06 0100": "07 0100 0300",
        "10 0100 0300 0028": "11 06 0100 0300 0d18",
        "08 0200 0300 0328": "09 07 0200 02 0300 372a",
        "0a": `01 0a 0300 0${status.toString(16)}`,
      });
      const server = new ScriptedServer(base, 517, { cache: new MemoryDatabaseCache() });
      const changes: unknown[] = [];
      server.client.on("servicesChanged", (change) => changes.push(change));
      const value = await server.until(server.client.characteristic("180d", "2a37"));
      server.requests.length = 0;
      for (const times of [2, 1]) {
        const error = await server.until(errorOf(value.read()));
        expect(error).toBeInstanceOf(AttError);
        expect(error).toMatchObject({ status, handle: 3 });
        expect(server.requests.splice(0).filter((request) => request === "0a0300")).toHaveLength(times);
      }
      expect(changes).toEqual([]);
    },
  );

  it("is asked for Service Changed once by who waits for values, even if only one service was searched", async () => {
    const bench = new Bench();
    bench.server.add(battery(1));
    const wire = bench.connect(517, { cache: new MemoryDatabaseCache() });
    const remote = await bench.until(wire.client.characteristic("180f", "2a19"));
    for (let i = 0; i < 3; i++) await bench.until(remote.subscribe());
    await bench.clock.advance(1);
    const wanted = wire.requests.filter((request) => request.startsWith("06") && request.endsWith("0118"));
    expect(wanted).toHaveLength(1);
  });
});

describe("connection.gatt, event servicesChanged (Vol 3, Part G, 7.1)", () => {
  it("tells the range, between two hosts; what is gone rejects with its name, what is new is found", async () => {
    const air = new HostsOnAir();
    const [peripheral, central] = [await air.open(), await air.open()];
    const before = peripheral.host.gatt.add(battery(1));
    const { central: connection } = await air.connect(central, peripheral);
    await air.until(connection.gatt.services());
    const remote = await air.until(connection.gatt.characteristic("180f", "2a19"));
    await air.clock.advance(1000);
    const changes: { readonly startHandle: number; readonly endHandle: number }[] = [];
    connection.gatt.on("servicesChanged", (change) => changes.push(change));
    peripheral.host.gatt.remove(before);
    await air.clock.advance(1000);
    expect(changes).toHaveLength(1);
    expect(changes[0]!.startHandle).toBeLessThanOrEqual(remote.declarationHandle);
    expect(changes[0]!.endHandle).toBeGreaterThanOrEqual(remote.handle);
    const error = await air.ending(remote.read());
    expect(error).toMatchObject({ error: { code: "STALE_ATTRIBUTE", handle: remote.handle } });
    peripheral.host.gatt.add(service("180d", { rate: characteristic("2a37", { value: octets(9) }) }));
    await air.clock.advance(1000);
    expect(changes).toHaveLength(2);
    const rate = await air.until(connection.gatt.characteristic("180d", "2a37"));
    expect(await air.until(rate.read())).toEqual(octets(9));
    await air.expectNothingLeft();
  });
});
