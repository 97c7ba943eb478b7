import { describe, expect, it } from "vitest";
import { crowd, type CrowdSize } from "../support/raw-crowd.ts";

const isFull = process.env["JELLING_SCALE"] === "full";
const size: CrowdSize = isFull
  ? { controllers: 200, links: 500, ms: 600_000 }
  : { controllers: 40, links: 100, ms: 20_000 };

/** What the full size may take on one processor of an ordinary machine. */
const mostMs = 60_000;
const mostOctets = 2 ** 30;

describe(`virtual air with ${size.controllers} controllers and ${size.links} links (JELLING_SCALE=full for 200 and 500)`, () => {
  it(
    "keeps every link, delivers every octet, and repeats itself to the octet",
    async () => {
      const begin = process.cpuUsage();
      const once = await crowd(size, { seed: 7 });
      const { user, system } = process.cpuUsage(begin);
      const took = (user + system) / 1000; // others may be at work on the machine
      const { rss } = process.memoryUsage();
      if (isFull) {
        const seconds = (took / 1000).toFixed(1);
        console.log(`${seconds} s, ${(rss / 2 ** 20).toFixed(0)} MiB, ${JSON.stringify(once)}`);
        expect(took).toBeLessThan(mostMs);
        expect(rss).toBeLessThan(mostOctets);
      }
      expect(once.links).toBe(size.links);
      expect(once.sent).toBeGreaterThan((27 * size.links * size.ms) / 1000);
      expect(once.received).toBe(once.sent);
      expect(once.retransmissions).toBeGreaterThan(0);
      expect(once.timersLeft).toBe(0);
      expect(await crowd(size, { seed: 7 })).toEqual(once);
    },
    4 * mostMs,
  );

  it("does something else with another seed", async () => {
    const small: CrowdSize = { controllers: 10, links: 20, ms: 1000 };
    const hashes = await Promise.all([1, 2].map(async (seed) => (await crowd(small, { seed })).hash));
    expect(new Set(hashes).size).toBe(2);
  });
});
