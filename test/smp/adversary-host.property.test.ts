import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { VirtualClock } from "../../src/common/clock.ts";
import { SeededRandom } from "../../src/common/random.ts";
import { NoIoAgent } from "../../src/gap/agents/no-io-agent.ts";
import { Host } from "../../src/host.ts";
import {
  Adversary,
  type AdversaryLink,
  attacks,
  FixedCid,
  noHostFaults,
  nothingPending,
  pairingConversations,
} from "../../testing/index.ts";
import { VirtualAir } from "../../transports/virtual/index.ts";
import { runs } from "../support/runs.ts";

const smp = attacks({ protocols: ["SMP"], encrypts: true, maxSteps: 15, longestWait: 2_000 });
const someRuns = { numRuns: Math.ceil(runs.numRuns / 4) };

/** A host that pairs with whoever comes, an adversary, and the link between them. */
async function duel(
  role: "central" | "peripheral",
  play: (host: Host, link: AdversaryLink, clock: VirtualClock) => Promise<void>,
): Promise<void> {
  const clock = new VirtualClock();
  const air = new VirtualAir({ clock });
  const controller = air.controller();
  const host = await clock.until(Host.open(controller.transport(), { clock, random: new SeededRandom(1) }));
  host.agents.register(new NoIoAgent());
  const adversary = await Adversary.open(air.controller().transport(), { clock });
  let link: AdversaryLink;
  if (role === "peripheral") {
    await clock.until(host.advertise({ name: "target" }));
    link = await adversary.connect(host.address);
  } else {
    const connecting = host.connect(adversary.address);
    link = await adversary.accept();
    await clock.until(connecting);
  }
  await play(host, link, clock);
  expect(link.transcript.filter(({ encrypted }) => encrypted)).toEqual([]);
  expect(host.bonds.all).toEqual([]);
  noHostFaults(controller, { except: ["unknownHandle"] });
  await link.disconnect();
  await adversary[Symbol.asyncDispose]();
  await clock.until(host[Symbol.asyncDispose]());
  await clock.advance(10_000);
  await nothingPending({ clock, controller });
}

describe.each(["central", "peripheral"] as const)(
  "a host that pairs as %s with an adversary (Vol 3, Part H, 2.3)",
  (role) => {
    it("comes to an end whatever is said, without a link that is encrypted or a bond that is not earned", async () => {
      await fc.assert(
        fc.asyncProperty(smp, (steps) =>
          duel(role, async (host, link, clock) => {
            const [connection] = host.connections;
            const pairing = connection!.pair().then(
              () => "paired",
              () => "failed",
            );
            await link.play(steps);
            expect(await clock.until(pairing)).toBe("failed");
          }),
        ),
        someRuns,
      );
    });

    it("takes no pairing that was recorded elsewhere, played again from either side", async () => {
      await fc.assert(
        fc.asyncProperty(pairingConversations, ({ pdus }) =>
          duel(role, async (host, link, clock) => {
            const own = role === "central" ? "peripheral" : "central";
            const [connection] = host.connections;
            const pairing =
              role === "central" ? connection!.pair() : Promise.reject(new Error("it begins nothing"));
            const ending = pairing.then(
              () => "paired",
              () => "failed",
            );
            for (const { from, pdu } of pdus) {
              if (from === own) link.send(FixedCid.Smp, pdu);
              await link.settle();
            }
            expect(await clock.until(ending)).toBe("failed");
          }),
        ),
        someRuns,
      );
    });
  },
);
