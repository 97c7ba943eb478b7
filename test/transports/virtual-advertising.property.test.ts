import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Reset } from "../../src/hci/commands/controller-baseband.ts";
import { Disconnect } from "../../src/hci/commands/link-control.ts";
import { LeCreateConnectionCancel } from "../../src/hci/commands/le-connection.ts";
import { LeSetEventMask, LeSetRandomAddress } from "../../src/hci/commands/le-controller.ts";
import {
  LeRemoveAdvertisingSet,
  LeSetAdvertisingSetRandomAddress,
  LeSetExtendedAdvertisingData,
  LeSetExtendedAdvertisingEnable,
  LeSetExtendedAdvertisingParameters,
  LeSetExtendedScanResponseData,
} from "../../src/hci/commands/le-extended-advertising.ts";
import { LeExtendedCreateConnection } from "../../src/hci/commands/le-extended-connection.ts";
import {
  LeSetExtendedScanEnable,
  LeSetExtendedScanParameters,
} from "../../src/hci/commands/le-extended-scanning.ts";
import {
  LeSetPeriodicAdvertisingData,
  LeSetPeriodicAdvertisingEnable,
  LeSetPeriodicAdvertisingParameters,
} from "../../src/hci/commands/le-periodic-advertising.ts";
import {
  LePeriodicAdvertisingCreateSync,
  LePeriodicAdvertisingCreateSyncCancel,
  LePeriodicAdvertisingTerminateSync,
} from "../../src/hci/commands/le-periodic-sync.ts";
import {
  LePeriodicAdvertisingSetInfoTransfer,
  LeSetDefaultPeriodicAdvertisingSyncTransferParameters,
} from "../../src/hci/commands/le-periodic-sync-transfer.ts";
import {
  LeAddDeviceToResolvingList,
  LeSetAddressResolutionEnable,
} from "../../src/hci/commands/le-resolving-list.ts";
import { events } from "../../src/hci/events/registry.ts";
import { LeConnectionComplete } from "../../src/hci/events/le-connection.ts";
import { extended, extendedConnection, initiating } from "../support/raw-extended.ts";
import { RawPair, type RawStation } from "../support/raw-pair.ts";
import { runs } from "../support/runs.ts";

type Do = (self: RawStation, peer: RawStation, handles: readonly number[]) => void;

const set = fc.integer({ min: 0, max: 2 }).map((advertisingHandle) => ({ advertisingHandle }));
const operation = fc.constantFrom(0, 1, 2, 3, 3, 3, 4);
const someData = fc.uint8Array({ maxLength: 251 });
const own = fc.integer({ min: 0, max: 3 });
const phy = fc.constantFrom(1, 1, 2, 3);
const primaryPhy = fc.constantFrom(1, 1, 3);

/** What hosts do on the advertising channels, mostly in order. */
const action: fc.Arbitrary<Do> = fc.oneof(
  fc.tuple(set, fc.constantFrom(0x13, 0x15, 0x10, 0x12, 0, 1, 2, 4, 5, 0x20, 0x40), own, primaryPhy, phy).map(
    ([on, advertisingEventProperties, ownAddressType, primaryAdvertisingPhy, secondaryAdvertisingPhy]): Do =>
      ({ host }, { address }) =>
        host.run(LeSetExtendedAdvertisingParameters, {
          ...extended,
          ...on,
          advertisingEventProperties,
          ownAddressType,
          peerAddress: address,
          primaryAdvertisingPhy,
          secondaryAdvertisingPhy,
          scanRequestNotificationEnable: true,
        }),
  ),
  fc.tuple(set, operation, someData).map(
    ([on, of, advertisingData]): Do =>
      ({ host }) =>
        host.run(LeSetExtendedAdvertisingData, {
          ...on,
          operation: of,
          fragmentPreference: 0,
          advertisingData,
        }),
  ),
  fc.tuple(set, operation, someData).map(
    ([on, of, scanResponseData]): Do =>
      ({ host }) =>
        host.run(LeSetExtendedScanResponseData, {
          ...on,
          operation: of,
          fragmentPreference: 1,
          scanResponseData,
        }),
  ),
  fc.tuple(fc.boolean(), set, fc.constantFrom(0, 0, 5, 128), fc.constantFrom(0, 0, 1, 3)).map(
    ([enable, on, duration, maxExtendedAdvertisingEvents]): Do =>
      ({ host }) =>
        host.run(LeSetExtendedAdvertisingEnable, {
          enable,
          sets: [{ ...on, duration, maxExtendedAdvertisingEvents }],
        }),
  ),
  set.map(
    (on): Do =>
      ({ host }) =>
        host.run(LeRemoveAdvertisingSet, on),
  ),
  set.map(
    (on): Do =>
      ({ host }) =>
        host.run(LeSetAdvertisingSetRandomAddress, { ...on, randomAddress: 0xc00000000001 }),
  ),
  set.map((on): Do => ({ host }) => {
    const interval = { periodicAdvertisingIntervalMin: 0x10, periodicAdvertisingIntervalMax: 0x20 };
    host.run(LeSetPeriodicAdvertisingParameters, { ...on, ...interval, periodicAdvertisingProperties: 0x40 });
  }),
  fc.tuple(set, operation, someData).map(
    ([on, of, advertisingData]): Do =>
      ({ host }) =>
        host.run(LeSetPeriodicAdvertisingData, { ...on, operation: of, advertisingData }),
  ),
  fc.tuple(set, fc.constantFrom(0, 1, 1, 3)).map(
    ([on, enable]): Do =>
      ({ host }) =>
        host.run(LeSetPeriodicAdvertisingEnable, { ...on, enable }),
  ),
  fc.tuple(own, fc.integer({ min: 0, max: 3 }), primaryPhy).map(
    ([ownAddressType, scanningFilterPolicy, on]): Do =>
      ({ host }) =>
        host.run(LeSetExtendedScanParameters, {
          ownAddressType,
          scanningFilterPolicy,
          scanningPhys: [{ phy: on, scanType: 1, scanInterval: 32, scanWindow: 16 }],
        }),
  ),
  fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 2 }), fc.constantFrom(0, 20), fc.constantFrom(0, 1)).map(
    ([enable, filterDuplicates, duration, period]): Do =>
      ({ host }) =>
        host.run(LeSetExtendedScanEnable, { enable, filterDuplicates, duration, period }),
  ),
  fc.tuple(own, fc.integer({ min: 0, max: 1 })).map(
    ([ownAddressType, initiatorFilterPolicy]): Do =>
      ({ host }, { address }) =>
        host.run(LeExtendedCreateConnection, {
          ...extendedConnection,
          ownAddressType,
          initiatorFilterPolicy,
          peerAddress: address,
          initiatingPhys: [initiating, { ...initiating, phy: 3 }],
        }),
  ),
  fc.constant<Do>(({ host }) => host.run(LeCreateConnectionCancel, {})),
  fc.constantFrom(0, 1, 2, 4).map(
    (options): Do =>
      ({ host }, { address }) =>
        host.run(LePeriodicAdvertisingCreateSync, {
          options,
          advertisingSid: 5,
          advertiserAddressType: 0,
          advertiserAddress: address,
          skip: 0,
          syncTimeout: 10,
          syncCteType: 0,
        }),
  ),
  fc.constant<Do>(({ host }) => host.run(LePeriodicAdvertisingCreateSyncCancel, {})),
  fc.integer({ min: 0, max: 2 }).map(
    (syncHandle): Do =>
      ({ host }) =>
        host.run(LePeriodicAdvertisingTerminateSync, { syncHandle }),
  ),
  fc.tuple(set, fc.integer({ min: 0, max: 3 })).map(([on, mode]): Do => ({ host }, _, handles) => {
    const parameters = { mode, skip: 0, syncTimeout: 10, cteType: 0 };
    host.run(LeSetDefaultPeriodicAdvertisingSyncTransferParameters, parameters);
    for (const connectionHandle of handles) {
      host.run(LePeriodicAdvertisingSetInfoTransfer, { connectionHandle, serviceData: 0, ...on });
    }
  }),
  fc.constant<Do>(({ host }, _, handles) => {
    for (const connectionHandle of handles) host.run(Disconnect, { connectionHandle, reason: 0x13 });
  }),
  fc.boolean().map((addressResolutionEnable): Do => ({ host, address }, peer) => {
    host.run(LeAddDeviceToResolvingList, {
      peerIdentityAddressType: 0,
      peerIdentityAddress: peer.address,
      peerIrk: new Uint8Array(16).fill(peer.address % 256),
      localIrk: new Uint8Array(16).fill(address % 256),
    });
    host.run(LeSetAddressResolutionEnable, { addressResolutionEnable });
  }),
  fc.constant<Do>(({ host }) => host.run(LeSetRandomAddress, { randomAddress: 0xc00000000002 })),
  fc.constant<Do>(({ host }) => host.run(Reset, {})),
);

/** The same in good order, several commands at a time, so that something goes on. */
const wholeAction: fc.Arbitrary<Do> = fc.oneof(
  fc
    .tuple(set, fc.constantFrom(0x13, 0, 1, 2), fc.constantFrom(0, 2), fc.constantFrom(3, 600))
    .map(([on, advertisingEventProperties, ownAddressType, length]): Do => ({ host }, { address }) => {
      host.run(LeSetExtendedAdvertisingEnable, { enable: false, sets: [] });
      host.run(LeRemoveAdvertisingSet, on);
      const parameters = { ...extended, ...on, advertisingEventProperties, ownAddressType };
      host.run(LeSetExtendedAdvertisingParameters, { ...parameters, peerAddress: address });
      for (const [of, size] of length < 31
        ? [[3, length]]
        : [
            [1, 251],
            [2, length - 251],
          ]) {
        const piece = { ...on, operation: of ?? 0, fragmentPreference: 0 };
        const octets = new Uint8Array(Math.min(251, size ?? 0));
        host.run(LeSetExtendedAdvertisingData, { ...piece, advertisingData: octets });
        host.run(LeSetExtendedScanResponseData, { ...piece, scanResponseData: octets });
      }
      const interval = { periodicAdvertisingIntervalMin: 0x10, periodicAdvertisingIntervalMax: 0x20 };
      host.run(LeSetPeriodicAdvertisingParameters, { ...on, ...interval, periodicAdvertisingProperties: 0 });
      host.run(LeSetPeriodicAdvertisingEnable, { ...on, enable: 1 });
      host.run(LeSetExtendedAdvertisingEnable, {
        enable: true,
        sets: [{ ...on, duration: 0, maxExtendedAdvertisingEvents: 0 }],
      });
    }),
  fc
    .tuple(fc.constantFrom(0, 2), fc.integer({ min: 0, max: 1 }))
    .map(([ownAddressType, filterDuplicates]): Do => ({ host }) => {
      host.run(LeSetExtendedScanEnable, { enable: false, filterDuplicates: 0, duration: 0, period: 0 });
      const window = { phy: 1, scanType: 1, scanInterval: 32, scanWindow: 32 };
      host.run(LeSetExtendedScanParameters, {
        ownAddressType,
        scanningFilterPolicy: 0,
        scanningPhys: [window, { ...window, phy: 3 }],
      });
      host.run(LeSetExtendedScanEnable, { enable: true, filterDuplicates, duration: 0, period: 0 });
    }),
);

const steps = fc.array(
  fc.record({
    action: fc.oneof(action, wholeAction),
    fromA: fc.boolean(),
    ms: fc.constantFrom(0, 1, 60, 300),
  }),
  { maxLength: 60, size: "max" },
);

describe("virtual controller: whatever hosts do on the advertising channels", () => {
  it.each(["instant", "air"] as const)(
    "every command is answered once, every event can be read, and resets leave no timer: %s",
    (timing) => {
      fc.assert(
        fc.property(steps, fc.boolean(), (each, isEnhanced) => {
          const pair = new RawPair({ connections: 2, periodicSyncs: 2 }, undefined, { timing });
          const { a, b, clock } = pair;
          const handles = { a: [] as number[], b: [] as number[] };
          if (isEnhanced)
            for (const { host } of [a, b]) host.run(LeSetEventMask, { eventMask: 0xffff_ffffffffn });
          for (const { action: act, fromA, ms } of each) {
            if (fromA) act(a, b, handles.a);
            else act(b, a, handles.b);
            clock.advanceSync(ms);
            for (const [name, { host }] of [["a", a] as const, ["b", b] as const]) {
              for (const packet of host.events) {
                const event = events.find(
                  ({ code, subevent }) =>
                    code === packet[1] && (subevent === undefined || subevent === packet[3]),
                );
                event?.parameters.decode(packet, event.subevent === undefined ? 3 : 4);
                expect(event, `event ${packet[1]} ${packet[3]}`).toBeDefined();
              }
              for (const { status, connectionHandle } of host.take(LeConnectionComplete)) {
                if (status === 0) handles[name].push(connectionHandle);
              }
              host.events.length = 0;
            }
          }
          for (const { host } of [a, b]) host.run(Reset, {});
          clock.advanceSync(40_000);
          expect(clock.timers).toBe(0);
          expect([...a.controller.faults, ...b.controller.faults]).toEqual([]);
        }),
        runs,
      );
    },
  );
});
