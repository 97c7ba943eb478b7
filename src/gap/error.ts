import type { Address } from "../common/address.ts";
import { BleError, TimeoutError } from "../common/errors.ts";

/** The peer did not answer a connection request in time. */
export class ConnectTimeoutError extends TimeoutError {
  readonly code = "CONNECT_TIMEOUT";
  readonly address: Address;

  constructor(address: Address, ms: number) {
    super(
      `${address.toString()} did not answer within ${ms} ms: does it advertise connectably, and within range?`,
    );
    this.address = address;
  }
}

/** What was asked for cannot be had beside what the controller is doing already. */
export class UnavailableError extends BleError {
  readonly code = "UNAVAILABLE";
}

/** A periodic advertiser was not found, or is not heard any more. Vol 4, Part E, 7.7.65.16. */
export class SyncTimeoutError extends TimeoutError {
  readonly code = "SYNC_TIMEOUT";
}
