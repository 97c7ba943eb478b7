import { hexNumber, u16At } from "../common/bytes.ts";
import { BleError, MalformedPduError } from "../common/errors.ts";
import { type Done, type Operation, type Outcome, type Procedure, run, wait } from "../common/procedure.ts";
import type { LinkSecurity, SecurityRequirement } from "../common/security.ts";
import { requireWhole } from "../common/whole-number.ts";
import type { ChannelTable } from "./channel-table.ts";
import { isDynamicCid } from "./cid-allocator.ts";
import { isPending, mayHaveOpened, requirementOf } from "./connection-result.ts";
import type { CreditBasedChannel } from "./credit-based-channel.ts";
import type { OpenChannel, OpenedChannels, OpenRequest } from "./credit-channel.ts";
import { areLegal, checkLimits, type Limits, requireFlag } from "./credit-limits.ts";
import {
  ChannelFaultError,
  ChannelRefusedError,
  ChannelUnavailableError,
  CommandRejectedError,
} from "./error.ts";
import { checkRequirement } from "./security-requirement.ts";
import type { Signaling } from "./signaling.ts";
import {
  ConnectionResult,
  CreditBasedConnectionRequest,
  CreditBasedConnectionResponse,
  LeCreditBasedConnectionRequest,
  LeCreditBasedConnectionResponse,
} from "./signaling-pdu.ts";
import { lastSpsm } from "./spsm-registry.ts";
import type { Transaction } from "./transactions.ts";

/** As many channels as one request of the enhanced kind may ask for. Vol 3, Part A, 4.25. */
const mostAtOnce = 5;

/** Where the result stands in L2CAP_CREDIT_BASED_CONNECTION_RSP. Vol 3, Part A, 4.26. */
const resultAt = 6;

/** One call of the program, until it has its outcome or is called off. */
interface Attempt {
  readonly spsm: number;
  readonly enhanced: boolean;
  readonly count: number;
  readonly limits: Limits;
  readonly security: SecurityRequirement | undefined;
  readonly open: OpenChannel;
  readonly done: Done<OpenedChannels>;
  /** The channels asked for; their life goes on whatever becomes of the attempt. */
  channels: readonly CreditBasedChannel[];
}

/** Asks the peer for channels. Vol 3, Part A, 4.22 to 4.26. */
export class ChannelOpener {
  readonly #signaling: Signaling;
  readonly #table: ChannelTable;
  readonly #security: LinkSecurity;
  readonly #attempts = new Set<Attempt>();
  #ended: BleError | undefined;

  constructor(signaling: Signaling, table: ChannelTable, security: LinkSecurity) {
    this.#signaling = signaling;
    this.#table = table;
    this.#security = security;
  }

  /**
   * Asks for channels; when the peer wants more security first, raises it once and asks once more.
   *
   * @returns Calls the attempt off: `done` is then never called, and what still opens is disconnected.
   * @throws {@link RangeError} An option is out of its range.
   * @throws {@link TypeError} An option is of another kind.
   */
  open(request: OpenRequest, open: OpenChannel, done: Done<OpenedChannels>): () => void {
    const attempt = attemptOf(request, open, done);
    if (this.#ended) {
      done(this.#ended);
      return () => undefined;
    }
    this.#attempts.add(attempt);
    run(this.#procedure(attempt), (outcome) => {
      if (this.#attempts.delete(attempt)) done(outcome);
    });
    return () => {
      if (!this.#attempts.delete(attempt)) return;
      for (const channel of attempt.channels) channel.input({ type: "abandon" });
    };
  }

  /** The link is gone: what waits for something else than an answer of the peer ends too. */
  end(reason: BleError): void {
    this.#ended ??= reason;
    const all = [...this.#attempts];
    this.#attempts.clear();
    for (const { done } of all) done(reason);
  }

  *#procedure(attempt: Attempt): Procedure<OpenedChannels> {
    if (attempt.security) yield* wait(this.#raise(attempt.security));
    try {
      return yield* wait(this.#ask(attempt));
    } catch (error) {
      const wanted =
        error instanceof ChannelRefusedError && requirementOf(error.result, this.#security.state);
      if (!wanted) throw error;
      yield* wait(this.#raise(wanted));
    }
    return yield* wait(this.#ask(attempt));
  }

  #raise(requirement: SecurityRequirement): Operation<undefined> {
    return (done) => {
      this.#security.raise(requirement, done);
    };
  }

  #ask(attempt: Attempt): Operation<OpenedChannels> {
    return (done) => {
      if (!this.#attempts.has(attempt)) return; // called off while security was raised: nobody waits
      const { spsm, enhanced, count, limits } = attempt;
      const cids = this.#table.reserve(count);
      if (!cids) {
        done(new ChannelUnavailableError(`the link has no channel identifiers left for ${count} more`));
        return;
      }
      const channels = this.#table.make(cids, { spsm, enhanced, limits });
      attempt.channels = channels;
      this.#request(attempt, channels, {
        done: (outcome) => {
          done(this.#settle(attempt, channels, outcome));
        },
        // Nobody waits for these any more: they are disconnected, or their identifiers are free at last.
        late: (outcome) => {
          this.#settle(attempt, channels, outcome);
        },
      });
    };
  }

  #request(
    { spsm, enhanced, limits }: Attempt,
    channels: readonly CreditBasedChannel[],
    transaction: Pick<Transaction, "done" | "late">,
  ): void {
    const { mtu, mps, credits: initialCredits } = limits;
    const common = { spsm, mtu, mps, initialCredits };
    const [sourceCid = 0, ...others] = channels.map(({ localCid }) => localCid);
    if (enhanced) {
      const request = { ...common, sourceCids: [sourceCid, ...others] };
      const answer = CreditBasedConnectionResponse.code;
      this.#signaling.request(CreditBasedConnectionRequest, request, { ...transaction, answer, judge });
    } else {
      const answer = LeCreditBasedConnectionResponse.code;
      this.#signaling.request(
        LeCreditBasedConnectionRequest,
        { ...common, sourceCid },
        { ...transaction, answer },
      );
    }
  }

  /** What an answer, or the want of one, makes of the channels asked for. */
  #settle(
    attempt: Attempt,
    channels: readonly CreditBasedChannel[],
    outcome: Outcome<Uint8Array>,
  ): Outcome<OpenedChannels> {
    const answer = outcome instanceof Uint8Array ? decode(outcome, attempt.enhanced) : outcome;
    if (answer instanceof CommandRejectedError || answer instanceof ChannelUnavailableError) {
      for (const channel of channels) channel.input({ type: "refused" });
      return answer;
    }
    if (answer instanceof BleError) {
      for (const channel of channels) channel.input({ type: "unanswered", reason: answer });
      return answer;
    }
    const { result } = answer;
    for (const [at, channel] of channels.entries()) this.#accept(channel, answer, answer.cids[at] ?? 0);
    const opened = channels.filter(({ open }) => open);
    for (const channel of opened) channel.use(attempt.open);
    if (opened.length > 0) return { channels: opened, result };
    if (result !== ConnectionResult.Success) return new ChannelRefusedError(result);
    return new ChannelFaultError("the peer accepted the channel with what no channel can have");
  }

  #accept(channel: CreditBasedChannel, { mtu, mps, credits }: Answer, cid: number): void {
    if (cid === 0) {
      channel.input({ type: "refused" });
      return;
    }
    const peer = { cid, mtu, mps, credits };
    if (isDynamicCid(cid) && areLegal(mtu, mps, channel.enhanced) && !this.#table.peerTaken(cid)) {
      this.#table.accepted(channel, peer);
      return;
    }
    // An identifier that belongs to a channel costs the peer both. Vol 3, Part A, 4.26.
    const reason = new ChannelFaultError(
      `the peer gave its end 0x${hexNumber(cid, 4)} to another channel too`,
    );
    this.#table.peer(cid)?.input({ type: "fault", reason });
    channel.input({ type: "abandon" });
    channel.accepted(peer);
  }
}

/** Either response. */
interface Answer {
  readonly mtu: number;
  readonly mps: number;
  readonly credits: number;
  readonly result: number;
  /** The peer's ends in the order of the request, 0 for one that was refused. */
  readonly cids: readonly number[];
}

function decode(data: Uint8Array, enhanced: boolean): Answer | MalformedPduError {
  try {
    if (enhanced) {
      const { mtu, mps, initialCredits, result, destinationCids } =
        CreditBasedConnectionResponse.decode(data);
      return {
        mtu,
        mps,
        credits: initialCredits,
        result,
        cids: mayHaveOpened(result) ? destinationCids : [],
      };
    }
    const { mtu, mps, initialCredits, result, destinationCid } = LeCreditBasedConnectionResponse.decode(data);
    const cids = result === ConnectionResult.Success ? [destinationCid] : [];
    return { mtu, mps, credits: initialCredits, result, cids };
  } catch (error) {
    if (!(error instanceof MalformedPduError)) throw error;
    return error;
  }
}

function judge(data: Uint8Array): "answer" | "patience" {
  return isPending(u16At(data, resultAt)) ? "patience" : "answer";
}

/**
 * @throws {@link RangeError} An option is out of its range; the message names it and the range.
 * @throws {@link TypeError} An option is of another kind.
 */
function attemptOf(request: OpenRequest, open: OpenChannel, done: Done<OpenedChannels>): Attempt {
  const { spsm, enhanced = false, count = 1, security } = request;
  requireWhole("spsm", spsm, 1, lastSpsm);
  requireFlag("enhanced", enhanced);
  requireWhole("count", count, 1, mostAtOnce);
  if (count > 1 && !enhanced) throw new RangeError(`count: ${count} channels at once are enhanced ones`);
  checkRequirement(security);
  return {
    spsm,
    enhanced,
    count,
    limits: checkLimits(request, enhanced),
    security,
    open,
    done,
    channels: [],
  };
}
