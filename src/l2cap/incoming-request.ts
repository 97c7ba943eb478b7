import type { Clock } from "../common/clock.ts";
import type { BleError } from "../common/errors.ts";
import { requireWhole } from "../common/whole-number.ts";
import type { ChannelTable } from "./channel-table.ts";
import { isRefusal } from "./connection-result.ts";
import type { IncomingChannels, OpenChannel } from "./credit-channel.ts";
import { ChannelUnavailableError } from "./error.ts";
import { ConnectionResult } from "./signaling-pdu.ts";
import type { Registered } from "./spsm-registry.ts";

/**
 * How long a listener may think about a request, in ms. A peer may wait for an answer for 60 s or less, and those in use
 * wait for 30 s at least. Then one of the enhanced kind is asked for patience: no sooner, for many take that as a refusal.
 * Vol 3, Part A, 6.2.1.
 */
const patience = 20_000;
/** How much longer a listener may think then: ERTX is at least 60 s. Vol 3, Part A, 6.2.2. */
const patienceWhenPending = 50_000;

/** A request of either kind. */
export interface RequestedChannels {
  readonly identifier: number;
  readonly enhanced: boolean;
  readonly spsm: number;
  readonly mtu: number;
  readonly mps: number;
  readonly credits: number;
  /** The peer's ends. */
  readonly cids: readonly number[];
}

/** The answer to it. */
export interface ChannelResponse {
  readonly mtu: number;
  readonly mps: number;
  readonly credits: number;
  readonly result: number;
  /** Our ends in the order of the request, 0 for one that is refused. */
  readonly cids: readonly number[];
}

/** What a request needs of its link. */
export interface IncomingLink {
  readonly connectionHandle: number;
  readonly clock: Clock;
  readonly table: ChannelTable;
  respond(response: ChannelResponse): void;
}

/** The peer's request for channels while a listener thinks about it. Vol 3, Part A, 4.22 to 4.26. */
export class IncomingRequest implements IncomingChannels {
  readonly #request: RequestedChannels;
  /** The peer's ends that there can be a channel for. */
  readonly #good: readonly number[];
  /** Our ends for them, which are theirs until the answer. */
  readonly localCids: readonly number[];
  /** The result when each of them is accepted. */
  readonly #result: number;
  readonly #registered: Registered;
  readonly #link: IncomingLink;
  #timer: Disposable | undefined;
  #pending = true;

  constructor(
    request: RequestedChannels,
    good: readonly number[],
    result: number,
    registered: Registered,
    link: IncomingLink,
  ) {
    this.#request = request;
    this.#good = good;
    this.#result = result;
    this.#registered = registered;
    this.#link = link;
    this.localCids = link.table.reserve(good.length) ?? [];
    this.#wait();
  }

  get connectionHandle(): number {
    return this.#link.connectionHandle;
  }

  get spsm(): number {
    return this.#request.spsm;
  }

  get enhanced(): boolean {
    return this.#request.enhanced;
  }

  get count(): number {
    return this.#good.length;
  }

  get peerMtu(): number {
    return this.#request.mtu;
  }

  get peerMps(): number {
    return this.#request.mps;
  }

  get credits(): number {
    return this.#request.credits;
  }

  get pending(): boolean {
    return this.#pending;
  }

  accept(open: OpenChannel, count: number = this.count): boolean {
    requireWhole("count", count, 1, this.count);
    if (!this.#pending) return false;
    const { table } = this.#link;
    const taken = Math.min(count, this.localCids.length);
    const { enhanced, spsm, mtu, mps, credits } = this.#request;
    const { limits } = this.#registered;
    if (taken === 0) {
      this.#refuseAll(ConnectionResult.NoResources);
      return false;
    }
    const channels = table.make(this.localCids.slice(0, taken), { enhanced, spsm, limits });
    this.#end(taken);
    const ends = new Map<number, number>();
    for (const [at, channel] of channels.entries()) {
      const cid = this.#good[at] ?? 0;
      ends.set(cid, channel.localCid);
      table.accepted(channel, { cid, mtu, mps, credits });
    }
    this.#respond(
      taken < this.count ? ConnectionResult.NoResources : this.#result,
      // The same end asked for twice has one channel, which the first of the two names.
      this.#request.cids.map((cid) => {
        const localCid = ends.get(cid) ?? 0;
        ends.delete(cid);
        return localCid;
      }),
    );
    for (const channel of channels) channel.use(open);
    return true;
  }

  refuse(result: number): void {
    if (!isRefusal(result, this.enhanced)) {
      throw new RangeError(`result: give one of ConnectionResult that refuses such a channel, not ${result}`);
    }
    if (this.#pending) this.#refuseAll(result);
  }

  /** The link is gone. */
  end(reason: BleError): void {
    if (!this.#pending) return;
    this.#end();
    this.#registered.listener.withdrawn?.(this, reason);
  }

  #wait(): void {
    const { clock } = this.#link;
    this.#timer = clock.after(patience, () => {
      if (!this.enhanced) {
        this.#tooLate();
        return;
      }
      this.#respond(ConnectionResult.Pending, this.#none());
      this.#timer = clock.after(patienceWhenPending, () => {
        this.#tooLate();
      });
    });
  }

  #tooLate(): void {
    this.#refuseAll(ConnectionResult.NoResources);
    const reason = new ChannelUnavailableError("the listener did not answer in time");
    this.#registered.listener.withdrawn?.(this, reason);
  }

  #refuseAll(result: number): void {
    this.#end();
    this.#respond(result, this.#none());
  }

  #none(): number[] {
    return this.#request.cids.map(() => 0);
  }

  #respond(result: number, cids: readonly number[]): void {
    // Of a refusal nothing but the result counts.
    const { mtu, mps, credits } = cids.some((cid) => cid !== 0)
      ? this.#registered.limits
      : { mtu: 0, mps: 0, credits: 0 };
    this.#link.respond({ mtu, mps, credits, result, cids });
  }

  /** @param taken - How many of our ends have a channel now. */
  #end(taken = 0): void {
    this.#pending = false;
    this.#link.table.unreserve(this.localCids.slice(taken));
    this.#timer?.[Symbol.dispose]();
    for (const cid of this.#good) this.#link.table.unask(cid);
  }
}
