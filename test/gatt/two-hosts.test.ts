import { describe, expect, it } from "vitest";
import { toHex } from "../../src/common/bytes.ts";
import { characteristic, service } from "../../src/gatt/service-builder.ts";
import { DisconnectedError } from "../../src/hci/error.ts";
import { errorOf } from "./wire.ts";
import { manyLinks } from "../support/profile.ts";
import { controllerKinds, HostsOnAir, twoHosts } from "../support/two-hosts.ts";

const octets = (...values: number[]): Uint8Array => Uint8Array.from(values);
const counting = (size: number): Uint8Array => Uint8Array.from({ length: size }, (_, i) => i);

const sensor = service("180d", {
  measurement: characteristic("2a37", { notify: true, indicate: true }),
  control: characteristic("2a39", { value: octets(), write: true, writeWithoutResponse: true }),
  long: characteristic("00112233-4455-6677-8899-aabbccddeeff", { value: counting(512) }),
});

describe("GATT between two hosts", () => {
  it.each(controllerKinds)("works on a controller with %s", async (_name, options) => {
    const { air, central, peripheral } = await twoHosts(options);
    const local = peripheral.host.gatt.add(sensor);
    const { central: connection } = await air.connect(central, peripheral);
    const [long, control, measurement] = await air.until(
      Promise.all([
        connection.gatt.characteristic("180d", "00112233-4455-6677-8899-aabbccddeeff"),
        connection.gatt.characteristic("180d", "2a39"),
        connection.gatt.characteristic("180d", "2a37"),
      ]),
    );
    expect(connection.mtu).toBe(517);
    expect(await air.until(long.read())).toEqual(counting(512));
    await air.until(control.write(counting(512)));
    expect(local.control.value).toEqual(counting(512));

    const seen: string[] = [];
    const subscription = await air.until(
      measurement.subscribe({ onValue: (value) => seen.push(toHex(value)) }),
    );
    const told = Array.from({ length: 200 }, (_, i) => local.measurement.notify(octets(i)));
    await air.until(Promise.all(told));
    await air.clock.advance(1_000);
    expect(seen, "every one, in order").toEqual(Array.from({ length: 200 }, (_, i) => toHex(octets(i))));

    const writes = Array.from({ length: 100 }, (_, i) => control.writeWithoutResponse(octets(i)));
    await air.until(Promise.all(writes));
    expect(await air.until(control.read()), "the last of the writes").toEqual(octets(99));
    await air.until(subscription[Symbol.asyncDispose]());
    expect(local.measurement.subscribers).toEqual([]);
    await air.expectNothingLeft();
  });

  it("subscriptions are per connection and do not outlast it (Vol 3, Part G, 3.3.3.3)", async () => {
    const air = new HostsOnAir();
    const peripheral = await air.open(manyLinks);
    const [one, two] = [await air.open(), await air.open()];
    const local = peripheral.host.gatt.add(sensor);
    const first = await air.connect(one, peripheral);
    const second = await air.connect(two, peripheral);
    const seen: string[] = [];
    for (const [name, { central }] of [
      ["one", first],
      ["two", second],
    ] as const) {
      const measurement = await air.until(central.gatt.characteristic("180d", "2a37"));
      if (name === "one")
        await air.until(measurement.subscribe({ onValue: (value) => seen.push(name + toHex(value)) }));
    }
    expect(local.measurement.subscribers).toEqual([first.peripheral]);
    expect(await air.until(local.measurement.notify(octets(1)))).toBe(1);
    await air.clock.advance(100);
    expect(seen).toEqual(["one01"]);
    await air.until(first.central.disconnect());
    await air.clock.advance(100);
    expect(local.measurement.subscribers).toEqual([]);
    const again = await air.connect(one, peripheral);
    await air.until(again.central.gatt.services());
    expect(local.measurement.subscribers).toEqual([]);
    expect(await air.until(local.measurement.notify(octets(2)))).toBe(0);
    await air.expectNothingLeft();
  });

  it("a link that is lost ends what waits on both sides, with the reason", async () => {
    const { air, central, peripheral } = await twoHosts();
    const never = new Promise<Uint8Array>(() => undefined);
    peripheral.host.gatt.add(
      service("180d", { slow: characteristic("2a37", { onRead: () => never, notify: true }) }),
    );
    const { central: connection } = await air.connect(central, peripheral);
    const slow = await air.until(connection.gatt.characteristic("180d", "2a37"));
    const subscription = await air.until(slow.subscribe());
    const values = air.track("values", subscription[Symbol.asyncIterator]().next());
    const reading = air.track("reading", slow.read());
    await air.clock.advance(100);
    await air.until(connection.disconnect());
    for (const pending of [values, reading] as Promise<unknown>[]) {
      expect(await errorOf(pending)).toBeInstanceOf(DisconnectedError);
    }
    await air.expectNothingLeft();
  });
});
