import { describe, expect, it } from "vitest";
import { equal } from "../../src/common/bytes.ts";
import { Priority } from "../../src/common/priority.ts";
import { SeededRandom } from "../../src/common/random.ts";
import { DisconnectedError } from "../../src/hci/error.ts";
import type { CreditChannel, OpenRequest } from "../../src/l2cap/credit-channel.ts";
import { Acceptor, type AcceptorOptions, Keeper } from "./scripted.ts";
import { type Buffers, TwoLinks } from "./two-links.ts";

const kinds: readonly (readonly [string, Buffers, Buffers])[] = [
  ["27-octet ACL packets", { packetOctets: 27, packets: 4 }, { packetOctets: 27, packets: 4 }],
  ["251-octet ACL packets", { packetOctets: 251, packets: 8 }, { packetOctets: 251, packets: 8 }],
  ["packets of two sizes", { packetOctets: 27, packets: 1 }, { packetOctets: 251, packets: 12 }],
];

interface Opened {
  readonly two: TwoLinks;
  readonly here: Keeper[];
  readonly there: Keeper[];
  readonly listener: Acceptor;
}

function open(
  buffers: readonly [Buffers, Buffers],
  request: Partial<OpenRequest>,
  accepts: AcceptorOptions,
): Opened {
  const two = new TwoLinks(...buffers);
  const listener = new Acceptor(accepts);
  two.peripheral.listeners.register(listener);
  const here: Keeper[] = [];
  const make = (channel: CreditChannel): Keeper => {
    const user = new Keeper(channel);
    here.push(user);
    return user;
  };
  two.central.link.openChannels({ spsm: 0x80, mtu: 256, ...request }, make, () => undefined);
  two.settle();
  return { two, here, there: listener.users, listener };
}

describe.each(kinds)("two links with %s", (_, ...buffers) => {
  it.each<[string, Partial<OpenRequest>, AcceptorOptions]>([
    ["the least", { mtu: 23, mps: 23, initialCredits: 1 }, { mtu: 23, mps: 23, initialCredits: 1 }],
    [
      "the most",
      { mtu: 65_535, mps: 65_533, initialCredits: 65_535 },
      { mtu: 65_535, mps: 65_533, initialCredits: 65_535 },
    ],
    [
      "one credit and long SDUs",
      { mtu: 5000, mps: 23, initialCredits: 1 },
      { mtu: 5000, mps: 100, initialCredits: 1 },
    ],
    [
      "an enhanced channel",
      { enhanced: true, mtu: 64, mps: 64, initialCredits: 1 },
      { mtu: 3000, mps: 64, initialCredits: 3 },
    ],
    ["what is chosen by default", { mtu: 2048 }, { mtu: 2048, mps: 247, initialCredits: 32 }],
  ])("carry SDUs of every length, with limits of %s", (_, request, accepts) => {
    const { two, here, there } = open(buffers, request, accepts);
    const random = new SeededRandom(4);
    for (const [from, to] of [
      [here[0]!, there[0]!],
      [there[0]!, here[0]!],
    ] as const) {
      const { peerMtu } = from.channel;
      const lengths = [
        0,
        1,
        2,
        21,
        22,
        23,
        peerMtu - 1,
        peerMtu,
        ...Array.from({ length: 5 }, () => random.below(peerMtu)),
      ];
      const sdus = lengths.map((length) => random.bytes(Math.max(0, Math.min(length, peerMtu))));
      for (const sdu of sdus) {
        from.channel.send(Priority.Bulk, sdu);
        if (!from.channel.hasRoom(Priority.Bulk)) two.settle();
      }
      two.settle();
      expect(to.sdus).toHaveLength(sdus.length);
      expect(to.sdus.every((sdu, at) => equal(sdu, sdus[at]!))).toBe(true);
      expect(from.channel.waiting).toBe(0);
      // Credits are conserved: what one may send is what the other has given.
      expect(from.channel.credits).toBe(to.channel.granted);
    }
    two.lose(new DisconnectedError(0x08));
    expect(two.clock.timers).toBe(0);
  });

  it("carry 64 channels at once, each in order", () => {
    const { two, here, there, listener } = open(
      buffers,
      { mtu: 100, mps: 40, initialCredits: 3 },
      { mtu: 100, mps: 40, initialCredits: 3 },
    );
    for (let more = 1; more < 64; more++) {
      two.central.link.openChannels(
        { spsm: 0x80, mtu: 100, mps: 40, initialCredits: 3 },
        (channel) => {
          const user = new Keeper(channel);
          here.push(user);
          return user;
        },
        () => undefined,
      );
      two.settle();
    }
    expect(listener.users).toHaveLength(64);
    for (let round = 0; round < 5; round++) {
      for (const { channel } of [...here, ...there]) {
        channel.send(Priority.Bulk, new Uint8Array(80).fill(channel.localCid + round));
      }
    }
    two.settle();
    for (const { channel, sdus } of [...here, ...there]) {
      expect(sdus.map((sdu) => sdu[79])).toEqual([0, 1, 2, 3, 4].map((round) => channel.peerCid + round));
    }
  });

  it("hold no more than was granted when the user takes nothing", () => {
    const { two, here, there } = open(buffers, {}, { mtu: 1000, mps: 100, initialCredits: 25 });
    there[0]!.consumes = false;
    let sent = 0;
    while (here[0]!.channel.hasRoom(Priority.Bulk)) {
      here[0]!.channel.send(Priority.Bulk, new Uint8Array(1000));
      two.settle();
      if (++sent > 1000) break;
    }
    const kept = there[0]!.sdus.reduce((sum, sdu) => sum + sdu.length, 0);
    expect(kept).toBeLessThanOrEqual(25 * 100);
    const held = there[0]!.sdus.length;
    expect(held).toBeGreaterThan(0);
    expect(here[0]!.channel.waiting).toBeLessThanOrEqual(65_536 + 1000);
    // What was kept back comes when the user takes it.
    there[0]!.consumes = true;
    for (let consumed = 0; consumed < held; consumed++) there[0]!.channel.consumed();
    two.settle();
    expect(there[0]!.sdus).toHaveLength(sent);
  });

  it("close in the middle of a transfer from either side, and nothing is left", () => {
    for (const side of ["here", "there"] as const) {
      const opened = open(buffers, {}, { mtu: 1000, mps: 100, initialCredits: 25 });
      const { two, here, there } = opened;
      for (let sent = 0; sent < 30; sent++)
        here[0]!.channel.send(Priority.Bulk, new Uint8Array(1000).fill(sent));
      two.move(two.central, 10);
      let told = 0;
      opened[side][0]!.channel.close(() => told++);
      two.settle();
      expect(told).toBe(1);
      expect(here[0]!.closings).toHaveLength(1);
      expect(there[0]!.closings).toHaveLength(1);
      expect(there[0]!.sdus.length).toBeLessThan(30);
      expect(two.clock.timers).toBe(0);
      expect([two.central.acl.free, two.peripheral.acl.free]).toEqual([
        buffers[0].packets,
        buffers[1].packets,
      ]);
    }
  });

  it("carry everything that was sent when the channel is drained before it closes", () => {
    const { two, here, there } = open(buffers, {}, { mtu: 1000, mps: 100, initialCredits: 5 });
    for (let sent = 0; sent < 30; sent++)
      here[0]!.channel.send(Priority.Bulk, new Uint8Array(1000).fill(sent));
    let told = 0;
    here[0]!.channel.whenDrained(() => {
      here[0]!.channel.close(() => told++);
    });
    two.settle();
    expect(there[0]!.sdus.map((sdu) => sdu[999])).toEqual(Array.from({ length: 30 }, (_, at) => at));
    expect(told).toBe(1);
  });

  it("ask for security, raise it and open", () => {
    const two = new TwoLinks(...buffers);
    const listener = new Acceptor({ security: { encrypted: true } });
    two.peripheral.listeners.register(listener);
    const secured = {
      encrypted: true,
      authenticated: false,
      secureConnections: true,
      keySize: 16,
      bonded: true,
    };
    two.central.security.raise = (_, done) => {
      two.central.security.state = two.peripheral.security.state = secured;
      done(undefined);
    };
    const outcomes: unknown[] = [];
    two.central.link.openChannels(
      { spsm: 0x80, mtu: 100 },
      (channel) => new Keeper(channel),
      (outcome) => outcomes.push(outcome),
    );
    two.settle();
    expect(outcomes).toMatchObject([{ result: 0 }]);
    expect(listener.users).toHaveLength(1);
  });

  it("change their limits while data flows, in both directions", () => {
    const { two, here, there } = open(
      buffers,
      { enhanced: true, mps: 100 },
      { mtu: 300, mps: 128, initialCredits: 12 },
    );
    const outcomes: unknown[] = [];
    for (let round = 0; round < 40; round++) {
      here[0]!.channel.send(Priority.Bulk, new Uint8Array(300).fill(round));
      there[0]!.channel.send(Priority.Bulk, new Uint8Array(250).fill(round));
      const note = (outcome: unknown): unknown => outcomes.push(outcome);
      if (round % 10 === 5)
        there[0]!.channel.reconfigure({ mps: round % 20 === 5 ? 64 : 300, mtu: 300 + round }, note);
      if (round % 10 === 7) here[0]!.channel.reconfigure({ mps: round % 20 === 7 ? 200 : 64 }, note);
      two.move(two.central, 3);
      two.move(two.peripheral, 2);
      if (round % 10 === 9) two.settle(); // each may have one request on the air
    }
    expect(outcomes).toEqual(new Array(8).fill(undefined));
    for (const { sdus } of [here[0]!, there[0]!]) {
      expect(sdus.map((sdu) => sdu[200])).toEqual(Array.from({ length: 40 }, (_, at) => at));
    }
    expect(here[0]!.channel.peerMtu).toBe(335);
  });
});
