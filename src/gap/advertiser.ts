import type { Address } from "../common/address.ts";
import type { Clock } from "../common/clock.ts";
import type { BleError } from "../common/errors.ts";
import { checkCallOptions } from "../common/options.ts";
import { type CallOptions, promised } from "../common/promised.ts";
import type { Turn } from "../common/turn.ts";
import { LePeriodicAdvertisingSetInfoTransfer } from "../hci/commands/le-periodic-sync-transfer.ts";
import type { Event } from "../hci/event.ts";
import { LeAdvertisingSetTerminated } from "../hci/events/le-advertising.ts";
import type { Hci } from "../hci/hci.ts";
import { Status } from "../hci/status.ts";
import { type AdvertisedData, Advertising } from "./advertising.ts";
import {
  type AdvertiseOptions,
  type AdvertisingPlan,
  checkAdvertisedData,
  checkAdvertiseOptions,
  encodePeriodic,
  layOut,
  planAdvertising,
} from "./advertising-plan.ts";
import type { AdvertisingAddresses, AdvertisingRadio } from "./advertising-radio.ts";
import { Campaign } from "./campaign.ts";
import type { LeActivity } from "../hci/le-states.ts";
import type { Connection } from "./connection.ts";
import { UnavailableError } from "./error.ts";
import { ExtendedAdvertising } from "./extended-advertising.ts";
import { activityOf } from "./radio-states.ts";
import { LegacyAdvertising } from "./legacy-advertising.ts";

/** The events whose handlers {@link Advertiser} puts in place. */
export const advertiserEvents: readonly Event<unknown>[] = [LeAdvertisingSetTerminated];

/** What advertising needs to know of the host and its controller, at any time. */
export interface AdvertisingSetup extends AdvertisingAddresses {
  /** Whether the controller advertises with the extended commands. */
  readonly extended: () => boolean;
  /** How many sets it can have. */
  readonly sets: () => number;
  /** How many octets each of them has room for. */
  readonly dataOctets: () => number;
  /** @throws {@link UnavailableError} The controller cannot do what the plan asks. */
  readonly check: (plan: AdvertisingPlan) => void;
  /** Whether such advertising has to wait while the controller connects. */
  readonly waits: (plan: AdvertisingPlan) => boolean;
  /** A peer is in use: `done` is called when the controller knows it, if it can. */
  readonly used: (peer: Address, done: () => void) => void;
}

/** All advertising of a host: one at a time on old controllers, else as many as there are sets. */
export class Advertiser {
  readonly #hci: Hci;
  readonly #clock: Clock;
  readonly #turn: Turn;
  readonly #setup: AdvertisingSetup;
  /** By Advertising_Handle; a place is free again when the controller has forgotten the set. */
  readonly #campaigns = new Map<number, Campaign>();
  readonly #handles = new Map<Advertising, number>();
  /** Connections whose set the controller has not named yet, by handle. */
  readonly #unclaimed = new Map<number, Connection>();
  /** How many want the radio to be still. */
  #pauses = 0;
  /** Those who wait until the radio may advertise. */
  #whenFree: ((failure?: BleError) => void)[] = [];
  #ended: BleError | undefined;

  constructor(hci: Hci, clock: Clock, turn: Turn, setup: AdvertisingSetup) {
    this.#hci = hci;
    this.#clock = clock;
    this.#turn = turn;
    this.#setup = setup;
    hci.on(LeAdvertisingSetTerminated, ({ status, advertisingHandle, connectionHandle }) => {
      const campaign = this.#campaigns.get(advertisingHandle);
      if (status !== Status.Success) campaign?.expired();
      else this.#claim(campaign, connectionHandle);
    });
  }

  /** Resolves when the radio advertises. */
  async advertise(options: AdvertiseOptions): Promise<Advertising> {
    checkAdvertiseOptions(options);
    options.signal?.throwIfAborted();
    if (this.#ended) throw this.#ended;
    const plan = planAdvertising(options, this.#setup.dataOctets());
    if (plan.directedTo) await this.#makeKnown(plan.directedTo, options);
    let handle = this.#place(plan);
    while (handle === undefined) {
      await this.#awaitPlace(plan, options);
      handle = this.#place(plan); // nobody comes between that and the next lines
    }
    const advertising = new Advertising({
      stop: (own) => this.#stop(own),
      update: (own, data, call) => this.#update(own, data, call),
      updatePeriodic: (own, data, call) => this.#updatePeriodic(own, data, call),
      transfer: (own, to, serviceData, call) => this.#transfer(own, to, serviceData, call),
    });
    const campaign = new Campaign(this.#hci, this.#clock, this.#radioFor(handle), plan, {
      advertising,
      user: { gone: () => this.#forget(advertising, handle) },
    });
    this.#campaigns.set(handle, campaign);
    this.#handles.set(advertising, handle);
    try {
      await this.#brought((done) => {
        campaign.bring(done);
      }, options);
      return advertising;
    } catch (error) {
      await advertising[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** A link as peripheral has come up: the controller has stopped the advertising it came of. Vol 4, Part E, 7.8.9. */
  connected(connection: Connection): void {
    const connectable = [...this.#campaigns.values()].filter(
      ({ plan, wanted }) => wanted && plan.connectable,
    );
    const [only] = connectable;
    // Where several could have brought it the controller says which, with its next event. Vol 4, Part E, 7.7.65.18.
    if (connectable.length > 1) this.#unclaimed.set(connection.handle, connection);
    else if (only) this.#bring(only, connection);
  }

  /** A link is gone, so there may be room for one more. */
  disconnected(connection: Connection): void {
    this.#unclaimed.delete(connection.handle);
    for (const campaign of this.#campaigns.values()) campaign.retry();
  }

  /** The controller says that directed advertising has found nobody. Vol 4, Part E, 7.7.65.1. */
  timedOut(): void {
    for (const campaign of this.#campaigns.values()) if (campaign.plan.highDutyCycle) campaign.expired();
  }

  /** The controller is being reset, and has forgotten what it was told. */
  suspend(): void {
    this.#unclaimed.clear();
    for (const campaign of this.#campaigns.values()) campaign.suspend();
  }

  /** It is ready again: all advertising goes on. */
  restore(): void {
    for (const campaign of this.#campaigns.values()) campaign.restore();
  }

  /** What is advertised, or will be again as soon as may be. */
  get activities(): readonly LeActivity[] {
    return [...this.#campaigns.values()].filter(({ wanted }) => wanted).map(({ plan }) => activityOf(plan));
  }

  /**
   * Stops the radio's advertising until {@link resume}: the address of the host changes, or the controller is to connect
   * and cannot do both.
   *
   * @param done - Called when it has stopped, or could not be stopped.
   */
  pause(done: () => void): void {
    this.#pauses++;
    const campaigns = [...this.#campaigns.values()];
    let left = campaigns.length;
    if (left === 0) done();
    for (const campaign of campaigns) {
      campaign.pause(() => {
        if (--left === 0) done();
      });
    }
  }

  resume(): void {
    if (--this.#pauses > 0) return;
    for (const campaign of this.#campaigns.values()) campaign.resume();
    this.reconsider();
  }

  /** There may be room for advertising that was to wait. */
  reconsider(): void {
    for (const campaign of this.#campaigns.values()) campaign.retry();
    for (const free of this.#whenFree.splice(0)) free();
  }

  /** The controller is gone, or will be. */
  end(reason: BleError): void {
    this.#ended ??= reason;
    for (const free of this.#whenFree.splice(0)) free(reason);
    for (const campaign of this.#campaigns.values()) campaign.end(reason);
  }

  #claim(campaign: Campaign | undefined, connectionHandle: number): void {
    const connection = this.#unclaimed.get(connectionHandle);
    this.#unclaimed.delete(connectionHandle);
    if (connection && campaign?.wanted) this.#bring(campaign, connection);
  }

  #bring(campaign: Campaign, connection: Connection): void {
    campaign.advertising.connected(connection);
    campaign.connected();
  }

  #isHeld(plan: AdvertisingPlan): boolean {
    return this.#pauses > 0 || this.#setup.waits(plan);
  }

  /** A handle for it, if the radio may do it now and has room. */
  #place(plan: AdvertisingPlan): number | undefined {
    if (this.#ended) throw this.#ended;
    this.#setup.check(plan);
    if (this.#isHeld(plan)) return undefined;
    const sets = this.#setup.sets();
    for (let handle = 0; handle < sets; handle++) if (!this.#campaigns.has(handle)) return handle;
    return undefined;
  }

  /** Until the radio may do it. Of a place that is missing, one that is being stopped, or could not be, gives up its. */
  async #awaitPlace(plan: AdvertisingPlan, options: CallOptions): Promise<void> {
    const ending = [...this.#campaigns.values()].find(({ wanted }) => !wanted);
    if (this.#isHeld(plan)) {
      await this.#brought((done) => {
        this.#whenFree.push(done);
      }, options);
    } else if (ending) {
      await this.#brought((done) => {
        ending.withdraw(done);
      }, options);
    } else {
      const sets = this.#setup.sets();
      const many = sets === 1 ? "one advertising at a time" : `${sets} advertisings at a time`;
      throw new UnavailableError(`this controller does ${many}: dispose of one first`);
    }
  }

  #radioFor(handle: number): AdvertisingRadio {
    if (!this.#setup.extended()) return new LegacyAdvertising(this.#setup);
    return new ExtendedAdvertising({ handle, addresses: this.#setup });
  }

  /** A bonded peer may use private addresses, which the controller resolves if it has its key. */
  async #makeKnown(peer: Address, options: CallOptions): Promise<void> {
    await this.#brought((done) => {
      this.#setup.used(peer, done);
    }, options);
    if (this.#ended) throw this.#ended;
  }

  async #stop(advertising: Advertising): Promise<void> {
    const handle = this.#handles.get(advertising);
    const campaign = handle === undefined ? undefined : this.#campaigns.get(handle);
    if (handle === undefined || !campaign) return;
    try {
      await this.#brought((done) => {
        campaign.finish();
        campaign.withdraw(done);
      });
    } catch (error) {
      if (!this.#ended) throw error; // a controller that is gone is silent
    }
  }

  #forget(advertising: Advertising, handle: number): void {
    this.#handles.delete(advertising);
    this.#campaigns.delete(handle);
  }

  async #update(advertising: Advertising, data: AdvertisedData, options: CallOptions): Promise<void> {
    const campaign = this.#running(advertising);
    const { plan } = campaign;
    checkAdvertisedData("update", data);
    checkCallOptions("update", options);
    if (plan.directedTo) throw new UnavailableError("directed advertising carries no data");
    const laidOut = layOut(data, plan.room, plan.room.advertising > 0);
    await this.#brought((done) => {
      campaign.change({ ...plan, data: laidOut }, done);
    }, options);
  }

  async #updatePeriodic(advertising: Advertising, data: AdvertisedData, options: CallOptions): Promise<void> {
    const campaign = this.#running(advertising);
    const { periodic } = campaign.plan;
    if (!periodic) throw new UnavailableError("this advertising was begun without periodic");
    checkAdvertisedData("updatePeriodic", data);
    checkCallOptions("updatePeriodic", options);
    const plan = { ...campaign.plan, periodic: { ...periodic, data: encodePeriodic(data) } };
    await this.#brought((done) => {
      campaign.change(plan, done);
    }, options);
  }

  async #transfer(
    own: Advertising,
    to: Connection,
    serviceData: number,
    options: CallOptions,
  ): Promise<void> {
    if (!this.#running(own).plan.periodic) {
      throw new UnavailableError("this advertising was begun without periodic");
    }
    const advertisingHandle = this.#handles.get(own) ?? 0;
    await promised<unknown>((done) => {
      const parameters = { connectionHandle: to.handle, serviceData, advertisingHandle };
      this.#turn.run(() => {
        this.#hci.send(LePeriodicAdvertisingSetInfoTransfer, parameters, done);
      });
    }, options);
  }

  #running(advertising: Advertising): Campaign {
    const handle = this.#handles.get(advertising);
    const campaign = handle === undefined ? undefined : this.#campaigns.get(handle);
    if (campaign?.wanted) return campaign;
    throw new UnavailableError("the advertising has ended");
  }

  async #brought(
    operation: (done: (failure?: BleError) => void) => void,
    options?: CallOptions,
  ): Promise<void> {
    await promised<undefined>((done) => {
      this.#turn.run(() => {
        operation(done);
      });
    }, options);
  }
}
