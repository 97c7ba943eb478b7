import { AttError, characteristic, ErrorCode, Host, service } from "jelling";
import { VirtualAir } from "jelling/virtual";

const air = new VirtualAir();
const lampService = "3a0f0001-7d4c-4e0b-9d39-2f6b1c8e5a10";
const brightness = "3a0f0002-7d4c-4e0b-9d39-2f6b1c8e5a10";

// The peripheral: a lamp whose brightness can be read, written and watched.
await using host = await Host.open(air.controller().transport(), { name: "lamp" });
const lamp = host.gatt.add(
  service(lampService, {
    brightness: characteristic(brightness, {
      read: true,
      notify: true,
      value: Uint8Array.of(20),
      async onWrite({ value, connection }) {
        const [percent = 0] = value;
        if (percent > 100) throw new AttError(ErrorCode.OutOfRange);
        console.log(`lamp: ${connection.peerAddress.toString()} sets ${percent} %`);
        await lamp.brightness.notify(value); // whoever has subscribed
      },
    }),
  }),
);
await host.advertise({ name: "lamp", services: [lampService] });

// Somebody who uses it; on a real radio that is another device.
await using visitor = await Host.open(air.controller().transport());
await using connection = await visitor.connect(host.address);
const remote = await connection.gatt.characteristic(lampService, brightness);
await using changes = await remote.subscribe();
await remote.write(Uint8Array.of(80));
await remote.write(Uint8Array.of(101)).catch((error: unknown) => console.log("visitor:", String(error)));
for await (const [percent] of changes) {
  console.log("visitor: the lamp is at", percent, "%");
  break;
}
