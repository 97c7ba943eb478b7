import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { VirtualClock } from "../../src/common/clock.ts";
import { TransportError } from "../../src/common/errors.ts";
import { Status } from "../../src/hci/status.ts";
import {
  Adversary,
  type AdversaryLink,
  attacks,
  attConversations,
  channelConversations,
  enhancedChannelConversations,
  FixedCid,
  type LinkPdu,
  noHostFaults,
  noKeyInClear,
  nothingPending,
  legacyPairingConversations,
  pairingConversations,
  type Side,
} from "../../testing/index.ts";
import { VirtualAir, type VirtualController } from "../../transports/virtual/index.ts";
import { runs } from "../support/runs.ts";

const key = Uint8Array.from({ length: 16 }, (_, at) => at + 1);

/** Two adversaries that have a link with each other. */
class Duel {
  readonly clock = new VirtualClock();
  readonly air = new VirtualAir({ clock: this.clock });
  readonly controllers: VirtualController[] = [];
  readonly adversaries: Adversary[] = [];
  #links: Readonly<Record<Side, AdversaryLink>> | undefined;

  static async begin(aclOctets = 251): Promise<Duel> {
    const duel = new Duel();
    for (let i = 0; i < 2; i++) {
      const controller = duel.air.controller({ aclOctets, aclPackets: 3 });
      duel.controllers.push(controller);
      duel.adversaries.push(await Adversary.open(controller.transport(), { clock: duel.clock }));
    }
    const [central, peripheral] = [duel.adversaries[0]!, duel.adversaries[1]!];
    const accepting = peripheral.accept();
    const link = await central.connect(peripheral.address);
    duel.#links = { central: link, peripheral: await accepting };
    return duel;
  }

  get links(): Readonly<Record<Side, AdversaryLink>> {
    return this.#links!;
  }

  async end(): Promise<void> {
    await this.links.central.disconnect();
    for (const adversary of this.adversaries) await adversary[Symbol.asyncDispose]();
    for (const controller of this.controllers) noHostFaults(controller);
    await nothingPending({ clock: this.clock });
  }
}

/** Plays both sides of a conversation; when it gets encrypted, with `ltk`. Gives what either side has of it. */
async function perform(duel: Duel, pdus: readonly LinkPdu[], ltk: Uint8Array = key): Promise<void> {
  const { central, peripheral } = duel.links;
  peripheral.longTermKey = ltk;
  for (const { from, cid, pdu, encrypted } of pdus) {
    if (encrypted && !central.encrypted) expect(await central.encrypt({ ltk })).toBe(0);
    duel.links[from].send(cid, pdu, { fragments: [3, 1, 5] });
    await central.settle();
  }
  expect(central.transcript).toEqual(pdus);
  expect(peripheral.transcript).toEqual(pdus);
}

const fewRuns = { numRuns: Math.ceil(runs.numRuns / 8) };

describe("the link of an adversary", () => {
  it.each([27, 251])(
    "carries whole conversations in any fragments, with ACL buffers of %i octets",
    async (aclOctets) => {
      await fc.assert(
        fc.asyncProperty(
          fc.oneof(attConversations, channelConversations, enhancedChannelConversations),
          async (pdus) => {
            const duel = await Duel.begin(aclOctets);
            await perform(duel, pdus);
            await duel.end();
          },
        ),
        fewRuns,
      );
    },
  );

  it("carries whole pairings, and knows what was encrypted", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(pairingConversations, legacyPairingConversations),
        async ({ pdus, keys, ltk }) => {
          const duel = await Duel.begin();
          await perform(duel, pdus, ltk);
          noKeyInClear(duel.links.central.transcript, keys);
          await duel.end();
        },
      ),
      fewRuns,
    );
  });

  it("encrypts with the right key, and with no other", async () => {
    const duel = await Duel.begin();
    const { central, peripheral } = duel.links;
    expect(await central.encrypt({ ltk: key })).toBe(Status.PinOrKeyMissing);
    expect(central.encrypted).toBe(false);
    expect(await peripheral.encrypt({ ltk: key })).toBe(Status.CommandDisallowed);
    peripheral.longTermKey = key;
    expect(await central.encrypt({ ltk: key, ediv: 7, rand: new Uint8Array(8).fill(1) })).toBe(
      Status.Success,
    );
    expect([central.encrypted, peripheral.encrypted]).toEqual([true, true]);
    peripheral.longTermKey = new Uint8Array(16);
    expect(await central.encrypt({ ltk: key })).not.toBe(Status.Success);
    await duel.end();
  });

  it("gives what came one by one, and nothing when nothing comes in time", async () => {
    const duel = await Duel.begin();
    const { central, peripheral } = duel.links;
    peripheral.send(FixedCid.Att, Uint8Array.of(1));
    peripheral.send(FixedCid.Smp, Uint8Array.of(2));
    peripheral.send(FixedCid.Att, Uint8Array.of(3));
    expect(await central.next(FixedCid.Att)).toEqual(Uint8Array.of(1));
    expect(await central.next(FixedCid.Att)).toEqual(Uint8Array.of(3));
    expect(await central.next(FixedCid.Smp)).toEqual(Uint8Array.of(2));
    const before = duel.clock.now();
    expect(await central.next(FixedCid.Att, { timeoutMs: 700 })).toBeUndefined();
    expect(duel.clock.now() - before).toBe(700);
    await duel.end();
  });

  it("asks, and takes no other answer than the one to its question", async () => {
    const duel = await Duel.begin();
    const { central, peripheral } = duel.links;
    peripheral.send(FixedCid.Att, Uint8Array.of(0x0b, 1));
    await central.settle();
    const asking = central.ask(Uint8Array.of(0x0a, 3, 0));
    for (const pdu of [
      [0x1b, 3, 0],
      [0x01, 0x0c, 0, 0, 1],
      [0x0b, 9],
    ])
      peripheral.send(FixedCid.Att, Uint8Array.from(pdu));
    expect(await asking).toEqual(Uint8Array.of(0x0b, 9));
    expect(await central.ask(Uint8Array.of(0x0a, 3, 0), { timeoutMs: 100 })).toBeUndefined();
    await duel.end();
  });

  it("is quiet when it is down, says why, and waits for nothing", async () => {
    const duel = await Duel.begin();
    const { central, peripheral } = duel.links;
    await peripheral.disconnect();
    expect(central.ended).toBe(Status.RemoteUserTerminatedConnection);
    expect(peripheral.ended).toBe(Status.ConnectionTerminatedByLocalHost);
    expect(String(central)).toBe(
      "central of a link with 02:00:00:00:00:02/public, down: Remote User Terminated Connection",
    );
    central.send(FixedCid.Att, Uint8Array.of(1));
    central.sendFragment(false, Uint8Array.of(1));
    expect(await central.next(FixedCid.Att)).toBeUndefined();
    await central.play([{ do: "wait", ms: 5 }]);
    expect(duel.adversaries.map(({ links }) => links)).toEqual([[], []]);
    await duel.end();
  });

  it("repeats what was sent before, by either side", async () => {
    const duel = await Duel.begin();
    const { central, peripheral } = duel.links;
    peripheral.send(FixedCid.Att, Uint8Array.of(1));
    await central.settle();
    const send = { do: "send" as const, cid: 4, pdu: Uint8Array.of(2), fragments: [], hurry: true };
    const again = { do: "again" as const, back: 0 };
    await central.play([send, { ...again, from: "host" }, { ...again, from: "adversary" }]);
    const said = central.transcript.map(({ from, pdu }) => [from, ...pdu]);
    expect(said).toEqual([
      ["peripheral", 1],
      ["central", 2],
      ["central", 1],
      ["central", 1],
    ]);
    await duel.end();
  });
});

describe("an adversary alone", () => {
  it("is told when nobody lets it connect, and when nobody comes, and can try again", async () => {
    const clock = new VirtualClock();
    const air = new VirtualAir({ clock });
    await using adversary = await Adversary.open(air.controller().transport(), { clock });
    for (let i = 0; i < 2; i++) {
      const connecting = adversary.connect("C0:FF:EE:00:00:01/random", { timeoutMs: 100 });
      await expect(connecting).rejects.toThrow("C0:FF:EE:00:00:01/random has not let the adversary connect");
      await expect(adversary.accept({ timeoutMs: 100 })).rejects.toThrow(TransportError);
    }
    expect(clock.timers).toBe(0);
  });

  it("refuses to attack with nothing", () => {
    expect(() => attacks({ protocols: [] })).toThrow(RangeError);
    expect(() => attacks({ protocols: [] })).toThrow("protocols");
  });

  it("fails at once when its controller is gone", async () => {
    const clock = new VirtualClock();
    const air = new VirtualAir({ clock });
    const controller = air.controller();
    const adversary = await Adversary.open(controller.transport(), { clock });
    await controller.die();
    await expect(adversary.connect("C0:FF:EE:00:00:01/random")).rejects.toThrow(TransportError);
    await adversary[Symbol.asyncDispose]();
  });
});
