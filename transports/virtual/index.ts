/** The virtual radio: simulated LE controllers in this process, without any hardware. */
export { VirtualAir, type VirtualAirOptions } from "./air.ts";
export type { VirtualController } from "./controller.ts";
export type { HostFault, HostFaultKind } from "./host-fault.ts";
export type { VirtualControllerOptions } from "./settings.ts";
