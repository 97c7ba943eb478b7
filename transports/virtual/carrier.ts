/** An LL Control PDU on its way. */
export interface ControlPdu {
  /** Opcode and fields; *owned*. */
  readonly octets: Uint8Array;
  /** Where in it the sender fills in, when it transmits, the connection event for it to take effect. Vol 6, Part B, 5.5. */
  readonly instantAt?: number;
  /** Whether data of the sender's host goes first. Otherwise control is quicker than data. */
  readonly behindData?: boolean;
  /** The peer has it. @param instant - The event that was filled in. */
  arrived(instant: number): void;
}

/** How packets of a link get from one end, an `E`, to the other: at once, or in connection events. */
export interface Carrier<E> {
  /** Takes one sound ACL Data packet of the host of `end`, and *owns* it. */
  data(end: E, packet: Uint8Array): void;
  control(end: E, pdu: ControlPdu): void;
  /** Calls when a connection event begins; false if it has passed. */
  at(instant: number, callback: () => void): boolean;
  /** Brings up to date what is counted, and when the ends last heard one another. */
  settle(): void;
  /** The ends have ceased to hear one another. */
  pause(): void;
  /** They hear one another again. */
  resume(): void;
  /** An end may send data again, or what decides on the events has changed. */
  replan(): void;
  /** The link is gone. */
  dispose(): void;
}
