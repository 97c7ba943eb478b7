import type { Procedure } from "../common/procedure.ts";
import {
  LeSetAdvertisingData,
  LeSetAdvertisingEnable,
  LeSetAdvertisingParameters,
  LeSetScanResponseData,
} from "../hci/commands/le-advertising.ts";
import type { AdvertisingPlan } from "./advertising-plan.ts";
import type { AdvertisingAddresses, AdvertisingRadio } from "./advertising-radio.ts";
import { addressTypeOctet } from "./device-address.ts";
import type { RadioTask } from "./radio-task.ts";

/** Advertising types. Vol 4, Part E, 7.8.5. */
const AdvertisingType = {
  Connectable: 0,
  DirectedHighDutyCycle: 1,
  Scannable: 2,
  NonConnectable: 3,
  DirectedLowDutyCycle: 4,
} as const;

const allChannels = 0b111;

/** Advertising with the legacy commands, of which a controller does one at a time. Vol 4, Part E, 7.8.5 to 7.8.9. */
export class LegacyAdvertising implements AdvertisingRadio {
  readonly #addresses: AdvertisingAddresses;

  constructor(addresses: AdvertisingAddresses) {
    this.#addresses = addresses;
  }

  *configure(task: RadioTask, plan: AdvertisingPlan): Procedure<void> {
    const { interval } = plan;
    const directedTo = plan.directedTo && this.#addresses.named(plan.directedTo);
    yield* task.ask(LeSetAdvertisingParameters, {
      advertisingIntervalMin: interval,
      advertisingIntervalMax: interval,
      advertisingType: typeOf(plan),
      ownAddressType: this.#addresses.advertisingAddressType(directedTo),
      peerAddressType: directedTo ? addressTypeOctet(directedTo) : 0,
      peerAddress: directedTo?.value ?? 0,
      advertisingChannelMap: allChannels,
      advertisingFilterPolicy: 0,
    });
    yield* this.setData(task, plan);
  }

  *enable(task: RadioTask): Procedure<void> {
    yield* task.ask(LeSetAdvertisingEnable, { advertisingEnable: true });
  }

  *disable(task: RadioTask): Procedure<void> {
    yield* task.ask(LeSetAdvertisingEnable, { advertisingEnable: false });
  }

  *setData(task: RadioTask, { data }: AdvertisingPlan): Procedure<void> {
    yield* task.ask(LeSetAdvertisingData, data);
    yield* task.ask(LeSetScanResponseData, data);
  }

  *setPeriodicData(): Procedure<void> {
    // There is none.
  }

  *remove(): Procedure<void> {
    // The controller keeps what it was told until it is told something else.
  }
}

function typeOf({ connectable, scannable, directedTo, highDutyCycle }: AdvertisingPlan): number {
  if (directedTo) {
    return highDutyCycle ? AdvertisingType.DirectedHighDutyCycle : AdvertisingType.DirectedLowDutyCycle;
  }
  if (connectable) return AdvertisingType.Connectable;
  return scannable ? AdvertisingType.Scannable : AdvertisingType.NonConnectable;
}
