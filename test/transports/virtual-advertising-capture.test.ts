import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { concat, noOctets, toHex } from "../../src/common/bytes.ts";
import { LeExtendedCreateConnection } from "../../src/hci/commands/le-extended-connection.ts";
import { LeSetExtendedScanEnable } from "../../src/hci/commands/le-extended-scanning.ts";
import {
  LeSetPeriodicAdvertisingData,
  LeSetPeriodicAdvertisingEnable,
  LeSetPeriodicAdvertisingParameters,
} from "../../src/hci/commands/le-periodic-advertising.ts";
import { LePeriodicAdvertisingCreateSync } from "../../src/hci/commands/le-periodic-sync.ts";
import { LeConnectionComplete } from "../../src/hci/events/le-connection.ts";
import {
  type ExtendedHeader,
  extendedPdu,
  legacyPdu,
  PduType,
  roomBehind,
} from "../../transports/virtual/advertising-pdu.ts";
import { activeScan, enableSet, extendedConnection, makeSet, scanExtended } from "../support/raw-extended.ts";
import { RawPair } from "../support/raw-pair.ts";

const octets = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i);
/** Advertising data of any length that is in order: manufacturer specific, in structures of at most 30 octets. */
const structures = (length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => {
    const size = Math.min(30, length - (i - (i % 30)));
    return i % 30 === 0 ? size - 1 : i % 30 === 1 ? 0xff : i;
  });
const from = { type: 1, value: 0xc0_11_22_33_44_55 };
const to = { type: 0, value: 0x0a_0b_0c_0d_0e_0f };
const data = Uint8Array.of(2, 1, 6);

describe("advertising PDUs (Vol 6, Part B, 2.3)", () => {
  const legacy: [string, Uint8Array, string][] = [
    [
      "ADV_IND with ChSel",
      legacyPdu(PduType.AdvInd, from, undefined, data, true),
      "60 09 554433 2211c0 020106",
    ],
    [
      "ADV_DIRECT_IND",
      legacyPdu(PduType.AdvDirectInd, from, to, noOctets),
      "41 0c 5544332211c0 0f0e0d0c0b0a",
    ],
    ["ADV_NONCONN_IND", legacyPdu(PduType.AdvNonconnInd, to, undefined, data), "02 09 0f0e0d0c0b0a 020106"],
    ["SCAN_REQ", legacyPdu(PduType.ScanReq, to, from, noOctets), "83 0c 0f0e0d0c0b0a 5544332211c0"],
    ["SCAN_RSP", legacyPdu(PduType.ScanRsp, from, undefined, data), "44 09 5544332211c0 020106"],
  ];
  it.each(legacy)("%s", (_, pdu, hex) => {
    expect(toHex(pdu)).toBe(hex.replaceAll(" ", ""));
  });

  const auxPtr = { channel: 10, offset: 0x0102, phy: 2 };
  const identity = { accessAddress: 0x8e89_bed7, crcInit: 0x123456, hopIncrement: 5 };
  const syncInfo = { offset: 0x0123, interval: 0x0050, identity, eventCounter: 0x4321 };
  const extended: [string, ExtendedHeader, string][] = [
    ["ADV_EXT_IND", { mode: 1, adi: 0x5001, auxPtr }, "07 07 46 18 0150 0a 0221"],
    ["AUX_ADV_IND", { mode: 0, advA: from, adi: 0x5001, txPower: -2 }, "47 0b 0a 49 5544332211c0 0150 fe"],
    ["directed", { mode: 0, targetA: to, advA: from }, "47 0e 0d 03 5544332211c0 0f0e0d0c0b0a"],
    ["with SyncInfo", { mode: 0, syncInfo }, "07 14 13 20 2301 5000 ffffffff1f d7be898e 563412 2143"],
    ["AUX_SYNC_IND without anything", { mode: 0 }, "07 01 00"],
  ];
  it.each(extended)("%s (2.3.4)", (_, header, hex) => {
    expect(toHex(extendedPdu(header, noOctets))).toBe(hex.replaceAll(" ", ""));
    const room = roomBehind(header);
    expect(extendedPdu(header, octets(room))[1], "as much as a PDU can hold").toBe(255);
  });
});

/** Everything that can be on the advertising channels, once or several times. */
function record(timing: "instant" | "air"): Uint8Array {
  const pair = new RawPair({}, {}, { timing });
  const { a, b, clock } = pair;
  const written: Uint8Array[] = [];
  pair.air.capture((piece) => written.push(piece));
  makeSet(
    b.host,
    { advertisingHandle: 0, advertisingEventProperties: 0x13 },
    { advertising: data, response: data },
  );
  makeSet(b.host, { advertisingHandle: 1 }, { advertising: structures(1650) });
  makeSet(
    b.host,
    { advertisingHandle: 2, advertisingEventProperties: 0x02, advertisingSid: 2 },
    { response: structures(600) },
  );
  makeSet(b.host, {
    advertisingHandle: 3,
    advertisingEventProperties: 0x24,
    advertisingSid: 3,
    peerAddress: a.address,
  });
  const interval = { periodicAdvertisingIntervalMin: 0x50, periodicAdvertisingIntervalMax: 0x50 };
  b.host.ask(LeSetPeriodicAdvertisingParameters, {
    advertisingHandle: 1,
    ...interval,
    periodicAdvertisingProperties: 0x40,
  });
  b.host.ask(LeSetPeriodicAdvertisingData, {
    advertisingHandle: 1,
    operation: 3,
    advertisingData: structures(252),
  });
  b.host.ask(LeSetPeriodicAdvertisingEnable, { advertisingHandle: 1, enable: 3 });
  for (const handle of [0, 1, 2, 3]) enableSet(b.host, handle);
  a.host.ask(LePeriodicAdvertisingCreateSync, {
    options: 0,
    advertisingSid: 5,
    advertiserAddressType: 0,
    advertiserAddress: b.address,
    skip: 0,
    syncTimeout: 100,
    syncCteType: 0,
  });
  scanExtended(a.host, activeScan);
  clock.advanceSync(1000);
  a.host.ask(LeSetExtendedScanEnable, { enable: false, filterDuplicates: 0, duration: 0, period: 0 });
  a.host.ask(LeExtendedCreateConnection, { ...extendedConnection, peerAddress: b.address });
  clock.advanceSync(1000);
  expect(a.host.takeOne(LeConnectionComplete).status).toBe(0);
  return concat(...written);
}

describe.skipIf(spawnSync("tshark", ["--version"]).status !== 0)(
  "advertising as tshark reads its capture (skipped where tshark is not installed)",
  () => {
    it.each(["instant", "air"] as const)("nothing is malformed, and every kind is there: %s", (timing) => {
      const folder = mkdtempSync(join(tmpdir(), "jelling-"));
      try {
        const path = join(folder, "advertising.pcap");
        writeFileSync(path, record(timing));
        const fields = [
          "btle.advertising_header.pdu_type",
          "_ws.malformed",
          "btle.crc.incorrect",
          "btle.access_address",
        ];
        const args = ["-r", path, "-T", "fields", ...fields.flatMap((field) => ["-e", field])];
        const text = execFileSync("tshark", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
        const rows = text
          .split("\n")
          .slice(0, -1)
          .map((line) => line.split("\t"));
        expect(rows.filter(([, malformed]) => malformed)).toEqual([]);
        // tshark 4.0 checks trains with the CRCInit of the advertising channels, not with that of their SyncInfo.
        const wrong = rows.filter(([, , crc, address]) => crc && address === "0x8e89bed6");
        expect(wrong).toEqual([]);
        const types = new Set(rows.map(([type]) => Number(type ?? "")));
        for (const type of [PduType.AdvInd, PduType.ScanReq, PduType.ScanRsp, 5, PduType.Extended]) {
          expect(types).toContain(type);
        }
        expect(new Set(rows.map(([, , , address]) => address)).size).toBeGreaterThanOrEqual(2);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  },
);
