import { reversed } from "../common/bytes.ts";
import { type Codec, pdu } from "../common/codec.ts";
import { bytes, type Field, mapped, u16, u48, u8 } from "../common/struct.ts";
import type { PairingFailure } from "./pairing-failure.ts";

/** The first octet of every SMP command. Vol 3, Part H, 3.3. */
export const Code = {
  PairingRequest: 0x01,
  PairingResponse: 0x02,
  PairingConfirm: 0x03,
  PairingRandom: 0x04,
  PairingFailed: 0x05,
  EncryptionInformation: 0x06,
  CentralIdentification: 0x07,
  IdentityInformation: 0x08,
  IdentityAddressInformation: 0x09,
  SigningInformation: 0x0a,
  SecurityRequest: 0x0b,
  PairingPublicKey: 0x0c,
  PairingDhKeyCheck: 0x0d,
  PairingKeypressNotification: 0x0e,
} as const;

/** What a device can show and ask. Vol 3, Part H, 3.5.1. */
export const IoCapability = {
  DisplayOnly: 0x00,
  DisplayYesNo: 0x01,
  KeyboardOnly: 0x02,
  NoInputNoOutput: 0x03,
  KeyboardDisplay: 0x04,
} as const;

/** The bits of AuthReq. Vol 3, Part H, 3.5.1. */
export const AuthReq = {
  Bonding: 0x01,
  Mitm: 0x04,
  SecureConnections: 0x08,
  Keypress: 0x10,
  Ct2: 0x20,
} as const;

/** The bits of a key distribution field. Vol 3, Part H, 3.6.1. */
export const KeyDistribution = {
  EncKey: 0x01,
  IdKey: 0x02,
  SignKey: 0x04,
  LinkKey: 0x08,
} as const;

/** What happened at a keyboard. Vol 3, Part H, 3.5.8. */
export const KeypressType = {
  PasskeyEntryStarted: 0x00,
  PasskeyDigitEntered: 0x01,
  PasskeyDigitErased: 0x02,
  PasskeyCleared: 0x03,
  PasskeyEntryCompleted: 0x04,
} as const;

/**
 * A value of `size` octets. On the air it goes least significant octet first; for the program the most significant one
 * comes first, as the specification prints keys and sample data. Decodes to a copy that the caller *owns*.
 */
function value(size: number): Field<Uint8Array> {
  return mapped(bytes(size), reversed, reversed);
}

/** What Pairing Request and Pairing Response have in common. Vol 3, Part H, 3.5.1. */
export interface PairingFeatures {
  /** One of {@link IoCapability}; from the air, any octet. */
  readonly ioCapability: number;
  /** 0x01 when the sender has OOB data from the receiver, else 0x00; from the air, any octet. */
  readonly oobDataFlag: number;
  /** Bits of {@link AuthReq}, reserved ones as received. */
  readonly authReq: number;
  /** In octets, 7 to 16; from the air, any octet. */
  readonly maximumEncryptionKeySize: number;
  /** Bits of {@link KeyDistribution}: what the initiator hands out, reserved ones as received. */
  readonly initiatorKeyDistribution: number;
  /** Bits of {@link KeyDistribution}: what the responder hands out, reserved ones as received. */
  readonly responderKeyDistribution: number;
}

const features = {
  ioCapability: u8,
  oobDataFlag: u8,
  authReq: u8,
  maximumEncryptionKeySize: u8,
  initiatorKeyDistribution: u8,
  responderKeyDistribution: u8,
};

/** Pairing Request: the initiator begins to pair. Vol 3, Part H, 3.5.1. */
export type PairingRequest = PairingFeatures;

/** Codec of Pairing Request. Vol 3, Part H, 3.5.1. */
export const PairingRequest: Codec<PairingRequest> = pdu("Pairing Request", Code.PairingRequest, features);

/** Pairing Response: the responder is willing. Vol 3, Part H, 3.5.2. */
export type PairingResponse = PairingFeatures;

/** Codec of Pairing Response. Vol 3, Part H, 3.5.2. */
export const PairingResponse: Codec<PairingResponse> = pdu(
  "Pairing Response",
  Code.PairingResponse,
  features,
);

/** Pairing Confirm: a commitment to a random value. Vol 3, Part H, 3.5.3. */
export interface PairingConfirm {
  /** 16 octets, most significant first. */
  readonly value: Uint8Array;
}

/** Codec of Pairing Confirm. Vol 3, Part H, 3.5.3. */
export const PairingConfirm: Codec<PairingConfirm> = pdu("Pairing Confirm", Code.PairingConfirm, {
  value: value(16),
});

/** Pairing Random: the random value behind a commitment. Vol 3, Part H, 3.5.4. */
export interface PairingRandom {
  /** 16 octets, most significant first. */
  readonly value: Uint8Array;
}

/** Codec of Pairing Random. Vol 3, Part H, 3.5.4. */
export const PairingRandom: Codec<PairingRandom> = pdu("Pairing Random", Code.PairingRandom, {
  value: value(16),
});

/** Pairing Failed: there is no more to this pairing. Vol 3, Part H, 3.5.5. */
export interface PairingFailed {
  readonly reason: PairingFailure;
}

/** Codec of Pairing Failed. Vol 3, Part H, 3.5.5. */
export const PairingFailed: Codec<PairingFailed> = pdu("Pairing Failed", Code.PairingFailed, { reason: u8 });

/** Pairing Public Key: the point of the sender on P-256. Vol 3, Part H, 3.5.6. */
export interface PairingPublicKey {
  /** 32 octets, most significant first. Whether the point is on the curve is for the receiver to check. */
  readonly x: Uint8Array;
  /** 32 octets, most significant first. */
  readonly y: Uint8Array;
}

/** Codec of Pairing Public Key. Vol 3, Part H, 3.5.6. */
export const PairingPublicKey: Codec<PairingPublicKey> = pdu("Pairing Public Key", Code.PairingPublicKey, {
  x: value(32),
  y: value(32),
});

/** Pairing DHKey Check: proof that both sides have the same DHKey. Vol 3, Part H, 3.5.7. */
export interface PairingDhKeyCheck {
  /** Ea or Eb, 16 octets, most significant first. */
  readonly value: Uint8Array;
}

/** Codec of Pairing DHKey Check. Vol 3, Part H, 3.5.7. */
export const PairingDhKeyCheck: Codec<PairingDhKeyCheck> = pdu(
  "Pairing DHKey Check",
  Code.PairingDhKeyCheck,
  {
    value: value(16),
  },
);

/** Keypress Notification: someone is typing a passkey. Vol 3, Part H, 3.5.8. */
export interface PairingKeypressNotification {
  /** One of {@link KeypressType}; from the air, any octet. */
  readonly type: number;
}

/** Codec of Keypress Notification. Vol 3, Part H, 3.5.8. */
export const PairingKeypressNotification: Codec<PairingKeypressNotification> = pdu(
  "Pairing Keypress Notification",
  Code.PairingKeypressNotification,
  { type: u8 },
);

/** Encryption Information: a long term key. Vol 3, Part H, 3.6.2. */
export interface EncryptionInformation {
  /** 16 octets, most significant first. */
  readonly ltk: Uint8Array;
}

/** Codec of Encryption Information. Vol 3, Part H, 3.6.2. */
export const EncryptionInformation: Codec<EncryptionInformation> = pdu(
  "Encryption Information",
  Code.EncryptionInformation,
  { ltk: value(16) },
);

/** Central Identification: what the long term key will be asked for by. Vol 3, Part H, 3.6.3. */
export interface CentralIdentification {
  readonly ediv: number;
  /** 8 octets, most significant first. */
  readonly rand: Uint8Array;
}

/** Codec of Central Identification. Vol 3, Part H, 3.6.3. */
export const CentralIdentification: Codec<CentralIdentification> = pdu(
  "Central Identification",
  Code.CentralIdentification,
  { ediv: u16, rand: value(8) },
);

/** Identity Information: an identity resolving key. Vol 3, Part H, 3.6.4. */
export interface IdentityInformation {
  /** 16 octets, most significant first; all zero when the sender has no resolvable private addresses. */
  readonly irk: Uint8Array;
}

/** Codec of Identity Information. Vol 3, Part H, 3.6.4. */
export const IdentityInformation: Codec<IdentityInformation> = pdu(
  "Identity Information",
  Code.IdentityInformation,
  {
    irk: value(16),
  },
);

/** Identity Address Information: the address that stays the same. Vol 3, Part H, 3.6.5. */
export interface IdentityAddressInformation {
  /** 0x00 public, 0x01 static random; from the air, any octet. */
  readonly addressType: number;
  /** 48 bits. */
  readonly address: number;
}

/** Codec of Identity Address Information. Vol 3, Part H, 3.6.5. */
export const IdentityAddressInformation: Codec<IdentityAddressInformation> = pdu(
  "Identity Address Information",
  Code.IdentityAddressInformation,
  { addressType: u8, address: u48 },
);

/** Signing Information: a connection signature resolving key. Vol 3, Part H, 3.6.6. */
export interface SigningInformation {
  /** 16 octets, most significant first. */
  readonly csrk: Uint8Array;
}

/** Codec of Signing Information. Vol 3, Part H, 3.6.6. */
export const SigningInformation: Codec<SigningInformation> = pdu(
  "Signing Information",
  Code.SigningInformation,
  {
    csrk: value(16),
  },
);

/** Security Request: a peripheral wants its central to encrypt or to pair. Vol 3, Part H, 3.6.7. */
export interface SecurityRequest {
  /** Bits of {@link AuthReq}, reserved ones as received. */
  readonly authReq: number;
}

/** Codec of Security Request. Vol 3, Part H, 3.6.7. */
export const SecurityRequest: Codec<SecurityRequest> = pdu("Security Request", Code.SecurityRequest, {
  authReq: u8,
});
