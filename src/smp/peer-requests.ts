import type { SecurityRequirement } from "../common/security.ts";
import { lackOf } from "../common/security.ts";
import type { BondEncryption } from "./bond-encryption.ts";
import type { LongTermKey } from "./bond.ts";
import { PairingFailure } from "./pairing-failure.ts";
import type { LinkState, PairingProcedure, Wish } from "./pairing-procedure.ts";
import type { PairingUser } from "./pairing-user.ts";
import { PairingRequest, SecurityRequest } from "./pdu.ts";
import { requestedSecurity, withinReach, withMitm } from "./security-requirement.ts";

/** What {@link PeerRequests} are made of. */
export interface PeerRequestsParts extends LinkState {
  readonly role: "central" | "peripheral";
  readonly procedure: PairingProcedure;
  readonly encryption: BondEncryption;
  readonly user: PairingUser;
  /** The key of the bond, enough or not, of a link that is not encrypted: the peer can prove with it who it is. */
  readonly proof: () => LongTermKey | undefined;
}

/** What a peer may begin with: Pairing Request of a central, Security Request of a peripheral. Vol 3, Part H, 2.4.6. */
export class PeerRequests {
  readonly #parts: PeerRequestsParts;

  constructor(parts: PeerRequestsParts) {
    this.#parts = parts;
  }

  /** Vol 3, Part H, 3.5.1. */
  pairingRequest(sdu: Uint8Array): void {
    const { role, procedure } = this.#parts;
    if (role === "central") procedure.refuse(PairingFailure.CommandNotSupported);
    else if (procedure.pairing) procedure.pairing.fail(PairingFailure.UnspecifiedReason);
    else {
      const request = PairingRequest.decode(sdu);
      const wish = procedure.wish ?? { by: "peer", requirement: {} };
      this.#noteForgetting(wish);
      procedure.answer(wish, procedure.settings(wish), (pairing) => {
        pairing.respond(request);
      });
    }
  }

  /** Vol 3, Part H, 3.6.7. */
  securityRequest(sdu: Uint8Array): void {
    const { role, procedure } = this.#parts;
    if (role === "peripheral") {
      procedure.refuse(PairingFailure.CommandNotSupported);
      return;
    }
    const { authReq } = SecurityRequest.decode(sdu);
    this.#meet(requestedSecurity(authReq));
  }

  /** A central that has its key would encrypt the link, not pair. */
  #noteForgetting({ by }: Wish): void {
    const { keys, protection, encryption } = this.#parts;
    const { bond } = keys;
    if (by === "program" || !bond || protection.state.encrypted || !keys.usable({})) return;
    encryption.noteLost(bond);
  }

  /** As central: does what the peripheral has asked for, as far as this side could. */
  #meet(asked: SecurityRequirement): void {
    const { line, keys, protection, procedure, encryption, proof } = this.#parts;
    const isMet = (requirement: SecurityRequirement): boolean =>
      lackOf(protection.state, requirement, false) === undefined;
    if (line.busy || isMet(asked)) return; // it is being seen to, or is so
    const wish: Wish = { by: "peer", requirement: {} };
    const settings = procedure.settings(wish);
    const requirement = settings ? withinReach(asked, settings) : asked;
    if (isMet(requirement)) return;
    const enough = keys.usable(requirement);
    // With a key that is not, the peer proves to be that of the bond, and then the two pair anew.
    const key = enough ?? proof();
    if (key) {
      line.occupy();
      encryption.begin(key, (error) => {
        if (error) procedure.refuse(PairingFailure.PairingNotSupported); // or it would wait for 30 s
        procedure.finish(error);
        if (!error) this.#meet(asked);
      });
      return;
    }
    const wanted = settings && requirement.authenticated ? withMitm(settings) : settings;
    procedure.answer(wish, wanted, (pairing) => {
      pairing.request();
    });
  }
}
