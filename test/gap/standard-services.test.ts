import { describe, expect, it } from "vitest";
import { characteristic, service } from "../../src/gatt/service-builder.ts";
import { HostsOnAir, twoHosts } from "../support/two-hosts.ts";

const battery = service("180f", { level: characteristic("2a19", { value: Uint8Array.of(93) }) });

describe("The services that every server has", () => {
  it("are GAP with name and appearance, and GATT with Service Changed (Vol 3, Part C, 12; Part G, 7)", async () => {
    const air = new HostsOnAir();
    const peripheral = await air.open({}, { name: "Jelling stone ⚝", appearance: 0x0341 });
    const { central: connection } = await air.connect(await air.open(), peripheral);
    const services = await air.until(connection.gatt.services());
    expect(services.map(({ uuid }) => String(uuid))).toEqual(["1800", "1801"]);
    const name = await air.until(connection.gatt.characteristic(0x1800, 0x2a00));
    expect(new TextDecoder().decode(await air.until(name.read()))).toBe("Jelling stone ⚝");
    const appearance = await air.until(connection.gatt.characteristic(0x1800, 0x2a01));
    expect(await air.until(appearance.read())).toEqual(Uint8Array.of(0x41, 0x03));
    await air.expectNothingLeft();
  });

  it("indicate to those who subscribed the handles of a service that is added (Vol 3, Part G, 7.1)", async () => {
    const { air, central, peripheral } = await twoHosts();
    const { central: connection } = await air.connect(central, peripheral);
    const changed = await air.until(connection.gatt.characteristic(0x1801, 0x2a05));
    const ranges: Uint8Array[] = [];
    await air.until(changed.subscribe({ onValue: (range) => ranges.push(range.slice()) }));
    const { level } = peripheral.host.gatt.add(battery);
    await air.clock.advance(10);
    // From the GATT service on, whose Database Hash is another too.
    expect(ranges).toEqual([Uint8Array.of(changed.handle - 2, 0, level.handle, 0)]);
    await air.expectNothingLeft();
  });

  it("make no fault of a client that goes instead of confirming, but one of a client that never confirms", async () => {
    const { air, central, peripheral } = await twoHosts();
    const faults: unknown[] = [];
    peripheral.host.on("fault", (error) => faults.push(error));
    const going = await air.connect(central, peripheral);
    const changed = await air.until(going.central.gatt.characteristic(0x1801, 0x2a05));
    await air.until(changed.subscribe({ onValue: () => undefined }));
    peripheral.host.gatt.add(battery);
    await air.until(going.peripheral.disconnect());
    await air.clock.advance(10);
    expect(faults).toEqual([]);

    const silent = await air.connect(central, peripheral);
    const again = await air.until(silent.central.gatt.characteristic(0x1801, 0x2a05));
    await air.until(again.subscribe({ onValue: () => undefined }));
    central.transport.onPacket = (packet, toHost) => (toHost ? packet : undefined);
    peripheral.host.gatt.add(battery);
    await air.clock.advance(30_000);
    expect(faults).toMatchObject([{ code: "ATT_TIMEOUT" }]);
    central.transport.onPacket = undefined;
    await air.expectNothingLeft();
  });

  it("tell nobody while nobody is connected", async () => {
    const { air, peripheral } = await twoHosts();
    const before = peripheral.transport.passed;
    peripheral.host.gatt.add(battery);
    await air.clock.advance(10);
    expect(peripheral.transport.passed).toBe(before);
    await air.expectNothingLeft();
  });
});
