/** Why a server refused. Vol 3, Part F, 3.4.1.1; from 0xfc on Core Specification Supplement, Part B, 1.2. */
export const ErrorCode = {
  InvalidHandle: 0x01,
  ReadNotPermitted: 0x02,
  WriteNotPermitted: 0x03,
  InvalidPdu: 0x04,
  InsufficientAuthentication: 0x05,
  RequestNotSupported: 0x06,
  InvalidOffset: 0x07,
  InsufficientAuthorization: 0x08,
  PrepareQueueFull: 0x09,
  AttributeNotFound: 0x0a,
  AttributeNotLong: 0x0b,
  EncryptionKeySizeTooShort: 0x0c,
  InvalidAttributeValueLength: 0x0d,
  UnlikelyError: 0x0e,
  InsufficientEncryption: 0x0f,
  UnsupportedGroupType: 0x10,
  InsufficientResources: 0x11,
  DatabaseOutOfSync: 0x12,
  ValueNotAllowed: 0x13,
  WriteRequestRejected: 0xfc,
  CccdImproperlyConfigured: 0xfd,
  ProcedureAlreadyInProgress: 0xfe,
  OutOfRange: 0xff,
} as const;
/** One of the codes above, or any other octet: applications define their own from 0x80 to 0x9f. */
export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode] | (number & {});

const names: Readonly<Record<number, string>> = {
  [ErrorCode.InvalidHandle]: "Invalid Handle",
  [ErrorCode.ReadNotPermitted]: "Read Not Permitted",
  [ErrorCode.WriteNotPermitted]: "Write Not Permitted",
  [ErrorCode.InvalidPdu]: "Invalid PDU",
  [ErrorCode.InsufficientAuthentication]: "Insufficient Authentication",
  [ErrorCode.RequestNotSupported]: "Request Not Supported",
  [ErrorCode.InvalidOffset]: "Invalid Offset",
  [ErrorCode.InsufficientAuthorization]: "Insufficient Authorization",
  [ErrorCode.PrepareQueueFull]: "Prepare Queue Full",
  [ErrorCode.AttributeNotFound]: "Attribute Not Found",
  [ErrorCode.AttributeNotLong]: "Attribute Not Long",
  [ErrorCode.EncryptionKeySizeTooShort]: "Encryption Key Size Too Short",
  [ErrorCode.InvalidAttributeValueLength]: "Invalid Attribute Value Length",
  [ErrorCode.UnlikelyError]: "Unlikely Error",
  [ErrorCode.InsufficientEncryption]: "Insufficient Encryption",
  [ErrorCode.UnsupportedGroupType]: "Unsupported Group Type",
  [ErrorCode.InsufficientResources]: "Insufficient Resources",
  [ErrorCode.DatabaseOutOfSync]: "Database Out Of Sync",
  [ErrorCode.ValueNotAllowed]: "Value Not Allowed",
  [ErrorCode.WriteRequestRejected]: "Write Request Rejected",
  [ErrorCode.CccdImproperlyConfigured]:
    "Client Characteristic Configuration Descriptor Improperly Configured",
  [ErrorCode.ProcedureAlreadyInProgress]: "Procedure Already in Progress",
  [ErrorCode.OutOfRange]: "Out of Range",
};

/** The code in the words of the specification; where it has none, the range the code lies in. */
export function errorName(code: ErrorCode): string {
  const name = names[code];
  if (name !== undefined) return name;
  if (code >= 0x80 && code <= 0x9f) return "Application Error";
  if (code >= 0xe0 && code <= 0xff) return "Common Profile and Service Error";
  return "Reserved Error";
}
