import type { Address } from "../common/address.ts";
import type { Procedure } from "../common/procedure.ts";
import type { AdvertisingPlan } from "./advertising-plan.ts";
import type { RadioTask } from "./radio-task.ts";

/** The addresses of an advertising, at any time. */
export interface AdvertisingAddresses {
  /** Own_Address_Type, towards everybody or one peer. */
  readonly advertisingAddressType: (directedTo: Address | undefined) => number;
  /** The random address of this host; 48 bits. */
  readonly randomAddress: () => number;
  /** What the controller knows a peer by: its identity address where its resolving list has it. */
  readonly named: (peer: Address) => Address;
}

/** One advertising as the controller does it, in one of the two sets of commands. */
export interface AdvertisingRadio {
  /** Tells the controller how to advertise and what; not while it does. */
  configure(task: RadioTask, plan: AdvertisingPlan): Procedure<void>;
  enable(task: RadioTask, plan: AdvertisingPlan): Procedure<void>;
  disable(task: RadioTask): Procedure<void>;
  /** Says something else, while it advertises or not. */
  setData(task: RadioTask, plan: AdvertisingPlan, enabled: boolean): Procedure<void>;
  setPeriodicData(task: RadioTask, plan: AdvertisingPlan): Procedure<void>;
  /** Gives up what the controller keeps for it. */
  remove(task: RadioTask): Procedure<void>;
}
