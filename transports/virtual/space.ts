import type { RfPathCompensation } from "../../src/hci/commands/le-controller.ts";
import { codingGain, Phy } from "./phy.ts";
import type { Settings } from "./settings.ts";

/** A controller, as others hear it. */
export interface Antenna {
  readonly settings: Pick<Settings, "index" | "rssi" | "sensitivity" | "txPower">;
  /** In dBm. */
  readonly txPower: number;
  readonly rfPath: RfPathCompensation;
}

/** One number for a pair of controllers, whichever comes first. */
function pairKey(a: Antenna, b: Antenna): number {
  const { index: i } = a.settings;
  const { index: j } = b.settings;
  return i < j ? i * 0x1_0000_0000 + j : j * 0x1_0000_0000 + i;
}

/** What events can tell of a signal, in dBm. Vol 4, Part E, 7.7.65.2. */
const strength = { least: -127, greatest: 20 } as const;

/** What lies between the controllers of an air: who hears whom, how strongly, and how much is lost on the way. */
export class Space {
  /** In dB, by pair. */
  readonly #pathLoss = new Map<number, number>();
  readonly #apart = new Set<number>();
  /** Controllers that nobody reaches. */
  readonly #alone = new Set<Antenna>();
  /** Probability by pair, and by controller. */
  readonly #pairLoss = new Map<number, number>();
  readonly #chipLoss = new Map<Antenna, number>();
  #loss = 0;

  /** How strong a signal is at the transceiver, in dBm. */
  #level(from: Antenna, to: Antenna): number {
    return from.txPower - this.pathLoss(from, to);
  }

  /** How strongly `to` receives `from`, in dBm; `undefined` when it does not hear it at all. */
  hears(from: Antenna, to: Antenna, phy: Phy = Phy.Le1M): number | undefined {
    if (this.#alone.size > 0 && (this.#alone.has(from) || this.#alone.has(to))) return undefined;
    if (this.#apart.size > 0 && this.#apart.has(pairKey(from, to))) return undefined;
    if (this.#level(from, to) + codingGain(phy) < to.settings.sensitivity) return undefined;
    return this.rssi(from, to);
  }

  /** The same, heard or not: at the antenna of `to`, which is not where it is measured. Vol 4, Part E, 7.8.76. */
  rssi(from: Antenna, to: Antenna): number {
    const gain = Math.round(to.rfPath.rfRxPathCompensation / 10);
    return Math.max(strength.least, Math.min(strength.greatest, this.#level(from, to) - gain));
  }

  /** In dB; without a word about the pair, what lies between `txPower` and `rssi` in the options of `from`. */
  pathLoss(from: Antenna, to: Antenna): number {
    const pathLoss = this.#pathLoss.size > 0 ? this.#pathLoss.get(pairKey(from, to)) : undefined;
    return pathLoss ?? from.settings.txPower - from.settings.rssi;
  }

  /** The probability that a packet from one to the other is lost. */
  loss(a: Antenna, b: Antenna): number {
    if (this.#pairLoss.size === 0 && this.#chipLoss.size === 0) return this.#loss;
    const loss = this.#pairLoss.get(pairKey(a, b));
    if (loss !== undefined) return loss;
    return Math.max(this.#loss, this.#chipLoss.get(a) ?? 0, this.#chipLoss.get(b) ?? 0);
  }

  setPathLoss(a: Antenna, b: Antenna, decibels: number): void {
    this.#pathLoss.set(pairKey(a, b), decibels);
  }

  /** @param b - Default: everybody. */
  setApart(apart: boolean, a: Antenna, b?: Antenna): void {
    if (b === undefined) {
      if (apart) this.#alone.add(a);
      else this.#alone.delete(a);
    } else if (apart) this.#apart.add(pairKey(a, b));
    else this.#apart.delete(pairKey(a, b));
  }

  /** @param a - Default: all pairs. @param b - Default: all pairs with `a`. */
  setLoss(probability: number, a?: Antenna, b?: Antenna): void {
    if (a === undefined) this.#loss = probability;
    else if (b === undefined) this.#chipLoss.set(a, probability);
    else this.#pairLoss.set(pairKey(a, b), probability);
  }
}
