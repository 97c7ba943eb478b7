import { Opcode } from "../src/att/opcode.ts";
import type { Address } from "../src/common/address.ts";
import { concat, reversed, u16At } from "../src/common/bytes.ts";
import { MalformedPduError } from "../src/common/errors.ts";
import { HciError } from "../src/hci/error.ts";
import { statusName } from "../src/hci/status.ts";
import {
  LeEnableEncryption,
  LeLongTermKeyRequestNegativeReply,
  LeLongTermKeyRequestReply,
} from "../src/hci/commands/le-encryption.ts";
import { Disconnect } from "../src/hci/commands/link-control.ts";
import { basicHeaderSize, Reassembler } from "../src/l2cap/reassembler.ts";
import type { Step } from "./attack.ts";
import { FixedCid, type LinkPdu, otherSide, type Side } from "./conversation.ts";
import { InvariantError } from "./invariant.ts";
import type { RawController } from "./raw-controller.ts";
import type { Stage } from "./stage.ts";

/** How a PDU is sent. */
export interface SendOptions {
  /** Octets of the first fragments; the rest goes in packets as long as possible. Default: none. */
  readonly fragments?: readonly number[];
}

/** A key to encrypt with. */
export interface EncryptOptions {
  /** 16 octets, most significant first. */
  readonly ltk: Uint8Array;
  /** 8 octets, most significant first; default: zeros, as for LE Secure Connections. */
  readonly rand?: Uint8Array;
  /** Default 0, as for LE Secure Connections. */
  readonly ediv?: number;
}

/** How long to wait for something to come, in ms. Default 30000: as long as ATT does. */
export interface AnswerOptions {
  readonly timeoutMs?: number;
}

const attTimeout = 30_000;
const localHostEnded = 0x13;

/** One link of an adversary with a host. */
export class AdversaryLink {
  readonly connectionHandle: number;
  /** Which end the adversary is; the host is the other. */
  readonly side: Side;
  /** The address of the host. */
  readonly peer: Address;
  /** With what the adversary answers when the host encrypts; `undefined`: that it has no key. 16 octets. */
  longTermKey: Uint8Array | undefined;
  readonly #controller: RawController;
  readonly #stage: Stage;
  readonly #transcript: LinkPdu[] = [];
  readonly #reassembler = new Reassembler();
  /** How many of the transcript {@link next} has given, by channel. */
  readonly #read = new Map<number, number>();
  #encrypted = false;
  /** The status of the last Encryption Change. */
  #encryption: number | undefined;
  #ended: number | undefined;
  #broken: MalformedPduError | undefined;

  /** @internal Made by `Adversary.connect` and `Adversary.accept`. */
  constructor(connectionHandle: number, side: Side, peer: Address, controller: RawController, stage: Stage) {
    this.connectionHandle = connectionHandle;
    this.side = side;
    this.peer = peer;
    this.#controller = controller;
    this.#stage = stage;
  }

  /** Every whole PDU of both sides, in the order in which they were sent or came. */
  get transcript(): readonly LinkPdu[] {
    return this.#transcript;
  }

  get encrypted(): boolean {
    return this.#encrypted;
  }

  /** Why the link is down, a `Status`; `undefined` while it is up. */
  get ended(): number | undefined {
    return this.#ended;
  }

  /** Sends a PDU on a channel, be it open or not, and does not wait. On a link that is down it does nothing. */
  send(cid: number, pdu: Uint8Array, { fragments = [] }: SendOptions = {}): void {
    if (this.#ended !== undefined) return;
    const { length } = pdu;
    const frame = concat(Uint8Array.of(length, length >> 8, cid, cid >> 8), pdu);
    const pieces: Uint8Array[] = [];
    let at = 0;
    for (const size of [...fragments, ...Array<number>(frame.length).fill(this.#controller.aclOctets)]) {
      if (at >= frame.length) break;
      pieces.push(frame.subarray(at, at + Math.min(Math.max(size, 1), this.#controller.aclOctets)));
      at += pieces.at(-1)?.length ?? 0;
    }
    this.#transcript.push({ from: this.side, cid, pdu: pdu.slice(), encrypted: this.#encrypted });
    for (const [index, piece] of pieces.entries())
      this.#controller.send(this.connectionHandle, index > 0, piece);
  }

  /**
   * Sends one fragment as it is, which need be no part of any PDU; it is not in the {@link transcript}.
   *
   * @param octets - As many as fit a packet of the controller; others are cut off.
   */
  sendFragment(continues: boolean, octets: Uint8Array): void {
    if (this.#ended !== undefined) return;
    const fitting = octets.subarray(0, this.#controller.aclOctets);
    this.#controller.send(this.connectionHandle, continues, fitting);
  }

  /** The next PDU of the host on a channel that was not given yet; `undefined` when none comes in time. */
  next(cid: number, { timeoutMs = attTimeout }: AnswerOptions = {}): Promise<Uint8Array | undefined> {
    return this.#stage
      .find(() => this.#unread(cid) ?? (this.#ended === undefined ? undefined : null), timeoutMs)
      .then((pdu) => pdu ?? undefined);
  }

  /**
   * Sends an ATT request and waits for the answer to it; whatever came before is passed over.
   *
   * @returns `undefined` when none comes in time, or the link ends.
   */
  async ask(request: Uint8Array, options: AnswerOptions = {}): Promise<Uint8Array | undefined> {
    while (this.#unread(FixedCid.Att)); // answers to earlier requests
    this.send(FixedCid.Att, request);
    const [opcode = 0] = request;
    for (;;) {
      const pdu = await this.next(FixedCid.Att, options);
      if (!pdu) return undefined;
      const [answer, answered] = pdu;
      if (answer === opcode + 1 || (answer === Opcode.ErrorResponse && answered === opcode)) return pdu;
    }
  }

  /**
   * Encrypts the link, as central.
   *
   * @returns 0 when it is encrypted now; another `Status` when it is not, because the host has another key, the link
   *   is down, or the controller refuses, as when the adversary is no central; `undefined` when nothing came in time.
   */
  async encrypt(
    { ltk, rand = new Uint8Array(8), ediv = 0 }: EncryptOptions,
    { timeoutMs = 10_000 }: AnswerOptions = {},
  ): Promise<number | undefined> {
    this.#encryption = undefined;
    const command = {
      connectionHandle: this.connectionHandle,
      randomNumber: reversed(rand),
      encryptedDiversifier: ediv,
      longTermKey: reversed(ltk),
    };
    const refusal = await this.#try(this.#controller.run(LeEnableEncryption, command));
    if (refusal !== undefined) return refusal;
    return this.#stage.find(() => this.#encryption ?? this.#ended, timeoutMs);
  }

  /** Ends the link, properly. */
  async disconnect(reason: number = localHostEnded): Promise<void> {
    if (this.#ended !== undefined) return;
    // Refused when the host was quicker.
    await this.#try(this.#controller.run(Disconnect, { connectionHandle: this.connectionHandle, reason }));
    await this.#stage.find(() => this.#ended, 10_000);
  }

  /** Lets happen what is on its way. */
  async settle(): Promise<void> {
    await this.#stage.settle();
  }

  /**
   * Does one thing after the other, as long as the link is up.
   *
   * @throws {@link InvariantError} What the host sent is no sequence of L2CAP PDUs.
   */
  async play(steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      if (this.#ended !== undefined) break;
      await this.#do(step);
    }
    await this.settle();
    const { peer } = this;
    if (this.#broken)
      throw new InvariantError("play", `${peer.toString()} sends no L2CAP`, { cause: this.#broken });
  }

  /** @internal Data of the host. */
  take(continues: boolean, payload: Uint8Array): void {
    try {
      const frame = this.#reassembler.push(continues, payload);
      if (!frame) return;
      const pdu = frame.slice(basicHeaderSize);
      this.#transcript.push({
        from: otherSide(this.side),
        cid: u16At(frame, 2),
        pdu,
        encrypted: this.#encrypted,
      });
    } catch (error) {
      if (!(error instanceof MalformedPduError)) throw error;
      this.#broken ??= error;
    }
  }

  /** @internal The host encrypts. */
  keyWanted(): void {
    const { connectionHandle, longTermKey } = this;
    const answer = longTermKey
      ? this.#controller.run(LeLongTermKeyRequestReply, {
          connectionHandle,
          longTermKey: reversed(longTermKey),
        })
      : this.#controller.run(LeLongTermKeyRequestNegativeReply, { connectionHandle });
    answer.catch(() => undefined); // the link may end first
  }

  /** @internal It is encrypted now, or could not be. */
  encryptionChanged(status: number, on: boolean): void {
    this.#encryption = status;
    if (status === 0) this.#encrypted = on;
  }

  /** @internal It is down. */
  end(reason: number): void {
    this.#ended ??= reason;
    this.#encrypted = false;
  }

  toString(): string {
    const state = this.#ended === undefined ? "up" : `down: ${statusName(this.#ended)}`;
    return `${this.side} of a link with ${this.peer.toString()}, ${state}`;
  }

  async #do(step: Step): Promise<void> {
    switch (step.do) {
      case "send":
        this.send(step.cid, step.pdu, { fragments: step.fragments });
        break;
      case "fragment":
        this.sendFragment(step.continues, step.octets);
        break;
      case "again":
        this.#again(step.from === "host" ? otherSide(this.side) : this.side, step.back);
        break;
      case "wait":
        await this.#stage.pass(step.ms);
        return;
      case "encrypt":
        await this.encrypt({ ltk: step.ltk }, { timeoutMs: 1000 });
        return;
    }
    if (!("hurry" in step && step.hurry)) await this.settle();
  }

  /** Waits for a command; gives the status with which the controller refuses it. */
  async #try(command: Promise<unknown>): Promise<number | undefined> {
    try {
      await this.#stage.until(command);
      return undefined;
    } catch (error) {
      if (error instanceof HciError) return error.status;
      throw error;
    }
  }

  /** Sends once more what was sent before, by either side. */
  #again(from: Side, back: number): void {
    const before = this.#transcript.filter((pdu) => pdu.from === from);
    const said = before[before.length - 1 - (back % Math.max(before.length, 1))];
    if (said) this.send(said.cid, said.pdu);
  }

  #unread(cid: number): Uint8Array | undefined {
    const host = otherSide(this.side);
    const come = this.#transcript.filter((pdu) => pdu.from === host && pdu.cid === cid);
    const read = this.#read.get(cid) ?? 0;
    const next = come[read];
    if (next) this.#read.set(cid, read + 1);
    return next?.pdu;
  }
}
