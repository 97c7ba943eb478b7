import type { Clock } from "../../src/common/clock.ts";
import type { Random } from "../../src/common/random.ts";
import { addressKey, type DeviceAddress } from "./device-address.ts";
import { generateResolvable, isResolvable, resolves } from "./resolvable-address.ts";

/** Privacy_Mode. Vol 4, Part E, 7.8.77. */
export const PrivacyMode = { Network: 0, Device: 1 } as const;

/** Until the host says otherwise, in s. Vol 4, Part E, 7.8.45. */
const defaultTimeout = 900;

/** How many addresses the list remembers to have resolved, or not, before it forgets them all. */
const mostRemembered = 4096;

/** A resolvable private address in use. */
interface PrivateAddress {
  readonly value: number;
  readonly since: number;
}

/** One device of a {@link ResolvingList}. */
export interface ResolvingEntry {
  readonly identity: DeviceAddress;
  /** 16 octets, *owned*; `undefined` when the peer has none. */
  readonly peerIrk: Uint8Array | undefined;
  /** 16 octets, *owned*; `undefined` when this device has none towards the peer. */
  readonly localIrk: Uint8Array | undefined;
  privacyMode: number;
  /** What this device is called towards the peer. */
  local?: PrivateAddress;
  /** What the peer is called in packets directed to it. */
  target?: PrivateAddress;
  /** The address by which the peer was recognised last. */
  seen?: number;
}

/** The resolving list of a controller. Vol 6, Part B, 4.7 and 6. */
export class ResolvingList {
  readonly size: number;
  enabled = false;
  /** How long an address is used, in s. */
  timeout: number = defaultTimeout;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #entries = new Map<number, ResolvingEntry>();
  /** What came of resolving with the peers' keys, by address. */
  readonly #peers = new Map<number, ResolvingEntry | undefined>();
  /** What came of resolving with the own keys, by address. */
  readonly #own = new Map<number, boolean>();

  /** @param size - How many devices fit. */
  constructor(size: number, clock: Clock, random: Random) {
    this.size = size;
    this.#clock = clock;
    this.#random = random;
  }

  get full(): boolean {
    return this.#entries.size >= this.size;
  }

  get(identity: DeviceAddress): ResolvingEntry | undefined {
    return this.#entries.get(addressKey(identity));
  }

  /** Whether a peer of the list has this key. */
  hasPeerIrk(irk: Uint8Array): boolean {
    const key = irk.join();
    return [...this.#entries.values()].some(({ peerIrk }) => peerIrk?.join() === key);
  }

  add(entry: ResolvingEntry): void {
    this.#entries.set(addressKey(entry.identity), entry);
    this.#forget();
  }

  /** False when it was not there. */
  remove(identity: DeviceAddress): boolean {
    this.#forget();
    return this.#entries.delete(addressKey(identity));
  }

  clear(): void {
    this.#entries.clear();
    this.#forget();
  }

  reset(): void {
    this.clear();
    this.enabled = false;
    this.timeout = defaultTimeout;
  }

  /** Whose resolvable private address it is. Vol 6, Part B, 1.3.2.3. */
  resolvePeer(address: DeviceAddress): ResolvingEntry | undefined {
    if (!this.enabled || this.#entries.size === 0 || !isResolvable(address)) return undefined;
    const { value } = address;
    if (!this.#peers.has(value)) {
      if (this.#peers.size >= mostRemembered) this.#peers.clear();
      this.#peers.set(
        value,
        this.#find(({ peerIrk }) => peerIrk && resolves(peerIrk, address)),
      );
    }
    const entry = this.#peers.get(value);
    if (entry) entry.seen = value;
    return entry;
  }

  /** Whether it is one of this device's own resolvable private addresses, old or new. */
  resolvesToSelf(address: DeviceAddress): boolean {
    if (!this.enabled || this.#entries.size === 0 || !isResolvable(address)) return false;
    const { value } = address;
    if (!this.#own.has(value)) {
      if (this.#own.size >= mostRemembered) this.#own.clear();
      this.#own.set(
        value,
        this.#find(({ localIrk }) => localIrk && resolves(localIrk, address)) !== undefined,
      );
    }
    return this.#own.get(value) === true;
  }

  /** What this device is called towards a peer now; `undefined` without a key for it. */
  localAddress(identity: DeviceAddress): number | undefined {
    const entry = this.enabled ? this.get(identity) : undefined;
    if (!entry?.localIrk) return undefined;
    entry.local = this.#current(entry.local, entry.localIrk);
    return entry.local.value;
  }

  /** What the peer is called in packets directed to it now; `undefined` without a key of it. */
  targetAddress(identity: DeviceAddress): number | undefined {
    const entry = this.enabled ? this.get(identity) : undefined;
    if (!entry?.peerIrk) return undefined;
    entry.target = this.#current(entry.target, entry.peerIrk);
    return entry.target.value;
  }

  /** What this device is called towards a peer changes before its time. Vol 4, Part E, 7.8.122. */
  renew(identity: DeviceAddress): void {
    const entry = this.get(identity);
    if (entry) delete entry.local;
  }

  /** Addresses change when they are used: nobody sees them between. */
  #current(address: PrivateAddress | undefined, irk: Uint8Array): PrivateAddress {
    const now = this.#clock.now();
    if (address && now - address.since < this.timeout * 1000) return address;
    return { value: generateResolvable(irk, this.#random), since: now };
  }

  #find(matches: (entry: ResolvingEntry) => boolean | undefined): ResolvingEntry | undefined {
    for (const entry of this.#entries.values()) if (matches(entry)) return entry;
    return undefined;
  }

  #forget(): void {
    this.#peers.clear();
    this.#own.clear();
  }
}
