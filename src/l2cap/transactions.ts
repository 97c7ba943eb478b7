import type { Clock } from "../common/clock.ts";
import { u16At } from "../common/bytes.ts";
import type { BleError } from "../common/errors.ts";
import type { Done, Outcome } from "../common/procedure.ts";
import { ChannelUnavailableError, CommandRejectedError, SignalingTimeoutError } from "./error.ts";
import { SignalingCode } from "./signaling-pdu.ts";

/** RTX: how long an answer may take, in ms; 1 to 60 s. Vol 3, Part A, 6.2.1. */
export const responseTimeout = 30_000;
/** ERTX: how much longer it may take when the peer has asked for patience, in ms; 60 to 300 s. Vol 3, Part A, 6.2.2. */
export const extendedResponseTimeout = 60_000;

const mostIdentifier = 0xff;
/** How many requests may wait at once: an identifier is left for the credits, which nobody answers. */
const mostPending = mostIdentifier - 1;

/** What a requester is told apart from the outcome. */
export interface Transaction {
  /** The code of the response. */
  readonly answer: number;
  /** Gets the response's data, *borrowed*, or why there is none. Called once. */
  readonly done: Done<Uint8Array>;
  /**
   * What a response is good for, `"answer"` by default. One that asks for patience is followed by another, for which
   * ERTX runs (Vol 3, Part A, 4.26); one that is about something else is dropped.
   */
  readonly judge?: (data: Uint8Array) => "answer" | "patience" | "drop";
  /**
   * Gets what comes after the time-out, at most once; until then, or until the link ends, the identifier is not used
   * again. Without it a late response is dropped like any that answers nothing.
   */
  readonly late?: Done<Uint8Array>;
  /** Whether nobody wants to know any more what comes late, so that the identifier can be used for something else. */
  readonly isOver?: () => boolean;
}

interface Pending extends Transaction {
  readonly code: number;
  timer: Disposable | undefined;
  expired: boolean;
}

/** Our requests on the signalling channel, each until it is answered. Vol 3, Part A, 4 and 6.2. */
export class Transactions {
  readonly #clock: Clock;
  readonly #pending = new Map<number, Pending>();
  #last = 0;
  #ended: BleError | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * The identifier for the next command of ours: never 0x00, and none that a request waits with. It is used again only
   * when all others were. Vol 3, Part A, 4.
   */
  nextIdentifier(): number {
    do this.#last = (this.#last % mostIdentifier) + 1;
    while (this.#pending.has(this.#last));
    return this.#last;
  }

  /**
   * Waits for the answer to a request that is to be sent.
   *
   * @returns The identifier to send it with; `undefined` when it is not to be sent, and `done` has been told why.
   */
  begin(code: number, transaction: Transaction): number | undefined {
    const refusal = this.#ended ?? this.#refusal();
    if (refusal) {
      transaction.done(refusal);
      return undefined;
    }
    const identifier = this.nextIdentifier();
    const pending: Pending = { ...transaction, code, timer: undefined, expired: false };
    this.#pending.set(identifier, pending);
    this.#time(identifier, pending, responseTimeout);
    return identifier;
  }

  /** A response has come. One that answers nothing, or answers again, is dropped. Vol 3, Part A, 4. */
  answered(code: number, identifier: number, data: Uint8Array): void {
    const pending = this.#pending.get(identifier);
    if (!pending) return;
    switch (judged(pending, code, data)) {
      case "drop":
        return;
      case "patience":
        if (!pending.expired) this.#time(identifier, pending, extendedResponseTimeout);
        return;
      case "answer":
        this.#pending.delete(identifier);
        pending.timer?.[Symbol.dispose]();
        tell(pending, data);
        return;
      case "rejection":
        this.#pending.delete(identifier);
        pending.timer?.[Symbol.dispose]();
        tell(pending, new CommandRejectedError(pending.code, u16At(data, 0)));
        return;
    }
  }

  /** The link is gone. */
  end(reason: BleError): void {
    this.#ended ??= reason;
    const all = [...this.#pending.values()];
    this.#pending.clear();
    for (const pending of all) {
      pending.timer?.[Symbol.dispose]();
      if (!pending.expired) pending.done(reason);
    }
  }

  /** A peer that answers nothing can make many requests wait, and must not make us look for an identifier for ever. */
  #refusal(): BleError | undefined {
    if (this.#pending.size < mostPending) return undefined;
    for (const [identifier, { expired, isOver }] of this.#pending) {
      if (expired && isOver?.() === true) this.#pending.delete(identifier);
    }
    if (this.#pending.size < mostPending) return undefined;
    return new ChannelUnavailableError(`the peer has ${mostPending} requests to answer already`);
  }

  #time(identifier: number, pending: Pending, ms: number): void {
    pending.timer?.[Symbol.dispose]();
    pending.timer = this.#clock.after(ms, () => {
      pending.expired = true;
      if (!pending.late) this.#pending.delete(identifier);
      pending.done(new SignalingTimeoutError(pending.code, ms));
    });
  }
}

function judged(
  pending: Pending,
  code: number,
  data: Uint8Array,
): "answer" | "patience" | "drop" | "rejection" {
  if (code === SignalingCode.CommandReject) return "rejection";
  if (code !== pending.answer) return "drop";
  return pending.judge?.(data) ?? "answer";
}

function tell(pending: Pending, outcome: Outcome<Uint8Array>): void {
  if (pending.expired) pending.late?.(outcome);
  else pending.done(outcome);
}
