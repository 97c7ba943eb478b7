import type { BleError } from "../common/errors.ts";
import type { PairingResult } from "./pairing-user.ts";

/** How raising the security of a link ends; `undefined` when it was or became encrypted with a key that there was. */
export type JobOutcome = PairingResult | BleError | undefined;

/** Something that this side wants of a link's security. */
export interface Job {
  /** Begins it. It ends with {@link JobLine.finish}, at once or later. */
  readonly begin: () => void;
  /** Whether it would be in vain once another has failed: a person is not asked again for each that waits. */
  readonly shared?: boolean;
  readonly done: (outcome: JobOutcome) => void;
}

/** What this side wants of a link's security, one thing after the other: there can be only one pairing at a time. */
export class JobLine {
  readonly #waiting: Job[] = [];
  #current: Job | undefined;
  /** Whether the peer is about something, or this side in answer to it. */
  #busy = false;
  #closed: BleError | undefined;

  /** Whether something is under way. */
  get busy(): boolean {
    return this.#busy || this.#current !== undefined;
  }

  /** The job begins when those before it, and what the peer is about, have ended. */
  add(job: Job): void {
    if (this.#closed) {
      job.done(this.#closed);
      return;
    }
    this.#waiting.push(job);
    this.#next();
  }

  /** Takes back a job that has not begun; it is told so. @returns Whether there was one. */
  withdraw(job: Job, reason: BleError): boolean {
    const at = this.#waiting.indexOf(job);
    if (at < 0) return false;
    this.#waiting.splice(at, 1);
    job.done(reason);
    return true;
  }

  /** Whether it is this job that is under way. */
  isCurrent(job: Job): boolean {
    return this.#current === job;
  }

  /** Something begins that may be no job of this side. {@link finish} ends it. */
  occupy(): void {
    this.#busy = true;
  }

  /** What was under way has ended. */
  finish(outcome: JobOutcome): void {
    const job = this.#current;
    this.#current = undefined;
    this.#busy = false;
    const inVain = outcome instanceof Error ? this.#waiting.filter(({ shared }) => shared) : [];
    for (const each of inVain) this.#waiting.splice(this.#waiting.indexOf(each), 1);
    job?.done(outcome);
    for (const each of inVain) each.done(outcome);
    this.#next();
  }

  /** The link is gone. */
  close(reason: BleError): void {
    this.#closed ??= reason;
    const current = this.#current;
    this.#current = undefined;
    current?.done(reason);
    for (const { done } of this.#waiting.splice(0)) done(reason);
  }

  #next(): void {
    if (this.busy || this.#closed) return;
    this.#current = this.#waiting.shift();
    this.#current?.begin();
  }
}
