import { readFile, writeFile } from "node:fs/promises";
import type { ControllerKind } from "./controllers.ts";
import type { Result } from "./results.ts";

/** The ratios to the floor that the project has promised itself, by controllers and scenario. */
type Baseline = Partial<Record<ControllerKind, Record<string, number>>>;

/** By how much a ratio may be worse: machines differ, and the same one from hour to hour. */
const tolerance = 1.3;

const file = new URL("bench/baseline.json", import.meta.resolve("jelling/package.json"));

/** What is worse than it was. */
export interface Regression {
  readonly name: string;
  readonly ratio: number;
  readonly promised: number;
}

/** The results whose ratio to the floor is worse than the committed one by more than 30 %. */
export async function regressions(
  results: readonly Result[],
  controllers: ControllerKind,
): Promise<Regression[]> {
  const promised = (await readBaseline())[controllers] ?? {};
  return results.flatMap(({ name, ratio }) => {
    const most = promised[name];
    return ratio && most !== undefined && ratio.median > most * tolerance
      ? [{ name, ratio: ratio.median, promised: most }]
      : [];
  });
}

/** Makes these results the ones to be measured by. */
export async function keepBaseline(results: readonly Result[], controllers: ControllerKind): Promise<void> {
  const baseline = await readBaseline();
  const ratios = { ...baseline[controllers] };
  for (const { name, ratio } of results) if (ratio) ratios[name] = Number(ratio.median.toPrecision(3));
  const text = JSON.stringify({ ...baseline, [controllers]: ratios }, undefined, 2);
  await writeFile(file, `${text}\n`);
}

async function readBaseline(): Promise<Baseline> {
  return JSON.parse(await readFile(file, "utf8")) as Baseline;
}
