import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { BackPressureError } from "../../src/common/errors.ts";
import { DisconnectedError } from "../../src/hci/error.ts";
import { ChannelClosedError, ChannelFaultError, ReconfigureRefusedError } from "../../src/l2cap/error.ts";
import { countingSignal } from "../support/counting-signal.ts";
import { controllerKinds, outcome } from "../support/two-hosts.ts";
import { type ChannelPair, channelPair, octets, take, takeAll, lendOnly } from "./channel-pair.ts";

/** A channel over which only two SDUs fit before the peer takes one. */
const narrow = { mtu: 100, mps: 102, initialCredits: 2 };

describe.each(controllerKinds)("A channel, on controllers with %s", (_name, kind) => {
  it("carries SDUs of every length in both directions at once, each once and in order", async () => {
    const { air, near, far } = await channelPair({ mtu: 1000, mps: 100 }, { mtu: 700, mps: 23 }, kind);
    const lengths = [0, 1, 20, 21, 22, 97, 98, 99, 100, 101, 500, 700];
    const there = lengths.map((length, i) => octets(length, i));
    const back = [...there].reverse();
    const send = async (channel: typeof near, sdus: readonly Uint8Array[]): Promise<void> => {
      for (const sdu of sdus) await channel.send(sdu);
    };
    const all = Promise.all([
      send(near, there),
      send(far, back),
      take(far, there.length),
      take(near, back.length),
    ]);
    const [, , arrivedThere, arrivedBack] = await air.until(air.track("both ways", all));
    expect(arrivedThere).toEqual(there);
    expect(arrivedBack).toEqual(back);
    await air.expectNothingLeft();
  });

  it("carries the longest SDU there is (Vol 3, Part A, 3.4.3)", async () => {
    const { air, near, far } = await channelPair({ mtu: 65_535 }, {}, kind);
    const sdu = octets(65_535);
    const [[arrived]] = await air.until(Promise.all([take(far, 1), near.send(sdu)]));
    expect(Buffer.from(arrived!).equals(sdu)).toBe(true); // toEqual() takes its time with so many
    await air.expectNothingLeft();
  });

  it("makes a sender wait that is faster than the peer takes, and loses nothing", async () => {
    const { air, near, far } = await channelPair(narrow, {}, kind);
    let sent = 0;
    const sending = (async () => {
      for (; sent < 200; sent++) await near.send(octets(100, sent));
    })();
    await air.clock.advance(10_000);
    expect(near.credits).toBe(0);
    expect(far.granted).toBe(0);
    expect(sent).toBeLessThan(2 + 32 + 1); // the peer's two, and what may wait here
    expect(near.waiting).toBeGreaterThan(0);
    const [sdus] = await air.until(Promise.all([take(far, 200), sending]));
    expect(sdus).toEqual(Array.from({ length: 200 }, (_, i) => octets(100, i)));
    await air.expectNothingLeft();
  });
});

describe("A channel", () => {
  it("knows its two ends and what each receives", async () => {
    const { air, ends, near, far, listener } = await channelPair(
      { mtu: 1000, mps: 200, initialCredits: 7 },
      { mtu: 500, mps: 50, initialCredits: 9 },
    );
    expect(near).toMatchObject({ mtu: 500, peerMtu: 1000, mps: 50, peerMps: 200, credits: 7, granted: 9 });
    expect(far).toMatchObject({ mtu: 1000, peerMtu: 500, mps: 200, peerMps: 50, credits: 9, granted: 7 });
    expect([near.localCid, near.peerCid]).toEqual([far.peerCid, far.localCid]);
    expect([near.spsm, far.spsm]).toEqual([listener.spsm, listener.spsm]);
    expect([near.enhanced, near.waiting, near.closeReason]).toEqual([false, 0, undefined]);
    expect([near.connection, far.connection]).toEqual([ends.central, ends.peripheral]);
    expect(String(near)).toBe("to 02:00:00:00:00:01/public (SPSM 0x80, open)");
    await air.expectNothingLeft();
    expect(near.toString()).toBe("to 02:00:00:00:00:01/public (SPSM 0x80, closed)");
  });

  it("gives each SDU as octets of the program's own", async () => {
    const { air, near, far, peripheral } = await channelPair({ mtu: 1000, mps: 100 });
    lendOnly(peripheral);
    const sent = [octets(10), octets(900)];
    const sending = Promise.all(sent.map((sdu) => near.send(sdu)));
    const got = await air.until(take(far, 2));
    await air.until(sending);
    expect(got).toEqual(sent);
    for (const sdu of got) sdu.fill(0xee);
    await air.until(near.send(octets(900, 5)));
    expect(got).toEqual([new Uint8Array(10).fill(0xee), new Uint8Array(900).fill(0xee)]);
    expect(await air.until(take(far, 1))).toEqual([octets(900, 5)]);
    await air.expectNothingLeft();
  });

  it("does not need the octets of an SDU any more once send() has resolved", async () => {
    const { air, near, far } = await channelPair({ mtu: 1000, mps: 100, initialCredits: 1 });
    const sdu = octets(900);
    await air.until(near.send(sdu)); // most of it waits for credits
    sdu.fill(0);
    expect(await air.until(take(far, 1))).toEqual([octets(900)]);
    await air.expectNothingLeft();
  });

  it("trySend() takes as many as there is room for, and says when there is none", async () => {
    const { air, near, far } = await channelPair(narrow);
    let taken = 0;
    while (near.trySend(octets(100, taken))) taken++;
    expect(taken).toBeGreaterThan(2);
    expect(taken).toBeLessThan(100);
    const sdus = await air.until(take(far, taken));
    expect(sdus).toEqual(sdus.map((_, i) => octets(100, i)));
    expect(near.trySend(octets(1))).toBe(true);
    await air.until(near[Symbol.asyncDispose]());
    expect(near.trySend(octets(1))).toBe(false);
    await air.expectNothingLeft();
  });

  it("refuses mistakes of the program at once", async () => {
    const { air, near, far } = await channelPair({ mtu: 100 });
    expect(await air.ending(near.send(octets(101)))).toMatchObject({
      error: { name: "RangeError", message: "sdu: 101 octets are more than the 100 that the peer receives" },
    });
    expect(() => near.trySend(octets(101))).toThrow(RangeError);
    expect(() => near.trySend("text" as never)).toThrow(TypeError);
    expect(await air.ending(near.send([1, 2] as never))).toMatchObject({ error: { name: "TypeError" } });
    await air.until(near.send(octets(1)));
    expect(await air.until(take(far, 1))).toEqual([octets(1)]);
    await air.expectNothingLeft();
  });

  it("a send that is aborted while it waits is not sent, and those behind it are", async () => {
    const { air, near, far } = await channelPair(narrow);
    let filled = 0;
    while (near.trySend(octets(100, filled))) filled++;
    const { signal, abort, listeners } = countingSignal();
    const aborted = near.send(octets(50), { signal });
    const behind = near.send(octets(51));
    expect(listeners()).toBe(1);
    abort(new Error("enough"));
    expect(await air.ending(aborted)).toMatchObject({ error: { message: "enough" } });
    const sdus = await air.until(take(far, filled + 1));
    expect(sdus.at(-1)).toEqual(octets(51));
    await air.until(behind);
    expect(await air.ending(near.send(octets(1), { signal }))).toMatchObject({
      error: { message: "enough" },
    });
    await air.expectNothingLeft();
  });

  it("a program that never awaits is told so before it has filled the memory", async () => {
    const { air, near, far } = await channelPair(narrow);
    let filled = 0;
    while (near.trySend(octets(100))) filled++;
    const sends = Array.from({ length: 1025 }, (_, i) => air.track("send", near.send(octets(10, i))));
    const endings = Promise.allSettled(sends);
    expect(await air.ending(sends[1024]!)).toMatchObject({ error: { constructor: BackPressureError } });
    const sdus = await air.until(take(far, filled + 1024));
    expect(sdus.slice(filled)).toEqual(Array.from({ length: 1024 }, (_, i) => octets(10, i)));
    expect((await air.until(endings)).filter(({ status }) => status === "rejected")).toHaveLength(1);
    await air.expectNothingLeft();
  });

  it("holds no more for a slow program than was granted, and no credits go back before it takes", async () => {
    const { air, near, far } = await channelPair({ mtu: 500, mps: 50, initialCredits: 20 });
    const sending = air.track(
      "sending",
      Promise.allSettled(Array.from({ length: 50 }, () => near.send(octets(500)))),
    );
    await air.clock.advance(60_000);
    expect([near.credits, far.granted]).toEqual([0, 0]);
    // 20 K-frames of 50 octets: one whole SDU, which takes eleven, and a part of the next.
    const first = await air.until(take(far, 1));
    expect(first).toEqual([octets(500)]);
    await air.clock.advance(1_000);
    expect(near.waiting).toBeGreaterThan(0);
    await air.until(near[Symbol.asyncDispose]());
    await air.until(sending);
    await air.expectNothingLeft();
  });

  it("what a slow program makes the two sides hold is bounded, however much is sent", async () => {
    const limits = { mtu: 2048, mps: 247, initialCredits: 40 };
    const { air, near, far } = await channelPair(limits);
    const abort = new AbortController();
    const { signal } = abort;
    const sending = (async () => {
      for (;;) await near.send(octets(2048), { signal }); // until it is told to stop
    })();
    const ending = outcome(sending);
    await air.clock.advance(600_000);
    expect(near.waiting).toBeLessThanOrEqual(64 * 1024 + 2048);
    abort.abort(new Error("enough"));
    expect(await ending).toMatchObject({ error: { message: "enough" } });
    await air.until(near[Symbol.asyncDispose]());
    const held = await air.until(takeAll(far));
    const total = held.reduce((sum, { length }) => sum + length, 0);
    expect(total).toBeGreaterThan(0);
    expect(total).toBeLessThanOrEqual(limits.initialCredits * limits.mps);
    await air.expectNothingLeft();
  });

  it("two loops one after the other share what comes, and leaving one closes nothing", async () => {
    const { air, near, far } = await channelPair();
    for (let i = 0; i < 4; i++) await air.until(near.send(octets(10, i)));
    expect(await air.until(take(far, 1))).toEqual([octets(10, 0)]);
    expect(await air.until(take(far, 2))).toEqual([octets(10, 1), octets(10, 2)]);
    expect(far.closeReason).toBeUndefined();
    const rest = air.track("rest", takeAll(far));
    await air.until(near[Symbol.asyncDispose]());
    expect(await air.until(rest)).toEqual([octets(10, 3)]);
    expect(await air.until(takeAll(far))).toEqual([]);
    await air.expectNothingLeft();
  });
});

describe("Closing a channel (Vol 3, Part A, 4.6)", () => {
  it.each(["near", "far"] as const)("by the %s end: both learn who did it, once", async (side) => {
    const { air, ...channels } = await channelPair();
    const other = side === "near" ? channels.far : channels.near;
    const own = channels[side];
    const reasons: unknown[] = [];
    own.on("closed", (reason) => reasons.push(["own", reason]));
    other.on("closed", (reason) => reasons.push(["other", reason]));
    const toldOther = once(other, "closed");
    await air.until(own[Symbol.asyncDispose]());
    await air.until(toldOther);
    expect(own.closeReason).toMatchObject({ constructor: ChannelClosedError, by: "local" });
    expect(other.closeReason).toMatchObject({ constructor: ChannelClosedError, by: "peer" });
    expect(await own.closed).toBe(own.closeReason);
    expect(await other.closed).toBe(other.closeReason);
    expect(reasons).toHaveLength(2);
    for (const channel of [own, other]) {
      expect(await air.ending(channel.send(octets(1)))).toEqual({ error: channel.closeReason });
      await air.until(channel[Symbol.asyncDispose]());
    }
    expect(channels.ends.central.connected).toBe(true);
    await air.expectNothingLeft();
    expect(reasons).toHaveLength(2);
  });

  it("by both ends at the same moment ends well for both", async () => {
    const { air, near, far } = await channelPair();
    const both = [near, far].map((channel) => channel[Symbol.asyncDispose]());
    await air.until(Promise.all(both));
    for (const { closeReason } of [near, far]) expect(closeReason).toBeInstanceOf(ChannelClosedError);
    await air.clock.advance(10); // both are told once more, and nobody waits for that
    await air.expectNothingLeft();
  });

  it("by both ends while both have more to send than the other has room for keeps neither waiting", async () => {
    const { air, near, far } = await channelPair(
      { mtu: 1000, initialCredits: 4 },
      { mtu: 1000, initialCredits: 4 },
    );
    for (const end of [near, far]) {
      for (let i = 0; i < 100; i++) void air.track("send", end.send(octets(1000, i)));
    }
    await air.clock.advance(100);
    expect([near.waiting > 0, far.waiting > 0]).toEqual([true, true]);
    const began = air.clock.now();
    await air.until(Promise.all([near, far].map((end) => end[Symbol.asyncDispose]())));
    expect(air.clock.now() - began).toBeLessThan(1_000);
    await air.expectNothingLeft();
  });

  it("everything that was sent before arrives, also what still waited for room", async () => {
    const { air, near, far } = await channelPair(narrow);
    const sends = Array.from({ length: 300 }, (_, i) => near.send(octets(100, i)));
    const closing = near[Symbol.asyncDispose]();
    const late = air.track("late", near.send(octets(1)));
    const lateEnding = air.ending(late);
    const sdus = await air.until(takeAll(far));
    expect(sdus).toEqual(sends.map((_, i) => octets(100, i)));
    await air.until(Promise.all([...sends, closing]));
    expect(await lateEnding).toMatchObject({ error: { code: "CHANNEL_CLOSED", by: "local" } });
    await air.expectNothingLeft();
  });

  it("waits 5 s and no longer for a peer that takes nothing", async () => {
    const { air, near, far } = await channelPair(narrow, {}, { profile: "5.4" });
    const sends = Promise.allSettled(Array.from({ length: 300 }, () => near.send(octets(100))));
    await air.clock.advance(0);
    const before = air.clock.now();
    await air.until(near[Symbol.asyncDispose]());
    expect(air.clock.now() - before).toBeGreaterThanOrEqual(5_000);
    expect(air.clock.now() - before).toBeLessThan(5_100);
    const rejected = (await sends).filter(({ status }) => status === "rejected");
    expect(rejected.length).toBeGreaterThan(200);
    expect(await air.until(takeAll(far))).toEqual([octets(100), octets(100)]);
    await air.expectNothingLeft();
  });

  it("waits longer than 5 s for a peer that takes a little at a time", async () => {
    const { air, near, far } = await channelPair(narrow);
    const sends = Promise.all(Array.from({ length: 40 }, (_, i) => near.send(octets(100, i))));
    const before = air.clock.now();
    const closing = air.track("closing", near[Symbol.asyncDispose]());
    const sdus: Uint8Array[] = [];
    while (far.closeReason === undefined || sdus.length < 40) {
      sdus.push(...(await air.until(take(far, 1))));
      await air.clock.advance(1_000);
    }
    await air.until(Promise.all([sends, closing]));
    expect(air.clock.now() - before).toBeGreaterThan(20_000);
    expect(sdus).toEqual(Array.from({ length: 40 }, (_, i) => octets(100, i)));
    await air.expectNothingLeft();
  });

  it("what came before the peer closed can still be taken", async () => {
    const { air, near, far } = await channelPair();
    for (let i = 0; i < 3; i++) await air.until(near.send(octets(100, i)));
    await air.until(near[Symbol.asyncDispose]());
    await air.until(far.closed);
    expect(await air.until(takeAll(far))).toEqual([octets(100, 0), octets(100, 1), octets(100, 2)]);
    await air.expectNothingLeft();
  });

  it("disposing forgets what was not taken, and ends a loop that waits", async () => {
    const { air, near, far } = await channelPair();
    const waiting = air.track("loop", takeAll(near));
    await air.until(near.send(octets(1)));
    await air.clock.advance(100);
    await air.until(Promise.all([far, near].map((channel) => channel[Symbol.asyncDispose]())));
    expect(await air.until(waiting)).toEqual([]);
    expect(await air.until(takeAll(far))).toEqual([]);
    await air.expectNothingLeft();
  });

  it("leaving the block that holds it closes it, after what was sent", async () => {
    const { air, ends, listener } = await channelPair();
    const arrived = air.track(
      "arrived",
      (async () => {
        for await (const channel of listener) return takeAll(channel);
        return undefined;
      })(),
    );
    const held = (async () => {
      await using channel = await ends.central.openChannel({ spsm: listener.spsm });
      await channel.send(octets(2000));
    })();
    await air.until(held);
    expect(await air.until(arrived)).toEqual([octets(2000)]);
    await air.expectNothingLeft();
  });

  it.each([
    ["the link is disconnected by this side", ({ ends }: ChannelPair) => ends.central.disconnect()],
    ["the link is disconnected by the peer", ({ ends }: ChannelPair) => ends.peripheral.disconnect()],
    ["this host closes", ({ central }: ChannelPair) => central.host[Symbol.asyncDispose]()],
    ["the peer's host closes", ({ peripheral }: ChannelPair) => peripheral.host[Symbol.asyncDispose]()],
    [
      "the transport fails",
      ({ central }: ChannelPair) => {
        central.transport.fail(new Error("unplugged"));
        return Promise.resolve();
      },
    ],
    [
      "the peer's transport fails",
      ({ peripheral }: ChannelPair) => {
        peripheral.transport.fail(new Error("unplugged"));
        return Promise.resolve();
      },
    ],
  ])("when %s everything pending ends with the reason", async (_name, happen) => {
    const pair = await channelPair(narrow);
    const { air, near, far } = pair;
    await air.until(far.send(octets(5)));
    await air.clock.advance(100);
    const sends = Array.from({ length: 100 }, () => near.send(octets(100)));
    const pending = [...sends, near.writable.getWriter().write(octets(300)), take(near, 2)];
    const endings = Promise.all(
      pending.map((promise) => outcome(air.track("pending", promise as Promise<unknown>))),
    );
    await air.clock.advance(0);
    await air.until(happen(pair));
    await air.clock.advance(60_000);
    expect(near.closeReason).toBeDefined();
    expect(near.closeReason).not.toBeInstanceOf(ChannelClosedError);
    const failed = (await endings).filter((ending) => "error" in ending);
    expect(failed.length).toBeGreaterThan(50);
    expect(await air.ending(near.send(octets(1)))).toEqual({ error: near.closeReason });
    await air.until(near[Symbol.asyncDispose]());
    expect(await near.closed).toBe(near.closeReason);
    await air.expectNothingLeft();
  });

  it("disposing while the link goes away ends too", async () => {
    const { air, near, ends } = await channelPair(narrow);
    const sends = Promise.allSettled(Array.from({ length: 100 }, () => near.send(octets(100))));
    await air.clock.advance(0);
    const closing = air.track("closing", near[Symbol.asyncDispose]());
    await air.clock.advance(1_000);
    await air.until(ends.peripheral.disconnect());
    await air.until(Promise.all([closing, sends]));
    expect(near.closeReason).toBeInstanceOf(DisconnectedError);
    await air.expectNothingLeft();
  });
});

describe("A peer that breaks a rule of the channel (Vol 3, Part A, 3.4.3)", () => {
  it("loses it: what came before can be taken, then the reason is told; the link stays", async () => {
    const { air, near, far, ends, peripheral } = await channelPair({ mtu: 100 });
    await air.until(near.send(octets(10)));
    await air.clock.advance(10);
    // A K-frame that begins an SDU of 101 octets: one more than the MTU.
    const frame = Uint8Array.of(3, 0, far.localCid, 0, 101, 0, 1);
    const { handle } = ends.peripheral;
    peripheral.transport.inject(Uint8Array.of(2, handle, 0x20 | (handle >> 8), frame.length, 0, ...frame));
    const fault = { error: { constructor: ChannelFaultError, code: "CHANNEL_FAULT" } };
    expect(await air.until(take(far, 1))).toEqual([octets(10)]);
    expect(await air.ending(takeAll(far))).toMatchObject(fault);
    expect(await air.ending(far.send(octets(1)))).toMatchObject(fault);
    expect(await air.until(near.closed)).toMatchObject({ by: "peer" });
    expect(ends.central.connected).toBe(true);
    await air.clock.advance(10); // the answer to the disconnection is on its way
    await air.expectNothingLeft();
  });
});

describe("Reconfiguring a channel (Vol 3, Part A, 4.27)", () => {
  it("raises what one side receives, and the peer may use it at once", async () => {
    const { air, near, far } = await channelPair({ mtu: 100 }, { enhanced: true, mtu: 64, mps: 64 });
    const told = once(far, "reconfigured");
    await air.until(near.reconfigure({ mtu: 1000, mps: 200 }));
    await air.until(told);
    expect([near.mtu, near.mps, far.peerMtu, far.peerMps]).toEqual([1000, 200, 1000, 200]);
    const [sdus] = await air.until(Promise.all([take(near, 1), far.send(octets(1000))]));
    expect(sdus).toEqual([octets(1000)]);
    await air.expectNothingLeft();
  });

  it("cannot lower the MTU, and cannot change what is not enhanced", async () => {
    const { air, near } = await channelPair({ mtu: 100 }, { enhanced: true, mtu: 200 });
    expect(await air.ending(near.reconfigure({ mtu: 199 }))).toMatchObject({ error: { name: "RangeError" } });
    await air.expectNothingLeft();
    const plain = await channelPair();
    expect(await plain.air.ending(plain.near.reconfigure({ mtu: 4000 }))).toMatchObject({
      error: { name: "RangeError" },
    });
    await plain.air.expectNothingLeft();
  });

  it("is done one at a time, and not once the channel has closed", async () => {
    const { air, near } = await channelPair({ mtu: 100 }, { enhanced: true, mtu: 64 });
    const first = near.reconfigure({ mtu: 200 });
    expect(await air.ending(near.reconfigure({ mtu: 300 }))).toMatchObject({
      error: { code: "CHANNEL_UNAVAILABLE" },
    });
    await air.until(first);
    expect(near.mtu).toBe(200);
    await air.until(near[Symbol.asyncDispose]());
    expect(await air.ending(near.reconfigure({ mtu: 400 }))).toEqual({ error: near.closeReason });
    await air.expectNothingLeft();
  });

  it("rejects when the link goes before the peer has answered", async () => {
    const { air, near, ends, peripheral } = await channelPair({ mtu: 100 }, { enhanced: true, mtu: 64 });
    peripheral.transport.onPacket = (packet, toHost) => (toHost && packet[0] === 2 ? undefined : packet);
    const asked = air.track("reconfigure", near.reconfigure({ mtu: 500 }));
    const ending = air.ending(asked);
    await air.clock.advance(10);
    await air.until(ends.central.disconnect());
    expect(await ending).toMatchObject({ error: { constructor: DisconnectedError } });
    expect(await ending).not.toMatchObject({ error: { constructor: ReconfigureRefusedError } });
    await air.expectNothingLeft();
  });
});
