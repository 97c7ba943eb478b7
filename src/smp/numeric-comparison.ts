import { sameSecret } from "../common/aes.ts";
import { f4, g2 } from "./crypto.ts";
import { PairingFailure } from "./pairing-failure.ts";
import { PairingConfirm, PairingRandom } from "./pdu.ts";
import { byRole, fail, type Input, type Phase, send, type Step } from "./phase.ts";
import { type Stage1Keys, type Stage1Result, stage1Result } from "./stage1.ts";

/** Fixed for the whole phase. */
export interface NumericComparisonFixed extends Stage1Keys {
  /** Na or Nb: 16 octets of this side. */
  readonly nonce: Uint8Array;
  /** Whether the user compares numbers; for Just Works nobody does. */
  readonly compare: boolean;
}

/** Where the phase is. Nx is the peer's random value. */
export type NumericComparisonState =
  | { readonly at: "awaitConfirm" }
  | { readonly at: "awaitRandom"; readonly confirm: Uint8Array | undefined }
  | { readonly at: "awaitUser"; readonly nx: Uint8Array; readonly early: Input | undefined };

type NumericComparisonStep = Step<NumericComparisonState, Stage1Result>;

const none: Uint8Array = new Uint8Array(16);

/** LE Secure Connections, authentication stage 1: Just Works or numeric comparison. Vol 3, Part H, 2.3.5.6.2. */
export const numericComparison: Phase<NumericComparisonFixed, NumericComparisonState, Stage1Result> = {
  begin({ role, own, peer, nonce }) {
    if (role === "initiator") return [{ at: "awaitConfirm" }];
    const value = f4(own, peer, nonce, 0);
    return [{ at: "awaitRandom", confirm: undefined }, send(PairingConfirm.encode({ value }))];
  },

  step(state, input, fixed) {
    switch (state.at) {
      case "awaitConfirm":
        if (input.type !== "confirm") break;
        return [
          { at: "awaitRandom", confirm: input.value },
          send(PairingRandom.encode({ value: fixed.nonce })),
        ];
      case "awaitRandom":
        if (input.type !== "random") break;
        return haveRandom(state.confirm, input.value, fixed);
      case "awaitUser":
        return whileUserAwaited(state, input, fixed);
    }
    return fail(PairingFailure.UnspecifiedReason);
  },
};

function haveRandom(
  confirm: Uint8Array | undefined,
  nx: Uint8Array,
  fixed: NumericComparisonFixed,
): NumericComparisonStep {
  const { role, own, peer, nonce, compare } = fixed;
  // Only the responder has committed itself: its confirm value came first.
  if (confirm && !sameSecret(f4(peer, own, nx, 0), confirm)) return fail(PairingFailure.ConfirmValueFailed);
  const effects = role === "responder" ? [send(PairingRandom.encode({ value: nonce }))] : [];
  if (!compare) return [done(nx, undefined, fixed), ...effects];
  const x = byRole(role, own, peer);
  const n = byRole(role, nonce, nx);
  const number = g2(x.initiator, x.responder, n.initiator, n.responder) % 1_000_000;
  return [{ at: "awaitUser", nx, early: undefined }, ...effects, { type: "compareNumber", number }];
}

/** The initiator's user may be done first: then its Pairing DHKey Check comes while ours still looks. */
function whileUserAwaited(
  state: NumericComparisonState & { readonly at: "awaitUser" },
  input: Input,
  fixed: NumericComparisonFixed,
): NumericComparisonStep {
  if (input.type === "numbersCompared") {
    return input.same ? [done(state.nx, state.early, fixed)] : fail(PairingFailure.NumericComparisonFailed);
  }
  const early = fixed.role === "responder" && input.type === "dhKeyCheck" && !state.early;
  return early ? [{ ...state, early: input }] : fail(PairingFailure.UnspecifiedReason);
}

function done(nx: Uint8Array, early: Input | undefined, { role, nonce }: NumericComparisonFixed) {
  const result = stage1Result(role, { own: nonce, peer: nx }, { own: none, peer: none });
  return { at: "done", result, ...(early && { early }) } as const;
}
