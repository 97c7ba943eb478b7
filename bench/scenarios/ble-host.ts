import { type CharacteristicOfServer, type Coc, loadBleHost } from "../ble-host-api.ts";
import {
  type BleHostPair,
  discoverAll,
  openBleHostPair,
  openBleHosts,
  pairBleHosts,
} from "../ble-host-pair.ts";
import { Arrivals } from "../arrivals.ts";
import { type Budget, measure, measureAllocation, type Measurement, measureOnce } from "../measurement.ts";
import { readOctets, someValue, streamOctets, writeOctets } from "../values.ts";

/** What one subject of one scenario does. */
export type PeerRun = (budget: Budget) => Promise<Measurement>;

/** "Wait for the sentCallback before you write another packet": so many are on their way at a time. */
const atOnce = 8;
const serviceUuid = "0000180d-0000-1000-8000-00805f9b34fb";
const uuid = "00002a37-0000-1000-8000-00805f9b34fb";
const stream = Buffer.from(someValue(streamOctets));

/** The server notifies; the client's listener sees each value. */
export const notification: PeerRun = (budget) => notifying((work) => measure(work, budget));

/** What the same allocates. */
export const notificationAllocation: PeerRun = (budget) =>
  notifying((work) => measureAllocation(work, budget));

async function notifying(
  measured: (work: (operations: number) => Promise<void>) => Promise<Measurement>,
): Promise<Measurement> {
  const offered: CharacteristicOfServer = { uuid, properties: ["notify"] };
  const { found, peripheral } = await openPair(offered);
  const arrivals = new Arrivals();
  found.on("change", (value: Buffer) => {
    if (value.length === streamOctets) arrivals.count();
  });
  await new Promise((resolve) => {
    found.writeCCCD(true, false, resolve);
  });
  return measured((operations) =>
    paced(operations, arrivals, (sent) => offered.notify?.(peripheral, stream, sent)),
  );
}

/** The client writes commands; the server's handler sees each value. */
export const writeWithoutResponse: PeerRun = async (budget) => {
  const arrivals = new Arrivals();
  const { found } = await openPair({
    uuid,
    properties: ["write-without-response"],
    onWrite: (_connection, _acknowledged, value) => {
      if (value.length === streamOctets) arrivals.count();
    },
  });
  const work = (operations: number): Promise<void> =>
    paced(operations, arrivals, (sent) => {
      found.writeWithoutResponse(stream, sent);
    });
  return measure(work, budget);
};

/** One read after the other. */
export const read: PeerRun = async (budget) => {
  const { found } = await openPair({
    uuid,
    properties: ["read"],
    value: Buffer.from(someValue(readOctets)),
  });
  return measure(
    (operations) =>
      repeated(operations, (next) => {
        found.readShort(next);
      }),
    budget,
  );
};

/** One write after the other; the server keeps the value. */
export const write: PeerRun = async (budget) => {
  const value = Buffer.from(someValue(writeOctets));
  const { found } = await openPair({ uuid, properties: ["read", "write"], value });
  return measure(
    (operations) =>
      repeated(operations, (next) => {
        found.write(value, next);
      }),
    budget,
  );
};

const psm = 0x0080;
const success = 0;

/** The acceptor sends: in 1.0.3 the side that opened a channel gets no credits back. */
export function channel(octets: number): PeerRun {
  return async (budget) => {
    const { central, peripheral } = await openBleHosts([]);
    const sdu = Buffer.from(someValue(octets));
    const arrivals = new Arrivals();
    const from = await new Promise<Coc>((resolve) => {
      peripheral.l2capCoCManager.registerLePsm(psm, (_mtu, answer) => {
        resolve(answer(success, false, octets));
      });
      central.l2capCoCManager.connect(psm, false, octets, (_result, to) => {
        to.on("data", (received: Buffer) => {
          if (received.length === octets) arrivals.count();
        });
      });
    });
    return measure(
      (operations) => {
        let left = operations;
        const last = arrivals.expect(operations);
        const send = (): void => {
          for (; left > 0 && from.txCredits > 0; left--) from.send(sdu);
        };
        from.removeAllListeners("credits").on("credits", send);
        send();
        return last;
      },
      budget,
      Math.min(1_000, Math.ceil(1_000_000 / octets)),
    );
  };
}

/** Everything is found, as the first thing the process does. */
export const firstDiscovery: PeerRun = async () => {
  const characteristics = Array.from({ length: 5 }, () => ({
    uuid: "00002a19-0000-1000-8000-00805f9b34fb",
    properties: ["read", "notify"],
    value: Buffer.from([1]),
  }));
  const offered = Array.from({ length: 20 }, () => ({
    uuid: "0000180f-0000-1000-8000-00805f9b34fb",
    characteristics: characteristics.map((one) => ({ ...one })),
  }));
  const { central } = await openBleHosts(offered);
  let found = 0;
  const measurement = await measureOnce(async () => {
    found = (await discoverAll(central)).length;
  });
  if (found < 100) throw new Error(`only ${found} characteristics were found`);
  return measurement;
};

/** LE Secure Connections, Just Works, the first of a process. */
export const pairing: PeerRun = async () => {
  const pair = await openBleHosts([]);
  return measureOnce(() => pairBleHosts(pair));
};

/** Loading the package. */
export const importPackage: PeerRun = () =>
  measureOnce(() => {
    loadBleHost();
    return Promise.resolve();
  });

async function openPair(
  offered: CharacteristicOfServer,
): Promise<BleHostPair & { readonly found: Awaited<ReturnType<typeof discoverAll>>[number] }> {
  const pair = await openBleHostPair([{ uuid: serviceUuid, characteristics: [offered] }]);
  const found = pair.found.at(-1);
  if (!found) throw new Error("the characteristic was not found");
  return { ...pair, found };
}

/** Keeps {@link atOnce} values on their way until all have arrived. */
function paced(operations: number, arrivals: Arrivals, send: (sent: () => void) => unknown): Promise<void> {
  let left = operations;
  const last = arrivals.expect(operations);
  const next = (): void => {
    if (left-- > 0) send(next);
  };
  for (let i = 0; i < atOnce; i++) next();
  return last;
}

function repeated(operations: number, start: (next: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    let left = operations;
    const next = (): void => {
      if (left-- > 0) start(next);
      else resolve();
    };
    next();
  });
}
