import { equal } from "../common/bytes.ts";
import { isDebugKey, type KeyPair, type PublicKey } from "./p256.ts";
import { PairingFailure } from "./pairing-failure.ts";
import { PairingPublicKey } from "./pdu.ts";
import { fail, type Phase, type Role, send } from "./phase.ts";

/** Fixed for the whole phase. */
export interface PublicKeyFixed {
  readonly role: Role;
  /** Made for this pairing alone. */
  readonly keyPair: KeyPair;
  readonly allowDebugKey: boolean;
}

/** Where the phase is. */
export interface PublicKeyState {
  readonly at: "awaitKey";
}

/** What both sides then have. */
export interface PublicKeyResult {
  readonly peerKey: PublicKey;
  /** 32 octets. */
  readonly dhKey: Uint8Array;
}

/** LE Secure Connections, phase 2: the exchange of public keys. Vol 3, Part H, 2.3.5.6.1. */
export const publicKeyExchange: Phase<PublicKeyFixed, PublicKeyState, PublicKeyResult> = {
  begin({ role, keyPair }) {
    const next = { at: "awaitKey" } as const;
    return role === "initiator" ? [next, send(PairingPublicKey.encode(keyPair.publicKey))] : [next];
  },

  step(_state, input, { role, keyPair, allowDebugKey }) {
    if (input.type !== "publicKey") return fail(PairingFailure.UnspecifiedReason);
    const { key } = input;
    // Whoever sends our own X back, with either Y, could send back our confirm values too.
    if (equal(key.x, keyPair.publicKey.x)) return fail(PairingFailure.InvalidParameters);
    if (isDebugKey(key) && !allowDebugKey) return fail(PairingFailure.InvalidParameters);
    const dhKey = keyPair.diffieHellman(key);
    if (!dhKey) return fail(PairingFailure.InvalidParameters);
    const done = { at: "done", result: { peerKey: key, dhKey } } as const;
    return role === "responder" ? [done, send(PairingPublicKey.encode(keyPair.publicKey))] : [done];
  },
};
