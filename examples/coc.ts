import { BleError, type Channel, Host } from "jelling";
import { VirtualAir } from "jelling/virtual";

const air = new VirtualAir();

// One side takes channels, and gives back what comes through them.
await using server = await Host.open(air.controller().transport());
await using listener = server.listen({ mtu: 4096 });
async function serve(): Promise<void> {
  for await (const channel of listener) void echo(channel); // each by itself: none waits for another
}
async function echo(channel: Channel): Promise<void> {
  try {
    for await (const sdu of channel) await channel.send(sdu.subarray(0, channel.peerMtu));
  } catch (error) {
    if (!(error instanceof BleError)) throw error; // the peer has closed it or left: the others go on
  }
}
serve().catch(console.error); // until the listener or the host is closed, or the controller is lost
await server.advertise({ name: "echo" });

// The other opens one; on a real radio that is another device.
await using host = await Host.open(air.controller().transport());
const connection = await host.connect(server.address);
await using channel = await connection.openChannel({ spsm: listener.spsm });
console.log("the peer takes up to", channel.peerMtu, "octets at a time");
await channel.send(new TextEncoder().encode("hello"));
for await (const sdu of channel) {
  console.log("the peer says", new TextDecoder().decode(sdu));
  break;
}
