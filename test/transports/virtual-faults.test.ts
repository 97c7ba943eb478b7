import { describe, expect, it } from "vitest";
import { ReadBdAddr } from "../../src/hci/commands/informational.ts";
import { ReadRssi } from "../../src/hci/commands/status-parameters.ts";
import { encodeCommand } from "../../src/hci/command.ts";
import { LeSetAdvertisingEnable, LeSetAdvertisingParameters } from "../../src/hci/commands/le-advertising.ts";
import { Disconnect } from "../../src/hci/commands/link-control.ts";
import { LeSetScanEnable } from "../../src/hci/commands/le-scanning.ts";
import { LeAdvertisingReport } from "../../src/hci/events/le-advertising.ts";
import { HardwareError, NumberOfCompletedPackets } from "../../src/hci/events/flow.ts";
import { DisconnectionComplete } from "../../src/hci/events/link.ts";
import type { VirtualAirOptions } from "../../transports/virtual/index.ts";
import { aclPacket } from "../support/raw-host.ts";
import { advertising, RawPair } from "../support/raw-pair.ts";

const octets = (...values: number[]): Uint8Array => Uint8Array.from(values);
const timings: readonly VirtualAirOptions[] = [{ timing: "instant" }, { timing: "air" }];
const pairIn = (timing: VirtualAirOptions): RawPair => new RawPair({}, {}, timing);

describe.each(timings)("virtual air, timing $timing: space", (timing) => {
  it("weakens signals by the path loss (Vol 4, Part E, 7.5.4)", () => {
    const pair = new RawPair({ txPower: 4, rssi: -40 }, {}, timing);
    const { a, b } = pair.connect();
    const rssi = (): number[] => [
      pair.a.host.ask(ReadRssi, { connectionHandle: a }).rssi,
      pair.b.host.ask(ReadRssi, { connectionHandle: b }).rssi,
    ];
    expect(rssi()).toEqual([-50, -40]);
    pair.air.setPathLoss(pair.b.controller, pair.a.controller, 70);
    expect(rssi()).toEqual([-70, -66]);
  });

  it("ends links that go out of range, on both sides, with Connection Timeout (Vol 6, Part B, 4.5.2)", () => {
    const pair = pairIn(timing);
    const { a, b } = pair.connect(); // supervision timeout 720 ms
    pair.clock.advanceSync(1000);
    pair.air.setPathLoss(pair.a.controller, pair.b.controller, 96);
    const at = pair.clock.now();
    pair.clock.advanceSync(680);
    expect([...pair.a.host.events, ...pair.b.host.events]).toEqual([]);
    pair.clock.advanceSync(41);
    expect(pair.clock.now() - at).toBeLessThan(722);
    const gone = { status: 0, reason: 0x08 };
    expect(pair.a.host.takeOne(DisconnectionComplete)).toEqual({ ...gone, connectionHandle: a });
    expect(pair.b.host.takeOne(DisconnectionComplete)).toEqual({ ...gone, connectionHandle: b });
    expect(pair.clock.timers).toBe(0);
  });

  it("hears nobody beyond its sensitivity", () => {
    const pair = new RawPair({}, { sensitivity: -60 }, timing);
    pair.air.setPathLoss(pair.a.controller, pair.b.controller, 61);
    pair.a.host.ask(LeSetAdvertisingParameters, advertising);
    pair.a.host.ask(LeSetAdvertisingEnable, { advertisingEnable: true });
    pair.b.host.ask(LeSetScanEnable, { enable: true, filterDuplicates: false });
    pair.clock.advanceSync(1000);
    expect(pair.b.host.take(LeAdvertisingReport)).toEqual([]);
    pair.air.setPathLoss(pair.a.controller, pair.b.controller, 60);
    pair.clock.advanceSync(1000);
    expect(pair.b.host.take(LeAdvertisingReport)[0]?.reports[0]?.rssi).toBe(-60);
  });

  it("goes on after a partition shorter than the supervision timeout; what was sent meanwhile arrives", () => {
    const pair = pairIn(timing);
    const { a, b } = pair.connect();
    pair.clock.advanceSync(1000);
    pair.air.partition(pair.a.controller, pair.b.controller);
    pair.clock.advanceSync(300);
    pair.a.host.sendData(a, octets(1));
    pair.b.host.sendData(b, octets(2));
    pair.clock.advanceSync(300);
    expect([...pair.a.host.data, ...pair.b.host.data]).toEqual([]);
    pair.air.reunite(pair.a.controller, pair.b.controller);
    pair.clock.advanceSync(2000);
    expect(pair.b.host.data).toEqual([aclPacket(b, octets(1), 0b10)]);
    expect(pair.a.host.data).toEqual([aclPacket(a, octets(2), 0b10)]);
    expect(pair.a.host.takeCompleted(a)).toBe(1);
    expect(pair.b.host.takeCompleted(b)).toBe(1);
    expect([...pair.a.host.events, ...pair.b.host.events]).toEqual([]);
    expect(pair.clock.timers).toBe(0);
  });

  it("cuts off one controller from all, and a link between the others goes on", () => {
    const pair = pairIn(timing);
    const other = pair.station();
    pair.connect();
    const toOther = pair.connect(pair.b, other);
    pair.air.partition(pair.a.controller);
    pair.clock.advanceSync(1000);
    expect(pair.a.host.take(DisconnectionComplete)).toHaveLength(1);
    expect(pair.b.host.take(DisconnectionComplete)).toHaveLength(1);
    pair.b.host.sendData(toOther.a, octets(1));
    pair.clock.advanceSync(100);
    expect(other.host.data).toHaveLength(1);
  });

  it("loses a disconnection with the rest: each end has its timeout", () => {
    const pair = pairIn(timing);
    const { a } = pair.connect();
    pair.clock.advanceSync(1000);
    pair.air.partition(pair.a.controller);
    expect(pair.a.host.status(Disconnect, { connectionHandle: a, reason: 0x13 })).toBe(0);
    pair.clock.advanceSync(800);
    expect(pair.a.host.takeOne(DisconnectionComplete).reason).toBe(0x08);
    expect(pair.b.host.takeOne(DisconnectionComplete).reason).toBe(0x08);
  });

  it("refuses controllers of another air, and values that make no sense", () => {
    const pair = pairIn(timing);
    const stranger = new RawPair().a.controller;
    expect(() => pair.air.partition(stranger)).toThrow(RangeError);
    expect(() => pair.air.setPathLoss(pair.a.controller, pair.b.controller, -1)).toThrow(/path loss/);
    expect(() => pair.air.setLoss(1.1)).toThrow(/probability is 0 to 1: 1.1/);
    const { controller } = pair.a;
    expect(() => pair.air.setPathLoss(controller, controller, 1)).toThrow(/name two/);
    expect(() => pair.air.partition(controller, controller)).toThrow(/name two/);
    expect(() => pair.air.reunite(controller, controller)).toThrow(/name two/);
    expect(() => pair.air.setLoss(0.5, controller, controller)).toThrow(/name two/);
    expect(() => pair.air.setLoss(0.5, undefined, controller)).toThrow(/name the first/);
  });
});

describe.each(timings)("virtual air, timing $timing: loss", (timing) => {
  const deliver = (seed: number): { times: number[]; retransmissions: number } => {
    const pair = new RawPair({}, {}, { ...timing, seed });
    const { a } = pair.connect();
    pair.clock.advanceSync(1000);
    pair.air.setLoss(0.2, pair.a.controller, pair.b.controller);
    const times: number[] = [];
    const values: number[] = [];
    pair.b.host.onPacket = (packet) => {
      if (packet[0] !== 2) return;
      times.push(pair.clock.now());
      values.push(packet[5]!);
    };
    for (let i = 0; i < 100; i++) {
      pair.a.host.transport.send(aclPacket(a, octets(i)));
      pair.clock.advanceSync(100);
    }
    pair.clock.advanceSync(1000);
    expect(values, "all of them, in order, once").toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect(pair.a.host.takeCompleted(a)).toBe(100);
    const { retransmissions } = pair.a.controller.counters;
    return { times, retransmissions };
  };

  it("costs retransmissions and nothing else (Vol 6, Part B, 4.5.9)", () => {
    const { retransmissions } = deliver(1);
    expect(retransmissions).toBeGreaterThan(5);
  });

  it("is the same again for the same seed", () => {
    expect(deliver(7)).toEqual(deliver(7));
    expect(deliver(7)).not.toEqual(deliver(8));
  });

  it("of nearly everything ends the link", () => {
    const pair = pairIn(timing);
    if (timing.timing === "instant") return; // there it takes no time, and so no timeout
    pair.connect();
    pair.clock.advanceSync(1000);
    pair.air.setLoss(0.999);
    pair.clock.advanceSync(60_000);
    expect(pair.a.host.takeOne(DisconnectionComplete).reason).toBe(0x08);
    expect(pair.b.host.takeOne(DisconnectionComplete).reason).toBe(0x08);
    expect(pair.clock.timers).toBe(0);
  });
});

describe("virtual air, timing air: establishment", () => {
  it("fails when no packet comes within six intervals: 0x3e (Vol 6, Part B, 4.5)", () => {
    const pair = pairIn({ timing: "air" });
    pair.connect(pair.a, pair.b, { connectionIntervalMin: 80, connectionIntervalMax: 80 });
    pair.air.partition(pair.a.controller, pair.b.controller);
    pair.clock.advanceSync(605);
    for (const { host } of [pair.a, pair.b]) {
      const ends = host.take(DisconnectionComplete);
      // Had the first event been over already, it would be the supervision timeout.
      expect(ends.map(({ reason }) => reason)).toEqual([0x3e]);
    }
  });
});

describe.each(timings)("virtual controller, timing $timing: faults", (timing) => {
  it("dies: its host finds the transport failed, its peer the supervision timeout", async () => {
    const pair = pairIn(timing);
    pair.connect();
    pair.clock.advanceSync(100);
    await pair.a.controller.die("no more power");
    expect(pair.a.host.closings).toBe(1);
    expect(pair.a.host.closedBy?.message).toBe("no more power");
    pair.clock.advanceSync(800);
    expect(pair.b.host.takeOne(DisconnectionComplete).reason).toBe(0x08);
    expect(pair.clock.timers).toBe(0);
  });

  it("stops answering: nothing comes, and all of it when it answers again", () => {
    const pair = pairIn(timing);
    const { a, b } = pair.connect();
    pair.b.controller.stopAnswering();
    pair.a.host.sendData(a, octets(1));
    pair.b.host.transport.send(encodeCommand(ReadBdAddr, {}));
    pair.b.host.sendData(b, octets(2));
    pair.clock.advanceSync(5000);
    expect([...pair.b.host.data, ...pair.b.host.events, ...pair.a.host.data]).toEqual([]);
    expect(pair.a.controller.connections, "the link goes on").toBe(1);
    pair.b.controller.answerAgain();
    pair.clock.advanceSync(1000);
    expect(pair.b.host.takeAnswers(ReadBdAddr.opcode)).toHaveLength(1);
    expect(pair.b.host.data).toHaveLength(1);
    expect(pair.a.host.data).toHaveLength(1);
  });

  it("holds no more than it has room for while it does not answer", () => {
    const pair = pairIn(timing);
    const { a } = pair.connect();
    pair.b.controller.stopAnswering();
    let sent = 12;
    pair.a.host.onPacket = (packet) => {
      if (packet[1] !== NumberOfCompletedPackets.code) return;
      for (let i = packet[6]!; i > 0 && sent < 400; i--, sent++)
        pair.a.host.transport.send(aclPacket(a, octets(sent)));
    };
    for (let i = 0; i < 12; i++) pair.a.host.transport.send(aclPacket(a, octets(i)));
    pair.clock.advanceSync(60_000);
    expect(sent).toBeLessThan(300);
    const before = sent;
    pair.b.controller.answerAgain();
    pair.clock.advanceSync(10_000);
    expect(sent).toBeGreaterThan(before);
    expect(pair.b.host.data.map((packet) => packet[5])).toEqual(
      Array.from({ length: 400 }, (_, i) => i & 0xff),
    );
  });

  it("holds no more than any credits allow of a host that goes on all the same", () => {
    const pair = pairIn(timing);
    const { b } = pair.connect();
    pair.b.controller.stopAnswering();
    for (let i = 0; i < 600; i++) {
      pair.b.host.transport.send(encodeCommand(ReadBdAddr, {}));
      pair.b.host.transport.send(aclPacket(b, octets(i)));
    }
    const kept = 512;
    const count = (kind: string): number =>
      pair.b.controller.faults.filter((fault) => fault.kind === kind).length;
    expect(count("aclCredit")).toBe(600 - kept);
    pair.b.controller.answerAgain();
    pair.clock.advanceSync(1000);
    const answers = pair.b.host.takeAnswers(ReadBdAddr.opcode);
    expect(answers).toHaveLength(kept);
    expect(answers.at(-1)?.numHciCommandPackets, "what was lost costs no credit").toBe(1);
  });

  it("sends Hardware Error (Vol 4, Part E, 7.7.16)", () => {
    const pair = pairIn(timing);
    pair.a.controller.hardwareError(0x42);
    pair.clock.advanceSync(0);
    expect(pair.a.host.take(HardwareError)).toEqual([{ hardwareCode: 0x42 }]);
    expect(() => pair.a.controller.hardwareError(256)).toThrow(RangeError);
  });

  it("duplicates events, by chance that can be repeated", () => {
    const count = (): number => {
      const pair = pairIn(timing);
      pair.a.controller.disturb({ duplicate: 0.5 });
      for (let i = 0; i < 40; i++) pair.a.controller.hardwareError(i);
      pair.clock.advanceSync(0);
      return pair.a.host.take(HardwareError).length;
    };
    expect(count()).toBeGreaterThan(45);
    expect(count()).toBeLessThan(75);
    expect(count()).toBe(count());
  });

  it("delays events in their order, but not data", () => {
    const pair = pairIn(timing);
    const { a } = pair.connect();
    pair.b.controller.disturb({ delayMs: 500 });
    pair.b.controller.hardwareError(1);
    pair.a.host.sendData(a, octets(1));
    pair.clock.advanceSync(100);
    pair.b.controller.hardwareError(2);
    expect(pair.b.host.data).toHaveLength(1);
    expect(pair.b.host.events).toEqual([]);
    pair.clock.advanceSync(400);
    expect(pair.b.host.take(HardwareError)).toEqual([{ hardwareCode: 1 }]);
    pair.b.controller.disturb({});
    pair.b.controller.hardwareError(3);
    pair.clock.advanceSync(100);
    expect(pair.b.host.take(HardwareError)).toEqual([{ hardwareCode: 2 }, { hardwareCode: 3 }]);
    expect(pair.clock.timers).toBe(0);
  });

  it("gives credits late (creditDelayMs)", () => {
    const pair = new RawPair({ creditDelayMs: 300 }, {}, timing);
    const { a } = pair.connect();
    pair.a.host.sendData(a, octets(1));
    pair.clock.advanceSync(299);
    expect(pair.b.host.data).toHaveLength(1);
    expect(pair.a.host.takeCompleted(a)).toBe(0);
    pair.clock.advanceSync(50);
    expect(pair.a.host.takeCompleted(a)).toBe(1);
    expect(pair.clock.timers).toBe(0);
  });

  it("leaves no timer behind when the air is switched off in the middle of all that", async () => {
    const pair = new RawPair({ creditDelayMs: 300 }, {}, timing);
    const { a } = pair.connect();
    pair.air.setLoss(0.5);
    pair.a.controller.disturb({ delayMs: 1000 });
    pair.a.controller.hardwareError(1);
    pair.a.host.sendData(a, octets(1));
    pair.clock.advanceSync(200);
    pair.air.partition(pair.a.controller);
    expect(pair.clock.timers).toBeGreaterThan(0);
    await pair.air[Symbol.asyncDispose]();
    expect(pair.clock.timers).toBe(0);
  });
});

describe("virtual controller: counters", () => {
  it("are of each link, of the controller, and of the air", () => {
    const pair = new RawPair();
    const { a, b } = pair.connect();
    pair.a.host.sendData(a, new Uint8Array(60)); // 27 + 27 + 6
    expect(pair.a.controller.countersOf(a)).toEqual({ packets: 3, retransmissions: 0, connectionEvents: 0 });
    expect(pair.b.controller.countersOf(b)?.packets).toBe(0);
    expect(pair.a.controller.countersOf(b)).toBeUndefined();
    pair.clock.advanceSync(3000);
    pair.a.host.ask(Disconnect, { connectionHandle: a, reason: 0x13 });
    expect(pair.a.controller.counters).toEqual({ packets: 4, retransmissions: 0, connectionEvents: 100 });
    expect(pair.air.counters.packets).toBe(4);
  });
});
