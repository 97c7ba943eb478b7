import type { Clock } from "../common/clock.ts";
import { BleError } from "../common/errors.ts";
import type { Done, Procedure } from "../common/procedure.ts";
import { HciError } from "../hci/error.ts";
import type { Hci } from "../hci/hci.ts";
import type { Advertising } from "./advertising.ts";
import type { AdvertisingPlan } from "./advertising-plan.ts";
import type { AdvertisingRadio } from "./advertising-radio.ts";
import { RadioTask } from "./radio-task.ts";

/** What a campaign tells the advertiser. */
export interface CampaignUser {
  /** It has ended and the controller has forgotten it; its place is free. */
  gone(): void;
}

/** One advertising from its beginning to its end: what the program wants of it, and what the controller is at. */
export class Campaign {
  readonly advertising: Advertising;
  readonly #radio: AdvertisingRadio;
  readonly #clock: Clock;
  readonly #user: CampaignUser;
  readonly #task: RadioTask;
  #plan: AdvertisingPlan;
  #wanted = true;
  /** The plan that the controller has been told. */
  #given: AdvertisingPlan | undefined;
  #enabled = false;
  /** It is to be silent for a moment. */
  #held = false;
  /** The controller was given an address that does not hold any more. */
  #stale = false;
  /** The controller refused to go on for now, as it does when it holds as many links as it can. */
  #waiting = false;
  #timer: Disposable | undefined;

  constructor(
    hci: Hci,
    clock: Clock,
    radio: AdvertisingRadio,
    plan: AdvertisingPlan,
    own: { readonly advertising: Advertising; readonly user: CampaignUser },
  ) {
    this.advertising = own.advertising;
    this.#radio = radio;
    this.#clock = clock;
    this.#plan = plan;
    this.#user = own.user;
    this.#task = new RadioTask(
      hci,
      () => this.#bring(),
      (error) => {
        this.finish(error);
      },
    );
    // Not the controller's duration, which begins anew with each pause and ends after 655 s. Vol 4, Part E, 7.8.56.
    if (plan.durationMs !== undefined) {
      this.#timer = this.#clock.after(plan.durationMs, () => {
        this.finish();
      });
    }
  }

  get plan(): AdvertisingPlan {
    return this.#plan;
  }

  /** Whether it still is to advertise. */
  get wanted(): boolean {
    return this.#wanted;
  }

  /** Calls when the radio does what is wanted now, or cannot. */
  bring(done?: Done<undefined>): void {
    this.#task.wanted(done);
  }

  /** Advertises by another plan of the same form from now on. */
  change(plan: AdvertisingPlan, done: Done<undefined>): void {
    this.#plan = plan;
    this.#task.wanted(done);
  }

  /** A connection has come of it: the controller has stopped by itself. */
  connected(): void {
    this.#enabled = false;
    if (this.#plan.resume) this.#task.wanted();
    else this.finish();
  }

  /** The controller has stopped by itself, since the duration or the number of events is reached. */
  expired(): void {
    this.#enabled = false;
    this.finish();
  }

  /** Is silent until {@link resume}; `done` is called when it is, or cannot be. */
  pause(done: Done<undefined>): void {
    this.#held = true;
    this.#task.wanted(done);
  }

  /** Goes on, with whatever address the host has now. */
  resume(): void {
    if (!this.#held) return; // it was not there yet when the others were to be silent
    this.#held = false;
    this.#stale = true;
    this.#waiting = false;
    this.#task.wanted();
  }

  /** A link is gone, so there may be room for one more. */
  retry(): void {
    if (!this.#waiting) return;
    this.#waiting = false;
    this.#task.wanted();
  }

  /** It is to end. */
  finish(error?: BleError): void {
    if (!this.#wanted) return;
    this.#wanted = false;
    this.#timer?.[Symbol.dispose]();
    this.advertising.ended(error);
    this.withdraw();
  }

  /** Has the controller forget it; once more where it has refused to. */
  withdraw(done?: Done<undefined>): void {
    this.#task.wanted((failure) => {
      if (!this.#given) this.#user.gone();
      done?.(failure);
    });
  }

  /** The controller is being reset, and has forgotten what it was told. */
  suspend(): void {
    this.#task.suspend();
  }

  /** It is ready again: the advertising goes on. */
  restore(): void {
    this.#given = undefined;
    this.#enabled = false;
    this.#waiting = false;
    this.#task.resume();
  }

  /** The controller is gone, or will be. */
  end(reason: BleError): void {
    this.#wanted = false;
    this.#timer?.[Symbol.dispose]();
    this.#task.end(reason);
    this.advertising.ended(reason);
  }

  *#bring(): Procedure<void> {
    if (!this.#wanted) {
      yield* this.#withdraw();
      return;
    }
    if (this.#held) {
      yield* this.#silence();
      return;
    }
    const plan = this.#plan;
    const given = this.#given;
    if (given === undefined || (this.#stale && !this.#enabled))
      yield* this.#radio.configure(this.#task, plan);
    else if (given !== plan) yield* this.#update(given, plan);
    this.#given = plan;
    this.#stale = false;
    if (!this.#enabled && !this.#waiting) yield* this.#enable(plan, given === undefined);
  }

  *#update(given: AdvertisingPlan, plan: AdvertisingPlan): Procedure<void> {
    if (given.data !== plan.data) yield* this.#radio.setData(this.#task, plan, this.#enabled);
    if (given.periodic !== plan.periodic) yield* this.#radio.setPeriodicData(this.#task, plan);
  }

  *#enable(plan: AdvertisingPlan, isNew: boolean): Procedure<void> {
    try {
      yield* this.#radio.enable(this.#task, plan);
      this.#enabled = true;
    } catch (error) {
      if (isNew || !(error instanceof HciError)) throw error;
      this.#waiting = true; // it has worked before: it will again when a link ends
    }
  }

  *#silence(): Procedure<void> {
    if (this.#enabled) yield* this.#radio.disable(this.#task);
    this.#enabled = false;
  }

  *#withdraw(): Procedure<void> {
    yield* this.#silence();
    if (this.#given) yield* this.#radio.remove(this.#task);
    this.#given = undefined;
  }
}
