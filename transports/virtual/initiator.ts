import type { LeCreateConnectionParameters } from "../../src/hci/commands/le-connection.ts";
import { Status } from "../../src/hci/status.ts";
import type { Advertiser } from "./advertiser.ts";
import type { Chip } from "./chip.ts";
import { announceFailure, establish } from "./connecting.ts";
import { type DeviceAddress, sameAddress } from "./device-address.ts";
import { Role } from "./link.ts";
import type { Listener } from "./medium.ts";

/** The Initiating state of a controller. Vol 6, Part B, 4.4.4. */
export class Initiator implements Listener {
  readonly #chip: Chip;
  #wanted: LeCreateConnectionParameters | undefined;

  constructor(chip: Chip) {
    this.#chip = chip;
  }

  /** Whether LE Create Connection has not come to its end. */
  get pending(): boolean {
    return this.#wanted !== undefined;
  }

  get usesAcceptList(): boolean {
    return this.#wanted?.initiatorFilterPolicy === 1;
  }

  start(wanted: LeCreateConnectionParameters): void {
    this.#wanted = wanted;
    this.#chip.medium.listen(this);
  }

  /** LE Create Connection Cancel: the connection complete event tells that there is none. Vol 4, Part E, 7.8.13. */
  cancel(): void {
    const wanted = this.#wanted;
    if (!wanted) return;
    this.reset();
    announceFailure(this.#chip, Role.Central, Status.UnknownConnectionIdentifier, peerOf(wanted));
  }

  hear(advertiser: Advertiser): void {
    const wanted = this.#wanted;
    if (!wanted || advertiser.chip === this.#chip) return;
    const own = this.#chip.ownAddress(wanted.ownAddressType);
    const peer = advertiser.address;
    const isWanted = this.usesAcceptList
      ? this.#chip.acceptList.has(peer)
      : sameAddress(peer, peerOf(wanted));
    if (!isWanted || this.#chip.links.full || this.#chip.links.withPeer(peer)) return;
    if (!advertiser.acceptsConnection(own)) return;
    this.reset();
    advertiser.disable();
    establish(this.#chip, own, advertiser.chip, peer, {
      connectionInterval: wanted.connectionIntervalMax,
      peripheralLatency: wanted.maxLatency,
      supervisionTimeout: wanted.supervisionTimeout,
    });
  }

  reset(): void {
    this.#wanted = undefined;
    this.#chip.medium.stopListening(this);
  }
}

/** Identity address types are those of the addresses themselves while nothing is resolved. */
function peerOf({ peerAddressType, peerAddress }: LeCreateConnectionParameters): DeviceAddress {
  return { type: peerAddressType & 1, value: peerAddress };
}
