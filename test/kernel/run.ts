import { existsSync } from "node:fs";
import { cp, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import process from "node:process";
import { type GuestEnd, runInGuest } from "./machine/guest.ts";
import { installPackages } from "./machine/packages.ts";
import { meetRequirements } from "./machine/requirements.ts";
import { SkipError } from "./machine/skip.ts";
import { help, type Options, readOptions } from "./options.ts";
import { cacheFolder, compiled, sources } from "./places.ts";
import { Report } from "./report.ts";
import type { GuestLine, Scenario } from "./scenario.ts";
import { scenarios } from "./scenarios/all.ts";

/** What starting the guest may take, and what each scenario may at most, in ms. */
const bootLimitMs = 240_000;
const scenarioLimitMs = 120_000;

// The guest ends with this process, whatever ends it.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => process.exit(130));
process.exitCode = await main();

async function main(): Promise<number> {
  let options: Options;
  let chosen: readonly Scenario[];
  try {
    options = readOptions(process.argv.slice(2));
    chosen = choose(options);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${help}`);
    return 2;
  }
  if (options.help) console.log(help);
  else if (options.list) list();
  else return play(chosen, options);
  return 0;
}

/** @throws TypeError A name is none. */
function choose({ all, only }: Options): readonly Scenario[] {
  const unknown = only.find((begin) => !scenarios.some(({ name }) => name.startsWith(begin)));
  if (unknown !== undefined) throw new TypeError(`no scenario is called ${unknown}: see --list`);
  if (only.length > 0) return scenarios.filter(({ name }) => only.some((begin) => name.startsWith(begin)));
  return all ? scenarios : scenarios.filter(({ core }) => core);
}

function list(): void {
  for (const { name, says, core = false } of scenarios)
    console.log(`${core ? "core" : "    "}  ${name.padEnd(38)}${says}`);
}

async function play(chosen: readonly Scenario[], options: Options): Promise<number> {
  const report = new Report(chosen, options.json);
  const output = resolve(options.output);
  try {
    await meetRequirements();
    await installPackages();
    // A kernel may crash, which is not to be blamed on the others: they are played on the next.
    while (report.left.length > 0) await boot(report, options);
    report.sum();
  } catch (error) {
    if (!(error instanceof SkipError)) throw error;
    report.skip(error.message);
  }
  if (existsSync(output)) console.error(`the captures of both sides are in ${output}`);
  return report.failed ? 1 : 0;
}

async function boot(report: Report, { verbose, output }: Options): Promise<void> {
  const { left } = report;
  await runInGuest({
    command: commandFor(left),
    cache: cacheFolder(),
    limitMs: bootLimitMs + left.length * scenarioLimitMs,
    onLine: (line) => report.take(JSON.parse(line) as GuestLine),
    onEnd: async (end, folder) => {
      const log = await logOf(folder);
      if (verbose) console.error(log);
      const why = broken(end);
      report.ended(why, log);
      if (report.failed || why !== undefined) await cp(folder, resolve(output), { recursive: true });
    },
  });
}

/** In the folder of the npm packages, so that they are found. */
function commandFor(names: readonly string[]): string {
  const program = [process.execPath, join(compiled, "test/kernel/guest/main.js"), ...names];
  return `cd ${quoted(sources)} && exec ${program.map(quoted).join(" ")}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

async function logOf(folder: string): Promise<string> {
  const path = join(folder, "guest.log");
  return existsSync(path) ? readFile(path, "utf8") : "";
}

/** Why a guest has not come to its end. */
function broken({ status, late, console: said }: GuestEnd): string | undefined {
  if (status === 0) return undefined;
  if (late) return "the guest took too long";
  if (status !== undefined) return `the program in the guest has ended with ${status}`;
  const bug = said.split(/\r?\n/).filter((line) => /BUG|RIP:|panic/.test(line));
  return `the kernel of the guest has crashed:\n${bug.slice(0, 5).join("\n") || said.slice(-1000)}`;
}
