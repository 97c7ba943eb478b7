import { equal } from "../common/bytes.ts";
import { type BleError, MalformedPduError } from "../common/errors.ts";
import type { Outcome } from "../common/procedure.ts";
import type { Priority } from "../common/priority.ts";
import type { AclLink } from "../hci/acl-link.ts";
import type { AclQueue } from "../hci/acl-queue.ts";
import type { ReceiveLimits } from "./channel-lifecycle.ts";
import { CidAllocator } from "./cid-allocator.ts";
import { type ChannelIdentity, type ChannelLink, CreditBasedChannel } from "./credit-based-channel.ts";
import { CreditSender, type PeerEnd } from "./credit-sender.ts";
import { ChannelUnavailableError, CommandRejectedError, ReconfigureRefusedError } from "./error.ts";
import type { Signaling } from "./signaling.ts";
import {
  CreditBasedReconfigureRequest,
  CreditBasedReconfigureResponse,
  DisconnectionRequest,
  DisconnectionResponse,
  ReconfigureResult,
} from "./signaling-pdu.ts";
import type { Transaction } from "./transactions.ts";

/** The credit-based channels of one link, by either end. Vol 3, Part A, 2.1. */
export class ChannelTable implements ChannelLink {
  readonly #acl: AclQueue;
  readonly #link: AclLink;
  readonly #signaling: Signaling;
  readonly #cids = new CidAllocator();
  readonly #byLocal: (CreditBasedChannel | undefined)[] = [];
  /** What the peer's end belongs to; `"asked"` for one that the peer has asked for and not been answered about. */
  readonly #byPeer = new Map<number, CreditBasedChannel | "asked">();
  /** Those that have credits to give, for which there was no room. */
  readonly #owing = new Set<CreditBasedChannel>();
  /** Whether the link has just made room, and that for us. */
  #hasPlace = false;
  /** One for all channels. */
  readonly #settle = (): void => {
    const all = [...this.#owing];
    this.#owing.clear();
    this.#hasPlace = true;
    for (const channel of all) channel.settle();
    this.#hasPlace = false;
  };

  constructor(acl: AclQueue, link: AclLink, signaling: Signaling) {
    this.#acl = acl;
    this.#link = link;
    this.#signaling = signaling;
  }

  /** How many more channels there can be. */
  get free(): number {
    return this.#cids.free;
  }

  /** Ends of this side for channels to come; `undefined` when there are not as many left. */
  reserve(count: number): readonly number[] | undefined {
    return this.#cids.take(count);
  }

  /** Gives those back that there is no channel on. */
  unreserve(cids: readonly number[]): void {
    for (const cid of cids) this.#cids.release(cid);
  }

  /** Channels that are being opened, on ends that were reserved. */
  make(cids: readonly number[], identity: Omit<ChannelIdentity, "localCid">): CreditBasedChannel[] {
    return cids.map((localCid) => {
      const channel = new CreditBasedChannel(this, { localCid, ...identity });
      this.#byLocal[localCid] = channel;
      return channel;
    });
  }

  /** The channel with that end on this side. */
  local(cid: number): CreditBasedChannel | undefined {
    return this.#byLocal[cid];
  }

  /** The channel with that end on the peer's side. */
  peer(cid: number): CreditBasedChannel | undefined {
    const channel = this.#byPeer.get(cid);
    return channel === "asked" ? undefined : channel;
  }

  /** Whether the peer's end belongs to a channel, or is to. */
  peerTaken(cid: number): boolean {
    return this.#byPeer.has(cid);
  }

  /** Remembers an end that the peer has asked a channel for. */
  ask(cid: number): void {
    this.#byPeer.set(cid, "asked");
  }

  /** Forgets one that there will be no channel for. */
  unask(cid: number): void {
    if (this.#byPeer.get(cid) === "asked") this.#byPeer.delete(cid);
  }

  /** The channel is there, with that end on the peer's side. */
  accepted(channel: CreditBasedChannel, peer: PeerEnd): void {
    this.#byPeer.set(peer.cid, channel);
    channel.accepted(peer);
  }

  /** The link is gone. */
  end(reason: BleError): void {
    for (const channel of [...this.#byLocal]) channel?.input({ type: "linkLost", reason });
  }

  sender(peer: PeerEnd, priority: Priority): CreditSender {
    return new CreditSender(this.#acl, this.#link, peer, priority);
  }

  indicateCredits(channel: CreditBasedChannel, credits: number): boolean {
    if (!this.#hasPlace && !this.#signaling.hasRoom) {
      // A peer that sends on and takes nothing must not fill our memory with credits.
      if (this.#owing.size === 0) this.#signaling.whenRoom(this.#settle);
      this.#owing.add(channel);
      return false;
    }
    this.#hasPlace = false;
    this.#signaling.indicateCredits(channel.localCid, credits);
    return true;
  }

  /** Behind the data that was handed to the link before, which the peer would otherwise discard. Vol 3, Part A, 4.6. */
  sendDisconnect(channel: CreditBasedChannel): void {
    const request = { destinationCid: channel.peerCid, sourceCid: channel.localCid };
    const ends = DisconnectionRequest.encode(request);
    const transaction: Transaction = {
      answer: DisconnectionResponse.code,
      // One about another channel is to be discarded. Vol 3, Part A, 4.7.
      judge: (data) => (equal(data, ends) ? "answer" : "drop"),
      done: (outcome) => {
        // A peer that rejects it knows of no such channel, which is as good.
        const over = outcome instanceof Uint8Array || outcome instanceof CommandRejectedError;
        channel.input(over ? { type: "disconnected" } : { type: "unanswered", reason: outcome });
      },
      late: () => channel.input({ type: "disconnected" }),
      isOver: () => this.#byLocal[channel.localCid] !== channel,
    };
    this.#signaling.request(DisconnectionRequest, request, transaction, channel.priority);
  }

  sendReconfigure(channel: CreditBasedChannel, { mtu, mps }: ReceiveLimits): void {
    const request = { mtu, mps, destinationCids: [channel.localCid] };
    this.#signaling.request(CreditBasedReconfigureRequest, request, {
      answer: CreditBasedReconfigureResponse.code,
      done: (outcome) => {
        const result = reconfigureOutcome(outcome);
        // Without an answer nobody knows which limits hold: the channel has to go.
        if (result === undefined || isRefusal(result))
          channel.input({ type: "reconfigured", outcome: result });
        else channel.input({ type: "unanswered", reason: result });
      },
    });
  }

  release(channel: CreditBasedChannel): void {
    const { localCid, peerCid } = channel;
    this.#byLocal[localCid] = undefined;
    this.#cids.release(localCid);
    if (this.#byPeer.get(peerCid) === channel) this.#byPeer.delete(peerCid);
  }
}

/** Whether the limits that held before hold still. */
function isRefusal(error: BleError): boolean {
  return [ReconfigureRefusedError, CommandRejectedError, ChannelUnavailableError].some(
    (kind) => error instanceof kind,
  );
}

function reconfigureOutcome(outcome: Outcome<Uint8Array>): Outcome<undefined> {
  if (!(outcome instanceof Uint8Array)) return outcome;
  try {
    const { result } = CreditBasedReconfigureResponse.decode(outcome);
    return result === ReconfigureResult.Success ? undefined : new ReconfigureRefusedError(result);
  } catch (error) {
    if (!(error instanceof MalformedPduError)) throw error;
    return error;
  }
}
