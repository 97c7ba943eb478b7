import { ConnectTimeoutError, Host, VirtualClock } from "jelling";
import { VirtualAir } from "jelling/virtual";

// Air and hosts share a clock that moves only when told to: waiting for 30 s takes no time.
const clock = new VirtualClock();
const air = new VirtualAir({ clock });

async function callNobody(): Promise<string> {
  await using host = await Host.open(air.controller().transport(), { clock });
  try {
    await host.connect("C0:FF:EE:00:00:01/random");
    return "somebody was there";
  } catch (error) {
    if (!(error instanceof ConnectTimeoutError)) throw error;
    return error.message;
  }
}

console.log(await clock.until(callNobody()));
console.log(`${clock.now()} ms have passed on the clock, ${clock.timers} timers are left`);
