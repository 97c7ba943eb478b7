import { BleError } from "../common/errors.ts";

/** The server does not have what was asked for, or does not allow it; the message says what it has. */
export class NotFoundError extends BleError {
  readonly code = "NOT_FOUND";
}
