import { characteristic, Host, service } from "jelling";
import { VirtualAir } from "jelling/virtual";

const air = new VirtualAir();

// The peripheral: a heart rate belt.
await using host = await Host.open(air.controller().transport(), { name: "belt" });
const { measurement } = host.gatt.add(
  service("180d", { measurement: characteristic("2a37", { notify: true }) }),
);
const timer = setInterval(() => measurement.tryNotify(Uint8Array.of(0, 72)), 100); // to all who subscribed
host.on("connected", (connection) => {
  console.log("belt: connected to", connection.peerAddress.toString());
  connection.once("disconnected", (reason) => console.log("belt:", reason.message));
});
await host.advertise({ name: "belt", services: ["180d"] }); // until the host is closed

// Somebody who looks at it; on a real radio that is another device.
await using visitor = await Host.open(air.controller().transport());
const connection = await visitor.connect(host.address);
const remote = await connection.gatt.characteristic("180d", "2a37");
for await (const [, beats] of remote.notifications()) {
  console.log("visitor:", beats, "beats a minute");
  break;
}
await connection.disconnect();
clearInterval(timer);
