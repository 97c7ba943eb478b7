import type { Address } from "../common/address.ts";
import type { Clock } from "../common/clock.ts";
import { BleError } from "../common/errors.ts";
import type { Done } from "../common/procedure.ts";
import type { Random } from "../common/random.ts";
import type { Hci } from "../hci/hci.ts";
import type { ControllerInfo } from "../hci/start-up.ts";
import type { BondChange, BondKeeper } from "./bond-keeper.ts";
import { ControllerResolvingList } from "./controller-resolving-list.ts";
import { addressTypeOctet } from "./device-address.ts";
import { OwnAddress, type Privacy } from "./own-address.ts";
import { RadioSilence } from "./radio-silence.ts";
import { type PrivacyMode, ResolvedPeers } from "./resolved-peers.ts";

/** What the privacy of a host is made of. */
export interface HostPrivacyParts {
  readonly hci: Hci;
  readonly clock: Clock;
  readonly random: Random;
  readonly keeper: BondKeeper;
  readonly controller: () => ControllerInfo;
  /** What peers with a bond know this host by. */
  readonly identity: () => Address;
  /** At first; `undefined` for none: the identity address is used. */
  readonly privacy: Privacy | undefined;
  readonly mode: PrivacyMode | undefined;
  readonly rotationMs: number | undefined;
}

/** How often a private address changes by default, in ms: a quarter of an hour, as Vol 3, Part C, Appendix A has it. */
const defaultRotationMs = 900_000;

/** In Own_Address_Type: a private address made by the controller, where it can, in place of the other. Vol 4, Part E, 7.8.5. */
const madeByController = 2;

/**
 * Who this host and its peers are on the air. Vol 3, Part C, 10.7.
 *
 * Towards strangers the host makes its private addresses; towards the peers of the controller's resolving list the
 * controller does, and knows theirs. The host resolves whatever the controller leaves as it is.
 */
export class HostPrivacy {
  readonly ownAddress: OwnAddress;
  readonly silence: RadioSilence = new RadioSilence();
  readonly #list: ControllerResolvingList;
  readonly #peers: ResolvedPeers;

  constructor({ keeper, privacy, mode = "device", ...parts }: HostPrivacyParts) {
    const { hci, clock, random, identity, controller, rotationMs = defaultRotationMs } = parts;
    const { silence } = this;
    const irk = (): Uint8Array => keeper.local.irk;
    this.ownAddress = new OwnAddress({ hci, clock, random, privacy, rotationMs, identity, irk, silence });
    this.#peers = new ResolvedPeers((address) => keeper.find(address), mode);
    this.#list = new ControllerResolvingList({
      ...{ hci, clock, silence, controller, rotationMs, mode },
      bonds: () => keeper.contents.records.map(({ bond }) => bond),
      localIrk: () => (this.ownAddress.privacy === "resolvable" ? irk() : undefined),
    });
  }

  /** The address on the air, towards strangers. */
  get address(): Address {
    return this.ownAddress.current;
  }

  /** Own_Address_Type to scan and to connect with. */
  ownAddressType(): number {
    return addressTypeOctet(this.address) + (this.#list.makesAddresses ? madeByController : 0);
  }

  /** Own_Address_Type to advertise with, to everybody or to one peer. */
  advertisingAddressType(directedTo: Address | undefined): number {
    // Also without a key of this host: then the controller makes the address of the peer alone. Vol 6, Part B, 6.2.2.
    const towardsPeer = directedTo && this.#listed(directedTo);
    return addressTypeOctet(this.address) + (towardsPeer ? madeByController : 0);
  }

  /** What the controller knows a peer by: its identity address where the resolving list has it. */
  named(peer: Address): Address {
    return this.#listed(peer) ?? peer;
  }

  /** Who is behind an address, if it is a bonded peer. */
  identityOf(address: Address): Address | undefined {
    return this.#peers.identityOf(address);
  }

  /** Whether what comes from an address on the air is not to be heard; `type` as in a report. */
  ignores(type: number, address: number): boolean {
    return this.#peers.ignores(type, address);
  }

  /** Whether the controller finds a peer by its identity address, whatever address it uses. */
  finds(identity: Address): boolean {
    return this.#list.lists(identity);
  }

  /** Whether what is directed to a private address of this host reaches it. Vol 3, Part C, 12.4. */
  get resolves(): boolean {
    return this.#list.isUsable;
  }

  /**
   * Uses other addresses from now on, once the radio is quiet; links keep those they were made with.
   *
   * @param identity - The one that there will be.
   * @param changed - Called in between: from now on it is so, and nothing is on the air.
   * @param done - Gets what the controller has against it; then everything stays as it was.
   */
  change(privacy: Privacy | undefined, identity: Address, changed: () => void, done: Done<undefined>): void {
    this.silence.during((over) => {
      this.ownAddress.use(privacy, identity, (outcome) => {
        if (!(outcome instanceof BleError)) {
          changed();
          this.#list.changed(); // before the radio goes on: the keys in it are of this host too
        }
        over();
        done(outcome);
      });
    });
  }

  /** The controller is up: `done` is called when it knows the peers. */
  begin(done?: () => void): void {
    this.#list.restart(done);
  }

  /** A bond was added, replaced or removed. */
  bondChanged(change: BondChange, identity: Address): void {
    this.#peers.forget();
    if (change === "removed") this.#list.removed(identity);
    else this.#list.used(identity);
  }

  /** Somebody is connected, or to be advertised to: for a bonded peer there is room in the controller's list. */
  used(peer: Address, done?: () => void): void {
    const identity = this.#peers.identityOf(peer);
    if (identity) this.#list.used(identity, done);
    else done?.();
  }

  /** The host is closed. */
  end(): void {
    this.ownAddress.end();
    this.#list.end();
  }

  #listed(peer: Address): Address | undefined {
    const identity = this.#peers.identityOf(peer);
    return identity && this.#list.lists(identity) ? identity : undefined;
  }
}
