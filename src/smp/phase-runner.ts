import { PairingFailure } from "./pairing-failure.ts";
import type { Effect, Ended, Input, Phase, Step } from "./phase.ts";

/** Whom a {@link PhaseRunner} tells. */
export interface PhaseRunnerUser {
  perform(effect: Effect): void;
  /** A phase has failed, or something came that none waits for. Nothing runs after it. */
  failed(reason: PairingFailure): void;
}

/**
 * Runs the phases of a pairing one after the other. Whatever happens waits until what happened before has been dealt
 * with: a user may answer while it is being asked.
 */
export class PhaseRunner {
  readonly #user: PhaseRunnerUser;
  #take: ((input: Input) => void) | undefined;
  #waiting: (() => void)[] = [];
  #running = false;
  #over = false;

  constructor(user: PhaseRunnerUser) {
    this.#user = user;
  }

  /** Whether the pairing has ended. */
  get over(): boolean {
    return this.#over;
  }

  /** Nothing runs any more. */
  end(): void {
    this.#over = true;
    this.#waiting = [];
    this.#take = undefined;
  }

  /** Does something of the pairing, now or after what is being done; not at all once the pairing has ended. */
  run(work: () => void): void {
    this.#waiting.push(work);
    if (this.#running) return;
    this.#running = true;
    try {
      for (let next = this.#waiting.shift(); next && !this.#over; next = this.#waiting.shift()) next();
    } finally {
      this.#running = false;
      this.#waiting = [];
    }
  }

  /** Gives the input to the phase under way; between two phases nothing may come. */
  input(input: Input): void {
    this.run(() => {
      if (this.#take) this.#take(input);
      else this.#user.failed(PairingFailure.UnspecifiedReason);
    });
  }

  /** Waits for one input, `type`, and nothing else. */
  await<Type extends Input["type"]>(
    type: Type,
    then: (input: Input & { readonly type: Type }) => void,
  ): void {
    this.#take = (input) => {
      this.#take = undefined;
      if (isOf(type, input)) then(input);
      else this.#user.failed(PairingFailure.UnspecifiedReason);
    };
  }

  /** Begins a phase; `then` is called with what it has found out. */
  enter<Fixed, State extends { readonly at: string }, Result>(
    phase: Phase<Fixed, State, Result>,
    fixed: Fixed,
    then: (result: Result) => void,
  ): void {
    const take = ([next, ...effects]: Step<State, Result>): void => {
      const ended = isEnded(next);
      this.#take = ended
        ? undefined
        : (input) => {
            take(phase.step(next, input, fixed));
          };
      for (const effect of effects) this.#user.perform(effect);
      if (!ended) return;
      if (next.at === "failed") {
        this.#user.failed(next.reason);
        return;
      }
      then(next.result);
      if (next.early) this.input(next.early);
    };
    take(phase.begin(fixed));
  }
}

function isEnded<Result>(next: { readonly at: string } | Ended<Result>): next is Ended<Result> {
  return next.at === "done" || next.at === "failed";
}

function isOf<Type extends Input["type"]>(
  type: Type,
  input: Input,
): input is Input & { readonly type: Type } {
  return input.type === type;
}
