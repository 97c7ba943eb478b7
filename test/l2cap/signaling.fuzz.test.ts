import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concat, toHex, u16At } from "../../src/common/bytes.ts";
import { MalformedPduError } from "../../src/common/errors.ts";
import { Priority } from "../../src/common/priority.ts";
import { DisconnectedError } from "../../src/hci/error.ts";
import { FixedCid } from "../../src/l2cap/channel.ts";
import * as pdu from "../../src/l2cap/signaling-pdu.ts";
import { signalingCommands } from "../../src/l2cap/signaling-registry.ts";
import { runs } from "../support/runs.ts";
import { Scripted } from "./scripted.ts";

/** How many commands each run says: with FC_RUNS=20000 they are a million, half of them in each role. */
const perRun = 100;

const cid = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0x3f, max: 0x48 }) },
  fc.integer({ min: 0, max: 0xffff }),
);
const limit = fc.oneof(
  fc.constantFrom(22, 23, 63, 64, 100, 256, 65_533, 65_535),
  fc.integer({ min: 0, max: 0xffff }),
);
const result = fc.oneof(
  { weight: 3, arbitrary: fc.constant(0) },
  fc.integer({ min: 0, max: 16 }),
  fc.integer({ min: 0, max: 0xffff }),
);
const spsm = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(0x80, 0x81) },
  fc.integer({ min: 0, max: 0xffff }),
);
const credits = fc.oneof(fc.integer({ min: 0, max: 8 }), fc.constantFrom(65_535));

const make = <T>(
  command: pdu.SignalingCommand<T>,
  value: fc.Arbitrary<T>,
): fc.Arbitrary<[number, Uint8Array]> => value.map((each) => [command.code, command.encode(each)]);

/** Commands that are well formed, with numbers that hit what is there. */
const sensible: fc.Arbitrary<[number, Uint8Array]> = fc.oneof(
  make(pdu.CommandReject, fc.record({ reason: result, data: fc.uint8Array({ maxLength: 6 }) })),
  make(pdu.DisconnectionRequest, fc.record({ destinationCid: cid, sourceCid: cid })),
  make(pdu.DisconnectionResponse, fc.record({ destinationCid: cid, sourceCid: cid })),
  make(
    pdu.ConnectionParameterUpdateRequest,
    fc.record({ intervalMin: limit, intervalMax: limit, latency: limit, timeout: limit }),
  ),
  make(pdu.ConnectionParameterUpdateResponse, fc.record({ result })),
  make(
    pdu.LeCreditBasedConnectionRequest,
    fc.record({ spsm, sourceCid: cid, mtu: limit, mps: limit, initialCredits: credits }),
  ),
  make(
    pdu.LeCreditBasedConnectionResponse,
    fc.record({ destinationCid: cid, mtu: limit, mps: limit, initialCredits: credits, result }),
  ),
  make(pdu.FlowControlCreditIndication, fc.record({ cid, credits })),
  make(
    pdu.CreditBasedConnectionRequest,
    fc.record({
      spsm,
      mtu: limit,
      mps: limit,
      initialCredits: credits,
      sourceCids: fc.array(cid, { maxLength: 6 }),
    }),
  ),
  make(
    pdu.CreditBasedConnectionResponse,
    fc.record({
      mtu: limit,
      mps: limit,
      initialCredits: credits,
      result,
      destinationCids: fc.array(cid, { maxLength: 6 }),
    }),
  ),
  make(
    pdu.CreditBasedReconfigureRequest,
    fc.record({ mtu: limit, mps: limit, destinationCids: fc.array(cid, { maxLength: 6 }) }),
  ),
  make(pdu.CreditBasedReconfigureResponse, fc.record({ result })),
);

const identifier = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: 1, max: 40 }) },
  fc.integer({ min: 0, max: 255 }),
);

const whole = fc.tuple(sensible, identifier).map(([[code, data], id]) => ({
  cid: FixedCid.Signaling,
  octets: pdu.encodeSignaling(code, id, data),
}));

/** The same with an octet changed, cut, or with octets behind it. */
const mutated = fc
  .tuple(whole, fc.nat(), fc.nat({ max: 255 }), fc.integer({ min: -6, max: 6 }))
  .map(([{ octets }, where, octet, more]) => {
    const changed = concat(
      octets.subarray(0, octets.length + Math.min(0, more)),
      new Uint8Array(Math.max(0, more)),
    );
    if (changed.length > 0) changed[where % changed.length] = octet;
    return { cid: FixedCid.Signaling, octets: changed };
  });

const random = fc.uint8Array({ maxLength: 30 }).map((octets) => ({ cid: FixedCid.Signaling, octets }));
const frames = fc
  .tuple(fc.integer({ min: 0x3f, max: 0x48 }), fc.uint8Array({ maxLength: 30 }), fc.boolean())
  .map(([to, octets, mend]) => {
    if (mend && octets.length > 1) octets.set([octets.length - 2, 0]);
    return { cid: to, octets };
  });

const pdus = fc.oneof({ weight: 5, arbitrary: whole }, { weight: 3, arbitrary: mutated }, random, {
  weight: 2,
  arbitrary: frames,
});

const known: ReadonlySet<number> = new Set(signalingCommands.map(({ code }) => code));

const isSignaling = (sent: string): boolean => sent.startsWith("0500", 4);

/** What this side says is well formed and never an answer to an answer. */
function expectWellFormed(sent: string): void {
  const octets = Buffer.from(sent.replaceAll(" ", ""), "hex");
  if (u16At(octets, 2) !== FixedCid.Signaling) return;
  const { code, identifier: id, data } = pdu.decodeSignaling(octets.subarray(4));
  expect(known.has(code), toHex(octets)).toBe(true);
  expect(id).not.toBe(0);
  signalingCommands.find((command) => command.code === code)!.decode(data);
}

describe("the signalling channel against commands of every kind, random and mutated", () => {
  it.each(["central", "peripheral"] as const)(
    "answers each at most once, stays within its bounds, and ends with nothing left, as %s",
    (role) => {
      fc.assert(
        fc.property(
          fc.array(pdus, { maxLength: perRun, minLength: perRun }),
          fc.nat({ max: 6 }),
          (all, opens) => {
            const one = new Scripted({
              role,
              parametersRequested: (request, answer) => {
                if (request.latency % 3 > 0) answer(request.latency % 3 === 1);
              },
            });
            const listener = one.listen();
            const slow = one.listen({ spsm: 0x81 });
            slow.decide = () => undefined;
            let ended = 0;
            for (let opened = 0; opened < opens; opened++) {
              const enhanced = opened % 2 === 1;
              one.link.openChannels(
                { spsm: 0x80, mtu: 100, enhanced, count: enhanced ? 2 : 1 },
                (channel) => ({ receive: () => channel.consumed(), closed: () => undefined }),
                () => ended++,
              );
            }
            if (role === "peripheral") {
              one.link.requestParameters(
                { intervalMin: 6, intervalMax: 6, latency: 0, timeout: 100 },
                () => ended++,
              );
            }
            one.complete();
            for (const [at, { cid: to, octets }] of all.entries()) {
              one.sent.splice(0);
              expect(one.receive(to, octets) ?? new MalformedPduError("", "")).toBeInstanceOf(
                MalformedPduError,
              );
              // One answer; and at most one Disconnection Request for each channel that the command is about.
              expect(one.sent.filter(isSignaling).length).toBeLessThanOrEqual(1 + 6);
              one.sent.forEach(expectWellFormed);
              if (at % 25 === 24) one.clock.advanceSync(7_000);
              one.complete();
              if (at % 10 === 9)
                for (const { channel } of listener.users) channel.send(Priority.Bulk, new Uint8Array(5));
            }
            one.link.close(new DisconnectedError(0x08));
            expect(ended).toBe(opens + (role === "peripheral" ? 1 : 0));
            expect(one.clock.timers).toBe(0);
            for (const { closings } of listener.users) expect(closings).toHaveLength(1);
            for (const { pending } of slow.requests) expect(pending).toBe(false);
          },
        ),
        { numRuns: Math.ceil(runs.numRuns / 4) },
      );
    },
  );
});
