import { hexNumber } from "../common/bytes.ts";

/** The first octet of every ATT PDU. Vol 3, Part F, 3.4.8. */
export const Opcode = {
  ErrorResponse: 0x01,
  ExchangeMtuRequest: 0x02,
  ExchangeMtuResponse: 0x03,
  FindInformationRequest: 0x04,
  FindInformationResponse: 0x05,
  FindByTypeValueRequest: 0x06,
  FindByTypeValueResponse: 0x07,
  ReadByTypeRequest: 0x08,
  ReadByTypeResponse: 0x09,
  ReadRequest: 0x0a,
  ReadResponse: 0x0b,
  ReadBlobRequest: 0x0c,
  ReadBlobResponse: 0x0d,
  ReadMultipleRequest: 0x0e,
  ReadMultipleResponse: 0x0f,
  ReadByGroupTypeRequest: 0x10,
  ReadByGroupTypeResponse: 0x11,
  WriteRequest: 0x12,
  WriteResponse: 0x13,
  PrepareWriteRequest: 0x16,
  PrepareWriteResponse: 0x17,
  ExecuteWriteRequest: 0x18,
  ExecuteWriteResponse: 0x19,
  HandleValueNotification: 0x1b,
  HandleValueIndication: 0x1d,
  HandleValueConfirmation: 0x1e,
  ReadMultipleVariableRequest: 0x20,
  ReadMultipleVariableResponse: 0x21,
  MultipleHandleValueNotification: 0x23,
  WriteCommand: 0x52,
  SignedWriteCommand: 0xd2,
} as const;
export type Opcode = (typeof Opcode)[keyof typeof Opcode];

/** What a PDU is and whether an answer to it is due. Vol 3, Part F, 3.3. */
export type PduKind =
  "request" | "response" | "command" | "notification" | "indication" | "confirmation" | "unknown";

const names: Readonly<Record<Opcode, string>> = {
  [Opcode.ErrorResponse]: "ATT_ERROR_RSP",
  [Opcode.ExchangeMtuRequest]: "ATT_EXCHANGE_MTU_REQ",
  [Opcode.ExchangeMtuResponse]: "ATT_EXCHANGE_MTU_RSP",
  [Opcode.FindInformationRequest]: "ATT_FIND_INFORMATION_REQ",
  [Opcode.FindInformationResponse]: "ATT_FIND_INFORMATION_RSP",
  [Opcode.FindByTypeValueRequest]: "ATT_FIND_BY_TYPE_VALUE_REQ",
  [Opcode.FindByTypeValueResponse]: "ATT_FIND_BY_TYPE_VALUE_RSP",
  [Opcode.ReadByTypeRequest]: "ATT_READ_BY_TYPE_REQ",
  [Opcode.ReadByTypeResponse]: "ATT_READ_BY_TYPE_RSP",
  [Opcode.ReadRequest]: "ATT_READ_REQ",
  [Opcode.ReadResponse]: "ATT_READ_RSP",
  [Opcode.ReadBlobRequest]: "ATT_READ_BLOB_REQ",
  [Opcode.ReadBlobResponse]: "ATT_READ_BLOB_RSP",
  [Opcode.ReadMultipleRequest]: "ATT_READ_MULTIPLE_REQ",
  [Opcode.ReadMultipleResponse]: "ATT_READ_MULTIPLE_RSP",
  [Opcode.ReadByGroupTypeRequest]: "ATT_READ_BY_GROUP_TYPE_REQ",
  [Opcode.ReadByGroupTypeResponse]: "ATT_READ_BY_GROUP_TYPE_RSP",
  [Opcode.WriteRequest]: "ATT_WRITE_REQ",
  [Opcode.WriteResponse]: "ATT_WRITE_RSP",
  [Opcode.PrepareWriteRequest]: "ATT_PREPARE_WRITE_REQ",
  [Opcode.PrepareWriteResponse]: "ATT_PREPARE_WRITE_RSP",
  [Opcode.ExecuteWriteRequest]: "ATT_EXECUTE_WRITE_REQ",
  [Opcode.ExecuteWriteResponse]: "ATT_EXECUTE_WRITE_RSP",
  [Opcode.HandleValueNotification]: "ATT_HANDLE_VALUE_NTF",
  [Opcode.HandleValueIndication]: "ATT_HANDLE_VALUE_IND",
  [Opcode.HandleValueConfirmation]: "ATT_HANDLE_VALUE_CFM",
  [Opcode.ReadMultipleVariableRequest]: "ATT_READ_MULTIPLE_VARIABLE_REQ",
  [Opcode.ReadMultipleVariableResponse]: "ATT_READ_MULTIPLE_VARIABLE_RSP",
  [Opcode.MultipleHandleValueNotification]: "ATT_MULTIPLE_HANDLE_VALUE_NTF",
  [Opcode.WriteCommand]: "ATT_WRITE_CMD",
  [Opcode.SignedWriteCommand]: "ATT_SIGNED_WRITE_CMD",
};

// The ending of a name is the type of the PDU. Vol 3, Part F, 3.3.
const kindsByEnding: Readonly<Record<string, PduKind>> = {
  REQ: "request",
  RSP: "response",
  CMD: "command",
  NTF: "notification",
  IND: "indication",
  CFM: "confirmation",
};

const nameOf: (string | undefined)[] = new Array<undefined>(256).fill(undefined);
const kindOf: PduKind[] = new Array<PduKind>(256).fill("unknown");
for (const [opcode, name] of Object.entries(names)) {
  nameOf[Number(opcode)] = name;
  kindOf[Number(opcode)] = kindsByEnding[name.slice(-3)] ?? "unknown";
}

/** The name in the specification, such as `ATT_READ_REQ`; `ATT 0x7e` where there is none. Vol 3, Part F, 3.4.8. */
export function opcodeName(opcode: number): string {
  return nameOf[opcode] ?? `ATT 0x${hexNumber(opcode, 2)}`;
}

/**
 * Whether the Command Flag is set, bit 6. Vol 3, Part F, 3.3.1.
 *
 * It tells what to do with an opcode nobody knows: a command is ignored, anything else is answered
 * with "Request Not Supported".
 */
export function isCommand(opcode: number): boolean {
  return (opcode & 0x40) !== 0;
}

/** What the PDU with this opcode is, `unknown` for an opcode the specification does not define. Vol 3, Part F, 3.3. */
export function pduKind(opcode: number): PduKind {
  return kindOf[opcode] ?? "unknown";
}
