/** What a piece of work has given, and the longest that the event loop was kept by one turn of it. */
export interface Blocked<T> {
  readonly value: T;
  readonly milliseconds: number;
}

/**
 * The longest turn of the event loop while `work` goes on, in ms: of the wall or of the processor, whichever is less. On
 * the wall a turn is longer for what other processes do, of the processor for what the collector and the compiler do in
 * threads of their own.
 */
export async function longestTurn<T>(work: () => Promise<T> | T): Promise<Blocked<T>> {
  let longest = 0;
  let begin = moment();
  let isOver = false;
  let timer: NodeJS.Immediate;
  const look = (): void => {
    const now = moment();
    longest = Math.max(longest, Math.min(now.wall - begin.wall, now.processor - begin.processor));
    begin = now;
    if (!isOver) timer = setImmediate(look);
  };
  timer = setImmediate(look);
  begin = moment();
  const value = await work();
  // The turn in which the last of it happened ends with the next look.
  await new Promise(setImmediate);
  isOver = true;
  clearImmediate(timer);
  return { value, milliseconds: longest };
}

/** In ms. */
function moment(): { readonly wall: number; readonly processor: number } {
  const { user, system } = process.cpuUsage();
  return { wall: performance.now(), processor: (user + system) / 1_000 };
}
