import type { BleError } from "../common/errors.ts";
import type { Priority } from "../common/priority.ts";

/** What L2CAP gives the layer above it. */
export interface Channel {
  /**
   * Queues one SDU, the octets of `head` and then those of `body`. Both are copied before it returns. Never calls
   * back into the caller, so it is safe in the middle of a transition. Does nothing when the channel has closed.
   */
  send(priority: Priority, head: Uint8Array, body?: Uint8Array): void;
  /** Whether there is room for one more SDU of that priority. Those who can wait ask before they send. */
  hasRoom(priority: Priority): boolean;
  /** Calls once: at once where there is room, else when there is again, or when the channel's user was told it closed. */
  whenRoom(priority: Priority, callback: () => void): void;
}

/** What the layer above gives L2CAP. Both run inside the turn that the packet started. */
export interface ChannelUser {
  /**
   * @param sdu - *Borrowed*: copy what must outlive the call.
   * @param owned - True when it is the user's own nevertheless, since it was put together from several frames.
   */
  receive(sdu: Uint8Array, owned?: boolean): void;
  /** The peer receives longer or shorter SDUs or frames from now on. */
  reconfigured?(): void;
  /** The last call. */
  closed(reason: BleError): void;
}

/** The channels of an LE link that always exist. Vol 3, Part A, 2.1, Table 2.2. */
export const FixedCid = {
  Attribute: 0x0004,
  Signaling: 0x0005,
  SecurityManager: 0x0006,
} as const;
