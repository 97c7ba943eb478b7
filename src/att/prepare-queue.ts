/** How many parts one client may have prepared, so that it cannot fill the memory. */
const mostParts = 256;

/** How many octets of values: sixteen of the longest. */
const mostOctets = 16 * 512;

/** Octets that were prepared for one attribute one behind the other, and are written as one value. */
export interface PreparedWrite {
  readonly handle: number;
  /** Where the first of them belongs within the value. */
  readonly offset: number;
  readonly octets: Uint8Array;
}

interface Run {
  readonly handle: number;
  readonly offset: number;
  readonly parts: Uint8Array[];
  length: number;
}

/** The prepared writes of one client, in the order they came. Vol 3, Part F, 3.4.6. */
export class PrepareQueue {
  #runs: Run[] = [];
  #parts = 0;
  #octets = 0;
  #removed: number | undefined;

  /** An attribute that was removed from the database although something is prepared for it. */
  get removed(): number | undefined {
    return this.#removed;
  }

  /** Whether something is prepared for that attribute. */
  holds(handle: number): boolean {
    return this.#runs.some((run) => run.handle === handle);
  }

  /**
   * Queues one part.
   *
   * @param octets - *Owned* from now on.
   * @returns False when there is no room for it, and nothing has changed.
   */
  add(handle: number, offset: number, octets: Uint8Array): boolean {
    if (this.#parts >= mostParts || this.#octets + octets.length > mostOctets) return false;
    this.#parts++;
    this.#octets += octets.length;
    const run = this.#runs.findLast((each) => each.handle === handle);
    // What goes on where the last part for the attribute ended belongs to the same value: 4.9.4 and 4.9.5 of Part G.
    if (run && run.offset + run.length === offset) {
      run.parts.push(octets);
      run.length += octets.length;
    } else {
      this.#runs.push({ handle, offset, parts: [octets], length: octets.length });
    }
    return true;
  }

  /** All that is prepared; then the queue is empty. */
  take(): PreparedWrite[] {
    const runs = this.#runs;
    this.clear();
    return runs.map(({ handle, offset, parts, length }) => {
      const octets = new Uint8Array(length);
      let at = 0;
      for (const part of parts) {
        octets.set(part, at);
        at += part.length;
      }
      return { handle, offset, octets };
    });
  }

  clear(): void {
    this.#runs = [];
    this.#parts = 0;
    this.#octets = 0;
    this.#removed = undefined;
  }

  /** The attributes from `start` to `end` are no more: what is prepared for them cannot be written. */
  forget(start: number, end: number): void {
    this.#removed ??= this.#runs.find(({ handle }) => handle >= start && handle <= end)?.handle;
  }
}
