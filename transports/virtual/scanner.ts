import type { OnPhy } from "../../src/hci/commands/per-phy.ts";
import type {
  LeSetExtendedScanEnableParameters,
  ScanningParameters,
} from "../../src/hci/commands/le-extended-scanning.ts";
import { LeScanTimeout } from "../../src/hci/events/le-advertising.ts";
import { Property } from "./advertising-parameters.ts";
import { captureScanRequest, captureScanResponse } from "./advertising-capture.ts";
import { type Received, reportExtended, reportLegacy } from "./advertising-reports.ts";
import type { Advertisement, Radio } from "./radio.ts";
import { DuplicateFilter } from "./duplicate-filter.ts";
import type { Listener } from "./medium.ts";
import type { Phy } from "./phy.ts";
import type { Peer } from "./peer.ts";
import { type Aim, aimOf, isAnonymous, ownAddress, recognise } from "./privacy.ts";
import { receptionOf } from "./reception.ts";

/** How to scan, whichever commands said so. Vol 4, Part E, 7.8.10 and 7.8.64. */
export interface ScanParameters {
  readonly ownAddressType: number;
  /** Bit 0: only the Filter Accept List; bit 1: also what is directed to any resolvable private address. */
  readonly filterPolicy: number;
  readonly phys: readonly OnPhy<ScanningParameters>[];
}

/** Filter_Duplicates. Vol 4, Part E, 7.8.65. */
export const FilterDuplicates = { Off: 0, On: 1, EachPeriod: 2 } as const;

/** In ms. Vol 4, Part E, 7.8.65. */
const durationUnit = 10;
const periodUnit = 1280;

const active = 1;

const defaults: ScanParameters = {
  ownAddressType: 0,
  filterPolicy: 0,
  phys: [{ phy: 1, scanType: 0, scanInterval: 0x0010, scanWindow: 0x0010 }],
};

/** The Scanning state of a controller. Vol 6, Part B, 4.4.3. */
export class Scanner implements Listener {
  parameters: ScanParameters = defaults;
  readonly #chip: Radio;
  readonly #notice: (advertiser: Advertisement) => void;
  readonly #known = new DuplicateFilter();
  #enabled = false;
  #filterDuplicates: number = FilterDuplicates.Off;
  #duration = 0;
  #period = 0;
  #since = 0;
  #end: Disposable | undefined;
  #again: Disposable | undefined;

  /** @param notice - Gets every advertisement that is received, whatever the filters say of it. */
  constructor(chip: Radio, notice: (advertiser: Advertisement) => void) {
    this.#chip = chip;
    this.#notice = notice;
  }

  get enabled(): boolean {
    return this.#enabled;
  }

  get usesAcceptList(): boolean {
    return this.#enabled && (this.parameters.filterPolicy & 0b01) !== 0;
  }

  /** Begins or ends scanning; beginning again forgets which devices were seen. Vol 4, Part E, 7.8.11 and 7.8.65. */
  set({ enable, filterDuplicates, duration, period }: LeSetExtendedScanEnableParameters): void {
    this.#known.clear();
    this.#filterDuplicates = filterDuplicates;
    this.#duration = duration * durationUnit;
    // Without a duration the period is of no meaning.
    this.#period = duration === 0 ? 0 : period * periodUnit;
    this.#stopTimers();
    this.#enabled = enable;
    if (enable) this.#scan();
    else this.#chip.medium.stopListening(this);
  }

  hear(advertiser: Advertisement): void {
    const chip = this.#chip;
    const reception = receptionOf(chip, advertiser, this.parameters.phys, this.#since);
    if (!reception) return;
    this.#notice(advertiser);
    const peer = recognise(chip, advertiser.address);
    if (!peer || (this.usesAcceptList && !chip.acceptList.has(peer.address))) return;
    const aim = advertiser.target && aimOf(chip, this.parameters.ownAddressType, advertiser.target);
    if (aim && !this.#accepts(aim)) return;
    const { window, rssi, at } = reception;
    this.#report({ advertiser, peer, aim, isResponse: false, rssi });
    if (window.scanType === active && advertiser.has(Property.Scannable))
      this.#request(advertiser, peer, aim, at);
  }

  reset(): void {
    this.set({ enable: false, filterDuplicates: FilterDuplicates.Off, duration: 0, period: 0 });
    this.parameters = defaults;
  }

  /** One scan of the duration, and the next one when the period is over. */
  #scan(): void {
    const { clock } = this.#chip.medium;
    if (this.#filterDuplicates === FilterDuplicates.EachPeriod) this.#known.clear();
    this.#since = clock.now();
    this.#chip.medium.listen(this);
    if (this.#duration === 0) return;
    this.#end = clock.after(this.#duration, this.#over);
    if (this.#period === 0) return;
    this.#again = clock.after(this.#period, () => {
      this.#scan();
    });
  }

  readonly #over = (): void => {
    this.#chip.medium.stopListening(this);
    if (this.#period > 0) return;
    this.#enabled = false;
    this.#chip.hci.event(LeScanTimeout, {});
  };

  #stopTimers(): void {
    this.#end?.[Symbol.dispose]();
    this.#again?.[Symbol.dispose]();
    this.#end = undefined;
    this.#again = undefined;
  }

  /** What is directed at others is not for this one; what cannot be resolved, only if the policy says so. */
  #accepts(aim: Aim): boolean {
    return aim.at === "self" || (aim.at === "unresolved" && (this.parameters.filterPolicy & 0b10) !== 0);
  }

  /** SCAN_REQ, and SCAN_RSP if it is answered. Vol 6, Part B, 4.4.3.2. */
  #request(advertiser: Advertisement, peer: Peer, aim: Aim | undefined, heardAt: number): void {
    const chip = this.#chip;
    const { medium } = chip;
    const { legacy, parameters } = advertiser;
    const phy = (legacy ? parameters.primaryPhy : parameters.secondaryPhy) as Phy;
    const own = ownAddress(chip, this.parameters.ownAddressType, chip.randomAddress, peer.address);
    const responseAt = captureScanRequest(chip, own, advertiser, heardAt);
    if (medium.receives(chip, advertiser.chip, phy) === undefined || !advertiser.takeScanRequest(own)) return;
    captureScanResponse(advertiser, responseAt);
    const rssi = medium.receives(advertiser.chip, chip, phy);
    if (rssi !== undefined) this.#report({ advertiser, peer, aim, isResponse: true, rssi });
  }

  #report(received: Received): void {
    if (this.#filterDuplicates !== FilterDuplicates.Off && this.#isKnown(received)) return;
    if (this.#chip.commandSet === "extended") reportExtended(this.#chip, received);
    else reportLegacy(this.#chip, received);
  }

  #isKnown({ advertiser, peer, isResponse }: Received): boolean {
    const { legacy, parameters, dataId } = advertiser;
    // Anonymous advertisements cannot be told apart by their sender.
    if (isAnonymous(peer)) return false;
    return legacy
      ? this.#known.hasLegacy(peer.address, isResponse)
      : this.#known.hasExtended(peer.address, isResponse, parameters.sid, dataId);
  }
}
