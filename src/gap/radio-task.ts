import { BleError } from "../common/errors.ts";
import { type Done, type Procedure, run, wait } from "../common/procedure.ts";
import type { Command } from "../hci/command.ts";
import type { Hci } from "../hci/hci.ts";
import { sending } from "../hci/start-up.ts";

/**
 * Brings something of the controller's into the state that is wanted, one procedure at a time. When more is wanted
 * meanwhile, it goes round once more: so however fast the program changes its mind, the last word holds.
 */
export class RadioTask {
  readonly #hci: Hci;
  readonly #procedure: () => Procedure<void>;
  readonly #failed: (error: BleError) => void;
  #running = false;
  #again = false;
  #whenIdle: Done<undefined>[] = [];
  #suspended = false;
  #ended: BleError | undefined;

  /**
   * @param procedure - Compares what is with what is wanted and sends the commands in between, with {@link ask}.
   * @param failed - Told when it could not.
   */
  constructor(hci: Hci, procedure: () => Procedure<void>, failed: (error: BleError) => void) {
    this.#hci = hci;
    this.#procedure = procedure;
    this.#failed = failed;
  }

  /** Something else is wanted now. `done` is called when the controller is in that state, or could not be brought there. */
  wanted(done?: Done<undefined>): void {
    if (this.#ended) {
      done?.(this.#ended);
      return;
    }
    if (done) this.#whenIdle.push(done);
    if (this.#running || this.#suspended) {
      this.#again = true;
      return;
    }
    this.#running = true;
    this.#again = false;
    run(this.#procedure(), (outcome) => {
      this.#running = false;
      if (this.#suspended && !this.#ended) {
        this.#again = true; // what became of it does not count: the controller has forgotten everything
        return;
      }
      if (this.#again && !this.#ended) {
        this.wanted();
        return;
      }
      this.#tell(outcome instanceof BleError ? outcome : undefined);
    });
  }

  /** One command of the procedure, unless the task has ended meanwhile. */
  *ask<P, R>(command: Command<P, R>, parameters: P): Procedure<R> {
    if (this.#ended) throw this.#ended;
    return yield* wait(sending(this.#hci, command, parameters));
  }

  /** The controller is being reset: nothing is sent until {@link resume}, and what is under way may fail. */
  suspend(): void {
    this.#suspended = true;
  }

  /** The controller has been reset: brings it again into the state that is wanted. */
  resume(): void {
    this.#suspended = false;
    if (!this.#ended) this.wanted();
  }

  /** Sends nothing any more: the controller is gone, or about to be reset. */
  end(reason: BleError): void {
    this.#ended ??= reason;
    if (!this.#running) this.#tell(reason);
  }

  #tell(failure: BleError | undefined): void {
    const idle = this.#whenIdle;
    this.#whenIdle = [];
    if (failure) this.#failed(failure);
    for (const tell of idle) tell(failure);
  }
}
