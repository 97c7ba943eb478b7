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

/** The way to the controller failed or ended; `cause` has what the operating system said. */
export class TransportError extends BleError {
  readonly code = "TRANSPORT";
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
