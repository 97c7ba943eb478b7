import { hexNumber } from "../common/bytes.ts";
import * as pdu from "./signaling-pdu.ts";

/** Every signalling command that has a codec, for decoders and tests. Vol 3, Part A, 4. */
export const signalingCommands: readonly pdu.SignalingCommand<unknown>[] = [
  pdu.CommandReject,
  pdu.DisconnectionRequest,
  pdu.DisconnectionResponse,
  pdu.ConnectionParameterUpdateRequest,
  pdu.ConnectionParameterUpdateResponse,
  pdu.LeCreditBasedConnectionRequest,
  pdu.LeCreditBasedConnectionResponse,
  pdu.FlowControlCreditIndication,
  pdu.CreditBasedConnectionRequest,
  pdu.CreditBasedConnectionResponse,
  pdu.CreditBasedReconfigureRequest,
  pdu.CreditBasedReconfigureResponse,
];

const byCode: ReadonlyMap<number, pdu.SignalingCommand<unknown>> = new Map(
  signalingCommands.map((command) => [command.code, command]),
);

/** The codec of the command with this code; `undefined` for those of BR/EDR and those nobody knows. */
export function signalingCommandByCode(code: number): pdu.SignalingCommand<unknown> | undefined {
  return byCode.get(code);
}

type Names = Readonly<Record<number, string>>;

const codeNames: Names = {
  [pdu.SignalingCode.CommandReject]: "L2CAP_COMMAND_REJECT_RSP",
  [pdu.SignalingCode.ConnectionRequest]: "L2CAP_CONNECTION_REQ",
  [pdu.SignalingCode.ConnectionResponse]: "L2CAP_CONNECTION_RSP",
  [pdu.SignalingCode.ConfigurationRequest]: "L2CAP_CONFIGURATION_REQ",
  [pdu.SignalingCode.ConfigurationResponse]: "L2CAP_CONFIGURATION_RSP",
  [pdu.SignalingCode.DisconnectionRequest]: "L2CAP_DISCONNECTION_REQ",
  [pdu.SignalingCode.DisconnectionResponse]: "L2CAP_DISCONNECTION_RSP",
  [pdu.SignalingCode.EchoRequest]: "L2CAP_ECHO_REQ",
  [pdu.SignalingCode.EchoResponse]: "L2CAP_ECHO_RSP",
  [pdu.SignalingCode.InformationRequest]: "L2CAP_INFORMATION_REQ",
  [pdu.SignalingCode.InformationResponse]: "L2CAP_INFORMATION_RSP",
  // Withdrawn with AMP; old captures still have them.
  0x0c: "L2CAP_CREATE_CHANNEL_REQ",
  0x0d: "L2CAP_CREATE_CHANNEL_RSP",
  0x0e: "L2CAP_MOVE_CHANNEL_REQ",
  0x0f: "L2CAP_MOVE_CHANNEL_RSP",
  0x10: "L2CAP_MOVE_CHANNEL_CONFIRMATION_REQ",
  0x11: "L2CAP_MOVE_CHANNEL_CONFIRMATION_RSP",
  [pdu.SignalingCode.ConnectionParameterUpdateRequest]: "L2CAP_CONNECTION_PARAMETER_UPDATE_REQ",
  [pdu.SignalingCode.ConnectionParameterUpdateResponse]: "L2CAP_CONNECTION_PARAMETER_UPDATE_RSP",
  [pdu.SignalingCode.LeCreditBasedConnectionRequest]: "L2CAP_LE_CREDIT_BASED_CONNECTION_REQ",
  [pdu.SignalingCode.LeCreditBasedConnectionResponse]: "L2CAP_LE_CREDIT_BASED_CONNECTION_RSP",
  [pdu.SignalingCode.FlowControlCreditIndication]: "L2CAP_FLOW_CONTROL_CREDIT_IND",
  [pdu.SignalingCode.CreditBasedConnectionRequest]: "L2CAP_CREDIT_BASED_CONNECTION_REQ",
  [pdu.SignalingCode.CreditBasedConnectionResponse]: "L2CAP_CREDIT_BASED_CONNECTION_RSP",
  [pdu.SignalingCode.CreditBasedReconfigureRequest]: "L2CAP_CREDIT_BASED_RECONFIGURE_REQ",
  [pdu.SignalingCode.CreditBasedReconfigureResponse]: "L2CAP_CREDIT_BASED_RECONFIGURE_RSP",
};

const reasonNames: Names = {
  [pdu.RejectReason.CommandNotUnderstood]: "Command not understood",
  [pdu.RejectReason.SignalingMtuExceeded]: "Signaling MTU exceeded",
  [pdu.RejectReason.InvalidCidInRequest]: "Invalid CID in request",
};

const connectionNames: Names = {
  [pdu.ConnectionResult.Success]: "Connection successful",
  [pdu.ConnectionResult.SpsmNotSupported]: "SPSM not supported",
  [pdu.ConnectionResult.NoResources]: "Insufficient resources available",
  [pdu.ConnectionResult.InsufficientAuthentication]: "Insufficient authentication",
  [pdu.ConnectionResult.InsufficientAuthorization]: "Insufficient authorization",
  [pdu.ConnectionResult.EncryptionKeySizeTooShort]: "Encryption key size too short",
  [pdu.ConnectionResult.InsufficientEncryption]: "Insufficient encryption",
  [pdu.ConnectionResult.InvalidSourceCid]: "Invalid Source CID",
  [pdu.ConnectionResult.SourceCidAlreadyAllocated]: "Source CID already allocated",
  [pdu.ConnectionResult.UnacceptableParameters]: "Unacceptable parameters",
  [pdu.ConnectionResult.InvalidParameters]: "Invalid parameters",
  [pdu.ConnectionResult.Pending]: "Pending, no further information available",
  [pdu.ConnectionResult.AuthenticationPending]: "Authentication pending",
  [pdu.ConnectionResult.AuthorizationPending]: "Authorization pending",
};

const reconfigureNames: Names = {
  [pdu.ReconfigureResult.Success]: "Reconfiguration successful",
  [pdu.ReconfigureResult.MtuReductionNotAllowed]: "Reduction in size of MTU not allowed",
  [pdu.ReconfigureResult.MpsReductionNotAllowed]:
    "Reduction in size of MPS not allowed for more than one channel at a time",
  [pdu.ReconfigureResult.InvalidDestinationCid]: "One or more Destination CIDs invalid",
  [pdu.ReconfigureResult.UnacceptableParameters]: "Other unacceptable parameters",
};

/** The name of a command, `L2CAP signaling 0x7e` where the specification has none. Vol 3, Part A, 4. */
export function signalingName(code: number): string {
  return codeNames[code] ?? `L2CAP signaling 0x${hexNumber(code, 2)}`;
}

/** A reason of L2CAP_COMMAND_REJECT_RSP in words. Vol 3, Part A, 4.1. */
export function rejectReasonName(reason: number): string {
  return reasonNames[reason] ?? "Reserved reason";
}

/** A result of either credit based connection response in words. Vol 3, Part A, 4.23 and 4.26. */
export function connectionResultName(result: number): string {
  return connectionNames[result] ?? "Reserved result";
}

/** A result of L2CAP_CREDIT_BASED_RECONFIGURE_RSP in words. Vol 3, Part A, 4.28. */
export function reconfigureResultName(result: number): string {
  return reconfigureNames[result] ?? "Reserved result";
}
