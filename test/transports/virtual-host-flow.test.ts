import { describe, expect, it } from "vitest";
import {
  HostBufferSize,
  type HostBufferSizeParameters,
  HostNumberOfCompletedPackets,
  Reset,
  SetControllerToHostFlowControl,
} from "../../src/hci/commands/controller-baseband.ts";
import { encodeCommand } from "../../src/hci/command.ts";
import { ReadBdAddr } from "../../src/hci/commands/informational.ts";
import { Disconnect, ReadRemoteVersionInformation } from "../../src/hci/commands/link-control.ts";
import { DisconnectionComplete, ReadRemoteVersionInformationComplete } from "../../src/hci/events/link.ts";
import { Status } from "../../src/hci/status.ts";
import { RawPair, type RawStation } from "../support/raw-pair.ts";

const buffers: HostBufferSizeParameters = {
  hostAclDataPacketLength: 251,
  hostSynchronousDataPacketLength: 0,
  hostTotalNumAclDataPackets: 2,
  hostTotalNumSynchronousDataPackets: 0,
};

/** `b` has two buffers, and `a` is connected with it. */
function connectLimited(): {
  readonly pair: RawPair;
  readonly handles: { readonly a: number; readonly b: number };
} {
  const pair = new RawPair();
  pair.b.host.ask(HostBufferSize, buffers);
  pair.b.host.ask(SetControllerToHostFlowControl, { flowControlEnable: 1 });
  return { pair, handles: pair.connect() };
}

/** What the host got since the last time: the first octet of each packet. */
function taken({ host }: RawStation): number[] {
  return host.data.splice(0).map((packet) => packet[5] ?? -1);
}

/** Gives buffers back; returns the statuses of the answers. */
function give({ host }: RawStation, connectionHandle: number, count: number): number[] {
  host.send(
    encodeCommand(HostNumberOfCompletedPackets, {
      handles: [{ connectionHandle, hostNumCompletedPackets: count }],
    }),
  );
  return host.takeAnswers(HostNumberOfCompletedPackets.opcode).map(({ status }) => status);
}

describe("virtual controller: flow control towards the host (Vol 4, Part E, 4.2)", () => {
  it("gives the host no more packets than it has buffers for, and more as they come free (7.3.40)", () => {
    const { pair, handles } = connectLimited();
    for (let i = 0; i < 5; i++) pair.a.host.sendData(handles.a, Uint8Array.of(i));
    expect(taken(pair.b)).toEqual([0, 1]);
    expect(give(pair.b, handles.b, 1)).toEqual([]);
    expect(taken(pair.b)).toEqual([2]);
    expect(give(pair.b, handles.b, 2)).toEqual([]);
    expect(taken(pair.b)).toEqual([3, 4]);
    expect(pair.b.controller.faults).toEqual([]);
  });

  it("returns the sender's credits only for what the host has (Vol 4, Part E, 4.1)", () => {
    const { pair, handles } = connectLimited();
    for (let i = 0; i < 5; i++) pair.a.host.sendData(handles.a, Uint8Array.of(i));
    expect(pair.a.host.takeCompleted(handles.a)).toBe(2);
    give(pair.b, handles.b, 2);
    expect(pair.a.host.takeCompleted(handles.a)).toBe(2);
  });

  it("takes no more from the air than it can hold, and loses nothing (Vol 6, Part B, 4.5.9)", () => {
    const pair = new RawPair({ aclPackets: 255 }, {}, { timing: "air" });
    pair.b.host.ask(HostBufferSize, buffers);
    pair.b.host.ask(SetControllerToHostFlowControl, { flowControlEnable: 1 });
    const handles = pair.connect();
    for (let i = 0; i < 200; i++) pair.a.host.sendData(handles.a, Uint8Array.of(i));
    pair.clock.advanceSync(2000);
    expect(pair.a.host.takeCompleted(handles.a)).toBeLessThan(50);
    const got = taken(pair.b);
    for (let i = 0; i < 100; i++) {
      give(pair.b, handles.b, 2);
      pair.clock.advanceSync(100);
      got.push(...taken(pair.b));
    }
    expect(got).toEqual(Array.from({ length: 200 }, (_, i) => i));
  });

  it("holds up no procedure of the Link Layer, which needs none of the host's buffers (Vol 6, Part B, 5.1)", () => {
    const pair = new RawPair({ aclPackets: 255 }, {}, { timing: "air" });
    pair.b.host.ask(HostBufferSize, buffers);
    pair.b.host.ask(SetControllerToHostFlowControl, { flowControlEnable: 1 });
    const { a: connectionHandle } = pair.connect();
    // The host has two of them, and its controller as many as it holds.
    for (let i = 0; i < 34; i++) pair.a.host.sendData(connectionHandle, Uint8Array.of(i));
    pair.clock.advanceSync(2000);
    expect(pair.a.host.status(ReadRemoteVersionInformation, { connectionHandle })).toBe(0);
    pair.clock.advanceSync(200);
    expect(pair.a.host.takeOne(ReadRemoteVersionInformationComplete).status).toBe(0);
    pair.a.host.sendData(connectionHandle, Uint8Array.of(34));
    pair.a.host.takeCompleted(connectionHandle);
    pair.clock.advanceSync(60_000);
    expect(pair.a.host.takeCompleted(connectionHandle), "data has no room still").toBe(0);
  });

  it("cuts packets to the host's length, flow control or not (7.3.39)", () => {
    const pair = new RawPair();
    pair.b.host.ask(HostBufferSize, { ...buffers, hostAclDataPacketLength: 30 });
    const handles = pair.connect();
    pair.a.host.sendData(handles.a, new Uint8Array(70));
    expect(pair.b.host.data.map((packet) => packet.length - 5)).toEqual([30, 30, 10]);
  });

  it("does not hold events back", () => {
    const { pair, handles } = connectLimited();
    for (let i = 0; i < 5; i++) pair.a.host.sendData(handles.a, Uint8Array.of(i));
    pair.a.host.ask(Disconnect, { connectionHandle: handles.a, reason: 0x13 });
    expect(pair.b.host.takeOne(DisconnectionComplete).reason).toBe(0x13);
  });

  it("counts the packets of a link that is gone no more, nor sends those that waited (4.2)", () => {
    const { pair, handles } = connectLimited();
    for (let i = 0; i < 5; i++) pair.a.host.sendData(handles.a, Uint8Array.of(i));
    pair.a.host.ask(Disconnect, { connectionHandle: handles.a, reason: 0x13 });
    taken(pair.b);
    pair.b.host.take(DisconnectionComplete);
    pair.a.host.take(DisconnectionComplete);
    expect(give(pair.b, handles.b, 2), "it may have been sent before the host knew").toEqual([]);
    const again = pair.connect();
    for (let i = 10; i < 13; i++) pair.a.host.sendData(again.a, Uint8Array.of(i));
    expect(taken(pair.b)).toEqual([10, 11]);
  });

  it("lets several links share the buffers", () => {
    const { pair, handles } = connectLimited();
    const c = pair.station();
    const second = pair.connect(c, pair.b);
    pair.a.host.sendData(handles.a, Uint8Array.of(1));
    c.host.sendData(second.a, Uint8Array.of(2));
    pair.a.host.sendData(handles.a, Uint8Array.of(3));
    expect(taken(pair.b)).toEqual([1, 2]);
    expect(give(pair.b, second.b, 1)).toEqual([]);
    expect(taken(pair.b)).toEqual([3]);
  });

  it("takes the commands in either order, and forgets them at HCI_Reset (7.3.38 and 7.3.2)", () => {
    const pair = new RawPair();
    pair.b.host.ask(SetControllerToHostFlowControl, { flowControlEnable: 1 });
    pair.b.host.ask(HostBufferSize, { ...buffers, hostTotalNumAclDataPackets: 1 });
    const handles = pair.connect();
    for (let i = 0; i < 3; i++) pair.a.host.sendData(handles.a, Uint8Array.of(i));
    expect(taken(pair.b)).toEqual([0]);
    for (const { host } of [pair.a, pair.b]) host.ask(Reset, {});
    const fresh = new RawPair();
    fresh.b.host.ask(HostBufferSize, buffers);
    const open = fresh.connect();
    for (let i = 0; i < 3; i++) fresh.a.host.sendData(open.a, Uint8Array.of(i));
    expect(taken(fresh.b), "it is off unless it was switched on").toEqual([0, 1, 2]);
  });
});

describe("virtual controller: the commands of flow control towards the host", () => {
  it.each([
    ["a mode that is not there", { flowControlEnable: 4 }, Status.InvalidHciCommandParameters],
    [
      "synchronous data, of which there is none",
      { flowControlEnable: 3 },
      Status.UnsupportedFeatureOrParameterValue,
    ],
    ["off", { flowControlEnable: 0 }, Status.Success],
  ])("Set Controller To Host Flow Control with %s (7.3.38)", (_, parameters, status) => {
    expect(new RawPair().a.host.status(SetControllerToHostFlowControl, parameters)).toBe(status);
  });

  it.each([
    ["packets of no length", { hostAclDataPacketLength: 0 }],
    ["no packets", { hostTotalNumAclDataPackets: 0 }],
  ])("Host Buffer Size refuses %s: 0x12 (7.3.39)", (_, change) => {
    expect(new RawPair().a.host.status(HostBufferSize, { ...buffers, ...change })).toBe(0x12);
  });

  it("change nothing while there is a connection: Command Disallowed (7.3.38)", () => {
    const pair = new RawPair();
    pair.connect();
    const { host } = pair.a;
    expect(host.status(SetControllerToHostFlowControl, { flowControlEnable: 1 })).toBe(
      Status.CommandDisallowed,
    );
    expect(host.status(HostBufferSize, buffers)).toBe(Status.CommandDisallowed);
  });

  it("Host Number Of Completed Packets has no answer but a refusal: 0x12 (7.3.40)", () => {
    const { pair, handles } = connectLimited();
    pair.a.host.sendData(handles.a, Uint8Array.of(1));
    expect(give(pair.b, handles.b, 2), "more than the host got").toEqual([0x12]);
    expect(give(pair.b, 0x0123, 1), "no such handle").toEqual([0x12]);
    expect(give(pair.b, handles.b, 1)).toEqual([]);
    expect(give(pair.b, handles.b, 0)).toEqual([]);
  });

  it("Host Number Of Completed Packets is ignored while flow control is off (7.3.40)", () => {
    const pair = new RawPair();
    const handles = pair.connect();
    expect(give(pair.b, handles.b, 7)).toEqual([]);
  });

  it("Host Number Of Completed Packets takes no part in the flow control of commands (7.3.40)", () => {
    const { pair, handles } = connectLimited();
    pair.a.host.sendData(handles.a, Uint8Array.of(1));
    pair.b.host.transport.send(encodeCommand(ReadBdAddr, {}));
    for (const count of [1, 9]) {
      const completed = { connectionHandle: handles.b, hostNumCompletedPackets: count };
      pair.b.host.transport.send(encodeCommand(HostNumberOfCompletedPackets, { handles: [completed] }));
    }
    pair.clock.advanceSync(0);
    const refusals = pair.b.host.takeAnswers(HostNumberOfCompletedPackets.opcode);
    expect(refusals.map(({ status, numHciCommandPackets }) => [status, numHciCommandPackets])).toEqual([
      [0x12, 1],
    ]);
    expect(pair.b.host.takeAnswers(ReadBdAddr.opcode).map((answer) => answer.numHciCommandPackets)).toEqual([
      1,
    ]);
    expect(pair.b.controller.faults).toEqual([]);
  });
});
