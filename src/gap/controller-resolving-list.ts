import type { Address } from "../common/address.ts";
import { equal, reversed } from "../common/bytes.ts";
import type { Clock } from "../common/clock.ts";
import { BleError } from "../common/errors.ts";
import { type Outcome, type Procedure, run, wait } from "../common/procedure.ts";
import type { Command } from "../hci/command.ts";
import {
  LeAddDeviceToResolvingList,
  LeRemoveDeviceFromResolvingList,
  LeSetAddressResolutionEnable,
  LeSetPrivacyMode,
  LeSetResolvablePrivateAddressTimeout,
  type ResolvingListPeer,
} from "../hci/commands/le-resolving-list.ts";
import { HciError } from "../hci/error.ts";
import type { Hci } from "../hci/hci.ts";
import { type ControllerInfo, sending } from "../hci/start-up.ts";
import { Status } from "../hci/status.ts";
import type { Bond } from "../smp/bond.ts";
import { addressTypeOctet } from "./device-address.ts";
import type { RadioSilence } from "./radio-silence.ts";
import { hasIrk, type PrivacyMode } from "./resolved-peers.ts";

/** What a {@link ControllerResolvingList} is made of. */
export interface ControllerResolvingListParts {
  readonly hci: Hci;
  readonly clock: Clock;
  readonly silence: RadioSilence;
  readonly controller: () => ControllerInfo;
  /** All bonds, the newest last. */
  readonly bonds: () => readonly Bond[];
  /** This host's own key, most significant octet first, where the controller is to make private addresses with it. */
  readonly localIrk: () => Uint8Array | undefined;
  readonly rotationMs: number;
  readonly mode: PrivacyMode;
}

/** A peer with its key. */
interface Entry {
  readonly identity: Address;
  /** Most significant octet first; {@link noIrk} of a peer that has none. */
  readonly irk: Uint8Array;
  /** This host's own key towards it, or {@link noIrk}. */
  readonly localIrk: Uint8Array;
}

/** How long to wait when the controller was busy, in ms. */
const retryMs = 1_000;
/** RPA_Timeout, in s. Vol 4, Part E, 7.8.45. */
const mostTimeout = 3600;
const devicePrivacy = 1;
const noIrk: Uint8Array = new Uint8Array(16);

/**
 * The controller's resolving list, kept in step with the bonds: with it the controller knows bonded peers by whatever
 * address they use, and makes private addresses towards them. Of too many bonds those used last are in it; for the
 * others, and on controllers without a list, the host does what it can. Vol 6, Part B, 4.7 and 6.
 */
export class ControllerResolvingList {
  readonly #parts: ControllerResolvingListParts;
  /** What the controller was told, by identity. */
  readonly #entries = new Map<string, Entry>();
  /** When a peer was last used, by identity, counted from 1. */
  readonly #uses = new Map<string, number>();
  #counter = 0;
  /** Those whose privacy mode the controller was not told yet. */
  readonly #unfinished = new Set<string>();
  /** The keys that the controller did not take. */
  readonly #refused = new Set<string>();
  #enabled = false;
  #timed = false;
  /** The controller does not do as its features say. */
  #broken = false;
  #working = false;
  #again = false;
  #waiting: (() => void)[] = [];
  #timer: Disposable | undefined;
  #ended = false;

  constructor(parts: ControllerResolvingListParts) {
    this.#parts = parts;
  }

  /** Whether the controller makes private addresses towards some peers, and knows those directed to it. */
  get makesAddresses(): boolean {
    return this.#enabled && this.#parts.localIrk() !== undefined;
  }

  /** Whether the controller knows a peer by its identity address, whatever address it uses. */
  lists(identity: Address): boolean {
    return this.#enabled && this.#entries.has(identity.toString());
  }

  /** The bonds may have changed. `done` is called when the list is as it should be, or cannot be for now. */
  changed(done?: () => void): void {
    if (done) this.#waiting.push(done);
    if (this.#working) {
      this.#again = true;
      return;
    }
    if (this.#ended || this.#isSettled()) {
      this.#tell();
      return;
    }
    this.#working = true;
    this.#again = false;
    this.#parts.silence.during((over) => {
      run(this.#write(), (outcome) => {
        this.#working = false;
        over();
        this.#written(outcome);
      });
    });
  }

  /** A bonded peer is in use: if there is not room for all, there is for this one. */
  used(identity: Address, done?: () => void): void {
    this.#uses.set(identity.toString(), ++this.#counter);
    this.changed(done);
  }

  /** There is no bond with the peer any more. */
  removed(identity: Address): void {
    this.#uses.delete(identity.toString());
    this.changed();
  }

  /** The controller was reset, and has an empty list. */
  restart(done?: () => void): void {
    this.#entries.clear();
    this.#unfinished.clear();
    this.#refused.clear();
    this.#enabled = false;
    this.#timed = false;
    this.#broken = false;
    this.changed(done);
  }

  /** The host is closed. */
  end(): void {
    this.#ended = true;
    this.#timer?.[Symbol.dispose]();
    this.#tell();
  }

  #tell(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const done of waiting) done();
  }

  #written(outcome: Outcome<void>): void {
    if (outcome instanceof HciError) {
      if (outcome.status === Status.CommandDisallowed) {
        // The radio was in use after all, as when the host waits for periodic advertising.
        this.#timer?.[Symbol.dispose]();
        this.#timer = this.#parts.clock.after(retryMs, () => {
          this.changed();
        });
        this.#tell();
        return;
      }
      this.#broken = true;
    }
    if (outcome instanceof BleError || !this.#again) this.#tell();
    else this.changed();
  }

  #isSettled(): boolean {
    if (this.#broken) return true; // as far as it can be
    const wanted = this.#wanted();
    return (
      this.#enabled === wanted.length > 0 &&
      wanted.length === this.#entries.size &&
      wanted.every((entry) => this.#has(entry))
    );
  }

  #has(entry: Entry): boolean {
    const name = entry.identity.toString();
    const known = this.#entries.get(name);
    return known !== undefined && isSame(known, entry) && !this.#unfinished.has(name);
  }

  /** As many as there is room for, those used last first; a key that two peers claim is that of the first. */
  #wanted(): readonly Entry[] {
    if (!this.isUsable) return [];
    const { resolvingListSize } = this.#parts.controller();
    const used = ({ identity }: Entry): number => this.#uses.get(identity.toString()) ?? 0;
    const candidates = this.#candidates().reverse();
    const keys = new Set<string>(this.#refused);
    const entries: Entry[] = [];
    for (const entry of candidates.sort((a, b) => used(b) - used(a))) {
      if (entries.length >= resolvingListSize) break;
      const key = keyOf(entry);
      if (keys.has(key)) continue;
      keys.add(key);
      entries.push(entry);
    }
    return entries;
  }

  /** Those without a key are of use too, where there is one of this host: they may direct something to it. */
  #candidates(): Entry[] {
    const localIrk = this.#parts.localIrk() ?? noIrk;
    const entries = this.#parts.bonds().map((bond) => {
      return { identity: bond.identity, irk: hasIrk(bond) ? bond.irk : noIrk, localIrk };
    });
    return this.#parts.localIrk() ? entries : entries.filter(({ irk }) => irk !== noIrk);
  }

  /**
   * Without LE Set Privacy Mode a controller ignores peers with a key that use their identity address, as many do. Then
   * the list is of use only where that is what the program asks for. Vol 4, Part E, 7.8.77.
   */
  get isUsable(): boolean {
    const { mode, controller } = this.#parts;
    if (controller().resolvingListSize === 0) return false;
    return mode === "network" || controller().capabilities.supports(LeSetPrivacyMode);
  }

  *#write(): Procedure<void> {
    const wanted = this.#wanted();
    for (const [name, entry] of this.#entries) {
      if (wanted.some((other) => other.identity.equals(entry.identity) && isSame(other, entry))) continue;
      yield* this.#unless(Status.UnknownConnectionIdentifier, LeRemoveDeviceFromResolvingList, nameOf(entry));
      this.#entries.delete(name);
      this.#unfinished.delete(name);
    }
    yield* this.#setTimeout();
    for (const entry of wanted) if (!this.#has(entry)) yield* this.#add(entry);
    const enable = this.#entries.size > 0;
    if (enable === this.#enabled) return;
    yield* this.#ask(LeSetAddressResolutionEnable, { addressResolutionEnable: enable });
    this.#enabled = enable;
  }

  /** How long the controller uses an address of this host. */
  *#setTimeout(): Procedure<void> {
    const { localIrk, rotationMs } = this.#parts;
    if (this.#timed || !localIrk()) return;
    const rpaTimeout = Math.min(Math.ceil(rotationMs / 1000), mostTimeout);
    yield* this.#ask(LeSetResolvablePrivateAddressTimeout, { rpaTimeout });
    this.#timed = true;
  }

  *#add(entry: Entry): Procedure<void> {
    const name = entry.identity.toString();
    if (!this.#entries.has(name) && !(yield* this.#admit(entry))) return;
    if (this.#parts.mode === "network") return; // as an entry is at first
    this.#unfinished.add(name);
    yield* this.#ask(LeSetPrivacyMode, { ...nameOf(entry), privacyMode: devicePrivacy });
    this.#unfinished.delete(name);
  }

  /** @returns Whether the controller has taken it; if not, the host resolves its addresses. */
  *#admit(entry: Entry): Procedure<boolean> {
    try {
      yield* this.#ask(LeAddDeviceToResolvingList, {
        ...nameOf(entry),
        peerIrk: reversed(entry.irk),
        localIrk: reversed(entry.localIrk),
      });
      this.#entries.set(entry.identity.toString(), entry);
      return true;
    } catch (error) {
      if (!(error instanceof HciError) || error.status === Status.CommandDisallowed) throw error;
      this.#refused.add(keyOf(entry));
      return false;
    }
  }

  *#ask<P, R>(command: Command<P, R>, parameters: P): Procedure<R> {
    return yield* wait(sending(this.#parts.hci, command, parameters));
  }

  /** The same, where one refusal says that there is nothing to do. */
  *#unless<P, R>(status: number, command: Command<P, R>, parameters: P): Procedure<void> {
    try {
      yield* this.#ask(command, parameters);
    } catch (error) {
      if (!(error instanceof HciError) || error.status !== status) throw error;
    }
  }
}

function isSame(a: Entry, b: Entry): boolean {
  return equal(a.irk, b.irk) && equal(a.localIrk, b.localIrk);
}

/** What no two entries may have in common. */
function keyOf({ identity, irk }: Entry): string {
  return irk === noIrk ? identity.toString() : irk.join();
}

function nameOf({ identity }: Entry): ResolvingListPeer {
  return { peerIdentityAddressType: addressTypeOctet(identity), peerIdentityAddress: identity.value };
}
