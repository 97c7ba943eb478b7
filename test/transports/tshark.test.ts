import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { concat, fromHex } from "../../src/common/bytes.ts";
import type { Direction } from "../../src/hci/packet.ts";
import {
  type HciPacket,
  type LinkLayerPacket,
  btsnoopFormat,
  pcapHciFormat,
  pcapLinkLayerFormat,
} from "../../transports/capture/index.ts";

const installed = spawnSync("tshark", ["--version"]).status === 0;

const second = Date.UTC(2026, 0, 1) * 1000;
const exchange: [direction: Direction, hex: string, name: string][] = [
  ["hostToController", "01 030c 00", "HCI_Reset"],
  ["controllerToHost", "04 0e 04 01 030c 00", "its Command Complete"],
  ["controllerToHost", "04 3e 0f 02 01 00 01 010000eeffc0 03 020106 c4", "an advertising report"],
  ["hostToController", "02 4000 0700 0300 0400 0a 0300", "an ATT read request"],
  ["controllerToHost", "02 4020 0700 0300 0400 0b 4865", "its response"],
];
const packets: HciPacket[] = exchange.map(([direction, hex], i) => ({
  timestampMicroseconds: second + i * 1_000_001,
  direction,
  packet: fromHex(hex),
}));

let folder: string;

/** One row of fields a packet, as tshark sees the file. */
function tshark(octets: Uint8Array, ...fields: string[]): string[][] {
  const path = join(folder, "capture");
  writeFileSync(path, octets);
  const args = ["-r", path, "-T", "fields", ...fields.flatMap((field) => ["-e", field])];
  const text = execFileSync("tshark", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => line.split("\t").map(plain));
}

/** The value alone: how wide hex is, and whether claims are written 1 or True, differs among tshark's versions. */
function plain(value: string): string {
  if (/^0x[0-9a-f]+$/.test(value)) return `0x${Number(value).toString(16)}`;
  return { True: "1", False: "0" }[value] ?? value;
}

describe.skipIf(!installed)("captures as tshark reads them (skipped where tshark is not installed)", () => {
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "jelling-"));
  });

  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it.each([
    ["btsnoop", btsnoopFormat],
    ["pcap", pcapHciFormat],
  ])("%s has the packets, their directions and times, and nothing malformed", (_, format) => {
    const octets = concat(format.header(), ...packets.map((packet) => format.record(packet)));
    const rows = tshark(
      octets,
      "frame.number",
      "frame.time_epoch",
      "hci_h4.direction",
      "hci_h4.type",
      "bthci_cmd.opcode",
      "bthci_evt.code",
      "bthci_evt.opcode",
      "bthci_evt.bd_addr",
      "btatt.opcode",
      "_ws.malformed",
    );
    expect(rows).toEqual([
      ["1", "1767225600.000000000", "0x0", "0x1", "0xc03", "", "", "", "", ""],
      ["2", "1767225601.000001000", "0x1", "0x4", "", "0xe", "0xc03", "", "", ""],
      ["3", "1767225602.000002000", "0x1", "0x4", "", "0x3e", "", "c0:ff:ee:00:00:01", "", ""],
      ["4", "1767225603.000003000", "0x0", "0x2", "", "", "", "", "0xa", ""],
      ["5", "1767225604.000004000", "0x1", "0x2", "", "", "", "", "0xb", ""],
    ]);
  });

  it("link-layer pcap has the packets and how they were heard", () => {
    const heard: LinkLayerPacket[] = [
      {
        timestampMicroseconds: second,
        packet: fromHex("d6be898e 4009 010000eeffc0 020106 000000"),
        channel: 38,
        rssi: -60,
        crcValid: true,
      },
      {
        timestampMicroseconds: second + 1,
        packet: fromHex("11223344 0200 000000"),
        channel: 11,
        phy: "2M",
        direction: "peripheralToCentral",
        decrypted: true,
        crcValid: true,
      },
    ];
    const octets = concat(
      pcapLinkLayerFormat.header(),
      ...heard.map((packet) => pcapLinkLayerFormat.record(packet)),
    );
    const rows = tshark(
      octets,
      "btle.access_address",
      "btle_rf.channel",
      "btle_rf.signal_dbm",
      "btle_rf.pdu_type",
      "btle_rf.phy",
      "btle_rf.flags.crc_valid",
      "btle_rf.flags.decrypted",
      "btle.advertising_address",
    );
    expect(rows).toEqual([
      ["0x8e89bed6", "12", "-60", "0", "0", "1", "0", "c0:ff:ee:00:00:01"],
      ["0x44332211", "13", "", "3", "1", "1", "1", ""],
    ]);
  });
});
