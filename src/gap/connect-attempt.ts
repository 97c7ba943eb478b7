import type { Address } from "../common/address.ts";
import type { Clock } from "../common/clock.ts";
import type { LinkParameters } from "./connect-options.ts";
import type { Connection } from "./connection.ts";

/** One caller who waits for the link. */
export interface Waiter {
  readonly connected: (connection: Connection) => void;
  readonly failed: (reason: unknown) => void;
}

/**
 * A peer that is to be connected to, and everyone who wants it: asked for twice it is still one link.
 */
export class ConnectAttempt {
  readonly address: Address;
  readonly link: LinkParameters;
  /** How often it may still be tried again when a link is not established. */
  retries: number;
  readonly #waiters = new Map<Waiter, Disposable>();
  readonly #clock: Clock;

  constructor(address: Address, link: LinkParameters, retries: number, clock: Clock) {
    this.address = address;
    this.link = link;
    this.retries = retries;
    this.#clock = clock;
  }

  /** Whether links that are asked for in that way are as this one is to be, their PHYs aside. */
  asks(link: LinkParameters | undefined): boolean {
    return (
      link !== undefined && JSON.stringify({ ...link, phys: this.link.phys }) === JSON.stringify(this.link)
    );
  }

  /** Whether anybody still wants the link. */
  get wanted(): boolean {
    return this.#waiters.size > 0;
  }

  /** One more wants it, for so long. */
  join(waiter: Waiter, timeoutMs: number, due: () => void): void {
    this.#waiters.set(waiter, this.#clock.after(timeoutMs, due));
  }

  /** One does not want it any more. @returns Whether it did until now. */
  leave(waiter: Waiter): boolean {
    this.#waiters.get(waiter)?.[Symbol.dispose]();
    return this.#waiters.delete(waiter);
  }

  succeed(connection: Connection): void {
    for (const waiter of this.#take()) waiter.connected(connection);
  }

  fail(reason: unknown): void {
    for (const waiter of this.#take()) waiter.failed(reason);
  }

  #take(): Waiter[] {
    const waiters = [...this.#waiters.keys()];
    for (const timer of this.#waiters.values()) timer[Symbol.dispose]();
    this.#waiters.clear();
    return waiters;
  }
}
