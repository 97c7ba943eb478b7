import type { Address } from "../common/address.ts";

/** With what a central encrypts a link. */
export interface EncryptionKey {
  /** 16 octets, most significant first. */
  readonly key: Uint8Array;
  readonly ediv: number;
  /** 8 octets, most significant first. */
  readonly rand: Uint8Array;
}

/** What the Security Manager needs of the link and its controller. `gap/connections.ts` wires it to HCI. */
export interface SecurityLink {
  readonly role: "central" | "peripheral";
  /** The address of this side that the link was made with: of a private one, the private one. Vol 3, Part H, 2.2.3. */
  readonly localAddress: Address;
  /** The address of the peer that the link was made with. */
  readonly peerAddress: Address;
  /**
   * As central: HCI_LE_Enable_Encryption. What comes of it is told with `encryptionChanged` or `keyRefreshed`, also when
   * the controller refuses the command. Vol 4, Part E, 7.8.24.
   */
  encrypt(key: EncryptionKey): void;
  /**
   * As peripheral: answers LE Long Term Key Request, with a Negative Reply if there is no key. Vol 4, Part E, 7.8.25.
   *
   * @param key - 16 octets, most significant first.
   */
  replyKey(key: Uint8Array | undefined): void;
  /** Ends the link; `reason` is one that HCI_Disconnect allows. */
  disconnect(reason: number): void;
}
