import { sameSecret } from "../common/aes.ts";
import { f4 } from "./crypto.ts";
import { PairingFailure } from "./pairing-failure.ts";
import { KeypressType, PairingConfirm, PairingRandom } from "./pdu.ts";
import {
  type Effect,
  fail,
  type Input,
  passkeyOctets,
  type PasskeySource,
  type Phase,
  send,
  type Step,
} from "./phase.ts";
import { type Stage1Keys, type Stage1Result, stage1Result } from "./stage1.ts";

/** One for each bit of a passkey. Vol 3, Part H, 2.3.5.6.3. */
export const passkeyRounds = 20;

/** Digits of a passkey. */
const digits = 6;

/** Fixed for the whole phase. */
export interface PasskeyEntryFixed extends Stage1Keys {
  readonly secret: PasskeySource;
  /** A random value of this side for each round, 16 octets each. */
  readonly nonces: readonly Uint8Array[];
  /** Whether keypress notifications were agreed on. */
  readonly keypress: boolean;
}

/** Where the phase is; `round` counts from 0, `confirm` is the peer's, `entered` the digits it has typed. */
export type PasskeyEntryState = { readonly entered: number } & (
  | { readonly at: "awaitPasskey"; readonly confirm: Uint8Array | undefined }
  | { readonly at: "awaitConfirm"; readonly passkey: number; readonly round: number }
  | {
      readonly at: "awaitRandom";
      readonly passkey: number;
      readonly round: number;
      readonly confirm: Uint8Array;
    }
);

type PasskeyEntryStep = Step<PasskeyEntryState, Stage1Result>;

/**
 * LE Secure Connections, authentication stage 1, passkey entry: in each of twenty rounds both sides commit to one bit
 * of the passkey, so that a wrong guess shows before the rest is told. Vol 3, Part H, 2.3.5.6.3.
 */
export const passkeyEntry: Phase<PasskeyEntryFixed, PasskeyEntryState, Stage1Result> = {
  begin(fixed) {
    const { secret } = fixed;
    if (secret.type !== "shown") {
      const type = secret.type === "typed" ? "askPasskey" : "choosePasskey";
      return [{ at: "awaitPasskey", entered: 0, confirm: undefined }, { type }];
    }
    const [next, ...effects] = beginRound(secret.passkey, 0, 0, fixed);
    return [next, { type: "showPasskey", passkey: secret.passkey, entered: 0 }, ...effects];
  },

  step(state, input, fixed) {
    if (input.type === "keypress") return keypress(state, input.keypress, fixed);
    switch (state.at) {
      case "awaitPasskey":
        return whilePasskeyAwaited(state, input, fixed);
      case "awaitConfirm":
        if (input.type !== "confirm") break;
        return haveConfirm(state, input.value, fixed);
      case "awaitRandom":
        if (input.type !== "random") break;
        return haveRandom(state, input.value, fixed);
    }
    return fail(PairingFailure.UnspecifiedReason);
  },
};

function keypress(state: PasskeyEntryState, type: number, fixed: PasskeyEntryFixed): PasskeyEntryStep {
  if (!fixed.keypress) return fail(PairingFailure.UnspecifiedReason);
  const entered = enteredAfter(state.entered, type);
  const { secret } = fixed;
  if (secret.type !== "shown" || entered === state.entered) return [state]; // nobody is shown it
  return [
    { ...state, entered },
    { type: "showPasskey", passkey: secret.passkey, entered },
  ];
}

function enteredAfter(entered: number, type: number): number {
  switch (type) {
    case KeypressType.PasskeyDigitEntered:
      return Math.min(entered + 1, digits);
    case KeypressType.PasskeyDigitErased:
      return Math.max(entered - 1, 0);
    case KeypressType.PasskeyEntryStarted:
    case KeypressType.PasskeyCleared:
      return 0;
    default:
      return entered;
  }
}

/** The initiator does not wait for the responder's user, so that its first Pairing Confirm may come before. */
function whilePasskeyAwaited(
  state: PasskeyEntryState & { readonly at: "awaitPasskey" },
  input: Input,
  fixed: PasskeyEntryFixed,
): PasskeyEntryStep {
  if (input.type === "passkeyTyped") {
    const [next, ...effects] = beginRound(input.passkey, 0, state.entered, fixed);
    if (!state.confirm || next.at !== "awaitConfirm") return [next, ...effects];
    return haveConfirm(next, state.confirm, fixed);
  }
  const early = fixed.role === "responder" && input.type === "confirm" && !state.confirm;
  return early ? [{ ...state, confirm: input.value }] : fail(PairingFailure.UnspecifiedReason);
}

function beginRound(
  passkey: number,
  round: number,
  entered: number,
  fixed: PasskeyEntryFixed,
): PasskeyEntryStep {
  const next = { at: "awaitConfirm", passkey, round, entered } as const;
  return fixed.role === "initiator" ? [next, sendConfirm(passkey, round, fixed)] : [next];
}

function haveConfirm(
  { passkey, round, entered }: PasskeyEntryState & { readonly at: "awaitConfirm" },
  confirm: Uint8Array,
  fixed: PasskeyEntryFixed,
): PasskeyEntryStep {
  const effect = fixed.role === "initiator" ? sendRandom(round, fixed) : sendConfirm(passkey, round, fixed);
  return [{ at: "awaitRandom", passkey, round, entered, confirm }, effect];
}

function haveRandom(
  state: PasskeyEntryState & { readonly at: "awaitRandom" },
  nx: Uint8Array,
  fixed: PasskeyEntryFixed,
): PasskeyEntryStep {
  const { role, own, peer } = fixed;
  const { passkey, round, entered } = state;
  const expected = f4(peer, own, nx, bitOf(passkey, round));
  if (!sameSecret(expected, state.confirm)) return fail(PairingFailure.ConfirmValueFailed);
  const shown = role === "responder" ? [sendRandom(round, fixed)] : [];
  if (round + 1 < passkeyRounds) {
    const [next, ...effects] = beginRound(passkey, round + 1, entered, fixed);
    return [next, ...shown, ...effects];
  }
  const r = passkeyOctets(passkey);
  const result = stage1Result(role, { own: nonceOf(round, fixed), peer: nx }, { own: r, peer: r });
  return [{ at: "done", result }, ...shown];
}

function sendConfirm(passkey: number, round: number, fixed: PasskeyEntryFixed): Effect {
  const { own, peer } = fixed;
  const value = f4(own, peer, nonceOf(round, fixed), bitOf(passkey, round));
  return send(PairingConfirm.encode({ value }));
}

function sendRandom(round: number, fixed: PasskeyEntryFixed): Effect {
  return send(PairingRandom.encode({ value: nonceOf(round, fixed) }));
}

function nonceOf(round: number, { nonces }: PasskeyEntryFixed): Uint8Array {
  const nonce = nonces[round];
  if (!nonce) throw new RangeError("a random value for each round"); // whoever begins the phase gives them all
  return nonce;
}

/** rai and rbi: a bit of the passkey, the least significant first. */
function bitOf(passkey: number, round: number): number {
  return 0x80 | ((passkey >> round) & 1);
}
