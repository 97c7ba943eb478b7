import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toHex } from "../../src/common/bytes.ts";
import {
  LeEnableEncryption,
  LeLongTermKeyRequestNegativeReply,
  LeLongTermKeyRequestReply,
} from "../../src/hci/commands/le-encryption.ts";
import { LeReadRemoteFeatures, LeSetDataLength } from "../../src/hci/commands/le-connection.ts";
import { ReadRemoteVersionInformation } from "../../src/hci/commands/link-control.ts";
import { DisconnectionComplete } from "../../src/hci/events/link.ts";
import { WriteAuthenticatedPayloadTimeout } from "../../src/hci/commands/controller-baseband.ts";
import { otherKey, sampleKey, start } from "../support/raw-encryption.ts";
import { RawPair, type RawStation } from "../support/raw-pair.ts";
import { runs } from "../support/runs.ts";

type Side = "a" | "b";
interface Connected {
  readonly pair: RawPair;
  readonly handles: Readonly<Record<Side, number>>;
  /** What each has sent, in hex. */
  readonly sent: Record<Side, string>;
}

/** What may happen on a link; a command that is refused changes nothing. */
const deeds = {
  encrypt: ({ pair, handles }: Connected, flag: boolean) => {
    const longTermKey = flag ? sampleKey : otherKey;
    pair.a.host.run(LeEnableEncryption, { connectionHandle: handles.a, ...start, longTermKey });
  },
  reply: ({ pair, handles }: Connected, flag: boolean) => {
    const longTermKey = flag ? sampleKey : otherKey;
    pair.b.host.run(LeLongTermKeyRequestReply, { connectionHandle: handles.b, longTermKey });
  },
  refuse: ({ pair, handles }: Connected) => {
    pair.b.host.run(LeLongTermKeyRequestNegativeReply, { connectionHandle: handles.b });
  },
  send: ({ pair, handles, sent }: Connected, fromA: boolean, size: number) => {
    const side = fromA ? "a" : "b";
    // Hosts keep to the buffers there are.
    if (sent[side].length > 0 && pair[side].host.takeCompleted(handles[side]) === 0) return;
    const payload = Uint8Array.from({ length: 1 + size }, (_, at) => at ^ size);
    sent[side] += toHex(payload);
    pair[side].host.sendData(handles[side], payload);
  },
  ask: ({ pair, handles }: Connected, fromA: boolean) => {
    const side = fromA ? "a" : "b";
    const connectionHandle = handles[side];
    pair[side].host.run(ReadRemoteVersionInformation, { connectionHandle });
    pair[side].host.run(LeReadRemoteFeatures, { connectionHandle });
    pair[side].host.run(LeSetDataLength, { connectionHandle, txOctets: 100, txTime: 2000 });
  },
  ping: ({ pair, handles }: Connected, fromA: boolean) => {
    const side = fromA ? "a" : "b";
    const timeout = { connectionHandle: handles[side], authenticatedPayloadTimeout: 10 };
    pair[side].host.run(WriteAuthenticatedPayloadTimeout, timeout);
  },
  wait: ({ pair }: Connected, flag: boolean, size: number) => {
    pair.clock.advanceSync(flag ? size : 500);
  },
};

const step = fc.record({
  deed: fc.constantFrom(...(Object.keys(deeds) as (keyof typeof deeds)[])),
  flag: fc.boolean(),
  size: fc.integer({ min: 0, max: 200 }),
});
const air = fc.record({
  timing: fc.constantFrom("instant", "air"),
  encryption: fc.constantFrom("flag", "ccm"),
  seed: fc.nat(),
});

const isGone = ({ host }: RawStation): boolean =>
  host.events.some(([, code]) => code === DisconnectionComplete.code);
const payloads = ({ host }: RawStation): string => host.data.map((packet) => toHex(packet.slice(5))).join("");

describe("virtual controller: encryption, whatever the hosts do", () => {
  it("either ends the link for both, or everything sent arrives, in order (Vol 6, Part B, 5.1.3)", async () => {
    await fc.assert(
      fc.asyncProperty(
        air,
        fc.constantFrom(0, 0, 0.2),
        fc.array(step, { maxLength: 40 }),
        async (options, loss, steps) => {
          const pair = new RawPair({}, {}, options);
          const connected = { pair, handles: pair.connect(), sent: { a: "", b: "" } };
          pair.air.setLoss(loss, pair.a.controller, pair.b.controller);
          for (const { deed, flag, size } of steps) {
            if (isGone(pair.a) || isGone(pair.b)) break;
            deeds[deed](connected, flag, size);
          }
          pair.air.setLoss(0, pair.a.controller, pair.b.controller);
          deeds.refuse(connected);
          pair.clock.advanceSync(60_000);
          const [a, b] = [pair.a, pair.b].map((station) => payloads(station));
          expect(isGone(pair.a)).toBe(isGone(pair.b));
          expect(connected.sent.a.startsWith(b ?? "")).toBe(true);
          expect(connected.sent.b.startsWith(a ?? "")).toBe(true);
          if (!isGone(pair.a)) expect([b, a]).toEqual([connected.sent.a, connected.sent.b]);
          expect([...pair.a.controller.faults, ...pair.b.controller.faults]).toEqual([]);
          await pair.air[Symbol.asyncDispose]();
          expect(pair.clock.timers).toBe(0);
        },
      ),
      runs,
    );
  });
});
