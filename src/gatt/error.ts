import { hexNumber } from "../common/bytes.ts";
import { BleError } from "../common/errors.ts";

/** The server does not have what was asked for, or does not allow it; the message says what it has. */
export class NotFoundError extends BleError {
  readonly code = "NOT_FOUND";
}

/**
 * The server's services have changed, and the attribute is not what it was: ask `connection.gatt` for it again.
 * Vol 3, Part G, 2.5.2.
 */
export class StaleAttributeError extends BleError {
  readonly code = "STALE_ATTRIBUTE";
  /** The handle it had. */
  readonly handle: number;

  /** @param label - What it was, such as "characteristic 2a37". */
  constructor(label: string, handle: number) {
    super(
      `${label} (handle 0x${hexNumber(handle, 4)}) is no longer what the server has there: ask connection.gatt for it again`,
    );
    this.handle = handle;
  }
}

/** There is no key to sign with: signed writes need a bond in which one was given. Vol 3, Part C, 10.4.1. */
export class NoSigningKeyError extends BleError {
  readonly code = "NO_SIGNING_KEY";

  constructor() {
    super("there is no key (CSRK) to sign with: bond first");
  }
}
