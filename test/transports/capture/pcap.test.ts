import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concat, fromHex } from "../../../src/common/bytes.ts";
import {
  CaptureError,
  type HciPacket,
  type LinkLayerPacket,
  pcapHciFormat,
  pcapLinkLayerFormat,
  readCapture,
} from "../../../transports/capture/index.ts";
import { runs } from "../../support/runs.ts";

const microseconds = Date.UTC(2026, 0, 1) * 1000 + 123456;

// 1767225600 s is 0x6955b900; 123456 is 0x0001e240.
const littleHeader = (linkType: string): string =>
  `d4c3b2a1 0200 0400 00000000 00000000 00000400 ${linkType}`;
const bigHeader = "a1b2c3d4 0002 0004 00000000 00000000 00040000 000000c9";

function little(octets: string): string {
  const size = fromHex(octets).length.toString(16).padStart(2, "0");
  return `00b95569 40e20100 ${size}000000 ${size}000000 ${octets}`;
}

const read = (...parts: string[]) => [...readCapture(fromHex(parts.join("")))];

const command = {
  kind: "hci",
  number: 1,
  timestampMicroseconds: microseconds,
  direction: "hostToController",
  controller: undefined,
  packet: fromHex("01030c00"),
  originalLength: 4,
};

describe("reading pcap", () => {
  it.each([
    ["little-endian", `${littleHeader("c9000000")} ${little("00000000 01030c00")}`],
    ["big-endian", `${bigHeader} 6955b900 0001e240 00000008 00000008 00000000 01030c00`],
    [
      "in nanoseconds",
      `4d3cb2a1 ${littleHeader("c9000000").slice(9)} 00b95569 3fcd5b07 08000000 08000000 00000000 01030c00`,
    ],
  ])("reads a file that is %s", (_, hex) => {
    expect(read(hex)).toEqual([command]);
  });

  it("takes the direction from the octets in front of the packet (link type 201)", () => {
    expect(
      read(littleHeader("c9000000"), little("00000001 040f00"), little("00000000 0240000000")),
    ).toMatchObject([
      { direction: "controllerToHost", packet: fromHex("040f00"), originalLength: 3 },
      { direction: "hostToController", packet: fromHex("0240000000"), originalLength: 5 },
    ]);
  });

  it("infers the direction of commands and events where the file does not tell (link type 187)", () => {
    const records = read(
      littleHeader("bb000000"),
      little("01030c00"),
      little("040f00"),
      little("0240000000"),
    );
    expect(records.map(({ direction }) => direction)).toEqual([
      "hostToController",
      "controllerToHost",
      undefined,
    ]);
  });

  it("reads the Linux monitor's packets and passes over its news (link type 254)", () => {
    const news = little("0001 0000 0001060504030201 6863693000000000");
    expect(read(littleHeader("fe000000"), news, little("0001 0002 030c00"))).toEqual([
      { ...command, number: 2, controller: 1 },
    ]);
  });

  it("reads bare link-layer packets (link type 251)", () => {
    expect(read(littleHeader("fb000000"), little("d6be898e 0000 112233"))).toEqual([
      {
        kind: "linkLayer",
        number: 1,
        timestampMicroseconds: microseconds,
        accessAddress: 0x8e89bed6,
        packet: fromHex("d6be898e 0000 112233"),
        originalLength: 9,
      },
    ]);
  });

  it("reads what the pseudo-header tells of a link-layer packet (link type 256)", () => {
    const advertising = little("00 c4 80 00 d6be898e 030c d6be898e 0000 112233");
    const data = little("27 00 00 00 00000000 897d 11223344 0100 112233");
    const uncertain = little("30 c4 00 00 00000000 01c0 1122");
    expect(read(littleHeader("00010000"), advertising, data, uncertain)).toMatchObject([
      {
        channel: 37,
        rssi: -60,
        phy: "1M",
        direction: undefined,
        crcValid: true,
        decrypted: false,
        originalLength: 9,
      },
      {
        channel: 39,
        rssi: undefined,
        phy: "2M",
        direction: "peripheralToCentral",
        crcValid: true,
        decrypted: true,
      },
      { channel: undefined, rssi: undefined, phy: undefined, crcValid: undefined, accessAddress: undefined },
    ]);
  });

  it("reads packets of the nRF Sniffer and passes over its other messages (link type 272)", () => {
    const ping = little("00 0200 02 0700 0e 0100");
    const advertising = little("00 1300 03 0800 02 0a 01 25 3c 0000 00000000 d6be898e 0000 112233");
    const data = little("00 0613 01 0900 06 0a 13 05 32 0000 00000000 11223344 0100 112233");
    expect(read(littleHeader("10010000"), ping, advertising, data)).toMatchObject([
      {
        number: 2,
        channel: 37,
        rssi: -60,
        phy: "1M",
        crcValid: true,
        accessAddress: 0x8e89bed6,
        originalLength: 9,
      },
      {
        number: 3,
        channel: 5,
        rssi: -50,
        phy: "2M",
        direction: "centralToPeripheral",
        packet: fromHex("11223344 0100 112233"),
      },
    ]);
  });

  const damaged: [name: string, hex: string, offset: number, message: string][] = [
    [
      "a file header cut short",
      "d4c3b2a1 0200",
      0,
      "the file header has 24 octets, but the file ends after 6",
    ],
    [
      "another link type",
      littleHeader("01000000"),
      20,
      "link type 1; 187 and 201 (HCI), 251, 256 and 272 (link layer) and 254 (Linux monitor) can be read",
    ],
    [
      "a record header cut short",
      `${littleHeader("bb000000")} 00`,
      24,
      "the file ends in the header of record 1",
    ],
    [
      "a record cut short",
      `${littleHeader("bb000000")} 00000000 00000000 04000000 04000000 0103`,
      24,
      "record 1 has 4 octets, but the file ends after 2",
    ],
    [
      "a record of 4 GiB",
      `${littleHeader("bb000000")} 00000000 00000000 ffffffff ffffffff`,
      24,
      "record 1 claims 4294967295 octets, more than any packet has",
    ],
    [
      "a record without direction",
      `${littleHeader("c9000000")} ${little("0000")}`,
      24,
      "record 1 has no room for its direction",
    ],
    [
      "a record without opcode",
      `${littleHeader("fe000000")} ${little("0000")}`,
      24,
      "record 1 has no room for its opcode",
    ],
    [
      "a record without pseudo-header",
      `${littleHeader("00010000")} ${little("25")}`,
      24,
      "record 1 has only 1 of the 10 octets of its pseudo-header",
    ],
    [
      "an unknown version of the nRF Sniffer",
      `${littleHeader("10010000")} ${little("00 0200 04 0700 0e 0100")}`,
      24,
      "record 1 has nRF Sniffer protocol version 4, not 1 to 3",
    ],
  ];
  it.each(damaged)("tells where and why it stops at %s", (_, hex, offset, message) => {
    expect(() => read(hex)).toThrow(new CaptureError("pcap", offset, message));
  });
});

describe("writing pcap", () => {
  const stamp = fc.integer({ min: 0, max: 4e15 });
  const octets = fc.uint8Array({ minLength: 4, maxLength: 300 });

  it("writes the octets that the format prescribes (link type 201)", () => {
    const packet: HciPacket = {
      timestampMicroseconds: microseconds,
      direction: "hostToController",
      packet: fromHex("01030c00"),
    };
    expect(pcapHciFormat.header()).toEqual(fromHex(littleHeader("c9000000")));
    expect(pcapHciFormat.record(packet)).toEqual(fromHex(little("00000000 01030c00")));
    const event: HciPacket = { ...packet, direction: "controllerToHost", packet: fromHex("040f00") };
    expect(pcapHciFormat.record(event)).toEqual(fromHex(little("00000001 040f00")));
  });

  it("is read as the HCI packets that were written", () => {
    const packet = fc.record(
      {
        timestampMicroseconds: stamp,
        direction: fc.constantFrom("hostToController" as const, "controllerToHost" as const),
        packet: octets,
      },
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(fc.array(packet), (packets) => {
        const file = concat(pcapHciFormat.header(), ...packets.map((each) => pcapHciFormat.record(each)));
        expect([...readCapture(file)]).toMatchObject(packets);
      }),
      runs,
    );
  });

  it("is read as the link-layer packets that were written (link type 256)", () => {
    const packet: fc.Arbitrary<LinkLayerPacket> = fc.record(
      {
        timestampMicroseconds: stamp,
        packet: octets,
        channel: fc.integer({ min: 0, max: 39 }),
        rssi: fc.option(fc.integer({ min: -128, max: 127 }), { nil: undefined }),
        phy: fc.constantFrom("1M" as const, "2M" as const, "coded" as const),
        direction: fc.constantFrom("centralToPeripheral" as const, "peripheralToCentral" as const, undefined),
        crcValid: fc.option(fc.boolean(), { nil: undefined }),
        decrypted: fc.boolean(),
      },
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(fc.array(packet), (packets) => {
        const file = concat(
          pcapLinkLayerFormat.header(),
          ...packets.map((each) => pcapLinkLayerFormat.record(each)),
        );
        expect([...readCapture(file)]).toMatchObject(packets);
      }),
      runs,
    );
  });
});
