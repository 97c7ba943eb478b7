import type { DeviceAddress } from "./device-address.ts";

/** Who sent a packet, as far as a controller can tell. */
export interface Peer {
  /** The identity address where the one in the packet was resolved, else that one. */
  readonly address: DeviceAddress;
  /** As events have it: 2 and 3 for identity addresses that were resolved. Vol 4, Part E, 7.7.65.2. */
  readonly reportedType: number;
  /** What the packet said. */
  readonly onAir: DeviceAddress;
}

/** An address of the device itself. */
export interface OwnAddress extends DeviceAddress {
  /** Whether the controller made it from a local IRK. */
  readonly isPrivate: boolean;
}
