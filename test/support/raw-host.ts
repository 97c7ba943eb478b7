import { u16At } from "../../src/common/bytes.ts";
import type { VirtualClock } from "../../src/common/clock.ts";
import { type Command, encodeCommand } from "../../src/hci/command.ts";
import type { Event } from "../../src/hci/event.ts";
import { CommandComplete, CommandStatus, NumberOfCompletedPackets } from "../../src/hci/events/flow.ts";
import { PacketType } from "../../src/hci/packet.ts";
import type { HciReceiver, HciTransport } from "../../src/hci/transport.ts";

/** What a controller said to a command. */
export interface CommandAnswer<R> {
  readonly status: number;
  /** Absent for Command Status, and where the status is not Success. */
  readonly returns: R | undefined;
  readonly numHciCommandPackets: number;
  /** The whole event packet. */
  readonly packet: Uint8Array;
}

/** A host that is nothing but HCI: it sends what a test says and keeps what comes. */
export class RawHost implements HciReceiver {
  /** Every event packet so far, but for those that {@link take} and {@link run} have taken out. */
  readonly events: Uint8Array[] = [];
  /** Every ACL Data packet so far. */
  readonly data: Uint8Array[] = [];
  /** How often the transport was closed, and why the last time. */
  closings = 0;
  closedBy: Error | undefined;
  /** Called for each packet as it comes, from within the delivery. */
  onPacket: ((packet: Uint8Array) => void) | undefined;
  readonly transport: HciTransport;
  readonly #clock: VirtualClock;

  constructor(transport: HciTransport, clock: VirtualClock) {
    this.transport = transport;
    this.#clock = clock;
    transport.start(this);
  }

  packet(packet: Uint8Array): void {
    const kept = packet.slice(); // borrowed
    if (kept[0] === PacketType.Event) this.events.push(kept);
    else this.data.push(kept);
    this.onPacket?.(kept);
  }

  closed(error?: Error): void {
    this.closings++;
    this.closedBy = error;
  }

  /** Sends a packet and lets everything happen that needs no time. */
  send(packet: Uint8Array): void {
    this.transport.send(packet);
    this.#clock.advanceSync(0);
  }

  /** Sends a command; its one answer is taken out of {@link events}. */
  run<P, R>(command: Command<P, R>, parameters: P): CommandAnswer<R> {
    this.send(encodeCommand(command, parameters));
    const [answer, ...more] = this.takeAnswers(command.opcode);
    if (!answer || more.length > 0)
      throw new Error(`${command.name}: ${more.length + Number(!!answer)} answers`);
    const returns =
      answer.status === 0 && answer.packet[1] === CommandComplete.code
        ? command.returns?.decode(answer.packet.slice(7))
        : undefined;
    return { ...answer, returns };
  }

  /** The return parameters of a command that must succeed. */
  ask<P, R>(command: Command<P, R>, parameters: P): R {
    const { status, returns } = this.run(command, parameters);
    if (status !== 0) throw new Error(`${command.name}: status 0x${status.toString(16)}`);
    return (returns ?? {}) as R;
  }

  /** The status alone. */
  status<P, R>(command: Command<P, R>, parameters: P): number {
    return this.run(command, parameters).status;
  }

  /** Takes out all answers to `opcode`. */
  takeAnswers(opcode: number): CommandAnswer<undefined>[] {
    const answers: CommandAnswer<undefined>[] = [];
    for (const packet of [...this.events]) {
      const isComplete = packet[1] === CommandComplete.code;
      if (!isComplete && packet[1] !== CommandStatus.code) continue;
      const numAt = isComplete ? 3 : 4;
      if (u16At(packet, numAt + 1) !== opcode) continue;
      this.events.splice(this.events.indexOf(packet), 1);
      const status = packet[isComplete ? 6 : 3] ?? -1;
      answers.push({ status, returns: undefined, numHciCommandPackets: packet[numAt] ?? -1, packet });
    }
    return answers;
  }

  /** Takes out all events of a kind. */
  take<T>(event: Event<T>): T[] {
    const taken: T[] = [];
    for (const packet of [...this.events]) {
      if (packet[1] !== event.code || (event.subevent !== undefined && packet[3] !== event.subevent))
        continue;
      this.events.splice(this.events.indexOf(packet), 1);
      taken.push(event.parameters.decode(packet, event.subevent === undefined ? 3 : 4));
    }
    return taken;
  }

  /** Takes out the one event of a kind. */
  takeOne<T>(event: Event<T>): T {
    const [one, ...more] = this.take(event);
    if (one === undefined || more.length > 0) {
      throw new Error(`${event.name}: ${one === undefined ? 0 : more.length + 1} where one was expected`);
    }
    return one;
  }

  /** Takes out what came back of buffers for a link. */
  takeCompleted(connectionHandle: number): number {
    let sum = 0;
    for (const { handles } of this.take(NumberOfCompletedPackets)) {
      for (const entry of handles)
        if (entry.connectionHandle === connectionHandle) sum += entry.numCompletedPackets;
    }
    return sum;
  }

  /** Sends one ACL Data packet; `flags` are the upper four bits of the handle field. */
  sendData(connectionHandle: number, payload: Uint8Array, flags = 0): void {
    this.send(aclPacket(connectionHandle, payload, flags));
  }
}

/** An ACL Data packet with its packet-type octet. */
export function aclPacket(connectionHandle: number, payload: Uint8Array, flags = 0): Uint8Array {
  const field = connectionHandle | (flags << 12);
  return Uint8Array.of(
    PacketType.AclData,
    field & 0xff,
    field >> 8,
    payload.length & 0xff,
    payload.length >> 8,
    ...payload,
  );
}
