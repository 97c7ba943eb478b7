import { hexNumber } from "../common/bytes.ts";
import { BleError, TimeoutError } from "../common/errors.ts";
import { PairingFailure, pairingFailureName } from "./pairing-failure.ts";

/** A pairing has failed. Vol 3, Part H, 3.5.5. */
export class PairingError extends BleError {
  readonly code = "PAIRING_FAILED";
  /** The reason as Pairing Failed tells it, such as `PairingFailure.ConfirmValueFailed`; from the air, any octet. */
  readonly reason: PairingFailure;
  /** Which side has found the fault or does not want to. */
  readonly by: "local" | "peer";

  constructor(
    reason: PairingFailure,
    by: "local" | "peer",
    detail: string = adviceOn(reason, by),
    options?: ErrorOptions,
  ) {
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

/** Status of an encryption that failed since the peer has no such key: PIN or Key Missing. Vol 1, Part F, 2.6. */
export const pinOrKeyMissing = 0x06;

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
  return status === pinOrKeyMissing
    ? "the peer does not know the key any more; pair({ renew: true }) pairs anew"
    : "the controller gave up";
}

/** What helps, where the name of the reason does not say so. */
function adviceOn(reason: PairingFailure, by: "local" | "peer"): string {
  if (reason !== PairingFailure.OobNotAvailable) return "";
  return by === "local"
    ? "out-of-band data serve for one pairing: give the peer fresh ones, of host.oobData()"
    : "out-of-band data serve for one pairing: the peer has to give fresh ones, of its host.oobData()";
}
