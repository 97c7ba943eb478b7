import { beforeEach, describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../src/common/bytes.ts";
import { Priority } from "../../src/common/priority.ts";
import { DisconnectedError } from "../../src/hci/error.ts";
import type { Channel } from "../../src/l2cap/channel.ts";
import type { CreditChannel } from "../../src/l2cap/credit-channel.ts";
import { ChannelClosedError, ChannelFaultError } from "../../src/l2cap/error.ts";
import * as pdu from "../../src/l2cap/signaling-pdu.ts";
import { handle } from "./one-link.ts";
import { type Acceptor, codes, type Keeper, request, Scripted } from "./scripted.ts";

const reason = new DisconnectedError(0x08);
let one: Scripted;
let listener: Acceptor;
let user: Keeper;
let channel: CreditChannel;

/** Opens a channel between our 0x40 and the peer's 0x41. */
function begin(
  ours: { mtu?: number; mps?: number; initialCredits?: number } = {},
  peers: Partial<pdu.LeCreditBasedConnectionRequest> = {},
  packetOctets = 251,
): void {
  one = new Scripted({}, packetOctets);
  listener = one.listen(ours);
  one.say(pdu.LeCreditBasedConnectionRequest, { ...request, ...peers });
  user = listener.users[0]!;
  channel = user.channel;
}

const frame = (hex: string): void => void one.receive(0x40, fromHex(hex));
const credits = (count: number): void =>
  one.tell(pdu.FlowControlCreditIndication, { cid: 0x41, credits: count });
const octets = (count: number, fill = 0xab): Uint8Array => new Uint8Array(count).fill(fill);
const send = (sdu: Uint8Array): void => channel.send(Priority.Bulk, sdu);

/** The peer did what costs it the channel: it is asked to disconnect, and the user knows. */
function expectFault(message: string): void {
  expect(one.command()).toMatchObject({ code: codes.DisconnectionRequest, data: "41004000" });
  expect(user.closings).toEqual([expect.any(ChannelFaultError)]);
  expect(user.closings[0]!.message).toContain(message);
  expect(channel.open).toBe(false);
}

beforeEach(() => {
  begin();
});

describe("receiving on a credit-based channel (Vol 3, Part A, 3.4.3)", () => {
  it.each([
    ["one K-frame", ["0300 010203"], ["010203"]],
    ["several K-frames", ["0500 01", "0203", "0405"], ["0102030405"]],
    ["a first K-frame with nothing but the length", ["0200", "0102"], ["0102"]],
    ["K-frames of nothing in between", ["0200 01", "", "02"], ["0102"]],
    ["nothing at all: an SDU of zero octets", ["0000"], [""]],
    ["SDUs one after the other", ["0100 01", "0000", "0200 02", "03"], ["01", "", "0203"]],
  ])("puts an SDU together from %s", (_, frames, sdus) => {
    for (const each of frames) frame(each);
    expect(user.sdus.map((sdu) => toHex(sdu))).toEqual(sdus);
    expect(user.closings).toEqual([]);
  });

  it("takes an SDU of the MTU in K-frames of the MPS, and no octet more", () => {
    frame(`0001 ${"aa".repeat(126)}`);
    frame("bb".repeat(128));
    frame("cccc");
    expect(user.sdus[0]).toHaveLength(256);
    frame(`0101`);
    expectFault("SDU of 257 octets, the MTU is 256");
  });

  it("disconnects for an SDU that is longer than the MTU", () => {
    frame("0101 aa");
    expectFault("SDU of 257 octets, the MTU is 256");
  });

  it("disconnects for a K-frame that is longer than the MPS", () => {
    frame(`8000 ${"aa".repeat(127)}`);
    expectFault("K-frame of 129 octets, the MPS is 128");
  });

  it("disconnects for a continuation that is longer than the MPS", () => {
    frame("0001 aa");
    frame("aa".repeat(129));
    expectFault("K-frame of 129 octets");
  });

  it.each([
    ["in the first K-frame", ["0200 aaaaaa"]],
    ["in a continuation", ["0300 aa", "aaaaaa"]],
    ["where none were announced", ["0000 aa"]],
  ])("disconnects for more octets than announced, %s", (_, frames) => {
    for (const each of frames) frame(each);
    expectFault("more octets of an SDU than");
    expect(user.sdus).toEqual([]);
  });

  it.each(["", "01"])("disconnects for a first K-frame without room for the length: '%s'", (first) => {
    frame(first);
    expectFault("no room for its length");
  });

  it("disconnects for a K-frame without a credit (10.1)", () => {
    begin({ initialCredits: 2 });
    user.consumes = false;
    frame("0100 aa");
    frame("0100 bb");
    expect(channel.granted).toBe(0);
    expect(user.closings).toEqual([]);
    frame("0100 cc");
    expectFault("without a credit");
    expect(user.sdus).toHaveLength(2);
  });

  it("discards what is under way once it has been disconnected (4.6)", () => {
    frame("0101 aa");
    expectFault("MTU");
    frame("0100 aa");
    expect(user.sdus).toEqual([]);
    expect(one.commands()).toEqual([]);
    expect(user.closings).toHaveLength(1);
  });

  it("says of an SDU that came in several K-frames that it is the user's own, and of another that it is lent", () => {
    const owned: (boolean | undefined)[] = [];
    user.receive = (_: Uint8Array, own?: boolean): void => void owned.push(own);
    frame("0100 aa");
    frame("0200 aa");
    frame("bb");
    frame("0100 aa");
    expect(owned).toEqual([false, true, false]);
  });
});

describe("giving credits back (Vol 3, Part A, 10.1)", () => {
  const indications = (): number[] =>
    one.commands().map(({ code, data }) => {
      expect(code).toBe(codes.FlowControlCreditIndication);
      const { cid, credits: given } = pdu.FlowControlCreditIndication.decode(fromHex(data));
      expect(cid).toBe(0x40);
      return given;
    });

  it("happens in batches of half the window, as SDUs are consumed", () => {
    for (let sent = 0; sent < 3; sent++) frame("0100 aa");
    expect(indications()).toEqual([]);
    frame("0100 aa");
    expect(indications()).toEqual([4]);
    expect(channel.granted).toBe(8);
    frame("0200 aa");
    frame("bb");
    frame("0300 aa");
    expect(indications()).toEqual([]);
    frame("bbcc");
    expect(indications()).toEqual([4]);
  });

  it("does not happen for what the user keeps, oldest first", () => {
    user.consumes = false;
    for (let sent = 0; sent < 8; sent++) frame("0100 aa");
    expect(channel.granted).toBe(0);
    channel.consumed();
    channel.consumed();
    channel.consumed();
    expect(indications()).toEqual([]);
    channel.consumed();
    one.complete();
    expect(indications()).toEqual([4]);
    for (let consumed = 0; consumed < 4; consumed++) channel.consumed();
    one.complete();
    expect(indications()).toEqual([4]);
    channel.consumed(); // nothing is left
    channel.consumed();
    one.complete();
    expect([indications(), channel.granted]).toEqual([[], 8]);
  });

  it("gives an SDU that is longer than the window what it needs, at once, when nothing else is kept", () => {
    begin({ mtu: 1000, mps: 100, initialCredits: 2 });
    frame(`e803 ${"aa".repeat(98)}`);
    expect(indications()).toEqual([9]); // 902 octets are left: 10 K-frames, of which the peer has one
    for (let sent = 0; sent < 9; sent++) frame("bb".repeat(100));
    expect(indications()).toEqual([]);
    frame("cccc");
    expect(user.sdus[0]).toHaveLength(1000);
    expect(indications()).toEqual([2]);
    expect(channel.granted).toBe(2);
  });

  it("gives it no more while an SDU is kept, and then what it needs", () => {
    begin({ mtu: 1000, mps: 100, initialCredits: 2 });
    user.consumes = false;
    frame("0100 aa");
    frame(`e803 ${"aa".repeat(98)}`);
    expect([indications(), channel.granted]).toEqual([[], 0]);
    channel.consumed();
    one.complete();
    expect(indications()).toEqual([1]);
    frame("bb".repeat(100));
    expect(indications()).toEqual([9]);
  });

  it("does not starve a peer that sends less in a K-frame than it may", () => {
    begin({ mtu: 1000, mps: 100, initialCredits: 3 });
    frame("e803");
    let given = indications();
    expect(given).toEqual([8]);
    for (let sent = 1; sent <= 100; sent++) {
      expect(channel.granted).toBeGreaterThan(0);
      frame("0102030405060708090a");
      given = [...given, ...indications()];
    }
    expect(user.sdus[0]).toHaveLength(1000);
    expect(given.length).toBeLessThan(30);
    expect(channel.granted).toBe(3);
  });

  it("waits for room on the link, so that a peer that acknowledges nothing gets no more than it was told of", () => {
    begin({ initialCredits: 1 });
    one.completes = false;
    let taken = 0;
    for (; channel.open && taken < 10_000; taken++) frame("0100 aa");
    expect(taken).toBeLessThan(100);
    expect(user.closings).toMatchObject([{ code: "CHANNEL_FAULT" }]);
    one.complete();
    expect(one.sent.length).toBeLessThan(100);
  });

  it("goes on when the link has room again, on every channel that owes some", () => {
    begin({ initialCredits: 1 });
    one.say(pdu.LeCreditBasedConnectionRequest, { ...request, sourceCid: 0x42 });
    one.completes = false;
    while (channel.granted > 0) frame("0100 aa");
    one.receive(0x41, fromHex("0100 aa"));
    const [, other] = listener.users;
    expect([channel.granted, other!.channel.granted]).toEqual([0, 0]);
    one.complete();
    expect([channel.granted, other!.channel.granted]).toEqual([1, 1]);
    const given = one.commands().filter(({ code }) => code === codes.FlowControlCreditIndication);
    expect(given.filter(({ data }) => data === "40000100")).toHaveLength(user.sdus.length);
    expect(given.filter(({ data }) => data === "41000100")).toHaveLength(1);
    one.completes = true;
    frame("0100 aa");
    expect(one.command()).toMatchObject({ data: "40000100" });
    expect([channel.open, other!.channel.open]).toEqual([true, true]);
  });

  it("takes the place on the link that it waited for, whoever waits behind it", () => {
    begin({ initialCredits: 1 });
    one.completes = false;
    while (channel.granted > 0) frame("0100 aa");
    let fixed: Channel | undefined;
    one.link.openFixed(0x20, (own) => {
      fixed = own;
      return { receive: () => undefined, closed: () => undefined };
    });
    // One that fills every place it is given, for ever.
    const fill = (): void => {
      fixed?.send(Priority.Control, octets(1));
      fixed?.whenRoom(Priority.Control, fill);
    };
    fixed?.whenRoom(Priority.Control, fill);
    for (let completed = 0; completed < 60; completed++) one.acl.completed(handle, 1);
    expect(channel.granted).toBe(1);
  });

  it("takes an identifier of its own for each, and none that a request waits with", () => {
    begin({ initialCredits: 1 });
    one.open();
    const { identifier } = one.command();
    const seen = new Set<number>();
    for (let sent = 0; sent < 300; sent++) {
      frame("0100 aa");
      seen.add(one.command().identifier);
    }
    expect(seen.size).toBe(254);
    expect(seen.has(identifier)).toBe(false);
    expect(seen.has(0)).toBe(false);
  });
});

describe("sending on a credit-based channel (Vol 3, Part A, 3.4.3)", () => {
  it("puts the length in front of the first K-frame, which counts for the MPS", () => {
    send(octets(62));
    send(octets(63));
    send(octets(0));
    one.complete();
    expect(one.frames()).toEqual([
      `41: 3e00${"ab".repeat(62)}`,
      `41: 3f00${"ab".repeat(62)}`,
      "41: ab",
      "41: 0000",
    ]);
    expect(channel.credits).toBe(1);
  });

  it("sends head and body as one SDU, both copied before the call returns", () => {
    const [head, body] = [fromHex("0102"), octets(98, 3)];
    channel.send(Priority.Bulk, head, body);
    head.fill(0xee);
    body.fill(0xee);
    one.complete();
    expect(one.frames().join()).not.toContain("ee");
    credits(5);
    begin();
    one.completes = false;
    for (let sent = 0; sent < 7; sent++) {
      const sdu = octets(100, sent);
      channel.send(Priority.Bulk, sdu.subarray(0, 50), sdu.subarray(50));
      sdu.fill(0xee);
    }
    expect(channel.waiting).toBe(500 - 62); // five K-frames are on the link, one of them of the third
    one.tell(pdu.FlowControlCreditIndication, { cid: 0x41, credits: 100 });
    one.complete();
    const all = one
      .frames()
      .map((text) => text.slice(4))
      .join("");
    expect(all).toBe(Array.from({ length: 7 }, (_, at) => `6400${`0${at}`.repeat(100)}`).join(""));
    expect(channel.waiting).toBe(0);
  });

  it("stops without credits and goes on when they come, in order", () => {
    begin({}, { initialCredits: 0 });
    send(fromHex("01"));
    send(fromHex("02"));
    expect([channel.credits, channel.waiting]).toEqual([0, 2]);
    one.complete();
    expect(one.frames()).toEqual([]);
    credits(1);
    expect(one.frames()).toEqual(["41: 010001"]);
    send(fromHex("03"));
    credits(5);
    expect(one.frames()).toEqual(["41: 010002", "41: 010003"]);
    expect([channel.credits, channel.waiting]).toEqual([3, 0]);
  });

  it("refuses an SDU that is longer than the peer receives", () => {
    expect(() => send(octets(101))).toThrow("up to 100 octets, not 101");
    expect(() => send(octets(101))).toThrow(RangeError);
    expect([channel.waiting, channel.credits]).toEqual([0, 5]);
  });

  it("fills an ACL packet with each K-frame when the peer gives enough credits", () => {
    begin({}, { mtu: 2000, mps: 1000, initialCredits: 100 }, 27);
    send(octets(50));
    one.complete();
    expect(one.frames().map((text) => (text.length - 4) / 2)).toEqual([23, 23, 6]);
  });

  it("makes K-frames as long as it takes when the peer is mean with credits", () => {
    begin({}, { mtu: 2000, mps: 1000, initialCredits: 2 }, 27);
    send(octets(1900));
    expect(channel.waiting).toBe(0);
    one.complete();
    expect(one.frames().map((text) => (text.length - 4) / 2)).toEqual([968, 934]);
    begin({}, { mtu: 65_535, mps: 65_533, initialCredits: 1 });
    send(octets(65_535));
    one.complete();
    // What is cut into several packets keeps everything else waiting, so it is not as long as it could be.
    expect(one.frames().map((text) => (text.length - 4) / 2)).toEqual([9 * 251 - 4]);
  });

  it("sends SDUs that go first on the channel first, but never within another", () => {
    begin({}, { initialCredits: 1 });
    send(octets(70, 1));
    channel.send(Priority.Bulk, fromHex("02"));
    channel.send(Priority.Attribute, fromHex("03"));
    channel.send(Priority.Control, fromHex("04"));
    credits(4);
    expect(one.frames()).toEqual([
      `41: 4600${"01".repeat(62)}`,
      `41: ${"01".repeat(8)}`,
      "41: 010004",
      "41: 010003",
      "41: 010002",
    ]);
  });

  it("has room for 32 SDUs or 64 KiB, and tells those who wait, the first first", () => {
    begin({}, { mtu: 65_535, mps: 65_533, initialCredits: 0 });
    for (let sent = 0; sent < 32; sent++) {
      expect(channel.hasRoom(Priority.Bulk)).toBe(true);
      send(fromHex("01"));
    }
    expect(channel.hasRoom(Priority.Bulk)).toBe(false);
    expect(channel.hasRoom(Priority.Control)).toBe(true);
    const told: number[] = [];
    for (let waits = 0; waits < 3; waits++) channel.whenRoom(Priority.Bulk, () => told.push(waits));
    expect(told).toEqual([]);
    credits(2);
    expect(told).toEqual([0, 1]);
    credits(1);
    expect(told).toEqual([0, 1, 2]);
    credits(29);
    for (let sent = 0; sent < 2; sent++) send(octets(32_768));
    expect(channel.hasRoom(Priority.Bulk)).toBe(false);
  });

  it("tells of the end of waiting: at once when nothing waits, else when the last is on the link", () => {
    begin({}, { initialCredits: 1 });
    const told: string[] = [];
    channel.whenDrained(() => told.push("at once"));
    send(octets(70));
    channel.whenDrained(() => told.push("later"));
    expect(told).toEqual(["at once"]);
    credits(1);
    expect(told).toEqual(["at once", "later"]);
  });

  it("ignores credits for a channel that is not there, and none at all (4.24, 10.1)", () => {
    one.tell(pdu.FlowControlCreditIndication, { cid: 0x42, credits: 65_535 });
    one.tell(pdu.FlowControlCreditIndication, { cid: 0x40, credits: 65_535 }); // it is the peer's end that counts
    credits(0);
    expect([channel.credits, channel.open, one.commands()]).toEqual([5, true, []]);
  });

  it("takes credits up to 65535 and disconnects for more (10.1)", () => {
    credits(65_530);
    expect([channel.credits, channel.open]).toEqual([65_535, true]);
    credits(1);
    expectFault("more than 65535 credits");
  });

  it("leaves the link to what goes first, and takes turns with other channels on it", () => {
    one = new Scripted();
    listener = one.listen();
    for (const sourceCid of [0x41, 0x42]) {
      one.say(pdu.LeCreditBasedConnectionRequest, {
        ...request,
        sourceCid,
        mtu: 10_000,
        initialCredits: 1000,
      });
    }
    one.completes = false;
    const [first, second] = listener.users.map((each) => each.channel);
    first!.send(Priority.Bulk, octets(10_000));
    second!.send(Priority.Bulk, octets(10_000));
    one.tell(pdu.DisconnectionRequest, { destinationCid: 0x7f, sourceCid: 0x77 });
    one.complete();
    const sent = one.sent.map((text) => text.slice(4, 6));
    // Eight are in the controller when the request comes; the answer is the next.
    expect(sent.indexOf("05")).toBe(8);
    const turns = sent.filter((cid) => cid !== "05");
    expect(turns.filter((cid) => cid === "42").length).toBe(157);
    // From when the second came they alternate.
    const from = turns.indexOf("42");
    expect(turns.slice(from, from + 200)).toEqual(
      Array.from({ length: 200 }, (_, at) => (at % 2 ? "41" : "42")),
    );
  });
});

describe("disconnecting (Vol 3, Part A, 4.6 and 4.7)", () => {
  it("asks the peer behind what is on the link, discards the rest, and tells the user at once", () => {
    begin({}, { initialCredits: 1 });
    const told: string[] = [];
    one.completes = false;
    send(octets(70));
    channel.whenRoom(Priority.Bulk, () => told.push("room"));
    channel.whenDrained(() => told.push(`drained, closed ${user.closings.length} times`));
    channel.close(() => told.push("disconnected"));
    expect(user.closings).toEqual([new ChannelClosedError("local")]);
    expect(told).toEqual(["room", "drained, closed 1 times"]);
    expect(channel.waiting).toBe(0);
    one.complete();
    expect(one.sent.map((text) => text.slice(4, 8))).toEqual(["4100", "0500"]);
    const { identifier, data } = one.command();
    expect(data).toBe("41004000");
    one.say(pdu.DisconnectionResponse, { destinationCid: 0x41, sourceCid: 0x40 }, identifier);
    expect(told).toContain("disconnected");
    expect(one.clock.timers).toBe(0);
  });

  it("sends, receives and asks for nothing once it has closed", () => {
    channel.close(() => undefined);
    one.complete();
    one.sent.splice(0);
    send(octets(5));
    channel.consumed();
    credits(65_535);
    frame("0100 aa");
    const told: string[] = [];
    channel.whenRoom(Priority.Bulk, () => told.push("room"));
    channel.whenDrained(() => told.push("drained"));
    one.complete();
    expect([one.sent, user.sdus, told, channel.hasRoom(Priority.Bulk)]).toEqual([
      [],
      [],
      ["room", "drained"],
      true,
    ]);
  });

  it("tells everyone who closes it, also of one that has closed", () => {
    let told = 0;
    channel.close(() => told++);
    channel.close(() => told++);
    one.complete();
    const { identifier } = one.command();
    expect(told).toBe(0);
    one.say(pdu.DisconnectionResponse, { destinationCid: 0x41, sourceCid: 0x40 }, identifier);
    expect(told).toBe(2);
    channel.close(() => told++);
    expect(told).toBe(3);
    expect(user.closings).toHaveLength(1);
  });

  it("tells at once who closes one that the peer never acknowledged", () => {
    let told = 0;
    channel.close(() => told++);
    one.clock.advanceSync(30_000);
    expect(told).toBe(1);
    channel.close(() => told++);
    expect(told).toBe(2);
  });

  it("drops a response about another channel and waits on", () => {
    let told = 0;
    channel.close(() => told++);
    one.complete();
    const { identifier } = one.command();
    one.say(pdu.DisconnectionResponse, { destinationCid: 0x41, sourceCid: 0x44 }, identifier);
    one.say(pdu.DisconnectionResponse, { destinationCid: 0x45, sourceCid: 0x40 }, identifier);
    expect(told).toBe(0);
    one.say(pdu.DisconnectionResponse, { destinationCid: 0x41, sourceCid: 0x40 }, identifier);
    expect(told).toBe(1);
  });

  it.each([
    [
      "when the peer knows of no such channel",
      () => one.tell(pdu.CommandReject, { reason: 2, data: fromHex("41004000") }, one.command().identifier),
    ],
    ["when there is no answer in 30 s", () => one.clock.advanceSync(30_000)],
    ["when the link goes", () => one.link.close(reason)],
  ])("ends %s", (_, happen) => {
    let told = 0;
    channel.close(() => told++);
    one.complete();
    happen();
    expect(told).toBe(1);
    one.link.close(reason);
    expect(told).toBe(1);
    expect(one.clock.timers).toBe(0);
  });

  it("keeps the ends of a channel that the peer never acknowledged", () => {
    channel.close(() => undefined);
    one.clock.advanceSync(30_000);
    one.complete();
    const { identifier } = one.command();
    const again = (): string => one.say(pdu.LeCreditBasedConnectionRequest, request)[0]!.data.slice(-4);
    expect(again()).toBe("0a00");
    one.tell(pdu.DisconnectionResponse, { destinationCid: 0x41, sourceCid: 0x40 }, identifier);
    expect(again()).toBe("0000");
  });

  it("answers the peer's request behind what is on the link, discards the rest, and tells the user", () => {
    begin({}, { initialCredits: 12 });
    one.completes = false;
    for (let sent = 0; sent < 13; sent++) send(octets(50)); // eight are in the controller, four wait for it
    one.tell(pdu.DisconnectionRequest, { destinationCid: 0x40, sourceCid: 0x41 }, 7);
    one.complete();
    expect(one.sent.map((text) => text.slice(4, 8))).toEqual([...new Array<string>(12).fill("4100"), "0500"]);
    expect(one.command()).toEqual({ code: codes.DisconnectionResponse, identifier: 7, data: "40004100" });
    expect(user.closings).toEqual([new ChannelClosedError("peer")]);
  });

  it("rejects a request for a channel that is not there, and drops one with another source CID", () => {
    expect(one.say(pdu.DisconnectionRequest, { destinationCid: 0x44, sourceCid: 0x41 }, 7)).toEqual([
      { code: codes.CommandReject, identifier: 7, data: "0200" + "44004100" },
    ]);
    expect(one.say(pdu.DisconnectionRequest, { destinationCid: 0x40, sourceCid: 0x42 })).toEqual([]);
    expect(channel.open).toBe(true);
  });

  it("rejects a request for a channel that is only being opened", () => {
    one.open();
    one.command();
    const answer = one.say(pdu.DisconnectionRequest, { destinationCid: 0x41, sourceCid: 0 });
    expect(answer).toMatchObject([{ code: codes.CommandReject, data: "0200" + "41000000" }]);
  });

  it("ends when both ask at once: each answers, and no response counts twice", () => {
    let told = 0;
    channel.close(() => told++);
    one.complete();
    const { identifier } = one.command();
    expect(one.say(pdu.DisconnectionRequest, { destinationCid: 0x40, sourceCid: 0x41 })).toMatchObject([
      { code: codes.DisconnectionResponse, data: "40004100" },
    ]);
    expect(told).toBe(1);
    // Its end may be in use again by the time the answer to ours comes.
    one.say(pdu.LeCreditBasedConnectionRequest, request);
    one.say(pdu.DisconnectionResponse, { destinationCid: 0x41, sourceCid: 0x40 }, identifier);
    expect(listener.users[1]!.channel.open).toBe(true);
    expect([told, user.closings.length]).toEqual([1, 1]);
    one.link.close(reason);
    expect(one.clock.timers).toBe(0);
  });

  it("tells the user and those who wait when the link goes", () => {
    begin({}, { initialCredits: 0 });
    const told: string[] = [];
    for (let sent = 0; sent < 32; sent++) send(octets(1));
    channel.whenRoom(Priority.Bulk, () => told.push(`room, closed ${user.closings.length} times`));
    channel.whenDrained(() => told.push("drained"));
    one.link.close(reason);
    expect(user.closings).toEqual([reason]);
    expect(told).toEqual(["room, closed 1 times", "drained"]);
  });
});
