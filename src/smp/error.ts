import { hexNumber } from "../common/bytes.ts";
import { BleError, TimeoutError } from "../common/errors.ts";
import { type PairingFailure, pairingFailureName } from "./pairing-failure.ts";

/** A pairing has failed. Vol 3, Part H, 3.5.5. */
export class PairingError extends BleError {
  readonly code = "PAIRING_FAILED";
  /** The reason as Pairing Failed tells it, such as `PairingFailure.ConfirmValueFailed`; from the air, any octet. */
  readonly reason: PairingFailure;
  /** Which side has found the fault or does not want to. */
  readonly by: "local" | "peer";

  constructor(reason: PairingFailure, by: "local" | "peer", detail = "", options?: ErrorOptions) {
    const who = by === "local" ? "this side" : "the peer";
    const more = detail === "" ? "" : `: ${detail}`;
    super(
      `${who} ended the pairing: ${pairingFailureName(reason)} (0x${hexNumber(reason, 2)})${more}`,
      options,
    );
    this.reason = reason;
    this.by = by;
  }
}

/** A pairing made no progress for 30 s; on this link there can be no other. Vol 3, Part H, 3.4. */
export class PairingTimeoutError extends TimeoutError {
  readonly code = "PAIRING_TIMEOUT";

  constructor(options?: ErrorOptions) {
    super("pairing made no progress for 30 s: it can be tried again on a new connection", options);
  }
}

/** The link could not be encrypted with a key that there was. Vol 4, Part E, 7.7.8. */
export class EncryptionError extends BleError {
  readonly code = "ENCRYPTION_FAILED";
  /** What the controller said, such as 0x06, PIN or Key Missing: the peer has forgotten this side. */
  readonly status: number;

  constructor(status: number, detail: string = whyOf(status), options?: ErrorOptions) {
    super(`the link could not be encrypted: ${detail} (0x${hexNumber(status, 2)})`, options);
    this.status = status;
  }
}

function whyOf(status: number): string {
  return status === 0x06
    ? "the peer does not know the key any more; to pair anew, remove the bond"
    : "the controller gave up";
}
