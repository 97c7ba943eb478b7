import { describe, expect, it } from "vitest";
import { toHex } from "../../src/common/bytes.ts";
import type { Command } from "../../src/hci/command.ts";
import {
  HostBufferSize,
  Reset,
  SetControllerToHostFlowControl,
} from "../../src/hci/commands/controller-baseband.ts";
import { LeSetAdvertisingEnable, LeSetAdvertisingParameters } from "../../src/hci/commands/le-advertising.ts";
import {
  LeConnectionUpdate,
  LeCreateConnection,
  LeCreateConnectionCancel,
  LeReadMaximumDataLength,
  LeReadRemoteFeatures,
  LeReadSuggestedDefaultDataLength,
  LeRemoteConnectionParameterRequestNegativeReply,
  LeRemoteConnectionParameterRequestReply,
  LeSetDataLength,
  LeWriteSuggestedDefaultDataLength,
} from "../../src/hci/commands/le-connection.ts";
import {
  LeReadLocalSupportedFeatures,
  LeSetEventMask,
  LeSetRandomAddress,
} from "../../src/hci/commands/le-controller.ts";
import { LeAddDeviceToFilterAcceptList } from "../../src/hci/commands/le-filter-accept-list.ts";
import { LeSetScanEnable } from "../../src/hci/commands/le-scanning.ts";
import { Disconnect, ReadRemoteVersionInformation } from "../../src/hci/commands/link-control.ts";
import { LeAdvertisingReport } from "../../src/hci/events/le-advertising.ts";
import {
  LeConnectionComplete,
  LeConnectionUpdateComplete,
  LeDataLengthChange,
  LeEnhancedConnectionComplete,
  LeReadRemoteFeaturesComplete,
  LeRemoteConnectionParameterRequest,
} from "../../src/hci/events/le-connection.ts";
import { DisconnectionComplete, ReadRemoteVersionInformationComplete } from "../../src/hci/events/link.ts";
import { Status } from "../../src/hci/status.ts";
import { advertising, connection, RawPair, type RawStation } from "../support/raw-pair.ts";

function advertise({ host }: RawStation, changes: Partial<typeof advertising> = {}): void {
  host.ask(LeSetAdvertisingParameters, { ...advertising, ...changes });
  host.ask(LeSetAdvertisingEnable, { advertisingEnable: true });
}

const wish = {
  connectionIntervalMin: 40,
  connectionIntervalMax: 50,
  maxLatency: 2,
  supervisionTimeout: 100,
  minCeLength: 0,
  maxCeLength: 0,
};
const update = { status: 0, connectionInterval: 50, peripheralLatency: 2, supervisionTimeout: 100 };

describe("virtual controller: making connections (Vol 4, Part E, 7.8.12)", () => {
  const bad: [string, Partial<typeof connection>, number][] = [
    ["a scan window longer than the interval", { scanWindow: 17 }, 0x12],
    ["a filter policy that is not there", { initiatorFilterPolicy: 2 }, 0x12],
    ["a peer address type that is not there", { peerAddressType: 4 }, 0x12],
    ["an own address type that is not there", { ownAddressType: 4 }, 0x12],
    ["a random own address before there is one", { ownAddressType: 1 }, 0x12],
    ["an interval below 7.5 ms", { connectionIntervalMin: 5 }, 0x12],
    ["an interval above 4 s", { connectionIntervalMax: 0x0c81, supervisionTimeout: 0x0c80 }, 0x12],
    ["an interval from more to less", { connectionIntervalMin: 0x19 }, 0x12],
    ["a latency above 499", { maxLatency: 500, supervisionTimeout: 0x0c80 }, 0x12],
    ["a supervision timeout below 100 ms", { supervisionTimeout: 9 }, 0x12],
    ["a supervision timeout above 32 s", { supervisionTimeout: 0x0c81 }, 0x12],
    ["a supervision timeout no longer than (1 + latency) x interval x 2", { maxLatency: 11 }, 0x12],
    ["connection events from more to less", { minCeLength: 2, maxCeLength: 1 }, 0x12],
  ];
  it.each(bad)("refuses %s", (_, changes, status) => {
    const { a } = new RawPair();
    expect(a.host.status(LeCreateConnection, { ...connection, ...changes })).toBe(status);
  });

  it("tells both hosts, each its role and the other's address (7.7.65.1)", () => {
    const { a, b } = new RawPair();
    b.host.ask(LeSetRandomAddress, { randomAddress: 0xc0000000000b });
    advertise(b, { ownAddressType: 1 });
    a.host.ask(LeCreateConnection, { ...connection, peerAddressType: 1, peerAddress: 0xc0000000000b });
    const common = { status: 0, connectionInterval: 0x18, peripheralLatency: 0, supervisionTimeout: 0x48 };
    const central = a.host.takeOne(LeConnectionComplete);
    const peripheral = b.host.takeOne(LeConnectionComplete);
    expect(central).toMatchObject({ ...common, role: 0, peerAddressType: 1, peerAddress: 0xc0000000000b });
    expect(peripheral).toMatchObject({ ...common, role: 1, peerAddressType: 0, peerAddress: a.address });
    expect(central.connectionHandle).not.toBe(peripheral.connectionHandle);
    expect(b.host.status(LeSetAdvertisingParameters, advertising), "a connection ends advertising").toBe(0);
  });

  it("tells with the enhanced event if that is unmasked, and never with both (7.7.65.10)", () => {
    const { a, b } = new RawPair();
    a.host.ask(LeSetEventMask, { eventMask: 0x3ffn });
    b.host.ask(LeSetEventMask, { eventMask: 0n });
    advertise(b);
    a.host.ask(LeCreateConnection, { ...connection, peerAddress: b.address });
    expect(a.host.takeOne(LeEnhancedConnectionComplete)).toMatchObject({
      role: 0,
      peerAddress: b.address,
      localResolvablePrivateAddress: 0,
    });
    expect([...a.host.events, ...b.host.events]).toEqual([]);
  });

  it("finds a peer that begins to advertise later", () => {
    const { a, b, clock } = new RawPair();
    a.host.ask(LeCreateConnection, { ...connection, peerAddress: b.address });
    clock.advanceSync(10_000);
    expect(a.host.events).toEqual([]);
    advertise(b);
    expect(a.host.takeOne(LeConnectionComplete).status).toBe(0);
    expect(clock.timers).toBe(0);
  });

  it("connects to what is connectable, and to nothing else", () => {
    for (const [type, connects] of [
      [0, true],
      [1, true],
      [2, false],
      [3, false],
      [4, true],
    ] as const) {
      const { a, b } = new RawPair();
      advertise(b, { advertisingType: type, peerAddress: a.address });
      a.host.ask(LeCreateConnection, { ...connection, peerAddress: b.address });
      expect(a.host.take(LeConnectionComplete), `type ${type}`).toHaveLength(Number(connects));
    }
  });

  it("is not heard by an advertiser whose filter policy or direction leaves it out (Vol 6, Part B, 4.3.2)", () => {
    for (const [changes, listed, connects] of [
      [{ advertisingFilterPolicy: 1 }, false, true],
      [{ advertisingFilterPolicy: 2 }, false, false],
      [{ advertisingFilterPolicy: 3 }, true, true],
      [{ advertisingType: 4, peerAddress: 1 }, false, false],
    ] as const) {
      const { a, b } = new RawPair();
      if (listed) b.host.ask(LeAddDeviceToFilterAcceptList, { addressType: 0, address: a.address });
      advertise(b, changes);
      a.host.ask(LeCreateConnection, { ...connection, peerAddress: b.address });
      expect(a.host.take(LeConnectionComplete)).toHaveLength(Number(connects));
    }
  });

  it("connects to any device of the Filter Accept List with policy 1", () => {
    const pair = new RawPair();
    const other = pair.station();
    advertise(pair.b);
    advertise(other);
    pair.a.host.ask(LeAddDeviceToFilterAcceptList, { addressType: 0, address: other.address });
    pair.a.host.ask(LeCreateConnection, { ...connection, initiatorFilterPolicy: 1, peerAddressType: 9 });
    expect(pair.a.host.takeOne(LeConnectionComplete).peerAddress).toBe(other.address);
    expect(pair.b.host.take(LeConnectionComplete)).toEqual([]);
  });

  it("can be cancelled while it is pending: Unknown Connection Identifier (7.8.13)", () => {
    const { a, b } = new RawPair();
    a.host.ask(LeCreateConnection, { ...connection, peerAddress: b.address });
    expect(a.host.status(LeCreateConnection, connection)).toBe(Status.CommandDisallowed);
    expect(a.host.status(LeCreateConnectionCancel, {})).toBe(0);
    expect(a.host.takeOne(LeConnectionComplete)).toMatchObject({
      status: 0x02,
      role: 0,
      peerAddress: b.address,
    });
    advertise(b);
    expect(a.host.events).toEqual([]);
    expect(a.host.status(LeCreateConnection, { ...connection, peerAddress: b.address })).toBe(0);
  });

  it("cannot be cancelled once it has come about: Command Disallowed (7.8.13)", () => {
    const pair = new RawPair();
    pair.connect();
    expect(pair.a.host.status(LeCreateConnectionCancel, {})).toBe(Status.CommandDisallowed);
    expect(pair.a.host.events).toEqual([]);
  });

  it("refuses a second connection with a peer, whoever made the first: Connection Already Exists", () => {
    const pair = new RawPair();
    pair.connect();
    for (const [from, to] of [
      [pair.a, pair.b],
      [pair.b, pair.a],
    ] as const) {
      const again = { ...connection, peerAddress: to.address };
      expect(from.host.status(LeCreateConnection, again)).toBe(Status.ConnectionAlreadyExists);
    }
  });

  it("refuses a connection more than it can have: Connection Limit Exceeded", () => {
    const pair = new RawPair({ connections: 1 });
    const other = pair.station();
    pair.connect();
    const more = { ...connection, peerAddress: other.address };
    expect(pair.a.host.status(LeCreateConnection, more)).toBe(Status.ConnectionLimitExceeded);
  });

  it("gives every link of a controller a handle of its own, in both roles at once", () => {
    const pair = new RawPair();
    const others = [pair.station(), pair.station(), pair.station()] as const;
    const handles = [
      pair.connect(pair.a, others[0]).a,
      pair.connect(pair.a, others[1]).a,
      pair.connect(others[2], pair.a).b,
    ];
    expect(new Set(handles).size).toBe(3);
    expect(pair.a.controller.connections).toBe(3);
  });

  it("does not take a connection more than it can have, though it advertises", () => {
    const pair = new RawPair({ connections: 1 });
    const other = pair.station();
    advertise(pair.b);
    pair.connect(pair.b, other);
    pair.a.host.ask(LeCreateConnection, { ...connection, peerAddress: pair.b.address });
    expect(pair.a.host.take(LeConnectionComplete)).toEqual([]);
  });

  it("does not take a peer of the Filter Accept List twice, even under another address of its own", () => {
    const pair = new RawPair();
    pair.connect();
    pair.a.host.ask(LeSetRandomAddress, { randomAddress: 0xc0000000000a });
    pair.a.host.ask(LeAddDeviceToFilterAcceptList, { addressType: 0, address: pair.b.address });
    advertise(pair.b);
    pair.a.host.ask(LeCreateConnection, { ...connection, initiatorFilterPolicy: 1, ownAddressType: 1 });
    expect(pair.a.host.take(LeConnectionComplete)).toEqual([]);
  });

  it("scans on while it initiates", () => {
    const { a, b } = new RawPair();
    a.host.ask(LeSetScanEnable, { enable: true, filterDuplicates: false });
    a.host.ask(LeCreateConnection, { ...connection, peerAddress: b.address + 7 });
    advertise(b);
    expect(a.host.take(LeAdvertisingReport)).toHaveLength(1);
  });
});

describe("virtual controller: ending connections (Vol 4, Part E, 7.1.6 and 7.7.5)", () => {
  it("tells the peer the reason given, and its own host 0x16", () => {
    for (const reason of [0x05, 0x13, 0x14, 0x15, 0x1a, 0x29, 0x3b]) {
      const pair = new RawPair();
      const handles = pair.connect();
      pair.a.host.ask(Disconnect, { connectionHandle: handles.a, reason });
      expect(pair.a.host.takeOne(DisconnectionComplete)).toEqual({
        status: 0,
        connectionHandle: handles.a,
        reason: 0x16,
      });
      expect(pair.b.host.takeOne(DisconnectionComplete)).toEqual({
        status: 0,
        connectionHandle: handles.b,
        reason,
      });
      expect(pair.a.controller.connections + pair.b.controller.connections).toBe(0);
    }
  });

  it("takes no other reason, and no handle that is not connected", () => {
    const pair = new RawPair();
    const { a: connectionHandle } = pair.connect();
    expect(pair.a.host.status(Disconnect, { connectionHandle, reason: 0x16 })).toBe(0x12);
    expect(pair.a.host.status(Disconnect, { connectionHandle, reason: 0x00 })).toBe(0x12);
    expect(pair.a.host.status(Disconnect, { connectionHandle: connectionHandle + 1, reason: 0x13 })).toBe(
      0x02,
    );
  });

  it("lets the peer of a controller that was reset notice at the supervision timeout (Vol 6, Part B, 4.5.2)", () => {
    const pair = new RawPair();
    const { b: connectionHandle } = pair.connect();
    pair.a.host.ask(Reset, {});
    expect(pair.a.host.events).toEqual([]);
    pair.clock.advanceSync(719);
    expect(pair.b.host.events).toEqual([]);
    expect(pair.b.host.status(Disconnect, { connectionHandle, reason: 0x13 })).toBe(0);
    pair.clock.advanceSync(1);
    expect(pair.b.host.takeOne(DisconnectionComplete)).toEqual({ status: 0, connectionHandle, reason: 0x08 });
    expect(pair.clock.timers).toBe(0);
  });

  it("does the same when the host closes its transport; both closed, no timer is left", async () => {
    const pair = new RawPair();
    pair.connect();
    await pair.a.host.transport[Symbol.asyncDispose]();
    expect(pair.clock.timers).toBe(1);
    await pair.b.host.transport[Symbol.asyncDispose]();
    expect(pair.clock.timers).toBe(0);
  });

  it("ends it one supervision timeout later if the peer has no room for what goes before (Vol 6, Part B, 5.1.6)", () => {
    const pair = new RawPair({ aclPackets: 255 }, {}, { timing: "air" });
    pair.b.host.ask(HostBufferSize, {
      hostAclDataPacketLength: 27,
      hostSynchronousDataPacketLength: 0,
      hostTotalNumAclDataPackets: 1,
      hostTotalNumSynchronousDataPackets: 0,
    });
    pair.b.host.ask(SetControllerToHostFlowControl, { flowControlEnable: 1 });
    const handles = pair.connect(); // supervision timeout 720 ms
    for (let i = 0; i < 100; i++) pair.a.host.sendData(handles.a, Uint8Array.of(i));
    pair.clock.advanceSync(5000);
    pair.a.host.ask(Disconnect, { connectionHandle: handles.a, reason: 0x13 });
    pair.clock.advanceSync(719);
    expect(pair.a.host.take(DisconnectionComplete)).toEqual([]);
    pair.clock.advanceSync(1);
    expect(pair.a.host.takeOne(DisconnectionComplete).reason).toBe(0x16);
    pair.clock.advanceSync(720);
    expect(pair.b.host.takeOne(DisconnectionComplete).reason).toBe(0x08);
    expect(pair.clock.timers).toBe(0);
  });

  it("can connect again afterwards, with another handle", () => {
    const pair = new RawPair();
    const first = pair.connect();
    pair.b.host.ask(Disconnect, { connectionHandle: first.b, reason: 0x13 });
    for (const { host } of [pair.a, pair.b]) host.take(DisconnectionComplete);
    expect(pair.connect().a).not.toBe(first.a);
  });
});

describe("virtual controller: asking the peer", () => {
  it("reads its version and features from either end (Vol 4, Part E, 7.1.23 and 7.8.21)", () => {
    const pair = new RawPair();
    const handles = pair.connect();
    for (const [{ host }, connectionHandle] of [
      [pair.a, handles.a],
      [pair.b, handles.b],
    ] as const) {
      host.ask(ReadRemoteVersionInformation, { connectionHandle });
      const version = { status: 0, connectionHandle, version: 0x0d };
      expect(host.takeOne(ReadRemoteVersionInformationComplete)).toMatchObject(version);
      host.ask(LeReadRemoteFeatures, { connectionHandle });
      const { features } = host.takeOne(LeReadRemoteFeaturesComplete);
      expect(toHex(features)).toBe(toHex(host.ask(LeReadLocalSupportedFeatures, {}).features));
    }
  });

  it("knows only handles that are connected", () => {
    const { a } = new RawPair();
    const onNothing: Command<{ readonly connectionHandle: number }, unknown>[] = [
      ReadRemoteVersionInformation,
      LeReadRemoteFeatures,
    ];
    for (const command of onNothing) expect(a.host.status(command, { connectionHandle: 0 })).toBe(0x02);
  });
});

describe("virtual controller: connection parameters (Vol 4, Part E, 7.8.18, Vol 6, Part B, 5.1.1 and 5.1.7)", () => {
  it("are the central's to change; both hosts are told", () => {
    const pair = new RawPair();
    const handles = pair.connect();
    pair.a.host.ask(LeConnectionUpdate, { connectionHandle: handles.a, ...wish });
    expect(pair.a.host.takeOne(LeConnectionUpdateComplete)).toEqual({
      ...update,
      connectionHandle: handles.a,
    });
    expect(pair.b.host.takeOne(LeConnectionUpdateComplete)).toEqual({
      ...update,
      connectionHandle: handles.b,
    });
    pair.a.host.ask(LeConnectionUpdate, { connectionHandle: handles.a, ...wish });
    expect(pair.a.host.take(LeConnectionUpdateComplete)).toHaveLength(1);
    expect(pair.b.host.take(LeConnectionUpdateComplete), "nothing changed").toHaveLength(0);
  });

  it("are for a peripheral to ask and for the central's host to grant (7.7.65.6 and 7.8.31)", () => {
    const pair = new RawPair();
    const handles = pair.connect();
    pair.b.host.ask(LeConnectionUpdate, { connectionHandle: handles.b, ...wish });
    const request = {
      connectionHandle: handles.a,
      intervalMin: 40,
      intervalMax: 50,
      maxLatency: 2,
      timeout: 100,
    };
    expect(pair.a.host.takeOne(LeRemoteConnectionParameterRequest)).toEqual(request);
    expect(pair.b.host.status(LeConnectionUpdate, { connectionHandle: handles.b, ...wish })).toBe(0x0c);
    const reply = { ...request, minCeLength: 0, maxCeLength: 0 };
    expect(pair.a.host.status(LeRemoteConnectionParameterRequestReply, { ...reply, timeout: 9 })).toBe(0x12);
    expect(pair.a.host.ask(LeRemoteConnectionParameterRequestReply, reply)).toEqual({
      connectionHandle: handles.a,
    });
    expect(pair.a.host.takeOne(LeConnectionUpdateComplete)).toEqual({
      ...update,
      connectionHandle: handles.a,
    });
    expect(pair.b.host.takeOne(LeConnectionUpdateComplete)).toEqual({
      ...update,
      connectionHandle: handles.b,
    });
    expect(pair.a.host.status(LeRemoteConnectionParameterRequestReply, reply)).toBe(0x0c);
    pair.b.host.ask(LeConnectionUpdate, { connectionHandle: handles.b, ...wish });
    pair.a.host.ask(LeRemoteConnectionParameterRequestReply, reply);
    expect(
      pair.b.host.take(LeConnectionUpdateComplete),
      "told though nothing changed: it asked",
    ).toHaveLength(1);
  });

  it("stay as they are if the central's host refuses (7.8.32)", () => {
    const pair = new RawPair();
    const handles = pair.connect();
    const refusal = { connectionHandle: handles.a, reason: 0x3b };
    expect(pair.a.host.status(LeRemoteConnectionParameterRequestNegativeReply, refusal)).toBe(0x0c);
    pair.b.host.ask(LeConnectionUpdate, { connectionHandle: handles.b, ...wish });
    pair.a.host.take(LeRemoteConnectionParameterRequest);
    pair.a.host.ask(LeRemoteConnectionParameterRequestNegativeReply, refusal);
    expect(pair.b.host.takeOne(LeConnectionUpdateComplete)).toMatchObject({
      status: 0x3b,
      connectionInterval: 0x18,
    });
    expect(pair.a.host.events).toEqual([]);
  });

  it("cannot be asked for where the central's host has masked the request", () => {
    const pair = new RawPair();
    const handles = pair.connect();
    pair.a.host.ask(LeSetEventMask, { eventMask: 0x1fn });
    pair.b.host.ask(LeConnectionUpdate, { connectionHandle: handles.b, ...wish });
    expect(pair.b.host.takeOne(LeConnectionUpdateComplete).status).toBe(Status.UnsupportedRemoteFeature);
  });

  it("must be in range", () => {
    const pair = new RawPair();
    const { a: connectionHandle } = pair.connect();
    const bad = { ...wish, connectionHandle, supervisionTimeout: 37 }; // (1 + 2) x 62.5 ms x 2 = 375 ms
    expect(pair.a.host.status(LeConnectionUpdate, bad)).toBe(0x12);
    expect(pair.a.host.status(LeConnectionUpdate, { ...bad, supervisionTimeout: 38 })).toBe(0);
    expect(pair.a.host.status(LeConnectionUpdate, { ...wish, connectionHandle: 7 })).toBe(0x02);
  });
});

describe("virtual controller: data length (Vol 4, Part E, 7.8.33 to 7.8.35 and 7.7.65.7)", () => {
  const longest = { txOctets: 251, txTime: 2120 };

  it("is told to both hosts when it changes, and only then", () => {
    const pair = new RawPair();
    const handles = pair.connect();
    pair.a.host.ask(LeSetDataLength, { connectionHandle: handles.a, ...longest });
    const short = { octets: 27, time: 328 };
    expect(pair.a.host.takeOne(LeDataLengthChange)).toEqual({
      connectionHandle: handles.a,
      maxTxOctets: 251,
      maxTxTime: 2120,
      maxRxOctets: short.octets,
      maxRxTime: short.time,
    });
    expect(pair.b.host.takeOne(LeDataLengthChange)).toMatchObject({ maxTxOctets: 27, maxRxOctets: 251 });
    pair.a.host.ask(LeSetDataLength, { connectionHandle: handles.a, ...longest });
    expect([...pair.a.host.events, ...pair.b.host.events]).toEqual([]);
  });

  it("is no longer than the peer can receive", () => {
    const pair = new RawPair({}, { dataOctets: 100 });
    const handles = pair.connect();
    pair.a.host.ask(LeSetDataLength, { connectionHandle: handles.a, ...longest });
    expect(pair.a.host.takeOne(LeDataLengthChange)).toMatchObject({ maxTxOctets: 100, maxTxTime: 2120 });
    const most = pair.b.host.ask(LeReadMaximumDataLength, {});
    expect(most).toMatchObject({ supportedMaxTxOctets: 100, supportedMaxRxTime: 7376 });
  });

  it("begins with what the host has suggested for new links", () => {
    const pair = new RawPair();
    const suggestion = { suggestedMaxTxOctets: 200, suggestedMaxTxTime: 1712 };
    const first = { suggestedMaxTxOctets: 27, suggestedMaxTxTime: 328 };
    expect(pair.b.host.ask(LeReadSuggestedDefaultDataLength, {})).toEqual(first);
    pair.b.host.ask(LeWriteSuggestedDefaultDataLength, suggestion);
    expect(pair.b.host.ask(LeReadSuggestedDefaultDataLength, {})).toEqual(suggestion);
    pair.connect();
    expect(pair.a.host.takeOne(LeDataLengthChange)).toMatchObject({ maxTxOctets: 27, maxRxOctets: 200 });
    expect(pair.b.host.takeOne(LeDataLengthChange)).toMatchObject({ maxTxOctets: 200, maxRxOctets: 27 });
  });

  it("is 27 to 251 octets and 328 to 17040 µs", () => {
    const pair = new RawPair();
    const { a: connectionHandle } = pair.connect();
    for (const [txOctets, txTime] of [
      [26, 328],
      [252, 2120],
      [27, 327],
      [27, 17041],
    ] as const) {
      expect(pair.a.host.status(LeSetDataLength, { connectionHandle, txOctets, txTime })).toBe(0x12);
      const suggestion = { suggestedMaxTxOctets: txOctets, suggestedMaxTxTime: txTime };
      expect(pair.a.host.status(LeWriteSuggestedDefaultDataLength, suggestion)).toBe(0x12);
    }
    expect(pair.a.host.status(LeSetDataLength, { connectionHandle: 9, ...longest })).toBe(0x02);
  });
});
