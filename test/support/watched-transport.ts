import type { VirtualClock } from "../../src/common/clock.ts";
import { u16At } from "../../src/common/bytes.ts";
import type { Command } from "../../src/hci/command.ts";
import { commandName } from "../../src/hci/commands/names.ts";
import { encodeEvent } from "../../src/hci/event.ts";
import { CommandComplete, CommandStatus } from "../../src/hci/events/flow.ts";
import { PacketType } from "../../src/hci/packet.ts";
import type { HciReceiver, HciTransport } from "../../src/hci/transport.ts";

/** A transport between a host and its controller that can be watched, made to fail, and fed with other packets. */
export class WatchedTransport implements HciTransport {
  /** The commands the host has sent, by their names without `HCI_`, oldest first. */
  readonly commands: string[] = [];
  /** The packets of those commands. */
  readonly commandPackets: Uint8Array[] = [];
  /** How many ACL Data packets the host has sent. */
  dataPackets = 0;
  /** How many packets have passed, in both directions. */
  passed = 0;
  /** How often the host has disposed of it. */
  disposals = 0;
  /** Called for each packet before it goes on. What it returns goes on in its place; `undefined` drops it. */
  onPacket: ((packet: Uint8Array, toHost: boolean) => Uint8Array | undefined) | undefined;
  readonly #inner: HciTransport;
  readonly #clock: VirtualClock;
  #receiver: HciReceiver | undefined;
  #over = false;

  constructor(inner: HciTransport, clock: VirtualClock) {
    this.#inner = inner;
    this.#clock = clock;
  }

  start(receiver: HciReceiver): void {
    this.#receiver = receiver;
    this.#inner.start({
      packet: (packet) => {
        this.passed++;
        const passed = this.onPacket ? this.onPacket(packet, true) : packet;
        if (passed) this.inject(passed);
      },
      closed: (error) => {
        this.#close(error);
      },
    });
  }

  send(packet: Uint8Array): void {
    if (this.#over) return;
    this.passed++;
    if (packet[0] === PacketType.AclData) this.dataPackets++;
    if (packet[0] === PacketType.Command) {
      this.commands.push((commandName(u16At(packet, 1)) ?? "unknown").replace(/^HCI_/, ""));
      this.commandPackets.push(packet.slice());
    }
    const passed = this.onPacket ? this.onPacket(packet, false) : packet;
    if (passed) this.#inner.send(passed);
  }

  /** A packet for the host as if the controller had sent it. */
  inject(packet: Uint8Array): void {
    if (!this.#over) this.#receiver?.packet(packet);
  }

  /** Has the controller refuse a command, which it never sees, until the returned object says otherwise. */
  refuse<P, R>({ opcode, returns }: Command<P, R>, status: number): { on: boolean } {
    const refusal = { on: true };
    this.onPacket = (packet, toHost) => {
      const isRefused = !toHost && packet[0] === PacketType.Command && u16At(packet, 1) === opcode;
      if (!isRefused || !refusal.on) return packet;
      const answer = { numHciCommandPackets: 1, commandOpcode: opcode };
      const event = returns
        ? encodeEvent(CommandComplete, { ...answer, returnParameters: Uint8Array.of(status) })
        : encodeEvent(CommandStatus, { ...answer, status });
      this.#clock.soon(() => {
        this.inject(event);
      });
      return undefined;
    };
    return refusal;
  }

  /** The way to the controller breaks, in a turn of its own. */
  fail(error: Error): void {
    this.#clock.soon(() => {
      this.#close(error);
      void this.#inner[Symbol.asyncDispose]();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.disposals++;
    await this.#inner[Symbol.asyncDispose]();
  }

  #close(error: Error | undefined): void {
    if (this.#over) return;
    this.#over = true;
    this.#receiver?.closed(error);
  }
}
