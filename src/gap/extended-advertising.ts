import type { Procedure } from "../common/procedure.ts";
import {
  LeRemoveAdvertisingSet,
  LeSetAdvertisingSetRandomAddress,
  LeSetExtendedAdvertisingData,
  LeSetExtendedAdvertisingEnable,
  LeSetExtendedAdvertisingParameters,
  LeSetExtendedScanResponseData,
} from "../hci/commands/le-extended-advertising.ts";
import {
  LeSetPeriodicAdvertisingData,
  LeSetPeriodicAdvertisingEnable,
  LeSetPeriodicAdvertisingParameters,
} from "../hci/commands/le-periodic-advertising.ts";
import type { AdvertisingPlan } from "./advertising-plan.ts";
import type { AdvertisingAddresses, AdvertisingRadio } from "./advertising-radio.ts";
import { addressTypeOctet } from "./device-address.ts";
import type { RadioTask } from "./radio-task.ts";
import type { Phy } from "./scan-report.ts";

/** Bits of the advertising event properties. Vol 4, Part E, 7.8.53. */
const Property = {
  Connectable: 1,
  Scannable: 2,
  Directed: 4,
  HighDutyCycle: 8,
  Legacy: 16,
  Anonymous: 32,
  TxPower: 64,
} as const;

/** Which part of the data a command brings. Vol 4, Part E, 7.8.54. */
const Operation = { Between: 0, First: 1, Last: 2, Whole: 3 } as const;

const allChannels = 0b111;
const anyPower = 127;
const mayFragment = 0;
const phyNumber: Readonly<Record<Phy, number>> = { "1M": 1, "2M": 2, coded: 3 };
/** Octets that one command brings. Vol 4, Part E, 7.8.54 and 7.8.62. */
const mostFragment = 251;
/** High duty cycle needs its own end; in 10 ms. Vol 4, Part E, 7.8.56. */
const mostHighDutyCycle = 128;

/** How a set is addressed. */
export interface SetIdentity {
  /** Advertising_Handle, chosen by the host. */
  readonly handle: number;
  readonly addresses: AdvertisingAddresses;
}

/** One advertising set of a controller that has several. Vol 4, Part E, 7.8.52 to 7.8.63. */
export class ExtendedAdvertising implements AdvertisingRadio {
  readonly #identity: SetIdentity;
  readonly #set: { readonly advertisingHandle: number };
  #periodic = false;

  constructor(identity: SetIdentity) {
    this.#identity = identity;
    this.#set = { advertisingHandle: identity.handle };
  }

  *configure(task: RadioTask, plan: AdvertisingPlan): Procedure<void> {
    const { interval } = plan;
    const { addresses } = this.#identity;
    const directedTo = plan.directedTo && addresses.named(plan.directedTo);
    const ownAddressType = addresses.advertisingAddressType(directedTo);
    yield* task.ask(LeSetExtendedAdvertisingParameters, {
      ...this.#set,
      advertisingEventProperties: propertiesOf(plan),
      primaryAdvertisingIntervalMin: interval,
      primaryAdvertisingIntervalMax: interval,
      primaryAdvertisingChannelMap: allChannels,
      ownAddressType,
      peerAddressType: directedTo ? addressTypeOctet(directedTo) : 0,
      peerAddress: directedTo?.value ?? 0,
      advertisingFilterPolicy: 0,
      advertisingTxPower: plan.txPower ?? anyPower,
      primaryAdvertisingPhy: phyNumber[plan.primaryPhy],
      secondaryAdvertisingMaxSkip: 0,
      secondaryAdvertisingPhy: phyNumber[plan.secondaryPhy],
      advertisingSid: plan.sid ?? this.#identity.handle & 0x0f,
      scanRequestNotificationEnable: false,
    });
    if ((ownAddressType & 1) === 1) {
      const randomAddress = addresses.randomAddress();
      yield* task.ask(LeSetAdvertisingSetRandomAddress, { ...this.#set, randomAddress });
    }
    yield* this.#writeData(task, plan);
    if (plan.periodic) yield* this.#configurePeriodic(task, plan.periodic);
  }

  *enable(task: RadioTask, { maxEvents = 0, highDutyCycle }: AdvertisingPlan): Procedure<void> {
    const duration = highDutyCycle ? mostHighDutyCycle : 0;
    const sets = [{ ...this.#set, duration, maxExtendedAdvertisingEvents: maxEvents }];
    yield* task.ask(LeSetExtendedAdvertisingEnable, { enable: true, sets });
  }

  *disable(task: RadioTask): Procedure<void> {
    const sets = [{ ...this.#set, duration: 0, maxExtendedAdvertisingEvents: 0 }];
    yield* task.ask(LeSetExtendedAdvertisingEnable, { enable: false, sets });
  }

  *setData(task: RadioTask, plan: AdvertisingPlan, enabled: boolean): Procedure<void> {
    const { advertisingData, scanResponseData } = plan.data;
    // Fragments are for sets that do not advertise. Vol 4, Part E, 7.8.54.
    const pause = enabled && Math.max(advertisingData.length, scanResponseData.length) > mostFragment;
    if (pause) yield* this.disable(task);
    yield* this.#writeData(task, plan);
    if (pause) yield* this.enable(task, plan);
  }

  *setPeriodicData(task: RadioTask, { periodic }: AdvertisingPlan): Procedure<void> {
    if (!periodic) return;
    const pause = periodic.data.length > mostFragment;
    if (pause) yield* task.ask(LeSetPeriodicAdvertisingEnable, { ...this.#set, enable: 0 });
    yield* this.#writePeriodicData(task, periodic.data);
    if (pause) yield* task.ask(LeSetPeriodicAdvertisingEnable, { ...this.#set, enable: 1 });
  }

  *remove(task: RadioTask): Procedure<void> {
    // A set that advertises periodically is not removed. Vol 4, Part E, 7.8.59.
    if (this.#periodic) yield* task.ask(LeSetPeriodicAdvertisingEnable, { ...this.#set, enable: 0 });
    this.#periodic = false;
    yield* task.ask(LeRemoveAdvertisingSet, this.#set);
  }

  *#configurePeriodic(
    task: RadioTask,
    { interval, data }: NonNullable<AdvertisingPlan["periodic"]>,
  ): Procedure<void> {
    yield* task.ask(LeSetPeriodicAdvertisingParameters, {
      ...this.#set,
      periodicAdvertisingIntervalMin: interval,
      periodicAdvertisingIntervalMax: interval,
      periodicAdvertisingProperties: 0,
    });
    yield* this.#writePeriodicData(task, data);
    yield* task.ask(LeSetPeriodicAdvertisingEnable, { ...this.#set, enable: 1 });
    this.#periodic = true;
  }

  *#writeData(task: RadioTask, plan: AdvertisingPlan): Procedure<void> {
    const { advertisingData, scanResponseData } = plan.data;
    const common = { ...this.#set, fragmentPreference: mayFragment };
    if (plan.room.advertising > 0) {
      for (const { operation, data } of fragments(advertisingData)) {
        yield* task.ask(LeSetExtendedAdvertisingData, { ...common, operation, advertisingData: data });
      }
    }
    if (plan.room.scanResponse > 0) {
      for (const { operation, data } of fragments(scanResponseData)) {
        yield* task.ask(LeSetExtendedScanResponseData, { ...common, operation, scanResponseData: data });
      }
    }
  }

  *#writePeriodicData(task: RadioTask, octets: Uint8Array): Procedure<void> {
    for (const { operation, data } of fragments(octets)) {
      yield* task.ask(LeSetPeriodicAdvertisingData, { ...this.#set, operation, advertisingData: data });
    }
  }
}

function propertiesOf(plan: AdvertisingPlan): number {
  const { connectable, scannable, directedTo, highDutyCycle, extended, anonymous, includeTxPower } = plan;
  return (
    (connectable ? Property.Connectable : 0) |
    (scannable ? Property.Scannable : 0) |
    (directedTo ? Property.Directed : 0) |
    (highDutyCycle ? Property.HighDutyCycle : 0) |
    (extended ? 0 : Property.Legacy) |
    (anonymous ? Property.Anonymous : 0) |
    (includeTxPower ? Property.TxPower : 0)
  );
}

function fragments(octets: Uint8Array): { readonly operation: number; readonly data: Uint8Array }[] {
  if (octets.length <= mostFragment) return [{ operation: Operation.Whole, data: octets }];
  const pieces: { readonly operation: number; readonly data: Uint8Array }[] = [];
  for (let at = 0; at < octets.length; at += mostFragment) {
    const isLast = at + mostFragment >= octets.length;
    const operation = at === 0 ? Operation.First : isLast ? Operation.Last : Operation.Between;
    pieces.push({ operation, data: octets.subarray(at, at + mostFragment) });
  }
  return pieces;
}
