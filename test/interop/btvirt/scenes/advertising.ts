import { fromHex } from "../../../../src/common/bytes.ts";
import {
  LeReadAdvertisingPhysicalChannelTxPower,
  LeSetAdvertisingData,
  LeSetAdvertisingEnable,
  LeSetAdvertisingParameters,
  type LeSetAdvertisingParametersParameters,
  LeSetScanResponseData,
} from "../../../../src/hci/commands/le-advertising.ts";
import {
  LeAddDeviceToFilterAcceptList,
  LeClearFilterAcceptList,
} from "../../../../src/hci/commands/le-filter-accept-list.ts";
import {
  LeSetScanEnable,
  LeSetScanParameters,
  type LeSetScanParametersParameters,
} from "../../../../src/hci/commands/le-scanning.ts";
import { LeSetRandomAddress } from "../../../../src/hci/commands/le-controller.ts";
import { advertising } from "../../../support/raw-pair.ts";
import type { Seat } from "../rig.ts";
import { ask, raw, type Script, type Step } from "../script.ts";

const scanning: LeSetScanParametersParameters = {
  scanType: 1,
  scanInterval: 0x10,
  scanWindow: 0x10,
  ownAddressType: 0,
  scanningFilterPolicy: 0,
};

const name = fromHex("020106 0409 616263");
const more = fromHex("03030f18");

function parameters(what: string, changes: Partial<LeSetAdvertisingParametersParameters>): Step {
  return ask("a", LeSetAdvertisingParameters, { ...advertising, ...changes }, what);
}

function scanParameters(what: string, changes: Partial<LeSetScanParametersParameters>): Step {
  return ask("a", LeSetScanParameters, { ...scanning, ...changes }, what);
}

/** Advertising on or off. */
export function advertise(seat: Seat, on: boolean, what: string): Step {
  return ask(seat, LeSetAdvertisingEnable, { advertisingEnable: on }, what);
}

/** Scanning on or off, each device once. */
export function scan(seat: Seat, on: boolean, what: string): Step {
  return ask(seat, LeSetScanEnable, { enable: on, filterDuplicates: true }, what);
}

/** One scan of an advertiser of a type. */
function heard(type: number, what: string, changes: Partial<LeSetAdvertisingParametersParameters>): Step[] {
  return [
    ask("b", LeSetAdvertisingParameters, { ...advertising, advertisingType: type, ...changes }, what),
    advertise("b", true, what),
    scan("a", true, `to hear ${what}`),
    scan("a", false, `after ${what}`),
    advertise("b", false, what),
  ];
}

/** Legacy advertising and scanning. */
export const advertisingScripts: readonly Script[] = [
  {
    name: "advertising parameters",
    steps: [
      parameters("in order", {}),
      parameters("an interval below 20 ms", { advertisingIntervalMin: 0x1f }),
      parameters("an interval above 10.24 s", { advertisingIntervalMax: 0x4001 }),
      parameters("an interval from more to less", { advertisingIntervalMin: 0xa1 }),
      parameters("a type that is not there", { advertisingType: 5 }),
      parameters("an own address type that is not there", { ownAddressType: 4 }),
      parameters("a peer address type that is not there", { advertisingType: 1, peerAddressType: 2 }),
      parameters("no channel", { advertisingChannelMap: 0 }),
      parameters("a channel that is not there", { advertisingChannelMap: 8 }),
      parameters("a filter policy that is not there", { advertisingFilterPolicy: 4 }),
      parameters("high duty cycle, whose intervals do not count", {
        advertisingType: 1,
        advertisingIntervalMin: 0,
        advertisingIntervalMax: 0,
      }),
      parameters("in order again", {}),
      ask("a", LeReadAdvertisingPhysicalChannelTxPower, {}),
      raw("a", 0x2008, [32, ...new Array<number>(31).fill(0)], "LE Set Advertising Data, 32 octets of 31"),
      ask("a", LeSetAdvertisingData, { advertisingData: name }),
      raw("a", 0x200a, [2], "LE Set Advertising Enable, neither on nor off"),
      advertise("a", true, "on"),
      parameters("while advertising", {}),
      ask("a", LeSetAdvertisingData, { advertisingData: more }, "while advertising"),
      advertise("a", true, "on again"),
      advertise("a", false, "off"),
      advertise("a", false, "off again"),
      parameters("from a random address", { ownAddressType: 1 }),
      advertise("a", true, "from a random address that is not set"),
    ],
  },
  {
    name: "scan parameters",
    steps: [
      scanParameters("in order", {}),
      scanParameters("a type that is not there", { scanType: 2 }),
      scanParameters("an interval below 2.5 ms", { scanInterval: 3, scanWindow: 3 }),
      scanParameters("an interval above 10.24 s", { scanInterval: 0x4001 }),
      scanParameters("a window longer than the interval", { scanWindow: 0x11 }),
      scanParameters("an own address type that is not there", { ownAddressType: 4 }),
      scanParameters("a filter policy that is not there", { scanningFilterPolicy: 4 }),
      raw("a", 0x200c, [2, 0], "LE Set Scan Enable, neither on nor off"),
      scan("a", true, "on"),
      scanParameters("while scanning", {}),
      scan("a", true, "on again"),
      scan("a", false, "off"),
      scan("a", false, "off again"),
      scanParameters("from a random address", { ownAddressType: 1 }),
      scan("a", true, "from a random address that is not set"),
    ],
  },
  {
    name: "being heard",
    steps: [
      ask("b", LeSetAdvertisingData, { advertisingData: name }),
      ask("b", LeSetScanResponseData, { scanResponseData: more }),
      scanParameters("active", {}),
      ...heard(0, "connectable", {}),
      ...heard(2, "scannable", {}),
      ...heard(3, "non-connectable", {}),
      ...heard(4, "directed at somebody else", { peerAddress: 1 }),
      scanParameters("passive", { scanType: 0 }),
      ...heard(0, "connectable, once more", {}),
      ask("b", LeSetRandomAddress, { randomAddress: 0xc000_0000_000b }),
      ...heard(0, "with a random address", { ownAddressType: 1 }),
    ],
  },
  {
    name: "filter policies of a scanner",
    steps: [
      scanParameters("filtering", { scanningFilterPolicy: 1 }),
      ...heard(3, "not listed", {}),
      ask("a", LeAddDeviceToFilterAcceptList, ({ addresses }) => ({ addressType: 0, address: addresses.b })),
      ...heard(3, "listed", {}),
      scan("a", true, "filtering"),
      ask("a", LeClearFilterAcceptList, {}, "while it filters"),
    ],
  },
];
