import type { Turn } from "../common/turn.ts";
import { CanceledError, RejectedError } from "./agent-error.ts";
import { type Answer, passkeyNumber, sixDigits } from "./agent.ts";
import type { RegisteredAgent } from "./agents.ts";
import type { Connection } from "./connection.ts";

/** Every question of one pairing to one agent, or the one whether a service may be used; when it ends, what is open is called off. */
export class AgentSession {
  readonly registered: RegisteredAgent;
  readonly #device: Connection;
  readonly #turn: Turn;
  readonly #fault: (error: unknown) => void;
  readonly #abort = new AbortController();
  /** What the agent has not answered yet, or still shows. */
  #open = 0;

  /** @param fault - Told of what an agent throws that is no refusal. */
  constructor(registered: RegisteredAgent, device: Connection, turn: Turn, fault: (error: unknown) => void) {
    this.registered = registered;
    this.#device = device;
    this.#turn = turn;
    this.#fault = fault;
  }

  /** @param refused - Called when the agent throws. */
  displayPasskey(passkey: number, entered: number, refused: () => void): void {
    const { agent } = this.registered;
    if (entered === 0) this.#open++; // until the session ends: what is shown has to be taken away
    this.#call(
      (signal) => agent.displayPasskey?.(this.#device, sixDigits(passkey), entered, signal),
      (said) => {
        if (!isYes(said)) refused();
      },
    );
  }

  /** @param answer - Called with the passkey, or `undefined` for a refusal. */
  requestPasskey(answer: (passkey: number | undefined) => void): void {
    const { agent } = this.registered;
    this.#ask(
      async (signal) => passkeyNumber(await agent.requestPasskey?.(this.#device, signal)),
      (said) => {
        answer(said?.value);
      },
    );
  }

  /** @param answer - Called with the passkey that the agent has made, or `undefined` for a refusal. */
  choosePasskey(answer: (passkey: number | undefined) => void): void {
    const { agent } = this.registered;
    this.#ask(
      async (signal) => passkeyNumber(await agent.choosePasskey?.(this.#device, signal)),
      (said) => {
        answer(said?.value);
      },
    );
  }

  confirmNumber(number: number, answer: (same: boolean) => void): void {
    const { agent } = this.registered;
    this.#ask(
      (signal) => agent.requestConfirmation?.(this.#device, sixDigits(number), signal),
      (said) => {
        answer(isYes(said));
      },
    );
  }

  authorize(answer: (allowed: boolean) => void): void {
    const { agent } = this.registered;
    this.#ask(
      (signal) => agent.requestAuthorization?.(this.#device, signal),
      (said) => {
        answer(isYes(said));
      },
    );
  }

  /** @param uuid - Of the service, as it is shown. */
  authorizeService(uuid: string, answer: (allowed: boolean) => void): void {
    const { agent } = this.registered;
    this.#ask(
      (signal) => agent.authorizeService?.(this.#device, uuid, signal),
      (said) => {
        answer(isYes(said));
      },
    );
  }

  /** No answer is wanted any more, and nothing is to be shown. */
  end(): void {
    if (this.#abort.signal.aborted) return;
    // Here and now, so that no answer counts that comes later in this turn.
    this.#abort.abort(new CanceledError("the answer is wanted no more"));
    if (this.#open === 0) return;
    this.#open = 0;
    const { agent } = this.registered;
    this.#turn.defer(() => {
      this.#run(async () => agent.cancel?.());
    });
  }

  #ask<T>(act: (signal: AbortSignal) => Answer<T>, done: (said: Said<T>) => void): void {
    this.#open++;
    this.#call(act, (said) => {
      this.#open--;
      done(said);
    });
  }

  /** Asks the agent when the turn is over; its answer is a turn of its own. */
  #call<T>(act: (signal: AbortSignal) => Answer<T>, done: (said: Said<T>) => void): void {
    const { signal } = this.#abort;
    const settle = (said: Said<T>): void => {
      if (signal.aborted) return;
      this.#turn.run(() => {
        done(said);
      });
    };
    this.#turn.defer(() => {
      if (signal.aborted) return;
      this.#run(
        async () => act(signal),
        (value) => {
          settle({ value });
        },
        () => {
          settle(undefined);
        },
      );
    });
  }

  #run<T>(act: () => Promise<T>, done?: (value: T) => void, failed?: () => void): void {
    act().then(done, (error: unknown) => {
      const refusal = error instanceof RejectedError || error instanceof CanceledError;
      // Agents throw what they like to refuse; all but the two that say so may be mistakes, and are told.
      if (!refusal && error !== this.#abort.signal.reason) this.#fault(error);
      failed?.();
    });
  }
}

/** What an agent has said; `undefined` when it threw. */
type Said<T> = { readonly value: T } | undefined;

/** To return is to say yes. Of programs that no compiler checks, those that return `false` do not mean that. */
function isYes(said: Said<unknown>): boolean {
  return said !== undefined && said.value !== false;
}
