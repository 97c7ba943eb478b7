import { addressKey, type DeviceAddress } from "./device-address.ts";

/** How many devices the filter knows before it forgets them all. */
const mostKnown = 4096;

/** The duplicate filter of a scanner. Vol 6, Part B, 4.4.3.5. */
export class DuplicateFilter {
  readonly #legacy = new Set<number>();
  /** The DID that was reported last, by set. */
  readonly #advertising = new Map<number, number>();
  readonly #responses = new Map<number, number>();

  clear(): void {
    this.#legacy.clear();
    this.#advertising.clear();
    this.#responses.clear();
  }

  /** Of legacy PDUs the data does not count: only who sends, and whether it is a scan response. */
  hasLegacy(from: DeviceAddress, isResponse: boolean): boolean {
    const key = addressKey(from) * 2 + Number(isResponse);
    if (this.#legacy.has(key)) return true;
    if (this.#legacy.size >= mostKnown) this.#legacy.clear();
    this.#legacy.add(key);
    return false;
  }

  /** Of a set the data counts as far as the DID tells it apart. Vol 6, Part B, 4.4.3.5. */
  hasExtended(from: DeviceAddress, isResponse: boolean, sid: number, dataId: number): boolean {
    const known = isResponse ? this.#responses : this.#advertising;
    const key = addressKey(from) * 16 + sid;
    if (known.get(key) === dataId) return true;
    if (known.size >= mostKnown) known.clear();
    known.set(key, dataId);
    return false;
  }
}
