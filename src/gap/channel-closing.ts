import type { Clock } from "../common/clock.ts";
import type { BleError } from "../common/errors.ts";
import type { Done } from "../common/procedure.ts";
import { promised } from "../common/promised.ts";
import type { Turn } from "../common/turn.ts";
import type { CreditChannel } from "../l2cap/credit-channel.ts";
import { ChannelClosedError } from "../l2cap/error.ts";
import type { ChannelSender } from "./channel-sender.ts";

/** How long a peer may take nothing of what is left before a channel that is disposed of is closed all the same, in ms. */
const patience = 5_000;

/** The ways in which a program ends a channel. Vol 3, Part A, 4.6. */
export class ChannelClosing {
  readonly #channel: CreditChannel;
  readonly #sender: ChannelSender;
  readonly #clock: Clock;
  readonly #turn: Turn;
  #reason: BleError | undefined;
  #goodbye: Promise<void> | undefined;
  #timer: Disposable | undefined;

  constructor(channel: CreditChannel, sender: ChannelSender, clock: Clock, turn: Turn) {
    this.#channel = channel;
    this.#sender = sender;
    this.#clock = clock;
    this.#turn = turn;
  }

  /** Closes once everything has been sent, however long that takes; rejects when the channel closes before. */
  finish(): Promise<void> {
    return this.#inTurn((done) => {
      this.#finish(done);
    });
  }

  /** Closes at once. */
  abort(): Promise<void> {
    return this.#inTurn((done) => {
      this.#channel.close(() => {
        done(undefined);
      });
    });
  }

  /** Closes once everything has been sent, or the peer takes no more of it; never rejects. */
  goodbye(): Promise<void> {
    return (this.#goodbye ??= this.#sayGoodbye());
  }

  /** The channel has closed. */
  closed(reason: BleError): void {
    this.#reason = reason;
    this.#timer?.[Symbol.dispose]();
  }

  async #sayGoodbye(): Promise<void> {
    if (this.#reason) return;
    this.#watch();
    try {
      await this.finish();
    } catch (error) {
      if (error !== this.#reason) throw error;
      await this.abort(); // resolves when the peer knows of it, or never will
    }
  }

  #watch(): void {
    const left = this.#sender.waiting;
    this.#timer = this.#clock.after(patience, () => {
      if (this.#sender.waiting === left) void this.abort();
      else this.#watch();
    });
  }

  #finish(done: Done<undefined>): void {
    if (this.#reason) {
      done(undefined);
      return;
    }
    this.#sender.end(new ChannelClosedError("local"));
    this.#sender.whenQueued(() => {
      this.#channel.whenDrained(() => {
        if (this.#reason) done(this.#reason);
        else
          this.#channel.close(() => {
            done(undefined);
          });
      });
    });
  }

  async #inTurn(operation: (done: Done<undefined>) => void): Promise<void> {
    await promised<undefined>((done) => {
      this.#turn.run(() => {
        operation(done);
      });
    });
  }
}
