import type { Address } from "../common/address.ts";
import type { Clock } from "../common/clock.ts";
import { type BleError, MalformedPduError } from "../common/errors.ts";
import { Priority } from "../common/priority.ts";
import type { Done } from "../common/procedure.ts";
import type { Random } from "../common/random.ts";
import {
  lackOf,
  type LinkSecurity,
  type SecurityRequirement,
  type SecurityState,
} from "../common/security.ts";
import type { Channel, ChannelUser } from "../l2cap/channel.ts";
import type { Bond, LongTermKey } from "./bond.ts";
import { EncryptionError, PairingError, PairingTimeoutError } from "./error.ts";
import { authReqOf } from "./feature-exchange.ts";
import { inputOf } from "./input-of.ts";
import { type Job, JobLine, type JobOutcome } from "./job-line.ts";
import type { KeyStore } from "./key-store.ts";
import { LinkKeys } from "./link-keys.ts";
import { type KeyName, LinkProtection } from "./link-protection.ts";
import { PairingFailure } from "./pairing-failure.ts";
import { Pairing } from "./pairing.ts";
import type { PairingContext, PairingResult, PairingSettings, PairingUser } from "./pairing-user.ts";
import { AuthReq, Code, PairingFailed, PairingRequest, SecurityRequest } from "./pdu.ts";
import type { RepeatedAttempts } from "./repeated-attempts.ts";
import type { SecurityLink } from "./security-link.ts";
import { requestedSecurity, requirementOf, strengthened, withMitm } from "./security-requirement.ts";
import { SecurityTimer } from "./security-timer.ts";
import { LinkSigning, type Signing } from "./signing.ts";

/** What a {@link SecurityManager} is made of. */
export interface SecurityManagerParts {
  readonly channel: Channel;
  readonly link: SecurityLink;
  readonly clock: Clock;
  readonly random: Random;
  readonly user: PairingUser;
  readonly keys: KeyStore;
  /** One for all links of the host. */
  readonly attempts: RepeatedAttempts;
  /** What any key has to be worth; one that is worth less is not used, old or new. Vol 3, Part C, 10.2.4. */
  readonly least?: SecurityRequirement | undefined;
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

/** Who wants a pairing, and what it has to bring. */
interface Wish {
  readonly by: PairingContext["wantedBy"];
  readonly requirement: SecurityRequirement;
  readonly overrides?: Partial<PairingSettings> | undefined;
}

/** Status of an encryption that failed since the peer has no such key. Vol 1, Part F, 2.6. */
const pinOrKeyMissing = 0x06;

/** The reason for a link that was encrypted and is not any more. Vol 1, Part F, 2.5. */
const authenticationFailure = 0x05;

/**
 * The Security Manager of one link: what pairs and encrypts it, and knows how well it is protected. Vol 3, Part H.
 *
 * It is told of the link by L2CAP and, with `encryptionChanged`, `keyRefreshed` and `keyRequested`, of what the
 * controller does. All of it happens within the turn; what the program is told goes through {@link PairingUser}.
 */
export class SecurityManager implements ChannelUser, LinkSecurity {
  /** Signs and checks with the keys of the bond. */
  readonly signing: Signing;
  readonly #parts: SecurityManagerParts;
  readonly #protection: LinkProtection;
  readonly #keys: LinkKeys;
  readonly #timer: SecurityTimer;
  readonly #line = new JobLine();
  #pairing: Pairing | undefined;
  /** Whether Security Request was sent and nothing has come of it yet. */
  #requesting = false;
  /** How this side wants to pair, when it is for the peer to begin. */
  #wish: Wish | undefined;
  /** What is to be done when the link is encrypted with the key that there was, or that has failed. */
  #afterwards: ((error: EncryptionError | undefined) => void) | undefined;

  constructor(parts: SecurityManagerParts) {
    this.#parts = parts;
    this.#protection = new LinkProtection(parts.link);
    const { least = {}, storedKeySize = 0 } = parts;
    const keySize = Math.max(least.keySize ?? 0, storedKeySize);
    this.#keys = new LinkKeys(parts.link, parts.keys, { ...least, keySize });
    this.#timer = new SecurityTimer(parts.clock, () => {
      const error = new PairingTimeoutError();
      if (this.#pairing) this.#pairing.end(error);
      else this.#finish(error);
    });
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
        if (this.state.encrypted) this.#finish(undefined);
        else if (!key) this.#finish(new EncryptionError(pinOrKeyMissing, "there is no key"));
        else if (this.#parts.link.role === "central") this.#encrypt(key);
        // No wish to pair: a central that does so in place of using its key is asked about.
        else this.#requestSecurity(AuthReq.Bonding, { by: "requirement", requirement: {} });
      },
      done: (outcome) => {
        done(outcome instanceof Error ? outcome : undefined);
      },
    });
  }

  /** Gives up what is under way. */
  cancel(): void {
    if (this.#pairing) this.#pairing.fail(PairingFailure.UnspecifiedReason, "called off");
    else if (this.#requesting) this.#finish(calledOff());
  }

  /** From the controller: Encryption Change, either version. Vol 4, Part E, 7.7.8. */
  encryptionChanged(status: number, enabled: boolean): void {
    const { link } = this.#parts;
    const wasEncrypted = this.state.encrypted;
    const success = status === 0 && enabled;
    const outcome = this.#protection.changed(success, this.#pairing);
    // What was encrypted does not go on in the clear, and not with a key that nobody vouches for.
    if (outcome.type === "stale" || (!success && wasEncrypted)) link.disconnect(authenticationFailure);
    if (outcome.type === "stale" || outcome.type === "unexpected") return;
    const { origin } = outcome;
    const error = outcome.type === "failed" ? new EncryptionError(status) : undefined;
    if (origin.type === "pairing") {
      if (error) origin.pairing.end(error);
      else origin.pairing.encrypted();
      return;
    }
    this.#encryptedWithBond(origin.bond, error);
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
    this.#protection.requested(name, this.#pairing, () => this.#keys.named(name));
  }

  receive(sdu: Uint8Array): void {
    if (this.#timer.over) return;
    try {
      this.#receive(sdu);
    } catch (error) {
      if (!(error instanceof MalformedPduError)) throw error;
      this.#refuse(PairingFailure.InvalidParameters);
    }
  }

  closed(reason: BleError): void {
    this.#line.close(reason); // first, or what waits there would begin
    this.#pairing?.end(reason);
    this.#timer.stop();
  }

  #encryptedWithBond(bond: Bond, error: EncryptionError | undefined): void {
    const next = this.#afterwards;
    this.#afterwards = undefined;
    if (!error) this.#keys.proved(bond);
    else if (error.status === pinOrKeyMissing) {
      this.#keys.lost();
      this.#parts.user.bondLost(bond);
    }
    if (next) next(error);
    else this.#finish(error);
  }

  #receive(sdu: Uint8Array): void {
    switch (sdu[0]) {
      case Code.PairingRequest:
        this.#pairingRequest(sdu);
        return;
      case Code.SecurityRequest:
        this.#securityRequest(sdu);
        return;
      case Code.PairingFailed:
        this.#pairingFailed(sdu);
        return;
      default: {
        // What belongs to no pairing is dropped: an answer could be answered, and so on for ever.
        if (!this.#pairing) return;
        const input = inputOf(sdu);
        if (input) this.#pairing.receive(input);
      }
    }
  }

  #pairingRequest(sdu: Uint8Array): void {
    if (this.#parts.link.role === "central") this.#refuse(PairingFailure.CommandNotSupported);
    else if (this.#pairing) this.#pairing.fail(PairingFailure.UnspecifiedReason);
    else {
      const request = PairingRequest.decode(sdu);
      const wish = this.#wish ?? { by: "peer", requirement: {} };
      this.#noteForgetting(wish);
      this.#answer(wish, this.#settings(wish), (pairing) => {
        pairing.respond(request);
      });
    }
  }

  /** A central that has its key would encrypt the link, not pair. */
  #noteForgetting({ by }: Wish): void {
    const { bond } = this;
    if (by === "program" || !bond || this.state.encrypted || !this.#keys.usable({})) return;
    this.#parts.user.bondLost(bond);
  }

  #securityRequest(sdu: Uint8Array): void {
    if (this.#parts.link.role === "peripheral") {
      this.#refuse(PairingFailure.CommandNotSupported);
      return;
    }
    const { authReq } = SecurityRequest.decode(sdu);
    this.#meet(requestedSecurity(authReq));
  }

  /** As central: does what the peripheral has asked for. */
  #meet(requirement: SecurityRequirement): void {
    if (this.#line.busy || !this.#lacks(requirement)) return; // it is being seen to, or is so
    const enough = this.#keys.usable(requirement);
    // With a key that is not, the peer proves to be that of the bond, and then the two pair anew.
    const key = enough ?? this.#proof;
    if (key) {
      this.#line.occupy();
      this.#encrypt(key);
      this.#afterwards = (error) => {
        if (error) this.#refuse(PairingFailure.PairingNotSupported); // or it would wait for 30 s
        this.#finish(error);
        if (!error) this.#meet(requirement);
      };
      return;
    }
    const wish: Wish = { by: "peer", requirement: {} };
    const settings = this.#settings(wish);
    this.#answer(wish, settings && requirement.authenticated ? withMitm(settings) : settings, (pairing) => {
      pairing.request();
    });
  }

  #pairingFailed(sdu: Uint8Array): void {
    const { reason } = PairingFailed.decode(sdu);
    const error = new PairingError(reason, "peer");
    if (this.#pairing) this.#pairing.end(error);
    else if (this.#requesting) this.#finish(error);
  }

  /** Answers a peer that wants to pair. */
  #answer(wish: Wish, settings: PairingSettings | undefined, begin: (pairing: Pairing) => void): void {
    // A peer that asks and asks, and takes none of the answers, must not fill our memory with them.
    if (!this.#parts.channel.hasRoom(Priority.Control)) return;
    if (this.#parts.attempts.waitMs(this.peer) > 0) this.#refuse(PairingFailure.RepeatedAttempts);
    else if (!settings) this.#refuse(PairingFailure.PairingNotSupported);
    else this.#start(wish, settings, begin);
  }

  /** Refuses what has come, and ends what it belongs to. */
  #refuse(reason: PairingFailure): void {
    if (this.#pairing) {
      this.#pairing.fail(reason);
      return;
    }
    if (this.#parts.channel.hasRoom(Priority.Control)) this.#send(PairingFailed.encode({ reason }));
    if (this.#requesting) this.#finish(new PairingError(reason, "local"));
  }

  /**
   * Does what this side wants, in the way that its role and its keys allow.
   *
   * @returns What the link is to be like afterwards.
   */
  #begin(wish: Wish, renew = false): SecurityRequirement {
    const settings = this.#settings(wish);
    if (!settings) {
      this.#finish(new PairingError(PairingFailure.PairingNotSupported, "local"));
      return {};
    }
    const isProgram = wish.by === "program";
    const wanted = isProgram ? requirementOf(settings) : wish.requirement;
    const wantsBond = isProgram && settings.bonding;
    const key = renew ? undefined : this.#keys.usable(wanted);
    if (!renew && this.#meets(wanted, wantsBond)) this.#finish(undefined);
    else if (this.#parts.link.role === "peripheral") {
      // Where a key would do, to pair anew is the wish of the central alone.
      this.#requestSecurity(authReqOf(settings), key ? { ...wish, by: "requirement" } : wish);
    } else if (key) this.#encrypt(key);
    else this.#pairAsCentral(wish, settings, renew ? undefined : this.#proof);
    return wanted;
  }

  /** The key of the bond, enough or not, of a link that is not encrypted: the peer can prove with it who it is. */
  get #proof(): LongTermKey | undefined {
    return this.state.encrypted ? undefined : this.#keys.usable({});
  }

  #pairAsCentral(wish: Wish, settings: PairingSettings, proof: LongTermKey | undefined): void {
    if (proof) {
      // First the peer proves to be that of the bond, then the two pair anew: nobody can take its place meanwhile.
      this.#encrypt(proof);
      this.#afterwards = (error) => {
        if (error) this.#finish(error);
        else this.#begin(wish);
      };
    } else if (this.#mayPair()) {
      this.#start(wish, settings, (pairing) => {
        pairing.request();
      });
    }
  }

  /** @returns Takes the job back where it waits, gives it up where it has begun. */
  #add(job: Job): () => void {
    this.#line.add(job);
    return () => {
      if (!this.#line.withdraw(job, calledOff()) && this.#line.isCurrent(job)) this.cancel();
    };
  }

  #requestSecurity(authReq: number, wish: Wish): void {
    if (!this.#mayPair()) return;
    this.#requesting = true;
    this.#wish = wish;
    this.#send(SecurityRequest.encode({ authReq }));
  }

  /** Ends what was about to begin if it may not. */
  #mayPair(): boolean {
    const wait = this.#parts.attempts.waitMs(this.peer);
    if (this.#timer.over) this.#finish(new PairingTimeoutError());
    else if (wait > 0) {
      const detail = `after those that failed, wait for ${Math.ceil(wait)} ms`;
      this.#finish(new PairingError(PairingFailure.RepeatedAttempts, "local", detail));
    } else return true;
    return false;
  }

  #start(wish: Wish, settings: PairingSettings, begin: (pairing: Pairing) => void): void {
    const { link, random, user, keys } = this.#parts;
    const pairing: Pairing = new Pairing({
      link,
      random,
      user,
      keys,
      settings,
      context: this.#context(wish.by),
      send: (pdu) => {
        this.#send(pdu);
      },
      encrypt: (key) => {
        if (link.role === "central") this.#protection.encrypt(key, { type: "pairing", pairing });
        else this.#protection.arm(key, pairing);
      },
      ended: (outcome) => {
        this.#ended(pairing, outcome);
      },
    });
    this.#line.occupy();
    this.#requesting = false;
    this.#pairing = pairing;
    this.#timer.start();
    begin(pairing);
  }

  #ended({ attempted }: Pairing, outcome: PairingResult | BleError): void {
    const { attempts, user } = this.#parts;
    this.#pairing = undefined;
    this.#protection.disarm();
    if (outcome instanceof Error) {
      if (attempted) attempts.failed(this.peer);
    } else {
      attempts.succeeded(this.peer);
      if (outcome.bond) {
        this.#keys.proved(outcome.bond);
        this.#protection.kept();
      }
    }
    user.ended(outcome);
    this.#finish(outcome);
  }

  #encrypt(key: LongTermKey): void {
    const { bond } = this;
    if (bond) this.#protection.encrypt(key, { type: "bond", bond });
  }

  #finish(outcome: JobOutcome): void {
    this.#timer.stop();
    this.#requesting = false;
    this.#wish = undefined;
    this.#line.finish(outcome);
  }

  #settings({ by, requirement, overrides }: Wish): PairingSettings | undefined {
    const { user, least = {} } = this.#parts;
    const settings = user.settings(this.#context(by));
    return settings && strengthened(strengthened({ ...settings, ...overrides }, requirement), least);
  }

  #context(wantedBy: Wish["by"]): PairingContext {
    const { bond, peer } = this;
    return { role: this.#parts.link.role, wantedBy, peer, bond, encrypted: this.state.encrypted };
  }

  #meets(requirement: SecurityRequirement, bonded: boolean): boolean {
    return !this.#lacks(requirement) && (!bonded || this.state.bonded);
  }

  #lacks(requirement: SecurityRequirement): boolean {
    return lackOf(this.state, requirement, false) !== undefined;
  }

  /** Each command that is queued gives the peer 30 s more. Vol 3, Part H, 3.4. */
  #send(pdu: Uint8Array): void {
    this.#parts.channel.send(Priority.Control, pdu);
    if (this.#pairing || this.#requesting) this.#timer.start();
  }
}

function calledOff(): PairingError {
  return new PairingError(PairingFailure.UnspecifiedReason, "local", "called off");
}

/** The link is encrypted, but not as well as was asked for. */
function insufficient(): PairingError {
  const detail = "the key is not strong enough for what was asked";
  return new PairingError(PairingFailure.AuthenticationRequirements, "local", detail);
}
