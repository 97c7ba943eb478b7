import { EventEmitter } from "node:events";
import type { Duplex } from "node:stream";
import type { ReadableStream, WritableStream } from "node:stream/web";
import { hexNumber } from "../common/bytes.ts";
import type { Clock } from "../common/clock.ts";
import type { BleError } from "../common/errors.ts";
import { shownAsText } from "../common/inspect.ts";
import { checkCallOptions, checkOptions } from "../common/options.ts";
import { type CallOptions, promised } from "../common/promised.ts";
import type { Turn } from "../common/turn.ts";
import type { ChannelUser } from "../l2cap/channel.ts";
import type { CreditChannel, Reconfiguration } from "../l2cap/credit-channel.ts";
import { ChannelClosedError } from "../l2cap/error.ts";
import { ChannelClosing } from "./channel-closing.ts";
import { duplexOf } from "./channel-duplex.ts";
import { ChannelQueue } from "./channel-queue.ts";
import { ChannelSender, requireOctets } from "./channel-sender.ts";
import { readableOf, type StreamedChannel, writableOf } from "./channel-streams.ts";
import type { Connection } from "./connection.ts";

/** What the program can observe of a channel. */
export interface ChannelEvents {
  /** The channel has closed, for the reason given; once. */
  closed: [reason: BleError];
  /** An SDU has come and waits to be taken: for those who do not iterate, and use {@link Channel.take}. */
  received: [];
  /** The peer receives longer SDUs or other K-frames than before: see `peerMtu` and `peerMps`. */
  reconfigured: [];
}

/** What a channel is made of; `gap/channel-opening.ts` and `gap/channel-listener.ts` put it together. */
export interface ChannelParts {
  readonly connection: Connection;
  readonly channel: CreditChannel;
  readonly clock: Clock;
  readonly turn: Turn;
}

/**
 * A credit-based channel to one peer: SDUs of any octets, in order, in both directions. Vol 3, Part A, 10.
 *
 * Take what comes in one way: iterate the channel, or read {@link readable}, or use {@link duplex}. The peer may send
 * as much as this side has granted, and more only as the program takes what has come; so a program that takes nothing
 * makes the peer wait, and never fills its memory.
 *
 * L2CAP has no half-closed channels: when either side closes, both directions have ended. Leaving the block of an
 * `await using` closes the channel once what was sent is on its way; `duplex().destroy()` closes it at once, whatever is
 * under way.
 *
 * The peer may close at any time, and links go: a program that serves many catches the {@link BleError} of each by itself.
 */
export class Channel
  extends EventEmitter<ChannelEvents>
  implements AsyncIterable<Uint8Array>, AsyncDisposable
{
  readonly connection: Connection;
  /** The service at the end that listens, 0x01 to 0xff. */
  readonly spsm: number;
  /** Resolves, never rejects, when the channel has closed: a {@link ChannelClosedError} when either side wanted it. */
  readonly closed: Promise<BleError>;
  readonly #channel: CreditChannel;
  readonly #turn: Turn;
  readonly #sender: ChannelSender;
  readonly #received: ChannelQueue<Uint8Array>;
  readonly #closing: ChannelClosing;
  readonly #streamed: StreamedChannel;
  #tellClosed: (reason: BleError) => void = () => undefined;
  #closeReason: BleError | undefined;
  #readable: ReadableStream<Uint8Array> | undefined;
  #writable: WritableStream<Uint8Array> | undefined;
  #duplex: Duplex | undefined;
  /** @internal For L2CAP, whose user it is. */
  readonly user: ChannelUser;

  static {
    shownAsText(Channel.prototype);
  }

  /** Made by `connection.openChannel` and by what `host.listen` returns. */
  constructor({ connection, channel, clock, turn }: ChannelParts) {
    super();
    this.connection = connection;
    this.spsm = channel.spsm;
    this.#channel = channel;
    this.#turn = turn;
    this.#sender = new ChannelSender(channel, turn);
    this.#received = new ChannelQueue(() => {
      this.#consumed();
    });
    this.#closing = new ChannelClosing(channel, this.#sender, clock, turn);
    this.closed = new Promise((resolve) => {
      this.#tellClosed = resolve;
    });
    this.#streamed = {
      get peerMtu() {
        return channel.peerMtu;
      },
      closed: this.closed,
      send: (sdu, options) => this.send(sdu, options),
      next: () => this.#received.next(),
      finish: () => this.#closing.finish(),
      abort: () => this.#closing.abort(),
    };
    this.user = {
      receive: (sdu, owned) => {
        this.#received.push(owned === true ? sdu : new Uint8Array(sdu)); // not slice(): that of a Buffer copies nothing
        if (this.listenerCount("received") > 0) turn.defer(() => this.emit("received"));
      },
      reconfigured: () => {
        turn.defer(() => this.emit("reconfigured"));
      },
      closed: (reason) => {
        this.#closed(reason);
      },
    };
  }

  /** What `console.log` shows. */
  override toString(): string {
    const state = this.#closeReason ? "closed" : "open";
    return `to ${this.connection.peerAddress.toString()} (SPSM 0x${hexNumber(this.spsm, 2)}, ${state})`;
  }

  /** This side's end, 0x0040 to 0x007f. */
  get localCid(): number {
    return this.#channel.localCid;
  }

  /** The peer's end, 0x0040 to 0x007f. */
  get peerCid(): number {
    return this.#channel.peerCid;
  }

  /** Whether it was opened as an enhanced one, and so may be reconfigured. Vol 3, Part A, 10.2. */
  get enhanced(): boolean {
    return this.#channel.enhanced;
  }

  /** Octets of the longest SDU that this side receives. */
  get mtu(): number {
    return this.#channel.mtu;
  }

  /** Octets of the longest SDU that the peer receives, and so that {@link send} takes. The peer may raise it at any time. */
  get peerMtu(): number {
    return this.#channel.peerMtu;
  }

  /** Octets of the longest K-frame payload that this side receives. */
  get mps(): number {
    return this.#channel.mps;
  }

  /** Octets of the longest K-frame payload that the peer receives. */
  get peerMps(): number {
    return this.#channel.peerMps;
  }

  /** How many K-frames this side may still send. */
  get credits(): number {
    return this.#channel.credits;
  }

  /** How many K-frames the peer may still send. */
  get granted(): number {
    return this.#channel.granted;
  }

  /** Octets that were given to {@link send} and wait for credits or for the link. */
  get waiting(): number {
    return this.#channel.waiting;
  }

  /** Why it has closed; `undefined` while it has not. */
  get closeReason(): BleError | undefined {
    return this.#closeReason;
  }

  /**
   * Sends one SDU, and waits while too much waits for the peer already: `await` it, and the program goes as fast as the
   * peer takes what it sends.
   *
   * Resolved means that it is queued and will be sent in its order, unless the channel closes first; L2CAP tells nobody
   * that it has arrived.
   *
   * @param sdu - 0 to {@link peerMtu} octets, not to be changed until the promise settles.
   * @param options.signal - Aborting keeps it from being sent, while it still waits for room.
   * @throws {@link ChannelClosedError} Either side has closed the channel, or is closing it.
   * @throws {@link DisconnectedError} The link is gone.
   * @throws {@link BackPressureError} 1024 SDUs wait for room already, because nobody awaits them.
   * @throws {@link RangeError} It is longer than the peer receives, as peers decide: see {@link peerMtu}.
   */
  async send(sdu: Uint8Array, options?: CallOptions): Promise<void> {
    this.#check(sdu);
    checkCallOptions("send", options);
    options?.signal?.throwIfAborted();
    if (!this.#sender.trySend(sdu)) await this.#sender.sendLater(sdu, options);
  }

  /**
   * Sends one SDU at once, or not at all when there is no room for it or the channel has closed.
   *
   * @param sdu - 0 to {@link peerMtu} octets; copied.
   * @returns Whether it was queued.
   */
  trySend(sdu: Uint8Array): boolean {
    this.#check(sdu);
    return this.#sender.trySend(sdu);
  }

  /**
   * Resolves when nothing that was sent waits any more, for credits or for the link; rejects when the channel closes
   * first, or has closed.
   *
   * @param options.signal - Stops waiting; what was sent goes out all the same.
   */
  async drained(options: CallOptions = {}): Promise<void> {
    checkCallOptions("drained", options);
    await promised<undefined>((done) => {
      const settle = (): void => {
        if (this.#closeReason) done(this.#closeReason);
        else if (this.#sender.waiting === 0) done(undefined);
        else this.#sender.whenQueued(queued); // what waits for room is queued before this is called
      };
      const queued = (): void => {
        this.#channel.whenDrained(settle);
      };
      settle();
    }, options);
  }

  /**
   * An SDU that waits, without taking it: the peer gets no credits for it yet. *Borrowed* until it is taken.
   *
   * @param index - How many have come before it and wait, too.
   */
  peek(index = 0): Uint8Array | undefined {
    return this.#received.at(index);
  }

  /** Takes the oldest SDU that waits, *owned* from then on; `undefined` when none has come. */
  take(): Uint8Array | undefined {
    return this.#received.take();
  }

  /**
   * The SDUs that come, each *owned* by the program. Leaving the loop closes nothing: what comes later waits for the
   * next loop.
   *
   * Ends, after the last of them, when either side has closed the channel; throws the reason when it closed otherwise.
   */
  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined> {
    return { next: () => this.#received.next() };
  }

  /**
   * The SDUs that come, a chunk each. Nothing is read ahead. Cancelling it closes the channel at once. It ends, or
   * errs, as the iteration does.
   */
  get readable(): ReadableStream<Uint8Array> {
    return (this.#readable ??= readableOf(this.#streamed));
  }

  /**
   * Sends each chunk as an SDU, or as several where it is longer than {@link peerMtu}; an empty one as none. Closing it
   * waits until all is on its way, however long that takes, and closes the channel; aborting it closes it at once, and so
   * does a chunk that is no `Uint8Array`.
   *
   * `pipeTo` aborts only after the write under way, for which a peer that takes nothing lets it wait, signal or not:
   * `duplex().destroy()` ends that too.
   */
  get writable(): WritableStream<Uint8Array> {
    return (this.#writable ??= writableOf(this.#streamed));
  }

  /**
   * The channel as a stream of Node, for octets whose division into SDUs means nothing: always the same one.
   *
   * `end()` closes the channel once all is on its way, however long that takes; `destroy()` closes it at once. When the
   * peer closes it, what has come can still be read, and then both sides of the stream have ended: in the regular way,
   * also when the peer has destroyed its side half-way. Who must know that all has come sends a length or a checksum.
   *
   * @example
   * ```ts
   * await pipeline(createReadStream("firmware.bin"), channel.duplex());
   * ```
   */
  duplex(): Duplex {
    return (this.#duplex ??= duplexOf(this.#streamed));
  }

  /**
   * Tells the peer that this side receives longer SDUs from now on, or other K-frames. Vol 3, Part A, 4.27.
   *
   * @param limits.mtu - 64 to 65535, and not less than it is.
   * @param limits.mps - 64 to 65533, also less than it is.
   * @param limits.signal - Stops waiting; what has been asked still takes effect.
   * @throws {@link ReconfigureRefusedError} The peer does not agree; see `result`.
   * @throws {@link ChannelUnavailableError} The channel is being reconfigured already, or too many requests wait.
   * @throws {@link RangeError} The channel is not enhanced, or a limit is out of its range.
   */
  async reconfigure(options: Reconfiguration & CallOptions): Promise<void> {
    const kinds = { mtu: "number", mps: "number", signal: "signal" } as const;
    checkOptions("reconfigure", options, kinds, "{ mtu: 4096 }");
    const { signal, ...limits } = options;
    if (this.#closeReason) throw this.#closeReason;
    await promised<undefined>(
      (done) => {
        this.#turn.run(() => {
          this.#channel.reconfigure(limits, done);
        });
      },
      { signal },
    );
  }

  /**
   * Closes the channel once what was sent is on its way, and forgets what has come and was not taken, and what still
   * comes meanwhile: a peer that is closing too is not kept waiting.
   *
   * Resolves when the peer has agreed. A peer that takes nothing for 5 s does not get the rest; to wait longer, close
   * {@link writable} or end {@link duplex} instead.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#received.drop();
    this.#received.end();
    await this.#closing.goodbye();
  }

  #check(sdu: unknown): void {
    requireOctets("sdu", sdu);
    const { peerMtu } = this.#channel;
    if (sdu.length > peerMtu) {
      throw new RangeError(`sdu: ${sdu.length} octets are more than the ${peerMtu} that the peer receives`);
    }
  }

  #consumed(): void {
    if (this.#closeReason) return;
    this.#turn.enter();
    try {
      this.#channel.consumed();
    } finally {
      this.#turn.leave();
    }
  }

  #closed(reason: BleError): void {
    this.#closeReason = reason;
    this.#sender.close(reason);
    this.#closing.closed(reason);
    this.#received.end(reason instanceof ChannelClosedError ? undefined : reason);
    this.#turn.defer(() => {
      this.#tellClosed(reason);
      this.emit("closed", reason);
    });
  }
}
