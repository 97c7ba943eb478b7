import { u16, u8 } from "../../common/struct.ts";
import { type Event, event } from "../event.ts";

/** Parameters of {@link DisconnectionComplete}. */
export interface DisconnectionCompleteParameters {
  /** 0x00, or why the connection could not be ended. */
  readonly status: number;
  readonly connectionHandle: number;
  /** A `Status`: why the connection has ended. */
  readonly reason: number;
}

/** A connection has ended. Vol 4, Part E, 7.7.5. */
export const DisconnectionComplete: Event<DisconnectionCompleteParameters> = event(
  "HCI_Disconnection_Complete",
  0x05,
  { status: u8, connectionHandle: u16, reason: u8 },
);

/** Parameters of {@link EncryptionChange}. */
export interface EncryptionChangeParameters {
  readonly status: number;
  readonly connectionHandle: number;
  /** 0 off, 1 on (for LE: with AES-CCM), 2 on with AES-CCM (BR/EDR). */
  readonly encryptionEnabled: number;
}

/** The encryption of a connection was switched on or off. Vol 4, Part E, 7.7.8. */
export const EncryptionChange: Event<EncryptionChangeParameters> = event("HCI_Encryption_Change", 0x08, {
  status: u8,
  connectionHandle: u16,
  encryptionEnabled: u8,
});

/** Parameters of {@link EncryptionChangeV2}. */
export interface EncryptionChangeV2Parameters extends EncryptionChangeParameters {
  /** In octets, 7 to 16 for LE. */
  readonly encryptionKeySize: number;
}

/** The same, with the size of the key. Vol 4, Part E, 7.7.8. */
export const EncryptionChangeV2: Event<EncryptionChangeV2Parameters> = event(
  "HCI_Encryption_Change [v2]",
  0x59,
  {
    status: u8,
    connectionHandle: u16,
    encryptionEnabled: u8,
    encryptionKeySize: u8,
  },
);

/** Parameters of {@link ReadRemoteVersionInformationComplete}. The numbers are listed in the Assigned Numbers. */
export interface ReadRemoteVersionInformationCompleteParameters {
  readonly status: number;
  readonly connectionHandle: number;
  /** 0x06 for Core 4.0, up to 0x0d for Core 5.4. */
  readonly version: number;
  /** Who made the peer's controller. */
  readonly companyIdentifier: number;
  /** Chosen by the manufacturer. */
  readonly subversion: number;
}

/** The peer has told its version. Vol 4, Part E, 7.7.12. */
export const ReadRemoteVersionInformationComplete: Event<ReadRemoteVersionInformationCompleteParameters> =
  event("HCI_Read_Remote_Version_Information_Complete", 0x0c, {
    status: u8,
    connectionHandle: u16,
    version: u8,
    companyIdentifier: u16,
    subversion: u16,
  });

/** Parameters of {@link EncryptionKeyRefreshComplete}. */
export interface EncryptionKeyRefreshCompleteParameters {
  readonly status: number;
  readonly connectionHandle: number;
}

/** An encrypted connection has got a new key. Vol 4, Part E, 7.7.39. */
export const EncryptionKeyRefreshComplete: Event<EncryptionKeyRefreshCompleteParameters> = event(
  "HCI_Encryption_Key_Refresh_Complete",
  0x30,
  { status: u8, connectionHandle: u16 },
);

/** No authenticated packet came for as long as the host had set. Vol 4, Part E, 7.7.75. */
export const AuthenticatedPayloadTimeoutExpired: Event<{ readonly connectionHandle: number }> = event(
  "HCI_Authenticated_Payload_Timeout_Expired",
  0x57,
  { connectionHandle: u16 },
);
