import { Advertiser } from "./advertiser.ts";
import type { Radio } from "./radio.ts";

/** The advertising sets that the extended commands make. Vol 4, Part E, 7.8.53 to 7.8.60. */
export class AdvertisingSets {
  readonly #chip: Radio;
  readonly #sets = new Map<number, Advertiser>();

  constructor(chip: Radio) {
    this.#chip = chip;
  }

  get(handle: number): Advertiser | undefined {
    return this.#sets.get(handle);
  }

  /** The set with this handle, made if there is room. */
  make(handle: number): Advertiser | undefined {
    const existing = this.#sets.get(handle);
    if (existing) return existing;
    if (this.#sets.size >= this.#chip.settings.advertisingSets) return undefined;
    const set = new Advertiser(this.#chip, handle);
    this.#sets.set(handle, set);
    return set;
  }

  remove(handle: number): void {
    this.#sets.get(handle)?.reset();
    this.#sets.delete(handle);
  }

  /** Every set at this moment, oldest first. */
  all(): readonly Advertiser[] {
    return [...this.#sets.values()];
  }

  some(holds: (set: Advertiser) => boolean): boolean {
    for (const set of this.#sets.values()) if (holds(set)) return true;
    return false;
  }

  clear(): void {
    for (const handle of [...this.#sets.keys()]) this.remove(handle);
  }
}
