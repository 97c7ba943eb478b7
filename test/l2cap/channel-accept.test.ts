import { beforeEach, describe, expect, it } from "vitest";
import { type SecurityState, unprotected } from "../../src/common/security.ts";
import { DisconnectedError } from "../../src/hci/error.ts";
import { ChannelUnavailableError } from "../../src/l2cap/error.ts";
import * as pdu from "../../src/l2cap/signaling-pdu.ts";
import { type Acceptor, codes, enhancedRequest, request, Scripted, SettableSecurity } from "./scripted.ts";

const { ConnectionResult } = pdu;
let one: Scripted;
let listener: Acceptor;
let security: SettableSecurity;

beforeEach(() => {
  security = new SettableSecurity();
  one = new Scripted({ security });
  listener = one.listen();
});

function le(
  overrides: Partial<pdu.LeCreditBasedConnectionRequest> = {},
  identifier?: number,
): pdu.LeCreditBasedConnectionResponse {
  const [answer, ...more] = one.say(
    pdu.LeCreditBasedConnectionRequest,
    { ...request, ...overrides },
    identifier,
  );
  expect(more).toEqual([]);
  expect(answer!.code).toBe(codes.LeCreditBasedConnectionResponse);
  return pdu.LeCreditBasedConnectionResponse.decode(Buffer.from(answer!.data, "hex"));
}

function enhanced(
  overrides: Partial<pdu.CreditBasedConnectionRequest> = {},
): pdu.CreditBasedConnectionResponse {
  const [answer, ...more] = one.say(pdu.CreditBasedConnectionRequest, { ...enhancedRequest, ...overrides });
  expect(more).toEqual([]);
  expect(answer!.code).toBe(codes.CreditBasedConnectionResponse);
  return pdu.CreditBasedConnectionResponse.decode(Buffer.from(answer!.data, "hex"));
}

const refused = { destinationCid: 0, mtu: 0, mps: 0, initialCredits: 0 };
const encrypted: SecurityState = { ...unprotected, encrypted: true, keySize: 16 };

describe("a request for a channel (Vol 3, Part A, 4.22 and 4.23)", () => {
  it("is accepted with this side's end and limits, and the peer's are known", () => {
    expect(le()).toEqual({ destinationCid: 0x40, mtu: 256, mps: 128, initialCredits: 8, result: 0 });
    expect(listener.requests[0]).toMatchObject({
      spsm: 0x80,
      enhanced: false,
      count: 1,
      peerMtu: 100,
      peerMps: 64,
      credits: 5,
      pending: false,
    });
    expect(listener.users[0]!.channel).toMatchObject({
      localCid: 0x40,
      peerCid: 0x41,
      spsm: 0x80,
      enhanced: false,
      open: true,
      mtu: 256,
      mps: 128,
      granted: 8,
      peerMtu: 100,
      peerMps: 64,
      credits: 5,
    });
  });

  it.each([
    ["an SPSM without a listener", { spsm: 0x90 }, ConnectionResult.SpsmNotSupported],
    ["SPSM 0x0000", { spsm: 0 }, ConnectionResult.SpsmNotSupported],
    ["an SPSM beyond the last", { spsm: 0x0180 }, ConnectionResult.SpsmNotSupported],
    ["a source CID of the fixed channels", { sourceCid: 0x3f }, ConnectionResult.InvalidSourceCid],
    ["a source CID beyond the last", { sourceCid: 0x80 }, ConnectionResult.InvalidSourceCid],
    ["source CID 0x0000", { sourceCid: 0 }, ConnectionResult.InvalidSourceCid],
    ["an MTU of 22", { mtu: 22 }, ConnectionResult.UnacceptableParameters],
    ["an MPS of 22", { mps: 22 }, ConnectionResult.UnacceptableParameters],
    ["an MPS of 65534", { mps: 65_534 }, ConnectionResult.UnacceptableParameters],
  ])("is refused for %s", (_, overrides, result) => {
    expect(le(overrides)).toEqual({ ...refused, result });
    expect(listener.requests).toEqual([]);
    expect(le().result).toBe(0);
  });

  it("is accepted with the least that there may be, also without a credit", () => {
    expect(le({ mtu: 23, mps: 23, initialCredits: 0 }).result).toBe(0);
    expect(listener.users[0]!.channel.credits).toBe(0);
  });

  it("is refused when its source CID is that of a channel, which stays, and accepted when that has closed", () => {
    le();
    expect(le()).toEqual({ ...refused, result: ConnectionResult.SourceCidAlreadyAllocated });
    expect(listener.users[0]!.channel.open).toBe(true);
    one.say(pdu.DisconnectionRequest, { destinationCid: 0x40, sourceCid: 0x41 });
    expect(le()).toMatchObject({ destinationCid: 0x41, result: 0 });
  });

  it("is refused for want of resources when every channel identifier is taken (2.1)", () => {
    for (let cid = 0x40; cid <= 0x7f; cid++) {
      expect(le({ sourceCid: cid })).toMatchObject({ destinationCid: cid, result: 0 });
    }
    one.say(pdu.DisconnectionRequest, { destinationCid: 0x50, sourceCid: 0x50 });
    expect(le({ sourceCid: 0x50 })).toMatchObject({ destinationCid: 0x50, result: 0 });
    const full = new Scripted();
    full.listen();
    for (let cid = 0x40; cid <= 0x7f; cid++) full.open({ enhanced: true, mtu: 100, mps: 64 });
    full.commands();
    one = full;
    expect(le()).toEqual({ ...refused, result: ConnectionResult.NoResources });
  });

  it.each([
    [
      "authentication, when there is no key",
      unprotected,
      false,
      { encrypted: true },
      ConnectionResult.InsufficientAuthentication,
    ],
    [
      "encryption, when there is a key",
      unprotected,
      true,
      { encrypted: true },
      ConnectionResult.InsufficientEncryption,
    ],
    [
      "authentication, when the key is not authenticated",
      encrypted,
      true,
      { authenticated: true },
      ConnectionResult.InsufficientAuthentication,
    ],
    [
      "Secure Connections",
      encrypted,
      true,
      { secureConnections: true },
      ConnectionResult.InsufficientAuthentication,
    ],
    [
      "key size",
      { ...encrypted, keySize: 7 },
      true,
      { keySize: 16 },
      ConnectionResult.EncryptionKeySizeTooShort,
    ],
  ])("is refused for want of %s (Part C, 10.3.1)", (_, state, hasKey, requirement, result) => {
    listener = one.listen({ spsm: 0x81, security: requirement });
    Object.assign(security, { state, hasKey });
    expect(le({ spsm: 0x81 })).toEqual({ ...refused, result });
    expect(enhanced({ spsm: 0x81, sourceCids: [0x41, 0x42] })).toMatchObject({
      result,
      destinationCids: [0, 0],
    });
    expect(listener.requests).toEqual([]);
    security.state = {
      encrypted: true,
      authenticated: true,
      secureConnections: true,
      keySize: 16,
      bonded: true,
    };
    expect(le({ spsm: 0x81 }).result).toBe(0);
  });

  it.each([0x0002, 0x0004, 0x0005, 0x0006, 0x0007, 0x0008, 0x0009, 0x000a, 0x000b])(
    "is refused with result %i when the listener says so",
    (result) => {
      listener.decide = (incoming) => {
        incoming.refuse(result);
      };
      expect(le()).toEqual({ ...refused, result });
      expect(enhanced()).toMatchObject({ result, destinationCids: [0] });
    },
  );

  it.each([0, 0x000c, 0x000d, 0x000e, 0x000f, 0x0001, 0x1234, -1, 1.5])(
    "cannot be refused with result %d",
    (result) => {
      listener.decide = (incoming) => {
        expect(() => {
          incoming.refuse(result);
        }).toThrow(RangeError);
        incoming.refuse(ConnectionResult.NoResources);
      };
      expect(le().result).toBe(ConnectionResult.NoResources);
    },
  );

  it("may be answered later, once; what asks the same meanwhile gets one answer with it (4)", () => {
    listener.decide = () => undefined;
    expect(one.say(pdu.LeCreditBasedConnectionRequest, request, 9)).toEqual([]);
    expect(one.say(pdu.LeCreditBasedConnectionRequest, request, 9)).toEqual([]);
    expect(listener.requests).toHaveLength(1);
    // Another request for the same end: it is spoken for.
    expect(le({}, 10).result).toBe(ConnectionResult.SourceCidAlreadyAllocated);
    const [incoming] = listener.requests;
    expect(listener.accept(incoming!)).toBe(true);
    one.complete();
    expect(one.command()).toMatchObject({ code: codes.LeCreditBasedConnectionResponse, identifier: 9 });
    expect(listener.accept(incoming!)).toBe(false);
    incoming!.refuse(ConnectionResult.NoResources);
    expect(one.commands()).toEqual([]);
    expect(listener.users).toHaveLength(1);
    expect(one.clock.timers).toBe(0);
  });

  it("is refused for want of resources when the listener takes 20 s", () => {
    listener.decide = () => undefined;
    expect(one.say(pdu.LeCreditBasedConnectionRequest, request, 9)).toEqual([]);
    one.clock.advanceSync(19_999);
    expect(one.sent).toEqual([]);
    one.clock.advanceSync(1);
    one.complete();
    expect(one.command()).toMatchObject({ identifier: 9, data: "00000000000000000400" });
    expect(listener.withdrawals).toEqual([expect.any(ChannelUnavailableError)]);
    expect(listener.accept(listener.requests[0]!)).toBe(false);
    listener.decide = undefined;
    expect(le().result).toBe(0);
  });

  it("is withdrawn when the link goes before it is answered", () => {
    listener.decide = () => undefined;
    one.say(pdu.LeCreditBasedConnectionRequest, request);
    one.say(pdu.CreditBasedConnectionRequest, { ...enhancedRequest, sourceCids: [0x45] });
    const reason = new DisconnectedError(0x08);
    one.link.close(reason);
    expect(listener.withdrawals).toEqual([reason, reason]);
    expect(listener.requests.map(({ pending }) => pending)).toEqual([false, false]);
    expect(listener.accept(listener.requests[0]!)).toBe(false);
    expect(listener.users).toEqual([]);
    expect(one.clock.timers).toBe(0);
  });
});

describe("a request for enhanced channels (Vol 3, Part A, 4.25 and 4.26)", () => {
  it("is accepted for up to five at once, the ends in the order of the request", () => {
    expect(enhanced({ sourceCids: [0x45, 0x44, 0x43, 0x42, 0x41] })).toEqual({
      mtu: 256,
      mps: 128,
      initialCredits: 8,
      result: 0,
      destinationCids: [0x40, 0x41, 0x42, 0x43, 0x44],
    });
    expect(listener.users.map(({ channel }) => channel.peerCid)).toEqual([0x45, 0x44, 0x43, 0x42, 0x41]);
    expect(listener.users.every(({ channel }) => channel.enhanced)).toBe(true);
  });

  it.each<[string, Partial<pdu.CreditBasedConnectionRequest>]>([
    ["an MTU of 63", { mtu: 63 }],
    ["an MPS of 63", { mps: 63 }],
    ["an MPS of 65534", { mps: 65_534 }],
    ["no credits", { initialCredits: 0 }],
    ["no source CID", { sourceCids: [] }],
  ])("is refused for %s as invalid parameters", (_, overrides) => {
    const wanted = overrides.sourceCids ?? [0x41];
    expect(enhanced(overrides)).toMatchObject({
      result: ConnectionResult.InvalidParameters,
      destinationCids: wanted.map(() => 0),
    });
    expect(listener.requests).toEqual([]);
  });

  it("is rejected with six source CIDs, which is more than MTUsig (4, 4.1)", () => {
    const six = { ...enhancedRequest, sourceCids: [0x41, 0x42, 0x43, 0x44, 0x45, 0x46] };
    expect(one.say(pdu.CreditBasedConnectionRequest, six, 7)).toEqual([
      { code: codes.CommandReject, identifier: 7, data: "01001700" },
    ]);
  });

  it("is rejected with half a source CID", () => {
    expect(one.sayRaw(codes.CreditBasedConnectionRequest, "800040004000050041", 7)).toEqual([
      { code: codes.CommandReject, identifier: 7, data: "0000" },
    ]);
  });

  it.each([
    [
      "the same source CID twice",
      [0x41, 0x41, 0x42],
      ConnectionResult.SourceCidAlreadyAllocated,
      [0x40, 0, 0x41],
    ],
    ["an invalid source CID", [0x3f, 0x41], ConnectionResult.InvalidSourceCid, [0, 0x40]],
    ["nothing but invalid source CIDs", [0x3f, 0x80], ConnectionResult.InvalidSourceCid, [0, 0]],
  ])("is accepted for the others with %s", (_, sourceCids, result, destinationCids) => {
    expect(enhanced({ sourceCids })).toMatchObject({ result, destinationCids });
  });

  it("is accepted for as many as the listener says", () => {
    listener.decide = (incoming) => {
      expect(() => listener.accept(incoming, 4)).toThrow(RangeError);
      expect(() => listener.accept(incoming, 0)).toThrow(RangeError);
      listener.accept(incoming, 2);
    };
    expect(enhanced({ sourceCids: [0x41, 0x42, 0x43] })).toMatchObject({
      result: ConnectionResult.NoResources,
      destinationCids: [0x40, 0x41, 0],
    });
    // The one that was refused is free for another request; our end of it is the last to be given out again.
    listener.decide = undefined;
    expect(enhanced({ sourceCids: [0x43] })).toMatchObject({ result: 0, destinationCids: [0x43] });
  });

  it("is accepted for as many as there are channel identifiers, and counts no others", () => {
    for (let opened = 0; opened < 62; opened++) one.open({ mtu: 100, mps: 64 });
    one.commands();
    expect(enhanced({ sourceCids: [0x41, 0x42, 0x43] })).toMatchObject({
      result: ConnectionResult.NoResources,
      destinationCids: [0x7e, 0x7f, 0],
    });
    expect(listener.requests[0]!.count).toBe(2);
  });

  it("keeps its identifiers while the listener thinks, and gives them back when it is refused", () => {
    listener.decide = () => undefined;
    one.say(pdu.CreditBasedConnectionRequest, enhancedRequest, 9);
    const [request] = listener.requests;
    expect(request!.localCids).toEqual([0x40]);
    for (let opened = 0; opened < 64; opened++) one.open({ mtu: 100, mps: 64 });
    one.commands();
    request!.refuse(ConnectionResult.NoResources);
    one.complete();
    expect(one.command()).toMatchObject({ identifier: 9, data: "00000000000004000000" });
    listener.decide = undefined;
    expect(enhanced({ sourceCids: [0x43] })).toMatchObject({ result: 0, destinationCids: [0x40] });
  });

  it("makes the peer patient after 20 s and no sooner, and is refused 50 s later", () => {
    listener.decide = () => undefined;
    one.say(pdu.CreditBasedConnectionRequest, { ...enhancedRequest, sourceCids: [0x41, 0x42] }, 9);
    one.clock.advanceSync(19_999);
    expect(one.sent).toEqual([]);
    one.clock.advanceSync(1);
    one.complete();
    expect(one.command()).toMatchObject({ identifier: 9, data: "0000000000000d0000000000" });
    one.clock.advanceSync(49_999);
    expect(one.sent).toEqual([]);
    one.clock.advanceSync(1);
    one.complete();
    expect(one.command()).toMatchObject({ identifier: 9, data: "000000000000040000000000" });
    expect(listener.withdrawals).toHaveLength(1);
  });

  it("may be accepted after the peer was made patient", () => {
    listener.decide = () => undefined;
    one.say(pdu.CreditBasedConnectionRequest, enhancedRequest, 9);
    one.clock.advanceSync(30_000);
    one.complete();
    expect(one.command()).toMatchObject({ identifier: 9, data: "0000000000000d000000" });
    expect(listener.accept(listener.requests[0]!)).toBe(true);
    one.complete();
    expect(one.command()).toMatchObject({ identifier: 9, data: "0001800008000000" + "4000" });
    expect(one.clock.timers).toBe(0);
  });

  it("finds no listener that takes the other kind alone, or whose MTU no enhanced channel has", () => {
    one.listen({ spsm: 0x81, enhanced: false });
    one.listen({ spsm: 0x82, enhanced: true });
    one.listen({ spsm: 0x83, mtu: 30, mps: 23 });
    const { SpsmNotSupported } = ConnectionResult;
    const results = [0x81, 0x82, 0x83].map((spsm) => [
      le({ spsm, sourceCid: spsm - 0x10 - 0x10 }).result,
      enhanced({ spsm, sourceCids: [spsm - 0x10] }).result,
    ]);
    expect(results).toEqual([
      [0, SpsmNotSupported],
      [SpsmNotSupported, 0],
      [0, SpsmNotSupported],
    ]);
  });
});

describe("the registry of SPSMs (Vol 3, Part A, 4.22)", () => {
  const nobody = { mtu: 100, requested: () => undefined };

  it("gives out dynamic ones that are free, until there is none", () => {
    const given = Array.from({ length: 127 }, () => one.listeners.register(nobody).spsm);
    expect(given).toEqual(Array.from({ length: 127 }, (_, at) => 0x81 + at)); // 0x80 has one already
    expect(() => one.listeners.register(nobody)).toThrow(expect.objectContaining({ code: "SPSM_TAKEN" }));
  });

  it("has one listener each, whose place is free when it is disposed of; its channels stay", () => {
    const taken = one.listeners.register({ ...nobody, spsm: 0x25 });
    expect(() => one.listeners.register({ ...nobody, spsm: 0x25 })).toThrow(
      expect.objectContaining({ code: "SPSM_TAKEN" }),
    );
    taken[Symbol.dispose]();
    const next = one.listeners.register({ ...nobody, spsm: 0x25 });
    taken[Symbol.dispose](); // not its own any more
    expect(() => one.listeners.register({ ...nobody, spsm: 0x25 })).toThrow("SPSM 0x25");
    next[Symbol.dispose]();
    le();
    expect(listener.users[0]!.channel.open).toBe(true);
  });

  it.each([
    ["spsm", { spsm: 0 }],
    ["spsm", { spsm: 0x100 }],
    ["spsm", { spsm: 1.5 }],
    ["mtu", { mtu: 22 }],
    ["mtu", { mtu: 65_536 }],
    ["mtu", { mtu: 63, enhanced: true }],
    ["mps", { mps: 22 }],
    ["mps", { mps: 65_534 }],
    ["initialCredits", { initialCredits: 0 }],
    ["initialCredits", { initialCredits: 65_536 }],
  ])("refuses options out of range and names the %s", (name, options) => {
    expect(() => one.listeners.register({ ...nobody, ...options })).toThrow(RangeError);
    expect(() => one.listeners.register({ ...nobody, ...options })).toThrow(name);
  });
});
