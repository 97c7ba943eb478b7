import { characteristic, service } from "../../src/index.ts";
import { closeHosts, type HostPair, openHosts } from "../jelling-pair.ts";
import { type Measurement, measureOnce, sum } from "../measurement.ts";
import type { Run } from "../scenario.ts";

const serviceCount = 20;
const characteristicCount = 5;

/** Everything is found, and nothing of it was ever done before in this process: neither side is compiled. */
export const firstDiscovery: Run = async () => {
  const pair = await openServer();
  const measurement = await discoverOnce(pair);
  await closeHosts(pair);
  return measurement;
};

/** Everything is found, each time on a new connection. Connecting is not counted. */
export const discovery: Run = async (_subject, { warmUpMs, measureMs }) => {
  const pair = await openServer();
  const start = performance.now();
  while (performance.now() < start + warmUpMs) await discoverOnce(pair);
  const measurements: Measurement[] = [];
  while (performance.now() < start + warmUpMs + measureMs) measurements.push(await discoverOnce(pair));
  await closeHosts(pair);
  return sum(measurements);
};

/** A peripheral whose characteristics all can be read and notified: with the declarations that is 320 attributes. */
async function openServer(): Promise<HostPair> {
  const pair = await openHosts();
  const level = characteristic("2a19", { read: true, notify: true });
  const characteristics = Object.fromEntries(
    Array.from({ length: characteristicCount }, (_, i) => [`level${i}`, level]),
  );
  for (let i = 0; i < serviceCount; i++) pair.peripheral.gatt.add(service("180f", characteristics));
  await pair.peripheral.advertise();
  return pair;
}

async function discoverOnce({ central, peripheral }: HostPair): Promise<Measurement> {
  const connection = await central.connect(peripheral.address);
  let found = 0;
  const measurement = await measureOnce(async () => {
    for (const { characteristics } of await connection.gatt.services()) found += characteristics.length;
  });
  if (found < serviceCount * characteristicCount) throw new Error(`only ${found} characteristics were found`);
  await connection.disconnect();
  return measurement;
}
