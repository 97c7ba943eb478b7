import { BleError } from "../common/errors.ts";
import { HciError } from "../hci/error.ts";
import { Status } from "../hci/status.ts";
import type { Clock } from "../common/clock.ts";
import { LeReadRemoteFeatures } from "../hci/commands/le-connection.ts";
import { LeReadRemoteFeaturesComplete } from "../hci/events/le-connection.ts";
import type { Connection } from "./connection.ts";
import type { LinkQuestions } from "./link-questions.ts";

/** How long to wait for the peer's features beyond the six connection events that a link may take, in ms. */
const grace = 1_000;
const eventsToEstablish = 6;

/** A link that has been created, and what is done when it is known to be established. */
interface Candidate {
  readonly established: () => void;
  readonly patience: Disposable;
}

/**
 * Tells when a new link as central is established: when the peer has answered a first request, which is for its
 * features. Before that the controller may find that the peer never heard of the link. Vol 6, Part B, 4.5.2.
 */
export class Establishing {
  readonly #questions: LinkQuestions;
  readonly #clock: Clock;
  readonly #candidates = new Map<number, Candidate>();

  constructor(questions: LinkQuestions, clock: Clock) {
    this.#questions = questions;
    this.#clock = clock;
  }

  /** Calls once, when the link is established or nothing speaks against it; never when it is gone first. */
  await({ handle, parameters }: Connection, established: () => void): void {
    const patience = this.#clock.after(eventsToEstablish * parameters.intervalMs + grace, () => {
      this.#settle(handle);
    });
    this.#candidates.set(handle, { established, patience });
    const asked = { connectionHandle: handle };
    this.#questions.ask(LeReadRemoteFeatures, asked, LeReadRemoteFeaturesComplete, (outcome) => {
      if (!(outcome instanceof BleError) || cannotAsk(outcome)) this.#settle(handle);
    });
  }

  /** The link is gone. @returns Whether it was gone before it was established. */
  gone({ handle }: Connection): boolean {
    const candidate = this.#candidates.get(handle);
    candidate?.patience[Symbol.dispose]();
    return this.#candidates.delete(handle);
  }

  #settle(handle: number): void {
    const candidate = this.#candidates.get(handle);
    if (!candidate) return;
    this.#candidates.delete(handle);
    candidate.patience[Symbol.dispose]();
    candidate.established();
  }
}

/** Whether it says nothing about the link; the other reasons are followed by its end, or by the end of patience. */
function cannotAsk(error: BleError): boolean {
  const { UnknownHciCommand, UnsupportedRemoteFeature, CommandDisallowed } = Status;
  const harmless: readonly number[] = [UnknownHciCommand, UnsupportedRemoteFeature, CommandDisallowed];
  return error instanceof HciError && harmless.includes(error.status);
}
