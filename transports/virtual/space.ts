import type { Chip } from "./chip.ts";
import { codingGain, Phy } from "./phy.ts";

/** One number for a pair of controllers, whichever comes first. */
function pairKey(a: Chip, b: Chip): number {
  const { index: i } = a.settings;
  const { index: j } = b.settings;
  return i < j ? i * 0x1_0000_0000 + j : j * 0x1_0000_0000 + i;
}

/** What lies between the controllers of an air: who hears whom, how strongly, and how much is lost on the way. */
export class Space {
  /** In dB, by pair. */
  readonly #pathLoss = new Map<number, number>();
  readonly #apart = new Set<number>();
  /** Controllers that nobody reaches. */
  readonly #alone = new Set<Chip>();
  /** Probability by pair, and by controller. */
  readonly #pairLoss = new Map<number, number>();
  readonly #chipLoss = new Map<Chip, number>();
  #loss = 0;

  /** How strongly `to` receives `from`, in dBm; `undefined` when it does not hear it at all. */
  hears(from: Chip, to: Chip, phy: Phy = Phy.Le1M): number | undefined {
    if (this.#alone.size > 0 && (this.#alone.has(from) || this.#alone.has(to))) return undefined;
    if (this.#apart.size > 0 && this.#apart.has(pairKey(from, to))) return undefined;
    const rssi = this.rssi(from, to);
    return rssi + codingGain(phy) < to.settings.sensitivity ? undefined : rssi;
  }

  /** The same, heard or not. */
  rssi(from: Chip, to: Chip): number {
    return Math.max(-127, from.txPower - this.pathLoss(from, to));
  }

  /** In dB; without a word about the pair, what lies between `txPower` and `rssi` in the options of `from`. */
  pathLoss(from: Chip, to: Chip): number {
    const pathLoss = this.#pathLoss.size > 0 ? this.#pathLoss.get(pairKey(from, to)) : undefined;
    return pathLoss ?? from.settings.txPower - from.settings.rssi;
  }

  /** The probability that a packet from one to the other is lost. */
  loss(a: Chip, b: Chip): number {
    if (this.#pairLoss.size === 0 && this.#chipLoss.size === 0) return this.#loss;
    const loss = this.#pairLoss.get(pairKey(a, b));
    if (loss !== undefined) return loss;
    return Math.max(this.#loss, this.#chipLoss.get(a) ?? 0, this.#chipLoss.get(b) ?? 0);
  }

  setPathLoss(a: Chip, b: Chip, decibels: number): void {
    this.#pathLoss.set(pairKey(a, b), decibels);
  }

  /** @param b - Default: everybody. */
  setApart(apart: boolean, a: Chip, b?: Chip): void {
    if (b === undefined) {
      if (apart) this.#alone.add(a);
      else this.#alone.delete(a);
    } else if (apart) this.#apart.add(pairKey(a, b));
    else this.#apart.delete(pairKey(a, b));
  }

  /** @param a - Default: all pairs. @param b - Default: all pairs with `a`. */
  setLoss(probability: number, a?: Chip, b?: Chip): void {
    if (a === undefined) this.#loss = probability;
    else if (b === undefined) this.#chipLoss.set(a, probability);
    else this.#pairLoss.set(pairKey(a, b), probability);
  }
}
