import { sameSecret } from "../common/aes.ts";
import { f4 } from "./crypto.ts";
import { PairingFailure } from "./pairing-failure.ts";
import { PairingRandom } from "./pdu.ts";
import { fail, type Phase, send } from "./phase.ts";
import { type Stage1Keys, type Stage1Result, stage1Result } from "./stage1.ts";

/** Fixed for the whole phase. */
export interface OutOfBandFixed extends Stage1Keys {
  /** Na or Nb: 16 octets of this side. */
  readonly nonce: Uint8Array;
  /** What has come of the peer, if this side has said so. */
  readonly peerOob: { readonly confirm: Uint8Array; readonly random: Uint8Array } | undefined;
  /** Whether the peer says that it has got our data. */
  readonly peerHasOurs: boolean;
  /** The r of our data, if it was given to anybody. */
  readonly random: Uint8Array | undefined;
}

/** Where the phase is. */
export interface OutOfBandState {
  readonly at: "awaitRandom";
}

const none: Uint8Array = new Uint8Array(16);

/** LE Secure Connections, authentication stage 1, out of band. Vol 3, Part H, 2.3.5.6.4. */
export const outOfBand: Phase<OutOfBandFixed, OutOfBandState, Stage1Result> = {
  begin({ role, peer, nonce, peerOob, peerHasOurs, random }) {
    if (peerHasOurs && !random) return fail(PairingFailure.OobNotAvailable);
    if (peerOob && !sameSecret(f4(peer, peer, peerOob.random, 0), peerOob.confirm)) {
      return fail(PairingFailure.ConfirmValueFailed);
    }
    const next = { at: "awaitRandom" } as const;
    return role === "initiator" ? [next, send(PairingRandom.encode({ value: nonce }))] : [next];
  },

  step(_state, input, { role, nonce, peerOob, peerHasOurs, random }) {
    if (input.type !== "random") return fail(PairingFailure.UnspecifiedReason);
    // The r of a side counts only if the other side has got it.
    const secrets = { own: (peerHasOurs ? random : none) ?? none, peer: peerOob?.random ?? none };
    const result = stage1Result(role, { own: nonce, peer: input.value }, secrets);
    const done = { at: "done", result } as const;
    return role === "responder" ? [done, send(PairingRandom.encode({ value: nonce }))] : [done];
  },
};
