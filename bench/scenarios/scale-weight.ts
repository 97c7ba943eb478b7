import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { MessageChannel, Worker } from "node:worker_threads";
import { characteristic, type Connection, Host, service } from "../../src/index.ts";
import { VirtualAir } from "../../transports/virtual/index.ts";
import type { Figure } from "../scale-figure.ts";
import { collected } from "../scale-memory.ts";
import type { Errand, PeersData } from "../scale-peers.ts";
import { PortTransport } from "../scale-port.ts";
import { fill } from "./scale-attributes.ts";

const links = 40;
/** Links before those that are weighed: what is loaded, compiled and made once. */
const first = 8;
const characteristics = 50;
const attributes = 10_000;

/** Octets that one host keeps, alone on its heap. */
export async function weight(): Promise<Figure[]> {
  const server = await weighServer();
  const client = await weighClient();
  return [
    octets("connection, as peripheral, of a client that has found everything", server.connection),
    octets("connection, as central", client.connection),
    octets("attribute of a server", await weighAttribute()),
    octets("subscription, of a server", server.subscription),
    octets("characteristic that a client has found, with its part of the service", client.characteristic),
    octets("subscription, of a client", client.subscription),
  ];
}

function octets(title: string, value: number): Figure {
  return { title, value, unit: "octets" };
}

async function weighAttribute(): Promise<number> {
  const host = await Host.open(new VirtualAir().controller().transport());
  fill(host.gatt, 0);
  const weight = await grownBy(attributes, () => {
    fill(host.gatt, attributes);
  });
  await host[Symbol.asyncDispose]();
  return weight;
}

async function weighServer(): Promise<{ readonly connection: number; readonly subscription: number }> {
  const { host, ask, end } = await open();
  const level = characteristic("2a19", { read: true, notify: true });
  const levels = Array.from({ length: characteristics }, (_, i) => [`level${i}`, level]);
  host.gatt.add(service("180f", Object.fromEntries(levels)));
  await host.advertise();
  const connect = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) await ask("connect");
  };
  await connect(first);
  await ask("subscribe");
  const connection = await grownBy(links, () => connect(links));
  const subscription = await grownBy(links * characteristics, () => ask("subscribe"));
  await end();
  return { connection, subscription };
}

async function weighClient(): Promise<{
  readonly connection: number;
  readonly characteristic: number;
  readonly subscription: number;
}> {
  const { host, ask, end } = await open();
  const connect = async (count: number): Promise<Connection[]> => {
    const connections: Connection[] = [];
    for (let i = 0; i < count; i++) connections.push(await host.connect(await ask("advertise")));
    return connections;
  };
  const discover = async (connections: readonly Connection[]): Promise<void> => {
    for (const { gatt } of connections) await gatt.services();
  };
  const subscribe = async (connections: readonly Connection[]): Promise<void> => {
    for (const { gatt } of connections) {
      const [found] = await gatt.services({ uuid: "180f" });
      for (const each of found?.characteristics ?? []) await each.subscribe({ onValue: () => undefined });
    }
  };
  const others = await connect(first);
  await discover(others);
  await subscribe(others);
  let connections: readonly Connection[] = [];
  const connection = await grownBy(links, async () => {
    connections = await connect(links);
  });
  const found = await grownBy(links * characteristics, () => discover(connections));
  const subscription = await grownBy(links * characteristics, () => subscribe(connections));
  await end();
  return { connection, characteristic: found, subscription };
}

/** What each of so many things keeps that `work` has made. */
async function grownBy(count: number, work: () => unknown): Promise<number> {
  const before = await collected();
  await work();
  return ((await collected()) - before) / count;
}

interface Weighed {
  readonly host: Host;
  readonly ask: (errand: Errand) => Promise<string>;
  readonly end: () => Promise<void>;
}

/** A host that is alone on its heap. */
async function open(): Promise<Weighed> {
  const { port1, port2 } = new MessageChannel();
  const data: PeersData = { port: port2, characteristics };
  // The extension of this file, so that it works from wherever it was compiled to.
  const file = fileURLToPath(import.meta.url).replace(/scenarios.scale-weight(?=\.[jt]s$)/, "scale-peers");
  const worker = new Worker(file, { workerData: data, transferList: [port2] });
  const host = await Host.open(new PortTransport(port1));
  return {
    host,
    ask: async (errand) => {
      worker.postMessage(errand);
      const [answer] = (await once(worker, "message")) as [string];
      return answer;
    },
    end: async () => {
      await host[Symbol.asyncDispose]();
      await worker.terminate();
    },
  };
}
