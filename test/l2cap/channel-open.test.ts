import { beforeEach, describe, expect, it } from "vitest";
import { fromHex } from "../../src/common/bytes.ts";
import { MalformedPduError } from "../../src/common/errors.ts";
import { type SecurityState, unprotected } from "../../src/common/security.ts";
import { DisconnectedError } from "../../src/hci/error.ts";
import {
  ChannelFaultError,
  ChannelRefusedError,
  ChannelUnavailableError,
  CommandRejectedError,
  SignalingTimeoutError,
} from "../../src/l2cap/error.ts";
import type { OpenRequest } from "../../src/l2cap/credit-channel.ts";
import { FixedCid } from "../../src/l2cap/channel.ts";
import * as pdu from "../../src/l2cap/signaling-pdu.ts";
import { PairingNotSupportedError } from "./one-link.ts";
import {
  acceptance,
  codes,
  enhancedAcceptance,
  type Opening,
  Scripted,
  SettableSecurity,
} from "./scripted.ts";

const { ConnectionResult, encodeSignaling } = pdu;
const reason = new DisconnectedError(0x08);
let one: Scripted;
let security: SettableSecurity;

beforeEach(() => {
  security = new SettableSecurity();
  one = new Scripted({ security });
});

/** The peer answers the request on the air. */
function answer(overrides: Partial<pdu.LeCreditBasedConnectionResponse> = {}): void {
  one.tell(pdu.LeCreditBasedConnectionResponse, { ...acceptance, ...overrides }, one.command().identifier);
}

function answerEnhanced(overrides: Partial<pdu.CreditBasedConnectionResponse> = {}): void {
  one.tell(
    pdu.CreditBasedConnectionResponse,
    { ...enhancedAcceptance, ...overrides },
    one.command().identifier,
  );
}

const enhanced = (request: Partial<OpenRequest> = {}): Opening =>
  one.open({ enhanced: true, mtu: 100, mps: 64, initialCredits: 4, ...request });

const refusal = (result: number): unknown => expect.objectContaining({ code: "CHANNEL_REFUSED", result });

describe("opening a channel (Vol 3, Part A, 4.22 and 4.23)", () => {
  it("asks with this side's end and limits, and is there when the peer accepts", () => {
    const opening = one.open();
    const { code, data } = one.command();
    expect([code, data]).toEqual([
      codes.LeCreditBasedConnectionRequest,
      "8000" + "4000" + "0001" + "8000" + "0800",
    ]);
    expect(opening.outcomes).toEqual([]);
    one.say(pdu.LeCreditBasedConnectionResponse, acceptance, 1);
    const [user] = opening.users;
    expect(opening.outcomes).toEqual([{ channels: [user!.channel], result: 0 }]);
    expect(user!.channel).toMatchObject({
      localCid: 0x40,
      peerCid: 0x51,
      open: true,
      enhanced: false,
      mtu: 256,
      peerMtu: 100,
      mps: 128,
      peerMps: 64,
      credits: 5,
      granted: 8,
    });
    expect(one.clock.timers).toBe(0);
  });

  it("chooses what fits one packet of the radio, and two of the longest SDUs, by default", () => {
    one.open({ mtu: 65_535, mps: undefined, initialCredits: undefined });
    expect(one.command().data).toBe("80004000fffff7001402"); // 247, 532
    one.open({ mtu: 23, mps: undefined, initialCredits: undefined });
    expect(one.command().data).toBe("80004100170019002000"); // 25, 32
    one.open({ mtu: 64, mps: undefined, initialCredits: undefined, enhanced: true });
    expect(one.command().data).toBe("8000400042002000" + "4200"); // 66, 32
  });

  it.each([0x0002, 0x0004, 0x0005, 0x0006, 0x0007, 0x0008, 0x0009, 0x000a, 0x000b, 0x000c, 0x000d, 0x7777])(
    "ends with the peer's result %i, and its end is free again",
    (result) => {
      security.raising = new PairingNotSupportedError();
      const opening = one.open();
      answer({ result, destinationCid: 0 });
      const wants = [5, 7, 8].includes(result);
      expect(opening.outcomes).toEqual([wants ? security.raising : refusal(result)]);
      for (let opened = 0; opened < 64; opened++) one.open();
      expect(one.commands()).toHaveLength(64);
    },
  );

  it("ends when the peer rejects the command", () => {
    const opening = one.open();
    one.say(pdu.CommandReject, { reason: 0, data: new Uint8Array() }, one.command().identifier);
    expect(opening.outcomes).toEqual([expect.any(CommandRejectedError)]);
    expect(opening.outcomes[0]).toMatchObject({
      message: expect.stringContaining("LE_CREDIT_BASED") as string,
    });
  });

  it.each([
    ["a destination CID of the fixed channels", { destinationCid: 0x3f }],
    ["a destination CID beyond the last", { destinationCid: 0x80 }],
    ["an MTU of 22", { mtu: 22 }],
    ["an MPS of 22", { mps: 22 }],
    ["an MPS of 65534", { mps: 65_534 }],
  ])("ends as a fault of the peer with %s, and the channel is disconnected", (_, overrides) => {
    const opening = one.open();
    const { identifier } = one.command();
    const wrong = { ...acceptance, ...overrides };
    const [goodbye] = one.say(pdu.LeCreditBasedConnectionResponse, wrong, identifier);
    expect(opening.outcomes).toEqual([expect.any(ChannelFaultError)]);
    expect(opening.users).toEqual([]);
    expect(goodbye).toMatchObject({ code: codes.DisconnectionRequest });
    const request = pdu.DisconnectionRequest.decode(Buffer.from(goodbye!.data, "hex"));
    expect(request).toEqual({ destinationCid: wrong.destinationCid, sourceCid: 0x40 });
    one.say(pdu.DisconnectionResponse, request, goodbye!.identifier);
    expect(one.clock.timers).toBe(0);
  });

  it("ends as a fault when the peer gives one end to two channels, and both are discarded (4.26)", () => {
    const first = one.open();
    answer();
    const second = one.open();
    const { identifier } = one.command();
    const goodbyes = one.say(pdu.LeCreditBasedConnectionResponse, acceptance, identifier);
    expect(second.outcomes).toEqual([expect.any(ChannelFaultError)]);
    expect(first.users[0]!.closings).toEqual([expect.any(ChannelFaultError)]);
    expect(goodbyes.map(({ code, data }) => [code, data])).toEqual([
      [codes.DisconnectionRequest, "51004000"],
      [codes.DisconnectionRequest, "51004100"],
    ]);
  });

  it("ends with what is malformed about a response without its parts", () => {
    const opening = one.open();
    one.sayRaw(codes.LeCreditBasedConnectionResponse, "510064", one.command().identifier);
    expect(opening.outcomes).toEqual([expect.any(MalformedPduError)]);
  });

  it.each([
    ["another identifier", codes.LeCreditBasedConnectionResponse, 0x55],
    ["the response of another command", codes.CreditBasedConnectionResponse, 1],
  ])("goes on waiting when there is %s (4)", (_, code, identifier) => {
    const opening = one.open();
    one.receive(FixedCid.Signaling, encodeSignaling(code, identifier, fromHex("51006400400005000000")));
    expect(opening.outcomes).toEqual([]);
    answer();
    expect(opening.users).toHaveLength(1);
  });

  it("takes one response and drops a second", () => {
    const opening = one.open();
    const { identifier } = one.command();
    one.say(pdu.LeCreditBasedConnectionResponse, acceptance, identifier);
    one.say(pdu.LeCreditBasedConnectionResponse, { ...acceptance, destinationCid: 0x52 }, identifier);
    one.say(pdu.CommandReject, { reason: 0, data: new Uint8Array() }, identifier);
    expect(opening.outcomes).toHaveLength(1);
    expect(opening.users[0]!.channel).toMatchObject({ open: true, peerCid: 0x51 });
  });

  it("ends when there is no answer in 30 s (RTX, 6.2.1); a channel that opens later is disconnected", () => {
    const opening = one.open();
    const { identifier } = one.command();
    one.clock.advanceSync(29_999);
    expect(opening.outcomes).toEqual([]);
    one.clock.advanceSync(1);
    expect(opening.outcomes).toEqual([expect.any(SignalingTimeoutError)]);
    const [goodbye] = one.say(pdu.LeCreditBasedConnectionResponse, acceptance, identifier);
    expect(goodbye).toMatchObject({ code: codes.DisconnectionRequest, data: "51004000" });
    expect(opening.users).toEqual([]);
    expect(opening.outcomes).toHaveLength(1);
  });

  it("keeps the end and the identifier of what was never answered", () => {
    one.open();
    const { identifier } = one.command();
    one.clock.advanceSync(30_000);
    const seen = new Set<number>();
    for (let round = 0; round < 300; round++) {
      const next = one.open();
      const asked = one.command();
      expect(asked.identifier).not.toBe(identifier);
      expect(asked.data.slice(4, 8)).not.toBe("4000");
      seen.add(asked.identifier);
      one.say(pdu.LeCreditBasedConnectionResponse, { ...acceptance, result: 4 }, asked.identifier);
      expect(next.outcomes).toEqual([refusal(4)]);
    }
    expect(seen.size).toBe(254);
    // Its refusal at last frees both.
    one.say(pdu.LeCreditBasedConnectionResponse, { ...acceptance, result: 4 }, identifier);
    for (let opened = 0; opened < 64; opened++) one.open();
    expect(one.commands()).toHaveLength(64);
  });

  it("called off, calls nobody; the channel that comes is disconnected", () => {
    const opening = one.open();
    opening.cancel();
    const { identifier } = one.command();
    const [goodbye] = one.say(pdu.LeCreditBasedConnectionResponse, acceptance, identifier);
    expect(goodbye).toMatchObject({ code: codes.DisconnectionRequest, data: "51004000" });
    one.say(pdu.DisconnectionResponse, { destinationCid: 0x51, sourceCid: 0x40 }, goodbye!.identifier);
    opening.cancel();
    expect([opening.outcomes, opening.users]).toEqual([[], []]);
    expect(one.clock.timers).toBe(0);
  });

  it("called off when it is there, does nothing", () => {
    const opening = one.open();
    answer();
    opening.cancel();
    expect(one.commands()).toEqual([]);
    expect(opening.users[0]!.channel.open).toBe(true);
  });

  it("ends with the link's reason when that goes, and at once when it has gone", () => {
    const opening = one.open();
    const called = one.open();
    called.cancel();
    one.link.close(reason);
    expect(opening.outcomes).toEqual([reason]);
    expect(called.outcomes).toEqual([]);
    expect(one.open().outcomes).toEqual([reason]);
    expect(one.clock.timers).toBe(0);
  });

  it("ends when there is no identifier left for a channel (2.1)", () => {
    for (let opened = 0; opened < 64; opened++) one.open();
    expect(one.open().outcomes).toEqual([expect.any(ChannelUnavailableError)]);
    expect(enhanced({ count: 5 }).outcomes).toEqual([expect.any(ChannelUnavailableError)]);
    expect(one.commands()).toHaveLength(64);
  });

  it.each([
    ["spsm", { spsm: 0 }],
    ["spsm", { spsm: 0x100 }],
    ["mtu", { mtu: 22 }],
    ["mtu", { mtu: 65_536 }],
    ["mtu", { mtu: Number.NaN }],
    ["mps", { mps: 22 }],
    ["mps", { mps: 65_534 }],
    ["initialCredits", { initialCredits: 0 }],
    ["count", { count: 2 }],
    ["count", { count: 0 }],
    ["count", { count: 6, enhanced: true }],
    ["mtu", { mtu: 63, enhanced: true }],
    ["mps", { mps: 63, enhanced: true }],
  ])("refuses options out of range at once and names the %s", (name, options) => {
    expect(() => one.open(options)).toThrow(RangeError);
    expect(() => one.open(options)).toThrow(name);
    expect(one.commands()).toEqual([]);
  });
});

describe("opening enhanced channels (Vol 3, Part A, 4.25 and 4.26)", () => {
  it("asks for several at once, and all are there when the peer accepts", () => {
    const opening = enhanced({ count: 3 });
    const { data, identifier } = one.command();
    expect(data).toBe("8000" + "6400" + "4000" + "0400" + "400041004200");
    one.say(
      pdu.CreditBasedConnectionResponse,
      { ...enhancedAcceptance, destinationCids: [0x55, 0x54, 0x53] },
      identifier,
    );
    expect(opening.users.map(({ channel }) => [channel.localCid, channel.peerCid])).toEqual([
      [0x40, 0x55],
      [0x41, 0x54],
      [0x42, 0x53],
    ]);
    expect(opening.outcomes).toEqual([{ channels: opening.users.map(({ channel }) => channel), result: 0 }]);
  });

  it.each([
    ConnectionResult.NoResources,
    ConnectionResult.InvalidSourceCid,
    ConnectionResult.SourceCidAlreadyAllocated,
  ])("has those that were accepted when others were refused with %i, whose ends are free", (result) => {
    const opening = enhanced({ count: 3 });
    answerEnhanced({ destinationCids: [0, 0x51, 0], result });
    expect(opening.users.map(({ channel }) => channel.localCid)).toEqual([0x41]);
    expect(opening.outcomes).toEqual([{ channels: [opening.users[0]!.channel], result }]);
    for (let opened = 0; opened < 63; opened++) one.open();
    expect(one.commands()).toHaveLength(63);
  });

  it.each([0x0002, 0x0004, 0x0006, 0x000b, 0x000c, 0x7777])(
    "ends when all were refused with %i",
    (result) => {
      const opening = enhanced({ count: 2 });
      answerEnhanced({ destinationCids: [0, 0], result });
      expect(opening.outcomes).toEqual([refusal(result)]);
    },
  );

  it("takes no channel from a result that refuses all", () => {
    const opening = enhanced();
    answerEnhanced({ result: ConnectionResult.InvalidParameters });
    expect(opening.outcomes).toEqual([refusal(ConnectionResult.InvalidParameters)]);
    expect(opening.users).toEqual([]);
  });

  it("takes those that are not named as refused, and names too many as none", () => {
    const opening = enhanced({ count: 2 });
    answerEnhanced({ destinationCids: [0x51] });
    expect(opening.users).toHaveLength(1);
    const other = enhanced({ count: 1 });
    answerEnhanced({ destinationCids: [0x52, 0x53] });
    expect(other.users).toHaveLength(1);
    const none = enhanced({ count: 1 });
    answerEnhanced({ destinationCids: [] });
    expect(none.outcomes).toEqual([expect.any(ChannelFaultError)]);
  });

  it("discards both when one response gives one end to two channels", () => {
    const opening = enhanced({ count: 3 });
    answerEnhanced({ destinationCids: [0x51, 0x51, 0x52] });
    expect(opening.users.map(({ channel }) => channel.peerCid)).toEqual([0x52]);
    expect(opening.outcomes).toEqual([{ channels: [opening.users[0]!.channel], result: 0 }]);
  });

  it.each([0x000d, 0x000e, 0x000f])(
    "waits 60 s longer when the peer asks with %i for patience (ERTX, 6.2.2)",
    (result) => {
      const opening = enhanced();
      const { identifier } = one.command();
      one.clock.advanceSync(29_000);
      const pending = { mtu: 0, mps: 0, initialCredits: 0, result, destinationCids: [0] };
      one.say(pdu.CreditBasedConnectionResponse, pending, identifier);
      one.clock.advanceSync(59_999);
      expect(opening.outcomes).toEqual([]);
      one.say(pdu.CreditBasedConnectionResponse, enhancedAcceptance, identifier);
      expect(opening.users).toHaveLength(1);
      expect(one.clock.timers).toBe(0);
    },
  );

  it("ends when the peer asks for patience and is never heard of again", () => {
    const opening = enhanced();
    const { identifier } = one.command();
    const pending = { mtu: 0, mps: 0, initialCredits: 0, result: 0x000d, destinationCids: [0] };
    one.say(pdu.CreditBasedConnectionResponse, pending, identifier);
    one.clock.advanceSync(60_000);
    expect(opening.outcomes).toEqual([expect.any(SignalingTimeoutError)]);
    one.say(pdu.CreditBasedConnectionResponse, pending, identifier);
    expect(one.clock.timers).toBe(0);
    const [goodbye] = one.say(pdu.CreditBasedConnectionResponse, enhancedAcceptance, identifier);
    expect(goodbye).toMatchObject({ code: codes.DisconnectionRequest });
  });
});

describe("opening a channel that wants more security (Vol 3, Part C, 10.3.2)", () => {
  const encrypted: SecurityState = { ...unprotected, encrypted: true, keySize: 16 };
  const authenticated: SecurityState = { ...encrypted, authenticated: true };

  it.each([
    ["authentication, on a link without encryption", 5, unprotected, { encrypted: true }],
    ["authentication, on one with", 5, encrypted, { authenticated: true }],
    [
      "authentication, on an authenticated one",
      5,
      authenticated,
      { authenticated: true, secureConnections: true },
    ],
    ["a longer key", 7, encrypted, { keySize: 16 }],
    ["encryption", 8, unprotected, { encrypted: true }],
  ])("raises it and asks once more, for %s", (_, result, state, wanted) => {
    security.state = state;
    security.raising = authenticated;
    const opening = one.open();
    answer({ result, destinationCid: 0 });
    expect(security.raised).toEqual([wanted]);
    answer();
    expect(opening.users).toHaveLength(1);
    expect(opening.outcomes).toHaveLength(1);
  });

  it("does so for enhanced channels too, once, and ends with the second refusal", () => {
    security.raising = encrypted;
    const opening = enhanced({ count: 2 });
    answerEnhanced({ result: 5, destinationCids: [0, 0] });
    answerEnhanced({ result: 5, destinationCids: [0, 0] });
    expect(security.raised).toEqual([{ encrypted: true }]);
    expect(opening.outcomes).toEqual([expect.any(ChannelRefusedError)]);
    expect(one.commands()).toEqual([]);
  });

  it("ends with the reason when it cannot be raised", () => {
    security.raising = new PairingNotSupportedError();
    const opening = one.open();
    answer({ result: 5, destinationCid: 0 });
    expect(opening.outcomes).toEqual([security.raising]);
  });

  it("does not raise it for want of authorization", () => {
    const opening = one.open();
    answer({ result: 6, destinationCid: 0 });
    expect(security.raised).toEqual([]);
    expect(opening.outcomes).toEqual([refusal(6)]);
  });

  it("raises what the program wants before it asks", () => {
    security.raising = authenticated;
    one.open({ security: { authenticated: true } });
    expect(security.raised).toEqual([{ authenticated: true }]);
    answer();
  });

  it("called off meanwhile, asks for nothing", () => {
    security.raising = "waits";
    const opening = one.open({ security: { encrypted: true } });
    opening.cancel();
    security.goOn!(undefined);
    one.complete();
    expect(one.commands()).toEqual([]);
    expect(opening.outcomes).toEqual([]);
  });

  it("ends with the link's reason when that goes meanwhile, whatever comes of it", () => {
    security.raising = "waits";
    const opening = one.open({ security: { encrypted: true } });
    one.link.close(reason);
    expect(opening.outcomes).toEqual([reason]);
    security.goOn!(undefined);
    expect(opening.outcomes).toHaveLength(1);
    expect(one.clock.timers).toBe(0);
  });
});
