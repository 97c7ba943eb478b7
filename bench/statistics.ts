/** A few values of one thing. */
export interface Summary {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** @throws {@link RangeError} There are none. */
export function summarize(values: readonly number[]): Summary {
  const sorted = [...values].sort((a, b) => a - b);
  const [least] = sorted;
  const most = sorted.at(-1);
  const low = sorted[(sorted.length - 1) >> 1];
  const high = sorted[sorted.length >> 1];
  if (least === undefined || most === undefined || low === undefined || high === undefined) {
    throw new RangeError("nothing was measured");
  }
  return { median: (low + high) / 2, least, most };
}
