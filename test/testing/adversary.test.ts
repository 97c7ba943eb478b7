import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { VirtualClock } from "../../src/common/clock.ts";
import { SeededRandom } from "../../src/common/random.ts";
import { characteristic, service } from "../../src/gatt/service-builder.ts";
import { Host } from "../../src/host.ts";
import {
  Adversary,
  type AdversaryLink,
  answersEveryRequestOnce,
  answersEverySignalOnce,
  attacks,
  FixedCid,
  InvariantError,
  memoryBounded,
  noHostFaults,
  noKeyInClear,
  nothingPending,
  staysAlive,
  type Step,
} from "../../testing/index.ts";
import { openDoors, VirtualAir, type VirtualController } from "../../transports/virtual/index.ts";
import { runs } from "../support/runs.ts";
import { type Fault, littleKey, LittlePeripheral } from "./little-peripheral.ts";
import { SocketTransport } from "./socket-transport.ts";

/** What is to hold of any peripheral after an attack. */
async function judge(
  adversary: Adversary,
  link: AdversaryLink,
  controller: VirtualController,
  address: string,
): Promise<void> {
  const options = { answering: "peripheral" as const, ended: link.ended !== undefined };
  answersEveryRequestOnce(link.transcript, options);
  answersEverySignalOnce(link.transcript, options);
  noKeyInClear(link.transcript, [littleKey]);
  await link.disconnect();
  await adversary.pass(0);
  await staysAlive(adversary, address, { timeoutMs: 2000 });
  noHostFaults(controller, { except: ["unknownHandle"] });
}

async function attackLittle(fault: Fault | undefined, steps: readonly Step[]): Promise<void> {
  const clock = new VirtualClock();
  const air = new VirtualAir({ clock });
  const controller = air.controller();
  new LittlePeripheral(controller.transport(), fault);
  await clock.advance(0);
  await using adversary = await Adversary.open(air.controller().transport(), { clock });
  const address = controller.address.toString();
  const link = await adversary.connect(address);
  await link.play(steps);
  await judge(adversary, link, controller, address);
}

const someRuns = { numRuns: Math.ceil(runs.numRuns / 4) };
/** What the little peripheral never does is end a link. */
const little = attacks({ longestWait: 500, maxSteps: 15 });

describe("an adversary", () => {
  it("finds nothing wrong with a peripheral that is right", async () => {
    await fc.assert(
      fc.asyncProperty(little, (steps) => attackLittle(undefined, steps)),
      someRuns,
    );
  });

  it("finds that a peripheral throws, which in the same process is what it throws", async () => {
    const { errorInstance, counterexample } = await fc.check(
      fc.asyncProperty(little, (steps) => attackLittle("throws on a short read", steps)),
      { numRuns: 2000, seed: 1 },
    );
    expect(errorInstance).toEqual(new TypeError("no handle"));
    expect(counterexample?.[0]).toHaveLength(1);
  });

  it.each<[Fault, string]>([
    [
      "answers reads twice",
      "answersEveryRequestOnce: the peripheral answers what nobody has asked: ATT_READ_REQ",
    ],
    ["hangs on a short read", "answersEveryRequestOnce: the peripheral never answers ATT_READ_REQ: 0a"],
    ["says nothing to what it does not know", "answersEveryRequestOnce: the peripheral never answers ATT_"],
    ["does not advertise again", "staysAlive: 02:00:00:00:00:01/public lets nobody connect any more"],
    ["shows its key", "noKeyInClear: key 0 can be read in PDU 1 of the peripheral on channel 0x0004"],
    ["writes past its buffers", "noHostFaults: at 0 ms aclCredit"],
    ["answers no signals", "answersEverySignalOnce: the peripheral never answers"],
  ])("finds that a peripheral %s, and says so", async (fault, said) => {
    const details = await fc.check(
      fc.asyncProperty(little, (steps) => attackLittle(fault, steps)),
      { numRuns: 2000, seed: 1 },
    );
    expect(details.failed).toBe(true);
    expect(details.errorInstance).toBeInstanceOf(InvariantError);
    expect(String(details.errorInstance)).toContain(said);
    // One PDU is enough for each of these faults, and it is found to be enough.
    expect(details.counterexample?.[0].length).toBeLessThanOrEqual(1);
  });
});

/** A host of this package that has something to read, write and subscribe to. */
async function openHost(
  clock: VirtualClock,
  air: VirtualAir,
): Promise<{ host: Host; controller: VirtualController }> {
  const controller = air.controller();
  const opening = Host.open(controller.transport(), { clock, random: new SeededRandom(1) });
  const host = await clock.until(opening);
  host.gatt.add(
    service("180d", {
      measurement: characteristic("2a37", { notify: true, indicate: true }),
      location: characteristic("2a38", { read: true, write: true, value: Uint8Array.of(1) }),
      secret: characteristic("2a39", { write: true, writeWithoutResponse: true }),
    }),
  );
  return { host, controller };
}

describe("a host of this package", () => {
  it("as peripheral answers every request once, breaks no rule of HCI, lives on and leaves nothing behind", async () => {
    await fc.assert(
      fc.asyncProperty(attacks({ encrypts: true, maxSteps: 15 }), async (steps) => {
        const clock = new VirtualClock();
        const air = new VirtualAir({ clock });
        const { host, controller } = await openHost(clock, air);
        await clock.until(host.advertise({ name: "target" }));
        const adversary = await Adversary.open(air.controller().transport(), { clock });
        const address = host.address.toString();
        const link = await adversary.connect(address);
        await link.play(steps);
        await judge(adversary, link, controller, address);
        await adversary[Symbol.asyncDispose]();
        await clock.until(host[Symbol.asyncDispose]());
        await clock.advance(10_000); // the adversary has left without a word
        await nothingPending({ clock, controller });
      }),
      runs,
    );
  });

  it("as peripheral takes no more memory however often it is attacked", async () => {
    const clock = new VirtualClock();
    const air = new VirtualAir({ clock });
    const { host } = await openHost(clock, air);
    await clock.until(host.advertise({ name: "target" }));
    const adversary = await Adversary.open(air.controller().transport(), { clock });
    const several = fc.sample(attacks({ longestWait: 100 }), { numRuns: 40, seed: 1 });
    let round = 0;
    await memoryBounded(
      async () => {
        const link = await adversary.connect(host.address);
        await link.play(several[round++ % several.length] ?? []);
        await link.disconnect();
      },
      { warmUp: 500, rounds: 500 },
    );
    await adversary[Symbol.asyncDispose]();
    await clock.until(host[Symbol.asyncDispose]());
  });

  it("as peripheral is never talked into encryption or a bond by PDUs that are nearly right", async () => {
    const smp = attacks({ protocols: ["SMP"], encrypts: true, maxSteps: 25 });
    await fc.assert(
      fc.asyncProperty(smp, async (steps) => {
        const clock = new VirtualClock();
        const air = new VirtualAir({ clock });
        const { host, controller } = await openHost(clock, air);
        await clock.until(host.advertise({ name: "target" }));
        const adversary = await Adversary.open(air.controller().transport(), { clock });
        const link = await adversary.connect(host.address.toString());
        await link.play(steps);
        const encryptedPdus = link.transcript.filter(({ encrypted }) => encrypted);
        expect(encryptedPdus).toEqual([]);
        expect(host.bonds.all).toEqual([]);
        noHostFaults(controller, { except: ["unknownHandle"] });
        await link.disconnect();
        await adversary[Symbol.asyncDispose]();
        await clock.until(host[Symbol.asyncDispose]());
        await clock.advance(10_000);
        await nothingPending({ clock, controller });
      }),
      runs,
    );
  });

  it("as central answers every request once, and its own questions come to an end", async () => {
    await fc.assert(
      fc.asyncProperty(attacks({ maxSteps: 12, longestWait: 2000 }), async (steps) => {
        const clock = new VirtualClock();
        const air = new VirtualAir({ clock });
        const { host, controller } = await openHost(clock, air);
        const adversary = await Adversary.open(air.controller().transport(), { clock });
        const connecting = host.connect(adversary.address);
        const link = await adversary.accept();
        const connection = await clock.until(connecting);
        const discovering = connection.gatt.services().then(
          () => undefined,
          () => undefined,
        );
        await link.play(steps);
        const ended = link.ended !== undefined;
        answersEveryRequestOnce(link.transcript, { answering: "central", ended });
        answersEverySignalOnce(link.transcript, { answering: "central", ended });
        await clock.until(discovering);
        noHostFaults(controller, { except: ["unknownHandle"] });
        await link.disconnect();
        await adversary[Symbol.asyncDispose]();
        await clock.until(host[Symbol.asyncDispose]());
        await clock.advance(10_000);
        await nothingPending({ clock, controller, promises: { discovering } });
      }),
      someRuns,
    );
  });
});

describe("an adversary and a host behind a TCP door", () => {
  it.each<Fault | undefined>([undefined, "answers reads twice"])(
    "finds the fault, if any: %s",
    async (fault) => {
      await using air = new VirtualAir();
      await using doors = await openDoors(air, [{ kind: "tcp", port: 0 }]);
      const [door] = doors.doors;
      if (door?.location.kind !== "tcp") throw new Error("it is a TCP door");
      await using transport = await SocketTransport.open(door.location.port);
      new LittlePeripheral(transport, fault);
      await using adversary = await Adversary.open(air.controller().transport());
      const address = door.controller.address.toString();
      const link = await adversary.connect(address);
      link.send(FixedCid.Att, Uint8Array.of(0x0a, 3, 0), { fragments: [1, 1, 2] });
      expect(await link.next(FixedCid.Att)).toEqual(Uint8Array.of(0x0b, 42));
      await link.settle(); // there may be more
      const judging = judge(adversary, link, door.controller, address);
      if (fault) await expect(judging).rejects.toThrow(InvariantError);
      else await judging;
    },
  );
});
