import { characteristic, Host, service } from "jelling";
import { VirtualAir } from "jelling/virtual";

const air = new VirtualAir(); // a radio inside this process
await using peripheral = await Host.open(air.controller().transport());
peripheral.gatt.add(service("180f", { level: characteristic("2a19", { value: Uint8Array.of(93) }) }));
await peripheral.advertise({ name: "jelling", services: ["180f"] });

await using central = await Host.open(air.controller().transport());
for await (const found of central.scan({ services: ["180f"] })) {
  await using connection = await central.connect(found);
  const level = await connection.gatt.characteristic("180f", "2a19");
  const [percent] = await level.read();
  console.log(`${found.name ?? "it"} has a battery at ${percent ?? 0} %`);
  break;
}
