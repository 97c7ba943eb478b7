import assert from "node:assert/strict";
import { inspect } from "node:util";
import { AttError, ErrorCode, type Found, propertyList, RecordingAgent } from "../../../src/index.ts";
import { advertise, bluezAddress, BluezApplication, connectToBluez } from "../guest/bluez-peripheral.ts";
import { poll, within } from "../guest/until.ts";
import type { Scenario } from "../scenario.ts";
import { pattern } from "./our-services.ts";
import { Theirs, theirProperties, theirServices } from "./their-services.ts";

/** Our central, and what programs offer through BlueZ. */
export const ourCentral: readonly Scenario[] = [
  {
    name: "our-central-advertising",
    says: "We hear everything that LEAdvertisingManager1 lets programs say",
    core: true,
    play: async (stage) => {
      const host = await stage.host();
      stage.own(
        await advertise(stage.bluez, {
          Type: ["s", "peripheral"],
          LocalName: ["s", "bluez"],
          // No more than 31 octets in all: of more the kernel makes a legacy advertisement that is none, and btvirt ends.
          ServiceUUIDs: ["as", ["180d", "180f"]],
          SolicitUUIDs: ["as", ["1805"]],
          Appearance: ["q", 0x0341],
          Includes: ["as", ["tx-power"]],
        }),
      );
      // The scan response, where the name is, comes behind the advertisement.
      const found = await first(
        host.scan({ services: ["180d"], durationMs: 20_000 }),
        ({ name }) => name !== undefined,
      );
      assert.equal(found.address.toString(), bluezAddress(stage.bluez).toString());
      assert.equal(found.name, "bluez");
      assert.deepEqual(found.services.map(String).sort(), ["180d", "180f"]);
      const parts = [found.advertisement, found.scanResponse];
      assert.ok(
        parts.some((part) => part?.appearance === 0x0341),
        "no appearance",
      );
      assert.ok(
        parts.some((part) => part?.solicitedServiceUuids?.some((uuid) => String(uuid) === "1805")),
        "no solicitation",
      );
      assert.ok(found.txPower !== undefined, "no TX power");
      assert.equal(found.connectable, true);
    },
  },
  {
    name: "our-central-advertising-data",
    says: "We hear manufacturer and service data of a BlueZ that broadcasts",
    play: async (stage) => {
      const host = await stage.host();
      stage.own(
        await advertise(stage.bluez, {
          Type: ["s", "broadcast"],
          ManufacturerData: ["a{qv}", { 0xffff: ["ay", [1, 2, 3]] }],
          ServiceData: ["a{sv}", { "180f": ["ay", [99]] }],
        }),
      );
      const found = await first(host.scan({ manufacturerData: [{ companyId: 0xffff }], durationMs: 20_000 }));
      assert.equal(found.connectable, false);
      assert.deepEqual(
        found.manufacturerData.map(({ data }) => [...data]),
        [[1, 2, 3]],
      );
      assert.deepEqual(
        found.serviceData.map(({ uuid, data }) => [String(uuid), ...data]),
        [["180f", 99]],
      );
    },
  },
  {
    name: "our-central-gatt",
    says: "We discover a program's services through BlueZ with every property, read, write, are notified and indicated",
    core: true,
    play: async (stage) => {
      const host = await stage.host({ mtu: 200 }); // so that long values take several requests
      const application = stage.own(await BluezApplication.register(stage.bluez, theirServices));
      const connection = await connectToBluez(stage.bluez, host);
      const service = await connection.gatt.service(Theirs.service);
      stage.note(`ATT_MTU ${connection.mtu}`);
      const seen = service.characteristics.map(({ uuid, properties }) => [
        String(uuid),
        propertyList(properties).join(" "),
      ]);
      assert.deepEqual(seen, theirProperties);

      const plain = service.characteristic(Theirs.plain);
      assert.deepEqual(await plain.read(), Uint8Array.of(1, 2, 3));
      await plain.write(Uint8Array.of(4, 5));
      assert.deepEqual(await plain.read(), Uint8Array.of(4, 5));

      const long = service.characteristic(Theirs.long);
      assert.deepEqual(await long.read(), pattern(512));
      // BlueZ 5.66 counts handle and offset with the value, and takes no more than 512 octets of all.
      for (const length of [197, 508, 400]) {
        await long.write(pattern(length, length));
        assert.deepEqual(await long.read(), pattern(length, length));
      }

      const command = service.characteristic(Theirs.command);
      const written = application.next("written", application.pathOf(0, 2));
      await command.writeWithoutResponse(pattern(20, 4));
      assert.deepEqual(Uint8Array.from((await written).value ?? []), pattern(20, 4));

      const note = plain.descriptors.find(({ uuid }) => String(uuid) === Theirs.note);
      assert.ok(note);
      assert.deepEqual(await note.read(), Uint8Array.of(9));
      await note.write(Uint8Array.of(6, 6, 6));
      assert.deepEqual(await note.read(), Uint8Array.of(6, 6, 6));

      for (const [uuid, index] of [
        [Theirs.notifying, 3],
        [Theirs.indicating, 4],
      ] as const) {
        const path = application.pathOf(0, index);
        const subscribed = application.next("subscribed", path);
        await using subscription = await service.characteristic(uuid).subscribe();
        await subscribed;
        const values = [pattern(20, 1), pattern(190, 2)];
        for (const value of values) {
          const confirmed = uuid === Theirs.indicating ? application.next("confirmed", path) : undefined;
          await application.change(path, value);
          const { value: got } = await within("a value", subscription[Symbol.asyncIterator]().next());
          assert.deepEqual(got, value);
          await confirmed;
        }
      }
      await connection.disconnect();
    },
  },
  {
    name: "our-central-protected",
    says: "What needs encryption or authentication at a BlueZ server: we pair by ourselves as its errors tell us to",
    play: async (stage) => {
      const host = await stage.host();
      host.agents.register(new RecordingAgent({ capability: "DisplayYesNo" }));
      await stage.agent({ capability: "DisplayYesNo" });
      stage.own(await BluezApplication.register(stage.bluez, theirServices));
      const connection = await connectToBluez(stage.bluez, host);
      const service = await connection.gatt.service(Theirs.service);
      assert.deepEqual(await service.characteristic(Theirs.encrypted).read(), Uint8Array.of(0xe1));
      assert.equal(connection.security.encrypted, true);
      assert.deepEqual(await service.characteristic(Theirs.authenticated).read(), Uint8Array.of(0xa1));
      assert.equal(connection.security.authenticated, true);
      assert.deepEqual(await service.characteristic(Theirs.secure).read(), Uint8Array.of(0x5c));
      await connection.disconnect();
    },
  },
  {
    name: "our-central-unprotected",
    says: "Without an agent an authenticated value of BlueZ's stays closed, and the error says why",
    play: async (stage) => {
      const host = await stage.host({ raiseSecurity: "off" });
      stage.own(await BluezApplication.register(stage.bluez, theirServices));
      const connection = await connectToBluez(stage.bluez, host);
      const service = await connection.gatt.service(Theirs.service);
      const refused = (error: unknown): boolean => {
        assert.ok(error instanceof AttError, String(error));
        stage.note(error.message);
        return (
          error.status === ErrorCode.InsufficientAuthentication ||
          error.status === ErrorCode.InsufficientEncryption
        );
      };
      await assert.rejects(service.characteristic(Theirs.encrypted).read(), refused);
      await connection.disconnect();
    },
  },
  {
    name: "our-central-service-changed",
    says: "A program registers and leaves BlueZ while we are connected: we hear of it and find what there is now",
    core: true,
    play: async (stage) => {
      const host = await stage.host();
      const connection = await connectToBluez(stage.bluez, host);
      const has = async (): Promise<boolean> => {
        const services = await connection.gatt.services();
        return services.some(({ uuid }) => String(uuid) === Theirs.service);
      };
      assert.equal(await has(), false);
      const application = await BluezApplication.register(stage.bluez, theirServices);
      await poll("the new service", has);
      const plain = await connection.gatt.characteristic(Theirs.service, Theirs.plain);
      assert.deepEqual(await plain.read(), Uint8Array.of(1, 2, 3));
      await application[Symbol.asyncDispose]();
      await poll("that the service is gone", async () => !(await has()));
      await connection.disconnect();
    },
  },
];

/** The first that a scan finds, or the first that is as it has to be. */
async function first(
  scan: AsyncIterable<Found>,
  isIt: (found: Found) => boolean = () => true,
): Promise<Found> {
  const others: string[] = [];
  for await (const found of scan) {
    if (isIt(found)) return found;
    others.push(inspect(found));
  }
  throw new Error(`the scan has not found it, but ${others.join() || "nothing"}`);
}
