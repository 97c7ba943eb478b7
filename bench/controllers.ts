import type { Address } from "../src/common/address.ts";
import type { HciTransport } from "../src/hci/transport.ts";
import { VirtualAir } from "../transports/virtual/index.ts";
import { forwarding } from "./forwarding.ts";

/** Which controllers stand between the hosts: those of the virtual radio, or some that only forward data. */
export type ControllerKind = "virtual" | "forwarding";

/** Names the kind in the environment of a process that measures. */
export const controllersVariable = "JELLING_BENCH_CONTROLLERS";

/** Two controllers that hear each other. */
export interface Controllers {
  readonly central: HciTransport;
  readonly peripheral: HciTransport;
  /** Public. */
  readonly peripheralAddress: Address;
}

/** Two controllers of the kind that this process is to measure with. */
export function openControllers(): Controllers {
  const air = new VirtualAir();
  const listener = air.controller();
  const peripheral = listener.transport();
  const central = air.controller().transport();
  const peripheralAddress = listener.address;
  if (process.env[controllersVariable] !== "forwarding") return { central, peripheral, peripheralAddress };
  const [first, second] = forwarding(central, peripheral);
  return { central: first, peripheral: second, peripheralAddress };
}
