import type { Address } from "../common/address.ts";
import { type BleError, MalformedPduError } from "../common/errors.ts";
import type { Done } from "../common/procedure.ts";
import {
  lackOf,
  type LinkSecurity,
  type SecurityRequirement,
  type SecurityState,
} from "../common/security.ts";
import type { ChannelUser } from "../l2cap/channel.ts";
import { BondEncryption } from "./bond-encryption.ts";
import type { Bond, LongTermKey } from "./bond.ts";
import { EncryptionError, PairingError, pinOrKeyMissing } from "./error.ts";
import { authReqOf } from "./feature-exchange.ts";
import { inputOf } from "./input-of.ts";
import { type Job, JobLine } from "./job-line.ts";
import { LinkKeys } from "./link-keys.ts";
import { type KeyName, LinkProtection } from "./link-protection.ts";
import { PairingFailure } from "./pairing-failure.ts";
import { calledOff, PairingProcedure, type PairingProcedureParts, type Wish } from "./pairing-procedure.ts";
import type { PairingResult, PairingSettings } from "./pairing-user.ts";
import { AuthReq, Code, PairingFailed } from "./pdu.ts";
import { PeerRequests } from "./peer-requests.ts";
import { hindrance, requirementOf } from "./security-requirement.ts";
import { LinkSigning, type Signing } from "./signing.ts";

/** What a {@link SecurityManager} is made of. `least` and `storedKeySize` are read anew each time: they may change. */
export interface SecurityManagerParts extends PairingProcedureParts {
  /** The least octets of a key of a bond; a shorter one is not used. Default: as `least` says. */
  readonly storedKeySize?: number | undefined;
}

/** How {@link SecurityManager.pair} goes about it. */
export interface PairOptions {
  /** In place of what {@link PairingUser.settings} says. */
  readonly overrides?: Partial<PairingSettings> | undefined;
  /** Pairs even if there is a key already. As peripheral it is for the central to decide. */
  readonly renew?: boolean | undefined;
}

/** The reason for a link that was encrypted and is not any more. Vol 1, Part F, 2.5. */
const authenticationFailure = 0x05;

/**
 * The Security Manager of one link: what pairs and encrypts it, and knows how well it is protected. Vol 3, Part H.
 *
 * It is told of the link by L2CAP and, with `encryptionChanged`, `keyRefreshed` and `keyRequested`, of what the
 * controller does. All of it happens within the turn; what the program is told goes through {@link PairingUser}. What
 * peers ask for is in `peer-requests.ts`, what is under way in `pairing-procedure.ts`; here is what this side wants.
 */
export class SecurityManager implements ChannelUser, LinkSecurity {
  /** Signs and checks with the keys of the bond. */
  readonly signing: Signing;
  readonly #role: "central" | "peripheral";
  readonly #disconnect: (reason: number) => void;
  readonly #protection: LinkProtection;
  readonly #keys: LinkKeys;
  readonly #line = new JobLine();
  readonly #procedure: PairingProcedure;
  readonly #encryption: BondEncryption;
  readonly #requests: PeerRequests;

  constructor(parts: SecurityManagerParts) {
    const { link, user } = parts;
    const least = (): SecurityRequirement => leastOf(parts);
    const protection = (this.#protection = new LinkProtection(link));
    const keys = (this.#keys = new LinkKeys(link, parts.keys, least));
    const state = { protection, keys, line: this.#line };
    const procedure = (this.#procedure = new PairingProcedure(parts, state));
    const finished = (error: EncryptionError | undefined): void => {
      procedure.finish(error);
    };
    const encryption = (this.#encryption = new BondEncryption({ protection, keys, user, finished }));
    const proof = (): LongTermKey | undefined => this.#proof;
    this.#requests = new PeerRequests({ ...state, role: link.role, procedure, encryption, user, proof });
    this.#role = link.role;
    this.#disconnect = (reason) => {
      link.disconnect(reason);
    };
    this.signing = new LinkSigning(parts.keys, () => this.bond);
  }

  get state(): SecurityState {
    return this.#protection.state;
  }

  get hasKey(): boolean {
    return this.#keys.exist;
  }

  /** The bond of the peer, if it has one. */
  get bond(): Bond | undefined {
    return this.#keys.bond;
  }

  /** The identity address of a peer that is known, else the address that the link was made with. */
  get peer(): Address {
    return this.#keys.peer;
  }

  onChange(changed: (state: SecurityState) => void): void {
    this.#protection.onChange(changed);
  }

  raise(requirement: SecurityRequirement, done: Done<undefined>): void {
    if (this.#lacks(requirement)) {
      this.#line.add({
        shared: true,
        begin: () => {
          this.#begin({ by: "requirement", requirement });
        },
        done: (outcome) => {
          if (outcome instanceof Error) done(outcome);
          else done(this.#lacks(requirement) ? insufficient() : undefined);
        },
      });
    } else done(undefined);
  }

  /**
   * Pairs, or encrypts with a key that there is if that does. As peripheral it asks the central to.
   *
   * @param done - Gets what the pairing has brought, `undefined` when a key that there was has served.
   * @returns Gives it up, whether it has begun or waits; what others want goes on.
   */
  pair(options: PairOptions, done: Done<PairingResult | undefined>): () => void {
    let wanted: SecurityRequirement = {};
    return this.#add({
      begin: () => {
        wanted = this.#begin({ by: "program", requirement: {}, overrides: options.overrides }, options.renew);
      },
      done: (outcome) => {
        done(outcome === undefined && this.#lacks(wanted) ? insufficient() : outcome);
      },
    });
  }

  /**
   * Encrypts with a key that there is; as peripheral asks the central to. Fails if there is none.
   *
   * @returns Gives it up, as for {@link pair}.
   */
  encrypt(done: Done<undefined>): () => void {
    return this.#add({
      begin: () => {
        const key = this.#keys.usable({});
        if (this.state.encrypted) this.#procedure.finish(undefined);
        else if (!key) this.#procedure.finish(new EncryptionError(pinOrKeyMissing, "there is no key"));
        else if (this.#role === "central") this.#encrypt(key);
        // No wish to pair: a central that does so in place of using its key is asked about.
        else this.#procedure.requestSecurity(AuthReq.Bonding, { by: "requirement", requirement: {} });
      },
      done: (outcome) => {
        done(outcome instanceof Error ? outcome : undefined);
      },
    });
  }

  /** Gives up what is under way; it is no attempt of the peer's to guess anything. Vol 3, Part H, 2.3.6. */
  cancel(): void {
    this.#procedure.callOff();
  }

  /** From the controller: Encryption Change, either version. Vol 4, Part E, 7.7.8. */
  encryptionChanged(status: number, enabled: boolean): void {
    const wasEncrypted = this.state.encrypted;
    const success = status === 0 && enabled;
    const outcome = this.#protection.changed(success, this.#procedure.pairing);
    // What was encrypted does not go on in the clear, and not with a key that nobody vouches for.
    if (outcome.type === "stale" || (!success && wasEncrypted)) this.#disconnect(authenticationFailure);
    if (outcome.type === "stale" || outcome.type === "unexpected") return;
    const { origin } = outcome;
    const error = outcome.type === "failed" ? new EncryptionError(status) : undefined;
    if (origin.type === "pairing") {
      if (error) origin.pairing.end(error);
      else origin.pairing.encrypted();
      return;
    }
    this.#encryption.ended(origin.bond, error);
  }

  /** From the controller: Encryption Key Refresh Complete. Vol 4, Part E, 7.7.39. */
  keyRefreshed(status: number): void {
    this.encryptionChanged(status, true);
  }

  /**
   * From the controller: LE Long Term Key Request. Vol 4, Part E, 7.7.65.5.
   *
   * @param name.rand - 8 octets, most significant first.
   */
  keyRequested(name: KeyName): void {
    this.#protection.requested(name, this.#procedure.pairing, () => this.#keys.named(name));
  }

  receive(sdu: Uint8Array): void {
    if (this.#procedure.over) return;
    try {
      this.#receive(sdu);
    } catch (error) {
      if (!(error instanceof MalformedPduError)) throw error;
      this.#procedure.refuse(PairingFailure.InvalidParameters);
    }
  }

  closed(reason: BleError): void {
    this.#line.close(reason); // first, or what waits there would begin
    this.#procedure.closed(reason);
  }

  #receive(sdu: Uint8Array): void {
    switch (sdu[0]) {
      case Code.PairingRequest:
        this.#requests.pairingRequest(sdu);
        return;
      case Code.SecurityRequest:
        this.#requests.securityRequest(sdu);
        return;
      case Code.PairingFailed:
        this.#procedure.failed(PairingFailed.decode(sdu).reason);
        return;
      default: {
        // What belongs to no pairing is dropped: an answer could be answered, and so on for ever.
        const { pairing } = this.#procedure;
        if (!pairing) return;
        const input = inputOf(sdu);
        if (input) pairing.receive(input);
      }
    }
  }

  /**
   * Does what this side wants, in the way that its role and its keys allow.
   *
   * @returns What the link is to be like afterwards.
   */
  #begin(wish: Wish, renew = false): SecurityRequirement {
    const settings = this.#procedure.settings(wish);
    if (!settings) {
      this.#procedure.finish(new PairingError(PairingFailure.PairingNotSupported, "local"));
      return {};
    }
    const isProgram = wish.by === "program";
    const wanted = isProgram ? requirementOf(settings) : wish.requirement;
    const wantsBond = isProgram && settings.bonding;
    const key = renew ? undefined : this.#keys.usable(wanted);
    const vain = key ? undefined : hindrance(settings, wish.requirement);
    if (!renew && this.#meets(wanted, wantsBond)) this.#procedure.finish(undefined);
    else if (vain) this.#procedure.finish(vain);
    else if (this.#role === "peripheral") this.#askCentral(wish, settings, key !== undefined);
    else if (key) this.#encrypt(key);
    else this.#pairAsCentral(wish, settings, renew);
    return wanted;
  }

  /** Where a key would do, to pair anew is the wish of the central alone. */
  #askCentral(wish: Wish, settings: PairingSettings, hasKey: boolean): void {
    const asked = hasKey ? ({ ...wish, by: "requirement" } as const) : wish;
    this.#procedure.requestSecurity(authReqOf(settings, hasKey), asked);
  }

  /** The key of the bond, enough or not, of a link that is not encrypted: the peer can prove with it who it is. */
  get #proof(): LongTermKey | undefined {
    return this.state.encrypted ? undefined : this.#keys.usable({});
  }

  #pairAsCentral(wish: Wish, settings: PairingSettings, renew: boolean): void {
    // Of a peer that has shown on this link that it has forgotten its key there is nothing to be proved any more.
    const proof = renew && !this.#keys.exist ? undefined : this.#proof;
    if (!proof) {
      this.#procedure.request(wish, settings);
      return;
    }
    // First the peer proves to be that of the bond, then the two pair anew: nobody can take its place meanwhile.
    this.#encryption.begin(proof, (error) => {
      if (!error) this.#begin(wish, renew);
      // Whoever says so must know what it means to do without the proof.
      else if (renew && error.status === pinOrKeyMissing) this.#procedure.request(wish, settings);
      else this.#procedure.finish(error);
    });
  }

  #encrypt(key: LongTermKey): void {
    this.#encryption.begin(key, (error) => {
      this.#procedure.finish(error);
    });
  }

  /** @returns Takes the job back where it waits, gives it up where it has begun. */
  #add(job: Job): () => void {
    this.#line.add(job);
    return () => {
      if (this.#line.withdraw(job, calledOff()) || !this.#line.isCurrent(job) || this.#procedure.callOff())
        return;
      // Encryption cannot be called back, but nothing is to follow it.
      this.#encryption.instead(() => {
        this.#procedure.finish(calledOff());
      });
    };
  }

  #meets(requirement: SecurityRequirement, bonded: boolean): boolean {
    return !this.#lacks(requirement) && (!bonded || this.state.bonded);
  }

  #lacks(requirement: SecurityRequirement): boolean {
    return lackOf(this.state, requirement, false) !== undefined;
  }
}

/** What the key of a bond has to be worth. */
function leastOf({ least = {}, storedKeySize = 0 }: SecurityManagerParts): SecurityRequirement {
  return { ...least, keySize: Math.max(least.keySize ?? 0, storedKeySize) };
}

/** The link is encrypted, but not as well as was asked for. */
function insufficient(): PairingError {
  const detail = "the key is not strong enough for what was asked";
  return new PairingError(PairingFailure.AuthenticationRequirements, "local", detail);
}
