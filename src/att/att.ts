import { concat, u16At } from "../common/bytes.ts";
import type { Clock } from "../common/clock.ts";
import { BackPressureError, type BleError, MalformedPduError } from "../common/errors.ts";
import type { Done } from "../common/procedure.ts";
import { Priority } from "../common/priority.ts";
import type { Channel, ChannelUser } from "../l2cap/channel.ts";
import type { AttributeTable } from "./attribute-table.ts";
import type { ClientBearer } from "./client-bearer.ts";
import type { AttTimeoutError } from "./error.ts";
import { Opcode, pduKind } from "./opcode.ts";
import { ExchangeMtuRequest, ExchangeMtuResponse } from "./pdu.ts";
import { PrepareQueue } from "./prepare-queue.ts";
import { AttServer, type ServerBearer } from "./server.ts";
import type { ServerSession } from "./serving.ts";
import type { Signing } from "./signing.ts";
import { type Abandoned, TransactionLine } from "./transaction-line.ts";

/** The ATT_MTU every LE bearer starts with, and the least it can be. Vol 3, Part G, 5.2.1. */
export const defaultMtu = 23;

/** The most an ATT_MTU is good for: a 512-octet value behind the longest header. Vol 3, Part F, 3.2.9. */
export const mostMtu = 517;

const valueHeaderSize = 3;

/** How many values may wait for room on one bearer before the program is told that it does not wait. */
const mostWaiting = 1024;

/** A Handle Length Value Tuple without its value. Vol 3, Part F, 3.4.7.4. */
const tupleHeaderSize = 4;

const multipleNotification = Uint8Array.of(Opcode.MultipleHandleValueNotification);
const confirmation = Uint8Array.of(Opcode.HandleValueConfirmation);

/** What a bearer tells the layer above. */
export interface AttUser {
  /**
   * A notification, one value of a multiple notification, or an indication; that is confirmed when the call returns.
   * `value` is *borrowed*.
   */
  value(handle: number, value: Uint8Array, indicated: boolean): void;
  mtuChanged(mtu: number): void;
  /**
   * Nothing more may be sent, and nothing received counts: the link is gone, or an answer did not come in 30 s
   * (Vol 3, Part F, 3.3.3).
   */
  closed(reason: BleError): void;
}

/** What may be different from one bearer to another. */
export interface AttBearerOptions {
  /**
   * Makes it an Enhanced ATT bearer (Vol 3, Part F, 3.2.11), whose ATT_MTU is the smaller one of the MTUs that its
   * L2CAP channel has in both directions, 64 octets or more. Vol 3, Part G, 5.3.1.
   */
  readonly fixedMtu?: number | undefined;
  /** What the server keeps of the client. By default the bearer is the only one to it and has its own. */
  readonly session?: ServerSession | undefined;
  /** For signed commands in both directions. By default none are sent or taken. */
  readonly signing?: Signing | undefined;
}

/** One ATT bearer: a client and a server on one channel. Vol 3, Part F, 3.2.11. */
export class AttBearer<Peer> implements ChannelUser, ServerBearer, ClientBearer {
  /** The most octets in one PDU, the same in both directions. */
  #mtu: number;
  #closed = false;
  /** A confirmation was queued where there was no more room: until there is, another indication breaks 3.3.2. */
  #confirming = false;
  #waiting = 0;
  readonly enhanced: boolean;
  readonly signing: Signing | undefined;
  readonly #receiveMtu: number | (() => number);
  /** The one that the peer was told of. */
  #toldMtu: number | undefined;
  readonly #channel: Channel;
  readonly #user: AttUser;
  readonly #requests: TransactionLine;
  readonly #indications: TransactionLine;
  readonly #server: AttServer<Peer>;
  /** Reused for every notification and write command: the channel copies it. */
  readonly #valueHeader = new Uint8Array(valueHeaderSize);

  /**
   * @param receiveMtu - The most octets of a PDU that this side receives, 23 to 517, also as it is when it is exchanged;
   *   not of an Enhanced ATT bearer.
   */
  constructor(
    channel: Channel,
    clock: Clock,
    table: AttributeTable<Peer>,
    peer: Peer,
    user: AttUser,
    receiveMtu: number | (() => number) = mostMtu,
    { fixedMtu, session, signing }: AttBearerOptions = {},
  ) {
    this.#mtu = fixedMtu ?? defaultMtu;
    this.enhanced = fixedMtu !== undefined;
    this.signing = signing;
    this.#channel = channel;
    this.#user = user;
    this.#receiveMtu = receiveMtu;
    const onTimeout = (error: AttTimeoutError): void => {
      this.closed(error);
    };
    this.#requests = new TransactionLine(channel, clock, onTimeout);
    this.#indications = new TransactionLine(channel, clock, onTimeout);
    this.#server = new AttServer(channel, table, peer, this, session ?? { prepared: new PrepareQueue() });
  }

  /** False once nothing can be sent or received any more. */
  get open(): boolean {
    return !this.#closed;
  }

  get mtu(): number {
    return this.#mtu;
  }

  /** How many requests are on the air or wait in line. */
  get pending(): number {
    return this.#requests.waiting;
  }

  /**
   * Sends a request as soon as those before it were answered.
   *
   * @param head - *Owned* from now on, like `body`, whose octets follow it on the air.
   * @param answer - The opcode of the response.
   * @param done - Gets the response, *borrowed*, or why there is none: AttError, AttTimeoutError, DisconnectedError,
   *   MalformedPduError, or BackPressureError when 1024 wait already.
   * @param signal - Once it is aborted a request that has not been sent never is, and `done` is not called.
   */
  request(
    head: Uint8Array,
    body: Uint8Array | undefined,
    answer: number,
    done: Done<Uint8Array>,
    signal?: Abandoned,
  ): void {
    this.#requests.start(head, body, answer, done, signal);
  }

  /**
   * Tells the server our receive MTU and learns its own; the smaller holds. Vol 3, Part F, 3.4.2. On an Enhanced ATT
   * bearer nothing is sent: it has the MTU of its channel.
   */
  exchangeMtu(done: Done<number>): void {
    if (this.enhanced) {
      done(this.#mtu);
      return;
    }
    const request = ExchangeMtuRequest.encode({ mtu: this.#localMtu });
    this.request(request, undefined, Opcode.ExchangeMtuResponse, (outcome) => {
      if (!(outcome instanceof Uint8Array)) {
        done(outcome);
        return;
      }
      try {
        this.peerMtu(ExchangeMtuResponse.decode(outcome).mtu);
      } catch (error) {
        if (!(error instanceof MalformedPduError)) throw error;
        done(error);
        return;
      }
      done(this.#mtu);
    });
  }

  /** ATT_WRITE_CMD. Vol 3, Part F, 3.4.5.3. The caller has seen to the length and to {@link hasRoom}. */
  writeCommand(handle: number, value: Uint8Array): void {
    this.#sendValue(Opcode.WriteCommand, handle, value);
  }

  /**
   * ATT_SIGNED_WRITE_CMD. Vol 3, Part F, 3.4.5.4. The caller has seen to {@link hasRoom}, and that the value has no
   * more than ATT_MTU - 15 octets.
   *
   * @returns False when nothing was sent: this side has no key to sign with, or the bearer is an enhanced one.
   */
  signedWriteCommand(handle: number, value: Uint8Array): boolean {
    if (this.enhanced || this.#closed) return false;
    const message = concat(Uint8Array.of(Opcode.SignedWriteCommand, handle, handle >> 8), value);
    const signature = this.signing?.sign(message);
    if (!signature) return false;
    this.#channel.send(Priority.Attribute, message, signature);
    return true;
  }

  /** ATT_HANDLE_VALUE_NTF, cut to what fits. Vol 3, Part F, 3.4.7.1. */
  notify(handle: number, value: Uint8Array): void {
    const most = this.#mtu - valueHeaderSize;
    this.#sendValue(
      Opcode.HandleValueNotification,
      handle,
      value.length > most ? value.subarray(0, most) : value,
    );
  }

  /**
   * ATT_MULTIPLE_HANDLE_VALUE_NTF. Vol 3, Part F, 3.4.7.4.
   *
   * @param tuples - Handle, length and value of each attribute, at most ATT_MTU - 1 octets; copied.
   */
  notifyMultiple(tuples: Uint8Array): void {
    if (!this.#closed) this.#channel.send(Priority.Attribute, multipleNotification, tuples);
  }

  /**
   * ATT_HANDLE_VALUE_IND, cut to what fits. Vol 3, Part F, 3.4.7.2.
   *
   * @param value - *Owned* from now on: it may wait in line behind other indications.
   * @param done - Called when it was confirmed; the rest is as in {@link request}.
   */
  indicate(handle: number, value: Uint8Array, done: Done<Uint8Array>, signal?: Abandoned): void {
    const head = Uint8Array.of(Opcode.HandleValueIndication, handle, handle >> 8);
    const body = value.subarray(0, this.#mtu - valueHeaderSize);
    this.#indications.start(head, body, Opcode.HandleValueConfirmation, done, signal);
  }

  /** Whether one more notification or write command may be queued. */
  get hasRoom(): boolean {
    return this.#channel.hasRoom(Priority.Attribute);
  }

  /**
   * Calls once when there is room, or when the bearer has closed. Who has waited longest is called first: send within
   * the call, for nobody else can then come in between. At once with BackPressureError when 1024 wait already.
   */
  whenRoom(done: Done<undefined>): void {
    if (this.#waiting >= mostWaiting) {
      done(
        new BackPressureError(`${mostWaiting} values wait to be sent: await each before you send the next`),
      );
      return;
    }
    this.#waiting++;
    this.#channel.whenRoom(Priority.Attribute, () => {
      this.#waiting--;
      done(undefined);
    });
  }

  receive(pdu: Uint8Array): void {
    if (this.#closed) return;
    switch (pduKind(pdu[0] ?? 0)) {
      case "notification":
      case "indication":
        this.#value(pdu);
        return;
      case "response":
        this.#requests.answered(pdu);
        return;
      case "confirmation":
        this.#indications.answered(pdu);
        return;
      case "request":
      case "command":
      case "unknown":
        if (pdu.length === 0) throw new MalformedPduError("ATT", "no opcode");
        this.#server.receive(pdu);
        return;
    }
  }

  closed(reason: BleError): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#server.closed();
    this.#requests.end(reason);
    this.#indications.end(reason);
    this.#user.closed(reason);
  }

  #value(pdu: Uint8Array): void {
    const opcode = pdu[0];
    if (opcode === Opcode.MultipleHandleValueNotification) {
      this.#values(pdu);
      return;
    }
    if (pdu.length < valueHeaderSize)
      throw new MalformedPduError("ATT_HANDLE_VALUE", "the handle is missing", pdu);
    const indicated = opcode === Opcode.HandleValueIndication;
    if (indicated && this.#confirming) return;
    this.#user.value(u16At(pdu, 1), pdu.subarray(valueHeaderSize), indicated);
    if (indicated) this.#confirm();
  }

  /** All or nothing: "The server shall not truncate a Handle Length Value Tuple." */
  #values(pdu: Uint8Array): void {
    let end = 1;
    while (end + tupleHeaderSize <= pdu.length) end += tupleHeaderSize + u16At(pdu, end + 2);
    if (end !== pdu.length || end === 1)
      throw new MalformedPduError("ATT_MULTIPLE_HANDLE_VALUE_NTF", "not whole values", pdu);
    for (let at = 1; at < end;) {
      const from = at + tupleHeaderSize;
      const next = from + u16At(pdu, at + 2);
      this.#user.value(u16At(pdu, at), pdu.subarray(from, next), false);
      at = next;
    }
  }

  #confirm(): void {
    this.#channel.send(Priority.Control, confirmation);
    if (this.#channel.hasRoom(Priority.Control)) return;
    this.#confirming = true;
    this.#channel.whenRoom(Priority.Control, () => {
      this.#confirming = false;
    });
  }

  #sendValue(opcode: number, handle: number, value: Uint8Array): void {
    if (this.#closed) return;
    const header = this.#valueHeader;
    header[0] = opcode;
    header[1] = handle;
    header[2] = handle >> 8;
    this.#channel.send(Priority.Attribute, header, value);
  }

  /** The channel of an Enhanced ATT bearer was reconfigured. Vol 3, Part G, 5.3.1. */
  channelReconfigured(mtu: number): void {
    if (!this.enhanced || mtu === this.#mtu) return;
    this.#mtu = mtu;
    this.#user.mtuChanged(mtu);
  }

  /** It is the same in a request and in a response, whichever comes first. Vol 3, Part F, 3.4.2. */
  get #localMtu(): number {
    const receive = this.#receiveMtu;
    return (this.#toldMtu ??= typeof receive === "number" ? receive : receive());
  }

  /** Takes the other side's receive MTU, from its request or its response, and returns ours. */
  peerMtu(peerMtu: number): number {
    const mtu = Math.max(defaultMtu, Math.min(this.#localMtu, peerMtu));
    if (mtu !== this.#mtu) {
      this.#mtu = mtu;
      this.#user.mtuChanged(mtu);
    }
    return this.#localMtu;
  }
}
