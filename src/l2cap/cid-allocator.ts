/** The first channel identifier that is given out as needed on an LE link. Vol 3, Part A, 2.1, Table 2.2. */
export const firstDynamicCid = 0x0040;
/** The last one. */
export const lastDynamicCid = 0x007f;

const space = lastDynamicCid - firstDynamicCid + 1;

/** Whether a channel that is opened may have that identifier on an LE link. Vol 3, Part A, 2.1, Table 2.2. */
export function isDynamicCid(cid: number): boolean {
  return cid >= firstDynamicCid && cid <= lastDynamicCid;
}

/**
 * The channel identifiers of this side's ends, 0x0040 to 0x007f. Vol 3, Part A, 2.1, Table 2.2.
 *
 * One that was given back is the last to be given out again, so what is late for the old channel hits no new one.
 */
export class CidAllocator {
  readonly #taken = new Set<number>();
  #next = 0;

  /** How many are left. */
  get free(): number {
    return space - this.#taken.size;
  }

  /** The next ones; `undefined` when there are not as many left. */
  take(count: number): number[] | undefined {
    if (count > this.free) return undefined;
    const cids: number[] = [];
    for (; cids.length < count; this.#next = (this.#next + 1) % space) {
      const cid = firstDynamicCid + this.#next;
      if (this.#taken.has(cid)) continue;
      this.#taken.add(cid);
      cids.push(cid);
    }
    return cids;
  }

  /** Gives one back. */
  release(cid: number): void {
    this.#taken.delete(cid);
  }
}
