import { noOctets, u16At } from "../common/bytes.ts";
import { MalformedPduError } from "../common/errors.ts";
import { Priority } from "../common/priority.ts";
import type { Channel } from "../l2cap/channel.ts";
import type { AttributeTable } from "./attribute-table.ts";
import { ErrorCode } from "./error-code.ts";
import { isCommand, Opcode } from "./opcode.ts";
import { ErrorResponse } from "./pdu.ts";
import { answerQueue } from "./server-queue.ts";
import { answerRead } from "./server-read.ts";
import { answerSearch } from "./server-search.ts";
import { answerWrite, takeCommand } from "./server-write.ts";
import type { ServerSession, Serving } from "./serving.ts";
import type { Signing } from "./signing.ts";

/** Octets of an ATT_EXCHANGE_MTU_REQ. Vol 3, Part F, 3.4.2.1. */
const exchangeMtuSize = 3;

/** What the server is told by the bearer that it serves. */
export interface ServerBearer {
  readonly mtu: number;
  /** Whether the MTU is that of the channel: an Enhanced ATT bearer. Vol 3, Part G, 5.3.1. */
  readonly enhanced: boolean;
  /** Absent where signatures cannot be checked. */
  readonly signing: Signing | undefined;
  /** The client tells its receive MTU and is told ours. */
  peerMtu(mtu: number): number;
}

/**
 * The answering end of an ATT bearer, for one client. Vol 3, Part F, 3.4.
 *
 * Every request gets one response. One that arrives while the last is still being answered breaks the protocol
 * (3.3.2) and is dropped: answering out of turn would give the client the wrong answer to its first.
 */
export class AttServer<Peer> implements Serving<Peer> {
  readonly table: AttributeTable<Peer>;
  readonly peer: Peer;
  readonly session: ServerSession;
  readonly #channel: Channel;
  readonly #bearer: ServerBearer;
  /** The opcode of the request that is being answered, `undefined` while there is none. */
  #answering: number | undefined;
  #closed = false;
  readonly #idle = (): void => {
    this.#answering = undefined;
  };

  constructor(
    channel: Channel,
    table: AttributeTable<Peer>,
    peer: Peer,
    bearer: ServerBearer,
    session: ServerSession,
  ) {
    this.#channel = channel;
    this.table = table;
    this.peer = peer;
    this.#bearer = bearer;
    this.session = session;
  }

  /** Takes a request or a command. */
  receive(pdu: Uint8Array): void {
    const opcode = pdu[0] ?? 0;
    if (isCommand(opcode)) {
      this.#command(opcode, pdu);
      return;
    }
    if (this.#answering !== undefined) return;
    this.#answering = opcode;
    const kept = this.session.gate?.request(pdu, this.#bearer);
    if (kept !== undefined) {
      this.refuse(pdu.length < 3 ? 0x0000 : u16At(pdu, 1), kept);
      return;
    }
    try {
      this.#request(opcode, pdu);
    } catch (error) {
      if (!(error instanceof MalformedPduError)) throw error; // a fault of ours: do not hide it
      this.refuse(0x0000, ErrorCode.InvalidPdu);
    }
  }

  /** The bearer is gone: answers that come late go nowhere. */
  closed(): void {
    this.#closed = true;
  }

  get mtu(): number {
    return this.#bearer.mtu;
  }

  respond(head: Uint8Array, body: Uint8Array = noOctets): void {
    if (this.#closed) return;
    this.#channel.send(Priority.Control, head, body);
    // A client that does not wait for answers could fill the queue of a link that takes none: it stays busy so long.
    if (this.#channel.hasRoom(Priority.Control)) this.#answering = undefined;
    else this.#channel.whenRoom(Priority.Control, this.#idle);
  }

  refuse(handle: number, error: ErrorCode): void {
    const requestOpcode = this.#answering ?? 0;
    // These two are about the server and not about the attribute (Vol 3, Part F, 3.3), except where several attributes
    // are written and the client is to learn of which: 3.4.6.3.
    const ours = error === ErrorCode.UnlikelyError || error === ErrorCode.InsufficientResources;
    const named = !ours || requestOpcode === Opcode.ExecuteWriteRequest;
    this.respond(ErrorResponse.encode({ requestOpcode, handle: named ? handle : 0x0000, error }));
  }

  #request(opcode: number, pdu: Uint8Array): void {
    const answered =
      answerRead(this, opcode, pdu) ||
      answerWrite(this, opcode, pdu) ||
      answerSearch(this, opcode, pdu) ||
      answerQueue(this, opcode, pdu);
    if (answered) return;
    // "The Exchange MTU sub-procedure shall only be supported on the LE Fixed Channel": Vol 3, Part G, 4.2.
    if (opcode === Opcode.ExchangeMtuRequest && !this.#bearer.enhanced) this.#exchangeMtu(pdu);
    else this.refuse(0x0000, ErrorCode.RequestNotSupported);
  }

  #exchangeMtu(pdu: Uint8Array): void {
    if (pdu.length !== exchangeMtuSize)
      throw new MalformedPduError("ATT_EXCHANGE_MTU_REQ", "not 3 octets", pdu);
    const ours = this.#bearer.peerMtu(u16At(pdu, 1));
    this.respond(Uint8Array.of(Opcode.ExchangeMtuResponse, ours, ours >> 8));
  }

  #command(opcode: number, pdu: Uint8Array): void {
    if (this.session.gate?.takesCommands === false) return;
    // "This command shall not be used on an Enhanced ATT bearer": Vol 3, Part F, 3.4.5.4.
    takeCommand(this, opcode, pdu, this.#bearer.enhanced ? undefined : this.#bearer.signing);
  }
}
