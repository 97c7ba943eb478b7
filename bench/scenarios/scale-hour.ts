import { characteristic, type Connection, Host, service, VirtualClock } from "../../src/index.ts";
import { VirtualAir } from "../../transports/virtual/index.ts";
import type { Figure } from "../scale-figure.ts";
import { collected } from "../scale-memory.ts";
import { someValue } from "../values.ts";

const minute = 60_000;
/** In minutes: until then the compiler still makes something of what was not done often before. */
const settledAfter = 30;
const minutes = 90;
/** How much the heap may have grown in the hour: noise of the collector and the compiler, in octets. */
const mostGrowth = 256 * 1_024;

/**
 * An hour of a host's life: a link that streams, one that is asked, and one that comes, pairs, is discovered and goes,
 * while a scan goes on. In the time that a radio takes, on a virtual clock.
 */
export async function hour(): Promise<Figure[]> {
  const clock = new VirtualClock();
  const life = await clock.until(begin(clock));
  await clock.advance(settledAfter * minute);
  const heap: number[] = [];
  const resident: number[] = [];
  for (let at = settledAfter; at <= minutes; at += 5) {
    heap.push(await collected());
    resident.push(process.memoryUsage().rss);
    if (at < minutes) await clock.advance(5 * minute);
  }
  const grown = slopeOf(heap) * (heap.length - 1);
  const note = `${life.counts.values.toLocaleString("en")} values, ${life.counts.visits} visits`;
  await clock.until(life.end());
  return [
    { title: "heap after 30 minutes", value: heap[0] ?? Number.NaN, unit: "octets", note },
    { title: "growth of the heap in the hour after that", value: grown, unit: "octets", most: mostGrowth },
    { title: "resident memory after 30 minutes", value: resident[0] ?? Number.NaN, unit: "octets" },
    {
      title: "resident memory an hour later",
      value: resident.at(-1) ?? Number.NaN,
      unit: "octets",
      ratio: { value: (resident.at(-1) ?? Number.NaN) / (resident[0] ?? Number.NaN), to: "after 30 minutes" },
    },
    { title: "timers when all is closed", value: clock.timers, unit: "", most: 0 },
  ];
}

/** By the method of least squares: from one value to the next. */
function slopeOf(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  let products = 0;
  let squares = 0;
  for (const [i, value] of values.entries()) {
    products += (i - middle) * (value - mean);
    squares += (i - middle) ** 2;
  }
  return products / squares;
}

interface Life {
  readonly counts: { values: number; visits: number };
  readonly end: () => Promise<void>;
}

async function begin(clock: VirtualClock): Promise<Life> {
  const air = new VirtualAir({ clock, timing: "air" });
  const central = await Host.open(air.controller().transport(), { clock });
  const counts = { values: 0, visits: 0 };
  const hosts = [central];
  let isOver = false;
  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      clock.after(ms, resolve);
    });
  const running: Promise<void>[] = [];
  const again = (step: () => Promise<unknown>): void => {
    const loop = async (): Promise<void> => {
      while (!isOver) await step();
    };
    running.push(loop());
  };
  const offered = service("180d", {
    stream: characteristic("2a37", { notify: true }),
    value: characteristic("2a39", { read: true, write: true }),
  });
  const peer = async (): Promise<{ readonly host: Host; readonly notify: () => Promise<number> }> => {
    const host = await Host.open(air.controller().transport(), { clock });
    hosts.push(host);
    const { stream } = host.gatt.add(offered);
    await host.advertise();
    return { host, notify: () => stream.notify(someValue(20)) };
  };
  const asked = async (connection: Connection): Promise<void> => {
    const remote = await connection.gatt.characteristic("180d", "2a39");
    await remote.write(someValue(20));
    if ((await remote.read()).length === 20) counts.values += 2;
  };

  const streaming = await peer();
  const first = await central.connect(streaming.host.address);
  const remote = await first.gatt.characteristic("180d", "2a37");
  await remote.subscribe({ onValue: () => counts.values++ });
  again(async () => {
    await pause(100);
    await streaming.notify();
  });

  const second = await central.connect((await peer()).host.address);
  again(async () => {
    await pause(1_000);
    await asked(second);
  });

  const visitor = await peer();
  again(async () => {
    await pause(20_000);
    const connection = await central.connect(visitor.host.address);
    await connection.pair();
    await asked(connection);
    await connection.disconnect();
    counts.visits++;
  });

  const scan = central.scan();
  running.push(
    (async () => {
      for await (const { rssi } of scan) if (rssi !== undefined) counts.values++;
    })(),
  );
  return {
    counts,
    end: async () => {
      isOver = true;
      await scan[Symbol.asyncDispose]();
      await Promise.all(running);
      for (const host of hosts) await host[Symbol.asyncDispose]();
    },
  };
}
