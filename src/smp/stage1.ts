import { byRole, type Role } from "./phase.ts";

/** What every way through authentication stage 1 needs of the public keys. Vol 3, Part H, 2.3.5.6. */
export interface Stage1Keys {
  readonly role: Role;
  /** X of our public key, and of the peer's: 32 octets each. */
  readonly own: Uint8Array;
  readonly peer: Uint8Array;
}

/** What authentication stage 1 leaves for stage 2. Vol 3, Part H, 2.3.5.6.5. */
export interface Stage1Result {
  /** The last random values of initiator and responder, 16 octets each. */
  readonly na: Uint8Array;
  readonly nb: Uint8Array;
  /** The secrets that both have proved to know or to have got, 16 octets each; all 0 where there are none. */
  readonly ra: Uint8Array;
  readonly rb: Uint8Array;
}

/** The values of both sides under the names that the specification gives them. */
export function stage1Result(
  role: Role,
  nonces: { readonly own: Uint8Array; readonly peer: Uint8Array },
  secrets: { readonly own: Uint8Array; readonly peer: Uint8Array },
): Stage1Result {
  const n = byRole(role, nonces.own, nonces.peer);
  const r = byRole(role, secrets.own, secrets.peer);
  return { na: n.initiator, nb: n.responder, ra: r.initiator, rb: r.responder };
}
