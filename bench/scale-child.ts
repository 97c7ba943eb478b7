/** One scenario of the scale in this process: `scale-child.js SCENARIO` prints its figures as JSON. */
import { scaleScenarios } from "./scale-list.ts";

const [name] = process.argv.slice(2);
const scenario = scaleScenarios.find((known) => known.name === name);
if (!scenario) throw new Error(`no such scenario: ${String(name)}`);
const run = await scenario.load();
const figures = await run();
// Some leave hosts open, and an open controller holds the process.
process.stdout.write(JSON.stringify(figures), () => process.exit());
