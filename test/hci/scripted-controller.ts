import { concat, u16At } from "../../src/common/bytes.ts";
import { VirtualClock } from "../../src/common/clock.ts";
import type { BleError, MalformedPduError } from "../../src/common/errors.ts";
import { Turn } from "../../src/common/turn.ts";
import type { Command } from "../../src/hci/command.ts";
import { encodeEvent } from "../../src/hci/event.ts";
import { CommandComplete, CommandStatus } from "../../src/hci/events/flow.ts";
import { Hci } from "../../src/hci/hci.ts";
import { PacketType } from "../../src/hci/packet.ts";
import type { HciReceiver, HciTransport } from "../../src/hci/transport.ts";

/** What a controller answers to one command, or that it does not. */
export type Answer = Uint8Array | "silence" | "close" | "fail";

/** Command Complete with Success and what the command returns behind it. */
export function success<R>(
  { opcode, returns }: Pick<Command<unknown, R>, "opcode" | "returns">,
  values: NoInfer<R>,
): [opcode: number, answer: Uint8Array] {
  return [opcode, complete(opcode, returns ? returns.encode(values, Uint8Array.of(0)) : Uint8Array.of(0))];
}

/** A whole Command Complete. */
export function complete(
  commandOpcode: number,
  returnParameters: Uint8Array,
  numHciCommandPackets = 1,
): Uint8Array {
  return encodeEvent(CommandComplete, { numHciCommandPackets, commandOpcode, returnParameters });
}

/** A whole Command Status. */
export function commandStatus(commandOpcode: number, status: number, numHciCommandPackets = 1): Uint8Array {
  return encodeEvent(CommandStatus, { status, numHciCommandPackets, commandOpcode });
}

/** A transport without a controller: it keeps what is sent, and tests say what comes. */
export class ScriptedController implements HciTransport {
  /** Every packet that was sent. */
  readonly sent: Uint8Array[] = [];
  /** Answers by opcode. A command without one is left to the test. */
  readonly answers: Map<number, Answer> = new Map<number, Answer>();
  readonly clock: VirtualClock = new VirtualClock();
  receiver: HciReceiver | undefined;
  #closed = false;

  start(receiver: HciReceiver): void {
    this.receiver = receiver;
  }

  send(packet: Uint8Array): void {
    if (this.#closed) return;
    this.sent.push(packet);
    const answer = packet[0] === PacketType.Command ? this.answers.get(u16At(packet, 1)) : undefined;
    if (answer === undefined || answer === "silence") return;
    this.clock.soon(() => {
      if (answer === "close") this.close();
      else if (answer === "fail") this.close(new Error("the cable is out"));
      else this.give(answer);
    });
  }

  /** Gives the host a packet, in a buffer that is worth nothing afterwards. */
  give(packet: Uint8Array): void {
    if (this.#closed) return;
    const borrowed = packet.slice();
    this.receiver?.packet(borrowed);
    borrowed.fill(0xee);
  }

  close(error?: Error): void {
    if (this.#closed) return;
    this.#closed = true;
    this.receiver?.closed(error);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  /** The opcodes of the commands that were sent. */
  get opcodes(): readonly number[] {
    return this.sent.filter(([type]) => type === PacketType.Command).map((packet) => u16At(packet, 1));
  }

  /** The parameters of the last command with that opcode. */
  parametersOf({ opcode }: { readonly opcode: number }): Uint8Array | undefined {
    return this.sent
      .findLast((packet) => packet[0] === PacketType.Command && u16At(packet, 1) === opcode)
      ?.slice(4);
  }
}

/** An {@link Hci} on a {@link ScriptedController}, and what it told its user. */
export class ScriptedHci {
  readonly controller: ScriptedController = new ScriptedController();
  readonly turn: Turn = new Turn();
  readonly faults: MalformedPduError[] = [];
  readonly endings: (BleError | undefined)[] = [];
  readonly failures: BleError[] = [];
  readonly unasked: Uint8Array[] = [];
  /** Whether the test restarts a controller that has failed; if not, it is given up. */
  restarts = false;
  readonly hci: Hci;

  constructor() {
    this.hci = new Hci(this.controller, this.controller.clock, this.turn, {
      fault: (error) => this.faults.push(error),
      unasked: (packet) => this.unasked.push(packet.slice()),
      failed: (error) => {
        this.failures.push(error);
        if (!this.restarts) this.hci.end(error);
      },
      ended: (error) => this.endings.push(error),
    });
    this.controller.start(this.hci);
  }
}

/** An event packet of any code. */
export function eventPacket(code: number, ...parameters: number[]): Uint8Array {
  return concat(Uint8Array.of(PacketType.Event, code, parameters.length), Uint8Array.from(parameters));
}
