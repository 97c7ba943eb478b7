import { closeHosts, openHosts } from "../jelling-pair.ts";
import { measureOnce } from "../measurement.ts";
import type { Run } from "../scenario.ts";

/** LE Secure Connections, Just Works, with keys kept: the first of a process. */
export const pairing: Run = async () => {
  const pair = await openHosts();
  await pair.peripheral.advertise({ resume: false });
  const connection = await pair.central.connect(pair.peripheral.address);
  const measurement = await measureOnce(() => connection.pair());
  if (!connection.security.secureConnections) throw new Error("the pairing was a legacy one");
  await closeHosts(pair);
  return measurement;
};
