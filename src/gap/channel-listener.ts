import type { Clock } from "../common/clock.ts";
import { type BleError, HostClosedError } from "../common/errors.ts";
import type { SecurityRequirement } from "../common/security.ts";
import { hexNumber } from "../common/bytes.ts";
import { shownAsText } from "../common/inspect.ts";
import { checkOptions, type OptionKinds } from "../common/options.ts";
import type { Turn } from "../common/turn.ts";
import { Uuid, type UuidLike } from "../common/uuid.ts";
import { requireWhole } from "../common/whole-number.ts";
import type { CreditChannel, IncomingChannels, SpsmListener } from "../l2cap/credit-channel.ts";
import type { ChannelUser } from "../l2cap/channel.ts";
import { ChannelRefusedError } from "../l2cap/error.ts";
import { ConnectionResult } from "../l2cap/signaling-pdu.ts";
import type { Registration, SpsmRegistry } from "../l2cap/spsm-registry.ts";
import { Channel } from "./channel.ts";
import { channelOptionKinds, type ChannelOptions, defaultChannelMtu } from "./channel-opening.ts";
import { ChannelQueue } from "./channel-queue.ts";
import type { Connection } from "./connection.ts";
import { UnavailableError } from "./error.ts";

/** A peer's request for channels, which the program may refuse. */
export interface ChannelRequest {
  readonly connection: Connection;
  readonly spsm: number;
  /** Whether they are enhanced ones. */
  readonly enhanced: boolean;
  /** How many it asks for, 1 to 5. */
  readonly count: number;
  /** The `localCid` that each of them has if it is accepted. */
  readonly localCids: readonly number[];
  /** Octets of the longest SDU that the peer receives. */
  readonly peerMtu: number;
  /** Octets of the longest K-frame payload that the peer receives. */
  readonly peerMps: number;
  /** How many K-frames this side may send at first, on each. */
  readonly credits: number;
  /** Aborted when it is too late to answer: the link has gone, or the peer has waited long enough. */
  readonly signal: AbortSignal;
}

/** Decides on a peer's request, at once or later: nothing or `true` accepts. */
type AcceptChannels =
  | ((request: ChannelRequest) => void | Promise<void>)
  | ((request: ChannelRequest) => boolean | undefined | Promise<boolean | undefined>);

/** What to listen for. */
export interface ListenOptions extends ChannelOptions {
  /** Fixed, 0x01 to 0x7f, or dynamic, 0x80 to 0xff. By default a dynamic one that is free; see `listener.spsm`. */
  readonly spsm?: number | undefined;
  /** Takes enhanced channels alone (`true`) or others alone (`false`). By default both. */
  readonly enhanced?: boolean | undefined;
  /** What a link must be for channels to be opened by it; a peer whose link is less is told what is missing. */
  readonly security?: SecurityRequirement | undefined;
  /**
   * The UUID of the service that the channels belong to: the default agent is asked with `authorizeService`, once for
   * each link, before `accept` is. A peer that it refuses is told that it lacks authorization. By default nobody is asked.
   */
  readonly authorize?: UuidLike | undefined;
  /** How many channels may wait to be taken by the program, 1 to 1024; more are refused for want of resources. Default 32. */
  readonly backlog?: number | undefined;
  /**
   * Asked before channels are accepted. To refuse, throw a {@link ChannelRefusedError} with any result, or return
   * `false`, and the peer is told that there are no resources. It is told so too when the program makes a mistake, which
   * is a fault of the host: an error of another kind, or a result that is neither true, false nor nothing.
   */
  readonly accept?: AcceptChannels | undefined;
}

/** What a listener needs of its host. */
export interface ListenerSetup {
  readonly registry: SpsmRegistry;
  readonly clock: Clock;
  readonly turn: Turn;
  connectionOf(handle: number): Connection | undefined;
  /** Has the agent say whether a peer may use a service. */
  authorizeService(connection: Connection, service: Uuid): Promise<boolean>;
  /** The program has made a mistake. */
  handlerFailed(error: unknown): void;
  /** It listens no more. */
  ended(listener: ChannelListener): void;
}

const listenOptionKinds: OptionKinds = {
  spsm: "number",
  enhanced: "boolean",
  ...channelOptionKinds,
  security: "object",
  authorize: "object",
  backlog: "number",
  accept: "function",
};
const defaultBacklog = 32;
const mostBacklog = 1024;

/**
 * The channels that peers open to one SPSM, on any link of the host, those that come later too. Iterate it.
 *
 * Leaving the loop does not end the listening; disposing of it does, and closes the channels that nobody has taken.
 *
 * A loop that waits for what one channel does serves no other: give each a task of its own, and let a {@link BleError}
 * end that task alone. A peer can bring one about at any time, by closing the channel or leaving.
 */
export class ChannelListener implements AsyncIterable<Channel>, AsyncDisposable {
  /** Where it listens, 0x01 to 0xff. */
  readonly spsm: number;
  readonly #setup: ListenerSetup;
  readonly #options: ListenOptions;
  readonly #service: Uuid | undefined;
  readonly #backlog: number;
  readonly #incoming = new ChannelQueue<Channel>(() => undefined);
  /** Requests the program has not decided on, and what tells it that it is too late. */
  readonly #undecided = new Map<IncomingChannels, AbortController>();
  readonly #registration: Registration;
  #closed: Promise<void> | undefined;
  #listening = true;

  static {
    shownAsText(ChannelListener.prototype);
  }

  /** Made by `host.listen`. */
  constructor(setup: ListenerSetup, options: ListenOptions) {
    checkListenOptions(options);
    const { backlog = defaultBacklog, mtu = defaultChannelMtu } = options;
    const { spsm, enhanced, security, mps, initialCredits } = options;
    requireWhole("backlog", backlog, 1, mostBacklog);
    this.#setup = setup;
    this.#options = options;
    this.#service = options.authorize === undefined ? undefined : Uuid.from(options.authorize);
    this.#backlog = backlog;
    const listener: SpsmListener = {
      spsm,
      enhanced,
      security,
      mtu,
      mps,
      initialCredits,
      requested: (request) => {
        this.#requested(request);
      },
      withdrawn: (request, reason) => {
        this.#tooLate(request, reason);
      },
    };
    this.#registration = setup.registry.register(listener);
    this.spsm = this.#registration.spsm;
  }

  /** What `console.log` shows. */
  toString(): string {
    return `at SPSM 0x${hexNumber(this.spsm, 2)} (${this.#listening ? "open" : "closed"})`;
  }

  /**
   * The channels that come, as they come. Ends when this program has disposed of the listener or closed the host; throws
   * the reason when the controller was lost.
   */
  [Symbol.asyncIterator](): AsyncIterator<Channel, undefined> {
    return { next: () => this.#incoming.next() };
  }

  /** Stops listening, and closes the channels that nobody has taken. The others stay. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed ??= this.#close();
    await this.#closed;
  }

  /** @internal For the host, which closes: its links go by themselves. */
  end(reason: Error): void {
    this.#listening = false;
    this.#registration[Symbol.dispose]();
    this.#incoming.end(reason instanceof HostClosedError ? undefined : reason);
  }

  async #close(): Promise<void> {
    this.#setup.turn.run(() => {
      this.#listening = false;
      this.#registration[Symbol.dispose]();
      this.#setup.ended(this);
      this.#incoming.end();
      for (const request of [...this.#undecided.keys()]) {
        request.refuse(ConnectionResult.SpsmNotSupported);
        this.#tooLate(request, new UnavailableError("the listener was closed"));
      }
    });
    await Promise.all(this.#incoming.drop().map((channel) => channel[Symbol.asyncDispose]()));
  }

  /** Whatever the program decides, it does not count. */
  #tooLate(request: IncomingChannels, reason: BleError): void {
    const decision = this.#undecided.get(request);
    if (!decision) return;
    this.#undecided.delete(request);
    this.#setup.turn.defer(() => {
      decision.abort(reason);
    });
  }

  #requested(request: IncomingChannels): void {
    const connection = this.#setup.connectionOf(request.connectionHandle);
    if (!connection || this.#room() === 0) request.refuse(ConnectionResult.NoResources);
    else if (this.#options.accept || this.#service) this.#ask(request, connection);
    else this.#accept(request, connection);
  }

  #ask(request: IncomingChannels, connection: Connection): void {
    const { turn } = this.#setup;
    const decision = new AbortController();
    this.#undecided.set(request, decision);
    const { spsm, enhanced, count, localCids, peerMtu, peerMps, credits } = request;
    const { signal } = decision;
    const asked: ChannelRequest = {
      ...{ connection, spsm, enhanced, count, localCids },
      ...{ peerMtu, peerMps, credits, signal },
    };
    const decide = async (): Promise<void> => {
      try {
        await this.#requireAuthorized(connection);
        if (signal.aborted) return; // it took too long
        requireAccepted(await this.#options.accept?.(asked));
      } catch (error) {
        turn.run(() => {
          this.#refuse(request, error);
        });
        return;
      }
      turn.run(() => {
        if (this.#undecided.delete(request)) this.#accept(request, connection);
      });
    };
    turn.defer(() => {
      void decide();
    });
  }

  async #requireAuthorized(connection: Connection): Promise<void> {
    if (!this.#service || (await this.#setup.authorizeService(connection, this.#service))) return;
    throw new ChannelRefusedError(ConnectionResult.InsufficientAuthorization);
  }

  #refuse(request: IncomingChannels, error: unknown): void {
    const inTime = this.#undecided.delete(request);
    try {
      if (!(error instanceof ChannelRefusedError)) throw error;
      if (inTime) request.refuse(error.result);
    } catch (mistake) {
      if (inTime) request.refuse(ConnectionResult.NoResources);
      this.#setup.handlerFailed(mistake);
    }
  }

  #accept(request: IncomingChannels, connection: Connection): void {
    const count = Math.min(request.count, this.#room());
    if (count === 0) {
      request.refuse(ConnectionResult.NoResources);
      return;
    }
    const { clock, turn } = this.#setup;
    request.accept((channel: CreditChannel): ChannelUser => {
      const mine = new Channel({ connection, channel, clock, turn });
      this.#incoming.push(mine);
      return mine.user;
    }, count);
  }

  /** How many channels the program may be given that it has not taken. */
  #room(): number {
    return Math.max(0, this.#backlog - this.#incoming.length);
  }
}

/** @throws {@link TypeError} There is no such option, or it is of another kind. */
function checkListenOptions(options: ListenOptions): void {
  // Uuid.from tells what is wrong with that one, which may be of several kinds.
  const isObject = typeof options === "object" && (options as unknown) !== null;
  const others = isObject && "authorize" in options ? { ...options, authorize: undefined } : options;
  checkOptions("listen", others, listenOptionKinds, "{ spsm: 0x80 }");
}

/**
 * What a program returns is not ignored: that of `() => false` would let everybody in.
 *
 * @throws {@link ChannelRefusedError} It is no.
 * @throws {@link TypeError} It is neither yes nor no.
 */
function requireAccepted(answer: unknown): void {
  if (answer === undefined || answer === true) return;
  if (answer === false) throw new ChannelRefusedError(ConnectionResult.NoResources);
  throw new TypeError("accept: return nothing or true to accept, and false to refuse");
}
