import { parseArgs } from "node:util";
import { keepBaseline, regressions } from "./baseline.ts";
import type { ControllerKind } from "./controllers.ts";
import { thisMachine } from "./machine.ts";
import { insertInto } from "./page.ts";
import { peersAreThere } from "./peers.ts";
import { markdownOf, type Report, textOf } from "./report.ts";
import { type Result, resultOf } from "./results.ts";
import { type Effort, runAll } from "./runner.ts";
import { measureScale, scaleNamed } from "./scale.ts";
import { scaleScenarios } from "./scale-list.ts";
import { scaleMarkdownOf, scaleTextOf } from "./scale-report.ts";
import type { Scenario } from "./scenario.ts";
import { scenarios } from "./scenario-list.ts";

const usage = `Measures the stack between two hosts, beside hosts that only frame and beside ble-host.

npm run bench -- [options] [scenario ...]

  --controllers KIND  "virtual", those of the virtual radio (default), or "forwarding", which only pass data on
  --repetitions N     how often everything is measured, 1 to 99 (default 5)
  --quick             one short measurement of each
  --alone             without ble-host
  --json              prints JSON instead of a table
  --markdown          prints Markdown instead of a table
  --write FILE        puts the Markdown between the marks of FILE as well
  --check             few repetitions, without ble-host; fails where a ratio to the floor is worse than that in
                      bench/baseline.json by more than 30 %, also when measured again
  --keep              writes the ratios to bench/baseline.json
  --scale             something else: many links, attributes and advertisers, latency, memory; --repetitions (default
                      3), --json, --markdown and --write go with it
  --help              prints this

Scenarios: ${scenarios.map(({ name }) => name).join(", ")}

With --scale: ${scaleScenarios.map(({ name }) => name).join(", ")}
`;

const times = { warmUpMs: 150, measureMs: 250 };

interface Options {
  readonly controllers: ControllerKind;
  readonly repetitions: number;
  readonly alone: boolean;
  readonly json: boolean;
  readonly markdown: boolean;
  readonly write: string | undefined;
  readonly keep: boolean;
}

try {
  const { values, positionals: names } = parseArgs({
    allowPositionals: true,
    options: {
      help: { type: "boolean", default: false },
      controllers: { type: "string", default: "virtual" },
      repetitions: { type: "string" },
      quick: { type: "boolean", default: false },
      alone: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      markdown: { type: "boolean", default: false },
      write: { type: "string" },
      check: { type: "boolean", default: false },
      keep: { type: "boolean", default: false },
      scale: { type: "boolean", default: false },
    },
  });
  const { help, quick, check, scale, ...others } = values;
  const { repetitions = quick ? "1" : check || scale ? "3" : "5" } = values;
  const options = {
    ...others,
    write: values.write,
    controllers: kindOf(values.controllers),
    repetitions: countOf(repetitions),
  };
  if (help) process.stdout.write(usage);
  else if (scale) await atScale(names, options);
  else if (check) await guard(chosenOf(names), options);
  else await main(chosenOf(names), options);
} catch (error) {
  if (!(error instanceof Error)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

async function main(chosen: readonly Scenario[], options: Options): Promise<void> {
  const bleHost = !options.alone && chosen.some((one) => one.bleHost) && peersAreThere(tell);
  const effort = { ...times, repetitions: options.repetitions, controllers: options.controllers, bleHost };
  const report: Report = { machine: thisMachine(), effort, results: await measured(chosen, effort) };
  if (options.json) process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
  else process.stdout.write(options.markdown ? markdownOf(report) : textOf(report));
  if (options.write !== undefined) await insertInto(options.write, options.controllers, markdownOf(report));
  if (options.keep) await keepBaseline(report.results, options.controllers);
}

/** Measures again what seems to have become slower: a busy machine is no regression. */
async function guard(
  chosen: readonly Scenario[],
  { controllers, repetitions, json }: Options,
): Promise<void> {
  const effort = { ...times, repetitions, controllers, bleHost: false };
  const withFloor = chosen.filter(({ floor }) => floor);
  const once = await regressions(await measured(withFloor, effort), controllers);
  const suspects = withFloor.filter(({ name }) => once.some((regression) => regression.name === name));
  const again = { ...effort, repetitions: 2 * repetitions };
  const twice = suspects.length > 0 ? await regressions(await measured(suspects, again), controllers) : [];
  if (json) process.stdout.write(`${JSON.stringify({ regressions: twice })}\n`);
  for (const { name, ratio, promised } of twice) {
    tell(`${name}: ${ratio.toFixed(2)} times the floor; it was ${promised.toFixed(2)}`);
  }
  if (twice.length > 0) process.exitCode = 1;
  else tell(`${withFloor.length} scenarios: none is slower, against the floor, than it was`);
}

async function atScale(
  names: readonly string[],
  { repetitions, json, markdown, write }: Options,
): Promise<void> {
  const chosen = scaleNamed(names);
  if (!chosen) throw new RangeError(`no such scenario with --scale: ${names.join(", ")}\n\n${usage}`);
  const report = await measureScale(chosen, repetitions, progress);
  progress("");
  if (json) process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
  else process.stdout.write(markdown ? scaleMarkdownOf(report) : scaleTextOf(report));
  if (write !== undefined) await insertInto(write, "scale", scaleMarkdownOf(report));
}

async function measured(chosen: readonly Scenario[], effort: Effort): Promise<Result[]> {
  const samples = await runAll(chosen, effort, progress);
  progress("");
  return samples.map(resultOf);
}

/** On a line that is written again and again. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

function tell(text: string): void {
  process.stderr.write(`${text}\n`);
}

function kindOf(text: string): ControllerKind {
  if (text === "virtual" || text === "forwarding") return text;
  throw new RangeError(`--controllers: "${text}" is neither "virtual" nor "forwarding"`);
}

function countOf(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= 99) return count;
  throw new RangeError(`--repetitions: "${text}" is not a whole number from 1 to 99`);
}

function chosenOf(names: readonly string[]): readonly Scenario[] {
  const unknown = names.filter((name) => !scenarios.some((scenario) => scenario.name === name));
  if (unknown.length > 0) throw new RangeError(`no such scenario: ${unknown.join(", ")}\n\n${usage}`);
  return scenarios.filter(({ name }) => names.length === 0 || names.includes(name));
}
