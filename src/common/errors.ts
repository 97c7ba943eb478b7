import { toHex } from "./bytes.ts";

/** What every error of the stack is. `code` is stable: programs may compare it. */
export abstract class BleError extends Error {
  abstract readonly code: string;

  override get name(): string {
    return this.constructor.name;
  }
}

/** Octets from the other side that are no valid packet of the kind they claim to be. */
export class MalformedPduError extends BleError {
  readonly code = "MALFORMED_PDU";
  /** The packet or PDU by its name in the specification. */
  readonly pdu: string;

  constructor(pdu: string, why: string, octets?: Uint8Array, options?: ErrorOptions) {
    super(`${pdu}: ${why}${octets ? ` in ${excerpt(octets)}` : ""}`, options);
    this.pdu = pdu;
  }
}

/**
 * What is the matter with the way to a controller.
 *
 * Opening it: there is `noSuchDevice`; this user lacks the `permission`; somebody else has it, so it is `busy`; the
 * radio is switched off by `rfkill`; an npm package is a `missingModule`; this system, or what was named, is
 * `unsupported`; nobody listens there, it was `refused`; there was no answer in time, a `timeout`.
 *
 * Later: the device or the peer is `lost`; what it sends is `malformed`; it takes nothing any more and is `stalled`;
 * the transport was `closed`. Everything else has `failed`.
 */
export type TransportReason =
  | "noSuchDevice"
  | "permission"
  | "busy"
  | "rfkill"
  | "missingModule"
  | "unsupported"
  | "refused"
  | "timeout"
  | "lost"
  | "malformed"
  | "stalled"
  | "closed"
  | "failed";

/** What a {@link TransportError} tells beside its message. */
export interface TransportErrorOptions extends ErrorOptions {
  /** `failed` when left out. */
  readonly reason?: TransportReason | undefined;
}

/** The way to the controller failed or ended; `cause` has what the operating system said. */
export class TransportError extends BleError {
  readonly code = "TRANSPORT";
  /** Stable: programs may compare it. The message tells what to do about it. */
  readonly reason: TransportReason;

  constructor(message: string, { reason = "failed", ...options }: TransportErrorOptions = {}) {
    super(message, options);
    this.reason = reason;
  }
}

/** Something that should have come within its time did not. */
export abstract class TimeoutError extends BleError {}

/** The host was closed by this program while the operation was waiting. */
export class HostClosedError extends BleError {
  readonly code = "HOST_CLOSED";

  constructor() {
    super("the host was closed");
  }
}

/** More is waiting to be sent than the stack agrees to hold. */
export class BackPressureError extends BleError {
  readonly code = "BACK_PRESSURE";
}

function excerpt(octets: Uint8Array): string {
  const most = 24;
  const shown = toHex(octets.subarray(0, most), " ");
  return octets.length > most ? `${shown} … (${octets.length} octets)` : shown || "nothing";
}
