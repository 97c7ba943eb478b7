import { LeAdvertisingSetTerminated, LeScanRequestReceived } from "../../src/hci/events/le-advertising.ts";
import { Status } from "../../src/hci/status.ts";
import { airTime } from "./air-time.ts";
import { captureAdvertising } from "./advertising-capture.ts";
import { type AdvertisingParameters, defaultParameters, Property } from "./advertising-parameters.ts";
import type { Advertisement, Radio } from "./radio.ts";
import { announceFailure } from "./connection-complete.ts";
import { anonymous, type DeviceAddress, sameAddress } from "./device-address.ts";
import { FragmentedData } from "./fragmented-data.ts";
import { Role } from "./role.ts";
import { PeriodicTrain } from "./periodic-train.ts";
import type { Phy } from "./phy.ts";
import type { OwnAddress, Peer } from "./peer.ts";
import { ownAddress, recognise, targetAddress } from "./privacy.ts";

/** Of high duty cycle directed advertising, in ms. Vol 6, Part B, 4.4.2.4.3. */
const highDutyCycleInterval = 3.75;
const highDutyCycleEnd = 1280;

/** advDelay is less than this, in ms. Vol 6, Part B, 4.4.2.2.1. */
const mostDelay = 10;

/** The advertising DID has 12 bits. Vol 6, Part B, 2.3.4.4. */
const didMask = 0xfff;

/** Of an ADV_EXT_IND that points to an AUX_ADV_IND, in octets. Vol 6, Part B, 2.3.1.5. */
const extendedPayload = 7;

/** Of the packets on the primary channels, in octets. Vol 6, Part B, 2.3.1. */
function legacyPayload(advertiser: Advertisement): number {
  return 6 + (advertiser.has(Property.Directed) ? 6 : advertiser.data.value.length);
}

/** How long a set advertises. Vol 4, Part E, 7.8.56. */
export interface Lifetime {
  /** In 10 ms; 0 until stopped. */
  readonly duration: number;
  /** 0 for any number. */
  readonly maxEvents: number;
}

/** One advertising set; the legacy commands have one of their own. Vol 6, Part B, 4.4.2. */
export class Advertiser implements Advertisement {
  readonly chip: Radio;
  /** Advertising_Handle; `undefined` for the set of the legacy commands. */
  readonly handle: number | undefined;
  parameters: AdvertisingParameters = defaultParameters;
  readonly data: FragmentedData = new FragmentedData();
  readonly scanResponse: FragmentedData = new FragmentedData();
  readonly periodic: PeriodicTrain = new PeriodicTrain(this);
  /** Of the set alone; `undefined` until the host sets one. Vol 4, Part E, 7.8.52. */
  randomAddress: number | undefined;
  /** Bit 0: a new private address with new advertising data, bit 1: with new scan response data. */
  changeReasons = 0;
  /** The advertising DID: another one with other data. Vol 6, Part B, 4.4.2.11. */
  dataId = 0;
  /** AdvA of the event that goes on. */
  address: OwnAddress = { ...anonymous, isPrivate: false };
  /** TargetA of the event that goes on. */
  target: DeviceAddress | undefined;
  #enabled = false;
  #running = false;
  #maxEvents = 0;
  #events = 0;
  /** What the last Advertising Set Terminated says of the events. */
  #completed = 0;
  #since = 0;
  #next: Disposable | undefined;
  #end: Disposable | undefined;

  constructor(chip: Radio, handle?: number) {
    this.chip = chip;
    this.handle = handle;
  }

  get enabled(): boolean {
    return this.#enabled;
  }

  get usesAcceptList(): boolean {
    return this.#enabled && this.parameters.filterPolicy !== 0;
  }

  /** Whether a bit of {@link Property} is set. */
  has(property: number): boolean {
    return (this.parameters.properties & property) !== 0;
  }

  get legacy(): boolean {
    return this.has(Property.LegacyPdus);
  }

  /** Whether the PDUs of its type carry advertising data. Vol 6, Part B, 2.3.1. */
  get takesData(): boolean {
    return !this.has(this.legacy ? Property.Directed : Property.Scannable);
  }

  /** Whether there is an AUX_ADV_IND behind ADV_EXT_IND. Vol 6, Part B, 2.3.1.5. */
  get hasAuxiliary(): boolean {
    if (this.legacy) return false;
    return (
      this.has(Property.Connectable | Property.Scannable) ||
      this.data.value.length > 0 ||
      this.periodic.running
    );
  }

  /** How long one packet on a primary channel is on the air, in ms. */
  get packetTime(): number {
    const { primaryPhy } = this.parameters;
    const payload = this.legacy ? legacyPayload(this) : extendedPayload;
    return airTime(primaryPhy as Phy, payload) / 1000;
  }

  /** From one packet on a primary channel to the next, in ms: there is time for a request and the answer. */
  get packetSpacing(): number {
    return this.packetTime + (this.has(Property.HighDutyCycle) ? 0.6 : 1);
  }

  /** The host has set other data, or (reason 0) wants its data to be taken for other data. */
  dataChanged(reason: 0 | 0b01 | 0b10): void {
    this.dataId = (this.dataId + 1) & didMask;
    if ((this.changeReasons & reason) !== 0) this.chip.resolvingList.renew(this.parameters.peer);
  }

  /** Whether there would be an address to advertise with. */
  get addressable(): boolean {
    const { ownAddressType, peer } = this.parameters;
    if (ownAddressType === 3 && this.chip.resolvingList.localAddress(peer) !== undefined) return true;
    return (ownAddressType & 1) === 0 || this.#random !== undefined;
  }

  /** Whether a scan request is answered; the host may be told of it. Vol 6, Part B, 4.3.2 and 4.4.2.3. */
  takeScanRequest(from: DeviceAddress): boolean {
    if (!this.has(Property.Scannable)) return false;
    const scanner = recognise(this.chip, from);
    if (!scanner || this.#isForOthers(scanner)) return false;
    if ((this.parameters.filterPolicy & 0b01) !== 0 && !this.chip.acceptList.has(scanner.address))
      return false;
    if (this.parameters.notifiesScanRequests && this.handle !== undefined) {
      this.chip.hci.event(LeScanRequestReceived, {
        advertisingHandle: this.handle,
        scannerAddressType: scanner.reportedType,
        scannerAddress: scanner.address.value,
      });
    }
    return true;
  }

  /** Whose connection request is taken; `undefined` if it is not. Vol 6, Part B, 4.3.2 and 4.4.2.4. */
  takeConnection(from: DeviceAddress): Peer | undefined {
    if (!this.has(Property.Connectable)) return undefined;
    const { acceptList, links } = this.chip;
    const initiator = recognise(this.chip, from);
    if (!initiator || this.#isForOthers(initiator)) return undefined;
    if (!this.has(Property.Directed) && (this.parameters.filterPolicy & 0b10) !== 0) {
      if (!acceptList.has(initiator.address)) return undefined;
    }
    return links.full || links.withPeer(initiator.address) ? undefined : initiator;
  }

  /** Starts advertising; an extended set that advertises begins anew. Vol 4, Part E, 7.8.9 and 7.8.56. */
  enable({ duration, maxEvents }: Lifetime = { duration: 0, maxEvents: 0 }): void {
    if (this.#enabled && this.handle === undefined) return;
    if (this.#enabled) this.disable();
    const { clock } = this.chip.medium;
    const isHighDutyCycle = this.handle === undefined && this.has(Property.HighDutyCycle);
    const ms = isHighDutyCycle ? highDutyCycleEnd : duration * 10;
    if (ms > 0) this.#end = clock.after(ms, this.#timeout);
    this.#enabled = true;
    this.#maxEvents = maxEvents;
    this.#events = 0;
    this.#since = clock.now();
    this.periodic.update();
    this.chip.medium.enter(this);
    // Events that are counted happen whether or not somebody listens.
    if (maxEvents > 0) this.begin();
  }

  disable(): void {
    this.#enabled = false;
    this.#completed = this.#maxEvents > 0 ? this.#events : 0;
    this.#maxEvents = 0;
    this.#end?.[Symbol.dispose]();
    this.#end = undefined;
    this.chip.medium.leave(this);
  }

  /** A connection came of it, and advertising has ended. Vol 4, Part E, 7.7.65.18. */
  connected(connectionHandle: number): void {
    this.#tell(Status.Success, connectionHandle);
  }

  /** Somebody listens. Without air time the next event comes at once, the others at the advertising interval. */
  begin(): void {
    const { timing, clock } = this.chip.medium;
    if (timing === "instant") {
      this.#schedule(0);
    } else if (!this.#running) {
      const elapsed = clock.now() - this.#since;
      this.#schedule(elapsed === 0 ? this.#delay() : this.#interval - (elapsed % this.#interval));
    }
    this.#running = true;
  }

  /** Nobody listens. */
  pause(): void {
    if (this.#maxEvents > 0) return;
    this.#running = false;
    this.#next?.[Symbol.dispose]();
    this.#next = undefined;
  }

  reset(): void {
    this.disable();
    this.periodic.reset();
    this.parameters = defaultParameters;
    this.randomAddress = undefined;
    this.changeReasons = 0;
    this.data.clear();
    this.scanResponse.clear();
  }

  get #random(): number | undefined {
    return this.handle === undefined ? this.chip.randomAddress : this.randomAddress;
  }

  get #interval(): number {
    return this.has(Property.HighDutyCycle) ? highDutyCycleInterval : this.parameters.interval * 0.625;
  }

  /** The advDelay: none for high duty cycle, and none where time does not count. */
  #delay(): number {
    const { timing, random } = this.chip.medium;
    if (timing === "instant" || this.has(Property.HighDutyCycle)) return 0;
    return random.below(mostDelay * 1000) / 1000;
  }

  /** Whether directed advertising is not directed at this device. */
  #isForOthers({ address }: Peer): boolean {
    return this.has(Property.Directed) && !sameAddress(address, this.parameters.peer);
  }

  #schedule(ms: number): void {
    this.#next?.[Symbol.dispose]();
    this.#next = this.chip.medium.clock.after(ms, this.#event);
  }

  readonly #event = (): void => {
    this.updateAddresses();
    const { capture } = this.chip.medium;
    if (capture) capture.event(this.#transmit);
    else this.#transmit();
    if (!this.#enabled) return;
    this.#events++;
    if (this.#maxEvents > 0 && this.#events >= this.#maxEvents) this.#terminate(Status.LimitReached);
    else if (this.#running) this.#schedule(this.#interval + this.#delay());
  };

  readonly #transmit = (): void => {
    captureAdvertising(this);
    this.chip.medium.transmit(this);
  };

  /** Private addresses are looked up for each event: they change with time. */
  updateAddresses(): void {
    const { ownAddressType, peer } = this.parameters;
    this.address = this.has(Property.Anonymous)
      ? { ...anonymous, isPrivate: false }
      : ownAddress(this.chip, ownAddressType, this.#random, peer);
    this.target = this.has(Property.Directed) ? targetAddress(this.chip, ownAddressType, peer) : undefined;
  }

  readonly #timeout = (): void => {
    if (this.handle !== undefined) {
      this.#terminate(Status.AdvertisingTimeout);
      return;
    }
    this.disable();
    announceFailure(this.chip, Role.Peripheral, Status.AdvertisingTimeout, this.parameters.peer);
  };

  #terminate(status: Status): void {
    this.disable();
    this.#tell(status, 0);
  }

  #tell(status: Status, connectionHandle: number): void {
    if (this.handle === undefined) return;
    this.chip.hci.event(LeAdvertisingSetTerminated, {
      status,
      advertisingHandle: this.handle,
      connectionHandle,
      numCompletedExtendedAdvertisingEvents: this.#completed,
    });
  }
}
