import { bytes, u16, u8 } from "../../common/struct.ts";
import { type Event, leEvent } from "../event.ts";

/** Parameters of {@link LeLongTermKeyRequest}. */
export interface LeLongTermKeyRequestParameters {
  readonly connectionHandle: number;
  /** 8 octets, least significant first, *borrowed*; zero for a key of LE Secure Connections. */
  readonly randomNumber: Uint8Array;
  /** Zero for a key of LE Secure Connections. */
  readonly encryptedDiversifier: number;
}

/** The central encrypts the connection and the controller needs the key. Vol 4, Part E, 7.7.65.5. */
export const LeLongTermKeyRequest: Event<LeLongTermKeyRequestParameters> = leEvent(
  "HCI_LE_Long_Term_Key_Request",
  0x05,
  { connectionHandle: u16, randomNumber: bytes(8), encryptedDiversifier: u16 },
);

/** Parameters of {@link LeReadLocalP256PublicKeyComplete}. */
export interface LeReadLocalP256PublicKeyCompleteParameters {
  readonly status: number;
  /** 32 octets, least significant first, *borrowed*. */
  readonly keyXCoordinate: Uint8Array;
  /** 32 octets, least significant first, *borrowed*. */
  readonly keyYCoordinate: Uint8Array;
}

/** The controller has made a key pair; this is its public key. Vol 4, Part E, 7.7.65.8. */
export const LeReadLocalP256PublicKeyComplete: Event<LeReadLocalP256PublicKeyCompleteParameters> = leEvent(
  "HCI_LE_Read_Local_P-256_Public_Key_Complete",
  0x08,
  { status: u8, keyXCoordinate: bytes(32), keyYCoordinate: bytes(32) },
);

/** Parameters of {@link LeGenerateDhKeyComplete}. */
export interface LeGenerateDhKeyCompleteParameters {
  readonly status: number;
  /** 32 octets, least significant first, *borrowed*; all 0xff if the peer's key was no point on the curve. */
  readonly dhKey: Uint8Array;
}

/** The controller has computed a Diffie-Hellman key. Vol 4, Part E, 7.7.65.9. */
export const LeGenerateDhKeyComplete: Event<LeGenerateDhKeyCompleteParameters> = leEvent(
  "HCI_LE_Generate_DHKey_Complete",
  0x09,
  { status: u8, dhKey: bytes(32) },
);
