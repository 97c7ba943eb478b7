import type { Clock } from "../common/clock.ts";
import { BackPressureError, type BleError, MalformedPduError } from "../common/errors.ts";
import type { Done } from "../common/procedure.ts";
import { Priority } from "../common/priority.ts";
import type { Channel } from "../l2cap/channel.ts";
import { AttError, AttTimeoutError } from "./error.ts";
import { Opcode } from "./opcode.ts";
import { ErrorResponse } from "./pdu.ts";

/** How long the other side may take to answer, in ms. Vol 3, Part F, 3.3.3. */
const transactionTimeout = 30_000;

/** How many PDUs may wait in one line, so that a program that never waits for answers cannot fill the memory. */
const mostWaiting = 1024;

/** Tells whether a PDU that waits for its turn is still to be sent; an AbortSignal is one. */
export interface Abandoned {
  readonly aborted: boolean;
  /** Called when the PDU's turn has come and it is not sent: its `done` never will be. */
  passedOver?(): void;
}

interface Transaction {
  readonly head: Uint8Array;
  readonly body: Uint8Array | undefined;
  readonly answer: number;
  readonly done: Done<Uint8Array>;
  readonly signal: Abandoned | undefined;
}

/**
 * PDUs that the other side must answer: one on the air, the rest in line. A client has one such line for its
 * requests, a server one for its indications. Vol 3, Part F, 3.3.2.
 */
export class TransactionLine {
  readonly #channel: Channel;
  readonly #clock: Clock;
  readonly #due: () => void;
  readonly #line: Transaction[] = [];
  #timer: Disposable | undefined;
  #ended: BleError | undefined;
  /** An answer is being told: what comes next is sent only when that has had its effect. */
  #telling = false;

  /** @param onTimeout - The bearer must be closed: called before the waiting transactions are told. */
  constructor(channel: Channel, clock: Clock, onTimeout: (error: AttTimeoutError) => void) {
    this.#channel = channel;
    this.#clock = clock;
    this.#due = () => {
      onTimeout(new AttTimeoutError());
    };
  }

  /** How many are on the air or wait; one that was aborted counts until its turn would have come. */
  get waiting(): number {
    return this.#line.length;
  }

  /**
   * Sends `head` and `body` as soon as everything before it was answered.
   *
   * @param head - *Owned* from now on, like `body`.
   * @param answer - The opcode of the PDU that answers it.
   * @param done - Called exactly once, with the answer, *borrowed*, or the reason there is none: BackPressureError when
   *   1024 are in the line.
   * @param signal - Once it is aborted nothing that still waits in the line is sent, and its `done` not called.
   */
  start(
    head: Uint8Array,
    body: Uint8Array | undefined,
    answer: number,
    done: Done<Uint8Array>,
    signal?: Abandoned,
  ): void {
    if (this.#ended) {
      done(this.#ended);
      return;
    }
    if (this.#line.length >= mostWaiting) {
      done(new BackPressureError(`${mostWaiting} requests or indications wait for answers already`));
      return;
    }
    this.#line.push({ head, body, answer, done, signal });
    if (this.#line.length === 1 && !this.#telling) this.#transmit();
  }

  /**
   * Takes a PDU that answers something.
   *
   * Any Error Response ends what is on the air, whatever request it names: servers that fill it in wrongly exist,
   * and the request would otherwise never end. An answer that nobody waits for is dropped.
   */
  answered(pdu: Uint8Array): void {
    const [transaction] = this.#line;
    if (!transaction) return;
    const outcome = judge(transaction, pdu);
    this.#line.shift();
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    // Before the next is sent: what is learnt now may show that it must not be. Vol 3, Part G, 2.5.2.1.
    this.#telling = true;
    try {
      transaction.done(outcome);
    } finally {
      this.#telling = false;
      this.#transmit();
    }
  }

  /** Ends all that waits, and all that is started later, with `reason`. */
  end(reason: BleError): void {
    this.#ended ??= reason;
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    for (const { done } of this.#line.splice(0)) done(reason);
  }

  #transmit(): void {
    let passedOver: Abandoned[] | undefined;
    for (let signal = this.#line[0]?.signal; signal?.aborted; signal = this.#line[0]?.signal) {
      this.#line.shift();
      if (signal.passedOver) (passedOver ??= []).push(signal);
    }
    const [next] = this.#line;
    if (next) {
      this.#timer = this.#clock.after(transactionTimeout, this.#due);
      this.#channel.send(Priority.Attribute, next.head, next.body);
    }
    if (passedOver) for (const signal of passedOver) signal.passedOver?.();
  }
}

function judge({ answer }: Transaction, pdu: Uint8Array): Uint8Array | BleError {
  if (pdu[0] === answer) return pdu;
  if (pdu[0] !== Opcode.ErrorResponse) return new MalformedPduError("ATT", "answers another request", pdu);
  try {
    return AttError.from(ErrorResponse.decode(pdu));
  } catch (error) {
    if (error instanceof MalformedPduError) return error;
    throw error;
  }
}
