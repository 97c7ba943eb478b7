import { Host } from "jelling";
import { NordicUart, NordicUartServer, ServiceUuid } from "jelling/profiles";
import { VirtualAir } from "jelling/virtual";

const air = new VirtualAir();

// A device with a serial port, which says everything back in capitals.
await using device = await Host.open(air.controller().transport(), { name: "console" });
using server = new NordicUartServer(device.gatt, {
  async onData(octets, connection) {
    const answer = new TextDecoder().decode(octets).toUpperCase();
    await server.write(new TextEncoder().encode(answer), { to: connection });
  },
});
await device.advertise({ name: "console", services: [ServiceUuid.NordicUart] });

// Somebody who talks to it.
await using host = await Host.open(air.controller().transport());
await using connection = await host.connect(device.address);
await using uart = await NordicUart.open(connection.gatt);
await uart.write(new TextEncoder().encode("hello"));
for await (const octets of uart) {
  console.log("it says", new TextDecoder().decode(octets));
  break;
}
