import { readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { thisMachine } from "./machine.ts";
import { markdownOf, type Report, textOf } from "./report.ts";
import { resultOf } from "./results.ts";
import { type Effort, runAll } from "./runner.ts";
import type { Scenario } from "./scenario.ts";
import { scenarios } from "./scenario-list.ts";

const usage = `Measures the stack between two hosts over the virtual radio.

npm run bench -- [options] [scenario ...]

  --quick        one short measurement of each, in under ten seconds
  --json         prints JSON instead of a table
  --markdown     prints Markdown instead of a table
  --write FILE   puts the Markdown between the marks of FILE as well

Scenarios: ${scenarios.map(({ name }) => name).join(", ")}
`;

const thorough: Effort = { repetitions: 5, warmUpMs: 150, measureMs: 250 };
const short: Effort = { repetitions: 1, warmUpMs: 150, measureMs: 150 };

/** What stands between these is replaced by `--write`. */
const marks = { begin: "<!-- bench: begin -->", end: "<!-- bench: end -->" };

try {
  const { values: options, positionals: names } = parseArgs({
    allowPositionals: true,
    options: {
      help: { type: "boolean" },
      quick: { type: "boolean" },
      json: { type: "boolean" },
      markdown: { type: "boolean" },
      write: { type: "string" },
    },
  });
  if (options.help) process.stdout.write(usage);
  else await main(chosenOf(names), options);
} catch (error) {
  if (!(error instanceof Error)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

interface Options {
  readonly quick?: boolean | undefined;
  readonly json?: boolean | undefined;
  readonly markdown?: boolean | undefined;
  readonly write?: string | undefined;
}

async function main(chosen: readonly Scenario[], { quick, json, markdown, write }: Options): Promise<void> {
  const effort = quick ? short : thorough;
  const samples = await runAll(chosen, effort, (text) => {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
  });
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
  const report: Report = { machine: thisMachine(), effort, results: samples.map(resultOf) };
  if (json) process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`);
  else process.stdout.write(markdown ? markdownOf(report) : textOf(report));
  if (write !== undefined) await insert(write, markdownOf(report));
}

function chosenOf(names: readonly string[]): readonly Scenario[] {
  const unknown = names.filter((name) => !scenarios.some((scenario) => scenario.name === name));
  if (unknown.length > 0) throw new RangeError(`no such scenario: ${unknown.join(", ")}\n\n${usage}`);
  return scenarios.filter(({ name }) => names.length === 0 || names.includes(name));
}

async function insert(file: string, markdown: string): Promise<void> {
  const text = await readFile(file, "utf8");
  const from = text.indexOf(marks.begin);
  const to = text.indexOf(marks.end);
  if (from < 0 || to < from) throw new Error(`${file} has no ${marks.begin} with ${marks.end} behind it`);
  await writeFile(file, `${text.slice(0, from + marks.begin.length)}\n\n${markdown}\n${text.slice(to)}`);
}
