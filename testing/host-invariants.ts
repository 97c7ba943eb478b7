import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { InvariantError } from "./invariant.ts";

/** What a virtual controller keeps of its host's mistakes: `VirtualController` is one. */
export interface FaultKeeper {
  readonly faults: readonly { readonly kind: string; readonly message: string; readonly at: number }[];
}

/**
 * The host of this controller has broken no rule of HCI: credits, lengths, handles. Vol 4, Part E, 4.1 and 4.4.
 *
 * @param except - Kinds that are forgiven: `"unknownHandle"` where links ended while data was on its way.
 * @throws {@link InvariantError} The message has all of the faults.
 */
export function noHostFaults(
  controller: FaultKeeper,
  { except = [] }: { readonly except?: readonly string[] } = {},
): void {
  const faults = controller.faults.filter(({ kind }) => !except.includes(kind));
  if (faults.length === 0) return;
  const said = faults.map(({ kind, message, at }) => `at ${at} ms ${kind}: ${message}`);
  throw new InvariantError("noHostFaults", said.join("; "));
}

/** What may be left behind. */
export interface Pending {
  /** A `VirtualClock`: no timer may wait. */
  readonly clock?: { readonly timers: number };
  /** By names of your own: all have to be settled. */
  readonly promises?: Readonly<Record<string, Promise<unknown>>>;
  /** A `VirtualController`: no link may be up. */
  readonly controller?: { readonly connections: number };
}

/**
 * After everything was closed no timer waits, no promise is open and no link is up.
 *
 * @throws {@link InvariantError} The message says what is left.
 */
export async function nothingPending({ clock, promises = {}, controller }: Pending): Promise<void> {
  const left: string[] = [];
  if (clock && clock.timers > 0) left.push(`${clock.timers} timers`);
  if (controller && controller.connections > 0) left.push(`${controller.connections} links`);
  for (const [name, promise] of Object.entries(promises)) {
    if (!(await isSettled(promise))) left.push(`the promise "${name}"`);
  }
  if (left.length > 0) throw new InvariantError("nothingPending", `${left.join(", ")} are left`);
}

async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const open = {};
  const later = new Promise((resolve) => setImmediate(() => resolve(open)));
  const first = await Promise.race([promise.catch(() => undefined), later]);
  return first !== open;
}

/** How much may grow. */
export interface MemoryOptions {
  /** How often it is done before it counts: caches fill and code is compiled. Default 20. */
  readonly warmUp?: number;
  /** How often it is done then. Default 200. */
  readonly rounds?: number;
  /** By how much the heap and array buffers may have grown at the end, in octets. Default 1 MiB. */
  readonly most?: number;
}

/**
 * Doing something again and again does not take more and more memory.
 *
 * @throws {@link InvariantError} The message says by how many octets a round it grew.
 */
export async function memoryBounded(
  round: () => void | Promise<void>,
  { warmUp = 20, rounds = 200, most = 1024 * 1024 }: MemoryOptions = {},
): Promise<void> {
  for (let i = 0; i < warmUp; i++) await round();
  const before = await used();
  for (let i = 0; i < rounds; i++) await round();
  const grown = (await used()) - before;
  if (grown <= most) return;
  throw new InvariantError(
    "memoryBounded",
    `${grown} octets more after ${rounds} rounds, ${Math.round(grown / rounds)} a round`,
  );
}

let collectGarbage: (() => void) | undefined;

/** Octets in use once the garbage is gone. */
async function used(): Promise<number> {
  if (!collectGarbage) {
    setFlagsFromString("--expose-gc"); // so that nobody has to start Node with it
    collectGarbage = runInNewContext("gc") as () => void;
  }
  for (let i = 0; i < 2; i++) {
    collectGarbage();
    await new Promise((resolve) => setImmediate(resolve)); // array buffers are freed a little later
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
