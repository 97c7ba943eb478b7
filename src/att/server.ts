import { noOctets, u16At } from "../common/bytes.ts";
import { MalformedPduError } from "../common/errors.ts";
import { Priority } from "../common/priority.ts";
import type { Channel } from "../l2cap/channel.ts";
import type { AttributeTable } from "./attribute-table.ts";
import { ErrorCode } from "./error-code.ts";
import { isCommand, Opcode } from "./opcode.ts";
import { ErrorResponse } from "./pdu.ts";
import {
  findByTypeValue,
  findInformation,
  readByGroupType,
  readByType,
  type Reply,
} from "./server-search.ts";

/** Octets of an ATT_WRITE_REQ or ATT_WRITE_CMD in front of the value. Vol 3, Part F, 3.4.5.1 and 3.4.5.3. */
const writeHeaderSize = 3;

// Reads and writes are taken apart by hand: they are what a busy server does. The sizes are those of 3.4.
const exchangeMtuSize = 3;
const readSize = 3;
const readBlobSize = 5;

const readResponse = Uint8Array.of(Opcode.ReadResponse);
const readBlobResponse = Uint8Array.of(Opcode.ReadBlobResponse);
const writeResponse = Uint8Array.of(Opcode.WriteResponse);
const nobodyHears = (): void => undefined;

/** What the server is told by the bearer that it serves. */
export interface ServerBearer {
  readonly mtu: number;
  /** The client tells its receive MTU and is told ours. */
  peerMtu(mtu: number): number;
}

/**
 * The answering end of an ATT bearer, for one client. Vol 3, Part F, 3.4.
 *
 * Every request gets one response. One that arrives while the last is still being answered breaks the protocol
 * (3.3.2) and is dropped: answering out of turn would give the client the wrong answer to its first.
 */
export class AttServer<Peer> implements Reply {
  readonly #channel: Channel;
  readonly #table: AttributeTable<Peer>;
  readonly #peer: Peer;
  readonly #bearer: ServerBearer;
  /** The opcode of the request that is being answered, `undefined` while there is none. */
  #answering: number | undefined;
  #closed = false;
  readonly #idle = (): void => {
    this.#answering = undefined;
  };

  constructor(channel: Channel, table: AttributeTable<Peer>, peer: Peer, bearer: ServerBearer) {
    this.#channel = channel;
    this.#table = table;
    this.#peer = peer;
    this.#bearer = bearer;
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
    this.respond(ErrorResponse.encode({ requestOpcode: this.#answering ?? 0, handle, error }));
  }

  #request(opcode: number, pdu: Uint8Array): void {
    switch (opcode) {
      case Opcode.ExchangeMtuRequest:
        this.#exchangeMtu(pdu);
        return;
      case Opcode.FindInformationRequest:
        findInformation(this.#table, pdu, this);
        return;
      case Opcode.FindByTypeValueRequest:
        findByTypeValue(this.#table, this.#peer, pdu, this);
        return;
      case Opcode.ReadByTypeRequest:
        readByType(this.#table, this.#peer, pdu, this);
        return;
      case Opcode.ReadByGroupTypeRequest:
        readByGroupType(this.#table, pdu, this);
        return;
      case Opcode.ReadRequest:
        checkSize(pdu, readSize, "ATT_READ_REQ");
        this.#read(u16At(pdu, 1), 0, readResponse);
        return;
      case Opcode.ReadBlobRequest:
        checkSize(pdu, readBlobSize, "ATT_READ_BLOB_REQ");
        this.#read(u16At(pdu, 1), u16At(pdu, 3), readBlobResponse);
        return;
      case Opcode.WriteRequest:
        this.#write(pdu);
        return;
      default:
        this.refuse(0x0000, ErrorCode.RequestNotSupported);
    }
  }

  #exchangeMtu(pdu: Uint8Array): void {
    checkSize(pdu, exchangeMtuSize, "ATT_EXCHANGE_MTU_REQ");
    const ours = this.#bearer.peerMtu(u16At(pdu, 1));
    this.respond(Uint8Array.of(Opcode.ExchangeMtuResponse, ours, ours >> 8));
  }

  #read(handle: number, offset: number, head: Uint8Array): void {
    const attribute = this.#table.at(handle);
    if (!attribute?.read) {
      this.refuse(handle, attribute ? ErrorCode.ReadNotPermitted : ErrorCode.InvalidHandle);
      return;
    }
    attribute.read(this.#peer, offset, (result) => {
      if (typeof result === "number") this.refuse(handle, result);
      else if (offset > result.length) this.refuse(handle, ErrorCode.InvalidOffset);
      else this.respond(head, part(result, offset, this.mtu - 1));
    });
  }

  #write(pdu: Uint8Array): void {
    if (pdu.length < writeHeaderSize)
      throw new MalformedPduError("ATT_WRITE_REQ", "the handle is missing", pdu);
    const handle = u16At(pdu, 1);
    const attribute = this.#table.at(handle);
    if (!attribute?.write) {
      this.refuse(handle, attribute ? ErrorCode.WriteNotPermitted : ErrorCode.InvalidHandle);
      return;
    }
    attribute.write(this.#peer, { value: pdu.subarray(writeHeaderSize), acknowledged: true }, (error) => {
      if (error === undefined) this.respond(writeResponse);
      else this.refuse(handle, error);
    });
  }

  /** No command is ever answered, not even a wrong one. Vol 3, Part F, 3.3. */
  #command(opcode: number, pdu: Uint8Array): void {
    if (opcode !== Opcode.WriteCommand) return;
    if (pdu.length < writeHeaderSize)
      throw new MalformedPduError("ATT_WRITE_CMD", "the handle is missing", pdu);
    const write = { value: pdu.subarray(writeHeaderSize), acknowledged: false };
    this.#table.at(u16At(pdu, 1))?.write?.(this.#peer, write, nobodyHears);
  }
}

function checkSize(pdu: Uint8Array, size: number, name: string): void {
  if (pdu.length !== size) throw new MalformedPduError(name, `not ${size} octets`, pdu);
}

/** At most `most` octets of `value` from `offset` on, without a view where all of it fits. */
function part(value: Uint8Array, offset: number, most: number): Uint8Array {
  return offset === 0 && value.length <= most ? value : value.subarray(offset, offset + most);
}
