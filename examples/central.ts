import { characteristic, Host, service } from "jelling";
import { VirtualAir } from "jelling/virtual";

const air = new VirtualAir();

// A lamp to talk to; on a real radio that is another device.
await using lamp = await Host.open(air.controller().transport(), { name: "lamp" });
const options = { value: Uint8Array.of(0), write: true, notify: true };
const { digital } = lamp.gatt.add(service("1815", { digital: characteristic("2a56", options) }));
await lamp.advertise({ name: "lamp", services: ["1815"] });

// The central.
await using host = await Host.open(air.controller().transport());
for await (const found of host.scan({ services: ["1815"], signal: AbortSignal.timeout(10_000) })) {
  await using connection = await host.connect(found);
  connection.on("disconnected", (reason) => console.log(reason.message));
  for (const { uuid, characteristics } of await connection.gatt.services())
    console.log(uuid.toString(), "has", characteristics.map((each) => each.uuid.toString()).join(", "));
  const power = await connection.gatt.characteristic("1815", "2a56");
  console.log("was", await power.read());
  await power.write(Uint8Array.of(1));
  console.log("is now", await power.read());
  await using changes = await power.subscribe();
  await digital.notify(Uint8Array.of(0)); // somebody has turned the switch of the lamp
  for await (const value of changes) {
    console.log("has become", value);
    break;
  }
  break;
}
