import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { VirtualClock } from "../../src/common/clock.ts";
import { HostNumberOfCompletedPackets } from "../../src/hci/commands/controller-baseband.ts";
import { CommandComplete, CommandStatus } from "../../src/hci/events/flow.ts";
import { commandTable } from "../../transports/virtual/command-table.ts";
import { VirtualAir } from "../../transports/virtual/index.ts";
import { RawHost } from "../support/raw-host.ts";
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

describe("virtual controller: whatever a host sends", () => {
  it("every command gets exactly one answer, in any state (Vol 4, Part E, 4.4)", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), airs, fc.boolean(), (steps, air, connected) => {
        const pair = new RawPair({}, {}, air);
        if (connected) pair.connect();
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
