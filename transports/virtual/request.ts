import { hasFeature, LeFeature } from "./le-feature.ts";
import type { LinkEnd } from "./link-end.ts";
import { Role } from "./role.ts";
import { LlOpcode, llControl } from "./ll-control.ts";
import type { InstantKind } from "./procedure-line.ts";
import { Status } from "../../src/hci/status.ts";

/** A request that a peer answers only if it knows it. */
export interface Request {
  /** Opcode and fields; *owned*. */
  readonly pdu: Uint8Array;
  /** The peer needs one of these to know it; empty if every peer does. */
  readonly features: readonly LeFeature[];
  /** The peer has it, and knows it. */
  readonly known: () => void;
  /** The peer does not know it. */
  readonly unknown: () => void;
}

/**
 * Whether an end has learnt that its peer does not know a request: from its features, or from LL_UNKNOWN_RSP. It does not
 * send it then. Vol 6, Part B, 5.1.
 */
export function peerLacks(end: LinkEnd, opcode: number, features: readonly LeFeature[]): boolean {
  return end.unknownToPeer.has(opcode) || (end.knowsFeatures && !knows(end.peer, features));
}

/** Sends a request, to which a peer that does not know it answers with LL_UNKNOWN_RSP. Vol 6, Part B, 2.4.2.8. */
export function request(end: LinkEnd, { pdu, features, known, unknown }: Request): void {
  const { peer } = end;
  const opcode = pdu[0] ?? 0;
  if (peerLacks(end, opcode, features)) {
    unknown();
    return;
  }
  end.control(pdu, () => {
    if (knows(peer, features)) {
      known();
      return;
    }
    peer.control(llControl(LlOpcode.UnknownRsp, opcode), () => {
      end.unknownToPeer.add(opcode);
      unknown();
    });
  });
}

/** What becomes of a request that involves an instant, when it arrives. */
export interface Meeting {
  readonly opcode: LlOpcode;
  readonly kind: InstantKind;
  /** The peer goes along. @param over - To be called when the procedure is over for it. */
  readonly accepted: (over: () => void) => void;
  /** The peer has refused, and the asker has heard of it. */
  readonly rejected: (error: Status) => void;
}

/**
 * A request of `end` has arrived that involves an instant, and there can be only one such procedure at a time: a
 * central goes on with its own, a peripheral gives its own up. Vol 6, Part B, 5.3.
 */
export function meet(end: LinkEnd, { opcode, kind, accepted, rejected }: Meeting): void {
  const { peer } = end;
  const { active } = peer.procedures;
  if (peer.role === Role.Central && active !== undefined) {
    const error = active === kind ? Status.LlProcedureCollision : Status.DifferentTransactionCollision;
    reject(peer, opcode, error, () => {
      rejected(error);
    });
    return;
  }
  accepted(peer.procedures.respond());
}

/** LL_REJECT_EXT_IND, or LL_REJECT_IND if either end does not know that. Vol 6, Part B, 2.4.2.14 and 2.4.2.18. */
export function reject(end: LinkEnd, opcode: LlOpcode, error: number, then: () => void): void {
  const isExtended = [end, end.peer].every((each) => knows(each, [LeFeature.ExtendedRejectIndication]));
  const pdu = isExtended
    ? llControl(LlOpcode.RejectExtInd, opcode, error)
    : llControl(LlOpcode.RejectInd, error);
  end.control(pdu, then);
}

function knows({ chip }: LinkEnd, features: readonly LeFeature[]): boolean {
  return features.length === 0 || features.some((feature) => hasFeature(chip.features, feature));
}
