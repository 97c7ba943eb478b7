import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromHex, reversed } from "../../src/common/bytes.ts";
import { SeededRandom } from "../../src/common/random.ts";
import { LeSetEventMask, LeSetRandomAddress } from "../../src/hci/commands/le-controller.ts";
import {
  LeAddDeviceToResolvingList,
  LeClearResolvingList,
  LeReadLocalResolvableAddress,
  LeReadPeerResolvableAddress,
  LeReadResolvingListSize,
  LeRemoveDeviceFromResolvingList,
  LeSetAddressResolutionEnable,
  LeSetPrivacyMode,
  LeSetResolvablePrivateAddressTimeout,
} from "../../src/hci/commands/le-resolving-list.ts";
import { LeSetDataRelatedAddressChanges } from "../../src/hci/commands/le-extended-advertising.ts";
import { LeExtendedCreateConnection } from "../../src/hci/commands/le-extended-connection.ts";
import { LeSetExtendedScanEnable } from "../../src/hci/commands/le-extended-scanning.ts";
import { LeAddDeviceToFilterAcceptList } from "../../src/hci/commands/le-filter-accept-list.ts";
import { LeSetAdvertisingEnable, LeSetAdvertisingParameters } from "../../src/hci/commands/le-advertising.ts";
import { LeCreateConnection } from "../../src/hci/commands/le-connection.ts";
import { LeSetScanEnable, LeSetScanParameters } from "../../src/hci/commands/le-scanning.ts";
import {
  LeAdvertisingReport,
  LeDirectedAdvertisingReport,
  LeScanRequestReceived,
} from "../../src/hci/events/le-advertising.ts";
import { LeEnhancedConnectionComplete } from "../../src/hci/events/le-connection.ts";
import { Status } from "../../src/hci/status.ts";
import {
  ah,
  generateResolvable,
  isResolvable,
  resolves,
} from "../../transports/virtual/resolvable-address.ts";
import {
  activeScan,
  disableSets,
  enableSet,
  extendedConnection,
  extendedScan,
  makeSet,
  scanExtended,
  setData,
  takeReports,
} from "../support/raw-extended.ts";
import { advertising, connection, RawPair, type RawStation } from "../support/raw-pair.ts";
import { runs } from "../support/runs.ts";

const noKey = new Uint8Array(16);
const keyOfA = new Uint8Array(16).fill(0xaa);
const keyOfB = new Uint8Array(16).fill(0xbb);
const everything = 0xffff_ffff_ffff_ffffn;

/** `own` knows `peer`, and each has the keys named. */
function list(own: RawStation, peer: RawStation, peerIrk: Uint8Array, localIrk: Uint8Array): void {
  own.host.ask(LeAddDeviceToResolvingList, {
    peerIdentityAddressType: 0,
    peerIdentityAddress: peer.address,
    peerIrk,
    localIrk,
  });
  own.host.ask(LeSetAddressResolutionEnable, { addressResolutionEnable: true });
}

const peerOf = ({
  address,
}: RawStation): {
  readonly peerIdentityAddressType: number;
  readonly peerIdentityAddress: number;
} => ({ peerIdentityAddressType: 0, peerIdentityAddress: address });

/** Both know one another, with both keys, and have unmasked the enhanced event. */
function privatePair(): RawPair {
  const pair = new RawPair();
  list(pair.a, pair.b, keyOfB, keyOfA);
  list(pair.b, pair.a, keyOfA, keyOfB);
  for (const { host } of [pair.a, pair.b]) host.ask(LeSetEventMask, { eventMask: everything });
  return pair;
}

describe("resolvable private addresses (Vol 3, Part H, 2.2.2 and Vol 6, Part B, 1.3.2.2)", () => {
  const irk = reversed(fromHex("ec0234a357c8ad05341010a60a397d9b"));

  it("ah gives the sample data of Vol 3, Part H, Appendix D.7", () => {
    expect(ah(irk, 0x708194)).toBe(0x0dfbaa);
    expect(resolves(irk, { type: 1, value: 0x7081940dfbaa })).toBe(true);
    expect(resolves(irk, { type: 1, value: 0x7081940dfbab })).toBe(false);
  });

  it("are told by their upper two bits", () => {
    expect(isResolvable({ type: 1, value: 0x4000_0000_0000 })).toBe(true);
    expect(isResolvable({ type: 1, value: 0x7fff_ffff_ffff })).toBe(true);
    expect(isResolvable({ type: 1, value: 0xc000_0000_0001 })).toBe(false);
    expect(isResolvable({ type: 1, value: 0x3fff_ffff_ffff })).toBe(false);
    expect(isResolvable({ type: 0, value: 0x4000_0000_0000 })).toBe(false);
  });

  it("that are generated resolve with their key and not with another", () => {
    const key = fc.uint8Array({ minLength: 16, maxLength: 16 });
    fc.assert(
      fc.property(key, fc.integer(), (generated, seed) => {
        const value = generateResolvable(generated, new SeededRandom(seed));
        const address = { type: 1, value };
        expect(isResolvable(address)).toBe(true);
        expect(resolves(generated, address)).toBe(true);
        expect(
          resolves(
            Uint8Array.from(generated, (octet) => octet ^ 1),
            address,
          ),
        ).toBe(false);
      }),
      runs,
    );
  });
});

describe("virtual controller: the resolving list (Vol 4, Part E, 7.8.38 to 7.8.45 and 7.8.77)", () => {
  const entry = { peerIdentityAddressType: 0, peerIdentityAddress: 1, peerIrk: keyOfA, localIrk: keyOfB };

  it("holds as many devices as it says, each with an address and a key of its own", () => {
    const { a } = new RawPair({ resolvingListSize: 2 });
    expect(a.host.ask(LeReadResolvingListSize, {})).toEqual({ resolvingListSize: 2 });
    a.host.ask(LeAddDeviceToResolvingList, entry);
    expect(a.host.status(LeAddDeviceToResolvingList, { ...entry, peerIrk: keyOfB })).toBe(0x12);
    expect(a.host.status(LeAddDeviceToResolvingList, { ...entry, peerIdentityAddress: 2 })).toBe(0x12);
    expect(a.host.status(LeAddDeviceToResolvingList, { ...entry, peerIdentityAddressType: 2 })).toBe(0x12);
    a.host.ask(LeAddDeviceToResolvingList, { ...entry, peerIdentityAddressType: 1, peerIrk: noKey });
    const third = { ...entry, peerIdentityAddress: 3, peerIrk: noKey };
    expect(a.host.status(LeAddDeviceToResolvingList, third)).toBe(Status.MemoryCapacityExceeded);
    a.host.ask(LeRemoveDeviceFromResolvingList, entry);
    expect(a.host.status(LeRemoveDeviceFromResolvingList, entry)).toBe(Status.UnknownConnectionIdentifier);
    a.host.ask(LeAddDeviceToResolvingList, third);
    a.host.ask(LeClearResolvingList, {});
    expect(a.host.status(LeSetPrivacyMode, { ...entry, privacyMode: 1 })).toBe(0x02);
  });

  it("does not change while addresses are resolved and in use, nor is resolving switched", () => {
    const begin: [string, (station: RawStation) => void][] = [
      [
        "advertising",
        ({ host }) => {
          makeSet(host);
          enableSet(host);
        },
      ],
      [
        "scanning",
        ({ host }) => {
          scanExtended(host);
        },
      ],
      [
        "initiating",
        ({ host }) => {
          host.ask(LeExtendedCreateConnection, extendedConnection);
        },
      ],
    ];
    for (const [name, start] of begin) {
      for (const enabled of [false, true]) {
        const { a } = new RawPair();
        a.host.ask(LeAddDeviceToResolvingList, entry);
        a.host.ask(LeSetAddressResolutionEnable, { addressResolutionEnable: enabled });
        start(a);
        const expected = enabled ? Status.CommandDisallowed : 0;
        const next = { ...entry, peerIdentityAddress: 2, peerIrk: keyOfB };
        expect(a.host.status(LeAddDeviceToResolvingList, next), name).toBe(expected);
        expect(a.host.status(LeSetPrivacyMode, { ...entry, privacyMode: 1 }), name).toBe(expected);
        expect(a.host.status(LeRemoveDeviceFromResolvingList, entry), name).toBe(expected);
        expect(a.host.status(LeClearResolvingList, {}), name).toBe(expected);
        const enable = { addressResolutionEnable: true };
        expect(a.host.status(LeSetAddressResolutionEnable, enable), name).toBe(Status.CommandDisallowed);
      }
    }
  });

  it("checks the timeout and the privacy mode", () => {
    const { a } = new RawPair();
    for (const [rpaTimeout, status] of [
      [0, 0x12],
      [3601, 0x12],
      [3600, 0],
    ] as const) {
      expect(a.host.status(LeSetResolvablePrivateAddressTimeout, { rpaTimeout })).toBe(status);
    }
    a.host.ask(LeAddDeviceToResolvingList, entry);
    expect(a.host.status(LeSetPrivacyMode, { ...entry, privacyMode: 2 })).toBe(0x12);
    a.host.ask(LeSetPrivacyMode, { ...entry, privacyMode: 1 });
  });

  it("knows no private address of a device without a key, or that was not seen (7.8.42 and 7.8.43)", () => {
    const { a, b } = new RawPair();
    expect(a.host.status(LeReadLocalResolvableAddress, peerOf(b))).toBe(0x02);
    list(a, b, keyOfB, noKey);
    expect(a.host.status(LeReadLocalResolvableAddress, peerOf(b))).toBe(0x02);
    expect(a.host.status(LeReadPeerResolvableAddress, peerOf(b))).toBe(0x02);
  });
});

describe("virtual controller: private addresses on the air (Vol 6, Part B, 6)", () => {
  it("an advertiser with a local key is called by a private address, and resolved as identity", () => {
    const pair = privatePair();
    const { a, b } = pair;
    const stranger = pair.station();
    makeSet(b.host, { ownAddressType: 2, peerAddress: a.address });
    enableSet(b.host);
    scanExtended(a.host);
    scanExtended(stranger.host);
    const { localResolvableAddress } = b.host.ask(LeReadLocalResolvableAddress, peerOf(a));
    expect(resolves(keyOfB, { type: 1, value: localResolvableAddress })).toBe(true);
    expect(takeReports(a.host)[0]).toMatchObject({ addressType: 2, address: b.address });
    expect(takeReports(stranger.host)[0]).toMatchObject({ addressType: 1, address: localResolvableAddress });
    expect(a.host.ask(LeReadPeerResolvableAddress, peerOf(b))).toEqual({
      peerResolvableAddress: localResolvableAddress,
    });
  });

  it("without an entry, types 2 and 3 fall back to the public and the random address", () => {
    const { a, b } = new RawPair();
    makeSet(b.host, { ownAddressType: 2, peerAddress: a.address });
    enableSet(b.host);
    scanExtended(a.host);
    expect(takeReports(a.host)).toMatchObject([{ addressType: 0, address: b.address }]);
    b.host.ask(LeSetRandomAddress, { randomAddress: 0xc00000000001 });
    const random = { ...extendedConnection, ownAddressType: 3, peerAddress: 5 };
    expect(b.host.status(LeExtendedCreateConnection, random)).toBe(0);
    expect(a.host.status(LeExtendedCreateConnection, random)).toBe(0x12);
  });

  it("changes the private address after the timeout, and without air time needs no timer for it (7.8.45)", () => {
    const { a, b, clock } = privatePair();
    b.host.ask(LeSetResolvablePrivateAddressTimeout, { rpaTimeout: 10 });
    const read = (): number => b.host.ask(LeReadLocalResolvableAddress, peerOf(a)).localResolvableAddress;
    const first = read();
    clock.advanceSync(9999);
    expect(read()).toBe(first);
    clock.advanceSync(1);
    const second = read();
    expect(second).not.toBe(first);
    expect(resolves(keyOfB, { type: 1, value: second })).toBe(true);
    expect(clock.timers).toBe(0);
  });

  it("changes it with the data where the host wants that (7.8.122)", () => {
    const { a, b } = privatePair();
    const read = (): number => b.host.ask(LeReadLocalResolvableAddress, peerOf(a)).localResolvableAddress;
    makeSet(b.host, { ownAddressType: 2, peerAddress: a.address });
    const first = read();
    setData(b.host, 1, Uint8Array.of(1, 2));
    expect(read()).toBe(first);
    b.host.ask(LeSetDataRelatedAddressChanges, { advertisingHandle: 1, changeReasons: 1 });
    setData(b.host, 1, Uint8Array.of(1, 3));
    expect(read()).not.toBe(first);
    const wrong = { advertisingHandle: 1, changeReasons: 4 };
    expect(b.host.status(LeSetDataRelatedAddressChanges, wrong)).toBe(0x12);
  });

  it("ignores the identity address of a device with a key in network privacy mode, not in device mode (4.7)", () => {
    for (const [privacyMode, count] of [
      [0, 0],
      [1, 1],
    ] as const) {
      const { a, b } = new RawPair();
      list(a, b, keyOfB, noKey);
      a.host.ask(LeSetPrivacyMode, { ...peerOf(b), privacyMode });
      makeSet(b.host);
      enableSet(b.host);
      scanExtended(a.host);
      expect(takeReports(a.host)).toHaveLength(count);
    }
  });

  it("filters by identity (Vol 6, Part B, 4.3)", () => {
    const { a, b } = privatePair();
    a.host.ask(LeAddDeviceToFilterAcceptList, { addressType: 0, address: b.address });
    makeSet(b.host, { ownAddressType: 2, peerAddress: a.address });
    enableSet(b.host);
    scanExtended(a.host, { ...extendedScan, scanningFilterPolicy: 1 });
    expect(takeReports(a.host)).toHaveLength(1);
  });

  it("asks for scan responses by its own private address, which the advertiser resolves (7.7.65.19)", () => {
    const { a, b } = privatePair();
    const changes = {
      ownAddressType: 2,
      peerAddress: a.address,
      advertisingEventProperties: 0x02,
      scanRequestNotificationEnable: true,
      advertisingFilterPolicy: 1,
    };
    b.host.ask(LeAddDeviceToFilterAcceptList, { addressType: 0, address: a.address });
    makeSet(b.host, changes, { response: Uint8Array.of(1, 2) });
    enableSet(b.host);
    scanExtended(a.host, { ...activeScan, ownAddressType: 2 });
    expect(b.host.takeOne(LeScanRequestReceived)).toMatchObject({
      scannerAddressType: 2,
      scannerAddress: a.address,
    });
    expect(takeReports(a.host)).toHaveLength(2);
  });

  it("directs advertising at a private address of the peer, who resolves it (6.2.2)", () => {
    const pair = privatePair();
    const { a, b } = pair;
    const stranger = pair.station();
    makeSet(b.host, { ownAddressType: 2, peerAddress: a.address, advertisingEventProperties: 0x15 });
    enableSet(b.host);
    scanExtended(a.host, { ...extendedScan, ownAddressType: 2 });
    expect(takeReports(a.host)[0]).toMatchObject({
      addressType: 2,
      address: b.address,
      directAddressType: 2,
      directAddress: a.address,
    });
    scanExtended(stranger.host, { ...extendedScan, scanningFilterPolicy: 2 });
    const [report] = takeReports(stranger.host);
    expect(report?.directAddressType).toBe(0xfe);
    expect(resolves(keyOfA, { type: 1, value: report?.directAddress ?? 0 })).toBe(true);
  });

  it("connects private devices, each told identity and both private addresses (7.7.65.10)", () => {
    const { a, b } = privatePair();
    makeSet(b.host, { ownAddressType: 2, peerAddress: a.address, advertisingEventProperties: 0x01 });
    enableSet(b.host);
    const localOfB = b.host.ask(LeReadLocalResolvableAddress, peerOf(a)).localResolvableAddress;
    const wanted = { ...extendedConnection, ownAddressType: 2, peerAddress: b.address };
    a.host.ask(LeExtendedCreateConnection, wanted);
    const localOfA = a.host.ask(LeReadLocalResolvableAddress, peerOf(b)).localResolvableAddress;
    expect(a.host.takeOne(LeEnhancedConnectionComplete)).toMatchObject({
      status: 0,
      peerAddressType: 2,
      peerAddress: b.address,
      localResolvablePrivateAddress: localOfA,
      peerResolvablePrivateAddress: localOfB,
    });
    expect(b.host.takeOne(LeEnhancedConnectionComplete)).toMatchObject({
      status: 0,
      peerAddressType: 2,
      peerAddress: a.address,
      localResolvablePrivateAddress: localOfB,
      peerResolvablePrivateAddress: localOfA,
    });
    expect(a.host.status(LeExtendedCreateConnection, wanted)).toBe(Status.ConnectionAlreadyExists);
    disableSets(b.host);
  });

  it("takes no connection by the identity address of a device with a key in network privacy mode", () => {
    const { a, b } = privatePair();
    makeSet(b.host, { ownAddressType: 2, peerAddress: a.address, advertisingEventProperties: 0x01 });
    enableSet(b.host);
    a.host.ask(LeExtendedCreateConnection, { ...extendedConnection, peerAddress: b.address });
    expect(a.host.take(LeEnhancedConnectionComplete)).toEqual([]);
    expect(b.host.take(LeEnhancedConnectionComplete)).toEqual([]);
  });

  it("works with the legacy commands too, whose connections take identity address types (7.8.12)", () => {
    const { a, b } = privatePair();
    b.host.ask(LeSetAdvertisingParameters, { ...advertising, ownAddressType: 2, peerAddress: a.address });
    b.host.ask(LeSetAdvertisingEnable, { advertisingEnable: true });
    const scan = {
      scanType: 0,
      scanInterval: 16,
      scanWindow: 16,
      ownAddressType: 2,
      scanningFilterPolicy: 0,
    };
    a.host.ask(LeSetScanParameters, scan);
    a.host.ask(LeSetScanEnable, { enable: true, filterDuplicates: true });
    expect(a.host.takeOne(LeAdvertisingReport).reports).toMatchObject([
      { addressType: 2, address: b.address, eventType: 0 },
    ]);
    a.host.ask(LeSetScanEnable, { enable: false, filterDuplicates: false });
    const wanted = { ...connection, ownAddressType: 2, peerAddressType: 2, peerAddress: b.address };
    a.host.ask(LeCreateConnection, wanted);
    expect(a.host.takeOne(LeEnhancedConnectionComplete)).toMatchObject({ status: 0, peerAddressType: 2 });
  });

  it("reports what is directed to a private address it cannot resolve in an event of its own (7.7.65.11)", () => {
    const { a, b } = privatePair();
    const changes = { advertisingType: 4, peerAddressType: 1, peerAddress: 0x4f0000000001 };
    b.host.ask(LeSetAdvertisingParameters, { ...advertising, ...changes });
    b.host.ask(LeSetAdvertisingEnable, { advertisingEnable: true });
    const scan = {
      scanType: 0,
      scanInterval: 16,
      scanWindow: 16,
      ownAddressType: 0,
      scanningFilterPolicy: 2,
    };
    a.host.ask(LeClearResolvingList, {});
    a.host.ask(LeSetScanParameters, scan);
    a.host.ask(LeSetScanEnable, { enable: true, filterDuplicates: true });
    expect(a.host.takeOne(LeDirectedAdvertisingReport).reports).toEqual([
      {
        eventType: 1,
        addressType: 0,
        address: b.address,
        directAddressType: 1,
        directAddress: 0x4f0000000001,
        rssi: -50,
      },
    ]);
    expect(a.host.take(LeAdvertisingReport)).toEqual([]);
    expect(
      a.host.status(LeSetExtendedScanEnable, { enable: false, filterDuplicates: 0, duration: 0, period: 0 }),
    ).toBe(Status.CommandDisallowed);
  });
});
