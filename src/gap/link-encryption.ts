import type { Address } from "../common/address.ts";
import { reversed } from "../common/bytes.ts";
import { BleError } from "../common/errors.ts";
import {
  LeEnableEncryption,
  LeLongTermKeyRequestNegativeReply,
  LeLongTermKeyRequestReply,
} from "../hci/commands/le-encryption.ts";
import { Disconnect } from "../hci/commands/link-control.ts";
import { HciError } from "../hci/error.ts";
import type { Hci } from "../hci/hci.ts";
import { Status } from "../hci/status.ts";
import type { EncryptionKey, SecurityLink } from "../smp/security-link.ts";

/** What a {@link LinkEncryption} is made of. */
export interface LinkEncryptionParts {
  readonly hci: Hci;
  readonly handle: number;
  readonly role: "central" | "peripheral";
  /** The addresses that the link was made with. */
  readonly localAddress: Address;
  readonly peerAddress: Address;
  /** The controller has refused to encrypt; no event will tell. */
  readonly refused: (status: number) => void;
}

/** The encryption of one link by its controller. Vol 4, Part E, 7.8.24 to 7.8.26. */
export class LinkEncryption implements SecurityLink {
  readonly role: "central" | "peripheral";
  readonly localAddress: Address;
  readonly peerAddress: Address;
  readonly #hci: Hci;
  readonly #handle: number;
  readonly #refused: (status: number) => void;

  constructor({ hci, handle, role, localAddress, peerAddress, refused }: LinkEncryptionParts) {
    this.#hci = hci;
    this.#handle = handle;
    this.role = role;
    this.localAddress = localAddress;
    this.peerAddress = peerAddress;
    this.#refused = refused;
  }

  encrypt({ key, ediv, rand }: EncryptionKey): void {
    const parameters = {
      connectionHandle: this.#handle,
      randomNumber: reversed(rand),
      encryptedDiversifier: ediv,
      longTermKey: reversed(key),
    };
    this.#hci.send(LeEnableEncryption, parameters, (outcome) => {
      if (!(outcome instanceof BleError)) return; // an event tells what comes of it
      this.#refused(outcome instanceof HciError ? outcome.status : Status.UnspecifiedError);
    });
  }

  replyKey(key: Uint8Array | undefined): void {
    const connectionHandle = this.#handle;
    // Refused only when the link has gone meanwhile, which is told otherwise.
    const ignore = (): void => undefined;
    if (key) {
      this.#hci.send(LeLongTermKeyRequestReply, { connectionHandle, longTermKey: reversed(key) }, ignore);
    } else {
      this.#hci.send(LeLongTermKeyRequestNegativeReply, { connectionHandle }, ignore);
    }
  }

  disconnect(reason: number): void {
    this.#hci.send(Disconnect, { connectionHandle: this.#handle, reason }, () => undefined);
  }
}
