import type { Address } from "../common/address.ts";
import { sameSecret, wipe } from "../common/aes.ts";
import { f5, f6 } from "./crypto.ts";
import { PairingFailure } from "./pairing-failure.ts";
import { type PairingFeatures, PairingDhKeyCheck } from "./pdu.ts";
import { fail, type Phase, type Role, send } from "./phase.ts";
import type { Stage1Result } from "./stage1.ts";

/** Fixed for the whole phase. */
export interface DhKeyCheckFixed {
  readonly role: Role;
  /** What f5 has made of the Diffie-Hellman key. */
  readonly macKey: Uint8Array;
  readonly ltk: Uint8Array;
  readonly stage1: Stage1Result;
  readonly request: PairingFeatures;
  readonly response: PairingFeatures;
  /** The addresses that the link was made with. */
  readonly initiator: Address;
  readonly responder: Address;
}

/** Where the phase is. */
export interface DhKeyCheckState {
  readonly at: "awaitCheck";
}

/** What both sides then have: the long term key, 16 octets, not yet masked. */
export interface DhKeyCheckResult {
  readonly ltk: Uint8Array;
}

/** LE Secure Connections, authentication stage 2: the two sides show that they have the same key. Vol 3, Part H, 2.3.5.6.5. */
export const dhKeyCheck: Phase<DhKeyCheckFixed, DhKeyCheckState, DhKeyCheckResult> = {
  begin(fixed) {
    const next = { at: "awaitCheck" } as const;
    if (fixed.role === "responder") return [next];
    return [next, send(PairingDhKeyCheck.encode({ value: checkOf("initiator", fixed) }))];
  },

  step(_state, input, fixed) {
    if (input.type !== "dhKeyCheck") return fail(PairingFailure.UnspecifiedReason);
    const isInitiator = fixed.role === "initiator";
    const expected = checkOf(isInitiator ? "responder" : "initiator", fixed);
    if (!sameSecret(expected, input.value)) return fail(PairingFailure.DhKeyCheckFailed);
    const own = isInitiator ? [] : [send(PairingDhKeyCheck.encode({ value: checkOf("responder", fixed) }))];
    wipe(fixed.macKey);
    return [{ at: "done", result: { ltk: fixed.ltk } }, ...own];
  },
};

/** MacKey and LTK of a Diffie-Hellman key, which is then wiped. Vol 3, Part H, 2.3.5.6.5. */
export function keysOf(
  dhKey: Uint8Array,
  { na, nb }: Stage1Result,
  initiator: Address,
  responder: Address,
): { readonly macKey: Uint8Array; readonly ltk: Uint8Array } {
  const keys = f5(dhKey, na, nb, initiator, responder);
  wipe(dhKey);
  return keys;
}

/** Ea or Eb: each side is authenticated by the secret of the other, and by what it has said of itself. */
function checkOf(whose: Role, fixed: DhKeyCheckFixed): Uint8Array {
  const { macKey, stage1, request, response, initiator, responder } = fixed;
  const { na, nb, ra, rb } = stage1;
  return whose === "initiator"
    ? f6(macKey, na, nb, rb, ioCap(request), initiator, responder)
    : f6(macKey, nb, na, ra, ioCap(response), responder, initiator);
}

function ioCap({ authReq, oobDataFlag, ioCapability }: PairingFeatures): Uint8Array {
  return Uint8Array.of(authReq, oobDataFlag, ioCapability);
}
