import type { Work } from "./measurement.ts";

/** How long each work goes on before it is the turn of the next, in ms of the processor. */
const slice = 20;
const rounds = { warmUp: 8, measured: 16 };

/** What one work cost. */
export interface Cost {
  /** Of one operation, in µs of the processor: the median of all rounds. */
  readonly microseconds: number;
  /** How many times as much as the first work, each round for itself: the median. */
  readonly ratio: number;
}

/**
 * Measures several works in turns, in one process: a machine that becomes slower does so for all of them, and what the
 * compiler has made of the code is the same for all.
 *
 * @param atOnce - How many operations between two looks at the clock.
 */
export async function measureInTurns(works: readonly Work[], atOnce: number): Promise<Cost[]> {
  const measured: number[][] = [];
  for (let round = 0; round < rounds.warmUp + rounds.measured; round++) {
    const costs: number[] = [];
    for (const work of works) costs.push(await costOf(work, atOnce));
    if (round >= rounds.warmUp) measured.push(costs);
  }
  return works.map((_, i) => ({
    microseconds: medianOf(measured.map((costs) => costs[i] ?? Number.NaN)),
    ratio: medianOf(measured.map((costs) => (costs[i] ?? Number.NaN) / (costs[0] ?? Number.NaN))),
  }));
}

/** The one in the middle; of an even number the higher of the two there. */
function medianOf(values: readonly number[]): number {
  return percentileOf(values, 0.5);
}

/** The value that so large a part of all does not exceed; `part` is 0 to 1. */
export function percentileOf(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN;
}

async function costOf(work: Work, atOnce: number): Promise<number> {
  const begin = processorMs();
  let operations = 0;
  let now: number;
  do {
    await work(atOnce);
    operations += atOnce;
    now = processorMs();
  } while (now < begin + slice);
  return (1_000 * (now - begin)) / operations;
}

function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}
