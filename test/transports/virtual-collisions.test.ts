import { describe, expect, it } from "vitest";
import {
  LeConnectionUpdate,
  LeReadRemoteFeatures,
  LeRemoteConnectionParameterRequestReply,
  LeSetHostChannelClassification,
  LeSetPhy,
} from "../../src/hci/commands/le-connection.ts";
import { Disconnect } from "../../src/hci/commands/link-control.ts";
import { LeEnableEncryption, LeLongTermKeyRequestReply } from "../../src/hci/commands/le-encryption.ts";
import { fromHex } from "../../src/common/bytes.ts";
import {
  LeConnectionUpdateComplete,
  LePhyUpdateComplete,
  LeReadRemoteFeaturesComplete,
  LeRemoteConnectionParameterRequest,
} from "../../src/hci/events/le-connection.ts";
import { NumberOfCompletedPackets } from "../../src/hci/events/flow.ts";
import { LeLongTermKeyRequest } from "../../src/hci/events/le-security.ts";
import { DisconnectionComplete, EncryptionChange } from "../../src/hci/events/link.ts";
import { readCapture } from "../../transports/capture/index.ts";
import type { VirtualControllerOptions } from "../../transports/virtual/index.ts";
import { newContender, RadioTime } from "../../transports/virtual/radio-time.ts";
import { sampleKey, start } from "../support/raw-encryption.ts";
import { aclPacket } from "../support/raw-host.ts";
import { RawPair, type RawStation } from "../support/raw-pair.ts";

const update = {
  connectionIntervalMin: 8,
  connectionIntervalMax: 8,
  maxLatency: 0,
  supervisionTimeout: 100,
  minCeLength: 0,
  maxCeLength: 0,
};
const phys = { allPhys: 0, txPhys: 2, rxPhys: 2, phyOptions: 0 };

type Ask = (station: RawStation, connectionHandle: number) => void;

const askUpdate: Ask = ({ host }, connectionHandle) => {
  host.ask(LeConnectionUpdate, { connectionHandle, ...update });
};
const askPhy: Ask = ({ host }, connectionHandle) => {
  host.ask(LeSetPhy, { connectionHandle, ...phys });
};

/** Both ends begin something between two connection events, and everything comes to its end. */
function together(
  central: Ask,
  peripheral: Ask,
  b: VirtualControllerOptions = {},
): { pair: RawPair; handles: { a: number; b: number } } {
  const pair = new RawPair({}, b, { timing: "air" });
  const handles = pair.connect();
  pair.clock.advanceSync(1005);
  central(pair.a, handles.a);
  peripheral(pair.b, handles.b);
  pair.clock.advanceSync(2000);
  return { pair, handles };
}

describe("procedures with an instant that both ends begin (Vol 6, Part B, 5.3)", () => {
  it("of one kind: the central goes on, the peripheral's host is told LL Procedure Collision", () => {
    const { pair } = together(askUpdate, askUpdate);
    expect(pair.a.host.takeOne(LeConnectionUpdateComplete)).toMatchObject({
      status: 0,
      connectionInterval: 8,
    });
    expect(pair.b.host.take(LeConnectionUpdateComplete)).toMatchObject([
      { status: 0x23, connectionInterval: 0x18 },
      { status: 0, connectionInterval: 8 },
    ]);
    expect(pair.a.host.take(LeRemoteConnectionParameterRequest)).toEqual([]);
  });

  it("the same of PHYs", () => {
    const { pair } = together(askPhy, askPhy);
    expect(pair.a.host.takeOne(LePhyUpdateComplete)).toMatchObject({ status: 0, txPhy: 2, rxPhy: 2 });
    expect(pair.b.host.take(LePhyUpdateComplete)).toMatchObject([
      { status: 0x23, txPhy: 1, rxPhy: 1 },
      { status: 0, txPhy: 2, rxPhy: 2 },
    ]);
  });

  it("of different kinds: Different Transaction Collision", () => {
    const one = together(askUpdate, askPhy).pair;
    expect(one.b.host.takeOne(LePhyUpdateComplete)).toMatchObject({ status: 0x2a, txPhy: 1 });
    for (const { host } of [one.a, one.b]) {
      expect(host.takeOne(LeConnectionUpdateComplete)).toMatchObject({ status: 0, connectionInterval: 8 });
    }
    const other = together(askPhy, askUpdate).pair;
    expect(other.b.host.takeOne(LeConnectionUpdateComplete)).toMatchObject({ status: 0x2a });
    for (const { host } of [other.a, other.b]) expect(host.takeOne(LePhyUpdateComplete).txPhy).toBe(2);
    const map: Ask = ({ host }) => {
      host.ask(LeSetHostChannelClassification, { channelMap: fromHex("00ff00ff00") });
    };
    expect(together(map, askPhy).pair.b.host.takeOne(LePhyUpdateComplete).status).toBe(0x2a);
  });

  it("are refused with LL_REJECT_IND by a peer that does not know the extended one (2.4.2.14)", () => {
    const features = fromHex("0301000000000000"); // encryption, parameters request, LE 2M
    const parts: Uint8Array[] = [];
    const pair = new RawPair({}, { leFeatures: features }, { timing: "air" });
    const handles = pair.connect();
    const capture = pair.air.capture((octets) => parts.push(octets));
    pair.clock.advanceSync(1005);
    askUpdate(pair.a, handles.a);
    askPhy(pair.b, handles.b);
    pair.clock.advanceSync(2000);
    capture[Symbol.dispose]();
    expect(pair.b.host.takeOne(LePhyUpdateComplete).status).toBe(0x2a);
    const control = [...readCapture(Buffer.concat(parts))].flatMap((record) =>
      record.kind === "linkLayer" && (record.packet[4]! & 3) === 3 ? [record.packet[6]] : [],
    );
    expect(control).toEqual([0x00, 0x16, 0x0d]);
  });

  it("wait where the other one's goes on already: nothing is refused", () => {
    const pair = new RawPair({}, {}, { timing: "air" });
    const handles = pair.connect();
    pair.clock.advanceSync(1005);
    askUpdate(pair.a, handles.a);
    pair.clock.advanceSync(60); // the peripheral has it, the instant is to come
    askPhy(pair.b, handles.b);
    pair.b.host.ask(LeReadRemoteFeatures, { connectionHandle: handles.b });
    pair.clock.advanceSync(2000);
    for (const { host } of [pair.a, pair.b]) {
      expect(host.takeOne(LeConnectionUpdateComplete).status).toBe(0);
      expect(host.takeOne(LePhyUpdateComplete)).toMatchObject({ status: 0, txPhy: 2 });
    }
    expect(pair.b.host.takeOne(LeReadRemoteFeaturesComplete).status).toBe(0);
  });

  it("wait for the central's host to answer a request, but others do not", () => {
    for (const timing of ["instant", "air"] as const) {
      const pair = new RawPair({}, {}, { timing });
      const handles = pair.connect();
      askUpdate(pair.b, handles.b);
      pair.clock.advanceSync(1000);
      const wish = pair.a.host.takeOne(LeRemoteConnectionParameterRequest);
      askPhy(pair.a, handles.a);
      pair.a.host.ask(LeReadRemoteFeatures, { connectionHandle: handles.a });
      pair.clock.advanceSync(1000);
      expect(pair.a.host.take(LePhyUpdateComplete)).toEqual([]);
      expect(pair.a.host.take(LeReadRemoteFeaturesComplete)).toHaveLength(1);
      pair.a.host.ask(LeRemoteConnectionParameterRequestReply, { ...wish, minCeLength: 0, maxCeLength: 0 });
      pair.clock.advanceSync(2000);
      for (const { host } of [pair.a, pair.b]) {
        expect(host.takeOne(LeConnectionUpdateComplete).status).toBe(0);
        expect(host.takeOne(LePhyUpdateComplete).status).toBe(0);
      }
    }
  });

  it("do not disturb encryption, which involves none (5.1.3)", () => {
    for (const ask of [askPhy, askUpdate]) {
      const { pair, handles } = together(({ host }, connectionHandle) => {
        host.ask(LeEnableEncryption, { connectionHandle, ...start });
      }, ask);
      for (const { maxLatency, timeout, ...wish } of pair.a.host.take(LeRemoteConnectionParameterRequest)) {
        const reply = { ...wish, maxLatency, timeout, minCeLength: 0, maxCeLength: 0 };
        pair.a.host.ask(LeRemoteConnectionParameterRequestReply, reply);
        pair.clock.advanceSync(2000);
      }
      pair.b.host.takeOne(LeLongTermKeyRequest);
      pair.b.host.ask(LeLongTermKeyRequestReply, { connectionHandle: handles.b, longTermKey: sampleKey });
      pair.clock.advanceSync(1000);
      for (const { host } of [pair.a, pair.b]) {
        expect(host.takeOne(EncryptionChange)).toMatchObject({ status: 0, encryptionEnabled: 1 });
      }
      const completed = ask === askPhy ? LePhyUpdateComplete : LeConnectionUpdateComplete;
      expect(pair.b.host.takeOne<{ readonly status: number }>(completed).status).toBe(0);
    }
  });
});

describe("procedures that wait", () => {
  it("are so many at most: then the controller is busy, and it can be disconnected all the same", () => {
    const pair = new RawPair({}, {}, { timing: "air" });
    const { a: connectionHandle } = pair.connect();
    const ask = (): number => pair.a.host.status(LeReadRemoteFeatures, { connectionHandle });
    const answers = Array.from({ length: 40 }, ask);
    expect(answers.filter((status) => status === 0)).toHaveLength(33);
    expect(new Set(answers.slice(33))).toEqual(new Set([0x3a]));
    for (let i = 0; i < 3; i++) {
      expect(pair.a.host.status(Disconnect, { connectionHandle, reason: 0x13 })).toBe(0);
    }
    pair.clock.advanceSync(1000);
    expect(pair.a.host.take(DisconnectionComplete)).toHaveLength(1);
    expect(pair.clock.timers).toBe(0);
  });
});

describe("peers that do not know a request (Vol 6, Part B, 2.4.2.8)", () => {
  it("say so with LL_UNKNOWN_RSP, once: then the controller knows", () => {
    const parts: Uint8Array[] = [];
    const pair = new RawPair({}, { profile: "4.0" }, { timing: "air" });
    const handles = pair.connect();
    const capture = pair.air.capture((octets) => parts.push(octets));
    for (let i = 0; i < 2; i++) {
      askPhy(pair.a, handles.a);
      pair.clock.advanceSync(1000);
      expect(pair.a.host.takeOne(LePhyUpdateComplete)).toMatchObject({ status: 0x1a, txPhy: 1 });
    }
    capture[Symbol.dispose]();
    const control = [...readCapture(Buffer.concat(parts))].flatMap((record) =>
      record.kind === "linkLayer" && (record.packet[4]! & 3) === 3 ? [[...record.packet.subarray(6, 8)]] : [],
    );
    expect(control).toEqual([
      [0x16, 2],
      [0x07, 0x16],
    ]);
  });

  it("are not asked when their features have told", () => {
    const pair = new RawPair({}, { profile: "4.0" }, { timing: "air" });
    const handles = pair.connect();
    pair.a.host.ask(LeReadRemoteFeatures, { connectionHandle: handles.a });
    pair.clock.advanceSync(1000);
    const { features } = pair.a.host.takeOne(LeReadRemoteFeaturesComplete);
    expect([...features]).toEqual([1, 0, 0, 0, 0, 0, 0, 0]);
    askPhy(pair.a, handles.a);
    expect(pair.a.host.takeOne(LePhyUpdateComplete).status).toBe(0x1a);
  });

  it("share what both know of the first octet of the features (2.4.2.10)", () => {
    const pair = new RawPair({ leFeatures: fromHex("0b000000ff000000") }, {});
    const handles = pair.connect();
    pair.a.host.ask(LeReadRemoteFeatures, { connectionHandle: handles.a });
    const { features } = pair.a.host.takeOne(LeReadRemoteFeaturesComplete);
    expect([...features]).toEqual([0x0b, 0x79, 0, 0x0f, 0x3e, 0, 0, 0]);
  });
});

describe("the one radio of several links, timing air", () => {
  /** The first station is central of links with all others, and sends as much as it can on each. */
  function crowded(intervals: readonly number[], ms: number): { received: number[]; pair: RawPair } {
    const pair = new RawPair({ aclPackets: 40 }, {}, { timing: "air" });
    const received = intervals.map(() => 0);
    const handles = new Map<number, number>();
    const send = (handle: number, count: number): void => {
      for (let i = 0; i < count; i++) pair.a.host.transport.send(aclPacket(handle, new Uint8Array(27)));
    };
    intervals.forEach((interval, at) => {
      const other = at === 0 ? pair.b : pair.station();
      const changes = { connectionIntervalMin: interval, connectionIntervalMax: interval };
      handles.set(pair.connect(pair.a, other, { ...changes, supervisionTimeout: 400 }).a, at);
      pair.clock.advanceSync(3);
      other.host.onPacket = (packet) => {
        if (packet[0] === 2) received[at]! += packet.length - 5;
      };
    });
    pair.a.host.onPacket = (packet) => {
      if (packet[1] !== NumberOfCompletedPackets.code) return;
      for (let at = 4; at < packet.length; at += 4) {
        send(packet[at]! | (packet[at + 1]! << 8), packet[at + 2]! | (packet[at + 3]! << 8));
      }
    };
    for (const handle of handles.keys()) send(handle, 5);
    pair.clock.advanceSync(1000);
    received.fill(0);
    pair.clock.advanceSync(ms);
    return { received, pair };
  }

  it("carries no more than one link would, and every link has its share", () => {
    const ms = 10_000;
    const alone = crowded([6], ms).received[0]!;
    for (const count of [2, 3, 5]) {
      const { received, pair } = crowded(new Array<number>(count).fill(6), ms);
      const sum = received.reduce((total, octets) => total + octets, 0);
      expect(sum).toBeLessThanOrEqual(alone * 1.01);
      expect(sum).toBeGreaterThan(alone * 0.7);
      for (const octets of received) expect(octets).toBeGreaterThan((0.2 * sum) / count);
      expect(pair.a.host.take(DisconnectionComplete)).toEqual([]);
    }
  });

  it("is shared by links of different intervals, and none is lost", () => {
    const { received, pair } = crowded([40, 6, 24, 7], 10_000);
    for (const octets of received) expect(octets).toBeGreaterThan(1000);
    expect(pair.a.controller.connections).toBe(4);
  });

  it("has the same to give whether or not somebody watches", () => {
    const run = (watched: boolean): number[] => {
      const pair = new RawPair({}, {}, { timing: "air" });
      const first = pair.connect(pair.a, pair.b, { connectionIntervalMin: 6, connectionIntervalMax: 6 });
      pair.connect(pair.a, pair.station(), { connectionIntervalMin: 6, connectionIntervalMax: 6 });
      if (watched) pair.air.capture(() => undefined);
      const times: number[] = [];
      pair.b.host.onPacket = () => {
        times.push(pair.clock.now());
      };
      for (let i = 0; i < 50; i++) {
        pair.a.host.sendData(first.a, new Uint8Array(27));
        pair.clock.advanceSync(7);
      }
      return times;
    };
    expect(run(true)).toEqual(run(false));
  });
});

describe("who goes first (RadioTime)", () => {
  const planned = (rank: number, from: number, until: number, lost = 0): ReturnType<typeof newContender> => ({
    ...newContender(rank),
    plannedFrom: from,
    plannedUntil: until,
    lost,
  });

  it("is the one that has lost more, then the earlier one, then the one of lower rank", () => {
    const cases = [
      [planned(1, 0, 2), planned(2, 1, 3), true],
      [planned(1, 1, 3), planned(2, 0, 2), false],
      [planned(1, 1, 3, 1), planned(2, 0, 2), true],
      [planned(1, 0, 2), planned(2, 0, 2), true],
      [planned(2, 0, 2), planned(1, 0, 2), false],
      [planned(1, 0, 2), planned(2, 2, 4, 9), true],
    ] as const;
    for (const [self, other, isFree] of cases) {
      const radio = new RadioTime();
      radio.add(self);
      radio.add(other);
      expect(radio.isFree(self)).toBe(isFree);
      radio.remove(other);
      expect(radio.isFree(self)).toBe(true);
    }
  });

  it("is never the one whose time is taken already", () => {
    const radio = new RadioTime();
    const self = planned(1, 1, 3, 5);
    radio.add(self);
    radio.add({ ...newContender(2), takenFrom: 0, takenUntil: 1.5 });
    expect(radio.isFree(self)).toBe(false);
  });
});
