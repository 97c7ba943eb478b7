import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { putU16, u16At } from "../../src/common/bytes.ts";
import { BleError } from "../../src/common/errors.ts";
import { Priority } from "../../src/common/priority.ts";
import { DisconnectedError } from "../../src/hci/error.ts";
import type { ChannelUser } from "../../src/l2cap/channel.ts";
import type {
  CreditChannel,
  IncomingChannels,
  OpenRequest,
  SpsmListener,
} from "../../src/l2cap/credit-channel.ts";
import { runs } from "../support/runs.ts";
import { type Buffers, type Side, TwoLinks } from "./two-links.ts";

const reason = new DisconnectedError(0x08);

/** Counts what is to be called once. */
class Calls {
  readonly #names = new Map<string, number>();
  #made = 0;

  /** A callback that is to be called once, at the latest when the link has gone. */
  once(name: string): () => void {
    const key = `${name} ${++this.#made}`;
    this.#names.set(key, 0);
    return () => {
      this.#names.set(key, (this.#names.get(key) ?? 0) + 1);
    };
  }

  expectAll(): void {
    expect([...this.#names].filter(([, count]) => count !== 1)).toEqual([]);
  }

  expectNoneTwice(): void {
    expect([...this.#names].filter(([, count]) => count > 1)).toEqual([]);
  }
}

let users = 0;

/** One end of a channel: knows what it has sent, and that what it gets is what the other end has sent, in order. */
class End implements ChannelUser {
  readonly id = ++users & 0xffff;
  readonly channel: CreditChannel;
  readonly #toldClosed: () => void;
  sent = 0;
  received = 0;
  kept = 0;
  closed_ = false;
  /** The other end, from the first SDU that came. */
  peer: number | undefined;
  greedy = true;

  constructor(channel: CreditChannel, calls: Calls) {
    this.channel = channel;
    this.#toldClosed = calls.once(`closed of ${channel.localCid}`);
  }

  send(length: number): void {
    const sdu = new Uint8Array(Math.min(length, this.channel.peerMtu)).fill(this.sent);
    putU16(sdu, 0, this.id);
    putU16(sdu, 2, this.sent++);
    this.channel.send(Priority.Bulk, sdu.subarray(0, 3), sdu.subarray(3));
    sdu.fill(0xee);
  }

  receive(sdu: Uint8Array): void {
    expect(this.closed_, "an SDU after the end").toBe(false);
    this.peer ??= u16At(sdu, 0);
    expect([u16At(sdu, 0), u16At(sdu, 2)]).toEqual([this.peer, this.received++]);
    expect(sdu.subarray(4).every((octet) => octet === (u16At(sdu, 2) & 0xff))).toBe(true);
    if (this.greedy) this.channel.consumed();
    else this.kept++;
  }

  consume(): void {
    for (; this.kept > 0; this.kept--) this.channel.consumed();
  }

  closed(): void {
    this.closed_ = true;
    this.#toldClosed();
  }
}

/** A listener that accepts, refuses, or makes the peer wait, as it is told. */
class Fickle implements SpsmListener {
  readonly spsm = 0x80;
  readonly mtu: number;
  readonly mps: number;
  readonly initialCredits: number;
  readonly waiting: IncomingChannels[] = [];
  readonly ends: End[];
  mood: "accept" | "refuse" | "half" | "think" = "accept";
  readonly #calls: Calls;
  readonly #settled = new Map<IncomingChannels, () => void>();

  constructor(ends: End[], calls: Calls, [mtu, mps, initialCredits]: readonly [number, number, number]) {
    this.ends = ends;
    this.#calls = calls;
    [this.mtu, this.mps, this.initialCredits] = [mtu, mps, initialCredits];
  }

  requested(request: IncomingChannels): void {
    this.#settled.set(request, this.#calls.once("incoming request"));
    if (this.mood === "think") this.waiting.push(request);
    else this.answer(request);
  }

  withdrawn(request: IncomingChannels): void {
    expect(request.pending).toBe(false);
    this.#settled.get(request)?.();
  }

  answer(request: IncomingChannels): void {
    if (!request.pending) return;
    if (this.mood === "refuse") {
      request.refuse(0x0006);
    } else {
      const count = this.mood === "half" ? Math.ceil(request.count / 2) : request.count;
      request.accept((channel) => {
        const end = new End(channel, this.#calls);
        this.ends.push(end);
        return end;
      }, count);
    }
    this.#settled.get(request)?.();
  }
}

/** Two links with everything that programs may do to them. */
class World {
  readonly calls = new Calls();
  readonly two: TwoLinks;
  readonly ends: readonly [End[], End[]] = [[], []];
  readonly listeners: readonly [Fickle, Fickle];
  readonly cancels: (() => void)[] = [];

  constructor(buffers: readonly [Buffers, Buffers], limits: readonly [number, number, number]) {
    this.two = new TwoLinks(...buffers);
    this.listeners = [
      new Fickle(this.ends[0], this.calls, limits),
      new Fickle(this.ends[1], this.calls, limits),
    ];
    this.two.central.listeners.register(this.listeners[0]);
    this.two.peripheral.listeners.register(this.listeners[1]);
  }

  side(at: number): Side {
    return at === 0 ? this.two.central : this.two.peripheral;
  }

  end(at: number, which: number): End | undefined {
    const ends = this.ends[at as 0 | 1];
    return ends[which % Math.max(1, ends.length)];
  }

  open(at: number, request: Omit<OpenRequest, "spsm">, cancels: boolean): void {
    const told = cancels ? () => undefined : this.calls.once("open");
    const cancel = this.side(at).link.openChannels(
      { spsm: 0x80, ...request },
      (channel) => {
        const end = new End(channel, this.calls);
        this.ends[at as 0 | 1].push(end);
        return end;
      },
      told,
    );
    if (cancels) this.cancels.push(cancel);
  }

  /** Answers, takes and moves everything until nothing moves. */
  settle(): void {
    for (const listener of this.listeners) {
      if (listener.mood === "think") listener.mood = "accept";
      for (const request of listener.waiting.splice(0)) listener.answer(request);
    }
    for (const end of this.ends.flat()) {
      end.greedy = true;
      end.consume();
    }
    this.two.settle();
    for (const cancel of this.cancels.splice(0)) cancel();
    this.two.settle();
  }

  /** What holds when nothing is under way. */
  expectSettled(): void {
    const open = [
      this.ends[0].filter(({ channel }) => channel.open),
      this.ends[1].filter(({ channel }) => channel.open),
    ] as const;
    expect(open[0].length).toBe(open[1].length);
    for (const one of open[0]) {
      const others = open[1].filter(({ channel }) => channel.localCid === one.channel.peerCid);
      expect(others).toHaveLength(1);
      const other = others[0]!;
      expect(other.channel.peerCid).toBe(one.channel.localCid);
      for (const [from, to] of [
        [one, other],
        [other, one],
      ] as const) {
        expect(to.received, "SDUs that came").toBe(from.sent);
        expect(from.channel.waiting).toBe(0);
        expect(from.channel.credits, "credits").toBe(to.channel.granted);
        expect([from.channel.peerMtu, from.channel.peerMps]).toEqual([to.channel.mtu, to.channel.mps]);
        if (from.sent > 0) expect(to.peer).toBe(from.id);
      }
    }
    expect(this.two.central.acl.free).toBe(this.two.central.acl.buffers.packets);
    expect(this.two.peripheral.acl.free).toBe(this.two.peripheral.acl.buffers.packets);
  }
}

type Action = (world: World) => void;

const at = fc.nat({ max: 1 });
const which = fc.nat({ max: 5 });
const limits = fc.tuple(
  fc.constantFrom(64, 100, 700, 3000),
  fc.constantFrom(64, 100, 247, 1000),
  fc.constantFrom(1, 2, 5, 40),
);

const actions: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .tuple(at, limits, fc.boolean(), fc.integer({ min: 1, max: 5 }), fc.nat({ max: 9 }))
      .map(([side, [mtu, mps, initialCredits], enhanced, count, cancels]): Action => (world) => {
        world.open(side, { mtu, mps, initialCredits, enhanced, count: enhanced ? count : 1 }, cancels === 0);
      }),
  },
  {
    weight: 12,
    arbitrary: fc
      .tuple(at, which, fc.integer({ min: 4, max: 3000 }))
      .map(([side, number, length]): Action => (world) => {
        const end = world.end(side, number);
        if (end?.channel.open && end.channel.hasRoom(Priority.Bulk)) end.send(length);
      }),
  },
  {
    weight: 8,
    arbitrary: fc.tuple(at, fc.integer({ min: 1, max: 30 })).map(
      ([side, most]): Action =>
        (world) =>
          void world.two.move(world.side(side), most),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(at, which, fc.boolean()).map(([side, number, greedy]): Action => (world) => {
      const end = world.end(side, number);
      if (end) end.greedy = greedy;
      if (greedy) end?.consume();
    }),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(at, which, fc.constantFrom(0, 1, 500), fc.constantFrom(64, 90, 247, 800))
      .map(([side, number, more, mps]): Action => (world) => {
        const channel = world.end(side, number)?.channel;
        if (channel?.enhanced)
          channel.reconfigure({ mtu: channel.mtu + more, mps }, world.calls.once("reconfigure"));
      }),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(at, which).map(([side, number]): Action => (world) => {
      world.end(side, number)?.channel.close(world.calls.once("close"));
    }),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(at, which).map(([side, number]): Action => (world) => {
      const channel = world.end(side, number)?.channel;
      channel?.whenRoom(Priority.Bulk, world.calls.once("room"));
      channel?.whenDrained(world.calls.once("drained"));
    }),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(at, fc.constantFrom("accept", "refuse", "half", "think"))
      .map(([side, mood]): Action => (world) => {
        world.listeners[side as 0 | 1].mood = mood;
      }),
  },
  {
    weight: 1,
    arbitrary: at.map((side): Action => (world) => {
      const listener = world.listeners[side as 0 | 1];
      const request = listener.waiting.shift();
      if (request && listener.mood !== "think") listener.answer(request);
      else if (request) listener.waiting.unshift(request);
    }),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(400, 5_000, 31_000).map((ms): Action => (world) => {
      world.two.clock.advanceSync(ms);
    }),
  },
  {
    weight: 1,
    arbitrary: fc.constant((world: World): void => {
      world.cancels.shift()?.();
    }),
  },
  {
    weight: 2,
    arbitrary: fc.constant((world: World): void => {
      world.settle();
      world.expectSettled();
    }),
  },
);

const buffers = fc.constantFrom<readonly [Buffers, Buffers]>(
  [
    { packetOctets: 27, packets: 4 },
    { packetOctets: 27, packets: 4 },
  ],
  [
    { packetOctets: 251, packets: 8 },
    { packetOctets: 251, packets: 8 },
  ],
  [
    { packetOctets: 27, packets: 1 },
    { packetOctets: 251, packets: 12 },
  ],
);

describe("two links, whatever their programs do and whenever packets move", () => {
  it("lose, repeat and reorder no SDU, conserve credits, leave nothing pending and no channel identifier taken", () => {
    fc.assert(
      fc.property(
        buffers,
        limits,
        fc.array(actions, { maxLength: 120 }),
        fc.boolean(),
        (size, ours, all, lost) => {
          const world = new World(size, ours);
          for (const act of all) {
            act(world);
            world.calls.expectNoneTwice();
          }
          if (!lost) {
            world.settle();
            world.expectSettled();
            for (const end of world.ends.flat()) end.channel.close(world.calls.once("last close"));
            world.settle();
            expect(world.two.clock.timers).toBe(0);
            for (const listener of world.listeners) listener.mood = "accept";
            const outcomes: unknown[] = [];
            for (let more = 0; more < 64; more++) {
              const request = { spsm: 0x80, mtu: 64, mps: 64, initialCredits: 1 };
              world.two.central.link.openChannels(
                request,
                (channel) => new End(channel, world.calls),
                (outcome) => outcomes.push(outcome),
              );
            }
            world.two.settle();
            expect(outcomes.filter((outcome) => outcome instanceof BleError)).toEqual([]);
            expect(outcomes).toHaveLength(64);
          }
          world.two.lose(reason);
          world.calls.expectAll();
          expect(world.two.clock.timers).toBe(0);
          for (const { channel } of world.ends.flat())
            expect([channel.open, channel.waiting]).toEqual([false, 0]);
        },
      ),
      runs,
    );
  });
});
