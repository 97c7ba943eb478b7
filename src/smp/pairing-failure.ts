/** Why a pairing failed, as Pairing Failed tells it. Vol 3, Part H, 3.5.5. */
export const PairingFailure = {
  PasskeyEntryFailed: 0x01,
  OobNotAvailable: 0x02,
  AuthenticationRequirements: 0x03,
  ConfirmValueFailed: 0x04,
  PairingNotSupported: 0x05,
  EncryptionKeySize: 0x06,
  CommandNotSupported: 0x07,
  UnspecifiedReason: 0x08,
  RepeatedAttempts: 0x09,
  InvalidParameters: 0x0a,
  DhKeyCheckFailed: 0x0b,
  NumericComparisonFailed: 0x0c,
  BrEdrPairingInProgress: 0x0d,
  CrossTransportKeyDerivationNotAllowed: 0x0e,
  KeyRejected: 0x0f,
  // Younger than the others: peers of a later version send it.
  Busy: 0x10,
} as const;
/** One of the reasons above, or any other octet from the air. */
export type PairingFailure = (typeof PairingFailure)[keyof typeof PairingFailure] | (number & {});

const names: Readonly<Record<number, string>> = {
  [PairingFailure.PasskeyEntryFailed]: "Passkey Entry Failed",
  [PairingFailure.OobNotAvailable]: "OOB Not Available",
  [PairingFailure.AuthenticationRequirements]: "Authentication Requirements",
  [PairingFailure.ConfirmValueFailed]: "Confirm Value Failed",
  [PairingFailure.PairingNotSupported]: "Pairing Not Supported",
  [PairingFailure.EncryptionKeySize]: "Encryption Key Size",
  [PairingFailure.CommandNotSupported]: "Command Not Supported",
  [PairingFailure.UnspecifiedReason]: "Unspecified Reason",
  [PairingFailure.RepeatedAttempts]: "Repeated Attempts",
  [PairingFailure.InvalidParameters]: "Invalid Parameters",
  [PairingFailure.DhKeyCheckFailed]: "DHKey Check Failed",
  [PairingFailure.NumericComparisonFailed]: "Numeric Comparison Failed",
  [PairingFailure.BrEdrPairingInProgress]: "BR/EDR Pairing In Progress",
  [PairingFailure.CrossTransportKeyDerivationNotAllowed]:
    "Cross-transport Key Derivation/Generation Not Allowed",
  [PairingFailure.KeyRejected]: "Key Rejected",
  [PairingFailure.Busy]: "Busy",
};

/** The reason in the words of the specification. Vol 3, Part H, 3.5.5. */
export function pairingFailureName(reason: PairingFailure): string {
  return names[reason] ?? "Reserved Reason";
}
