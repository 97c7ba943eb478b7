import { u16At } from "../src/common/bytes.ts";
import type { Clock } from "../src/common/clock.ts";
import type { HciReceiver, HciTransport } from "../src/hci/transport.ts";
import { encodeEvent } from "../src/hci/event.ts";
import { CommandComplete, NumberOfCompletedPackets } from "../src/hci/events/flow.ts";
import { PacketType } from "../src/hci/packet.ts";
import { Status } from "../src/hci/status.ts";
import { Delivery, deliveryFailure } from "./delivery.ts";
import { type ReplayDifference, ReplayError } from "./replay-error.ts";
import { answeredOpcode, type Likeness, opcodeOf, type ReplayStep } from "./replay-script.ts";

/** What is replayed, and how. */
export interface Replay {
  readonly script: readonly ReplayStep[];
  readonly isLike: Likeness;
  readonly tolerant: boolean;
  readonly instant: boolean;
  readonly clock: Clock;
  readonly onDifference: (difference: ReplayDifference) => void;
}

/** A capture in the place of a controller. */
export class ReplayTransport implements HciTransport {
  readonly #replay: Replay;
  readonly #delivery = new Delivery();
  /** What the host has sent and the capture has not come to, by packet type: commands and data pass one another. */
  readonly #sent = new Map<number, Uint8Array[]>();
  readonly #differences: ReplayDifference[] = [];
  /** The step that is next. */
  #next = 0;
  /** The step that the host is at already: what is in front of it is late. */
  #lateUntil = 0;
  /** When the last packet of the host came, and when it did in the capture, in ms. */
  #cameAt = 0;
  #cameAtThen = 0;
  #timer: Disposable | undefined;
  #hold: Disposable | undefined;
  #isDue = false;

  constructor(replay: Replay) {
    this.#replay = replay;
  }

  /** How many packets of the capture are still to come, from either side. 0 when the host has done all it did then. */
  get remaining(): number {
    return this.#replay.script.slice(this.#next).filter(({ dropped }) => !dropped).length;
  }

  /** What the host has done otherwise so far. What it sends behind the end of the capture is not counted. */
  get differences(): readonly ReplayDifference[] {
    return this.#differences;
  }

  start(receiver: HciReceiver): void {
    this.#delivery.start(receiver);
    const { clock } = this.#replay;
    this.#cameAt = clock.now();
    this.#hold = clock.hold();
    this.#goOnSoon();
  }

  send(packet: Uint8Array): void {
    if (this.#delivery.ended) return;
    const type = packet[0] ?? 0;
    const line = this.#sent.get(type);
    if (line) line.push(packet);
    else this.#sent.set(type, [packet]);
    this.#goOnSoon();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end();
    await Promise.resolve();
  }

  #end(error?: Error): void {
    this.#timer?.[Symbol.dispose]();
    this.#hold?.[Symbol.dispose]();
    this.#hold = undefined;
    this.#delivery.end(error);
  }

  /** In a turn of its own: `send` and `start` do not call back. */
  #goOnSoon(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    this.#replay.clock.soon(() => {
      this.#isDue = false;
      this.#goOn();
    });
  }

  #goOn(): void {
    const { script } = this.#replay;
    while (!this.#delivery.ended && !this.#timer) {
      const step = script[this.#next];
      if (!step) {
        this.#answerAll();
        return;
      }
      if (step.dropped) this.#next++;
      else if (step.toHost ? !this.#hand(step) : !this.#expect(step)) return;
    }
  }

  /** Gives the host what the controller has sent, when it is time; `false` when it is not. */
  #hand(step: ReplayStep): boolean {
    const { clock, instant } = this.#replay;
    const isNow = instant || this.#next < this.#lateUntil;
    const wait = isNow ? 0 : this.#cameAt + step.atMs - this.#cameAtThen - clock.now();
    if (wait > 0) {
      this.#timer = clock.after(wait, () => {
        this.#timer = undefined;
        this.#goOn();
      });
      return false;
    }
    this.#next++;
    this.#give(step.packet);
    return true;
  }

  /** Takes what the host has sent for what it had sent then; `false` when it has sent nothing of the kind yet. */
  #expect(step: ReplayStep): boolean {
    const line = this.#sent.get(step.packet[0] ?? 0);
    const sent = line?.[0];
    if (!line || !sent) return this.#expectAnother(step);
    if (this.#replay.isLike(sent, step.packet)) {
      line.shift();
      this.#pass(step);
      return true;
    }
    if (!this.#replay.tolerant) {
      this.#differ({ record: step.number, recorded: step.packet, sent });
      return false;
    }
    line.shift();
    this.#goAround(step, sent);
    return true;
  }

  /** The host sends something of another kind and does not come back to this: of a tolerant replay it is left out. */
  #expectAnother(step: ReplayStep): boolean {
    if (!this.#replay.tolerant) return false;
    for (const line of this.#sent.values()) {
      const sent = line[0];
      if (!sent || this.#find(sent) === undefined) continue;
      line.shift();
      this.#goAround(step, sent);
      return true;
    }
    return false;
  }

  #pass({ atMs }: ReplayStep): void {
    this.#next++;
    this.#cameAt = this.#replay.clock.now();
    this.#cameAtThen = atMs;
  }

  /** Skips to where the capture has what the host has sent; where it has not, answers by itself. */
  #goAround(step: ReplayStep, sent: Uint8Array): void {
    const found = this.#find(sent);
    if (found === undefined) {
      this.#differ({ record: step.number, recorded: step.packet, sent });
      this.#answer(sent);
      return;
    }
    for (const skipped of this.#replay.script.slice(this.#next, found)) {
      if (skipped.toHost || skipped.dropped) continue;
      this.#differ({ record: skipped.number, recorded: skipped.packet, sent: undefined });
      this.#drop(skipped);
    }
    this.#lateUntil = found;
    // It has come before its time: it passes when everything in front of it has gone to the host.
    const type = sent[0] ?? 0;
    this.#sent.set(type, [sent, ...(this.#sent.get(type) ?? [])]);
  }

  /** Where the capture has a packet like this, from here on. */
  #find(sent: Uint8Array): number | undefined {
    const { script, isLike } = this.#replay;
    const found = script.findIndex(
      ({ toHost, dropped, packet }, index) =>
        index >= this.#next && !toHost && !dropped && packet[0] === sent[0] && isLike(sent, packet),
    );
    return found < 0 ? undefined : found;
  }

  /** Leaves a packet of the host out, and the answer to it. */
  #drop(step: ReplayStep): void {
    step.dropped = true;
    if (step.packet[0] !== PacketType.Command) return;
    const opcode = opcodeOf(step.packet);
    const { script } = this.#replay;
    const answer = script.find(
      (other) => other.number > step.number && !other.dropped && answeredOpcode(other.packet) === opcode,
    );
    if (answer) answer.dropped = true;
  }

  /** Behind the end of the capture. */
  #answerAll(): void {
    for (const line of this.#sent.values()) {
      for (const sent of line.splice(0)) this.#answer(sent);
    }
  }

  /** As the capture has it somewhere, or as a controller that does not know the command. */
  #answer(sent: Uint8Array): void {
    if (sent[0] === PacketType.AclData) {
      const completed = { connectionHandle: u16At(sent, 1) & 0x0fff, numCompletedPackets: 1 };
      this.#give(encodeEvent(NumberOfCompletedPackets, { handles: [completed] }));
      return;
    }
    if (sent[0] !== PacketType.Command || sent.length < 4) return;
    const opcode = opcodeOf(sent);
    const recorded = this.#replay.script.find(({ packet }) => answeredOpcode(packet) === opcode);
    const unknown = {
      numHciCommandPackets: 1,
      commandOpcode: opcode,
      returnParameters: Uint8Array.of(Status.UnknownHciCommand),
    };
    this.#give(recorded?.packet ?? encodeEvent(CommandComplete, unknown));
  }

  #give(packet: Uint8Array): void {
    try {
      this.#delivery.packet(packet);
    } catch (error) {
      this.#end(deliveryFailure("the capture", error));
    }
  }

  #differ(difference: ReplayDifference): void {
    this.#differences.push(difference);
    if (!this.#replay.tolerant) this.#end(new ReplayError(difference));
    this.#replay.onDifference(difference);
  }
}
