import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { concat, fromHex } from "../../src/common/bytes.ts";
import { Disconnect, ReadRemoteVersionInformation } from "../../src/hci/commands/link-control.ts";
import {
  LeConnectionUpdate,
  LeReadRemoteFeatures,
  LeRequestPeerSca,
  LeSetDataLength,
  LeSetHostChannelClassification,
  LeSetPhy,
} from "../../src/hci/commands/le-connection.ts";
import { LeReadRemoteTransmitPowerLevel } from "../../src/hci/commands/le-power.ts";
import type { VirtualAirOptions } from "../../transports/virtual/index.ts";
import { crc24 } from "../../transports/virtual/crc24.ts";
import { dataChannel, dataChannel2, isChannelMap } from "../../transports/virtual/data-channel.ts";
import { isAccessAddress } from "../../transports/virtual/link-identity.ts";
import { RawPair } from "../support/raw-pair.ts";

const timings: readonly VirtualAirOptions[] = [{ timing: "instant" }, { timing: "air" }];

/** What happens on the air of a link with every procedure, and data both ways. */
function captured(timing: VirtualAirOptions): { file: Uint8Array; records: number } {
  const pair = new RawPair({}, {}, timing);
  const parts: Uint8Array[] = [];
  const capture = pair.air.capture((octets) => parts.push(octets));
  const { a, b } = pair.connect();
  const [central, peripheral] = [pair.a.host, pair.b.host];
  const wish = { maxLatency: 0, supervisionTimeout: 100, minCeLength: 0, maxCeLength: 0 };
  const update = { connectionIntervalMin: 8, connectionIntervalMax: 8, ...wish };
  const phys = { allPhys: 0, txPhys: 4, rxPhys: 2, phyOptions: 0 };
  central.ask(ReadRemoteVersionInformation, { connectionHandle: a });
  central.ask(LeReadRemoteFeatures, { connectionHandle: a });
  peripheral.ask(LeReadRemoteFeatures, { connectionHandle: b });
  central.ask(LeSetDataLength, { connectionHandle: a, txOctets: 251, txTime: 2120 });
  pair.clock.advanceSync(1000);
  central.sendData(a, concat(fromHex("3c 00 40 00"), new Uint8Array(60)));
  peripheral.sendData(b, concat(fromHex("38 00 40 00"), new Uint8Array(56)));
  pair.clock.advanceSync(1000);
  central.ask(LeSetPhy, { connectionHandle: a, ...phys });
  central.ask(LeConnectionUpdate, { connectionHandle: a, ...update });
  central.ask(LeRequestPeerSca, { connectionHandle: a });
  central.ask(LeReadRemoteTransmitPowerLevel, { connectionHandle: a, phy: 1 });
  central.ask(LeSetHostChannelClassification, { channelMap: fromHex("00ff00ff00") });
  pair.clock.advanceSync(5000);
  peripheral.ask(LeConnectionUpdate, { connectionHandle: b, ...update });
  peripheral.sendData(b, fromHex("03 00 40 00 1b 03 00"));
  pair.clock.advanceSync(1000);
  central.ask(Disconnect, { connectionHandle: a, reason: 0x13 });
  pair.clock.advanceSync(1000);
  capture[Symbol.dispose]();
  return { file: concat(...parts), records: parts.length - 1 };
}

function tshark(file: Uint8Array, ...options: string[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), "jelling-air-"));
  try {
    const path = join(folder, "air.pcap");
    writeFileSync(path, file);
    const text = execFileSync("tshark", ["-r", path, ...options], { encoding: "utf8", maxBuffer: 1 << 28 });
    return text.split("\n").filter((line) => line !== "");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The same as LINKTYPE_BLUETOOTH_LE_LL, without the packets on LE Coded, which that does not know. */
function withoutPseudoHeaders(file: Uint8Array): Uint8Array {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  const header = file.slice(0, 24);
  header.set([251, 0], 20);
  const parts = [header];
  for (let at = 24; at < file.length;) {
    const size = view.getUint32(at + 8, true);
    const packet = file.subarray(at + 26, at + 16 + size);
    const head = file.slice(at, at + 16);
    for (const place of [8, 12]) new DataView(head.buffer).setUint32(place, packet.length, true);
    if (view.getUint16(at + 24, true) >> 14 !== 2)
      parts.push(concat(head, packet) as Uint8Array<ArrayBuffer>);
    at += 16 + size;
  }
  return concat(...parts);
}

const hasTshark = ((): boolean => {
  try {
    execFileSync("tshark", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

describe.skipIf(!hasTshark).each(timings)(
  "virtual air, timing $timing: capture, as tshark reads it",
  (timing) => {
    const { file, records } = captured(timing);

    it("has as many packets as were written, none malformed, nothing that an expert would note", () => {
      const lines = tshark(
        file,
        "-T",
        "fields",
        "-e",
        "frame.number",
        "-e",
        "_ws.malformed",
        "-e",
        "_ws.expert",
      );
      expect(lines).toHaveLength(records);
      expect(
        lines.filter((line) =>
          line
            .split("\t")
            .slice(1)
            .some((field) => field !== ""),
        ),
      ).toEqual([]);
    });

    it("has the right CRC, which tshark computes for advertising without a pseudo-header (Vol 6, Part B, 3.1.1)", () => {
      const bare = withoutPseudoHeaders(file);
      const advertising = tshark(bare, "-Y", "btle.access_address == 0x8e89bed6 && !btle.crc.indeterminate");
      expect(advertising.length).toBeGreaterThan(1);
      expect(tshark(bare, "-Y", "btle.crc.incorrect")).toEqual([]);
      bare[24 + 16 + 4]! ^= 0x40; // TxAdd of the first packet
      expect(tshark(bare, "-Y", "btle.crc.incorrect")).toHaveLength(1);
    });

    it("has every control PDU of the procedures (Vol 6, Part B, 2.4.2)", () => {
      const opcodes = tshark(file, "-Y", "btle.control_opcode", "-T", "fields", "-e", "btle.control_opcode");
      const expected = [
        0x00, 0x01, 0x02, 0x08, 0x09, 0x0c, 0x0e, 0x0f, 0x14, 0x15, 0x16, 0x17, 0x18, 0x1d, 0x1e, 0x23, 0x24,
      ];
      expect([...new Set(opcodes.map(Number))].sort((x, y) => x - y)).toEqual(expected);
    });

    it("has the L2CAP PDUs, put together from their parts", () => {
      const l2cap = tshark(file, "-Y", "btl2cap.length", "-T", "fields", "-e", "btl2cap.length");
      expect(l2cap).toEqual(["60", "56", "3"]);
    });

    it("has one CONNECT_IND and the LL_TERMINATE_IND last of all that is not empty", () => {
      expect(tshark(file, "-Y", "btle.advertising_header.pdu_type == 5")).toHaveLength(1);
      const control = tshark(file, "-Y", "btle.length > 0", "-T", "fields", "-e", "btle.control_opcode");
      expect(Number(control.at(-1))).toBe(2);
    });
  },
);

describe("what a capture is made of", () => {
  it("the CRC, as the shift register of the specification makes it, bit by bit (Vol 6, Part B, 3.1.1)", () => {
    const register = (initial: number, pdu: Uint8Array): number => {
      let state = initial; // position 0 in bit 0
      for (const octet of pdu) {
        for (let bit = 0; bit < 8; bit++) {
          const feedback = ((state >>> 23) ^ (octet >>> bit)) & 1;
          state = (state << 1) & 0xffffff;
          if (feedback) state ^= 0b110_0101_1011; // x^10 + x^9 + x^6 + x^4 + x^3 + x + 1
        }
      }
      // Position 23 goes first, and so is the lowest bit of the first octet.
      let sent = 0;
      for (let bit = 0; bit < 24; bit++) if ((state >>> (23 - bit)) & 1) sent |= 1 << bit;
      return sent;
    };
    for (const [initial, hex] of [
      [0x555555, "4009c0ee0000020102"],
      [0x123456, "0100"],
      [0, "02ffff00"],
    ] as const) {
      const pdu = fromHex(hex);
      expect(crc24(initial, concat(fromHex("ffff"), pdu), 2, 2 + pdu.length)).toBe(register(initial, pdu));
    }
  });

  it("channels by algorithm #1 (Vol 6, Part B, 4.5.8.2)", () => {
    const all = fromHex("ffffffff1f");
    expect([0, 1, 2, 3, 4].map((event) => dataChannel(event, 7, all))).toEqual([7, 14, 21, 28, 35]);
    expect(dataChannel(5, 7, all)).toBe(5);
    // Channels 9, 10, 21, 22 and 23: the unmapped 7 becomes the one at 7 mod 5.
    expect(dataChannel(0, 7, fromHex("0006e00000"))).toBe(21);
  });

  it("channels by algorithm #2, of the sample data (Vol 6, Part C, 3)", () => {
    const of = (event: number, map: string): number => dataChannel2(event, 0x8e89bed6, fromHex(map));
    expect([1, 2, 3].map((event) => of(event, "ffffffff1f"))).toEqual([20, 6, 21]);
    expect([6, 7, 8].map((event) => of(event, "0006e0001e"))).toEqual([23, 9, 34]);
  });

  it("channel maps name two data channels at least (Vol 6, Part B, 4.5.8.1)", () => {
    const maps = ["ffffffff1f", "0300000000", "0100000000", "0000000000", "ffffffff3f"];
    expect(maps.map((map) => isChannelMap(fromHex(map)))).toEqual([true, true, false, false, false]);
  });

  it("access addresses that receivers can find their way by (Vol 6, Part B, 2.1.2)", () => {
    const good = [0x50654b9a, 0xaf9a8e42];
    const bad = [
      0x8e89bed6, 0x8e89bed7, 0x55555555, 0x00000000, 0xffffffff, 0x50ffb9a4, 0x01654b9a, 0xaaaaaa96,
    ];
    expect(good.map(isAccessAddress)).toEqual(good.map(() => true));
    expect(bad.map(isAccessAddress)).toEqual(bad.map(() => false));
  });
});
