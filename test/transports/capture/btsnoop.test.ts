import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concat, fromHex } from "../../../src/common/bytes.ts";
import {
  CaptureError,
  type HciPacket,
  btsnoopFormat,
  readCapture,
} from "../../../transports/capture/index.ts";
import { runs } from "../../support/runs.ts";

const header = (dataLink: string): string => `62 74 73 6e 6f 6f 70 00 00000001 ${dataLink}`;
const h1 = header("000003e9");
const h4 = header("000003ea");
const monitor = header("000007d1");

/** 2026-01-01 00:00:00.000001 UTC, in microseconds since the year 0. */
const time = "00e324fb554fc001";
const microseconds = Date.UTC(2026, 0, 1) * 1000 + 1;

const record = (flags: string, octets: string, original?: string): string => {
  const size = (fromHex(octets).length + 0x1_0000_0000).toString(16).slice(1);
  return `${original ?? size} ${size} ${flags} 00000000 ${time} ${octets}`;
};

const read = (...parts: string[]) => [...readCapture(fromHex(parts.join("")))];

describe("reading btsnoop", () => {
  it("gives an HCI packet with its number, time and direction", () => {
    expect(read(h4, record("00000002", "01030c00"))).toEqual([
      {
        kind: "hci",
        number: 1,
        timestampMicroseconds: microseconds,
        direction: "hostToController",
        controller: undefined,
        packet: fromHex("01030c00"),
        originalLength: 4,
      },
    ]);
  });

  const directions: [name: string, flags: string, octets: string, direction: string][] = [
    ["ACL data sent", "00000000", "02400000 00", "hostToController"],
    ["ACL data received", "00000001", "02400000 00", "controllerToHost"],
    ["an event", "00000003", "04 0f 00", "controllerToHost"],
    ["ISO data received", "00000001", "05 6000 0000", "controllerToHost"],
  ];
  it.each(directions)("takes the direction of %s from the flags", (_, flags, octets, direction) => {
    expect(read(h4, record(flags, octets))).toMatchObject([{ direction, packet: fromHex(octets) }]);
  });

  it("reads packets cut short, and tells how long they were", () => {
    expect(read(h4, record("00000000", "02400010", "0000001d"))).toMatchObject([
      { packet: fromHex("02400010"), originalLength: 29 },
    ]);
  });

  const bare: [name: string, flags: string, octets: string, packet: string][] = [
    ["a command", "00000002", "030c00", "01030c00"],
    ["an event", "00000003", "0f00", "040f00"],
    ["ACL data", "00000001", "40000000", "0240000000"],
  ];
  it.each(bare)(
    "puts the packet type in front of %s where data link 1001 leaves it out",
    (_, flags, octets, packet) => {
      const original = fromHex(packet).length;
      expect(read(h1, record(flags, octets))).toMatchObject([
        { packet: fromHex(packet), originalLength: original },
      ]);
    },
  );

  const opcodes: [opcode: string, type: string, direction: string][] = [
    ["0002", "01", "hostToController"],
    ["0003", "04", "controllerToHost"],
    ["0004", "02", "hostToController"],
    ["0005", "02", "controllerToHost"],
    ["0006", "03", "hostToController"],
    ["0007", "03", "controllerToHost"],
    ["0012", "05", "hostToController"],
    ["0013", "05", "controllerToHost"],
  ];
  it.each(opcodes)("knows monitor opcode %s as packet type %s, %s", (opcode, type, direction) => {
    expect(read(monitor, record(`0001${opcode}`, "aabb"))).toMatchObject([
      { controller: 1, direction, packet: fromHex(`${type} aabb`) },
    ]);
  });

  it("passes over the monitor's news of controllers, and counts them", () => {
    const news = record("00000000", "00 01 060504030201 6863693000000000");
    const note = record("ffff000c", "4c696e757800");
    expect(read(monitor, news, note, record("00000002", "030c00"))).toMatchObject([
      { number: 3, packet: fromHex("01030c00") },
    ]);
  });

  const damaged: [name: string, hex: string, offset: number, message: string][] = [
    [
      "a file header cut short",
      "62 74 73 6e 6f 6f 70 00 0000",
      0,
      "the file header has 16 octets, but the file ends after 10",
    ],
    ["version 2", "62 74 73 6e 6f 6f 70 00 00000002 000003ea", 8, "version 2, where only 1 is known"],
    [
      "another data link",
      header("000003eb"),
      12,
      "data link 1003; 1001 (HCI), 1002 (H4) and 2001 (monitor) can be read",
    ],
    ["a record header cut short", `${h4} 00000004`, 16, "the file ends in the header of record 1"],
    [
      "a record cut short",
      `${h4} ${record("00000002", "01030c00")}`.slice(0, -2),
      16,
      "record 1 has 4 octets, but the file ends after 3",
    ],
    [
      "a record without its packet",
      `${h4} 00000004 00000004 00000002 00000000 ${time}`,
      16,
      "record 1 has 4 octets, but the file ends",
    ],
    [
      "a record of 4 GiB",
      `${h4} ffffffff ffffffff 00000000 00000000 ${time} 01`,
      16,
      "record 1 claims 4294967295 octets, more than any packet has",
    ],
  ];
  it.each(damaged)("tells where and why it stops at %s", (_, hex, offset, message) => {
    expect(() => read(hex)).toThrow(new CaptureError("btsnoop", offset, message));
  });

  it("gives every record in front of the damage first", () => {
    const records = readCapture(fromHex([h4, record("00000002", "01030c00"), "00000004"].join("")));
    expect(records.next().value).toMatchObject({ number: 1 });
    expect(() => records.next()).toThrow(
      new CaptureError("btsnoop", 44, "the file ends in the header of record 2"),
    );
  });

  it("keeps damaged time stamps within what a Date can hold", () => {
    for (const stamp of ["7fffffffffffffff", "8000000000000000"]) {
      const [found] = read(h4, `00000003 00000003 00000003 00000000 ${stamp} 040f00`);
      expect(new Date(found!.timestampMicroseconds / 1000).toISOString()).toMatch(/^[+-]27\d{4}-/);
    }
  });
});

describe("writing btsnoop", () => {
  it("writes the octets that the format prescribes", () => {
    const packet: HciPacket = {
      timestampMicroseconds: microseconds,
      direction: "hostToController",
      packet: fromHex("01030c00"),
    };
    expect(btsnoopFormat.header()).toEqual(fromHex(h4));
    expect(btsnoopFormat.record(packet)).toEqual(fromHex(record("00000002", "01030c00")));
    const event: HciPacket = { ...packet, direction: "controllerToHost", packet: fromHex("040f00") };
    expect(btsnoopFormat.record(event)).toEqual(fromHex(record("00000003", "040f00")));
    const data: HciPacket = { ...event, packet: fromHex("0240000000") };
    expect(btsnoopFormat.record(data)).toEqual(fromHex(record("00000001", "0240000000")));
  });

  it("is read as what was written", () => {
    const packet = fc.record(
      {
        timestampMicroseconds: fc.integer({ min: 0, max: 4e15 }),
        direction: fc.constantFrom("hostToController" as const, "controllerToHost" as const),
        packet: fc.uint8Array({ minLength: 1, maxLength: 300 }),
      },
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(fc.array(packet), (packets) => {
        const file = concat(btsnoopFormat.header(), ...packets.map((each) => btsnoopFormat.record(each)));
        expect([...readCapture(file)]).toEqual(
          packets.map((each, i) => ({
            kind: "hci",
            number: i + 1,
            controller: undefined,
            originalLength: each.packet.length,
            ...each,
          })),
        );
      }),
      runs,
    );
  });
});
