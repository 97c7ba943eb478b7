import { Address } from "../../src/common/address.ts";
import { equal, fromHex, toHex } from "../../src/common/bytes.ts";
import { VirtualClock } from "../../src/common/clock.ts";
import type { BleError } from "../../src/common/errors.ts";
import type { Outcome } from "../../src/common/procedure.ts";
import { type Random, SeededRandom } from "../../src/common/random.ts";
import type { SecurityRequirement, SecurityState } from "../../src/common/security.ts";
import { DisconnectedError } from "../../src/hci/error.ts";
import type { Bond } from "../../src/smp/bond.ts";
import { addressOctets, ah } from "../../src/smp/crypto.ts";
import type { KeyStore } from "../../src/smp/key-store.ts";
import type {
  DistributedKeys,
  LocalOobData,
  PairingContext,
  PairingResult,
  PairingSettings,
  PairingUser,
  PasskeyEntry,
} from "../../src/smp/pairing-user.ts";
import { IoCapability } from "../../src/smp/pdu.ts";
import { RepeatedAttempts } from "../../src/smp/repeated-attempts.ts";
import type { EncryptionKey, SecurityLink } from "../../src/smp/security-link.ts";
import { type PairOptions, SecurityManager } from "../../src/smp/security-manager.ts";
import { ScriptedChannel } from "../att/scripted-channel.ts";

export const centralAddress: Address = Address.parse("00:0A:00:00:00:01/public");
export const peripheralAddress: Address = Address.parse("C0:FF:EE:00:00:02/random");

export const allKeys: DistributedKeys = { encryption: true, identity: true, signing: true };
export const noKeys: DistributedKeys = { encryption: false, identity: false, signing: false };

export const plain: PairingSettings = {
  ioCapability: IoCapability.NoInputNoOutput,
  bonding: true,
  mitm: "no",
  secureConnections: "preferred",
  keypress: false,
  minKeySize: 7,
  maxKeySize: 16,
  distribute: allKeys,
  accept: allKeys,
  repairing: "allow",
  authorizeJustWorks: false,
};

/** Numeric comparison, if the other side wants it too. */
export const yesNo: PairingSettings = {
  ...plain,
  ioCapability: IoCapability.DisplayYesNo,
  mitm: "required",
};

/** The bonds of one side, in memory. */
export class MemoryKeys implements KeyStore {
  readonly own: KeyStore["own"];
  readonly bonds: Map<string, Bond> = new Map();
  saves = 0;
  counterSaves = 0;

  constructor(address: Address, irk: Uint8Array) {
    this.own = { address, irk };
  }

  find(peer: Address): Bond | undefined {
    const known = this.bonds.get(peer.toString());
    if (known || peer.kind !== "resolvable private") return known;
    const octets = addressOctets(peer);
    return [...this.bonds.values()].find(
      ({ irk }) => irk && equal(ah(irk, octets.subarray(0, 3)), octets.subarray(3)),
    );
  }

  findByDiversifier(ediv: number, rand: Uint8Array): Bond | undefined {
    return [...this.bonds.values()].find(
      ({ peripheralKey: key }) => key && !key.secureConnections && key.ediv === ediv && equal(key.rand, rand),
    );
  }

  /** How many bonds there can be. */
  most: number = Number.POSITIVE_INFINITY;

  hasRoomFor(identity: Address): boolean {
    return this.bonds.size < this.most || this.bonds.has(identity.toString());
  }

  save(bond: Bond): void {
    this.saves++;
    this.bonds.set(bond.identity.toString(), bond);
  }

  saveCounters(bond: Bond): void {
    this.counterSaves++;
    this.bonds.set(bond.identity.toString(), bond);
  }
}

/** What a person does at one side. Left out: answers at once, and as it should be. */
export interface Person {
  readonly typesPasskey?: (shown: number | undefined) => number | undefined;
  readonly comparesNumbers?: (own: number, other: number | undefined) => boolean;
  readonly authorizes?: (why: "justWorks" | "repairing") => boolean;
  /** Whether answers wait until {@link TestUser.answerAll}. */
  readonly slow?: boolean;
}

/** The user of one side, which records what it is told. */
export class TestUser implements PairingUser {
  settingsGiven: PairingSettings | undefined;
  person: Person = {};
  /** The one at the other side of the table. */
  other: TestUser | undefined;
  shownPasskey: number | undefined;
  shownNumber: number | undefined;
  /** The one shown in the pairing before. */
  lastPasskey: number | undefined;
  /** All that were ever shown. */
  readonly numbers: number[] = [];
  entry: PasskeyEntry | undefined;
  readonly contexts: PairingContext[] = [];
  readonly calls: string[] = [];
  readonly outcomes: (PairingResult | Error)[] = [];
  readonly lost: Bond[] = [];
  #answers: (() => void)[] = [];
  readonly #served = new WeakSet<LocalOobData>();

  constructor(settings: PairingSettings | undefined) {
    this.settingsGiven = settings;
  }

  settings(context: PairingContext): PairingSettings | undefined {
    this.contexts.push(context);
    return this.settingsGiven;
  }

  displayPasskey(passkey: number, entered: number): void {
    this.calls.push(`display ${entered}`);
    this.shownPasskey = passkey;
  }

  requestPasskey(entry: PasskeyEntry): void {
    this.calls.push("request");
    this.entry = entry;
    this.#answer(() => {
      const shown = this.other?.shownPasskey;
      entry.answer(this.person.typesPasskey ? this.person.typesPasskey(shown) : (shown ?? 123_456));
    }, this.other?.shownPasskey === undefined);
  }

  confirmNumber(number: number, answer: (same: boolean) => void): void {
    this.calls.push("confirm");
    this.shownNumber = number;
    this.numbers.push(number);
    this.#answer(() => {
      const other = this.other?.shownNumber;
      answer(this.person.comparesNumbers?.(number, other) ?? (other === undefined || other === number));
    });
  }

  authorize(why: "justWorks" | "repairing", answer: (allowed: boolean) => void): void {
    this.calls.push(`authorize ${why}`);
    this.#answer(() => {
      answer(this.person.authorizes?.(why) ?? true);
    });
  }

  outOfBandServes(data: LocalOobData): boolean {
    const serves = !this.#served.has(data);
    this.#served.add(data);
    return serves;
  }

  ended(outcome: PairingResult | Error): void {
    this.calls.push("ended");
    this.shownNumber = undefined;
    this.lastPasskey = this.shownPasskey;
    this.shownPasskey = undefined;
    this.outcomes.push(outcome);
  }

  bondLost(bond: Bond): void {
    this.lost.push(bond);
  }

  answerAll(): number {
    const answers = this.#answers.splice(0);
    for (const answer of answers) answer();
    return answers.length;
  }

  /** @param mustWait - There is nothing to look at yet. */
  #answer(answer: () => void, mustWait = false): void {
    if (this.person.slow || mustWait) this.#answers.push(answer);
    else answer();
  }
}

/** What is under way from one side to the other: a PDU, or the central's wish to encrypt. */
type Item = { readonly pdu: Uint8Array } | { readonly encrypt: EncryptionKey };

/** One side of {@link TwoManagers}. */
export class Side implements SecurityLink {
  readonly role: "central" | "peripheral";
  readonly localAddress: Address;
  readonly peerAddress: Address;
  readonly user: TestUser;
  readonly keys: MemoryKeys;
  readonly channel: ScriptedChannel = new ScriptedChannel();
  readonly manager: SecurityManager;
  readonly states: SecurityState[] = [];
  /** What this side has sent and has not arrived. */
  readonly outgoing: Item[] = [];
  /** The key that the link is encrypted with, as this side's controller knows it. */
  sessionKey: string | undefined;
  disconnected: number | undefined;
  readonly attempts: RepeatedAttempts;
  readonly #pair: TwoManagers;

  constructor(pair: TwoManagers, role: Side["role"], options: SideOptions, attempts: RepeatedAttempts) {
    this.#pair = pair;
    this.role = role;
    this.attempts = attempts;
    const addresses = [
      options.address ?? defaultAddress(role),
      options.peerAddress ?? defaultAddress(other(role)),
    ];
    [this.localAddress, this.peerAddress] = addresses as [Address, Address];
    this.keys =
      options.keys ??
      new MemoryKeys(
        options.identity ?? defaultAddress(role),
        fromHex((role === "central" ? "c1" : "d2").repeat(16)),
      );
    this.user = new TestUser(options.settings === null ? undefined : (options.settings ?? plain));
    this.channel.deliver = (pdu) => this.outgoing.push({ pdu });
    this.manager = new SecurityManager({
      channel: this.channel,
      link: this,
      clock: pair.clock,
      random: options.random ?? new SeededRandom(role === "central" ? pair.seed : pair.seed + 1_000_000),
      user: this.user,
      keys: this.keys,
      attempts,
      ...(options.least && { least: options.least }),
    });
    this.manager.onChange((state) => this.states.push(state));
  }

  encrypt(key: EncryptionKey): void {
    this.outgoing.push({
      encrypt: { ...key, key: Uint8Array.from(key.key), rand: Uint8Array.from(key.rand) },
    });
  }

  replyKey(key: Uint8Array | undefined): void {
    this.#pair.keyReplied(key && Uint8Array.from(key));
  }

  disconnect(reason: number): void {
    this.disconnected ??= reason;
    this.#pair.ending ??= reason;
  }

  /** Begins to pair, and gives what comes of it. */
  pair(options: PairOptions = {}): { outcome?: Outcome<PairingResult | undefined> } {
    const box: { outcome?: Outcome<PairingResult | undefined> } = {};
    this.manager.pair(options, (outcome) => {
      if ("outcome" in box) throw new Error("told twice");
      box.outcome = outcome;
    });
    return box;
  }

  raise(requirement: SecurityRequirement): { outcome?: Outcome<undefined> } {
    const box: { outcome?: Outcome<undefined> } = {};
    this.manager.raise(requirement, (outcome) => {
      if ("outcome" in box) throw new Error("told twice");
      box.outcome = outcome;
    });
    return box;
  }
}

/** How a {@link Side} differs from the usual. */
export interface SideOptions {
  /** `null` does not pair. */
  readonly settings?: PairingSettings | null;
  readonly keys?: MemoryKeys;
  readonly random?: Random;
  /** On the air. */
  readonly address?: Address;
  readonly peerAddress?: Address;
  readonly identity?: Address;
  readonly least?: SecurityRequirement;
  readonly attempts?: RepeatedAttempts;
}

/** A PDU that has passed between the two. */
export interface Passed {
  readonly from: "central" | "peripheral";
  readonly pdu: Uint8Array;
  readonly encrypted: boolean;
}

/**
 * Two Security Managers joined by a link whose controllers do as real ones do: they compare keys, tell the peripheral
 * first, and lose the link when an encrypted one gets no key. What is under way arrives when the test says so.
 */
export class TwoManagers {
  readonly clock: VirtualClock;
  readonly seed: number;
  readonly central: Side;
  readonly peripheral: Side;
  readonly passed: Passed[] = [];
  encrypted = false;
  /** The reason for which the link is about to end. */
  ending: number | undefined;
  closed = false;
  #asked: EncryptionKey | undefined;

  constructor(
    options: {
      readonly central?: SideOptions;
      readonly peripheral?: SideOptions;
      readonly clock?: VirtualClock;
      readonly seed?: number;
    } = {},
  ) {
    this.clock = options.clock ?? new VirtualClock();
    this.seed = options.seed ?? 1;
    const { central = {}, peripheral = {} } = options;
    const facing = { address: central.address, peerAddress: peripheral.address };
    this.central = new Side(
      this,
      "central",
      { ...central, ...(facing.peerAddress && { peerAddress: facing.peerAddress }) },
      central.attempts ?? new RepeatedAttempts(this.clock),
    );
    this.peripheral = new Side(
      this,
      "peripheral",
      { ...peripheral, ...(facing.address && { peerAddress: facing.address }) },
      peripheral.attempts ?? new RepeatedAttempts(this.clock),
    );
    this.central.user.other = this.peripheral.user;
    this.peripheral.user.other = this.central.user;
  }

  /** Lets one thing that `from` has sent arrive; false when there is none. */
  step(from: "central" | "peripheral"): boolean {
    if (this.closed) return false;
    const [sender, receiver] =
      from === "central" ? [this.central, this.peripheral] : [this.peripheral, this.central];
    const item = sender.outgoing.shift();
    if (!item) return false;
    if ("pdu" in item) {
      this.passed.push({ from, pdu: item.pdu, encrypted: this.encrypted });
      receiver.manager.receive(item.pdu);
    } else {
      this.#asked = item.encrypt;
      this.peripheral.manager.keyRequested({ ediv: item.encrypt.ediv, rand: item.encrypt.rand });
    }
    this.#end();
    return true;
  }

  /** Lets everything arrive until nothing is under way, and slow people answer. */
  settle(): this {
    for (let i = 0; i < 1_000; i++) {
      const moved = this.step("central") || this.step("peripheral");
      if (!moved && this.central.user.answerAll() + this.peripheral.user.answerAll() === 0) {
        this.#end();
        return this;
      }
      this.#end();
    }
    throw new Error("they never come to rest");
  }

  /** Something that neither has sent arrives at a side. */
  inject(to: "central" | "peripheral", pdu: Uint8Array): void {
    this[to].manager.receive(pdu);
    this.#end();
  }

  /** The link is lost. */
  close(reason = 0x08): void {
    if (this.closed) return;
    this.closed = true;
    this.encrypted = false;
    const error: BleError = new DisconnectedError(reason);
    for (const side of [this.central, this.peripheral]) {
      side.outgoing.length = 0;
      side.manager.closed(error);
    }
  }

  /** What the peripheral's host has answered. */
  keyReplied(key: Uint8Array | undefined): void {
    const asked = this.#asked;
    this.#asked = undefined;
    if (!asked) throw new Error("a key that nobody has asked for");
    const wasEncrypted = this.encrypted;
    if (!key) {
      if (wasEncrypted) this.ending ??= 0x06;
      else this.central.manager.encryptionChanged(0x06, false);
      return;
    }
    if (!equal(key, asked.key)) {
      this.ending ??= 0x3d;
      return;
    }
    this.encrypted = true;
    for (const side of [this.peripheral, this.central]) {
      side.sessionKey = toHex(key);
      if (wasEncrypted) side.manager.keyRefreshed(0);
      else side.manager.encryptionChanged(0, true);
    }
  }

  #end(): void {
    if (this.ending !== undefined) this.close(this.ending);
  }
}

function other(role: Side["role"]): Side["role"] {
  return role === "central" ? "peripheral" : "central";
}

function defaultAddress(role: Side["role"]): Address {
  return role === "central" ? centralAddress : peripheralAddress;
}
