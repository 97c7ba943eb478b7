import { concat } from "../src/common/bytes.ts";
import * as l2cap from "../src/l2cap/signaling-pdu.ts";
import { FixedCid, type LinkPdu, otherSide, type Side } from "./conversation.ts";

/** Which end of a channel: that of who opened it, or the other. */
export type End = 0 | 1;

/** What one side says of its end of a channel. */
export interface EndSettings {
  readonly cid: number;
  readonly mtu: number;
  readonly mps: number;
  readonly initialCredits: number;
}

interface TalkChannel {
  readonly ends: readonly [EndSettings, EndSettings];
  /** K-frames that each end may still be sent. */
  readonly credits: [number, number];
}

/** What two sides say about credit-based channels, and on them. Vol 3, Part A, 4.22 to 4.28 and 10. */
export class ChannelTalk {
  readonly pdus: LinkPdu[] = [];
  readonly #sides: readonly [Side, Side];
  readonly #channels: TalkChannel[] = [];
  #identifier: number;

  /** @param identifier - Of the first request, 1 to 255. */
  constructor(opener: Side, identifier: number) {
    this.#sides = [opener, otherSide(opener)];
    this.#identifier = identifier;
  }

  /** How many channels are open. */
  get count(): number {
    return this.#channels.length;
  }

  /** Opens an LE credit-based channel. Vol 3, Part A, 4.22 and 4.23. */
  open(spsm: number, ends: readonly [EndSettings, EndSettings]): void {
    const [{ cid: sourceCid, ...own }, { cid: destinationCid, ...other }] = ends;
    this.#signal(0, l2cap.LeCreditBasedConnectionRequest, { spsm, sourceCid, ...own });
    this.#signal(1, l2cap.LeCreditBasedConnectionResponse, { destinationCid, ...other, result: 0 });
    this.#add(ends);
  }

  /**
   * Opens several channels at once, all alike but for their CIDs, of which the other side takes the first. Vol 3, Part A,
   * 4.25 and 4.26.
   *
   * @param taken - How many of them.
   */
  openEnhanced(spsm: number, ends: readonly (readonly [EndSettings, EndSettings])[], taken: number): void {
    const [first] = ends;
    if (!first) return;
    const [{ mtu, mps, initialCredits }, other] = first;
    const sourceCids = ends.map(([{ cid }]) => cid);
    const destinationCids = ends.map(([, { cid }], at) => (at < taken ? cid : 0));
    const { Success, NoResources } = l2cap.ConnectionResult;
    this.#signal(0, l2cap.CreditBasedConnectionRequest, { spsm, mtu, mps, initialCredits, sourceCids });
    this.#signal(1, l2cap.CreditBasedConnectionResponse, {
      mtu: other.mtu,
      mps: other.mps,
      initialCredits: other.initialCredits,
      result: taken < ends.length ? NoResources : Success,
      destinationCids,
    });
    for (const each of ends.slice(0, taken)) this.#add(each);
  }

  /** One end of all channels takes longer SDUs from now on. Vol 3, Part A, 4.27 and 4.28. */
  reconfigure(end: End, mtu: number): void {
    const [first] = this.#channels;
    if (!first) return;
    const { mps } = first.ends[end];
    const destinationCids = this.#channels.map(({ ends }) => ends[end].cid);
    this.#next();
    this.#signal(end, l2cap.CreditBasedReconfigureRequest, { mtu, mps, destinationCids });
    this.#signal(other(end), l2cap.CreditBasedReconfigureResponse, { result: 0 });
  }

  /** One end sends an SDU, cut to what the other takes. Vol 3, Part A, 3.4. */
  transfer(at: number, from: End, whole: Uint8Array): void {
    const channel = this.#channels[at];
    if (!channel) return;
    const to = other(from);
    const { cid, mtu, mps } = channel.ends[to];
    const sdu = whole.subarray(0, mtu);
    const information = concat(Uint8Array.of(sdu.length, sdu.length >> 8), sdu);
    for (let start = 0; start < information.length; start += mps) {
      if (channel.credits[to] === 0) {
        this.#next();
        this.#signal(to, l2cap.FlowControlCreditIndication, { cid, credits: 3 });
        channel.credits[to] = 3;
      }
      channel.credits[to]--;
      this.#say(from, cid, information.slice(start, start + mps));
    }
  }

  /** One end closes the channel that was opened first. Vol 3, Part A, 4.6 and 4.7. */
  close(closer: End): void {
    const channel = this.#channels.shift();
    if (!channel) return;
    const { ends } = channel;
    const cids = { destinationCid: ends[other(closer)].cid, sourceCid: ends[closer].cid };
    this.#next();
    this.#signal(closer, l2cap.DisconnectionRequest, cids);
    this.#signal(other(closer), l2cap.DisconnectionResponse, cids);
  }

  #add(ends: readonly [EndSettings, EndSettings]): void {
    this.#channels.push({ ends, credits: [ends[0].initialCredits, ends[1].initialCredits] });
  }

  /** Identifiers go from 1 to 255 and begin again. */
  #next(): void {
    this.#identifier = (this.#identifier % 0xff) + 1;
  }

  #signal<T>(from: End, command: l2cap.SignalingCommand<T>, parameters: T): void {
    const pdu = l2cap.encodeSignaling(command.code, this.#identifier, command.encode(parameters));
    this.#say(from, FixedCid.Signaling, pdu);
  }

  #say(from: End, cid: number, pdu: Uint8Array): void {
    this.pdus.push({ from: this.#sides[from], cid, pdu, encrypted: false });
  }
}

function other(end: End): End {
  return end === 0 ? 1 : 0;
}
