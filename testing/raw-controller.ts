import { concat, putU16, u16At } from "../src/common/bytes.ts";
import { TransportError } from "../src/common/errors.ts";
import { AclView, PacketBoundary } from "../src/hci/acl-view.ts";
import { type Command, encodeCommand } from "../src/hci/command.ts";
import { Reset, SetEventMask } from "../src/hci/commands/controller-baseband.ts";
import { LeReadBufferSize, LeSetEventMask } from "../src/hci/commands/le-controller.ts";
import { ReadBufferSize } from "../src/hci/commands/informational.ts";
import { HciError } from "../src/hci/error.ts";
import type { Event } from "../src/hci/event.ts";
import { CommandComplete, CommandStatus, NumberOfCompletedPackets } from "../src/hci/events/flow.ts";
import { PacketType } from "../src/hci/packet.ts";
import type { HciTransport } from "../src/hci/transport.ts";

/** What comes from the controller, but for what commands and buffers are about. */
export interface RawUser {
  /** A whole event packet, *borrowed*. */
  event(packet: Uint8Array): void;
  /** Data of a link, *borrowed*. */
  data(connectionHandle: number, continues: boolean, payload: Uint8Array): void;
  closed(error?: Error): void;
}

/** What a controller sends by itself, the end of a key refresh, and LE events. Vol 4, Part E, 7.3.1. */
const eventMask = 0x2000_9fff_ffff_ffffn;
/** Those of 4.0: with LE Enhanced Connection Complete the plain one would not come. Vol 4, Part E, 7.8.1. */
const leEventMask = 0x1fn;

interface Waiting {
  readonly opcode: number;
  readonly packet: Uint8Array;
  readonly resolve: (returnParameters: Uint8Array) => void;
  readonly reject: (error: Error) => void;
}

/**
 * One controller by HCI alone, without a host stack: commands, events, and data as it is. It keeps to the credits of
 * the controller, for who does not is heard by nobody. Vol 4, Part E.
 */
export class RawController {
  readonly #transport: HciTransport;
  readonly #user: RawUser;
  /** The first one is with the controller. */
  readonly #commands: Waiting[] = [];
  readonly #data: Uint8Array[] = [];
  /** Packets that the controller has of each link. */
  readonly #held = new Map<number, number>();
  #free = 0;
  /** The largest payload of a packet. */
  aclOctets = 27;
  #closed = false;

  constructor(transport: HciTransport, user: RawUser) {
    this.#transport = transport;
    this.#user = user;
    transport.start({
      packet: (packet) => this.#packet(packet),
      closed: (error) => this.#end(error),
    });
  }

  /** Brings the controller into a state that is known. */
  async begin(): Promise<void> {
    await this.run(Reset, {});
    await this.run(SetEventMask, { eventMask });
    await this.run(LeSetEventMask, { eventMask: leEventMask });
    let buffers = await this.run(LeReadBufferSize, {});
    if (buffers.totalNumAclDataPackets === 0) buffers = await this.run(ReadBufferSize, {});
    this.#free = buffers.totalNumAclDataPackets;
    this.aclOctets = buffers.aclDataPacketLength;
  }

  /**
   * Sends a command; resolves with what it returns.
   *
   * @throws {@link HciError} The controller refuses it.
   */
  async run<P, R>(command: Command<P, R>, parameters: P): Promise<R> {
    const packet = encodeCommand(command, parameters);
    const { opcode, returns } = command;
    const octets = await new Promise<Uint8Array>((resolve, reject) => {
      if (this.#closed) {
        reject(new TransportError("the way to the controller is closed"));
        return;
      }
      this.#commands.push({ opcode, packet, resolve, reject });
      if (this.#commands.length === 1) this.#transport.send(packet);
    });
    return (returns?.decode(octets) ?? {}) as R;
  }

  /** Sends data as soon as there is a buffer for it. */
  send(connectionHandle: number, continues: boolean, payload: Uint8Array): void {
    const head = Uint8Array.of(PacketType.AclData, 0, 0, payload.length, payload.length >> 8);
    const boundary = continues ? PacketBoundary.Continuing : PacketBoundary.FirstNonFlushable;
    putU16(head, 1, connectionHandle | (boundary << 12));
    this.#data.push(concat(head, payload));
    this.#pump();
  }

  /** The link is down: its buffers are free. Vol 4, Part E, 4.3. */
  forget(connectionHandle: number): void {
    this.#free += this.#held.get(connectionHandle) ?? 0;
    this.#held.delete(connectionHandle);
    const others = this.#data.filter((packet) => handleOf(packet) !== connectionHandle);
    this.#data.splice(0, this.#data.length, ...others);
    this.#pump();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#transport[Symbol.asyncDispose]();
    this.#end();
  }

  #packet(packet: Uint8Array): void {
    if (packet[0] === PacketType.AclData) {
      const view = AclView.over(packet);
      this.#user.data(view.connectionHandle, view.continues, view.payload);
      return;
    }
    if (packet[0] !== PacketType.Event) return;
    if (packet[1] === CommandComplete.code) this.#answered(u16At(packet, 4), packet[6] ?? 0, packet.slice(7));
    else if (packet[1] === CommandStatus.code) this.#answered(u16At(packet, 5), packet[3] ?? 0);
    else if (packet[1] === NumberOfCompletedPackets.code) this.#completed(packet);
    else this.#user.event(packet);
  }

  #answered(opcode: number, status: number, returnParameters: Uint8Array = new Uint8Array(0)): void {
    const [first] = this.#commands;
    if (first?.opcode !== opcode) return;
    this.#commands.shift();
    const [next] = this.#commands;
    if (next) this.#transport.send(next.packet);
    if (status === 0) first.resolve(returnParameters);
    else first.reject(new HciError(status, opcode));
  }

  #completed(packet: Uint8Array): void {
    for (const { connectionHandle, numCompletedPackets } of NumberOfCompletedPackets.parameters.decode(
      packet,
      3,
    ).handles) {
      const held = this.#held.get(connectionHandle) ?? 0;
      this.#held.set(connectionHandle, held - Math.min(held, numCompletedPackets));
      this.#free += Math.min(held, numCompletedPackets);
    }
    this.#pump();
  }

  #pump(): void {
    while (this.#free > 0) {
      const packet = this.#data.shift();
      if (!packet) return;
      this.#free--;
      const handle = handleOf(packet);
      this.#held.set(handle, (this.#held.get(handle) ?? 0) + 1);
      this.#transport.send(packet);
    }
  }

  #end(error?: Error): void {
    if (this.#closed) return;
    this.#closed = true;
    const why = error ?? new TransportError("the way to the controller is closed");
    for (const { reject } of this.#commands.splice(0)) reject(why);
    this.#user.closed(error);
  }
}

function handleOf(packet: Uint8Array): number {
  return u16At(packet, 1) & 0x0fff;
}

/** The parameters of an event if it is of this kind. */
export function eventIn<T>(event: Event<T>, packet: Uint8Array): T | undefined {
  if (packet[1] !== event.code) return undefined;
  if (event.subevent === undefined) return event.parameters.decode(packet, 3);
  return packet[3] === event.subevent ? event.parameters.decode(packet, 4) : undefined;
}
