import { bytes, u16 } from "../../common/struct.ts";
import { type Command, command, deferredCommand, type Nothing, opcodeOf, Ogf } from "../command.ts";
import { type OnConnection, onConnection } from "./on-connection.ts";

/** Parameters of {@link LeEnableEncryption}. */
export interface LeEnableEncryptionParameters {
  readonly connectionHandle: number;
  /** 8 octets, least significant first; zero for a key of LE Secure Connections. */
  readonly randomNumber: Uint8Array;
  /** Zero for a key of LE Secure Connections. */
  readonly encryptedDiversifier: number;
  /** 16 octets, least significant first. */
  readonly longTermKey: Uint8Array;
}

/**
 * Encrypts a connection as its central; Encryption Change follows, or Encryption Key Refresh Complete where the
 * connection was encrypted already. Vol 4, Part E, 7.8.24.
 */
export const LeEnableEncryption: Command<LeEnableEncryptionParameters, Nothing> = deferredCommand(
  "HCI_LE_Enable_Encryption",
  opcodeOf(Ogf.Le, 0x0019),
  { connectionHandle: u16, randomNumber: bytes(8), encryptedDiversifier: u16, longTermKey: bytes(16) },
);

/** Parameters of {@link LeLongTermKeyRequestReply}. */
export interface LeLongTermKeyRequestReplyParameters {
  readonly connectionHandle: number;
  /** 16 octets, least significant first. */
  readonly longTermKey: Uint8Array;
}

/** Answers LE Long Term Key Request with the key. Vol 4, Part E, 7.8.25. */
export const LeLongTermKeyRequestReply: Command<LeLongTermKeyRequestReplyParameters, OnConnection> = command(
  "HCI_LE_Long_Term_Key_Request_Reply",
  opcodeOf(Ogf.Le, 0x001a),
  { connectionHandle: u16, longTermKey: bytes(16) },
  onConnection,
);

/** Answers LE Long Term Key Request: there is no such key. Vol 4, Part E, 7.8.26. */
export const LeLongTermKeyRequestNegativeReply: Command<OnConnection, OnConnection> = command(
  "HCI_LE_Long_Term_Key_Request_Negative_Reply",
  opcodeOf(Ogf.Le, 0x001b),
  onConnection,
  onConnection,
);
