import { AttError, DisconnectedError, HostClosedError, MalformedPduError, TimeoutError } from "../index.ts";

/** The numbers of errors, as MicroPython has them on every board. */
export const Errno = {
  ENOENT: 2,
  EIO: 5,
  ENOMEM: 12,
  EBUSY: 16,
  ENODEV: 19,
  EINVAL: 22,
  EOPNOTSUPP: 95,
  ENOTCONN: 107,
  ETIMEDOUT: 110,
  EALREADY: 114,
} as const;

type ErrnoName = keyof typeof Errno;

/** What MicroPython's functions raise: an error with a number. */
export class OSError extends Error {
  override readonly name = "OSError";
  /** One of {@link Errno}. */
  readonly errno: number;
  /** Its name, such as `"ENODEV"`. */
  readonly code: string;

  constructor(code: ErrnoName, why: string, options?: ErrorOptions) {
    super(`[Errno ${Errno[code]}] ${code}: ${why}`, options);
    this.errno = Errno[code];
    this.code = code;
  }
}

/** Status numbers of NimBLE, which events carry; an ATT error code stands above 0x100. */
const Status = { NotConnected: 7, BadData: 10, TimedOut: 13, Unknown: 17, Att: 0x100 } as const;

/** What an operation has failed with, as an event tells it: never 0. */
export function statusOf(error: unknown): number {
  if (error instanceof AttError) return Status.Att + error.status;
  if (error instanceof DisconnectedError || error instanceof HostClosedError) return Status.NotConnected;
  if (error instanceof TimeoutError) return Status.TimedOut;
  if (error instanceof MalformedPduError) return Status.BadData;
  return Status.Unknown;
}

/**
 * A number that the program gives.
 *
 * @throws {@link OSError} EINVAL: it is no whole number, or out of range.
 */
export function requireWithin(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new OSError("EINVAL", `${name} is a whole number from ${least} to ${most}, not ${value}`);
}
