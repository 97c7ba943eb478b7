import { setTimeout as pause } from "node:timers/promises";

/** How long something may take that comes by itself, in ms: twice that of a slow machine. */
const patience = 40_000;

/** What a promise gives, unless it takes too long. The error names what was waited for. */
export async function within<T>(what: string, promise: Promise<T>, ms: number = patience): Promise<T> {
  const call = new AbortController();
  const late = pause(ms, undefined, { signal: call.signal }).then(() => {
    throw new Error(`${what}: nothing within ${ms / 1000} s`);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    call.abort();
    late.catch(() => undefined);
  }
}

/** Looks again and again until there is something other than `undefined` and false. */
export async function poll<T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
  ms: number = patience,
): Promise<T> {
  const end = performance.now() + ms;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > end) throw new Error(`${what}: not within ${ms / 1000} s`);
    await pause(50);
  }
}
