import { BleError } from "../common/errors.ts";

/** What an agent throws to refuse: wrong passkey, unknown device, "no". BlueZ's `org.bluez.Error.Rejected`. */
export class RejectedError extends BleError {
  readonly code = "AGENT_REJECTED";

  constructor(message = "rejected", options?: ErrorOptions) {
    super(message, options);
  }
}

/** What an agent throws when whoever was asked has called the pairing off. BlueZ's `org.bluez.Error.Canceled`. */
export class CanceledError extends BleError {
  readonly code = "AGENT_CANCELED";

  constructor(message = "canceled", options?: ErrorOptions) {
    super(message, options);
  }
}

/** No such capability, or the agent lacks a method that it needs. BlueZ's `org.bluez.Error.InvalidArguments`. */
export class InvalidArgumentsError extends BleError {
  readonly code = "AGENT_INVALID_ARGUMENTS";
}

/** The agent is registered already. BlueZ's `org.bluez.Error.AlreadyExists`. */
export class AlreadyExistsError extends BleError {
  readonly code = "AGENT_ALREADY_EXISTS";
}

/** The agent is not registered. BlueZ's `org.bluez.Error.DoesNotExist`. */
export class DoesNotExistError extends BleError {
  readonly code = "AGENT_DOES_NOT_EXIST";
}
