import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Budget, Measurement } from "./measurement.ts";
import { type ControllerKind, controllersVariable } from "./controllers.ts";
import type { Scenario, Subject } from "./scenario.ts";

/** How much is measured. */
export interface Effort extends Budget {
  readonly repetitions: number;
  readonly controllers: ControllerKind;
  /** Whether ble-host is there to be measured beside. */
  readonly bleHost: boolean;
}

/** What was measured of one scenario: an entry for each repetition. */
export interface Samples {
  readonly scenario: Scenario;
  readonly jelling: Measurement[];
  /** Of the same repetitions; empty where there is no floor. */
  readonly floor: Measurement[];
  /** Likewise. */
  readonly bleHost: Measurement[];
}

/** The extension of this file, so that it works from wherever it was compiled to. */
const child = fileURLToPath(import.meta.url).replace(/runner(?=\.[jt]s$)/, "child");
const run = promisify(execFile);

/** Far more than a measurement takes, in ms: one that hangs is a fault, and the benchmark ends with it. */
const patience = 60_000;

/**
 * Measures everything: each measurement in a process of its own, so that none is compiled for the sake of another, and
 * all of one repetition before the next, so that a machine that becomes slower does so for all.
 *
 * @param progress - Told before each measurement.
 */
export async function runAll(
  scenarios: readonly Scenario[],
  effort: Effort,
  progress: (text: string) => void,
): Promise<Samples[]> {
  const samples = scenarios.map((scenario): Samples => ({ scenario, jelling: [], floor: [], bleHost: [] }));
  for (let repetition = 1; repetition <= effort.repetitions; repetition++) {
    for (const { scenario, jelling, floor, bleHost } of samples) {
      progress(`${repetition}/${effort.repetitions} ${scenario.title}`);
      jelling.push(await runOne(scenario, "jelling", effort));
      if (scenario.floor) floor.push(await runOne(scenario, "floor", effort));
      if (scenario.bleHost && effort.bleHost) bleHost.push(await runOne(scenario, "ble-host", effort));
    }
  }
  return samples;
}

async function runOne(scenario: Scenario, subject: Subject, effort: Effort): Promise<Measurement> {
  const times = [String(effort.warmUpMs), String(effort.measureMs)];
  const parameters = [...(scenario.nodeOptions ?? []), child, scenario.name, subject, ...times];
  // ble-host keeps its bonds in the folder it finds itself in, and does otherwise with a peer that it knows.
  const folder = await mkdtemp(join(tmpdir(), "jelling-bench-"));
  try {
    const { stdout } = await run(process.execPath, parameters, {
      timeout: patience,
      cwd: folder,
      env: { ...process.env, [controllersVariable]: effort.controllers },
    });
    return JSON.parse(stdout) as Measurement;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
