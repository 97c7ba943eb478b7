import { hexNumber } from "../common/bytes.ts";
import { BleError, TimeoutError } from "../common/errors.ts";
import { type ErrorCode, errorName } from "./error-code.ts";
import type { ErrorResponse } from "./pdu.ts";

/** The options of an {@link AttError}. */
export interface AttErrorOptions extends ErrorOptions {
  /** What the handle stands for, such as "characteristic 2a37". */
  readonly about?: string | undefined;
  /** What to do about it, for the message. */
  readonly advice?: string | undefined;
}

/** The server refused a request. Vol 3, Part F, 3.4.1.1. */
export class AttError extends BleError {
  readonly code = "ATT_ERROR";
  /** The error code from the air, e.g. `ErrorCode.ReadNotPermitted`. Profiles add their own, so any octet. */
  readonly status: ErrorCode;
  /** The attribute the server blames; 0x0000 when the error is not about one. */
  readonly handle: number;

  /**
   * @param options.about - What the handle stands for, for the message.
   * @throws {@link RangeError} `status` is no octet, or `handle` has more than 16 bits.
   */
  constructor(status: ErrorCode, handle = 0x0000, { about, advice, ...options }: AttErrorOptions = {}) {
    if (!isWhole(status, 0xff)) throw new RangeError(`no ATT error code: ${status}`);
    if (!isWhole(handle, 0xffff)) throw new RangeError(`no attribute handle: ${handle}`);
    const which = `handle 0x${hexNumber(handle, 4)}${about === undefined ? "" : ` (${about})`}`;
    const more = advice === undefined ? "" : `: ${advice}`;
    super(`${errorName(status)} (0x${hexNumber(status, 2)}) on ${which}${more}`, options);
    this.status = status;
    this.handle = handle;
  }

  /** The refusal that came as a PDU. */
  static from({ error, handle }: ErrorResponse): AttError {
    return new AttError(error, handle);
  }
}

/**
 * The peer left a request or an indication unanswered for 30 s. Vol 3, Part F, 3.3.3.
 *
 * Nothing more may be sent on the bearer afterwards, so it is closed.
 */
export class AttTimeoutError extends TimeoutError {
  readonly code = "ATT_TIMEOUT";

  constructor() {
    super("no response within 30 s: nothing more can be sent on this bearer; disconnect and connect again");
  }
}

function isWhole(number: number, most: number): boolean {
  return Number.isInteger(number) && number >= 0 && number <= most;
}
