import { describe, expect, it } from "vitest";
import { characteristic, service } from "../../src/gatt/service-builder.ts";
import { controllerKinds, twoHosts } from "../support/two-hosts.ts";

const octets = (...values: number[]): Uint8Array => Uint8Array.from(values);
const counting = (size: number): Uint8Array => Uint8Array.from({ length: size }, (_, i) => i);

describe("GATT client of one host, server of another", () => {
  it.each(controllerKinds)(
    "every way to read and write works on a controller with %s",
    async (_name, kind) => {
      const { air, central, peripheral } = await twoHosts(kind);
      const battery = peripheral.host.gatt.add(
        service("180f", { level: characteristic("2a19", { value: octets(93) }) }),
      );
      const sensor = peripheral.host.gatt.add(
        service(
          "180d",
          {
            rate: characteristic("2a37", { value: counting(300), write: true, notify: true }),
            place: characteristic("2a38", { value: octets(1), write: true, writeWithoutResponse: true }),
          },
          { includes: [battery] },
        ),
      );
      const { central: connection } = await air.connect(central, peripheral);
      const { gatt } = connection;

      const found = await air.until(gatt.service("180d"));
      expect(found.includes.map(({ uuid }) => uuid.toString())).toEqual(["180f"]);
      const [rate, place] = [found.characteristic("2a37"), found.characteristic("2a38")];
      const level = found.includes[0]!.characteristic("2a19");

      expect(await air.until(rate.read())).toEqual(counting(300));
      expect(await air.until(gatt.readMultiple([place, level, rate]))).toEqual([
        octets(1),
        octets(93),
        counting(300),
      ]);
      expect(await air.until(gatt.readMultiple([place, level], { lengths: [1, 1] }))).toEqual([
        octets(1),
        octets(93),
      ]);
      expect(await air.until(gatt.readByUuid("2a19"))).toEqual([{ handle: level.handle, value: octets(93) }]);

      await air.until(rate.write(counting(512)));
      expect(sensor.rate.value).toEqual(counting(512));
      await air.until(place.write(octets(7, 8), { offset: 1 }));
      expect(sensor.place.value).toEqual(octets(1, 7, 8));
      await air.until(
        gatt.reliableWrite([
          [rate, counting(40)],
          [place, octets(2)],
        ]),
      );
      expect([sensor.rate.value, sensor.place.value]).toEqual([counting(40), octets(2)]);
      await air.until(place.writeWithoutResponse(octets(3)));
      await air.clock.advance(100);
      expect(sensor.place.value).toEqual(octets(3));

      const services = await air.until(gatt.services());
      expect(services.map(({ uuid }) => uuid.toString())).toEqual(["1800", "1801", "180f", "180d"]);
      expect(services).toContain(found);
      await air.expectNothingLeft();
    },
  );

  it("Service Changed reaches the client by itself", async () => {
    const { air, central, peripheral } = await twoHosts();
    const { central: connection } = await air.connect(central, peripheral);
    const before = await air.until(connection.gatt.services());
    const added = peripheral.host.gatt.add(
      service("180f", { level: characteristic("2a19", { value: octets(93) }) }),
    );
    await air.clock.advance(1_000);
    const after = await air.until(connection.gatt.services());
    expect(after.slice(0, before.length)).toEqual(before);
    const level = after.at(-1)!.characteristic("2a19");
    expect(await air.until(level.read())).toEqual(octets(93));
    peripheral.host.gatt.remove(added);
    await air.clock.advance(1_000);
    expect(await air.ending(level.read())).toMatchObject({ error: { code: "STALE_ATTRIBUTE" } });
    await air.expectNothingLeft();
  });
});
