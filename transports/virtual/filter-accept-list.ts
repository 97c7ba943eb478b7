import { addressKey, type DeviceAddress } from "./device-address.ts";

/** Address_Type of the entry that stands for all anonymous advertisers. Vol 4, Part E, 7.8.16. */
const anonymous = 0xff;

const keyOf = (device: DeviceAddress): number => (device.type === anonymous ? -1 : addressKey(device));

/** The Filter Accept List of a controller. Vol 6, Part B, 4.3.1. */
export class FilterAcceptList {
  readonly size: number;
  readonly #keys = new Set<number>();

  /** @param size - How many devices fit. */
  constructor(size: number) {
    this.size = size;
  }

  has(device: DeviceAddress): boolean {
    return this.#keys.has(keyOf(device));
  }

  /** False when there is no room. */
  add(device: DeviceAddress): boolean {
    if (this.#keys.size >= this.size && !this.has(device)) return false;
    this.#keys.add(keyOf(device));
    return true;
  }

  /** False when it was not there. */
  remove(device: DeviceAddress): boolean {
    return this.#keys.delete(keyOf(device));
  }

  clear(): void {
    this.#keys.clear();
  }
}
