import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Figure, ScaleResult, ScaleScenario } from "./scale-figure.ts";
import { scaleScenarios } from "./scale-list.ts";
import type { ScaleReport } from "./scale-report.ts";
import { thisMachine } from "./machine.ts";
import { summarize } from "./statistics.ts";

/** The extension of this file, so that it works from wherever it was compiled to. */
const child = fileURLToPath(import.meta.url).replace(/scale(?=\.[jt]s$)/, "scale-child");
const run = promisify(execFile);

/** Far more than a scenario takes, in ms: one that hangs is a fault, and the benchmark ends with it. */
const patience = 300_000;

/** The scenarios of those names, all of them where none is given; `undefined` if there is no such. */
export function scaleNamed(names: readonly string[]): readonly ScaleScenario[] | undefined {
  if (!names.every((name) => scaleScenarios.some((scenario) => scenario.name === name))) return undefined;
  return scaleScenarios.filter(({ name }) => names.length === 0 || names.includes(name));
}

/**
 * How the stack behaves when there is much of everything. Each scenario is a process of its own, and measures what is
 * to be compared in turns; all of them once, and then again.
 *
 * @param progress - Told before each scenario.
 */
export async function measureScale(
  chosen: readonly ScaleScenario[],
  repetitions: number,
  progress: (text: string) => void,
): Promise<ScaleReport> {
  const figures = chosen.map((): Figure[][] => []);
  for (let repetition = 1; repetition <= repetitions; repetition++) {
    for (const [i, scenario] of chosen.entries()) {
      progress(`${repetition}/${repetitions} ${scenario.title}`);
      figures[i]?.push(await runOne(scenario));
    }
  }
  const sections = chosen.map(({ name, title }, i) => ({
    name,
    title,
    results: resultsOf(figures[i] ?? []),
  }));
  return { machine: thisMachine(), repetitions, sections };
}

async function runOne({ name, nodeOptions = [] }: ScaleScenario): Promise<Figure[]> {
  const { stdout } = await run(process.execPath, [...nodeOptions, child, name], { timeout: patience });
  return JSON.parse(stdout) as Figure[];
}

/** The figures of one title together, in the order of the first repetition. */
function resultsOf(repetitions: readonly (readonly Figure[])[]): ScaleResult[] {
  return (repetitions[0] ?? []).map(({ title, unit, most, ratio }) => {
    const same = repetitions.flatMap((figures) => figures.filter((figure) => figure.title === title));
    const note = same[same.length >> 1]?.note;
    const ratios = same.flatMap((figure) => figure.ratio?.value ?? []);
    return {
      title,
      unit,
      value: summarize(same.map(({ value }) => value)),
      ...(most !== undefined && { most }),
      ...(ratio && { ratio: { ...ratio, value: summarize(ratios) } }),
      ...(note !== undefined && { note }),
    };
  });
}
