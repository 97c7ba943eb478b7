import type { BleError } from "../common/errors.ts";
import type { Clock } from "../common/clock.ts";
import { Priority } from "../common/priority.ts";
import type { Random } from "../common/random.ts";
import type { SecurityRequirement } from "../common/security.ts";
import type { Channel } from "../l2cap/channel.ts";
import { PairingError, PairingTimeoutError } from "./error.ts";
import type { JobLine, JobOutcome } from "./job-line.ts";
import type { KeyStore } from "./key-store.ts";
import type { LinkKeys } from "./link-keys.ts";
import type { LinkProtection } from "./link-protection.ts";
import { PairingFailure } from "./pairing-failure.ts";
import { Pairing } from "./pairing.ts";
import type { PairingContext, PairingResult, PairingSettings, PairingUser } from "./pairing-user.ts";
import { PairingFailed, SecurityRequest } from "./pdu.ts";
import type { RepeatedAttempts } from "./repeated-attempts.ts";
import type { SecurityLink } from "./security-link.ts";
import { atLeast, strengthened } from "./security-requirement.ts";
import { SecurityTimer } from "./security-timer.ts";

/** Who wants a pairing, and what it has to bring. */
export interface Wish {
  readonly by: PairingContext["wantedBy"];
  readonly requirement: SecurityRequirement;
  readonly overrides?: Partial<PairingSettings> | undefined;
}

/** What a {@link PairingProcedure} is made of. */
export interface PairingProcedureParts {
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
}

/** What a link has beside its {@link PairingProcedure}, and both go by. */
export interface LinkState {
  readonly protection: LinkProtection;
  readonly keys: LinkKeys;
  readonly line: JobLine;
}

/**
 * What is under way on a link so as to pair it: a pairing, or the Security Request that is to bring one, and the Security
 * Manager Timer over both. Vol 3, Part H, 2.3, 2.4.6 and 3.4. Whoever comes to its end ends what stands first in the line.
 */
export class PairingProcedure {
  readonly #parts: PairingProcedureParts;
  readonly #state: LinkState;
  readonly #timer: SecurityTimer;
  #pairing: Pairing | undefined;
  /** Whether Security Request was sent and nothing has come of it yet. */
  #requesting = false;
  #wish: Wish | undefined;

  constructor(parts: PairingProcedureParts, state: LinkState) {
    this.#parts = parts;
    this.#state = state;
    this.#timer = new SecurityTimer(parts.clock, () => {
      const error = new PairingTimeoutError();
      if (this.#pairing) this.#pairing.end(error);
      else this.finish(error);
    });
  }

  /** The one under way. */
  get pairing(): Pairing | undefined {
    return this.#pairing;
  }

  /** How this side wants to pair, when it is for the peer to begin. */
  get wish(): Wish | undefined {
    return this.#wish;
  }

  /** Whether the timer has run out: there is no more pairing on this link. Vol 3, Part H, 3.4. */
  get over(): boolean {
    return this.#timer.over;
  }

  /** What this side brings to a pairing, `undefined` where it does not want any. */
  settings({ by, requirement, overrides }: Wish): PairingSettings | undefined {
    const { user, least = {} } = this.#parts;
    const settings = user.settings(this.#context(by));
    return settings && strengthened(atLeast({ ...settings, ...overrides }, least), requirement);
  }

  /** As central: pairs, unless it may not. */
  request(wish: Wish, settings: PairingSettings): void {
    if (!this.#mayPair()) return;
    this.#start(wish, settings, (pairing) => {
      pairing.request();
    });
  }

  /** As peripheral: asks the central for security, unless it may not. Vol 3, Part H, 2.4.6. */
  requestSecurity(authReq: number, wish: Wish): void {
    if (!this.#mayPair()) return;
    this.#requesting = true;
    this.#wish = wish;
    this.#send(SecurityRequest.encode({ authReq }));
  }

  /** Answers a peer that wants to pair. */
  answer(wish: Wish, settings: PairingSettings | undefined, begin: (pairing: Pairing) => void): void {
    // A peer that asks and asks, and takes none of the answers, must not fill our memory with them.
    if (!this.#parts.channel.hasRoom(Priority.Control)) return;
    if (this.#parts.attempts.waitMs(this.#state.keys.peer) > 0) this.refuse(PairingFailure.RepeatedAttempts);
    else if (!settings) this.refuse(PairingFailure.PairingNotSupported);
    else this.#start(wish, settings, begin);
  }

  /** Refuses what has come, and ends what it belongs to. */
  refuse(reason: PairingFailure): void {
    if (this.#pairing) {
      this.#pairing.fail(reason);
      return;
    }
    if (this.#parts.channel.hasRoom(Priority.Control)) this.#send(PairingFailed.encode({ reason }));
    if (this.#requesting) this.finish(new PairingError(reason, "local"));
  }

  /** The peer has given up. */
  failed(reason: PairingFailure): void {
    const error = new PairingError(reason, "peer");
    if (this.#pairing) this.#pairing.end(error);
    else if (this.#requesting) this.finish(error);
  }

  /** The program gives up what is under way. @returns Whether there was anything. */
  callOff(): boolean {
    if (this.#pairing) this.#pairing.callOff();
    else if (this.#requesting) this.finish(calledOff());
    else return false;
    return true;
  }

  /** What was under way has ended. */
  finish(outcome: JobOutcome): void {
    this.#timer.stop();
    this.#requesting = false;
    this.#wish = undefined;
    this.#state.line.finish(outcome);
  }

  /** The link is gone. */
  closed(reason: BleError): void {
    this.#pairing?.end(reason);
    this.#timer.stop();
  }

  /** Ends what was about to begin if it may not. */
  #mayPair(): boolean {
    const wait = this.#parts.attempts.waitMs(this.#state.keys.peer);
    if (this.#timer.over) this.finish(new PairingTimeoutError());
    else if (wait > 0) {
      const detail = `after those that failed, wait for ${Math.ceil(wait)} ms`;
      this.finish(new PairingError(PairingFailure.RepeatedAttempts, "local", detail));
    } else return true;
    return false;
  }

  #start(wish: Wish, settings: PairingSettings, begin: (pairing: Pairing) => void): void {
    const { link, random, user, keys } = this.#parts;
    const { protection, line } = this.#state;
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
        if (link.role === "central") protection.encrypt(key, { type: "pairing", pairing });
        else protection.arm(key, pairing);
      },
      ended: (outcome) => {
        this.#ended(pairing, outcome);
      },
    });
    line.occupy();
    this.#requesting = false;
    this.#pairing = pairing;
    this.#timer.start();
    begin(pairing);
  }

  #ended({ attempted }: Pairing, outcome: PairingResult | BleError): void {
    const { attempts, user } = this.#parts;
    const { protection, keys } = this.#state;
    this.#pairing = undefined;
    protection.disarm();
    if (outcome instanceof Error) {
      if (attempted) attempts.failed(keys.peer);
    } else {
      attempts.succeeded(keys.peer);
      if (outcome.bond) {
        keys.proved(outcome.bond);
        protection.kept();
      }
    }
    user.ended(outcome);
    this.finish(outcome);
  }

  #context(wantedBy: Wish["by"]): PairingContext {
    const { bond, peer } = this.#state.keys;
    const { encrypted } = this.#state.protection.state;
    return { role: this.#parts.link.role, wantedBy, peer, bond, encrypted };
  }

  /** Each command that is queued gives the peer 30 s more. Vol 3, Part H, 3.4. */
  #send(pdu: Uint8Array): void {
    this.#parts.channel.send(Priority.Control, pdu);
    if (this.#pairing || this.#requesting) this.#timer.start();
  }
}

/** How something ends that the program has given up. */
export function calledOff(): PairingError {
  return new PairingError(PairingFailure.UnspecifiedReason, "local", "called off");
}
