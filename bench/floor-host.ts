import { putU16, u16At } from "../src/common/bytes.ts";
import { type Command, encodeCommand } from "../src/hci/command.ts";
import { Reset, SetEventMask } from "../src/hci/commands/controller-baseband.ts";
import { LeReadBufferSize, LeSetEventMask } from "../src/hci/commands/le-controller.ts";
import { CommandComplete, CommandStatus } from "../src/hci/events/flow.ts";
import { LeConnectionComplete } from "../src/hci/events/le-connection.ts";
import { newOctets } from "../src/hci/octet-pool.ts";
import { PacketType } from "../src/hci/packet.ts";
import type { HciReceiver, HciTransport } from "../src/hci/transport.ts";
import { FixedCid } from "../src/l2cap/channel.ts";

const aclHeaderSize = 5;
const basicHeaderSize = 4;
const headerSize = aclHeaderSize + basicHeaderSize;
const sduLengthSize = 2;
const firstFlushable = 0b10;

/** The channel of the K-frames, by the same number at both ends. */
const channelCid = 0x0040;
/** Octets of a K-frame's payload: one packet of the radio, less the header of the frame. */
export const floorMps = 247;

const numberOfCompletedPackets = 0x13;
const leMeta = 0x3e;

/** Every event: bit 61 is LE Meta. Vol 4, Part E, 7.3.1. */
const everyEvent = 0x3dbf_f807_fffb_ffffn;
/** LE Connection Complete and no other. Vol 4, Part E, 7.8.1. */
const connectionsOnly = 0x01n;

/**
 * The least a host can do: it starts the controller, makes one connection, and then puts values into packets and takes
 * them out, as long as the controller has room. Nobody checks, queues or remembers anything: whoever uses it sends only
 * while {@link credits} last.
 */
export class FloorHost implements HciReceiver {
  /** How many packets the controller takes now. */
  credits = 0;
  /** Called when there are more of them. */
  onCredits: (() => void) | undefined;
  /** Called with each ATT PDU from `start` on in `packet`, which is *borrowed*. */
  onPdu: ((packet: Uint8Array, start: number) => void) | undefined;
  /** Called with each SDU; the program's own copy of the octets. */
  onSdu: ((sdu: Uint8Array) => void) | undefined;
  readonly #transport: HciTransport;
  /** The SDU that K-frames are filling, and how far they have. */
  #sdu: Uint8Array | undefined;
  #filled = 0;
  #handle = 0;
  #answered: ((returnParameters: Uint8Array) => void) | undefined;
  #connected: (() => void) | undefined;

  constructor(transport: HciTransport) {
    this.#transport = transport;
    transport.start(this);
  }

  /** Makes the controller ready. */
  async startUp(): Promise<void> {
    await this.ask(Reset, {});
    await this.ask(SetEventMask, { eventMask: everyEvent });
    await this.ask(LeSetEventMask, { eventMask: connectionsOnly });
    const answer = await this.ask(LeReadBufferSize, {});
    this.credits = LeReadBufferSize.returns?.decode(answer, 1).totalNumAclDataPackets ?? 0;
  }

  /** Sends a command and waits for its answer: the return parameters, or nothing for a Command Status. */
  ask<P>(command: Command<P, unknown>, parameters: P): Promise<Uint8Array> {
    return new Promise((resolve) => {
      this.#answered = resolve;
      this.#transport.send(encodeCommand(command, parameters));
    });
  }

  /** Resolves when the one connection has come. */
  connected(): Promise<void> {
    return new Promise((resolve) => {
      this.#connected = resolve;
    });
  }

  /** One ATT PDU with a handle and a value, in one packet: the value is copied, once. */
  send(opcode: number, handle: number, value: Uint8Array): void {
    const packet = this.#packet(3 + value.length);
    packet[headerSize] = opcode;
    putU16(packet, headerSize + 1, handle);
    packet.set(value, headerSize + 3);
    this.#transport.send(packet);
  }

  /** One ATT PDU with a value alone. */
  answer(opcode: number, value: Uint8Array): void {
    const packet = this.#packet(1 + value.length);
    packet[headerSize] = opcode;
    packet.set(value, headerSize + 1);
    this.#transport.send(packet);
  }

  /**
   * One K-frame: as much of an SDU as it has room for, copied once, behind the length of the SDU if it is the first.
   *
   * @returns How far the SDU has been sent.
   */
  sendFrame(sdu: Uint8Array, from: number): number {
    const header = from === 0 ? sduLengthSize : 0;
    const to = Math.min(sdu.length, from + floorMps - header);
    const packet = this.#packet(header + to - from, channelCid);
    if (from === 0) putU16(packet, headerSize, sdu.length);
    packet.set(sdu.subarray(from, to), headerSize + header);
    this.#transport.send(packet);
    return to;
  }

  packet(packet: Uint8Array): void {
    if (packet[0] === PacketType.AclData) this.#data(packet);
    else this.#event(packet);
  }

  closed(error?: Error): void {
    if (error) throw error;
  }

  #packet(size: number, cid: number = FixedCid.Attribute): Uint8Array {
    const packet = newOctets(headerSize + size);
    packet[0] = PacketType.AclData;
    putU16(packet, 1, this.#handle);
    putU16(packet, 3, basicHeaderSize + size);
    putU16(packet, aclHeaderSize, size);
    putU16(packet, aclHeaderSize + 2, cid);
    this.credits--;
    return packet;
  }

  #data(packet: Uint8Array): void {
    const sound =
      u16At(packet, 1) === (this.#handle | (firstFlushable << 12)) &&
      u16At(packet, 3) === packet.length - aclHeaderSize &&
      u16At(packet, aclHeaderSize) === packet.length - headerSize;
    if (!sound) throw new Error("the floor takes whole PDUs of its own connection");
    const cid = u16At(packet, aclHeaderSize + 2);
    if (cid === FixedCid.Attribute) this.onPdu?.(packet, headerSize);
    else if (cid === channelCid) this.#frame(packet);
  }

  #frame(packet: Uint8Array): void {
    let start = headerSize;
    if (!this.#sdu) {
      this.#sdu = new Uint8Array(u16At(packet, headerSize));
      this.#filled = 0;
      start += sduLengthSize;
    }
    const sdu = this.#sdu;
    sdu.set(packet.subarray(start), this.#filled);
    this.#filled += packet.length - start;
    if (this.#filled < sdu.length) return;
    this.#sdu = undefined;
    this.onSdu?.(sdu);
  }

  #event(packet: Uint8Array): void {
    switch (packet[1]) {
      case numberOfCompletedPackets:
        for (let at = 4; at < packet.length; at += 4) this.credits += u16At(packet, at + 2);
        this.onCredits?.();
        return;
      case CommandComplete.code:
        this.#answer(packet.slice(6));
        return;
      case CommandStatus.code:
        this.#answer(packet.slice(3, 4));
        return;
      case leMeta:
        this.#handle = LeConnectionComplete.parameters.decode(packet, 4).connectionHandle;
        this.#connected?.();
        return;
      default:
    }
  }

  #answer(returnParameters: Uint8Array): void {
    if (returnParameters[0] !== 0)
      throw new Error(`a command was refused: status ${returnParameters[0] ?? "missing"}`);
    this.#answered?.(returnParameters);
  }
}
