import { fromHex } from "../../../../src/common/bytes.ts";
import { LeSetAdvertisingParameters } from "../../../../src/hci/commands/le-advertising.ts";
import {
  LeClearAdvertisingSets,
  LeReadMaximumAdvertisingDataLength,
  LeReadNumberOfSupportedAdvertisingSets,
  LeRemoveAdvertisingSet,
  LeSetAdvertisingSetRandomAddress,
  LeSetExtendedAdvertisingData,
  LeSetExtendedAdvertisingEnable,
  LeSetExtendedAdvertisingParameters,
  type LeSetExtendedAdvertisingParametersParameters,
  LeSetExtendedScanResponseData,
} from "../../../../src/hci/commands/le-extended-advertising.ts";
import { LeExtendedCreateConnection } from "../../../../src/hci/commands/le-extended-connection.ts";
import {
  LeSetExtendedScanEnable,
  LeSetExtendedScanParameters,
} from "../../../../src/hci/commands/le-extended-scanning.ts";
import {
  LeSetPeriodicAdvertisingData,
  LeSetPeriodicAdvertisingEnable,
  LeSetPeriodicAdvertisingParameters,
} from "../../../../src/hci/commands/le-periodic-advertising.ts";
import {
  LeAddDeviceToPeriodicAdvertiserList,
  LeClearPeriodicAdvertiserList,
  LePeriodicAdvertisingCreateSync,
  LePeriodicAdvertisingCreateSyncCancel,
  LePeriodicAdvertisingTerminateSync,
  LeReadPeriodicAdvertiserListSize,
  LeRemoveDeviceFromPeriodicAdvertiserList,
} from "../../../../src/hci/commands/le-periodic-sync.ts";
import {
  activeScan,
  extended,
  extendedConnection,
  extendedScan,
  initiating,
} from "../../../support/raw-extended.ts";
import { advertising } from "../../../support/raw-pair.ts";
import type { Seat } from "../rig.ts";
import { ask, type Script, type Step } from "../script.ts";
import { advertise } from "./advertising.ts";
import { disconnect } from "./connecting.ts";

const legacyConnectable = 0x13;
const name = fromHex("020106 0409 616263");
const more = fromHex("03030f18");

function set(
  seat: Seat,
  what: string,
  changes: Partial<LeSetExtendedAdvertisingParametersParameters> = {},
): Step {
  return ask(seat, LeSetExtendedAdvertisingParameters, { ...extended, ...changes }, what);
}

function setData(seat: Seat, operation: number, octets: Uint8Array, what: string): Step {
  const parameters = { advertisingHandle: 1, operation, fragmentPreference: 0, advertisingData: octets };
  return ask(seat, LeSetExtendedAdvertisingData, parameters, what);
}

function enable(seat: Seat, on: boolean, handles: readonly number[], what: string): Step {
  const sets = handles.map((advertisingHandle) => ({
    advertisingHandle,
    duration: 0,
    maxExtendedAdvertisingEvents: 0,
  }));
  return ask(seat, LeSetExtendedAdvertisingEnable, { enable: on, sets }, what);
}

function scan(on: boolean, what: string): Step {
  return ask("a", LeSetExtendedScanEnable, { enable: on, filterDuplicates: 1, duration: 0, period: 0 }, what);
}

const sync = {
  options: 0,
  advertisingSid: 5,
  advertiserAddressType: 0,
  skip: 0,
  syncTimeout: 0x0a,
  syncCteType: 0,
};

/** Extended advertising, scanning and connecting. */
export const extendedScripts: readonly Script[] = [
  {
    name: "advertising sets",
    steps: [
      ask("a", LeReadMaximumAdvertisingDataLength, {}),
      ask("a", LeReadNumberOfSupportedAdvertisingSets, {}),
      set("a", "in order"),
      set("a", "a handle above 0xef", { advertisingHandle: 0xf0 }),
      set("a", "an interval below 20 ms", { primaryAdvertisingIntervalMin: 0x1f }),
      set("a", "an interval from more to less", { primaryAdvertisingIntervalMin: 0xa1 }),
      set("a", "no channel", { primaryAdvertisingChannelMap: 0 }),
      set("a", "a primary PHY of 2M", { primaryAdvertisingPhy: 2 }),
      set("a", "a secondary PHY that is not there", { secondaryAdvertisingPhy: 4 }),
      set("a", "a SID that is not there", { advertisingSid: 16 }),
      set("a", "connectable and scannable, not legacy", { advertisingEventProperties: 3 }),
      set("a", "a legacy PDU that is not there", { advertisingEventProperties: 0x11 }),
      set("a", "in order again"),
      ask("a", LeSetAdvertisingSetRandomAddress, { advertisingHandle: 1, randomAddress: 0xc000_0000_000a }),
      ask(
        "a",
        LeSetAdvertisingSetRandomAddress,
        { advertisingHandle: 9, randomAddress: 0xc000_0000_000a },
        "of a set that is not there",
      ),
      setData("a", 3, name, "complete"),
      setData("a", 4, new Uint8Array(0), "unchanged, while not advertising"),
      setData("a", 5, name, "an operation that is not there"),
      setData("a", 1, new Uint8Array(0), "a first fragment of nothing"),
      ask(
        "a",
        LeSetExtendedAdvertisingData,
        { advertisingHandle: 9, operation: 3, fragmentPreference: 0, advertisingData: name },
        "of a set that is not there",
      ),
      enable("a", true, [9], "a set that is not there"),
      enable("a", true, [], "no set"),
      enable("a", true, [1], "on"),
      set("a", "while advertising"),
      ask("a", LeRemoveAdvertisingSet, { advertisingHandle: 1 }, "while advertising"),
      ask("a", LeClearAdvertisingSets, {}, "while advertising"),
      enable("a", false, [], "all off"),
      ask("a", LeRemoveAdvertisingSet, { advertisingHandle: 1 }),
      ask("a", LeRemoveAdvertisingSet, { advertisingHandle: 1 }, "once more"),
      ask("a", LeClearAdvertisingSets, {}),
      ask("a", LeSetAdvertisingParameters, advertising, "after extended commands"),
    ],
  },
  {
    name: "an advertising set twice in one command",
    steps: [set("a", "in order"), enable("a", true, [1, 1], "a set twice")],
  },
  {
    name: "extended scan parameters",
    steps: [
      ask("a", LeSetExtendedScanParameters, extendedScan),
      ask("a", LeSetExtendedScanParameters, { ...extendedScan, scanningPhys: [] }, "no PHY"),
      ask(
        "a",
        LeSetExtendedScanParameters,
        { ...extendedScan, scanningPhys: [{ phy: 1, scanType: 2, scanInterval: 16, scanWindow: 16 }] },
        "a type that is not there",
      ),
      ask(
        "a",
        LeSetExtendedScanParameters,
        { ...extendedScan, scanningPhys: [{ phy: 1, scanType: 0, scanInterval: 16, scanWindow: 17 }] },
        "a window longer than the interval",
      ),
      scan(true, "on"),
      ask("a", LeSetExtendedScanParameters, extendedScan, "while scanning"),
      scan(false, "off"),
      scan(false, "off again"),
    ],
  },
  {
    name: "extended scanning with wrong parameters",
    apart: true,
    steps: [
      ask(
        "a",
        LeSetExtendedScanEnable,
        { enable: true, filterDuplicates: 3, duration: 0, period: 0 },
        "a filter that is not there",
      ),
      ask(
        "a",
        LeSetExtendedScanEnable,
        { enable: true, filterDuplicates: 2, duration: 0, period: 0 },
        "filtering each period without one",
      ),
    ],
  },
  {
    name: "extended advertisements being heard",
    steps: [
      ask("a", LeSetExtendedScanParameters, activeScan),
      set("b", "a legacy PDU", { advertisingEventProperties: legacyConnectable }),
      setData("b", 3, name, "a legacy PDU"),
      ask("b", LeSetExtendedScanResponseData, {
        advertisingHandle: 1,
        operation: 3,
        fragmentPreference: 0,
        scanResponseData: more,
      }),
      enable("b", true, [1], "a legacy PDU"),
      scan(true, "to hear a legacy PDU"),
      scan(false, "after a legacy PDU"),
      enable("b", false, [1], "a legacy PDU"),
      ask("b", LeClearAdvertisingSets, {}),
      set("b", "an extended PDU"),
      setData("b", 3, new Uint8Array(20).fill(5), "an extended PDU"),
      enable("b", true, [1], "an extended PDU"),
      scan(true, "to hear an extended PDU"),
    ],
  },
  {
    name: "legacy advertisements heard with extended commands",
    steps: [
      ask("b", LeSetAdvertisingParameters, advertising),
      advertise("b", true, "to be heard"),
      ask("a", LeSetExtendedScanParameters, extendedScan),
      scan(true, "to hear what legacy commands advertise"),
    ],
  },
  {
    name: "extended connecting",
    steps: [
      set("b", "a legacy PDU", { advertisingEventProperties: legacyConnectable }),
      enable("b", true, [1], "to be connected"),
      ask("a", LeExtendedCreateConnection, ({ addresses }) => ({
        ...extendedConnection,
        peerAddress: addresses.b,
        initiatingPhys: [{ ...initiating, connectionIntervalMax: initiating.connectionIntervalMin }],
      })),
      disconnect("b", 0x13, "after it"),
    ],
  },
  {
    name: "extended connecting without a PHY",
    steps: [ask("a", LeExtendedCreateConnection, { ...extendedConnection, initiatingPhys: [] })],
  },
  {
    name: "periodic advertising",
    steps: [
      set("b", "for periodic advertising"),
      ask(
        "b",
        LeSetPeriodicAdvertisingParameters,
        {
          advertisingHandle: 1,
          periodicAdvertisingIntervalMin: 5,
          periodicAdvertisingIntervalMax: 5,
          periodicAdvertisingProperties: 0,
        },
        "an interval below 7.5 ms",
      ),
      ask("b", LeSetPeriodicAdvertisingParameters, {
        advertisingHandle: 1,
        periodicAdvertisingIntervalMin: 6,
        periodicAdvertisingIntervalMax: 6,
        periodicAdvertisingProperties: 0,
      }),
      ask("b", LeSetPeriodicAdvertisingData, { advertisingHandle: 1, operation: 3, advertisingData: more }),
      ask("b", LeSetPeriodicAdvertisingEnable, { advertisingHandle: 1, enable: 1 }),
      ask("a", LeReadPeriodicAdvertiserListSize, {}),
      ask("a", LeAddDeviceToPeriodicAdvertiserList, ({ addresses }) => ({
        ...sync,
        advertiserAddress: addresses.b,
      })),
      ask(
        "a",
        LeAddDeviceToPeriodicAdvertiserList,
        ({ addresses }) => ({ ...sync, advertiserAddress: addresses.b }),
        "once more",
      ),
      ask("a", LeRemoveDeviceFromPeriodicAdvertiserList, ({ addresses }) => ({
        ...sync,
        advertiserAddress: addresses.b,
      })),
      ask(
        "a",
        LeRemoveDeviceFromPeriodicAdvertiserList,
        ({ addresses }) => ({ ...sync, advertiserAddress: addresses.b }),
        "once more",
      ),
      ask("a", LeClearPeriodicAdvertiserList, {}),
    ],
  },
  {
    name: "periodic advertising without a set",
    steps: [ask("b", LeSetPeriodicAdvertisingEnable, { advertisingHandle: 1, enable: 1 })],
  },
  {
    name: "waiting for a periodic advertiser",
    steps: [
      ask("a", LePeriodicAdvertisingCreateSyncCancel, {}, "nothing to cancel"),
      ask("a", LePeriodicAdvertisingTerminateSync, { syncHandle: 0x0123 }, "of a train that is not there"),
      ask("a", LePeriodicAdvertisingCreateSync, { ...sync, advertiserAddress: 1 }, "to nobody"),
      ask("a", LePeriodicAdvertisingCreateSync, { ...sync, advertiserAddress: 1 }, "once more"),
      ask("a", LePeriodicAdvertisingCreateSyncCancel, {}, "pending"),
    ],
  },
  {
    name: "waiting for a periodic advertiser with a wrong timeout",
    steps: [
      ask(
        "a",
        LePeriodicAdvertisingCreateSync,
        { ...sync, advertiserAddress: 1, syncTimeout: 9 },
        "a timeout below 100 ms",
      ),
    ],
  },
];
