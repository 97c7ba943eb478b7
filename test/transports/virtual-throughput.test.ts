import { describe, expect, it } from "vitest";
import { LeSetDataLength, LeSetPhy } from "../../src/hci/commands/le-connection.ts";
import { NumberOfCompletedPackets } from "../../src/hci/events/flow.ts";
import { airTime, interFrameSpace } from "../../transports/virtual/air-time.ts";
import { Phy } from "../../transports/virtual/phy.ts";
import { documented } from "../support/documented.ts";
import { aclPacket } from "../support/raw-host.ts";
import { RawPair } from "../support/raw-pair.ts";

/** A link whose central sends as much as it can. */
interface Stream {
  readonly phy: Phy;
  /** Of the payload of a packet, L2CAP header included. */
  readonly octets: number;
  /** In 1.25 ms. */
  readonly interval: number;
}

const streams: readonly Stream[] = [
  { phy: Phy.Le2M, octets: 251, interval: 6 },
  { phy: Phy.Le2M, octets: 251, interval: 40 },
  { phy: Phy.Le2M, octets: 27, interval: 6 },
  { phy: Phy.Le1M, octets: 251, interval: 6 },
  { phy: Phy.Le1M, octets: 251, interval: 40 },
  { phy: Phy.Le1M, octets: 27, interval: 6 },
  { phy: Phy.CodedS2, octets: 251, interval: 40 },
  { phy: Phy.CodedS8, octets: 27, interval: 40 },
];

const names = {
  [Phy.Le1M]: "1M",
  [Phy.Le2M]: "2M",
  [Phy.CodedS2]: "Coded, S=2",
  [Phy.CodedS8]: "Coded, S=8",
};
const phyBits = { [Phy.Le1M]: 1, [Phy.Le2M]: 2, [Phy.CodedS2]: 4, [Phy.CodedS8]: 4 };
const phyOptions = { [Phy.Le1M]: 0, [Phy.Le2M]: 0, [Phy.CodedS2]: 1, [Phy.CodedS8]: 2 };

const seconds = 10;

/** How long a packet with data, the empty one that acknowledges it and the spaces behind both are, in µs. */
function exchangeOf({ phy, octets }: Stream): number {
  return airTime(phy, octets) + interFrameSpace + airTime(phy, 0) + interFrameSpace;
}

/** Octets in a second: as many whole exchanges as an interval has room for. */
function computed(stream: Stream): number {
  const interval = stream.interval * 1250;
  return (Math.floor(interval / exchangeOf(stream)) * stream.octets * 1_000_000) / interval;
}

/** The same on the virtual clock, as a host sees it at HCI. */
function measured({ phy, octets, interval }: Stream): number {
  const pair = new RawPair({ aclOctets: octets, dataOctets: octets }, undefined, { timing: "air" });
  const changes = {
    connectionIntervalMin: interval,
    connectionIntervalMax: interval,
    supervisionTimeout: 400,
  };
  const handles = pair.connect(pair.a, pair.b, changes);
  const { host } = pair.a;
  const bits = { allPhys: 0, txPhys: phyBits[phy], rxPhys: phyBits[phy], phyOptions: phyOptions[phy] };
  host.ask(LeSetPhy, { connectionHandle: handles.a, ...bits });
  pair.clock.advanceSync(3000);
  if (octets > 27)
    host.ask(LeSetDataLength, { connectionHandle: handles.a, txOctets: octets, txTime: 0x4290 });
  const send = (count: number): void => {
    for (let i = 0; i < count; i++) host.transport.send(aclPacket(handles.a, new Uint8Array(octets)));
  };
  host.onPacket = (packet) => {
    if (packet[1] === NumberOfCompletedPackets.code) send(packet[6]!);
  };
  let received = 0;
  pair.b.host.onPacket = (packet) => {
    if (packet[0] === 2) received += packet.length - 5;
  };
  send(12);
  pair.clock.advanceSync(3000); // until it flows
  received = 0;
  pair.clock.advanceSync(seconds * 1000);
  return received / seconds;
}

const kilobits = (octetsPerSecond: number): string => `${Math.round((octetsPerSecond * 8) / 1000)} kbit/s`;

describe("virtual controller, timing air: throughput (Vol 6, Part B, 4.5)", () => {
  it.each(streams)("of PHY $phy with $octets octets at $interval x 1.25 ms is what fits", (stream) => {
    expect(Math.abs(measured(stream) / computed(stream) - 1)).toBeLessThan(0.02);
  });

  it("is documented as it is (JELLING_WRITE_DOCS=1 writes it anew)", async () => {
    const rows = streams.map((stream) => {
      const { phy, octets, interval } = stream;
      const exchange = exchangeOf(stream);
      const cells = [
        `LE ${names[phy]}, ${octets} octets, ${interval * 1.25} ms`,
        `${airTime(phy, octets)} + 150 + ${airTime(phy, 0)} + 150 = ${exchange} µs`,
        `${Math.floor((interval * 1250) / exchange)}`,
        kilobits(computed(stream)),
        kilobits(measured(stream)),
      ];
      return `| ${cells.join(" | ")} |`;
    });
    const head = [
      "| Link | One exchange | In an event | Computed | Measured |",
      "| --- | --- | --- | --- | --- |",
    ];
    const { is, should } = await documented("throughput", [...head, ...rows].join("\n"));
    expect(should).toBe(is);
  });
});
