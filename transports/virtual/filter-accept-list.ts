import { addressKey, type DeviceAddress } from "./device-address.ts";

/** The Filter Accept List of a controller; its devices may be all anonymous advertisers. Vol 6, Part B, 4.3.1. */
export class FilterAcceptList {
  readonly size: number;
  readonly #keys = new Set<number>();

  /** @param size - How many devices fit. */
  constructor(size: number) {
    this.size = size;
  }

  has(device: DeviceAddress): boolean {
    return this.#keys.has(addressKey(device));
  }

  /** False when there is no room. */
  add(device: DeviceAddress): boolean {
    if (this.#keys.size >= this.size && !this.has(device)) return false;
    this.#keys.add(addressKey(device));
    return true;
  }

  /** False when it was not there. */
  remove(device: DeviceAddress): boolean {
    return this.#keys.delete(addressKey(device));
  }

  clear(): void {
    this.#keys.clear();
  }
}
