import { hexNumber } from "../common/bytes.ts";
import { BleError, TimeoutError } from "../common/errors.ts";
import {
  connectionResultName,
  reconfigureResultName,
  rejectReasonName,
  signalingName,
} from "./signaling-registry.ts";

/** The peer refused a channel. Vol 3, Part A, 4.23 and 4.26. */
export class ChannelRefusedError extends BleError {
  readonly code = "CHANNEL_REFUSED";
  /** One of `ConnectionResult`; from the air, any number. */
  readonly result: number;

  constructor(result: number) {
    super(`the peer refused the channel: ${connectionResultName(result)} (0x${hexNumber(result, 4)})`);
    this.result = result;
  }

  /** The result in the specification's words. */
  get resultName(): string {
    return connectionResultName(this.result);
  }
}

/** One side has closed the channel, as either may at any time. Vol 3, Part A, 4.6. */
export class ChannelClosedError extends BleError {
  readonly code = "CHANNEL_CLOSED";
  readonly by: "local" | "peer";

  constructor(by: "local" | "peer") {
    super(by === "peer" ? "the peer closed the channel" : "the channel was closed");
    this.by = by;
  }
}

/** The peer broke a rule that costs it the channel; the message says which. Vol 3, Part A, 3.4.3 and 10.1. */
export class ChannelFaultError extends BleError {
  readonly code = "CHANNEL_FAULT";
}

/** There is nothing left on the link for what was asked: no channel identifier, or none for a request. Vol 3, Part A, 2.1 and 4. */
export class ChannelUnavailableError extends BleError {
  readonly code = "CHANNEL_UNAVAILABLE";
}

/** The peer refused other limits of a channel. Vol 3, Part A, 4.28. */
export class ReconfigureRefusedError extends BleError {
  readonly code = "RECONFIGURE_REFUSED";
  /** One of `ReconfigureResult`; from the air, any number. */
  readonly result: number;

  constructor(result: number) {
    super(`the peer refused the new limits: ${reconfigureResultName(result)} (0x${hexNumber(result, 4)})`);
    this.result = result;
  }

  /** The result in the specification's words. */
  get resultName(): string {
    return reconfigureResultName(this.result);
  }
}

/** The central refused other connection parameters. Vol 3, Part A, 4.21. */
export class ParametersRefusedError extends BleError {
  readonly code = "PARAMETERS_REFUSED";

  constructor() {
    super("the central refused the connection parameters");
  }
}

/** The peer does not know the command, or not at this moment. Vol 3, Part A, 4.1. */
export class CommandRejectedError extends BleError {
  readonly code = "COMMAND_REJECTED";
  /** One of `RejectReason`; from the air, any number. */
  readonly reason: number;

  constructor(command: number, reason: number) {
    super(
      `the peer rejected ${signalingName(command)}: ${rejectReasonName(reason)} (0x${hexNumber(reason, 4)})`,
    );
    this.reason = reason;
  }
}

/** The peer did not answer a signalling request in time. Vol 3, Part A, 6.2.1 and 6.2.2. */
export class SignalingTimeoutError extends TimeoutError {
  readonly code = "SIGNALING_TIMEOUT";

  constructor(command: number, ms: number) {
    super(`${signalingName(command)} was not answered within ${ms / 1000} s`);
  }
}

/** An SPSM has a listener already, or there is no dynamic one left. Vol 3, Part A, 4.22. */
export class SpsmTakenError extends BleError {
  readonly code = "SPSM_TAKEN";
}
