import {
  type Channel,
  characteristic,
  type Connection,
  Host,
  type LocalCharacteristic,
  type RemoteCharacteristic,
  service,
  VirtualClock,
} from "../../src/index.ts";
import { VirtualAir } from "../../transports/virtual/index.ts";
import type { Figure, ScaleUnit } from "../scale-figure.ts";
import { percentileOf } from "../scale-turns.ts";
import { readOctets, someValue, streamOctets } from "../values.ts";

const interval = { minIntervalMs: 15, maxIntervalMs: 15 };
const reads = { instant: 5_000, air: 400 };
/** Reads before those that count. */
const warmUp = { instant: 5_000, air: 20 };
const mtu = 2_048;

const offered = service("180d", {
  value: characteristic("2a38", { read: true, value: someValue(readOctets) }),
  stream: characteristic("2a37", { notify: true }),
  sink: characteristic("2a39", { writeWithoutResponse: true, onWrite: () => undefined }),
});

/** One link, with a channel at both ends. */
interface Link {
  readonly connection: Connection;
  readonly remote: RemoteCharacteristic;
  readonly stream: LocalCharacteristic;
  readonly sink: RemoteCharacteristic;
  readonly clientEnd: Channel;
  readonly serverEnd: Channel;
  /** Ends both hosts. */
  readonly close: () => Promise<void>;
}

const value = someValue(streamOctets);
const sdu = someValue(mtu);

/** What goes on beside the reads, one after the other without an end. */
const bulks: readonly (readonly [title: string, step?: (link: Link) => Promise<unknown>])[] = [
  ["nothing else"],
  ["notifications", ({ stream }) => stream.notify(value)],
  ["writes without response", ({ sink }) => sink.writeWithoutResponse(value)],
  ["SDUs from the server", ({ serverEnd }) => serverEnd.send(sdu)],
  ["SDUs from the client", ({ clientEnd }) => clientEnd.send(sdu)],
];

/** Reads beside bulk in the time that a radio takes, at intervals of 15 ms on LE 1M. */
export async function latencyOnAir(): Promise<Figure[]> {
  const taken: number[][] = [];
  for (const [, step] of bulks) {
    const clock = new VirtualClock();
    const now = (): number => clock.now();
    const link = await clock.until(open(new VirtualAir({ clock, timing: "air" }), clock));
    const stop = flow(link, step);
    await clock.until(timed(link.remote, warmUp.air, now));
    taken.push(await clock.until(timed(link.remote, reads.air, now)));
    stop();
    await clock.until(link.close());
  }
  return figuresOf(taken, "ms");
}

/** The same where the radio takes no time: what waits in the hosts, in time on the wall. */
export async function latencyAtOnce(): Promise<Figure[]> {
  const taken: number[][] = [];
  const now = (): number => 1_000 * performance.now();
  for (const [, step] of bulks) {
    const link = await open(new VirtualAir());
    const stop = flow(link, step);
    await timed(link.remote, warmUp.instant, now);
    taken.push(await timed(link.remote, reads.instant, now));
    stop();
    await link.close();
  }
  return figuresOf(taken, "µs");
}

function figuresOf(taken: readonly (readonly number[])[], unit: ScaleUnit): Figure[] {
  const alone = percentileOf(taken[0] ?? [], 0.5);
  return bulks.flatMap(([bulk], i) =>
    [50, 99].map((percent): Figure => {
      const latency = percentileOf(taken[i] ?? [], percent / 100);
      return {
        title: `beside ${bulk}, p${percent}`,
        value: latency,
        unit,
        ratio: { value: latency / alone, to: "p50 beside nothing else" },
      };
    }),
  );
}

async function timed(remote: RemoteCharacteristic, count: number, now: () => number): Promise<number[]> {
  const taken: number[] = [];
  for (let i = 0; i < count; i++) {
    const begin = now();
    await remote.read();
    taken.push(now() - begin);
  }
  return taken;
}

/** @returns Ends it. */
function flow(link: Link, step: ((link: Link) => Promise<unknown>) | undefined): () => void {
  let isFlowing = step !== undefined;
  const loop = async (): Promise<void> => {
    while (isFlowing) await step?.(link);
  };
  loop().catch((error: unknown) => {
    if (isFlowing) throw error;
  });
  return () => {
    isFlowing = false;
  };
}

async function open(air: VirtualAir, clock?: VirtualClock): Promise<Link> {
  const options = clock ? { clock } : {};
  const server = await Host.open(air.controller().transport(), options);
  const client = await Host.open(air.controller().transport(), options);
  const { stream } = server.gatt.add(offered);
  const listener = server.listen({ mtu });
  await server.advertise({ resume: false });
  const connection = await client.connect(server.address, interval);
  const remote = await connection.gatt.characteristic("180d", "2a38");
  const sink = await connection.gatt.characteristic("180d", "2a39");
  const streamed = await connection.gatt.characteristic("180d", "2a37");
  await streamed.subscribe({ onValue: () => undefined });
  const clientEnd = await connection.openChannel({ spsm: listener.spsm, mtu });
  const { value: serverEnd } = await listener[Symbol.asyncIterator]().next();
  if (!serverEnd) throw new Error("the channel has not come");
  for (const channel of [clientEnd, serverEnd]) void drain(channel);
  return {
    connection,
    remote,
    stream,
    sink,
    clientEnd,
    serverEnd,
    close: async () => {
      await client[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** Takes what comes, and asks for more, as long as the channel is open. */
async function drain(channel: Channel): Promise<void> {
  const iterator = channel[Symbol.asyncIterator]();
  let isOpen = true;
  while (isOpen) {
    isOpen = await iterator.next().then(
      ({ done }) => done !== true,
      () => false,
    );
  }
}
