import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { VirtualClock } from "../../src/common/clock.ts";
import { HostNumberOfCompletedPackets, Reset } from "../../src/hci/commands/controller-baseband.ts";
import { LeConnectionUpdate } from "../../src/hci/commands/le-connection.ts";
import { LeEnableEncryption } from "../../src/hci/commands/le-encryption.ts";
import {
  LeSetPeriodicAdvertisingEnable,
  LeSetPeriodicAdvertisingParameters,
} from "../../src/hci/commands/le-periodic-advertising.ts";
import { LePeriodicAdvertisingCreateSync } from "../../src/hci/commands/le-periodic-sync.ts";
import { LePeriodicAdvertisingSyncEstablished } from "../../src/hci/events/le-periodic-advertising.ts";
import { CommandComplete, CommandStatus } from "../../src/hci/events/flow.ts";
import { commandTable } from "../../transports/virtual/command-table.ts";
import { VirtualAir } from "../../transports/virtual/index.ts";
import { virtualProfiles } from "../../transports/virtual/controller-options.ts";
import { connectEncrypted, start } from "../support/raw-encryption.ts";
import { enableSet, makeSet, scanExtended } from "../support/raw-extended.ts";
import { aclPacket, RawHost } from "../support/raw-host.ts";
import { RawPair } from "../support/raw-pair.ts";
import { runs } from "../support/runs.ts";

const opcodes = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom(...commandTable.keys()) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 0xffff }) },
);
/** Small numbers, so that handles, flags and addresses are hit now and then. */
const parameters = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc
    .array(fc.constantFrom(0, 1, 2, 0x13, 0x20, 0x40, 0x41, 0x80), { maxLength: 34 })
    .map((list) => Uint8Array.from(list)),
);
const step = fc.record({
  opcode: opcodes,
  parameters,
  fromA: fc.boolean(),
  ms: fc.constantFrom(0, 0, 0, 1, 200),
});

const airs = fc.record({
  timing: fc.constantFrom("instant", "air"),
  encryption: fc.constantFrom("flag", "ccm"),
});

/** The lengths that commands have, so that most of them are carried out. */
const lengths = new Map<number, number>([...commandTable.keys()].map((opcode) => [opcode, lengthOf(opcode)]));

function lengthOf(opcode: number): number {
  const clock = new VirtualClock();
  for (let length = 0; length < 64; length++) {
    const host = new RawHost(new VirtualAir({ clock }).controller().transport(), clock);
    host.send(Uint8Array.of(1, opcode & 0xff, opcode >> 8, length, ...new Uint8Array(length).fill(1)));
    if (host.takeAnswers(opcode).some(({ status }) => status !== 0x12)) return length;
  }
  return 0;
}

/** What goes on before the commands come: each is brought about, and some of it is still under way. */
const states = {
  nothing: () => undefined,
  connected: (pair: RawPair) => {
    pair.connect();
  },
  "connected twice": (pair: RawPair) => {
    pair.connect();
    pair.connect(pair.station(), pair.a);
  },
  encrypted: (pair: RawPair) => {
    connectEncrypted(pair);
  },
  "encryption waits for a key": (pair: RawPair) => {
    const { a: connectionHandle } = pair.connect();
    pair.a.host.ask(LeEnableEncryption, { connectionHandle, ...start });
    pair.clock.advanceSync(300);
  },
  "encrypted, and a new key is asked for": (pair: RawPair) => {
    const { a: connectionHandle } = connectEncrypted(pair);
    pair.a.host.ask(LeEnableEncryption, { connectionHandle, ...start });
  },
  "parameters are asked for": (pair: RawPair) => {
    const { b: connectionHandle } = pair.connect();
    const interval = { connectionIntervalMin: 8, connectionIntervalMax: 8, minCeLength: 0, maxCeLength: 0 };
    const update = { connectionHandle, ...interval, maxLatency: 0, supervisionTimeout: 100 };
    pair.b.host.ask(LeConnectionUpdate, update);
    pair.clock.advanceSync(300);
  },
  "sets, a train and a sync": (pair: RawPair) => {
    const { a, b } = pair;
    for (const [host, sid] of [
      [a.host, 1],
      [b.host, 2],
    ] as const) {
      makeSet(host, { advertisingHandle: 1, advertisingSid: sid }, { advertising: new Uint8Array(300) });
      makeSet(host, { advertisingHandle: 2, advertisingEventProperties: 0x13 });
      host.ask(LeSetPeriodicAdvertisingParameters, train);
      host.ask(LeSetPeriodicAdvertisingEnable, { advertisingHandle: 1, enable: 1 });
      for (const handle of [1, 2]) enableSet(host, handle);
      scanExtended(host);
    }
    const from = { advertisingSid: 2, advertiserAddressType: 0, advertiserAddress: b.address };
    a.host.ask(LePeriodicAdvertisingCreateSync, {
      options: 0,
      ...from,
      skip: 0,
      syncTimeout: 100,
      syncCteType: 0,
    });
    pair.clock.advanceSync(1000);
    a.host.takeOne(LePeriodicAdvertisingSyncEstablished);
  },
  "out of range": (pair: RawPair) => {
    pair.connect();
    pair.air.partition(pair.b.controller);
  },
} as const satisfies Record<string, (pair: RawPair) => void>;

const train = {
  advertisingHandle: 1,
  periodicAdvertisingIntervalMin: 0x50,
  periodicAdvertisingIntervalMax: 0x50,
  periodicAdvertisingProperties: 0,
};

describe("virtual controller: whatever a host sends", () => {
  it.each(Object.keys(states) as (keyof typeof states)[])(
    "every command of the table gets exactly one answer: %s (Vol 4, Part E, 4.4)",
    (state) => {
      for (const timing of ["instant", "air"] as const) {
        for (const fill of [0, 1, 0x40]) {
          const pair = new RawPair({}, {}, { timing, encryption: "ccm" });
          states[state](pair);
          for (const opcode of commandTable.keys()) {
            if (opcode === HostNumberOfCompletedPackets.opcode || opcode === Reset.opcode) continue;
            for (const { host } of [pair.a, pair.b]) {
              const length = lengths.get(opcode) ?? 0;
              host.events.length = 0;
              host.send(
                Uint8Array.of(1, opcode & 0xff, opcode >> 8, length, ...new Uint8Array(length).fill(fill)),
              );
              expect([opcode, host.takeAnswers(opcode).length]).toEqual([opcode, 1]);
            }
            pair.clock.advanceSync(1);
          }
          pair.clock.advanceSync(60_000);
          expect([...pair.a.controller.faults, ...pair.b.controller.faults]).toEqual([]);
        }
      }
    },
  );

  it("keeps no more than it must, however much is sent (bounded memory)", () => {
    for (const profile of virtualProfiles) {
      const pair = new RawPair({ profile }, {}, { timing: "air" });
      const handles = pair.connect();
      const begin = pair.clock.timers;
      for (let i = 0; i < 3000; i++) {
        pair.a.host.transport.send(aclPacket(handles.a, new Uint8Array(27)));
        pair.a.host.transport.send(aclPacket(handles.a + 1, new Uint8Array(27)));
        pair.a.host.transport.send(
          Uint8Array.of(1, 0x13, 0x20, 14, handles.a, 0, 6, 0, 6, 0, 0, 0, 100, 0, 0, 0, 0, 0),
        );
      }
      pair.clock.advanceSync(100);
      expect(pair.a.controller.faults.length).toBe(1000);
      expect(pair.clock.timers).toBeLessThan(begin + 8);
    }
  });

  it("every command gets exactly one answer, in any state (Vol 4, Part E, 4.4)", () => {
    const state = fc.constantFrom(...(Object.keys(states) as (keyof typeof states)[]));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), airs, state, (steps, air, before) => {
        const pair = new RawPair({}, {}, air);
        states[before](pair);
        for (const { opcode, parameters, fromA, ms } of steps) {
          const { host } = fromA ? pair.a : pair.b;
          const length = lengths.get(opcode) ?? parameters.length;
          const octets = Uint8Array.from({ length }, (_, i) => parameters[i] ?? 0);
          host.events.length = 0;
          host.send(Uint8Array.of(1, opcode & 0xff, opcode >> 8, octets.length, ...octets));
          const answers = host.takeAnswers(opcode);
          // One command is answered only to refuse it. Vol 4, Part E, 7.3.40.
          if (opcode !== HostNumberOfCompletedPackets.opcode || answers.length > 0)
            expect(answers).toHaveLength(1);
          const others = host.events.filter(
            ([, code]) => code === CommandComplete.code || code === CommandStatus.code,
          );
          expect(others).toEqual([]);
          pair.clock.advanceSync(ms);
        }
        expect([...pair.a.controller.faults, ...pair.b.controller.faults]).toEqual([]);
      }),
      runs,
    );
  });

  it("any octets are worked off without an exception, and the controller goes on", () => {
    const packet = fc.oneof(
      fc.uint8Array({ maxLength: 20 }),
      fc
        .tuple(fc.constantFrom(1, 2), fc.uint8Array({ maxLength: 40 }))
        .map(([type, rest]) => Uint8Array.of(type, ...rest)),
    );
    fc.assert(
      fc.property(fc.array(packet, { maxLength: 30 }), (packets) => {
        const pair = new RawPair();
        pair.connect();
        for (const octets of packets) pair.a.host.transport.send(octets);
        pair.clock.advanceSync(1000);
        pair.a.host.send(Uint8Array.of(1, 0x03, 0x0c, 0));
        expect(pair.a.host.takeAnswers(0x0c03).at(-1)?.status).toBe(0);
      }),
      runs,
    );
  });

  it("the same seed and the same commands give the same events", () => {
    const trace = (
      steps: readonly { opcode: number; parameters: Uint8Array; ms: number }[],
    ): Uint8Array[] => {
      const pair = new RawPair();
      pair.connect();
      for (const { opcode, parameters, ms } of steps) {
        const length = lengths.get(opcode) ?? 0;
        const octets = Uint8Array.from({ length }, (_, i) => parameters[i] ?? 0);
        pair.a.host.send(Uint8Array.of(1, opcode & 0xff, opcode >> 8, length, ...octets));
        pair.clock.advanceSync(ms);
      }
      return [...pair.a.host.events, ...pair.b.host.events];
    };
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        expect(trace(steps)).toEqual(trace(steps));
      }),
      runs,
    );
  });
});
