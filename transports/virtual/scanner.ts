import { noOctets } from "../../src/common/bytes.ts";
import type {
  LeSetScanEnableParameters,
  LeSetScanParametersParameters,
} from "../../src/hci/commands/le-scanning.ts";
import { LeAdvertisingReport } from "../../src/hci/events/le-advertising.ts";
import type { Advertiser } from "./advertiser.ts";
import type { Chip } from "./chip.ts";
import { addressKey, type DeviceAddress } from "./device-address.ts";
import type { Listener } from "./medium.ts";

/** Event_Type of the report of a scan response. Vol 4, Part E, 7.7.65.2. */
const scanResponse = 4;

/** How many devices the duplicate filter knows before it forgets them all. */
const mostDuplicates = 4096;

const defaults: LeSetScanParametersParameters = {
  scanType: 0,
  scanInterval: 0x0010,
  scanWindow: 0x0010,
  ownAddressType: 0,
  scanningFilterPolicy: 0,
};

/** The Scanning state of a controller, for legacy PDUs. Vol 6, Part B, 4.4.3. */
export class Scanner implements Listener {
  parameters: LeSetScanParametersParameters = defaults;
  readonly #chip: Chip;
  readonly #seen = new Set<number>();
  #enabled = false;
  #filterDuplicates = false;

  constructor(chip: Chip) {
    this.#chip = chip;
  }

  get enabled(): boolean {
    return this.#enabled;
  }

  get usesAcceptList(): boolean {
    return this.#enabled && this.parameters.scanningFilterPolicy !== 0;
  }

  /** Begins or ends scanning; beginning again forgets which devices were seen. */
  set({ enable, filterDuplicates }: LeSetScanEnableParameters): void {
    this.#seen.clear();
    this.#filterDuplicates = filterDuplicates;
    this.#enabled = enable;
    if (enable) this.#chip.medium.listen(this);
    else this.#chip.medium.stopListening(this);
  }

  hear(advertiser: Advertiser): void {
    if (advertiser.chip === this.#chip) return;
    const { scanType, ownAddressType } = this.parameters;
    const own = this.#chip.ownAddress(ownAddressType);
    const from = advertiser.address;
    if (this.usesAcceptList && !this.#chip.acceptList.has(from)) return;
    if (advertiser.isDirectedAway(own)) return;
    const { eventType, directed } = advertiser.kind;
    this.#report(advertiser, from, eventType, directed ? noOctets : advertiser.data);
    if (scanType === 1 && advertiser.answersScan(own)) {
      this.#report(advertiser, from, scanResponse, advertiser.scanResponse);
    }
  }

  reset(): void {
    this.set({ enable: false, filterDuplicates: false });
    this.parameters = defaults;
  }

  #report({ chip }: Advertiser, from: DeviceAddress, eventType: number, data: Uint8Array): void {
    if (this.#filterDuplicates && this.#isKnown(from, eventType === scanResponse)) return;
    this.#chip.hci.event(LeAdvertisingReport, {
      reports: [{ eventType, addressType: from.type, address: from.value, data, rssi: chip.settings.rssi }],
    });
  }

  /** The data does not count: only who sends, and whether it is a scan response. Vol 6, Part B, 4.4.3.5. */
  #isKnown(from: DeviceAddress, isResponse: boolean): boolean {
    const key = addressKey(from) * 2 + Number(isResponse);
    if (this.#seen.has(key)) return true;
    if (this.#seen.size >= mostDuplicates) this.#seen.clear();
    this.#seen.add(key);
    return false;
  }
}
