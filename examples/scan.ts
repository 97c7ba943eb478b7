import { Host } from "jelling";
import { VirtualAir } from "jelling/virtual";

const air = new VirtualAir();

// Three devices that advertise, two of them near; on a real radio they are there already.
await using lamp = await Host.open(air.controller({ rssi: -40 }).transport());
await lamp.advertise({ name: "lamp in the kitchen", services: ["3a0f0001-7d4c-4e0b-9d39-2f6b1c8e5a10"] });
await using beacon = await Host.open(air.controller({ rssi: -62 }).transport());
const serviceData = [{ uuid: "181a", data: Uint8Array.of(0x34, 0x08) }];
await beacon.advertise({ serviceData, connectable: false, scannable: false });
await using far = await Host.open(air.controller({ rssi: -95 }).transport());
await far.advertise({ name: "far away" });

// The lamp comes twice: its name has no room in the advertisement and follows in the scan response.
await using host = await Host.open(air.controller().transport());
for await (const found of host.scan({ minRssi: -80, durationMs: 500 })) {
  const { address, rssi, name = "(no name)", connectable, services, serviceData } = found;
  console.log(address.toString(), rssi, "dBm", name, connectable ? "connectable" : "not connectable");
  for (const uuid of services) console.log("  offers", uuid.toString());
  for (const { uuid, data } of serviceData) console.log("  says of", uuid.toString(), data);
}
