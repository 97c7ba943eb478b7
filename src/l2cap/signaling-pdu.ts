import { concat, u16At } from "../common/bytes.ts";
import { MalformedPduError } from "../common/errors.ts";
import { type Field, type Fields, list, rest, type Struct, struct, u16 } from "../common/struct.ts";

/** Octets in front of a command's data: code, identifier, length of the data. Vol 3, Part A, 4. */
export const signalingHeaderSize = 4;

/** The first octet of every L2CAP signalling command, those of BR/EDR included. Vol 3, Part A, 4. */
export const SignalingCode = {
  CommandReject: 0x01,
  ConnectionRequest: 0x02,
  ConnectionResponse: 0x03,
  ConfigurationRequest: 0x04,
  ConfigurationResponse: 0x05,
  DisconnectionRequest: 0x06,
  DisconnectionResponse: 0x07,
  EchoRequest: 0x08,
  EchoResponse: 0x09,
  InformationRequest: 0x0a,
  InformationResponse: 0x0b,
  ConnectionParameterUpdateRequest: 0x12,
  ConnectionParameterUpdateResponse: 0x13,
  LeCreditBasedConnectionRequest: 0x14,
  LeCreditBasedConnectionResponse: 0x15,
  FlowControlCreditIndication: 0x16,
  CreditBasedConnectionRequest: 0x17,
  CreditBasedConnectionResponse: 0x18,
  CreditBasedReconfigureRequest: 0x19,
  CreditBasedReconfigureResponse: 0x1a,
} as const;

/** Why a command is rejected. Vol 3, Part A, 4.1. */
export const RejectReason = {
  CommandNotUnderstood: 0x0000,
  SignalingMtuExceeded: 0x0001,
  InvalidCidInRequest: 0x0002,
} as const;

/** What became of a request for other connection parameters. Vol 3, Part A, 4.21. */
export const ConnectionParametersResult = {
  Accepted: 0x0000,
  Rejected: 0x0001,
} as const;

/**
 * What became of a request for channels. Vol 3, Part A, 4.23 and 4.26.
 *
 * Both kinds of connection response share the numbers; those from `InvalidParameters` on are for
 * L2CAP_CREDIT_BASED_CONNECTION_RSP alone.
 */
export const ConnectionResult = {
  Success: 0x0000,
  SpsmNotSupported: 0x0002,
  NoResources: 0x0004,
  InsufficientAuthentication: 0x0005,
  InsufficientAuthorization: 0x0006,
  EncryptionKeySizeTooShort: 0x0007,
  InsufficientEncryption: 0x0008,
  InvalidSourceCid: 0x0009,
  SourceCidAlreadyAllocated: 0x000a,
  UnacceptableParameters: 0x000b,
  InvalidParameters: 0x000c,
  Pending: 0x000d,
  AuthenticationPending: 0x000e,
  AuthorizationPending: 0x000f,
} as const;

/** What became of a reconfiguration. Vol 3, Part A, 4.28. */
export const ReconfigureResult = {
  Success: 0x0000,
  MtuReductionNotAllowed: 0x0001,
  MpsReductionNotAllowed: 0x0002,
  InvalidDestinationCid: 0x0003,
  UnacceptableParameters: 0x0004,
} as const;

/** A signalling command without its header, or a whole one taken apart. Vol 3, Part A, 4. */
export interface SignalingFrame {
  /** One of {@link SignalingCode}; from the air, any octet. */
  readonly code: number;
  /** Matches a response to its request. The specification forbids 0x00; whoever answers has to check. */
  readonly identifier: number;
  /** What follows the header, *borrowed*. */
  readonly data: Uint8Array;
}

/**
 * Takes a C-frame of the LE signalling channel apart: it holds one command. Vol 3, Part A, 4.
 *
 * @throws {@link MalformedPduError} It is shorter than a header, or its Data Length is not the length of its data.
 */
export function decodeSignaling(frame: Uint8Array): SignalingFrame {
  const [code, identifier] = frame;
  if (code === undefined || identifier === undefined || frame.length < signalingHeaderSize) {
    throw new MalformedPduError("L2CAP signaling command", "shorter than its header", frame);
  }
  const data = frame.subarray(signalingHeaderSize);
  const length = u16At(frame, 2);
  if (length !== data.length) {
    throw new MalformedPduError(
      "L2CAP signaling command",
      `${data.length} octets of data, announced ${length}`,
      frame,
    );
  }
  return { code, identifier, data };
}

/** A whole C-frame. The caller *owns* it. Vol 3, Part A, 4. */
export function encodeSignaling(code: number, identifier: number, data: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(code, identifier, data.length, data.length >> 8), data);
}

const responses: ReadonlySet<number> = new Set([
  SignalingCode.CommandReject,
  SignalingCode.ConnectionResponse,
  SignalingCode.ConfigurationResponse,
  SignalingCode.DisconnectionResponse,
  SignalingCode.EchoResponse,
  SignalingCode.InformationResponse,
  SignalingCode.ConnectionParameterUpdateResponse,
  SignalingCode.LeCreditBasedConnectionResponse,
  SignalingCode.CreditBasedConnectionResponse,
  SignalingCode.CreditBasedReconfigureResponse,
]);

/** Whether the command answers another, so that it must not be answered itself. Vol 3, Part A, 4. */
export function isResponse(code: number): boolean {
  return responses.has(code);
}

/** One signalling command: the layout of its data, both ways. The header is not part of it. */
export interface SignalingCommand<T> extends Struct<T> {
  /** One of {@link SignalingCode}. */
  readonly code: number;
}

function signalingCommand<T extends object>(
  name: string,
  code: number,
  fields: Fields<T>,
): SignalingCommand<T> {
  return { ...struct(name, fields, "refuse"), code };
}

const cids: Field<readonly number[]> = list(u16);

/** L2CAP_COMMAND_REJECT_RSP: the command cannot be carried out. Vol 3, Part A, 4.1. */
export interface CommandReject {
  /** One of {@link RejectReason}; from the air, any number. */
  readonly reason: number;
  /** By the reason: nothing; the MTU of the channel in 2 octets; the two CIDs in 4 octets, local one first. */
  readonly data: Uint8Array;
}

/** Codec of L2CAP_COMMAND_REJECT_RSP. Vol 3, Part A, 4.1. */
export const CommandReject: SignalingCommand<CommandReject> = signalingCommand(
  "L2CAP_COMMAND_REJECT_RSP",
  SignalingCode.CommandReject,
  { reason: u16, data: rest },
);

/** L2CAP_DISCONNECTION_REQ: close a channel. Vol 3, Part A, 4.6. */
export interface DisconnectionRequest {
  /** The end of the device that receives the request. */
  readonly destinationCid: number;
  /** The end of the device that sends the request. */
  readonly sourceCid: number;
}

/** Codec of L2CAP_DISCONNECTION_REQ. Vol 3, Part A, 4.6. */
export const DisconnectionRequest: SignalingCommand<DisconnectionRequest> = signalingCommand(
  "L2CAP_DISCONNECTION_REQ",
  SignalingCode.DisconnectionRequest,
  { destinationCid: u16, sourceCid: u16 },
);

/** L2CAP_DISCONNECTION_RSP: the channel is closed. Vol 3, Part A, 4.7. */
export interface DisconnectionResponse {
  /** The end of the device that sends the response. */
  readonly destinationCid: number;
  /** The end of the device that sent the request. */
  readonly sourceCid: number;
}

/** Codec of L2CAP_DISCONNECTION_RSP. Vol 3, Part A, 4.7. */
export const DisconnectionResponse: SignalingCommand<DisconnectionResponse> = signalingCommand(
  "L2CAP_DISCONNECTION_RSP",
  SignalingCode.DisconnectionResponse,
  { destinationCid: u16, sourceCid: u16 },
);

/** L2CAP_CONNECTION_PARAMETER_UPDATE_REQ: a peripheral asks its central for other parameters. Vol 3, Part A, 4.20. */
export interface ConnectionParameterUpdateRequest {
  /** In 1.25 ms, 6 to 3200. */
  readonly intervalMin: number;
  /** In 1.25 ms, 6 to 3200. */
  readonly intervalMax: number;
  /** Connection events the peripheral may leave out, 0 to 499. */
  readonly latency: number;
  /** Supervision timeout in 10 ms, 10 to 3200. */
  readonly timeout: number;
}

/** Codec of L2CAP_CONNECTION_PARAMETER_UPDATE_REQ. Vol 3, Part A, 4.20. */
export const ConnectionParameterUpdateRequest: SignalingCommand<ConnectionParameterUpdateRequest> =
  signalingCommand("L2CAP_CONNECTION_PARAMETER_UPDATE_REQ", SignalingCode.ConnectionParameterUpdateRequest, {
    intervalMin: u16,
    intervalMax: u16,
    latency: u16,
    timeout: u16,
  });

/** L2CAP_CONNECTION_PARAMETER_UPDATE_RSP: whether the central will. Vol 3, Part A, 4.21. */
export interface ConnectionParameterUpdateResponse {
  /** One of {@link ConnectionParametersResult}; from the air, any number. */
  readonly result: number;
}

/** Codec of L2CAP_CONNECTION_PARAMETER_UPDATE_RSP. Vol 3, Part A, 4.21. */
export const ConnectionParameterUpdateResponse: SignalingCommand<ConnectionParameterUpdateResponse> =
  signalingCommand("L2CAP_CONNECTION_PARAMETER_UPDATE_RSP", SignalingCode.ConnectionParameterUpdateResponse, {
    result: u16,
  });

/** L2CAP_LE_CREDIT_BASED_CONNECTION_REQ: open a channel. Vol 3, Part A, 4.22. */
export interface LeCreditBasedConnectionRequest {
  /** Simplified PSM, 0x0001 to 0x00ff. */
  readonly spsm: number;
  /** The sender's end, 0x0040 to 0x007f. */
  readonly sourceCid: number;
  /** Octets of the longest SDU the sender can receive, 23 or more. */
  readonly mtu: number;
  /** Octets of the longest PDU payload the sender can receive, 23 to 65533. */
  readonly mps: number;
  /** K-frames the sender of this can take at first. */
  readonly initialCredits: number;
}

/** Codec of L2CAP_LE_CREDIT_BASED_CONNECTION_REQ. Vol 3, Part A, 4.22. */
export const LeCreditBasedConnectionRequest: SignalingCommand<LeCreditBasedConnectionRequest> =
  signalingCommand("L2CAP_LE_CREDIT_BASED_CONNECTION_REQ", SignalingCode.LeCreditBasedConnectionRequest, {
    spsm: u16,
    sourceCid: u16,
    mtu: u16,
    mps: u16,
    initialCredits: u16,
  });

/** L2CAP_LE_CREDIT_BASED_CONNECTION_RSP: the channel, or why there is none. Vol 3, Part A, 4.23. */
export interface LeCreditBasedConnectionResponse {
  /** The sender's end. It and what follows up to `result` mean nothing when refused. */
  readonly destinationCid: number;
  /** Octets of the longest SDU the sender can receive, 23 or more. */
  readonly mtu: number;
  /** Octets of the longest PDU payload the sender can receive, 23 to 65533. */
  readonly mps: number;
  /** K-frames the sender of this can take at first. */
  readonly initialCredits: number;
  /** One of {@link ConnectionResult}; from the air, any number. */
  readonly result: number;
}

/** Codec of L2CAP_LE_CREDIT_BASED_CONNECTION_RSP. Vol 3, Part A, 4.23. */
export const LeCreditBasedConnectionResponse: SignalingCommand<LeCreditBasedConnectionResponse> =
  signalingCommand("L2CAP_LE_CREDIT_BASED_CONNECTION_RSP", SignalingCode.LeCreditBasedConnectionResponse, {
    destinationCid: u16,
    mtu: u16,
    mps: u16,
    initialCredits: u16,
    result: u16,
  });

/** L2CAP_FLOW_CONTROL_CREDIT_IND: the sender can take more K-frames. Vol 3, Part A, 4.24. */
export interface FlowControlCreditIndication {
  /** The sender's end of the channel. */
  readonly cid: number;
  /** How many more, 1 to 65535. */
  readonly credits: number;
}

/** Codec of L2CAP_FLOW_CONTROL_CREDIT_IND. Vol 3, Part A, 4.24. */
export const FlowControlCreditIndication: SignalingCommand<FlowControlCreditIndication> = signalingCommand(
  "L2CAP_FLOW_CONTROL_CREDIT_IND",
  SignalingCode.FlowControlCreditIndication,
  { cid: u16, credits: u16 },
);

/** L2CAP_CREDIT_BASED_CONNECTION_REQ: open up to five channels at once. Vol 3, Part A, 4.25. */
export interface CreditBasedConnectionRequest {
  /** Simplified PSM, 0x0001 to 0x00ff. */
  readonly spsm: number;
  /** Octets of the longest SDU the sender can receive on each channel, 64 or more. */
  readonly mtu: number;
  /** Octets of the longest PDU payload the sender can receive on each channel, 64 to 65533. */
  readonly mps: number;
  /** K-frames the sender of this can take at first. */
  readonly initialCredits: number;
  /** The sender's ends, 1 to 5; from the air, any number of them. */
  readonly sourceCids: readonly number[];
}

/** Codec of L2CAP_CREDIT_BASED_CONNECTION_REQ. Vol 3, Part A, 4.25. */
export const CreditBasedConnectionRequest: SignalingCommand<CreditBasedConnectionRequest> = signalingCommand(
  "L2CAP_CREDIT_BASED_CONNECTION_REQ",
  SignalingCode.CreditBasedConnectionRequest,
  { spsm: u16, mtu: u16, mps: u16, initialCredits: u16, sourceCids: cids },
);

/** L2CAP_CREDIT_BASED_CONNECTION_RSP: the channels, and why some or all are refused. Vol 3, Part A, 4.26. */
export interface CreditBasedConnectionResponse {
  /** Octets of the longest SDU the sender can receive on each channel, 64 or more. */
  readonly mtu: number;
  /** Octets of the longest PDU payload the sender can receive on each channel, 64 to 65533. */
  readonly mps: number;
  /** K-frames the sender of this can take at first. */
  readonly initialCredits: number;
  /** One of {@link ConnectionResult}; from the air, any number. */
  readonly result: number;
  /** The sender's ends in the order of the request, 0x0000 for a channel that is refused. From the air, any number of them. */
  readonly destinationCids: readonly number[];
}

/** Codec of L2CAP_CREDIT_BASED_CONNECTION_RSP. Vol 3, Part A, 4.26. */
export const CreditBasedConnectionResponse: SignalingCommand<CreditBasedConnectionResponse> =
  signalingCommand("L2CAP_CREDIT_BASED_CONNECTION_RSP", SignalingCode.CreditBasedConnectionResponse, {
    mtu: u16,
    mps: u16,
    initialCredits: u16,
    result: u16,
    destinationCids: cids,
  });

/** L2CAP_CREDIT_BASED_RECONFIGURE_REQ: other limits for up to five channels. Vol 3, Part A, 4.27. */
export interface CreditBasedReconfigureRequest {
  /** Octets of the longest SDU the sender can receive on each channel, 64 or more. */
  readonly mtu: number;
  /** Octets of the longest PDU payload the sender can receive on each channel, 64 to 65533. */
  readonly mps: number;
  /** The ends of the sender, 1 to 5, whose limits change; from the air, any number of them. */
  readonly destinationCids: readonly number[];
}

/** Codec of L2CAP_CREDIT_BASED_RECONFIGURE_REQ. Vol 3, Part A, 4.27. */
export const CreditBasedReconfigureRequest: SignalingCommand<CreditBasedReconfigureRequest> =
  signalingCommand("L2CAP_CREDIT_BASED_RECONFIGURE_REQ", SignalingCode.CreditBasedReconfigureRequest, {
    mtu: u16,
    mps: u16,
    destinationCids: cids,
  });

/** L2CAP_CREDIT_BASED_RECONFIGURE_RSP: whether the new limits hold. Vol 3, Part A, 4.28. */
export interface CreditBasedReconfigureResponse {
  /** One of {@link ReconfigureResult}; from the air, any number. */
  readonly result: number;
}

/** Codec of L2CAP_CREDIT_BASED_RECONFIGURE_RSP. Vol 3, Part A, 4.28. */
export const CreditBasedReconfigureResponse: SignalingCommand<CreditBasedReconfigureResponse> =
  signalingCommand("L2CAP_CREDIT_BASED_RECONFIGURE_RSP", SignalingCode.CreditBasedReconfigureResponse, {
    result: u16,
  });
