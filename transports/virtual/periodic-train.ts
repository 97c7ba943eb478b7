import { captureTrain } from "./advertising-capture.ts";
import type { SyncInfo } from "./advertising-pdu.ts";
import { anonymous, type DeviceAddress } from "./device-address.ts";
import { FragmentedData } from "./fragmented-data.ts";
import { type LinkIdentity, linkIdentity } from "./link-identity.ts";
import type { Advertisement, PeriodicParameters, Train, TrainReceiver } from "./radio.ts";

/** The periodic advertising train of one advertising set. Vol 6, Part B, 4.4.2.12. */
export class PeriodicTrain implements Train {
  readonly advertiser: Advertisement;
  /** `undefined` until the host sets them. */
  parameters: PeriodicParameters | undefined;
  readonly data: FragmentedData = new FragmentedData();
  /** Whether the host wants it; it begins when the set advertises too. */
  enabled = false;
  /** Whether AUX_SYNC_IND tells the DID of the data. */
  includesAdi = false;
  dataId = 0;
  /** AdvA of the set when the train began. */
  address: DeviceAddress = anonymous;
  /** What tells its packets from those of others. */
  identity: LinkIdentity = { accessAddress: 0, crcInit: 0, hopIncrement: 0 };
  readonly #receivers = new Set<TrainReceiver>();
  #running = false;
  #since = 0;
  #next: Disposable | undefined;

  constructor(advertiser: Advertisement) {
    this.advertiser = advertiser;
  }

  /** Whether the train is on the air: it stays so when the set stops advertising. Vol 4, Part E, 7.8.63. */
  get running(): boolean {
    return this.#running;
  }

  /** In ms. */
  get interval(): number {
    return (this.parameters?.interval ?? 0) * 1.25;
  }

  /** The paEventCounter, 16 bits. Vol 6, Part B, 4.4.2.1. */
  get eventCounter(): number {
    return Math.round((this.advertiser.chip.medium.clock.now() - this.#since) / this.interval) & 0xffff;
  }

  /** Where its next packet comes. Vol 6, Part B, 2.3.4.6. */
  get syncInfo(): SyncInfo {
    const elapsed = (this.advertiser.chip.medium.clock.now() - this.#since) % this.interval;
    return {
      // As far as thirteen bits of 30 µs reach.
      offset: Math.min(0x1fff, Math.floor(((this.interval - elapsed) * 1000) / 30)),
      interval: this.parameters?.interval ?? 0,
      identity: this.identity,
      eventCounter: this.eventCounter,
    };
  }

  /** Begins or ends, as the host's wishes have it now. */
  update(): void {
    if (!this.enabled) this.#stop();
    else if (!this.#running && this.advertiser.enabled) this.#start();
  }

  /** The host has set other data, or wants its data to be taken for other data. */
  dataChanged(): void {
    this.dataId = (this.dataId + 1) & 0xfff;
  }

  /** `receiver` knows when the packets come; without air time it gets one at once. */
  attach(receiver: TrainReceiver): void {
    this.#receivers.add(receiver);
    const { clock, timing } = this.advertiser.chip.medium;
    if (timing === "instant") this.#schedule(0);
    else if (!this.#next) this.#schedule(this.interval - ((clock.now() - this.#since) % this.interval));
  }

  detach(receiver: TrainReceiver): void {
    this.#receivers.delete(receiver);
    if (this.#receivers.size === 0) this.#rest();
  }

  reset(): void {
    this.enabled = false;
    this.#stop();
    this.parameters = undefined;
    this.data.clear();
  }

  #start(): void {
    const { advertiser } = this;
    advertiser.updateAddresses();
    this.address = advertiser.address;
    this.#running = true;
    this.identity = linkIdentity(advertiser.chip.medium.random);
    this.#since = advertiser.chip.medium.clock.now();
  }

  #stop(): void {
    if (!this.#running) return;
    this.#running = false;
    this.#rest();
    for (const receiver of [...this.#receivers]) receiver.ended();
    this.#receivers.clear();
  }

  /** No timer while nobody receives. */
  #rest(): void {
    this.#next?.[Symbol.dispose]();
    this.#next = undefined;
  }

  #schedule(ms: number): void {
    this.#rest();
    this.#next = this.advertiser.chip.medium.clock.after(ms, this.#event);
  }

  readonly #event = (): void => {
    this.#schedule(this.interval);
    captureTrain(this);
    for (const receiver of [...this.#receivers]) receiver.hear();
  };
}
