/**
 * The thread of everybody else: the radio, all controllers and all hosts but the one that is weighed. It is told what
 * they do by messages, and answers each when it is done.
 */
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { characteristic, type Connection, Host, service } from "../src/index.ts";
import { VirtualAir } from "../transports/virtual/index.ts";
import { serveController } from "./scale-port.ts";

/** What the peers are asked to do: errands of {@link PeersData.port}'s thread. */
export type Errand =
  /** One new peer connects to the host that is weighed, and finds its service. */
  | "connect"
  /** One new peer advertises, to be connected to; the answer is its address. */
  | "advertise"
  /** All that have connected subscribe to everything. */
  | "subscribe";

/** What the thread is given to begin with. */
export interface PeersData {
  /** Leads to the host that is weighed. */
  readonly port: MessagePort;
  /** How many characteristics each peer offers. */
  readonly characteristics: number;
}

const { port, characteristics } = workerData as PeersData;
const air = new VirtualAir();
const weighed = air.controller();
const connections: Connection[] = [];
serveController(port, weighed.transport());

parentPort?.on("message", (errand: Errand) => {
  void errands[errand]().then((answer) => {
    parentPort?.postMessage(answer);
  });
});

const errands: Readonly<Record<Errand, () => Promise<string>>> = {
  connect: async () => {
    const peer = await Host.open(air.controller().transport());
    const connection = await peer.connect(weighed.address);
    await connection.gatt.services();
    connections.push(connection);
    return "";
  },
  advertise: async () => {
    const peer = await Host.open(air.controller().transport());
    peer.gatt.add(levels(characteristics));
    await peer.advertise({ resume: false });
    return peer.address.toString();
  },
  subscribe: async () => {
    for (const connection of connections) {
      const [found] = await connection.gatt.services({ uuid: "180f" });
      for (const each of found?.characteristics ?? []) await each.subscribe({ onValue: () => undefined });
    }
    return "";
  },
};

function levels(count: number): ReturnType<typeof service> {
  const level = characteristic("2a19", { read: true, notify: true });
  return service("180f", Object.fromEntries(Array.from({ length: count }, (_, i) => [`level${i}`, level])));
}
