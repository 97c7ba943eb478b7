import { putU16 } from "../../src/common/bytes.ts";
import { Host, type ScanOptions } from "../../src/index.ts";
import { PacketType } from "../../src/hci/packet.ts";
import type { HciReceiver, HciTransport } from "../../src/hci/transport.ts";
import { VirtualAir } from "../../transports/virtual/index.ts";
import { collected } from "../scale-memory.ts";
import type { Figure } from "../scale-figure.ts";
import { measureInTurns } from "../scale-turns.ts";

const perSecond = 5_000;
/** Reports between two chances for the program to take what was found: fewer than wait for it. */
const burst = 100;
const atOnce = 5_000;

/** What is scanned for, and whom there is to hear. */
interface Case {
  readonly title: string;
  readonly options: ScanOptions;
  readonly advertisers: number;
}

const cases: readonly Case[] = [
  { title: "all reports of 5,000 advertisers", options: { duplicates: "all" }, advertisers: 5_000 },
  { title: "500 advertisers again and again", options: {}, advertisers: 500 },
  { title: "5,000 advertisers again and again", options: {}, advertisers: 5_000 },
  { title: "the same, each only once", options: { duplicates: "once" }, advertisers: 5_000 },
  {
    title: "the same, one in a hundred has the service",
    options: { services: ["180d"] },
    advertisers: 5_000,
  },
  { title: "the same, by manufacturer data", options: manufacturer(), advertisers: 5_000 },
];

function manufacturer(): ScanOptions {
  return { manufacturerData: [{ companyId: 0xffff, data: Uint8Array.of(1, 2) }] };
}

/** What a scan costs where 5,000 advertisers are heard in a second. */
export async function reports(): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const { title, options, advertisers } of cases) {
    const { crowd, found, end } = await open(options, advertisers);
    const [cost] = await measureInTurns([(operations) => crowd.advertise(operations)], atOnce);
    const before = found();
    await crowd.advertise(2 * advertisers);
    const told = ((found() - before) / (2 * advertisers)) * 100;
    const microseconds = cost?.microseconds ?? Number.NaN;
    figures.push({
      title,
      value: microseconds,
      unit: "µs",
      note: `${told.toFixed(0)} % told; ${((microseconds * perSecond) / 10_000).toFixed(1)} % of a processor`,
    });
    await end();
  }
  return figures;
}

/** What a scan keeps of those it has heard: of a thousand, and of a hundred times as many. */
export async function reportsMemory(): Promise<Figure[]> {
  const { crowd, end } = await open({}, 100_000);
  const empty = await collected();
  await crowd.advertise(1_000);
  const thousand = (await collected()) - empty;
  await crowd.advertise(99_000);
  const hundredThousand = (await collected()) - empty;
  await end();
  return [
    { title: "kept of each of 1,000 devices", value: thousand / 1_000, unit: "octets" },
    {
      title: "kept of 100,000 devices in all",
      value: hundredThousand,
      unit: "octets",
      ratio: { value: hundredThousand / thousand, to: "1,000 devices" },
    },
  ];
}

interface Scanning {
  readonly crowd: Crowd;
  readonly found: () => number;
  readonly end: () => Promise<void>;
}

async function open(options: ScanOptions, advertisers: number): Promise<Scanning> {
  const crowd = new Crowd(new VirtualAir().controller().transport(), advertisers);
  const host = await Host.open(crowd);
  const scan = host.scan(options);
  let found = 0;
  const iteration = (async () => {
    for await (const { rssi } of scan) if (rssi !== undefined) found++;
  })();
  return {
    crowd,
    found: () => found,
    end: async () => {
      await scan[Symbol.asyncDispose]();
      await iteration;
      await host[Symbol.asyncDispose]();
    },
  };
}

/** A controller in the middle of a crowd of advertisers. */
class Crowd implements HciTransport {
  readonly #inner: HciTransport;
  readonly #advertisers: number;
  readonly #report = extendedReport();
  #receiver: HciReceiver | undefined;
  #next = 0;

  constructor(inner: HciTransport, advertisers: number) {
    this.#inner = inner;
    this.#advertisers = advertisers;
  }

  start(receiver: HciReceiver): void {
    this.#receiver = receiver;
    this.#inner.start(receiver);
  }

  send(packet: Uint8Array): void {
    this.#inner.send(packet);
  }

  /** So many reports, an event each, from one advertiser after the other. */
  async advertise(reports: number): Promise<void> {
    for (let i = 0; i < reports; i++) {
      this.#say(this.#next++ % this.#advertisers);
      if (i % burst === burst - 1) await new Promise(setImmediate);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#inner[Symbol.asyncDispose]();
  }

  #say(advertiser: number): void {
    const report = this.#report;
    putU16(report, addressAt, advertiser);
    report[addressAt + 2] = advertiser >> 16;
    putU16(report, serviceAt, advertiser % 100 === 0 ? 0x180d : 0x180f);
    report[lastAt] = advertiser;
    this.#receiver?.packet(report);
  }
}

const addressAt = 8;
const dataAt = 29;
const serviceAt = dataAt + 5;
const data = Uint8Array.of(
  ...[0x02, 0x01, 0x06],
  ...[0x03, 0x03, 0x0f, 0x18],
  ...[0x07, 0x09, ...new TextEncoder().encode("sensor")],
  ...[0x07, 0xff, 0xff, 0xff, 1, 2, 3, 4],
);
const lastAt = dataAt + data.length - 1;

/** HCI_LE_Extended_Advertising_Report of a legacy ADV_NONCONN_IND. Vol 4, Part E, 7.7.65.13. */
function extendedReport(): Uint8Array {
  const parameters = Uint8Array.of(
    ...[0x0d, 1], // the subevent, and one report
    ...[0x10, 0x00], // Event_Type: a legacy PDU
    ...[0x01, 0, 0, 0, 0, 0, 0xc0], // a random address
    ...[1, 0, 0xff, 127, -50 & 0xff], // LE 1M, no other PHY, no set, no TX power, an RSSI
    ...[0, 0], // no periodic advertising
    ...[0, 0, 0, 0, 0, 0, 0], // not directed
    ...[data.length, ...data],
  );
  return Uint8Array.of(PacketType.Event, 0x3e, parameters.length, ...parameters);
}
