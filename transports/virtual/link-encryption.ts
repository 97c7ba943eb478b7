import { AuthenticatedPayload, type PingingEnd } from "./authenticated-payload.ts";
import { Status } from "../../src/hci/status.ts";
import { LinkCipher, type SessionKey } from "./link-cipher.ts";
import type { Llid } from "./llid.ts";
import { Role } from "./role.ts";
import type { Encryption } from "./timing.ts";

/** How a peripheral goes on when its host has answered LE Long Term Key Request. Vol 4, Part E, 7.7.65.5. */
export interface KeyRequest {
  /** @param longTermKey - 16 octets, least significant first. */
  reply(longTermKey: Uint8Array): void;
  /** The host has no key. */
  refuse(): void;
}

/** One end of a link, as far as its encryption is concerned. */
export interface EncryptedEnd extends PingingEnd {
  readonly role: Role;
  readonly link: PingingEnd["link"] & { readonly medium: { readonly encryption: Encryption } };
  /** Whether its packets carry a message integrity check. */
  encrypted: boolean;
  /** Gives the link up. */
  lose(reason: number): void;
}

/**
 * The encryption of one end of a link. Vol 6, Part B, 5.1.3.
 *
 * Whether packets have a message integrity check is {@link EncryptedEnd.encrypted}; the ciphers are there only in an air
 * that really encrypts.
 */
export class LinkEncryption implements Disposable {
  /** For what this end sends. */
  transmit: LinkCipher | undefined;
  /** For what this end receives. */
  receive: LinkCipher | undefined;
  /** The key that this end goes by or is about to. */
  session: SessionKey | undefined;
  /** Whether the host of this end knows the link to be encrypted. */
  enabled = false;
  /** Whether this end, a central, is about to encrypt the link. */
  starting = false;
  /** There while the host of this end, a peripheral, is asked for a key. */
  request: KeyRequest | undefined;
  readonly payload: AuthenticatedPayload;
  readonly #end: EncryptedEnd;

  constructor(end: EncryptedEnd) {
    this.#end = end;
    this.payload = new AuthenticatedPayload(end);
  }

  [Symbol.dispose](): void {
    this.payload[Symbol.dispose]();
  }

  /** From now on this end sends encrypted packets, or plain ones. */
  encryptTransmission(on: boolean): void {
    this.#end.encrypted = on;
    this.transmit = on ? this.#cipher(this.#end.role === Role.Central) : undefined;
  }

  /** From now on this end expects encrypted packets, or plain ones. */
  encryptReception(on: boolean): void {
    this.receive = on ? this.#cipher(this.#end.role === Role.Peripheral) : undefined;
    if (on) this.payload.begin();
    else this.payload[Symbol.dispose]();
  }

  /**
   * The payload of an encrypted packet that this end has received. If the message integrity check fails, this end
   * gives up the link, and there is none. Vol 6, Part E, 1.
   */
  open(llid: Llid, sealed: Uint8Array): Uint8Array | undefined {
    const payload = this.receive?.open(llid, sealed);
    if (!payload) this.#end.lose(Status.ConnectionTerminatedDueToMicFailure);
    return payload;
  }

  #cipher(fromCentral: boolean): LinkCipher | undefined {
    const { session } = this;
    const { medium } = this.#end.link;
    return session && medium.encryption === "ccm" ? new LinkCipher(session, fromCentral) : undefined;
  }
}
