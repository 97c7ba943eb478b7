import * as bleHost from "./scenarios/ble-host.ts";
import type { Run } from "./scenario.ts";

/** What ble-host can do, by the name of the scenario. */
const runs: Readonly<Record<string, bleHost.PeerRun>> = {
  notification: bleHost.notification,
  "write-without-response": bleHost.writeWithoutResponse,
  read: bleHost.read,
  write: bleHost.write,
  "coc-512": bleHost.channel(512),
  "coc-2048": bleHost.channel(2048),
  "discovery-first": bleHost.firstDiscovery,
  pairing: bleHost.pairing,
  import: bleHost.importPackage,
  allocation: bleHost.notificationAllocation,
};

/** The scenario as ble-host does it. */
export function bleHostRun(name: string): Run {
  const run = runs[name];
  if (!run) throw new Error(`ble-host is not measured with ${name}`);
  return (_subject, budget) => run(budget);
}
