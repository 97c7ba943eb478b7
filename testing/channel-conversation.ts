import fc from "fast-check";
import { concat } from "../src/common/bytes.ts";
import * as l2cap from "../src/l2cap/signaling-pdu.ts";
import { FixedCid, type LinkPdu, otherSide, type Side } from "./conversation.ts";
import { octetsUpTo } from "./values.ts";

const setting = fc.record({
  cid: fc.integer({ min: 0x40, max: 0x7f }),
  mtu: fc.integer({ min: 23, max: 600 }),
  mps: fc.integer({ min: 23, max: 251 }),
  initialCredits: fc.integer({ min: 0, max: 8 }),
});

/**
 * Whole lives of an LE credit-based channel: it is opened, carries SDUs both ways, no K-frame without a credit for it,
 * and is closed. Vol 3, Part A, 4.22 to 4.24, 4.6 and 10.
 */
export const channelConversations: fc.Arbitrary<readonly LinkPdu[]> = fc
  .record({
    opener: fc.constantFrom<Side>("central", "peripheral"),
    spsm: fc.integer({ min: 0x80, max: 0xff }),
    settings: fc.tuple(setting, setting),
    identifier: fc.integer({ min: 1, max: 0xff }),
    sdus: fc.array(fc.record({ fromOpener: fc.boolean(), sdu: octetsUpTo(600) }), {
      maxLength: 5,
    }),
    openerCloses: fc.boolean(),
  })
  .map(({ opener, spsm, settings, identifier, sdus, openerCloses }) => {
    const conversation = new ChannelConversation(opener, settings, identifier);
    conversation.open(spsm);
    for (const { fromOpener, sdu } of sdus) conversation.transfer(fromOpener ? 0 : 1, sdu);
    conversation.close(openerCloses ? 0 : 1);
    return conversation.pdus;
  });

interface End {
  readonly cid: number;
  readonly mtu: number;
  readonly mps: number;
  readonly initialCredits: number;
}

class ChannelConversation {
  readonly pdus: LinkPdu[] = [];
  readonly #sides: readonly [Side, Side];
  readonly #ends: readonly [End, End];
  /** K-frames that each end may still be sent. */
  readonly #credits: [number, number];
  #identifier: number;

  constructor(opener: Side, ends: readonly [End, End], identifier: number) {
    this.#sides = [opener, otherSide(opener)];
    this.#ends = ends;
    this.#credits = [ends[0].initialCredits, ends[1].initialCredits];
    this.#identifier = identifier;
  }

  open(spsm: number): void {
    const [{ cid: sourceCid, ...own }, { cid: destinationCid, ...other }] = this.#ends;
    this.#signal(0, l2cap.LeCreditBasedConnectionRequest, { spsm, sourceCid, ...own });
    this.#signal(1, l2cap.LeCreditBasedConnectionResponse, { destinationCid, ...other, result: 0 });
  }

  transfer(from: 0 | 1, whole: Uint8Array): void {
    const to = from === 0 ? 1 : 0;
    const { cid, mtu, mps } = this.#ends[to];
    const sdu = whole.subarray(0, mtu);
    const information = concat(Uint8Array.of(sdu.length, sdu.length >> 8), sdu);
    for (let at = 0; at < information.length; at += mps) {
      if (this.#credits[to] === 0) {
        this.#next();
        this.#signal(to, l2cap.FlowControlCreditIndication, { cid, credits: 3 });
        this.#credits[to] = 3;
      }
      this.#credits[to]--;
      this.#say(from, cid, information.slice(at, at + mps));
    }
  }

  close(closer: 0 | 1): void {
    const other = closer === 0 ? 1 : 0;
    const cids = { destinationCid: this.#ends[other].cid, sourceCid: this.#ends[closer].cid };
    this.#next();
    this.#signal(closer, l2cap.DisconnectionRequest, cids);
    this.#signal(other, l2cap.DisconnectionResponse, cids);
  }

  /** Identifiers go from 1 to 255 and begin again. */
  #next(): void {
    this.#identifier = (this.#identifier % 0xff) + 1;
  }

  #signal<T>(from: 0 | 1, command: l2cap.SignalingCommand<T>, parameters: T): void {
    const pdu = l2cap.encodeSignaling(command.code, this.#identifier, command.encode(parameters));
    this.#say(from, FixedCid.Signaling, pdu);
  }

  #say(from: 0 | 1, cid: number, pdu: Uint8Array): void {
    this.pdus.push({ from: this.#sides[from], cid, pdu, encrypted: false });
  }
}
