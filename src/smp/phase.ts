import type { PairingFailure } from "./pairing-failure.ts";
import type { KeypressType, PairingFeatures } from "./pdu.ts";
import type { PublicKey } from "./p256.ts";

/** Which part a side has in a pairing: the central is always the initiator. Vol 3, Part H, 2.3. */
export type Role = "initiator" | "responder";

/** What happens to a pairing: a command of the peer, decoded, or an answer of this side's user. */
export type Input =
  | { readonly type: "features"; readonly features: PairingFeatures }
  | { readonly type: "confirm" | "random" | "dhKeyCheck"; readonly value: Uint8Array }
  | { readonly type: "publicKey"; readonly key: PublicKey }
  | { readonly type: "keypress"; readonly keypress: number }
  | { readonly type: "ltk" | "irk" | "csrk"; readonly key: Uint8Array }
  | { readonly type: "identification"; readonly ediv: number; readonly rand: Uint8Array }
  | { readonly type: "identityAddress"; readonly addressType: number; readonly address: number }
  | { readonly type: "passkeyTyped"; readonly passkey: number }
  | { readonly type: "numbersCompared"; readonly same: boolean };

/** What a pairing does. */
export type Effect =
  | { readonly type: "send"; readonly pdu: Uint8Array }
  /** To the user: the passkey, and how much of it has been typed on the other side. */
  | { readonly type: "showPasskey"; readonly passkey: number; readonly entered: number }
  | { readonly type: "askPasskey" }
  /** To the user: make the passkey that the other side types. */
  | { readonly type: "choosePasskey" }
  | { readonly type: "compareNumber"; readonly number: number };

/** The end of a phase: with what it has found out, or with the reason to give the peer. */
export type Ended<Result> =
  | { readonly at: "done"; readonly result: Result; readonly early?: Input }
  | { readonly at: "failed"; readonly reason: PairingFailure };

/** What follows of an input: the next state, and what is done meanwhile, in this order. */
export type Step<State, Result> = readonly [next: State | Ended<Result>, ...effects: Effect[]];

/**
 * One phase of a pairing, for both roles: pure functions, total over all inputs. `Fixed` is what stays the same for the
 * whole phase. Pairing Failed and the 30 s timer are handled one level up, for all phases.
 */
export interface Phase<Fixed, State, Result> {
  begin(fixed: Fixed): Step<State, Result>;
  step(state: State, input: Input, fixed: Fixed): Step<State, Result>;
}

/** A command to the peer. */
export function send(pdu: Uint8Array): Effect {
  return { type: "send", pdu };
}

/** The phase ends, and the pairing with it. */
export function fail(reason: PairingFailure): readonly [Ended<never>] {
  return [{ at: "failed", reason }];
}

/** Which of the two roles' values is whose. */
export function byRole<T>(role: Role, own: T, peer: T): { readonly initiator: T; readonly responder: T } {
  return role === "initiator" ? { initiator: own, responder: peer } : { initiator: peer, responder: own };
}

/** A passkey of six digits as the 16 octets of a key, most significant first. Vol 3, Part H, 2.3.5.3 and 2.3.5.6.3. */
export function passkeyOctets(passkey: number): Uint8Array {
  const octets = new Uint8Array(16);
  new DataView(octets.buffer).setUint32(12, passkey);
  return octets;
}

/** Where the passkey comes from on this side. */
export type PasskeySource =
  | { readonly type: "shown"; readonly passkey: number }
  /** The user makes it, and shows it. */
  | { readonly type: "chosen" }
  | { readonly type: "typed" };

/** What happens at a keyboard. */
export type Keypress = (typeof KeypressType)[keyof typeof KeypressType];
