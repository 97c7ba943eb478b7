import { BackPressureError, type BleError } from "../common/errors.ts";
import type { Done } from "../common/procedure.ts";
import { Priority } from "../common/priority.ts";
import { type CallOptions, promised } from "../common/promised.ts";
import type { Turn } from "../common/turn.ts";
import type { Channel as LinkChannel } from "../l2cap/channel.ts";

/** A channel of L2CAP, of any kind. A credit-based one knows how many octets it keeps. */
type Sending = LinkChannel & { readonly waiting?: number };

/** How many SDUs may wait for room on one channel before the program is told that it does not wait. */
const mostHeld = 1024;

/** What a program sends on one channel, in the order it was given. */
export class ChannelSender {
  readonly #channel: Sending;
  readonly #turn: Turn;
  /** SDUs that wait for room. */
  #held = 0;
  #octetsHeld = 0;
  /** Why no more is taken. */
  #refusal: BleError | undefined;
  #closed: BleError | undefined;

  constructor(channel: Sending, turn: Turn) {
    this.#channel = channel;
    this.#turn = turn;
  }

  /** Octets that have not been handed to the link yet. */
  get waiting(): number {
    return this.#octetsHeld + (this.#channel.waiting ?? 0);
  }

  /** Whether the SDU was queued: there was room for it, and the channel is open. */
  trySend(sdu: Uint8Array): boolean {
    if (this.#refusal || !this.#channel.hasRoom(Priority.Bulk)) return false;
    this.#turn.enter();
    try {
      this.#channel.send(Priority.Bulk, sdu);
    } finally {
      this.#turn.leave();
    }
    return true;
  }

  /** Resolves when the SDU was queued, behind those that wait already. */
  async sendLater(sdu: Uint8Array, options: CallOptions = {}): Promise<void> {
    await promised<undefined>((done) => {
      this.#turn.run(() => {
        this.#sendLater(sdu, options, done);
      });
    }, options);
  }

  /** Calls once everything that was given before has been queued, or the channel has closed. */
  whenQueued(callback: () => void): void {
    this.#channel.whenRoom(Priority.Bulk, callback);
  }

  /** From now on nothing more is taken; what waits for room is still sent. */
  end(refusal: BleError): void {
    this.#refusal ??= refusal;
  }

  /** The channel has closed: what waits for room is not sent any more. */
  close(reason: BleError): void {
    this.#refusal = reason;
    this.#closed ??= reason;
  }

  #sendLater(sdu: Uint8Array, { signal }: CallOptions, done: Done<undefined>): void {
    if (this.#refusal) {
      done(this.#refusal);
      return;
    }
    if (this.#held >= mostHeld) {
      done(new BackPressureError(`${mostHeld} SDUs wait to be sent: await each before you send the next`));
      return;
    }
    this.#held++;
    this.#octetsHeld += sdu.length;
    this.#channel.whenRoom(Priority.Bulk, () => {
      this.#held--;
      this.#octetsHeld -= sdu.length;
      if (!this.#closed && !signal?.aborted) this.#channel.send(Priority.Bulk, sdu);
      done(this.#closed);
    });
  }
}

/**
 * @param name - What the octets are to the program.
 * @throws {@link TypeError} For programs that no compiler checks: a text has a length too.
 */
export function requireOctets(name: string, octets: unknown): asserts octets is Uint8Array {
  if (octets instanceof Uint8Array) return;
  const text = typeof octets === "string" ? "; of a text, new TextEncoder().encode(text) makes them" : "";
  throw new TypeError(`${name}: a channel carries octets in a Uint8Array${text}`);
}
