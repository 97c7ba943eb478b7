import type { Address } from "../common/address.ts";
import type { BleError } from "../common/errors.ts";
import type { Random } from "../common/random.ts";
import { wipe } from "../common/aes.ts";
import { authenticate } from "./authentication.ts";
import type { Bond } from "./bond.ts";
import { masked } from "./crypto.ts";
import { PairingError } from "./error.ts";
import { agree, type Agreement, faultIn, requestOf, responseTo } from "./feature-exchange.ts";
import { distributionOf, type KeysOfOneSide, keyReception, ownKeys } from "./key-distribution.ts";
import type { KeyStore } from "./key-store.ts";
import { isWeaker, type KeyStrength, strengthOf } from "./key-strength.ts";
import { bondOf, identityOf, type PairingYield } from "./pairing-bond.ts";
import { PairingFailure } from "./pairing-failure.ts";
import type {
  LocalOobData,
  PairingContext,
  PairingResult,
  PairingSettings,
  PairingUser,
} from "./pairing-user.ts";
import { PairingFailed, type PairingFeatures, PairingRequest, PairingResponse } from "./pdu.ts";
import { byRole, type Effect, type Input, type Role } from "./phase.ts";
import { PhaseRunner } from "./phase-runner.ts";
import type { EncryptionKey, SecurityLink } from "./security-link.ts";
import { UserQuestions } from "./user-questions.ts";

/** What a pairing is made of. */
export interface PairingParts {
  readonly link: SecurityLink;
  readonly random: Random;
  readonly user: PairingUser;
  readonly keys: KeyStore;
  readonly settings: PairingSettings;
  readonly context: PairingContext;
  readonly send: (pdu: Uint8Array) => void;
  /** Has the link encrypted with this key, and {@link Pairing.encrypted} called when it is. */
  readonly encrypt: (key: EncryptionKey & KeyStrength) => void;
  /** Called once, when the pairing has ended; the keys have been kept by then. */
  readonly ended: (outcome: PairingResult | BleError) => void;
}

/** The reason for a link whose two sides do not have the same keys. Vol 1, Part F, 2.5. */
const authenticationFailure = 0x05;

/**
 * One pairing, from Pairing Request to the last key. Vol 3, Part H, 2.1.
 *
 * It only leads from one phase to the next; what happens in each is in the file of that phase.
 */
export class Pairing {
  readonly role: Role;
  readonly #parts: PairingParts;
  readonly #runner: PhaseRunner;
  readonly #questions: UserQuestions;
  readonly #secrets: Uint8Array[] = [];
  /** Where the link is to be encrypted with the new key, or has been. */
  #encryption: "none" | "awaited" | "done" = "none";
  #authenticating = false;
  #calledOff = false;
  #model: Agreement["model"] | undefined;
  /** Whether the user has said that this peer may pair. */
  #authorized = false;
  #then: (() => void) | undefined;

  constructor(parts: PairingParts) {
    this.#parts = parts;
    this.role = parts.link.role === "central" ? "initiator" : "responder";
    this.#runner = new PhaseRunner({
      perform: (effect) => {
        this.#perform(effect);
      },
      failed: (reason) => {
        this.fail(reason, this.#detailOf(reason));
      },
    });
    const { user, send } = parts;
    this.#questions = new UserQuestions(this.#runner, user, send, (reason) => {
      this.fail(reason);
    });
  }

  /**
   * Whether a secret has been at stake: if it fails now it was an attempt of the peer's. Vol 3, Part H, 2.3.6. What this
   * side has called off was none, unless there is a passkey in it that may serve again.
   */
  get attempted(): boolean {
    return this.#authenticating && (!this.#calledOff || this.#riskedPasskey());
  }

  /** As initiator: sends Pairing Request. */
  request(): void {
    this.#begin(() => {
      const request = requestOf(this.#parts.settings);
      this.#parts.send(PairingRequest.encode(request));
      this.#runner.await("features", ({ features }) => {
        const fault = faultIn(features);
        if (fault === undefined) this.#agree(request, features);
        else this.fail(fault);
      });
    });
  }

  /** As responder: has received Pairing Request. */
  respond(request: PairingFeatures): void {
    const fault = faultIn(request);
    if (fault !== undefined) this.fail(fault);
    else {
      this.#begin(() => {
        this.#agree(request, responseTo(request, this.#parts.settings));
      });
    }
  }

  /** A command of the peer. */
  receive(input: Input): void {
    this.#runner.input(input);
  }

  /** The link is encrypted with the key of this pairing. */
  encrypted(): void {
    this.#runner.run(() => {
      const then = this.#then;
      if (this.#encryption !== "awaited" || !then) return;
      this.#encryption = "done";
      this.#then = undefined;
      then();
    });
  }

  /** This side gives up, and says so. */
  fail(reason: PairingFailure, detail?: string): void {
    if (this.#runner.over) return;
    this.#parts.send(PairingFailed.encode({ reason }));
    this.end(new PairingError(reason, "local", detail));
  }

  /** This side does not want any more. */
  callOff(): void {
    this.#calledOff = true;
    this.fail(PairingFailure.UnspecifiedReason, "called off");
  }

  /** The pairing has failed; the peer knows, or cannot be told. */
  end(error: BleError): void {
    if (this.#runner.over) return;
    // The link is encrypted with a key that the two sides do not agree on what it is worth: nothing may rest on it.
    if (this.#encryption === "done") this.#parts.link.disconnect(authenticationFailure);
    this.#end(error);
  }

  #begin(then: () => void): void {
    const { context, settings } = this.#parts;
    const isClaimed = context.wantedBy !== "program" && context.bond !== undefined && !context.encrypted;
    this.#runner.run(() => {
      if (isClaimed) this.#askRepairing(settings.repairing, PairingFailure.PairingNotSupported, then);
      else then();
    });
  }

  /** What to do about someone who claims to be a bonded peer and has not proved it. */
  #askRepairing(policy: PairingSettings["repairing"], refusal: PairingFailure, then: () => void): void {
    if (policy === "allow") then();
    else if (policy === "refuse") this.fail(refusal, "there is a bond with this peer");
    else {
      this.#questions.authorize("repairing", refusal, () => {
        this.#authorized = true;
        then();
      });
    }
  }

  #agree(request: PairingFeatures, response: PairingFeatures): void {
    const { settings, context } = this.#parts;
    const atLeast = context.bond && strengthOf(context.bond);
    const agreement = agree(request, response, settings, atLeast);
    if (typeof agreement === "number") {
      this.fail(agreement);
      return;
    }
    const proceed = (): void => {
      if (this.role === "responder") this.#parts.send(PairingResponse.encode(response));
      this.#authenticate(agreement);
    };
    const isJustWorks = context.wantedBy === "peer" && agreement.model.method === "justWorks";
    // A person is not asked twice about one peer.
    if (settings.authorizeJustWorks && isJustWorks && !this.#authorized)
      this.#questions.authorize("justWorks", PairingFailure.UnspecifiedReason, proceed);
    else proceed();
  }

  #authenticate(agreement: Agreement): void {
    const { link, settings, random } = this.#parts;
    const addresses = byRole(this.role, link.localAddress, link.peerAddress);
    const secret = (octets: Uint8Array): void => {
      this.#secrets.push(octets);
    };
    const takeOob = (data: LocalOobData): boolean => this.#parts.user.outOfBandServes(data);
    this.#authenticating = true;
    this.#model = agreement.model;
    this.#questions.keypress = agreement.keypress;
    authenticate(
      this.#runner,
      { role: this.role, agreement, settings, random, ...addresses, secret, takeOob },
      (key) => {
        this.#encrypt(agreement, key);
      },
    );
  }

  #encrypt(agreement: Agreement, whole: Uint8Array): void {
    const { keySize, authenticated, secureConnections } = agreement;
    const key = masked(whole, keySize);
    this.#secrets.push(whole, key);
    this.#encryption = "awaited";
    this.#then = () => {
      this.#distribute(agreement, key);
    };
    const rand = new Uint8Array(8);
    this.#parts.encrypt({ key, ediv: 0, rand, keySize, authenticated, secureConnections });
  }

  /** Phase 3: the responder hands out its keys first. Vol 3, Part H, 2.4.3. */
  #distribute(agreement: Agreement, sessionKey: Uint8Array): void {
    const { keys, random, link, context } = this.#parts;
    const isResponder = this.role === "responder";
    const { initiatorKeys, responderKeys } = agreement;
    const ownBits = isResponder ? responderKeys : initiatorKeys;
    const expected = isResponder ? initiatorKeys : responderKeys;
    const own = ownKeys(ownBits, agreement, keys.own, random);
    const handOut = (): void => {
      for (const command of distributionOf(own)) this.#parts.send(command);
    };
    if (isResponder) handOut();
    const fixed = { expected, keySize: agreement.keySize };
    this.#runner.enter(keyReception, fixed, (peer: KeysOfOneSide) => {
      const result = { agreement, sessionKey, own, peer, peerAddress: link.peerAddress, known: context.bond };
      this.#vet(result, (bond) => {
        if (!isResponder) handOut();
        if (bond) keys.save(bond);
        this.#end({ bond, method: agreement.model.method });
      });
    });
  }

  /** Whether what this pairing has brought may be kept, and in place of what. */
  #vet(result: PairingYield, then: (bond: Bond | undefined) => void): void {
    const { keys, settings } = this.#parts;
    const identity = identityOf(result);
    if (identity?.equals(keys.own.address)) {
      this.fail(PairingFailure.KeyRejected, "the peer claims to be this host");
      return;
    }
    if (!identity || !this.#canKeep(identity, result.agreement)) {
      then(undefined);
      return;
    }
    const bond = bondOf(result, identity);
    const before = keys.find(identity);
    const [old, young] = [before && strengthOf(before), strengthOf(bond)];
    if (old && (!young || isWeaker(young, old))) {
      this.fail(PairingFailure.KeyRejected, "there is a stronger bond with this peer");
    } else if (before && !result.known?.identity.equals(identity)) {
      this.#askRepairing(settings.repairing, PairingFailure.KeyRejected, () => {
        then(bond);
      });
    } else then(bond);
  }

  /** Another pairing may have taken the last place, or a known peer tells another identity each time. */
  #canKeep(identity: Address, { bonding }: Agreement): boolean {
    return bonding && this.#parts.keys.hasRoomFor(identity);
  }

  /** Each round tells who listens one bit of a passkey: the peer's, or one that this side shows to all. 2.3.5.6.3. */
  #riskedPasskey(): boolean {
    const { passkey } = this.#parts.settings;
    const isShown = this.#model?.method === "passkeyEntry" && this.#model.display === this.role;
    return this.#questions.passkeyTyped || (isShown && passkey !== undefined);
  }

  #detailOf(reason: PairingFailure): string | undefined {
    const isOob = this.#model?.method === "outOfBand" && reason === PairingFailure.ConfirmValueFailed;
    return isOob
      ? "the out-of-band data are not the peer's of this pairing: it has to give fresh ones, of its host.oobData()"
      : undefined;
  }

  #perform(effect: Effect): void {
    if (effect.type === "send") this.#parts.send(effect.pdu);
    else this.#questions.ask(effect);
  }

  #end(outcome: PairingResult | BleError): void {
    this.#runner.end();
    wipe(...this.#secrets);
    this.#parts.ended(outcome);
  }
}
