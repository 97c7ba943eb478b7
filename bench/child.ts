/** One measurement in this process: `child.js SCENARIO SUBJECT WARM_UP_MS MEASURE_MS` prints it as JSON. */
import type { Subject } from "./scenario.ts";
import { bleHostRun } from "./ble-host-list.ts";
import { scenarios } from "./scenario-list.ts";

const [name, subject, warmUpMs, measureMs] = process.argv.slice(2);
const scenario = scenarios.find((known) => known.name === name);
if (!scenario) throw new Error(`no such scenario: ${String(name)}`);
const run = await (subject === "ble-host" ? Promise.resolve(bleHostRun(scenario.name)) : scenario.load());
const measurement = await run(subject as Subject, {
  warmUpMs: Number(warmUpMs),
  measureMs: Number(measureMs),
});
// The floor leaves its controllers switched on, and an open controller holds the process.
process.stdout.write(JSON.stringify(measurement), () => process.exit());
