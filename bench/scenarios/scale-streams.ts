import { type Connection, Host, service, characteristic } from "../../src/index.ts";
import { VirtualAir } from "../../transports/virtual/index.ts";
import { Arrivals } from "../arrivals.ts";
import type { Work } from "../measurement.ts";
import type { Figure } from "../scale-figure.ts";
import { SinkController } from "../scale-sink.ts";
import { measureInTurns } from "../scale-turns.ts";
import { someValue, streamOctets } from "../values.ts";

const value = someValue(streamOctets);
const many = 64;
const counts = [1, 8, many];
/** Operations between two looks at the clock: for each link more than its queue holds. */
const atOnce = 8_192;
/** By how much a packet may cost more with 64 links than with one. */
const mostRatio = 1.15;

/** A host alone that notifies each of its clients, every client in a loop of its own. */
export async function notifyingEach(): Promise<Figure[]> {
  return compared((links) => eachClient(links, true));
}

/** A host alone that notifies all of its clients at once. */
export async function notifyingAll(): Promise<Figure[]> {
  return compared((links) => allClients(links, true));
}

/** A host that notifies each of its clients, with all of these, and the radio between them. */
export async function notifyingHosts(): Promise<Figure[]> {
  return compared((links) => eachClient(links, false), pairs);
}

/** A host whose N servers all notify it, and all of these. */
export async function notifiedByHosts(): Promise<Figure[]> {
  return compared(manyServers, pairs);
}

type Open = (links: number) => Promise<Work>;

/** @param beside - Something with as many links that shows what the machine does to many of everything. */
async function compared(open: Open, beside?: Open): Promise<Figure[]> {
  const works: Work[] = [];
  for (const links of counts) works.push(await open(links));
  if (beside) works.push(await beside(many));
  const costs = await measureInTurns(works, atOnce);
  return costs.map(({ microseconds, ratio }, i): Figure => {
    const links = counts[i];
    const title = links === undefined ? `${many} pairs of hosts with a link each` : `N = ${links}`;
    if (i === 0) return { title, value: microseconds, unit: "µs" };
    // Of hosts and controllers there are as many as links, and the caches of the processor are only so large.
    const most = beside ? {} : { most: mostRatio };
    return { title, value: microseconds, unit: "µs", ratio: { value: ratio, to: "N = 1", ...most } };
  });
}

const offered = service("180d", { stream: characteristic("2a37", { notify: true }) });

interface Server {
  readonly notify: (to?: Connection) => Promise<unknown>;
  readonly connections: readonly Connection[];
  readonly arrivals: Arrivals;
}

/** @param isAlone - The controller sends nothing on: what arrives there has arrived. */
async function openServer(links: number, isAlone: boolean): Promise<Server> {
  const air = new VirtualAir();
  const arrivals = new Arrivals();
  const controller = new SinkController(air.controller().transport());
  const server = await Host.open(controller);
  const { stream } = server.gatt.add(offered);
  await server.advertise();
  for (let i = 0; i < links; i++) {
    const client = await Host.open(air.controller().transport());
    const connection = await client.connect(server.address);
    const remote = await connection.gatt.characteristic("180d", "2a37");
    await remote.subscribe({ onValue: arrivals.count });
  }
  if (isAlone) controller.onPacket = arrivals.count;
  const { connections } = server;
  const recipients = new Map(connections.map((to) => [to, { to }]));
  return {
    notify: (to) => stream.notify(value, to && recipients.get(to)),
    connections,
    arrivals,
  };
}

async function eachClient(links: number, isAlone: boolean): Promise<Work> {
  const { notify, connections, arrivals } = await openServer(links, isAlone);
  return async (operations) => {
    const last = arrivals.expect(operations);
    const loop = async (to: Connection): Promise<void> => {
      for (let i = 0; i < operations / links; i++) await notify(to);
    };
    await Promise.all(connections.map(loop));
    await last;
  };
}

async function allClients(links: number, isAlone: boolean): Promise<Work> {
  const { notify, arrivals } = await openServer(links, isAlone);
  return async (operations) => {
    const last = arrivals.expect(operations);
    for (let i = 0; i < operations / links; i++) await notify();
    await last;
  };
}

async function manyServers(links: number): Promise<Work> {
  const air = new VirtualAir();
  const arrivals = new Arrivals();
  const client = await Host.open(air.controller().transport());
  const streams: (() => Promise<number>)[] = [];
  for (let i = 0; i < links; i++) {
    const server = await Host.open(air.controller().transport());
    const { stream } = server.gatt.add(offered);
    await server.advertise({ resume: false });
    const connection = await client.connect(server.address);
    const remote = await connection.gatt.characteristic("180d", "2a37");
    await remote.subscribe({ onValue: arrivals.count });
    streams.push(() => stream.notify(value));
  }
  return inLoops(streams, arrivals);
}

/** What the memory of so many hosts and controllers costs by itself. */
async function pairs(links: number): Promise<Work> {
  const arrivals = new Arrivals();
  const streams: (() => Promise<number>)[] = [];
  for (let i = 0; i < links; i++) {
    const air = new VirtualAir();
    const server = await Host.open(air.controller().transport());
    const client = await Host.open(air.controller().transport());
    const { stream } = server.gatt.add(offered);
    await server.advertise({ resume: false });
    const connection = await client.connect(server.address);
    const remote = await connection.gatt.characteristic("180d", "2a37");
    await remote.subscribe({ onValue: arrivals.count });
    streams.push(() => stream.notify(value));
  }
  return inLoops(streams, arrivals);
}

/** Every stream in a loop of its own. */
function inLoops(streams: readonly (() => Promise<number>)[], arrivals: Arrivals): Work {
  return async (operations) => {
    const last = arrivals.expect(operations);
    const loop = async (notify: () => Promise<number>): Promise<void> => {
      for (let i = 0; i < operations / streams.length; i++) await notify();
    };
    await Promise.all(streams.map(loop));
    await last;
  };
}
