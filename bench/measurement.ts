/** What one process has measured of one subject. */
export interface Measurement {
  /** How many operations the figures below cover. */
  readonly operations: number;
  readonly wallMs: number;
  /** User and system time of the whole process: both hosts and both controllers, the collector and the compiler. */
  readonly cpuMs: number;
  /** Octets allocated, on the heap and in array buffers; only where that is what was asked. */
  readonly allocatedOctets?: number;
}

/** How long one process may take, in ms of the processor. */
export interface Budget {
  /** For the compiler; not counted. */
  readonly warmUpMs: number;
  readonly measureMs: number;
}

/** Does the operation so many times; resolves when the last one has arrived. */
export type Work = (operations: number) => Promise<void>;

/** Long enough that waiting for the last operation of a batch weighs little. */
const batch = 1_000;

/**
 * Repeats `work`, first to warm up and then to measure.
 *
 * @param atOnce - How many operations each time; fewer where one takes long.
 */
export async function measure(
  work: Work,
  { warmUpMs, measureMs }: Budget,
  atOnce: number = batch,
): Promise<Measurement> {
  await repeat(work, warmUpMs, atOnce);
  const done = stopwatch();
  return done(await repeat(work, measureMs, atOnce));
}

/** What one operation takes that can be done only once. */
export async function measureOnce(work: () => Promise<unknown>): Promise<Measurement> {
  const done = stopwatch();
  await work();
  return done(1);
}

/** Adds up measurements of the same operation. */
export function sum(measurements: readonly Measurement[]): Measurement {
  const total = { operations: 0, wallMs: 0, cpuMs: 0 };
  for (const { operations, wallMs, cpuMs } of measurements) {
    total.operations += operations;
    total.wallMs += wallMs;
    total.cpuMs += cpuMs;
  }
  return total;
}

/**
 * Octets that `work` allocates, whether or not they are garbage afterwards. Right only as long as nothing is collected
 * meanwhile: the process needs `--expose-gc` and a young generation larger than a batch fills.
 */
export async function measureAllocation(work: Work, budget: Budget): Promise<Measurement> {
  const { gc } = globalThis;
  if (!gc) throw new Error("allocation is measured with node --expose-gc");
  await repeat(work, budget.warmUpMs, batch);
  const measured: number[] = [];
  const end = performance.now() + budget.measureMs;
  do {
    gc();
    const before = allocated();
    await work(batch);
    measured.push(allocated() - before);
  } while (performance.now() < end);
  // In the middle: a batch in which something was collected after all, or compiled, does not count.
  const middle = measured.sort((a, b) => a - b)[measured.length >> 1] ?? 0;
  return { operations: batch, wallMs: 0, cpuMs: 0, allocatedOctets: middle };
}

/** @param ms - Of the processor, so that a machine that is busy otherwise leaves the compiler as much to go by. */
async function repeat(work: Work, ms: number, atOnce: number): Promise<number> {
  const end = processorMs() + ms;
  let operations = 0;
  do {
    await work(atOnce);
    operations += atOnce;
  } while (processorMs() < end);
  return operations;
}

function stopwatch(): (operations: number) => Measurement {
  const cpu = processorMs();
  const start = performance.now();
  return (operations) => {
    const wallMs = performance.now() - start;
    return { operations, wallMs, cpuMs: processorMs() - cpu };
  };
}

/** What the process has used of processors so far. */
function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

function allocated(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
