import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  LeConnectionUpdate,
  LeReadRemoteFeatures,
  LeSetDataLength,
  LeSetHostChannelClassification,
  LeSetPhy,
} from "../../src/hci/commands/le-connection.ts";
import { LeSetHostFeature } from "../../src/hci/commands/le-controller.ts";
import { LeSubrateRequest } from "../../src/hci/commands/le-subrating.ts";
import { DisconnectionComplete } from "../../src/hci/events/link.ts";
import { NumberOfCompletedPackets } from "../../src/hci/events/flow.ts";
import { aclPacket } from "../support/raw-host.ts";
import { RawPair, type RawStation } from "../support/raw-pair.ts";
import { runs } from "../support/runs.ts";

type Action =
  | { readonly at: "send"; readonly fromA: boolean; readonly size: number }
  | { readonly at: "wait"; readonly ms: number }
  | { readonly at: "lose"; readonly probability: number }
  | { readonly at: "part" }
  | { readonly at: "ask"; readonly fromA: boolean; readonly what: number };

const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      at: fc.constant("send" as const),
      fromA: fc.boolean(),
      size: fc.integer({ min: 1, max: 251 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      at: fc.constant("wait" as const),
      ms: fc.double({ min: 0, max: 300, noNaN: true }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ at: fc.constant("lose" as const), probability: fc.constantFrom(0, 0.1, 0.4) }),
  },
  { weight: 1, arbitrary: fc.record({ at: fc.constant("part" as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({ at: fc.constant("ask" as const), fromA: fc.boolean(), what: fc.nat({ max: 5 }) }),
  },
);

/** One end with what it still has to send, and how many buffers it has. */
interface Sender {
  readonly station: RawStation;
  readonly handle: number;
  readonly line: Uint8Array[];
  credits: number;
  outstanding: number;
}

function sender(station: RawStation, handle: number): Sender {
  const self: Sender = { station, handle, line: [], credits: 12, outstanding: 0 };
  station.host.onPacket = (packet) => {
    if (packet[1] !== NumberOfCompletedPackets.code || packet[0] !== 4) return;
    const count = packet[6]! | (packet[7]! << 8);
    self.credits += count;
    self.outstanding -= count;
    flush(self);
  };
  return self;
}

function flush(self: Sender): void {
  for (; self.credits > 0 && self.line.length > 0; self.credits--) {
    self.outstanding++;
    self.station.host.transport.send(aclPacket(self.handle, self.line.shift()!));
  }
}

function ask(
  { station: { host }, handle: connectionHandle }: Sender,
  isCentral: boolean,
  what: number,
): void {
  const update = { maxLatency: 3, supervisionTimeout: 3200, minCeLength: 0, maxCeLength: 0 };
  if (what === 0) host.status(LeSetDataLength, { connectionHandle, txOctets: 251, txTime: 17_040 });
  if (what === 1) host.status(LeReadRemoteFeatures, { connectionHandle });
  if (what === 2)
    host.status(LeSetPhy, { connectionHandle, allPhys: 0, txPhys: 6, rxPhys: 5, phyOptions: 1 });
  // A peripheral's wish would wait for the central's host.
  if (what === 3 && isCentral) {
    const interval = { connectionIntervalMin: 24, connectionIntervalMax: 24 };
    host.status(LeConnectionUpdate, { connectionHandle, ...interval, ...update });
  }
  if (what === 4)
    host.status(LeSetHostChannelClassification, { channelMap: Uint8Array.of(0xff, 1, 0, 0, 0) });
  if (what === 5) {
    const subrate = {
      subrateMin: 1,
      subrateMax: 5,
      maxLatency: 2,
      continuationNumber: 2,
      supervisionTimeout: 3200,
    };
    host.status(LeSubrateRequest, { connectionHandle, ...subrate });
  }
}

describe.each([{ timing: "instant" }, { timing: "air" }] as const)(
  "virtual air, timing $timing: links",
  (timing) => {
    it("bring every octet once and in order, and every buffer back, whatever happens (Vol 6, Part B, 4.5.9)", () => {
      fc.assert(
        fc.property(fc.array(action, { maxLength: 40 }), fc.nat(), (actions, seed) => {
          const pair = new RawPair({}, {}, { ...timing, seed });
          for (const { host } of [pair.a, pair.b])
            host.ask(LeSetHostFeature, { bitNumber: 38, bitValue: true });
          const handles = pair.connect(pair.a, pair.b, { supervisionTimeout: 3200 });
          pair.clock.advanceSync(1000);
          const both = [sender(pair.a, handles.a), sender(pair.b, handles.b)] as const;
          const sent: [number[], number[]] = [[], []];
          for (const step of actions) {
            if (step.at === "wait") pair.clock.advanceSync(step.ms);
            else if (step.at === "lose")
              pair.air.setLoss(step.probability, pair.a.controller, pair.b.controller);
            else if (step.at === "ask") ask(both[step.fromA ? 0 : 1], step.fromA, step.what);
            else if (step.at === "part") {
              pair.air.partition(pair.a.controller);
              pair.clock.advanceSync(100);
              pair.air.reunite(pair.a.controller);
            } else {
              const which = step.fromA ? 0 : 1;
              const value = sent[which].length & 0xff;
              const payload = new Uint8Array(step.size).fill(value);
              sent[which].push(...payload);
              both[which].line.push(payload);
              flush(both[which]);
            }
          }
          pair.air.setLoss(0, pair.a.controller, pair.b.controller);
          pair.clock.advanceSync(100_000);
          const lost = [pair.a, pair.b].flatMap(({ host }) => host.take(DisconnectionComplete));
          // An update that came too late for its instant, which loss may bring about.
          if (lost.length > 0) {
            expect(actions.some(({ at }) => at === "lose" || at === "part")).toBe(true);
            return;
          }
          expect(both.map(({ outstanding }) => outstanding)).toEqual([0, 0]);
          const arrived = ({ host }: RawStation): number[] =>
            host.data.flatMap((packet) => [...packet.slice(5)]);
          expect(arrived(pair.b)).toEqual(sent[0]);
          expect(arrived(pair.a)).toEqual(sent[1]);
          expect([...pair.a.controller.faults, ...pair.b.controller.faults]).toEqual([]);
          expect(pair.clock.timers).toBe(0);
        }),
        runs,
      );
    });
  },
);
