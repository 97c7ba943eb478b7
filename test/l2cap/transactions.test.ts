import { describe, expect, it } from "vitest";
import { VirtualClock } from "../../src/common/clock.ts";
import type { Outcome } from "../../src/common/procedure.ts";
import { ChannelUnavailableError } from "../../src/l2cap/error.ts";
import * as pdu from "../../src/l2cap/signaling-pdu.ts";
import { Transactions } from "../../src/l2cap/transactions.ts";
import { codes, enhancedRequest, request, Scripted } from "./scripted.ts";

const answer = codes.DisconnectionResponse;
const code = codes.DisconnectionRequest;

describe("requests that wait for their answers (Vol 3, Part A, 4)", () => {
  it("have identifiers of their own, never 0x00; with 254 of them there is one left, for what nobody answers", () => {
    const transactions = new Transactions(new VirtualClock());
    const outcomes: Outcome<Uint8Array>[] = [];
    const begin = (): number | undefined =>
      transactions.begin(code, { answer, done: (outcome) => outcomes.push(outcome) });
    const identifiers = Array.from({ length: 254 }, begin);
    expect(new Set(identifiers).size).toBe(254);
    expect(identifiers).not.toContain(0);
    expect([begin(), outcomes]).toEqual([undefined, [expect.any(ChannelUnavailableError)]]);
    expect(identifiers).not.toContain(transactions.nextIdentifier());
    transactions.answered(answer, 77, new Uint8Array());
    expect(begin()).toBe(77);
  });

  it("free their identifier at the time-out, unless something late may matter still", () => {
    const clock = new VirtualClock();
    const transactions = new Transactions(clock);
    let over = false;
    const begin = (late: boolean): number | undefined =>
      transactions.begin(code, {
        answer,
        done: () => undefined,
        ...(late ? { late: () => undefined, isOver: () => over } : {}),
      });
    for (let begun = 0; begun < 254; begun++) begin(begun > 0);
    clock.advanceSync(30_000);
    expect(begin(true)).toBe(255);
    expect(begin(true)).toBe(undefined);
    over = true;
    expect(begin(true)).toBe(1);
    expect(clock.timers).toBe(2);
  });
});

describe("a peer that leaves requests unanswered", () => {
  it("and closes the channels they are about itself, does not stop this side, however often it does (6.2)", () => {
    const one = new Scripted();
    const listener = one.listen({ initialCredits: 1 });
    for (let round = 0; round < 600; round++) {
      const identifier = 1 + (round % 255);
      one.say(pdu.LeCreditBasedConnectionRequest, request, identifier);
      const { channel } = listener.users.at(-1)!;
      one.receive(channel.localCid, Uint8Array.of(0)); // a fault, which has it disconnected
      one.say(pdu.DisconnectionRequest, { destinationCid: channel.localCid, sourceCid: 0x41 }, identifier);
    }
    expect(listener.users).toHaveLength(600);
    expect(listener.users.map(({ closings }) => closings.length)).toEqual(Array(600).fill(1));
    expect(one.clock.timers).toBe(254);
    // What cannot be asked for ends at once, and keeps no channel identifier.
    for (let opened = 0; opened < 100; opened++) {
      expect(one.open().outcomes).toEqual([expect.any(ChannelUnavailableError)]);
    }
    one.clock.advanceSync(30_000);
    one.commands();
    expect(one.open().outcomes).toEqual([]);
    expect(one.command()).toMatchObject({ code: codes.LeCreditBasedConnectionRequest });
  });

  it("keeps what this side could not ask it to close, until it closes that itself", () => {
    const one = new Scripted();
    const listener = one.listen({ enhanced: true });
    for (let asked = 0; asked < 254; asked++) {
      one.link.requestParameters(
        { intervalMin: 6, intervalMax: 6, latency: 0, timeout: 100 },
        () => undefined,
      );
    }
    one.complete();
    one.commands();
    one.say(pdu.CreditBasedConnectionRequest, enhancedRequest);
    const [user] = listener.users;
    const told: unknown[] = [];
    user!.channel.reconfigure({ mtu: 300 }, (outcome) => told.push(outcome));
    expect(told).toEqual([expect.any(ChannelUnavailableError)]);
    expect([user!.channel.open, user!.channel.mtu]).toEqual([true, 256]);
    user!.channel.close(() => told.push("closed"));
    expect(told).toHaveLength(2);
    expect(user!.closings).toHaveLength(1);
    const again = (): string => one.say(pdu.CreditBasedConnectionRequest, enhancedRequest)[0]!.data;
    expect(again()).toBe("0000000000000a000000");
    one.say(pdu.DisconnectionRequest, { destinationCid: 0x40, sourceCid: 0x41 });
    expect(again()).toBe("0001800008000000" + "4100");
  });
});
