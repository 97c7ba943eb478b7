import { hexNumber } from "../common/bytes.ts";
import { BleError, TimeoutError } from "../common/errors.ts";
import { commandName } from "./commands/names.ts";
import { statusName } from "./status.ts";

/** The controller refused a command. Vol 1, Part F, 1.3. */
export class HciError extends BleError {
  readonly code = "HCI_ERROR";
  /** The controller's answer, such as `Status.CommandDisallowed`; later versions add some, so any octet. */
  readonly status: number;
  /** The command that was refused. */
  readonly opcode: number;

  constructor(status: number, opcode: number, options?: ErrorOptions) {
    super(`${nameOf(opcode)}: ${statusText(status)}`, options);
    this.status = status;
    this.opcode = opcode;
  }
}

/** The connection is no more, or was lost before the operation had ended. Vol 4, Part E, 7.7.5. */
export class DisconnectedError extends BleError {
  readonly code = "DISCONNECTED";
  /** Why, such as `Status.ConnectionTimeout`. */
  readonly reason: number;

  constructor(reason: number, options?: ErrorOptions) {
    super(`disconnected: ${statusText(reason)}`, options);
    this.reason = reason;
  }
}

/** The controller did not answer a command in time. */
export class CommandTimeoutError extends TimeoutError {
  readonly code = "COMMAND_TIMEOUT";
  /** The command that was not answered. */
  readonly opcode: number;

  /** @param advice - What to do about it, for the message. */
  constructor(opcode: number, options?: ErrorOptions, advice = "") {
    super(`${nameOf(opcode)}: the controller does not answer${advice === "" ? "" : `; ${advice}`}`, options);
    this.opcode = opcode;
  }
}

/** The controller told of a failure in its hardware: nothing it has said holds any more. Vol 4, Part E, 7.7.16. */
export class HardwareFailureError extends BleError {
  readonly code = "HARDWARE_FAILURE";
  /** What has failed, in the numbering of the controller's maker. */
  readonly hardwareCode: number;

  constructor(hardwareCode: number, options?: ErrorOptions) {
    super(`the controller has failed: hardware error 0x${hexNumber(hardwareCode, 2)}`, options);
    this.hardwareCode = hardwareCode;
  }
}

function nameOf(opcode: number): string {
  return commandName(opcode) ?? `HCI command 0x${hexNumber(opcode, 4)}`;
}

function statusText(status: number): string {
  return `${statusName(status)} (0x${hexNumber(status, 2)})`;
}
