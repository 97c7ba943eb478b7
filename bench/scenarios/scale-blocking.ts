import { characteristic, Host, service } from "../../src/index.ts";
import { VirtualAir } from "../../transports/virtual/index.ts";
import { longestTurn } from "../scale-blocking.ts";
import type { Figure } from "../scale-figure.ts";
import { Arrivals } from "../arrivals.ts";
import { someValue, streamOctets } from "../values.ts";
import { fill } from "./scale-attributes.ts";

const most = 5;
const opening = "opening a host";
const attributes = 10_000;
const notifications = 20_000;
const value = someValue(streamOctets);

/**
 * The longest that the event loop does nothing else, in the life of a connection: the first time in a process, and the
 * third. Both hosts and both controllers are in it, so that one host has its share only.
 */
export async function blocking(): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const round of [1, 2, 3]) {
    const taken = await life();
    if (round === 2) continue;
    const when = round === 1 ? "the first of a process" : "again";
    for (const [phase, milliseconds] of taken) {
      const isLoading = phase === opening && round === 1; // Node loads the stack: that is no turn of it
      const goal = isLoading ? { note: "its modules are loaded" } : { most };
      figures.push({ title: `${phase}, ${when}`, value: milliseconds, unit: "ms", ...goal });
    }
  }
  return figures;
}

type Taken = readonly (readonly [phase: string, milliseconds: number])[];

async function life(): Promise<Taken> {
  const air = new VirtualAir();
  const taken: [string, number][] = [];
  const phase = async <T>(title: string, work: () => Promise<T>): Promise<T> => {
    const { milliseconds, value } = await longestTurn(work);
    taken.push([title, milliseconds]);
    return value;
  };
  const server = await phase(opening, () => Host.open(air.controller().transport()));
  const client = await Host.open(air.controller().transport());
  const local = fill(server.gatt, attributes);
  await server.advertise({ resume: false });
  const connection = await phase("connecting", () => client.connect(server.address));
  await phase(`discovery of ${attributes.toLocaleString("en")} attributes`, () => connection.gatt.services());
  await phase("pairing", () => connection.pair());
  const remote = await connection.gatt.characteristic("180d", local.uuid);
  const arrivals = new Arrivals();
  await remote.subscribe({ onValue: arrivals.count });
  await phase(`${notifications.toLocaleString("en")} notifications`, async () => {
    const last = arrivals.expect(notifications);
    for (let i = 0; i < notifications; i++) await local.notify(value);
    await last;
  });
  await phase("adding a service to so many, and finding it", async () => {
    server.gatt.add(service("181a", { level: characteristic("2a19", { read: true }) }));
    await connection.gatt.services();
  });
  await phase("disconnecting", () => connection.disconnect());
  await client[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  return taken;
}
