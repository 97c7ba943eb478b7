import { sameSecret, wipe } from "../common/aes.ts";
import { c1, type LegacyPairingContext, s1 } from "./crypto.ts";
import { PairingFailure } from "./pairing-failure.ts";
import { PairingConfirm, PairingRandom } from "./pdu.ts";
import {
  fail,
  type Input,
  passkeyOctets,
  type PasskeySource,
  type Phase,
  type Role,
  send,
  type Step,
} from "./phase.ts";

/** Fixed for the whole phase. */
export interface LegacyFixed {
  readonly role: Role;
  /** The request, the response and who has sent them. */
  readonly context: LegacyPairingContext;
  /** Mrand or Srand: 16 octets of this side. */
  readonly random: Uint8Array;
  /** Where TK comes from: it is known (all 0 for Just Works, or out of band), or a passkey. Vol 3, Part H, 2.3.5. */
  readonly secret: { readonly type: "key"; readonly tk: Uint8Array } | PasskeySource;
}

/** Where the phase is. `confirm` is the peer's. */
export type LegacyState =
  | { readonly at: "awaitPasskey"; readonly confirm: Uint8Array | undefined }
  | { readonly at: "awaitConfirm"; readonly tk: Uint8Array }
  | { readonly at: "awaitRandom"; readonly tk: Uint8Array; readonly confirm: Uint8Array };

/** What both sides then have: the short term key, 16 octets, not yet masked. */
export interface LegacyResult {
  readonly stk: Uint8Array;
}

type LegacyStep = Step<LegacyState, LegacyResult>;

/**
 * LE legacy pairing, phase 2: each side commits to a random value with the temporary key, then shows it.
 * Vol 3, Part H, 2.3.5.5.
 */
export const legacyAuthentication: Phase<LegacyFixed, LegacyState, LegacyResult> = {
  begin(fixed) {
    const { secret } = fixed;
    if (secret.type === "typed" || secret.type === "chosen") {
      const type = secret.type === "typed" ? "askPasskey" : "choosePasskey";
      return [{ at: "awaitPasskey", confirm: undefined }, { type }];
    }
    const tk = secret.type === "key" ? secret.tk : passkeyOctets(secret.passkey);
    const [next, ...effects] = haveTk(tk, undefined, fixed);
    if (secret.type === "key") return [next, ...effects];
    return [next, { type: "showPasskey", passkey: secret.passkey, entered: 0 }, ...effects];
  },

  step(state, input, fixed) {
    switch (state.at) {
      case "awaitPasskey":
        return whilePasskeyAwaited(state.confirm, input, fixed);
      case "awaitConfirm":
        if (input.type !== "confirm") break;
        return haveConfirm(state.tk, input.value, fixed);
      case "awaitRandom":
        if (input.type !== "random") break;
        return haveRandom(state.tk, state.confirm, input.value, fixed);
    }
    return fail(PairingFailure.UnspecifiedReason);
  },
};

/** The initiator does not wait for the responder's user, so that its Pairing Confirm may come first. */
function whilePasskeyAwaited(confirm: Uint8Array | undefined, input: Input, fixed: LegacyFixed): LegacyStep {
  if (input.type === "passkeyTyped") return haveTk(passkeyOctets(input.passkey), confirm, fixed);
  const early = fixed.role === "responder" && input.type === "confirm" && !confirm;
  if (!early) return fail(PairingFailure.UnspecifiedReason);
  return [{ at: "awaitPasskey", confirm: input.value }];
}

function haveTk(tk: Uint8Array, confirm: Uint8Array | undefined, fixed: LegacyFixed): LegacyStep {
  if (fixed.role === "initiator") return [{ at: "awaitConfirm", tk }, sendConfirm(tk, fixed)];
  return confirm ? haveConfirm(tk, confirm, fixed) : [{ at: "awaitConfirm", tk }];
}

function haveConfirm(tk: Uint8Array, confirm: Uint8Array, fixed: LegacyFixed): LegacyStep {
  const next = { at: "awaitRandom", tk, confirm } as const;
  if (fixed.role === "responder") return [next, sendConfirm(tk, fixed)];
  // c1 does not tell the two sides apart: our own value sent back would pass for the peer's.
  if (sameSecret(confirm, ownConfirm(tk, fixed))) return fail(PairingFailure.ConfirmValueFailed);
  return [next, send(PairingRandom.encode({ value: fixed.random }))];
}

function haveRandom(tk: Uint8Array, confirm: Uint8Array, random: Uint8Array, fixed: LegacyFixed): LegacyStep {
  if (!sameSecret(c1(tk, random, fixed.context), confirm)) return fail(PairingFailure.ConfirmValueFailed);
  const isResponder = fixed.role === "responder";
  const stk = isResponder ? s1(tk, fixed.random, random) : s1(tk, random, fixed.random);
  wipe(tk);
  const done = { at: "done", result: { stk } } as const;
  return isResponder ? [done, send(PairingRandom.encode({ value: fixed.random }))] : [done];
}

function sendConfirm(tk: Uint8Array, fixed: LegacyFixed): ReturnType<typeof send> {
  return send(PairingConfirm.encode({ value: ownConfirm(tk, fixed) }));
}

function ownConfirm(tk: Uint8Array, { random, context }: LegacyFixed): Uint8Array {
  return c1(tk, random, context);
}
