import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BleError } from "../src/common/errors.ts";
import type { Advertising } from "../src/gap/advertising.ts";
import type { Scan } from "../src/gap/scan.ts";
import { characteristic, service } from "../src/gatt/service-builder.ts";
import { runs } from "./support/runs.ts";
import { controllerKinds, type Ending, HostsOnAir, outcome, type Station } from "./support/two-hosts.ts";

class Aborted extends Error {}

/** Hosts that are told to do things in any order, most of them at once. What they should be is known from outside. */
class World {
  readonly air = new HostsOnAir();
  readonly endings: { readonly name: string; readonly ending: Promise<Ending<unknown>> }[] = [];
  readonly advertisings = new Map<Station, Advertising>();
  readonly scans: Scan[] = [];
  readonly aborts: AbortController[] = [];

  do<T>(name: string, promise: Promise<T>): void {
    this.endings.push({ name, ending: outcome(this.air.track(name, promise)) });
  }

  station(index: number): Station {
    return this.air.stations[index % this.air.stations.length]!;
  }

  signal(): AbortSignal {
    const controller = new AbortController();
    this.aborts.push(controller);
    return controller.signal;
  }
}

/** One thing to do; `n` picks a host, a peer, a connection or how long. */
type Step = (world: World, n: number) => void | Promise<void>;

const steps: Readonly<Record<string, Step>> = {
  advertise(world, n) {
    const station = world.station(n);
    const start = async (): Promise<void> => {
      const options = { name: `host ${n}`, resume: n % 2 === 0, signal: world.signal() };
      world.advertisings.set(station, await station.host.advertise(options));
    };
    world.do("advertise", start());
  },
  stopAdvertising(world, n) {
    const advertising = world.advertisings.get(world.station(n));
    if (advertising) world.do("stop advertising", advertising[Symbol.asyncDispose]());
  },
  scan(world, n) {
    const options = n % 3 === 0 ? { durationMs: 50 * n } : n % 3 === 1 ? { signal: world.signal() } : {};
    const scan = world.station(n).host.scan({ active: n % 2 === 0, windowMs: 10 + n, ...options });
    world.scans.push(scan);
    const loop = async (): Promise<void> => {
      for await (const found of scan) expect(found.address).toBeDefined();
    };
    world.do("scan", loop());
  },
  stopScanning(world, n) {
    const scan = world.scans[n % Math.max(1, world.scans.length)];
    if (scan) world.do("stop scanning", scan[Symbol.asyncDispose]());
  },
  connect(world, n) {
    const { host } = world.station(n);
    const peer = world.station(n + 1 + (n % 2)).host.address;
    world.do("connect", host.connect(peer, { timeoutMs: 100 + 10 * n, signal: world.signal() }));
  },
  disconnect(world, n) {
    const [connection] = world.station(n).host.connections;
    if (connection) world.do("disconnect", connection.disconnect({ signal: world.signal() }));
  },
  use(world, n) {
    const [connection] = world.station(n).host.connections;
    if (!connection) return;
    const read = async (): Promise<void> => {
      const remote = await connection.gatt.characteristic("180d", "2a37", { signal: world.signal() });
      const subscription = await remote.subscribe({ onValue: () => undefined });
      expect(await remote.read()).toEqual(Uint8Array.of(1, 2, 3));
      await subscription[Symbol.asyncDispose]();
    };
    world.do("use", read());
  },
  abort(world, n) {
    world.aborts[n % Math.max(1, world.aborts.length)]?.abort(new Aborted());
  },
  close(world, n) {
    // Seldom, or nothing would be left to do.
    if (n % 5 === 0) world.do("close", world.station(n).host[Symbol.asyncDispose]());
  },
  turn: () => Promise.resolve(),
  async wait(world, n) {
    await world.air.clock.advance(10 * n);
  },
};

const plans = fc.record({
  kinds: fc.array(fc.constantFrom(...controllerKinds), { minLength: 2, maxLength: 3 }),
  plan: fc.array(fc.tuple(fc.constantFrom(...Object.keys(steps)), fc.integer({ min: 0, max: 30 })), {
    minLength: 1,
    maxLength: 40,
    size: "max",
  }),
});

describe("Hosts that do anything in any order", () => {
  it("leave nothing behind, and every promise ends as it may", async () => {
    await fc.assert(
      fc.asyncProperty(plans, async ({ kinds, plan }) => {
        const world = new World();
        for (const [, kind] of kinds) {
          const { host } = await world.air.open(kind);
          host.gatt.add(
            service("180d", {
              value: characteristic("2a37", { notify: true, value: Uint8Array.of(1, 2, 3) }),
            }),
          );
          host.on("fault", (error) => {
            world.do("fault", Promise.reject(error instanceof Error ? error : new Error("no error")));
          });
        }
        for (const [name, n] of plan) await steps[name]?.(world, n);
        await world.air.clock.advance(60_000);
        for (const [one, { host }] of world.air.stations.entries()) {
          // Both ends of a link agree that it is there.
          for (const connection of host.connections) {
            const peers = world.air.stations.filter(({ host: { address } }) =>
              address.equals(connection.peerAddress),
            );
            expect(
              peers.flatMap(({ host: peer }) =>
                peer.connections.map(({ peerAddress }) => peerAddress.toString()),
              ),
              `of host ${one}`,
            ).toContain(host.address.toString());
          }
        }
        await world.air.expectNothingLeft();
        for (const { name, ending } of world.endings) {
          const came = await ending;
          if (!("error" in came)) continue;
          const mayBe = came.error instanceof BleError || came.error instanceof Aborted;
          expect(mayBe, `${name}: ${String(came.error)}`).toBe(true);
        }
      }),
      { ...runs, endOnFailure: false },
    );
  });
});
