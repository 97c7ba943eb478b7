import { Arrivals } from "../arrivals.ts";
import { openFloorPair } from "../floor-pair.ts";
import { closeHosts, openChannelPair } from "../jelling-pair.ts";
import { measure, type Work } from "../measurement.ts";
import type { Run } from "../scenario.ts";
import { someValue } from "../values.ts";

/** Octets that are sent before anybody looks at the clock. */
const batchOctets = 1_000_000;

/** The central sends SDUs as fast as it may; the peripheral iterates, and so owns each. */
export function channel(octets: number): Run {
  const sdu = someValue(octets);
  const atOnce = Math.min(1_000, Math.ceil(batchOctets / octets));
  return async (subject, budget) => {
    if (subject === "floor") return measure(await floorStream(sdu), budget, atOnce);
    const { from, to, ...hosts } = await openChannelPair(octets);
    const arrivals = new Arrivals();
    const iteration = (async () => {
      for await (const received of to) if (received.length === octets) arrivals.count();
    })();
    const measurement = await measure(
      async (operations) => {
        const last = arrivals.expect(operations);
        for (let i = 0; i < operations; i++) await from.send(sdu);
        await last;
      },
      budget,
      atOnce,
    );
    await from[Symbol.asyncDispose]();
    await iteration;
    await closeHosts(hosts);
    return measurement;
  };
}

/** The same between hosts that lay out K-frames and put SDUs together, and have no credits to count. */
async function floorStream(sdu: Uint8Array): Promise<Work> {
  const { central, peripheral } = await openFloorPair();
  const arrivals = new Arrivals();
  peripheral.onSdu = (received) => {
    if (received.length === sdu.length) arrivals.count();
  };
  return (operations) => {
    let left = operations;
    let at = 0;
    const last = arrivals.expect(operations);
    const send = (): void => {
      while (left > 0 && central.credits > 0) {
        at = central.sendFrame(sdu, at);
        if (at < sdu.length) continue;
        at = 0;
        left--;
      }
    };
    central.onCredits = send;
    send();
    return last;
  };
}
