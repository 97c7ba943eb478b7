import assert from "node:assert/strict";
import { once } from "node:events";
import { characteristic, service } from "../../../src/index.ts";
import { within } from "../guest/until.ts";
import type { Scenario } from "../scenario.ts";
import { longUuid } from "../guest/bluez-device.ts";
import { offerServices, pattern, Uuids } from "./our-services.ts";

/** BlueZ as central, without any security. */
export const bluezCentral: readonly Scenario[] = [
  {
    name: "bluez-central-gatt",
    says: "BlueZ discovers our services, reads, writes (long values too), is notified and indicated",
    core: true,
    async play(stage) {
      const host = await stage.host({ name: "jelling" });
      const offered = offerServices(host);
      await host.advertise({ name: "jelling", services: [Uuids.service] });
      const device = await stage.find(host);
      assert.equal(device.get("Name"), "jelling");
      assert.deepEqual(device.get("UUIDs"), [longUuid(Uuids.service)]);
      await device.connect();
      assert.ok(device.services.includes(longUuid(Uuids.service)));

      const plain = device.characteristic(Uuids.plain);
      assert.deepEqual(plain.get("Flags"), ["read", "write"]);
      assert.deepEqual(await plain.read(), Uint8Array.of(1, 2, 3));
      await plain.write(Uint8Array.of(4, 5));
      assert.deepEqual(new Uint8Array(offered.plain.value), Uint8Array.of(4, 5));

      const note = device.descriptor(Uuids.note);
      assert.deepEqual(await note.read(), Uint8Array.of(9));
      await note.write(Uint8Array.of(8, 7));
      assert.deepEqual(await note.read(), Uint8Array.of(8, 7));

      const long = device.characteristic(Uuids.long);
      assert.deepEqual(await long.read(), pattern(512));
      await long.write(pattern(512, 99), "request");
      assert.deepEqual(new Uint8Array(offered.long.value), pattern(512, 99));
      await long.write(pattern(300, 5), "reliable");
      assert.deepEqual(new Uint8Array(offered.long.value.subarray(0, 300)), pattern(300, 5));

      const written = once(offered.command, "written");
      await device.characteristic(Uuids.command).write(pattern(20), "command");
      await within("a write without response", written);
      assert.deepEqual(new Uint8Array(offered.command.value), pattern(20));

      await assert.rejects(device.characteristic(Uuids.refusing).read(), {
        name: "org.bluez.Error.NotPermitted",
      });

      const values = [pattern(20, 1), pattern(100, 2), pattern(3, 3)];
      const notified = await device.characteristic(Uuids.notifying).values(values.length, async () => {
        for (const value of values) await offered.notifying.notify(value);
      });
      assert.deepEqual(notified, values);
      const indicated = await device.characteristic(Uuids.indicating).values(values.length, async () => {
        for (const value of values) assert.equal(await offered.indicating.indicate(value), 1);
      });
      assert.deepEqual(indicated, values);
      stage.note(`ATT_MTU ${host.connections[0]?.mtu ?? 0}`);
      await device.disconnect();
    },
  },
  {
    name: "bluez-central-service-changed",
    says: "A service is added and removed while BlueZ is connected: it hears of it and finds what there is now",
    core: true,
    async play(stage) {
      const host = await stage.host({ name: "jelling" });
      offerServices(host);
      await host.advertise();
      const device = await stage.find(host);
      await device.connect();
      assert.ok(!device.services.includes(longUuid(Uuids.late)));
      const late = host.gatt.add(
        service(Uuids.late, { level: characteristic("2a19", { value: Uint8Array.of(42) }) }),
      );
      await stage.bluez.until("the new service", () => device.services.includes(longUuid(Uuids.late)));
      const level = await stage.bluez.until("its characteristic", () => {
        return device.characteristics.find((each) => each.get("UUID") === longUuid("2a19"));
      });
      assert.deepEqual(await level.read(), Uint8Array.of(42));
      assert.deepEqual(await device.characteristic(Uuids.plain).read(), Uint8Array.of(1, 2, 3));
      host.gatt.remove(late);
      await stage.bluez.until("that it is gone", () => !device.services.includes(longUuid(Uuids.late)));
      await device.disconnect();
    },
  },
  {
    name: "bluez-central-many-values",
    says: "Three hundred notifications reach a program behind BlueZ, all of them and in order",
    async play(stage) {
      const host = await stage.host({ name: "jelling" });
      const { notifying } = offerServices(host);
      await host.advertise();
      const device = await stage.find(host);
      await device.connect();
      const count = 300;
      const began = performance.now();
      const values = await device.characteristic(Uuids.notifying).values(count, async () => {
        for (let number = 0; number < count; number++)
          await notifying.notify(Uint8Array.of(number & 0xff, number >> 8));
      });
      stage.note(`${Math.round((count * 1000) / (performance.now() - began))} values a second over D-Bus`);
      assert.deepEqual(
        values.map(([low = 0, high = 0]) => low | (high << 8)),
        Array.from({ length: count }, (_, number) => number),
      );
      await device.disconnect();
    },
  },
];
