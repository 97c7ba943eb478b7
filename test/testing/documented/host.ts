import fc from "fast-check";
import { Host, SeededRandom, VirtualClock } from "../../../src/index.ts";
import { Adversary, answersEveryRequestOnce, attacks, nothingPending } from "../../../testing/index.ts";
import { VirtualAir } from "../../../transports/virtual/index.ts";

await fc.assert(
  fc.asyncProperty(attacks(), async (steps) => {
    const clock = new VirtualClock(); // one for the air, the host and the adversary
    const air = new VirtualAir({ clock });
    const controller = air.controller();
    const options = { clock, random: new SeededRandom(1) };
    const host = await clock.until(Host.open(controller.transport(), options));
    await clock.until(host.advertise({ name: "target" }));
    const adversary = await Adversary.open(air.controller().transport(), { clock });
    const link = await adversary.connect(host.address);
    await link.play(steps); // it may wait for minutes, which take no time
    answersEveryRequestOnce(link.transcript, { answering: "peripheral", ended: link.ended !== undefined });
    await adversary[Symbol.asyncDispose]();
    await clock.until(host[Symbol.asyncDispose]());
    await clock.advance(10_000); // the adversary has left without a word
    await nothingPending({ clock, controller });
  }),
  { numRuns: 50 },
);
