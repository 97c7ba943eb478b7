import { noOctets } from "../../src/common/bytes.ts";
import type { LeSetAdvertisingParametersParameters } from "../../src/hci/commands/le-advertising.ts";
import { Status } from "../../src/hci/status.ts";
import type { Chip } from "./chip.ts";
import { announceFailure } from "./connecting.ts";
import { type DeviceAddress, sameAddress } from "./device-address.ts";
import { Role } from "./link.ts";

/** What one of the legacy advertising PDUs allows. Vol 6, Part B, 4.4.2.2. */
export interface AdvertisingKind {
  /** Event_Type of the report that a scanner makes of it. Vol 4, Part E, 7.7.65.2. */
  readonly eventType: number;
  readonly connectable: boolean;
  readonly scannable: boolean;
  /** Meant for the peer address alone, and without data. */
  readonly directed: boolean;
}

/** By Advertising_Type. Vol 4, Part E, 7.8.5. */
const kinds: readonly AdvertisingKind[] = [
  { eventType: 0, connectable: true, scannable: true, directed: false },
  { eventType: 1, connectable: true, scannable: false, directed: true },
  { eventType: 2, connectable: false, scannable: true, directed: false },
  { eventType: 3, connectable: false, scannable: false, directed: false },
  { eventType: 1, connectable: true, scannable: false, directed: true },
];
const undirected: AdvertisingKind = { eventType: 0, connectable: true, scannable: true, directed: false };

/** Advertising_Type of directed advertising that gives up after 1.28 s. Vol 6, Part B, 4.4.2.4.3. */
const highDutyCycle = 0x01;
const highDutyCycleInterval = 3.75;
const highDutyCycleEnd = 1280;

const defaults: LeSetAdvertisingParametersParameters = {
  advertisingIntervalMin: 0x0800,
  advertisingIntervalMax: 0x0800,
  advertisingType: 0,
  ownAddressType: 0,
  peerAddressType: 0,
  peerAddress: 0,
  advertisingChannelMap: 0x07,
  advertisingFilterPolicy: 0,
};

/** The Advertising state of a controller, with legacy PDUs. Vol 6, Part B, 4.4.2. */
export class Advertiser {
  readonly chip: Chip;
  parameters: LeSetAdvertisingParametersParameters = defaults;
  /** 0 to 31 octets, *owned*. */
  data: Uint8Array = noOctets;
  /** 0 to 31 octets, *owned*. */
  scanResponse: Uint8Array = noOctets;
  #enabled = false;
  #running = false;
  #next: Disposable | undefined;
  #end: Disposable | undefined;

  constructor(chip: Chip) {
    this.chip = chip;
  }

  get enabled(): boolean {
    return this.#enabled;
  }

  get kind(): AdvertisingKind {
    return kinds[this.parameters.advertisingType] ?? undirected;
  }

  /** The address in its packets. */
  get address(): DeviceAddress {
    return this.chip.ownAddress(this.parameters.ownAddressType);
  }

  get usesAcceptList(): boolean {
    return this.#enabled && this.parameters.advertisingFilterPolicy !== 0;
  }

  /** Whether this packet is directed to another device than the one at `address`. */
  isDirectedAway(address: DeviceAddress): boolean {
    const { peerAddress, peerAddressType } = this.parameters;
    return this.kind.directed && !sameAddress(address, { type: peerAddressType, value: peerAddress });
  }

  /** Whether a scan request of `address` is answered. Vol 6, Part B, 4.3.2. */
  answersScan(address: DeviceAddress): boolean {
    if (!this.kind.scannable) return false;
    return (this.parameters.advertisingFilterPolicy & 0b01) === 0 || this.chip.acceptList.has(address);
  }

  /** Whether a connection request of `address` is taken. Vol 6, Part B, 4.3.2. */
  acceptsConnection(address: DeviceAddress): boolean {
    if (!this.kind.connectable || this.isDirectedAway(address)) return false;
    if (!this.kind.directed && (this.parameters.advertisingFilterPolicy & 0b10) !== 0) {
      if (!this.chip.acceptList.has(address)) return false;
    }
    return !this.chip.links.full && !this.chip.links.withPeer(address);
  }

  enable(): void {
    if (this.#enabled) return;
    this.#enabled = true;
    if (this.parameters.advertisingType === highDutyCycle) {
      this.#end = this.chip.medium.clock.after(highDutyCycleEnd, () => {
        this.disable();
        announceFailure(this.chip, Role.Peripheral, Status.AdvertisingTimeout, {
          type: this.parameters.peerAddressType,
          value: this.parameters.peerAddress,
        });
      });
    }
    this.chip.medium.enter(this);
  }

  disable(): void {
    this.#enabled = false;
    this.#end?.[Symbol.dispose]();
    this.#end = undefined;
    this.chip.medium.leave(this);
  }

  /** Somebody listens: the next event comes at once, the others at the advertising interval. */
  begin(): void {
    this.#running = true;
    this.#schedule(0);
  }

  /** Nobody listens. */
  pause(): void {
    this.#running = false;
    this.#next?.[Symbol.dispose]();
    this.#next = undefined;
  }

  reset(): void {
    this.disable();
    this.parameters = defaults;
    this.data = noOctets;
    this.scanResponse = noOctets;
  }

  get #interval(): number {
    const { advertisingType, advertisingIntervalMin } = this.parameters;
    return advertisingType === highDutyCycle ? highDutyCycleInterval : advertisingIntervalMin * 0.625;
  }

  #schedule(ms: number): void {
    this.#next?.[Symbol.dispose]();
    this.#next = this.chip.medium.clock.after(ms, this.#event);
  }

  readonly #event = (): void => {
    this.chip.medium.transmit(this);
    if (this.#running) this.#schedule(this.#interval);
  };
}
