import { PairingFailure } from "./pairing-failure.ts";
import type { PairingUser, PasskeyEntry } from "./pairing-user.ts";
import { KeypressType, PairingKeypressNotification } from "./pdu.ts";
import type { Effect, Keypress } from "./phase.ts";
import type { PhaseRunner } from "./phase-runner.ts";

/** The questions of one pairing to its user. Each answer counts once, and not after the pairing has ended. */
export class UserQuestions {
  /** Whether keypress notifications were agreed on. */
  keypress = false;
  /** Whether a passkey has been typed here. */
  passkeyTyped = false;
  readonly #runner: PhaseRunner;
  readonly #user: PairingUser;
  readonly #send: (pdu: Uint8Array) => void;
  readonly #refused: (reason: PairingFailure) => void;

  constructor(
    runner: PhaseRunner,
    user: PairingUser,
    send: (pdu: Uint8Array) => void,
    refused: (reason: PairingFailure) => void,
  ) {
    this.#runner = runner;
    this.#user = user;
    this.#send = send;
    this.#refused = refused;
  }

  /** Whether the pairing may go on. The peer waits meanwhile, and may say nothing. */
  authorize(why: "justWorks" | "repairing", refusal: PairingFailure, then: () => void): void {
    const answer = this.#once((allowed: boolean) => {
      if (allowed) then();
      else this.#refused(refusal);
    });
    this.#user.authorize(why, answer);
  }

  /** What a phase wants to show or to know. */
  ask(question: Exclude<Effect, { readonly type: "send" }>): void {
    switch (question.type) {
      case "showPasskey":
        this.#showPasskey(question.passkey, question.entered);
        return;
      case "askPasskey":
        this.#askPasskey();
        return;
      case "choosePasskey":
        this.#choosePasskey();
        return;
      case "compareNumber":
        this.#user.confirmNumber(
          question.number,
          this.#once((same: boolean) => {
            this.#runner.input({ type: "numbersCompared", same });
          }),
        );
        return;
    }
  }

  #showPasskey(passkey: number, entered: number): void {
    const refuse = this.#once((reason: PairingFailure) => {
      this.#refused(reason);
    });
    this.#user.displayPasskey(passkey, entered, () => {
      refuse(PairingFailure.PasskeyEntryFailed);
    });
  }

  #choosePasskey(): void {
    const answer = this.#once((passkey: number | undefined) => {
      if (passkey === undefined) this.#refused(PairingFailure.PasskeyEntryFailed);
      else this.#runner.input({ type: "passkeyTyped", passkey });
    });
    if (!this.#user.choosePasskey) {
      answer(undefined);
      return;
    }
    this.#user.choosePasskey((passkey) => {
      if (passkey !== undefined) requirePasskey(passkey);
      answer(passkey);
    });
  }

  #askPasskey(): void {
    let typing = true;
    const notify = (type: Keypress): void => {
      if (typing && this.keypress) this.#send(PairingKeypressNotification.encode({ type }));
    };
    const answer = this.#once((passkey: number | undefined) => {
      if (passkey === undefined) {
        this.#refused(PairingFailure.PasskeyEntryFailed);
        return;
      }
      notify(KeypressType.PasskeyEntryCompleted);
      typing = false;
      this.passkeyTyped = true;
      this.#runner.input({ type: "passkeyTyped", passkey });
    });
    notify(KeypressType.PasskeyEntryStarted);
    const entry: PasskeyEntry = {
      answer: (passkey) => {
        if (passkey !== undefined) requirePasskey(passkey);
        answer(passkey);
      },
      keypress: (type) => {
        this.#runner.run(() => {
          notify(type);
        });
      },
    };
    this.#user.requestPasskey(entry);
  }

  #once<T>(answer: (value: T) => void): (value: T) => void {
    let answered = false;
    return (value) => {
      if (answered || this.#runner.over) return;
      answered = true;
      this.#runner.run(() => {
        answer(value);
      });
    };
  }
}

function requirePasskey(passkey: number): void {
  if (Number.isInteger(passkey) && passkey >= 0 && passkey <= 999_999) return;
  throw new RangeError(`passkey: 0 to 999999, not ${passkey}`);
}
