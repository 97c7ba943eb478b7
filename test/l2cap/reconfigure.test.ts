import { beforeEach, describe, expect, it } from "vitest";
import { fromHex } from "../../src/common/bytes.ts";
import { Priority } from "../../src/common/priority.ts";
import type { Outcome } from "../../src/common/procedure.ts";
import { DisconnectedError } from "../../src/hci/error.ts";
import type { CreditChannel } from "../../src/l2cap/credit-channel.ts";
import {
  ChannelClosedError,
  ChannelFaultError,
  ChannelUnavailableError,
  CommandRejectedError,
  ReconfigureRefusedError,
  SignalingTimeoutError,
} from "../../src/l2cap/error.ts";
import * as pdu from "../../src/l2cap/signaling-pdu.ts";
import { type Acceptor, codes, enhancedRequest, request, Scripted } from "./scripted.ts";

const { ReconfigureResult } = pdu;
const reason = new DisconnectedError(0x08);
let one: Scripted;
let listener: Acceptor;
let channels: CreditChannel[];
let channel: CreditChannel;

/** Two enhanced channels: our 0x40 and 0x41, the peer's 0x51 and 0x52, with an MTU of 128 and an MPS of 100 there. */
beforeEach(() => {
  one = new Scripted();
  listener = one.listen({ initialCredits: 6 });
  one.say(pdu.CreditBasedConnectionRequest, {
    ...enhancedRequest,
    sourceCids: [0x51, 0x52],
    mtu: 128,
    mps: 100,
  });
  channels = listener.users.map((user) => user.channel);
  channel = channels[0]!;
});

describe("the peer's request for other limits (Vol 3, Part A, 4.27 and 4.28)", () => {
  const ask = (destinationCids: number[], mtu: number, mps: number): string => {
    const [answer, ...more] = one.say(pdu.CreditBasedReconfigureRequest, { mtu, mps, destinationCids });
    expect(answer!.code).toBe(codes.CreditBasedReconfigureResponse);
    expect(more).toEqual([]);
    return answer!.data;
  };

  it("is taken for one channel or several, and the user is told", () => {
    expect(ask([0x51], 200, 120)).toBe("0000");
    expect(channels.map(({ peerMtu, peerMps }) => [peerMtu, peerMps])).toEqual([
      [200, 120],
      [128, 100],
    ]);
    expect(ask([0x52, 0x51], 200, 121)).toBe("0000");
    expect(channels.map(({ peerMtu, peerMps }) => [peerMtu, peerMps])).toEqual([
      [200, 121],
      [200, 121],
    ]);
    expect(listener.users.map(({ reconfigurations }) => reconfigurations)).toEqual([2, 1]);
    channel.send(Priority.Bulk, new Uint8Array(200));
    one.complete();
    expect(one.frames().map((text) => (text.length - 4) / 2)).toEqual([121, 81]);
  });

  it("may make the MPS of one channel less, which is answered behind what is on the link", () => {
    one.completes = false;
    one.tell(pdu.FlowControlCreditIndication, { cid: 0x51, credits: 100 });
    for (let sent = 0; sent < 12; sent++) channel.send(Priority.Bulk, new Uint8Array(90)); // eight are in the controller
    one.tell(pdu.CreditBasedReconfigureRequest, { mtu: 128, mps: 64, destinationCids: [0x51] });
    one.complete();
    expect(one.sent.map((text) => text.slice(4, 8))).toEqual([...new Array<string>(12).fill("5100"), "0500"]);
    one.sent.splice(0);
    channel.send(Priority.Bulk, new Uint8Array(90));
    one.complete();
    expect(one.frames().map((text) => (text.length - 4) / 2)).toEqual([64, 28]);
  });

  it("is answered no more often than there are channels, by a link whose peer takes nothing", () => {
    one.tell(pdu.FlowControlCreditIndication, { cid: 0x51, credits: 100 });
    one.completes = false;
    for (let sent = 0; sent < 60; sent++) channel.send(Priority.Bulk, new Uint8Array(90));
    for (let asked = 0; asked < 10_000; asked++) {
      one.tell(pdu.CreditBasedReconfigureRequest, { mtu: 128, mps: 100, destinationCids: [0x51] }, 9);
    }
    one.complete();
    expect(one.commands().length).toBeLessThanOrEqual(64);
    expect(one.frames()).toHaveLength(60);
  });

  it.each([
    ["an MPS that is less, of two channels", [0x51, 0x52], 128, 99, ReconfigureResult.MpsReductionNotAllowed],
    ["a channel that is not there", [0x70], 128, 100, ReconfigureResult.InvalidDestinationCid],
    [
      "a channel that is not there, beside one that is",
      [0x51, 0x70],
      200,
      200,
      ReconfigureResult.InvalidDestinationCid,
    ],
    ["our end in place of its own", [0x40], 128, 100, ReconfigureResult.InvalidDestinationCid],
    ["a channel twice", [0x51, 0x51], 200, 200, ReconfigureResult.InvalidDestinationCid],
    ["an MTU of 63", [0x51], 63, 100, ReconfigureResult.UnacceptableParameters],
    ["an MPS of 63", [0x51], 128, 63, ReconfigureResult.UnacceptableParameters],
    ["an MPS of 65534", [0x51], 128, 65_534, ReconfigureResult.UnacceptableParameters],
    ["no channel", [], 128, 100, ReconfigureResult.UnacceptableParameters],
  ])("is refused for %s, and nothing changes", (_, cids, mtu, mps, result) => {
    expect(ask(cids, mtu, mps)).toBe(`0${result}00`);
    expect(channels.map(({ peerMtu, peerMps, open }) => [peerMtu, peerMps, open])).toEqual([
      [128, 100, true],
      [128, 100, true],
    ]);
  });

  it("is refused for an MTU that is less, and all channels it names are disconnected", () => {
    const said = one.say(pdu.CreditBasedReconfigureRequest, {
      mtu: 127,
      mps: 100,
      destinationCids: [0x51, 0x52],
    });
    expect(said.map(({ code, data }) => [code, data])).toEqual([
      [codes.CreditBasedReconfigureResponse, "0100"],
      [codes.DisconnectionRequest, "51004000"],
      [codes.DisconnectionRequest, "52004100"],
    ]);
    for (const { closings } of listener.users) expect(closings).toEqual([expect.any(ChannelFaultError)]);
  });

  it("is refused for a channel that is not enhanced", () => {
    one.say(pdu.LeCreditBasedConnectionRequest, { ...request, sourceCid: 0x60 });
    expect(ask([0x60], 300, 300)).toBe("0300");
  });

  it("is rejected with half a channel identifier", () => {
    const answer = one.sayRaw(codes.CreditBasedReconfigureRequest, "8000640051");
    expect(answer).toMatchObject([{ code: codes.CommandReject, data: "0000" }]);
  });
});

describe("our request for other limits (Vol 3, Part A, 4.27 and 4.28)", () => {
  let outcomes: Outcome<undefined>[];
  const reconfigure = (mtu?: number, mps?: number): void => {
    channel.reconfigure({ mtu, mps }, (outcome) => outcomes.push(outcome));
    one.complete();
  };
  const answer = (result: number): void =>
    one.tell(pdu.CreditBasedReconfigureResponse, { result }, one.command().identifier);
  const frame = (hex: string): void => void one.receive(0x40, fromHex(hex));

  beforeEach(() => {
    outcomes = [];
  });

  it("names our end; the new limits hold when the peer has answered, and are kept to before", () => {
    reconfigure(1000, 200);
    const { code, data, identifier } = one.command();
    expect([code, data]).toEqual([codes.CreditBasedReconfigureRequest, "e803" + "c800" + "4000"]);
    expect([channel.mtu, channel.mps]).toEqual([256, 128]);
    frame(`c600 ${"aa".repeat(198)}`); // the peer may use them as soon as it knows
    expect(listener.users[0]!.sdus).toHaveLength(1);
    one.tell(pdu.CreditBasedReconfigureResponse, { result: 0 }, identifier);
    expect(outcomes).toEqual([undefined]);
    expect([channel.mtu, channel.mps]).toEqual([1000, 200]);
    frame("e803");
    expect(channel.open).toBe(true);
    expect(one.clock.timers).toBe(0);
  });

  it("leaves what is left out as it is", () => {
    reconfigure(300);
    expect(one.command().data).toBe("2c01" + "8000" + "4000");
    expect(() => channel.reconfigure({ mtu: 255 }, () => undefined)).toThrow(RangeError);
  });

  it.each([1, 2, 3, 4, 0x1234])("ends with the peer's result %i, and the old limits hold", (result) => {
    reconfigure(1000, 200);
    answer(result);
    expect(outcomes).toEqual([expect.any(ReconfigureRefusedError)]);
    expect(outcomes[0]).toMatchObject({ result });
    expect([channel.mtu, channel.mps, channel.open]).toEqual([256, 128, true]);
    frame("0101");
    expect(channel.open).toBe(false);
  });

  it("ends when the peer rejects the command, and the channel stays", () => {
    reconfigure(1000);
    one.tell(pdu.CommandReject, { reason: 0, data: new Uint8Array() }, one.command().identifier);
    expect(outcomes).toEqual([expect.any(CommandRejectedError)]);
    expect([channel.open, channel.mtu]).toEqual([true, 256]);
  });

  it("that makes the MPS less takes what was laid out before, as many as the peer had credits for", () => {
    reconfigure(256, 64);
    answer(0);
    expect(channel.mps).toBe(64);
    expect(channel.granted).toBe(6);
    listener.users[0]!.consumes = false;
    for (let sent = 0; sent < 5; sent++) frame(`6400 ${"aa".repeat(100)}`);
    listener.users[0]!.consumes = true;
    for (let consumed = 0; consumed < 5; consumed++) channel.consumed();
    one.complete();
    one.commands();
    frame(`6400 ${"aa".repeat(100)}`);
    expect([channel.open, listener.users[0]!.sdus.length]).toEqual([true, 6]);
    frame(`6400 ${"aa".repeat(62)}`);
    frame("aa".repeat(65));
    expect(listener.users[0]!.closings).toEqual([expect.any(ChannelFaultError)]);
  });

  it("is one at a time", () => {
    reconfigure(1000);
    reconfigure(2000);
    expect(outcomes).toEqual([expect.any(ChannelUnavailableError)]);
    answer(0);
    expect(outcomes).toHaveLength(2);
    reconfigure(2000);
    answer(0);
    expect(channel.mtu).toBe(2000);
  });

  it("costs the channel when there is no answer in 30 s: nobody knows which limits hold", () => {
    reconfigure(1000);
    one.command();
    one.clock.advanceSync(30_000);
    one.complete();
    expect(outcomes).toEqual([expect.any(SignalingTimeoutError)]);
    expect(listener.users[0]!.closings).toEqual([expect.any(SignalingTimeoutError)]);
    expect(one.command()).toMatchObject({ code: codes.DisconnectionRequest });
  });

  it("costs the channel when the answer is malformed", () => {
    reconfigure(1000);
    one.sayRaw(codes.CreditBasedReconfigureResponse, "00", one.command().identifier);
    expect(outcomes).toEqual([expect.objectContaining({ code: "MALFORMED_PDU" })]);
    expect(channel.open).toBe(false);
  });

  it.each([
    ["the program closes the channel", () => channel.close(() => undefined), expect.any(ChannelClosedError)],
    [
      "the peer closes the channel",
      () => one.tell(pdu.DisconnectionRequest, { destinationCid: 0x40, sourceCid: 0x51 }),
      expect.any(ChannelClosedError),
    ],
    ["the peer breaks a rule", () => frame(""), expect.any(ChannelFaultError)],
    ["the link goes", () => one.link.close(reason), reason],
  ])("ends when %s, before the user is told", (_, happen, error) => {
    const { closings } = listener.users[0]!;
    const closedThen: number[] = [];
    channel.reconfigure({ mtu: 300 }, (outcome) => {
      outcomes.push(outcome);
      closedThen.push(closings.length);
    });
    one.complete();
    const { identifier } = one.command();
    happen();
    expect(outcomes).toEqual([error]);
    expect(closedThen).toEqual([0]);
    expect(closings).toEqual([error]);
    one.tell(pdu.CreditBasedReconfigureResponse, { result: 0 }, identifier);
    expect(outcomes).toHaveLength(1);
  });

  it("is refused at once for limits out of range, or a channel that is not enhanced, or has closed", () => {
    for (const limits of [{ mtu: 255 }, { mtu: 65_536 }, { mps: 63 }, { mps: 65_534 }]) {
      expect(() => channel.reconfigure(limits, () => undefined)).toThrow(RangeError);
    }
    one.say(pdu.LeCreditBasedConnectionRequest, { ...request, sourceCid: 0x60 });
    expect(() => listener.users[2]!.channel.reconfigure({ mtu: 300 }, () => undefined)).toThrow("enhanced");
    channel.close(() => undefined);
    one.complete();
    one.commands();
    reconfigure(300);
    expect(outcomes).toEqual([expect.any(ChannelUnavailableError)]);
    expect(one.commands()).toEqual([]);
  });
});
