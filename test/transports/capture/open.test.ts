import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { concat, fromHex } from "../../../src/common/bytes.ts";
import {
  CaptureError,
  type CaptureRecord,
  btsnoopFormat,
  readCapture,
  readCaptureFile,
} from "../../../transports/capture/index.ts";
import { runs } from "../../support/runs.ts";

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "jelling-"));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

const beginnings: [name: string, hex: string][] = [
  ["nothing", ""],
  ["btsnoop, HCI", "62 74 73 6e 6f 6f 70 00 00000001 000003e9"],
  ["btsnoop, H4", "62 74 73 6e 6f 6f 70 00 00000001 000003ea"],
  ["btsnoop, monitor", "62 74 73 6e 6f 6f 70 00 00000001 000007d1"],
  ...["bb00", "c900", "fb00", "fe00", "0001", "1001"].map((linkType): [string, string] => [
    `pcap, link type ${linkType}`,
    `d4c3b2a1 0200 0400 00000000 00000000 00000400 ${linkType}0000`,
  ]),
  [
    "pcapng",
    "0a0d0d0a 1c000000 4d3c2b1a 0100 0000 ffffffffffffffff 1c000000 01000000 14000000 00010000 00000000 14000000",
  ],
];

/** Everything up to the fault, and the fault. */
function outcome(records: Iterable<CaptureRecord>): { found: CaptureRecord[]; fault: unknown } {
  const found: CaptureRecord[] = [];
  try {
    for (const record of records) found.push(record);
    return { found, fault: undefined };
  } catch (fault) {
    return { found, fault };
  }
}

describe("readCapture", () => {
  // Small numbers, so that lengths are sometimes believable.
  const octet = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 32 }), fc.integer({ min: 0, max: 255 }));
  const octets = fc.array(octet, { maxLength: 200 }).map((array) => Uint8Array.from(array));

  it.each(beginnings)("makes records or one CaptureError of any octets behind %s, nothing else", (_, hex) => {
    const start = fromHex(hex);
    fc.assert(
      fc.property(octets, (rest) => {
        const { found, fault } = outcome(readCapture(concat(start, rest)));
        if (fault !== undefined) expect(fault).toBeInstanceOf(CaptureError);
        expect(found.every(({ packet, originalLength }) => packet.length <= originalLength)).toBe(true);
        expect(found.every(({ timestampMicroseconds }) => Number.isInteger(timestampMicroseconds))).toBe(
          true,
        );
      }),
      runs,
    );
  });

  it("names what it can read when a file is none of it", () => {
    expect(() => [...readCapture(fromHex("89504e47 0d0a1a0a 00"))]).toThrow(
      new CaptureError(
        "capture",
        0,
        "the file begins with 89 50 4e 47 0d 0a 1a 0a; btsnoop, pcap and pcapng can be read",
      ),
    );
    expect(() => [...readCapture(new Uint8Array(0))]).toThrow(
      new CaptureError("capture", 0, "the file is empty; btsnoop, pcap and pcapng can be read"),
    );
  });

  it("gives plain octets even of a Buffer, so that slice() copies", () => {
    const direction = "controllerToHost";
    const record = btsnoopFormat.record({ timestampMicroseconds: 0, direction, packet: fromHex("040f00") });
    const [found] = readCapture(Buffer.concat([btsnoopFormat.header(), record]));
    expect(found?.packet.constructor).toBe(Uint8Array);
  });
});

describe("readCaptureFile", () => {
  /** A capture of 300 000 octets, its packets of all sizes, so that they straddle every chunk. */
  function large(): Uint8Array {
    const parts = [btsnoopFormat.header()];
    for (let i = 0; i < 1000; i++) {
      const packet = new Uint8Array(5 + ((i * 7919) % 500)).fill(i);
      packet[0] = 2;
      parts.push(btsnoopFormat.record({ timestampMicroseconds: i, direction: "controllerToHost", packet }));
    }
    return concat(...parts);
  }

  it("reads from disk, chunk by chunk, what readCapture reads from memory", () => {
    const path = join(folder, "large.btsnoop");
    const octets = large();
    writeFileSync(path, octets);
    const found = [...readCaptureFile(path)];
    expect(found).toHaveLength(1000);
    expect(found).toEqual([...readCapture(octets)]);
  });

  it("finds the same fault at the same octet", () => {
    const path = join(folder, "short.btsnoop");
    const octets = large().subarray(0, -1);
    writeFileSync(path, octets);
    const fromDisk = outcome(readCaptureFile(path));
    expect(fromDisk).toEqual(outcome(readCapture(octets)));
    expect(fromDisk.found).toHaveLength(999);
    expect(fromDisk.fault).toBeInstanceOf(CaptureError);
  });

  it.each(beginnings)("agrees with readCapture on any octets behind %s", (_, hex) => {
    const path = join(folder, "any");
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (rest) => {
        const octets = concat(fromHex(hex), rest);
        writeFileSync(path, octets);
        expect(outcome(readCaptureFile(path))).toEqual(outcome(readCapture(octets)));
      }),
      { numRuns: Math.min(runs.numRuns, 50) },
    );
  });

  it("asks for no memory that the file does not need", () => {
    const path = join(folder, "claims.btsnoop");
    const most = "00040000 00040000 00000000 00000000 0000000000000000";
    writeFileSync(path, fromHex(`62 74 73 6e 6f 6f 70 00 00000001 000003ea ${most}`));
    const before = process.memoryUsage().arrayBuffers;
    expect(outcome(readCaptureFile(path)).fault).toBeInstanceOf(CaptureError);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2_000_000);
  });

  it("passes on what the operating system says against opening the file", () => {
    expect(() => [...readCaptureFile(join(folder, "absent"))]).toThrow(/ENOENT.*absent/);
  });
});
