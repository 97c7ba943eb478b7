import { BleError } from "../common/errors.ts";
import { type Procedure, run } from "../common/procedure.ts";

/**
 * Brings something of the controller's into the state that is wanted, one procedure at a time. When more is wanted
 * meanwhile, it goes round once more: so however fast the program changes its mind, the last word holds.
 */
export class RadioTask {
  readonly #procedure: () => Procedure<void>;
  readonly #failed: (error: BleError) => void;
  #running = false;
  #again = false;
  #whenIdle: (() => void)[] = [];

  /**
   * @param procedure - Compares what is with what is wanted and sends the commands in between.
   * @param failed - Told when it could not.
   */
  constructor(procedure: () => Procedure<void>, failed: (error: BleError) => void) {
    this.#procedure = procedure;
    this.#failed = failed;
  }

  /** Something else is wanted now. `done` is called when the controller is in that state, or could not be brought there. */
  wanted(done?: () => void): void {
    if (done) this.#whenIdle.push(done);
    if (this.#running) {
      this.#again = true;
      return;
    }
    this.#running = true;
    this.#again = false;
    run(this.#procedure(), (outcome) => {
      this.#running = false;
      if (outcome instanceof BleError) this.#failed(outcome);
      if (this.#again) {
        this.wanted();
        return;
      }
      const idle = this.#whenIdle;
      this.#whenIdle = [];
      for (const tell of idle) tell();
    });
  }
}
