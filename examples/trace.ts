import { tmpdir } from "node:os";
import { join } from "node:path";
import { Host } from "jelling";
import { readCaptureFile } from "jelling/capture";
import { traced } from "jelling/trace";
import { VirtualAir } from "jelling/virtual";

// Everything that host and controller say to each other goes into a file, which Wireshark can open as well.
const path = join(tmpdir(), `jelling-${process.pid}.btsnoop`);
const air = new VirtualAir();
{
  await using host = await Host.open(traced(air.controller().transport(), { path }));
  await host.advertise({ name: "traced" });
}

let packets = 0;
for (const record of readCaptureFile(path)) if (record.kind === "hci") packets++;
console.log(`${packets} packets are in ${path}`);
