import { type DeviceAddress, sameAddress } from "./device-address.ts";

/** Connection handles go up to here. Vol 4, Part E, 5.3.1. */
const lastHandle = 0x0eff;

/** One end of a connection, as the table knows it. */
export interface Linked {
  readonly handle: number;
  readonly peer: { readonly address: DeviceAddress };
}

/** The connections of one controller. */
export class LinkTable<E extends Linked> {
  readonly #ends = new Map<number, E>();
  readonly #most: number;
  #next: number;

  /**
   * @param first - The first connection handle that is given.
   * @param most - How many connections there may be.
   */
  constructor(first: number, most: number) {
    this.#most = most;
    this.#next = first;
  }

  get full(): boolean {
    return this.#ends.size >= this.#most;
  }

  get(handle: number): E | undefined {
    return this.#ends.get(handle);
  }

  /** The link with a device, whichever end made it: there is never more than one. Vol 6, Part B, 4.5. */
  withPeer(address: DeviceAddress): E | undefined {
    for (const end of this.#ends.values()) if (sameAddress(end.peer.address, address)) return end;
    return undefined;
  }

  /** A handle not in use, and not one that was in use a moment ago. */
  freeHandle(): number {
    while (this.#ends.has(this.#next)) this.#step();
    const handle = this.#next;
    this.#step();
    return handle;
  }

  add(end: E): void {
    this.#ends.set(end.handle, end);
  }

  remove(end: E): void {
    this.#ends.delete(end.handle);
  }

  /** Every link at this moment, oldest first. */
  all(): readonly E[] {
    return [...this.#ends.values()];
  }

  #step(): void {
    this.#next = this.#next >= lastHandle ? 0 : this.#next + 1;
  }
}
