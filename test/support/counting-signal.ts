/** A signal that tells how many listeners hang on it, to show that nothing is left behind. */
export interface CountingSignal {
  readonly signal: AbortSignal;
  readonly abort: (reason?: unknown) => void;
  /** How many listeners were added and neither removed nor called. */
  readonly listeners: () => number;
}

/** An AbortController whose signal counts. */
export function countingSignal(): CountingSignal {
  const controller = new AbortController();
  const { signal } = controller;
  const live = new Set<unknown>();
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    live.add(args[1]);
    add(...args);
  };
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    live.delete(args[1]);
    remove(...args);
  };
  const abort = (reason?: unknown): void => {
    live.clear(); // all of them are to be called once
    controller.abort(reason);
  };
  return { signal, abort, listeners: () => live.size };
}
