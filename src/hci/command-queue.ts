import { BleError, MalformedPduError } from "../common/errors.ts";
import { noOctets } from "../common/bytes.ts";
import type { Clock } from "../common/clock.ts";
import type { Done } from "../common/procedure.ts";
import { type Command, encodeCommand } from "./command.ts";
import { CommandTimeoutError, HciError } from "./error.ts";
import { Status } from "./status.ts";

interface Pending {
  readonly definition: Command<unknown, unknown>;
  readonly packet: Uint8Array;
  readonly done: Done<unknown>;
}

/** How long a controller may take to answer a command, or to take one at all, in ms. Other hosts wait 2 to 10 s. */
const answerTimeout = 5_000;

/**
 * The line of HCI commands to one controller. Vol 4, Part E, 4.4.
 *
 * Sends as many as Num_HCI_Command_Packets allows, and matches each Command Complete or Command Status to the oldest
 * command on its way with that opcode.
 */
export class CommandQueue {
  readonly #send: (packet: Uint8Array) => void;
  readonly #clock: Clock;
  readonly #onSilence: (error: CommandTimeoutError) => void;
  readonly #line: Pending[] = [];
  readonly #sent: Pending[] = [];
  /** One command may be sent before the controller has said anything. Vol 4, Part E, 4.4. */
  #allowed = 1;
  /** The command that {@link #timer} is for. */
  #watched: Pending | undefined;
  #timer: Disposable | undefined;
  #ended: BleError | undefined;

  /** @param onSilence - The controller did not answer in time: what to do about it is not decided here. */
  constructor(
    send: (packet: Uint8Array) => void,
    clock: Clock,
    onSilence: (error: CommandTimeoutError) => void,
  ) {
    this.#send = send;
    this.#clock = clock;
    this.#onSilence = onSilence;
  }

  /**
   * Queues a command. `done` gets the return parameters, or an empty object for a command that Command Status answers.
   *
   * @throws {@link RangeError} A parameter does not fit its field; nothing was queued.
   */
  send<P, R>(definition: Command<P, R>, parameters: P, done: Done<R>): void {
    const packet = encodeCommand(definition, parameters);
    if (this.#ended) {
      done(this.#ended);
      return;
    }
    // Sound: the definition that made the packet is the one whose `returns` decodes the answer for `done`.
    this.#line.push({ definition, packet, done } as unknown as Pending);
    this.#pump();
  }

  /** Command Complete. Vol 4, Part E, 7.7.14. `returnParameters` is *borrowed*. */
  complete(opcode: number, allowed: number, returnParameters: Uint8Array): void {
    this.#answered(opcode, allowed, ({ definition }) => {
      const status = returnParameters[0];
      if (status === undefined) return new MalformedPduError("HCI_Command_Complete", "the status is missing");
      if (status !== Status.Success) return new HciError(status, opcode);
      try {
        return definition.returns?.decode(returnParameters, 1) ?? {};
      } catch (error) {
        if (error instanceof MalformedPduError) return error;
        throw error;
      }
    });
  }

  /** Command Status. Vol 4, Part E, 7.7.15. */
  status(opcode: number, allowed: number, status: number): void {
    this.#answered(opcode, allowed, ({ definition }) => {
      if (status !== Status.Success) return new HciError(status, opcode);
      if (definition.endsEitherWay) return definition.returns?.decode(noOctets, 0) ?? {};
      return definition.returns ? undefined : {};
    });
  }

  /** Nothing more will be answered: everything pending, and everything sent later, ends with `error`. */
  end(error: BleError): void {
    if (this.#ended) return;
    this.#ended = error;
    this.#timer?.[Symbol.dispose]();
    for (const { done } of [...this.#sent.splice(0), ...this.#line.splice(0)]) done(error);
  }

  /** `judge` returns `undefined` where the command still waits for its Command Complete. */
  #answered(opcode: number, allowed: number, judge: (pending: Pending) => unknown): void {
    const index = this.#sent.findIndex(({ definition }) => definition.opcode === opcode);
    const pending = this.#sent[index];
    const outcome = pending && judge(pending);
    if (outcome !== undefined) this.#sent.splice(index, 1);
    // The controller cannot have counted what had not reached it yet, so all that is unanswered may have to come off.
    this.#allowed = Math.max(0, allowed - this.#sent.length);
    this.#pump();
    if (outcome !== undefined) pending?.done(outcome);
  }

  #pump(): void {
    while (this.#allowed > 0) {
      const next = this.#line.shift();
      if (!next) break;
      if (next === this.#watched) this.#watched = undefined; // its time to be answered begins now
      this.#allowed--;
      this.#sent.push(next);
      this.#send(next.packet);
    }
    this.#watch();
  }

  /** One timer, for what has waited longest: for its answer or, while the controller takes no command, to be sent. */
  #watch(): void {
    const oldest = this.#sent[0] ?? this.#line[0];
    if (oldest === this.#watched) return;
    this.#timer?.[Symbol.dispose]();
    this.#watched = oldest;
    this.#timer =
      oldest &&
      this.#clock.after(answerTimeout, () => {
        this.#onSilence(new CommandTimeoutError(oldest.definition.opcode));
      });
  }
}
