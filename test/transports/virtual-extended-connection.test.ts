import { describe, expect, it } from "vitest";
import { LeSetEventMask, LeSetRandomAddress } from "../../src/hci/commands/le-controller.ts";
import { LeCreateConnectionCancel } from "../../src/hci/commands/le-connection.ts";
import {
  LeExtendedCreateConnection,
  LeExtendedCreateConnectionV2,
} from "../../src/hci/commands/le-extended-connection.ts";
import { LeAddDeviceToFilterAcceptList } from "../../src/hci/commands/le-filter-accept-list.ts";
import {
  LeChannelSelectionAlgorithm,
  LeConnectionComplete,
  LeEnhancedConnectionComplete,
} from "../../src/hci/events/le-connection.ts";
import { Status } from "../../src/hci/status.ts";
import { leFeatures } from "../../transports/virtual/identity.ts";
import { LeFeature, setFeature } from "../../transports/virtual/le-feature.ts";
import { enableSet, extendedConnection, initiating, makeSet } from "../support/raw-extended.ts";
import { RawPair } from "../support/raw-pair.ts";

const coded = { ...initiating, phy: 3, connectionIntervalMin: 0x50, connectionIntervalMax: 0x50 };
const on2M = { ...initiating, phy: 2, connectionIntervalMin: 0x20, connectionIntervalMax: 0x20 };

describe("virtual controller: LE Extended Create Connection (Vol 4, Part E, 7.8.66)", () => {
  const bad: [string, Partial<typeof extendedConnection>, number][] = [
    ["no PHY", { initiatingPhys: [] }, 0x12],
    ["LE 2M alone", { initiatingPhys: [on2M] }, 0x12],
    ["a PHY that is not there", { initiatingPhys: [initiating, { ...initiating, phy: 4 }] }, 0x11],
    ["a filter policy that is not there", { initiatorFilterPolicy: 2 }, 0x12],
    ["an own address type that is not there", { ownAddressType: 4 }, 0x12],
    ["a random address that was not set", { ownAddressType: 1 }, 0x12],
    ["a peer address type that is not there", { peerAddressType: 2 }, 0x12],
    ["a window below 2.5 ms", { initiatingPhys: [{ ...initiating, scanWindow: 3 }] }, 0x12],
    ["an interval below 7.5 ms", { initiatingPhys: [{ ...initiating, connectionIntervalMin: 5 }] }, 0x12],
    ["a supervision timeout too short", { initiatingPhys: [{ ...initiating, maxLatency: 30 }] }, 0x12],
    ["event lengths from more to less", { initiatingPhys: [{ ...initiating, minCeLength: 1 }] }, 0x12],
  ];
  it.each(bad)("refuses %s", (_, changes, status) => {
    const { a } = new RawPair();
    expect(a.host.status(LeExtendedCreateConnection, { ...extendedConnection, ...changes })).toBe(status);
  });

  it("does not look at the scan window of LE 2M", () => {
    const { a } = new RawPair();
    const initiatingPhys = [initiating, { ...on2M, scanInterval: 0, scanWindow: 0 }];
    a.host.ask(LeExtendedCreateConnection, { ...extendedConnection, initiatingPhys });
    expect(a.host.status(LeExtendedCreateConnection, extendedConnection)).toBe(Status.CommandDisallowed);
  });

  const phys: [string, number, number, number, number][] = [
    ["legacy PDUs", 0x13, 1, 2, 0x18],
    ["extended PDUs on LE 1M", 0x01, 1, 1, 0x18],
    ["extended PDUs whose auxiliary ones are on LE 2M", 0x01, 1, 2, 0x20],
    ["extended PDUs on LE Coded", 0x01, 3, 3, 0x50],
  ];
  it.each(phys)(
    "connects to %s with the parameters of the PHY",
    (_, properties, primary, secondary, interval) => {
      const { a, b } = new RawPair();
      makeSet(b.host, {
        advertisingEventProperties: properties,
        primaryAdvertisingPhy: primary,
        secondaryAdvertisingPhy: secondary,
      });
      enableSet(b.host);
      const initiatingPhys = [initiating, on2M, coded];
      a.host.ask(LeExtendedCreateConnection, {
        ...extendedConnection,
        peerAddress: b.address,
        initiatingPhys,
      });
      for (const { host } of [a, b]) {
        expect(host.takeOne(LeConnectionComplete)).toMatchObject({ status: 0, connectionInterval: interval });
      }
    },
  );

  it("takes the parameters of the PHY it listens on where none are named for the connection's", () => {
    const { a, b } = new RawPair();
    makeSet(b.host, { advertisingEventProperties: 0x01, secondaryAdvertisingPhy: 2 });
    enableSet(b.host);
    a.host.ask(LeExtendedCreateConnection, { ...extendedConnection, peerAddress: b.address });
    expect(a.host.takeOne(LeConnectionComplete)).toMatchObject({ connectionInterval: 0x18 });
  });

  it("does not hear a PHY it does not listen on", () => {
    const { a, b } = new RawPair();
    makeSet(b.host, {
      advertisingEventProperties: 0x01,
      primaryAdvertisingPhy: 3,
      secondaryAdvertisingPhy: 3,
    });
    enableSet(b.host);
    a.host.ask(LeExtendedCreateConnection, { ...extendedConnection, peerAddress: b.address });
    expect(a.host.take(LeConnectionComplete)).toEqual([]);
  });

  it("connects to any device of the Filter Accept List", () => {
    const pair = new RawPair();
    const other = pair.station();
    for (const { host } of [pair.b, other]) {
      makeSet(host, { advertisingEventProperties: 0x01 });
      enableSet(host);
    }
    pair.a.host.ask(LeAddDeviceToFilterAcceptList, { addressType: 0, address: other.address });
    pair.a.host.ask(LeExtendedCreateConnection, { ...extendedConnection, initiatorFilterPolicy: 1 });
    expect(pair.a.host.takeOne(LeConnectionComplete).peerAddress).toBe(other.address);
  });

  it("connects to directed advertising that is directed to it (Vol 6, Part B, 4.4.2.4.3)", () => {
    for (const [offset, count] of [
      [0, 1],
      [1, 0],
    ] as const) {
      const { a, b } = new RawPair();
      makeSet(b.host, { advertisingEventProperties: 0x05, peerAddress: a.address + offset });
      enableSet(b.host);
      a.host.ask(LeExtendedCreateConnection, { ...extendedConnection, peerAddress: b.address });
      expect(a.host.take(LeConnectionComplete)).toHaveLength(count);
    }
  });

  it("uses its random address where it was told to", () => {
    const { a, b } = new RawPair();
    makeSet(b.host, { advertisingEventProperties: 0x01 });
    enableSet(b.host);
    a.host.ask(LeSetRandomAddress, { randomAddress: 0xc0000000000a });
    const parameters = { ...extendedConnection, ownAddressType: 1, peerAddress: b.address };
    a.host.ask(LeExtendedCreateConnection, parameters);
    expect(b.host.takeOne(LeConnectionComplete)).toMatchObject({
      peerAddressType: 1,
      peerAddress: 0xc0000000000a,
    });
    expect(a.host.status(LeExtendedCreateConnection, parameters)).toBe(Status.ConnectionAlreadyExists);
  });

  it("is given up with LE Create Connection Cancel (7.8.13)", () => {
    const { a, clock } = new RawPair();
    expect(a.host.status(LeCreateConnectionCancel, {})).toBe(Status.CommandDisallowed);
    a.host.ask(LeExtendedCreateConnection, extendedConnection);
    a.host.ask(LeCreateConnectionCancel, {});
    expect(a.host.takeOne(LeConnectionComplete).status).toBe(Status.UnknownConnectionIdentifier);
    expect(clock.timers).toBe(0);
  });

  it("has a second version, of no use without periodic advertising with responses", () => {
    const { a, b } = new RawPair();
    makeSet(a.host);
    makeSet(b.host, { advertisingEventProperties: 0x01 });
    enableSet(b.host);
    const parameters = { ...extendedConnection, peerAddress: b.address };
    for (const [advertisingHandle, subevent, status] of [
      [1, 0xff, 0x12],
      [0xff, 1, 0x12],
      [2, 1, 0x42],
      [1, 1, 0x0c],
      [0xff, 0xff, 0],
    ] as const) {
      const changes = { advertisingHandle, subevent };
      expect(a.host.status(LeExtendedCreateConnectionV2, { ...parameters, ...changes })).toBe(status);
    }
    expect(a.host.takeOne(LeConnectionComplete).status).toBe(0);
  });
});

describe("virtual controller: what is told of a connection (Vol 4, Part E, 7.7.65.10 and 7.7.65.20)", () => {
  it("prefers the enhanced event where it is not masked", () => {
    const { a, b } = new RawPair();
    a.host.ask(LeSetEventMask, { eventMask: 0xffff_ffff_ffff_ffffn });
    makeSet(b.host, { advertisingEventProperties: 0x01 });
    enableSet(b.host);
    a.host.ask(LeExtendedCreateConnection, { ...extendedConnection, peerAddress: b.address });
    expect(a.host.takeOne(LeEnhancedConnectionComplete)).toMatchObject({
      status: 0,
      role: 0,
      peerAddressType: 0,
      peerAddress: b.address,
      localResolvablePrivateAddress: 0,
      peerResolvablePrivateAddress: 0,
    });
    expect(a.host.take(LeConnectionComplete)).toEqual([]);
  });

  it("tells the channel selection algorithm right behind, and number 1 if the peer has no other", () => {
    const features = leFeatures.slice();
    setFeature(features, LeFeature.ChannelSelectionAlgorithm2, false);
    for (const [options, algorithm] of [
      [{}, 1],
      [{ leFeatures: features }, 0],
    ] as const) {
      const { a, b } = new RawPair({}, options);
      // With LE Channel Selection Algorithm, without LE Enhanced Connection Complete.
      for (const { host } of [a, b]) host.ask(LeSetEventMask, { eventMask: 0xffff_ffff_ffff_fdffn });
      makeSet(b.host, { advertisingEventProperties: 0x13 });
      enableSet(b.host);
      a.host.ask(LeExtendedCreateConnection, { ...extendedConnection, peerAddress: b.address });
      expect(a.host.events.slice(0, 2).map((event) => event[3])).toEqual([0x01, 0x14]);
      const { connectionHandle } = a.host.takeOne(LeConnectionComplete);
      expect(a.host.takeOne(LeChannelSelectionAlgorithm)).toEqual({
        connectionHandle,
        channelSelectionAlgorithm: algorithm,
      });
      expect(b.host.take(LeChannelSelectionAlgorithm)).toHaveLength(algorithm);
    }
  });
});
