/** The virtual radio: simulated LE controllers in this process, without any hardware. */
export { type Door, type Doors, type DoorsOptions, openDoors } from "../door/doors.ts";
export type { DoorLocation, DoorPlace, PtyPlace, TcpPlace, UnixPlace } from "../door/place.ts";
export { VirtualAir, type VirtualAirOptions } from "./air.ts";
export type { Disturbance, VirtualController } from "./controller.ts";
export type { Counters } from "./counters.ts";
export type { HostFault, HostFaultKind } from "./host-fault.ts";
export type { VirtualControllerOptions, VirtualProfile } from "./controller-options.ts";
export type { AirCaptureOptions } from "./air-capture.ts";
export type { Encryption, Timing } from "./timing.ts";
