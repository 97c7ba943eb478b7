import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BleError } from "../../src/common/errors.ts";
import type { Advertising } from "../../src/gap/advertising.ts";
import type { Scan } from "../../src/gap/scan.ts";
import type { Connection } from "../../src/gap/connection.ts";
import { virtualProfiles } from "../../transports/virtual/controller-options.ts";
import { runs } from "../support/runs.ts";
import { ToldController } from "../support/told-controller.ts";
import { type Ending, HostsOnAir, outcome, type Station } from "../support/two-hosts.ts";

class Aborted extends Error {}

/** A host, what its controller is at, and what the program has asked for and not ended: the model. */
interface Actor extends Station {
  readonly told: ToldController;
  readonly scans: Set<Scan>;
  readonly advertisings: Set<Advertising>;
  readonly connects: Set<AbortController>;
  /** It failed again while it was being reset: that is the end of the host, and its transport switches it off. */
  closed: boolean;
}

class World {
  readonly air = new HostsOnAir();
  readonly actors: Actor[] = [];
  readonly endings: [string, Promise<Ending<unknown>>][] = [];

  async open(profile: (typeof virtualProfiles)[number]): Promise<void> {
    const prepared = this.air.prepare({ profile });
    const told = new ToldController(prepared.transport);
    const station = await this.air.openOn(prepared);
    const asked = { scans: new Set<Scan>(), advertisings: new Set<Advertising>() };
    const actor = { ...station, told, ...asked, connects: new Set<AbortController>(), closed: false };
    station.host.once("closed", () => {
      actor.closed = true;
    });
    this.actors.push(actor);
  }

  actor(n: number): Actor {
    return this.actors[n % this.actors.length]!;
  }

  do<T>(name: string, promise: Promise<T>): Promise<Ending<T>> {
    const ending = outcome(this.air.track(name, promise));
    this.endings.push([name, ending]);
    return ending;
  }

  link(n: number): Connection | undefined {
    const { connections } = this.actor(n).host;
    return connections[n % Math.max(1, connections.length)];
  }
}

const pick = <T>(set: ReadonlySet<T>, n: number): T | undefined => [...set][n % Math.max(1, set.size)];

/** One thing to do; `n` picks who, with whom and how. */
const steps: Readonly<Record<string, (world: World, n: number) => void | Promise<void>>> = {
  scan(world, n) {
    const { host, scans } = world.actor(n);
    const phys = n % 7 === 0 ? (["1M", "coded"] as const) : (["1M"] as const);
    const scan = host.scan({ active: n % 2 === 0, phys, ...(n % 5 === 0 && { durationMs: 40 * n }) });
    scans.add(scan);
    const loop = async (): Promise<void> => {
      for await (const found of scan) expect(found.address).toBeDefined();
    };
    void world.do("scan", loop()).then(() => scans.delete(scan));
  },
  stopScanning(world, n) {
    const scan = pick(world.actor(n).scans, n);
    if (scan) void world.do("stop scanning", scan.return());
  },
  advertise(world, n) {
    const { host, advertisings } = world.actor(n);
    const kinds = [
      {},
      { resume: false },
      { connectable: false },
      { durationMs: 30 * n + 10 },
      { extended: true },
    ];
    const options = { name: `device ${n}`, ...kinds[n % kinds.length] };
    const aborts = new AbortController();
    if (n % 6 === 5)
      queueMicrotask(() => {
        aborts.abort(new Aborted());
      });
    void world.do("advertise", host.advertise({ ...options, signal: aborts.signal })).then((ending) => {
      if ("value" in ending) advertisings.add(ending.value);
    });
  },
  update(world, n) {
    const advertising = pick(world.actor(n).advertisings, n);
    if (advertising) void world.do("update", advertising.update({ name: `other ${n}` }));
  },
  stopAdvertising(world, n) {
    const advertising = pick(world.actor(n).advertisings, n);
    if (advertising) void world.do("stop advertising", advertising[Symbol.asyncDispose]());
  },
  connect(world, n) {
    const { host, connects } = world.actor(n);
    const peer = n % 4 === 0 ? "00:00:00:00:00:99/public" : world.actor(n + 1 + (n % 2)).host.address;
    const aborts = new AbortController();
    connects.add(aborts);
    const options = {
      timeoutMs: 50 * n + 10,
      signal: aborts.signal,
      ...(n % 3 === 0 && { maxIntervalMs: 15 }),
    };
    void world.do("connect", host.connect(peer, options)).then(() => connects.delete(aborts));
  },
  abort(world, n) {
    pick(world.actor(n).connects, n)?.abort(new Aborted());
  },
  disconnect(world, n) {
    const link = world.link(n);
    if (link) void world.do("disconnect", link.disconnect());
  },
  changeParameters(world, n) {
    const link = world.link(n);
    if (link) void world.do("change", link.updateParameters({ latency: n % 5 }));
  },
  async loseLinks(world, n) {
    const { controller } = world.actor(n);
    world.air.air.partition(controller);
    await world.air.clock.advance(n % 2 === 0 ? 6_000 : 50);
    world.air.air.reunite(controller);
  },
  fail(world, n) {
    if (n % 4 === 0) world.actor(n).controller.hardwareError(n);
  },
  async wait(world, n) {
    await world.air.clock.advance(20 * n);
  },
};

/** What the host believes, and what the program wants, is what the controller is at. */
function expectAgreement(
  { host, told, controller, scans, advertisings, connects }: Actor,
  who: number,
): void {
  const named = `host ${who}`;
  expect(controller.connections, `${named}: links`).toBe(host.connections.length);
  expect(told.initiating, `${named}: initiating`).toBe(connects.size > 0);
  const { capabilities } = host.controller;
  const scansNow = scans.size > 0 && (connects.size === 0 || capabilities.scansWhileInitiating);
  expect(told.scanning, `${named}: scanning`).toBe(scansNow);
  const active = [...advertisings].filter(({ active: is }) => is);
  // Beside attempts to connect it may be silent, and it is when there is no room for one more link.
  if (connects.size === 0) expect(told.advertising.size, `${named}: advertising`).toBe(active.length);
  else expect(told.advertising.size, `${named}: advertising`).toBeLessThanOrEqual(active.length);
}

const plans = fc.record({
  profiles: fc.array(fc.constantFrom(...virtualProfiles), { minLength: 2, maxLength: 3 }),
  plan: fc.array(fc.tuple(fc.constantFrom(...Object.keys(steps)), fc.nat({ max: 30 })), {
    minLength: 1,
    maxLength: 30,
    size: "max",
  }),
});

/** Attempts end, links that are lost are noticed; what was not ended goes on, and then is ended. */
async function comeToRest(world: World): Promise<void> {
  await world.air.clock.advance(60_000);
  for (const [who, actor] of world.actors.entries()) if (!actor.closed) expectAgreement(actor, who);
  for (const { scans, advertisings, connects } of world.actors) {
    for (const scan of scans) void world.do("end scan", scan.return());
    for (const advertising of advertisings) {
      void world.do("end advertising", advertising[Symbol.asyncDispose]());
    }
    for (const connect of connects) connect.abort(new Aborted());
  }
  await world.air.clock.advance(1_000);
  for (const [who, { told, host, controller, closed }] of world.actors.entries()) {
    if (closed) continue;
    const silent = { advertising: new Set(), scanning: false, initiating: false };
    expect(told, `host ${who}`).toMatchObject(silent);
    expect(controller.connections).toBe(host.connections.length);
  }
  // A controller that has failed is reset, whatever it owes: its credit for a command among it.
  await world.air.expectNothingLeft({ forgiven: ["commandCredit"] });
}

describe("Whatever hosts on controllers of any kind are told to do", () => {
  it("the controller is never in a state that the host does not know, and nothing is left behind", async () => {
    await fc.assert(
      fc.asyncProperty(plans, async ({ profiles, plan }) => {
        const world = new World();
        for (const profile of profiles) await world.open(profile);
        for (const [name, n] of plan) {
          await steps[name]?.(world, n);
          if (n % 3 === 0) await world.air.clock.advance(7);
        }
        await comeToRest(world);
        for (const [name, ending] of world.endings) {
          const came = await ending;
          if (!("error" in came)) continue;
          const mayBe = came.error instanceof BleError || came.error instanceof Aborted;
          expect(mayBe, `${name}: ${String(came.error)}`).toBe(true);
        }
      }),
      { ...runs, endOnFailure: false },
    );
  }, 120_000);
});
