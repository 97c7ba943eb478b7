import { ErrorCode } from "../../src/att/error-code.ts";
import { isCommand, Opcode, pduKind } from "../../src/att/opcode.ts";
import { ErrorResponse, ExchangeMtuResponse, ReadResponse } from "../../src/att/pdu.ts";
import { concat, putU16, u16At } from "../../src/common/bytes.ts";
import { AclView, PacketBoundary } from "../../src/hci/acl-view.ts";
import { type Command, encodeCommand } from "../../src/hci/command.ts";
import { Reset } from "../../src/hci/commands/controller-baseband.ts";
import { LeSetAdvertisingEnable, LeSetAdvertisingParameters } from "../../src/hci/commands/le-advertising.ts";
import { CommandComplete } from "../../src/hci/events/flow.ts";
import { DisconnectionComplete } from "../../src/hci/events/link.ts";
import { PacketType } from "../../src/hci/packet.ts";
import type { HciTransport } from "../../src/hci/transport.ts";
import { Reassembler } from "../../src/l2cap/reassembler.ts";
import { FixedCid } from "../../testing/conversation.ts";
import { advertising } from "../support/raw-pair.ts";

/** What somebody got wrong. */
export type Fault =
  | "answers reads twice"
  | "hangs on a short read"
  | "throws on a short read"
  | "says nothing to what it does not know"
  | "does not advertise again"
  | "shows its key"
  | "writes past its buffers"
  | "answers no signals";

/** The key that it should keep to itself. */
export const littleKey: Uint8Array = Uint8Array.from({ length: 16 }, (_, at) => 0xa0 + at);

const commandNotUnderstood = [0x02, 0x00, 0x00, 0x00] as const;

/**
 * Somebody else's peripheral: a few lines of HCI that serve one attribute, on whatever transport. It has been written
 * without this package's host, and has the faults that it is told to have.
 */
export class LittlePeripheral {
  readonly #transport: HciTransport;
  readonly #fault: Fault | undefined;
  readonly #reassembler = new Reassembler();
  #commands: Uint8Array[] = [];
  #hangs = false;

  constructor(transport: HciTransport, fault?: Fault) {
    this.#transport = transport;
    this.#fault = fault;
    transport.start({ packet: (packet) => this.#packet(packet), closed: () => undefined });
    this.#run(Reset, {});
    this.#run(LeSetAdvertisingParameters, advertising);
    this.#advertise();
  }

  #advertise(): void {
    this.#run(LeSetAdvertisingEnable, { advertisingEnable: true });
  }

  /** One command after the other has been answered. */
  #run<P>(command: Command<P, unknown>, parameters: P): void {
    this.#commands.push(encodeCommand(command, parameters));
    if (this.#commands.length === 1) this.#transport.send(this.#commands[0]!.slice());
  }

  #packet(packet: Uint8Array): void {
    if (packet[0] === PacketType.AclData) {
      const view = AclView.over(packet);
      const frame = this.#reassembled(view);
      if (frame) this.#frame(view.connectionHandle, u16At(frame, 2), frame.slice(4));
      return;
    }
    if (packet[1] === CommandComplete.code) {
      this.#commands.shift();
      if (this.#commands.length > 0) this.#transport.send(this.#commands[0]!.slice());
    }
    if (packet[1] !== DisconnectionComplete.code) return;
    this.#hangs &&= this.#fault === "hangs on a short read";
    if (this.#fault !== "does not advertise again") this.#advertise();
  }

  #reassembled({ continues, payload }: AclView): Uint8Array | undefined {
    try {
      return this.#reassembler.push(continues, payload);
    } catch {
      return undefined; // whoever sends such things hears nothing
    }
  }

  #frame(handle: number, cid: number, pdu: Uint8Array): void {
    if (this.#hangs) return;
    const [opcode = 0, identifier = 0] = pdu;
    if (cid === FixedCid.Att && pdu.length > 0 && !isCommand(opcode)) this.#att(handle, opcode, pdu);
    if (cid !== FixedCid.Signaling || this.#fault === "answers no signals" || identifier === 0) return;
    const isResponse = [0x01, 0x03, 0x05, 0x07, 0x09, 0x0b, 0x13, 0x15, 0x16, 0x18, 0x1a].includes(opcode);
    if (!isResponse) this.#send(handle, cid, Uint8Array.of(0x01, identifier, ...commandNotUnderstood));
  }

  #att(handle: number, opcode: number, pdu: Uint8Array): void {
    const answer = (octets: Uint8Array): void => this.#send(handle, FixedCid.Att, octets);
    if (opcode === Opcode.ExchangeMtuRequest) answer(ExchangeMtuResponse.encode({ mtu: 23 }));
    else if (opcode === Opcode.ReadRequest) this.#read(pdu, answer);
    else if (opcode === Opcode.HandleValueIndication && pdu.length >= 3) answer(Uint8Array.of(0x1e));
    else if (pduKind(opcode) === "request" && this.#fault !== "says nothing to what it does not know") {
      const error = ErrorCode.RequestNotSupported;
      answer(ErrorResponse.encode({ requestOpcode: opcode, handle: 0, error }));
    }
  }

  #read(pdu: Uint8Array, answer: (octets: Uint8Array) => void): void {
    if (this.#fault === "throws on a short read" && pdu[2] === undefined) throw new TypeError("no handle");
    this.#hangs = pdu.length < 3 && this.#fault === "hangs on a short read";
    if (this.#hangs) return;
    const value = this.#fault === "shows its key" ? littleKey : Uint8Array.of(42);
    answer(ReadResponse.encode({ value }));
    if (this.#fault === "answers reads twice") answer(ReadResponse.encode({ value }));
    if (this.#fault !== "writes past its buffers") return;
    for (let i = 0; i < 20; i++) answer(Uint8Array.of(0x1b, 1, 0));
  }

  #send(handle: number, cid: number, pdu: Uint8Array): void {
    const head = Uint8Array.of(PacketType.AclData, 0, 0, pdu.length + 4, 0, pdu.length, 0, cid, 0);
    putU16(head, 1, handle | (PacketBoundary.FirstNonFlushable << 12));
    this.#transport.send(concat(head, pdu));
  }
}
