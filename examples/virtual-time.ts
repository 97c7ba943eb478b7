import { ConnectTimeoutError, Host, VirtualClock } from "jelling";
import { VirtualAir } from "jelling/virtual";

// Air and hosts share a clock that moves only when told to: waiting for a minute takes no time.
const clock = new VirtualClock();
const air = new VirtualAir({ clock });

async function lookAround(): Promise<void> {
  await using lamp = await Host.open(air.controller().transport(), { clock });
  await using host = await Host.open(air.controller().transport(), { clock });
  await lamp.advertise({ name: "lamp" });
  for await (const { name = "(no name)" } of host.scan({ durationMs: 60_000 })) console.log("found", name);
  try {
    await host.connect("C0:FF:EE:00:00:01/random"); // nobody, for 30 s
  } catch (error) {
    if (!(error instanceof ConnectTimeoutError)) throw error;
    console.log(error.message);
  }
}

await clock.until(lookAround()); // whatever waits for a host has to be within
console.log(`${clock.now()} ms have passed on the clock, ${clock.timers} timers are left`);
