import { noOctets, putU16 } from "../common/bytes.ts";
import type { Clock } from "../common/clock.ts";
import { type BleError, MalformedPduError } from "../common/errors.ts";
import { Priority } from "../common/priority.ts";
import type { Channel, ChannelUser } from "./channel.ts";
import {
  CommandReject,
  decodeSignaling,
  encodeSignaling,
  FlowControlCreditIndication,
  isResponse,
  RejectReason,
  type SignalingCommand,
} from "./signaling-pdu.ts";
import { type Transaction, Transactions } from "./transactions.ts";

/** MTUsig: the longest C-frame that is taken, which every command of an LE link fits. Vol 3, Part A, 4. */
const signalingMtu = 23;

/** How many answers may wait behind data that they must not overtake: as many as there are channels to close. */
const mostBehindData = 64;

const notUnderstood: CommandReject = { reason: RejectReason.CommandNotUnderstood, data: noOctets };
const tooLong: CommandReject = {
  reason: RejectReason.SignalingMtuExceeded,
  data: Uint8Array.of(signalingMtu, 0),
};

/** Serves one of the peer's requests. `identifier` is for the answer. */
export type RequestHandler<T> = (request: T, identifier: number) => void;

/**
 * The LE signalling channel: commands by their code, identifiers, answers. Vol 3, Part A, 4.
 *
 * A request that nobody serves is answered with Command Reject (4.1), and so is whatever is malformed. Responses that
 * nobody waits for are dropped.
 */
export class Signaling implements ChannelUser {
  readonly #channel: Channel;
  readonly #transactions: Transactions;
  readonly #handlers = new Map<number, (data: Uint8Array, identifier: number) => void>();
  /** Reused for every credit indication, the one command that data brings about. */
  readonly #credits = Uint8Array.of(FlowControlCreditIndication.code, 0, 4, 0, 0, 0, 0, 0);
  #behindData = 0;

  constructor(channel: Channel, clock: Clock) {
    this.#channel = channel;
    this.#transactions = new Transactions(clock);
  }

  /** Whoever is given requests of that code from now on; it may throw {@link MalformedPduError}, which rejects one. */
  serve<T>(command: SignalingCommand<T>, handler: RequestHandler<T>): void {
    this.#handlers.set(command.code, (data, identifier) => {
      handler(command.decode(data), identifier);
    });
  }

  /**
   * Sends a request and waits for its answer. Ends at once, with {@link ChannelUnavailableError}, when too many wait for
   * theirs: then nothing was sent.
   */
  request<T>(
    command: SignalingCommand<T>,
    value: T,
    transaction: Transaction,
    priority: Priority = Priority.Control,
  ): void {
    const identifier = this.#transactions.begin(command.code, transaction);
    if (identifier !== undefined) this.#send(command, identifier, value, priority);
  }

  /** Answers a request. */
  respond<T>(command: SignalingCommand<T>, identifier: number, value: T): void {
    this.#send(command, identifier, value, Priority.Control);
  }

  /**
   * Answers a request when the data that was handed to the link before has gone: the peer must not get it after the
   * answer. A peer that asks on without taking such answers gets none.
   */
  respondAfter<T>(priority: Priority, command: SignalingCommand<T>, identifier: number, value: T): void {
    if (this.#channel.hasRoom(priority)) {
      this.#send(command, identifier, value, priority);
      return;
    }
    if (this.#behindData >= mostBehindData) return;
    this.#behindData++;
    this.#channel.whenRoom(priority, () => {
      this.#behindData--;
      this.#send(command, identifier, value, priority);
    });
  }

  /** Answers that a channel is not there. Vol 3, Part A, 4.1. */
  rejectCids(identifier: number, localCid: number, peerCid: number): void {
    const data = new Uint8Array(4);
    putU16(data, 0, localCid);
    putU16(data, 2, peerCid);
    this.#reject(identifier, { reason: RejectReason.InvalidCidInRequest, data });
  }

  /** Answers that this is no request for this side. Vol 3, Part A, 4.1. */
  rejectUnknown(identifier: number): void {
    this.#reject(identifier, notUnderstood);
  }

  /** Whether there is room for one more command that waits for nothing. */
  get hasRoom(): boolean {
    return this.#channel.hasRoom(Priority.Control);
  }

  /** Calls once, when there is. */
  whenRoom(callback: () => void): void {
    this.#channel.whenRoom(Priority.Control, callback);
  }

  /** L2CAP_FLOW_CONTROL_CREDIT_IND, which nobody answers. Vol 3, Part A, 4.24. */
  indicateCredits(localCid: number, credits: number): void {
    const command = this.#credits;
    command[1] = this.#transactions.nextIdentifier();
    putU16(command, 4, localCid);
    putU16(command, 6, credits);
    this.#channel.send(Priority.Control, command);
  }

  /** @throws {@link MalformedPduError} There is no identifier, so no answer could name what it answers. */
  receive(sdu: Uint8Array): void {
    const [code, identifier] = sdu;
    if (code === undefined || !identifier) {
      throw new MalformedPduError("L2CAP signaling command", "no identifier, or the forbidden 0x00", sdu);
    }
    const wantsNoAnswer = isResponse(code) || code === FlowControlCreditIndication.code;
    // A peer that asks and asks, and takes none of the answers, must not fill our memory with them.
    if (!wantsNoAnswer && !this.hasRoom) return;
    if (sdu.length > signalingMtu) {
      if (!wantsNoAnswer) this.#reject(identifier, tooLong);
      return;
    }
    try {
      this.#dispatch(sdu);
    } catch (error) {
      if (!(error instanceof MalformedPduError)) throw error;
      if (!wantsNoAnswer) this.#reject(identifier, notUnderstood);
    }
  }

  closed(reason: BleError): void {
    this.#transactions.end(reason);
  }

  #dispatch(sdu: Uint8Array): void {
    const { code, identifier, data } = decodeSignaling(sdu);
    if (isResponse(code)) {
      this.#transactions.answered(code, identifier, data);
      return;
    }
    const handler = this.#handlers.get(code);
    if (handler) handler(data, identifier);
    else if (code !== FlowControlCreditIndication.code) this.rejectUnknown(identifier);
  }

  #reject(identifier: number, reject: CommandReject): void {
    this.#send(CommandReject, identifier, reject, Priority.Control);
  }

  #send<T>(command: SignalingCommand<T>, identifier: number, value: T, priority: Priority): void {
    this.#channel.send(priority, encodeSignaling(command.code, identifier, command.encode(value)));
  }
}
