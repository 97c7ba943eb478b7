import { type Clock, systemClock } from "../../src/common/clock.ts";
import { TransportError } from "../../src/common/errors.ts";
import { checkOptions, type OptionKinds } from "../../src/common/options.ts";
import { SeededRandom } from "../../src/common/random.ts";
import { AirCapture, type AirCaptureOptions } from "./air-capture.ts";
import { carryOut } from "./carry-out.ts";
import { Chip } from "./chip.ts";
import { VirtualController } from "./controller.ts";
import { addCounters, type Counters, noCounters } from "./counters.ts";
import { Role } from "./role.ts";
import { Medium } from "./medium.ts";
import { checkOneOf, checkProbability, checkWithin } from "./range-check.ts";
import { type Encryption, encryptions, type Timing, timings } from "./timing.ts";
import type { VirtualControllerOptions } from "./controller-options.ts";
import { settingsOf } from "./settings.ts";
import type { VirtualTransport } from "./virtual-transport.ts";

/** In ms. */
const mostLinkDelay = 60_000;

const kinds: OptionKinds = {
  clock: "object",
  seed: "number",
  timing: "text",
  linkDelayMs: "number",
  encryption: "text",
};

/** How an air behaves. */
export interface VirtualAirOptions {
  /** Where time comes from; default: the operating system. */
  readonly clock?: Clock;
  /** A whole number of 0 or more: two airs with one seed give the same random numbers; default 1. */
  readonly seed?: number;
  /**
   * `"instant"`, the default: packets of a link take no time, for plain tests and for speed. `"air"`: they go in
   * connection events and take the time they take on a radio; advertising and scanning keep to their intervals.
   */
  readonly timing?: Timing;
  /** How long every packet of a link takes, in ms, 0 to 60000; default 0. With `timing: "air"` the radio decides. */
  readonly linkDelayMs?: number;
  /**
   * `"flag"`, the default: when a link is encrypted the keys of both ends are compared, and no more. `"ccm"`: every
   * packet is encrypted and checked with AES-CCM (Vol 6, Part E), so that a wrong key breaks the traffic.
   */
  readonly encryption?: Encryption;
}

/**
 * A radio without radio waves: its controllers hear one another, and each is an {@link HciTransport} away from a host.
 *
 * @example
 * ```ts
 * const air = new VirtualAir();
 * const peripheral = await Host.open(air.controller().transport());
 * const central = await Host.open(air.controller().transport());
 * ```
 */
export class VirtualAir implements AsyncDisposable {
  readonly #medium: Medium;
  readonly #open = new Set<VirtualTransport>();
  readonly #chips = new Map<VirtualController, Chip>();

  /**
   * @throws {@link RangeError} An option is out of its range, or goes with another timing; the message names it.
   * @throws {@link TypeError} There is no such option, or it is of another kind.
   */
  constructor(options: VirtualAirOptions = {}) {
    checkOptions("VirtualAir", options, kinds, '{ clock, timing: "air" }');
    const {
      clock = systemClock,
      seed = 1,
      timing = "instant",
      encryption = "flag",
      linkDelayMs = 0,
    } = options;
    checkOneOf("timing", timing, timings);
    checkOneOf("encryption", encryption, encryptions);
    checkWithin("seed", seed, 0, Number.MAX_SAFE_INTEGER);
    checkWithin("linkDelayMs", linkDelayMs, 0, mostLinkDelay);
    if (linkDelayMs > 0 && timing === "air") {
      throw new RangeError(`linkDelayMs goes with timing "instant" alone: with "air" the radio decides`);
    }
    this.#medium = new Medium(clock, new SeededRandom(seed), timing, encryption);
    this.#medium.linkDelayMs = linkDelayMs;
  }

  /**
   * A new controller within reach of all others.
   *
   * @throws {@link RangeError} An option is out of its range; the message names it.
   */
  controller(options: VirtualControllerOptions = {}): VirtualController {
    const settings = settingsOf(options, this.#chips.size + 1);
    const chip = new Chip(this.#medium, settings, carryOut);
    const controller = new VirtualController(chip, this.#open);
    this.#chips.set(controller, chip);
    return controller;
  }

  /**
   * Puts two controllers so far apart that a signal is `decibels` weaker where it arrives: the RSSI is the transmit
   * power less that, and what is below the receiver's sensitivity is not heard.
   *
   * @throws {@link RangeError} The loss is negative, a controller is not of this air, or both are the same.
   */
  setPathLoss(a: VirtualController, b: VirtualController, decibels: number): void {
    if (!(decibels >= 0)) throw new RangeError(`path loss is 0 dB or more: ${decibels}`);
    this.#checkPair(a, b);
    this.#medium.space.setPathLoss(this.#chipOf(a), this.#chipOf(b), Math.round(decibels));
    this.#reconsider(a, b);
  }

  /**
   * Two controllers hear one another no more, or `a` nobody if `b` is left out: their links end with a supervision
   * timeout, unless they are reunited before.
   *
   * @throws {@link RangeError} A controller is not of this air, or both are the same.
   */
  partition(a: VirtualController, b?: VirtualController): void {
    this.#setApart(true, a, b);
  }

  /** The opposite of {@link partition}, for the same controllers. */
  reunite(a: VirtualController, b?: VirtualController): void {
    this.#setApart(false, a, b);
  }

  /**
   * From now on so many packets are lost: between two controllers, or with all those that `a` has to do with, or
   * everywhere. What was said of fewer controllers goes before what was said of more; of one and of all the greater
   * counts.
   *
   * With `timing: "instant"` a packet that is lost is sent again at the same moment, and merely counted.
   *
   * @throws {@link RangeError} The probability is not between 0 and 1, a controller is not of this air, or both are the
   *   same.
   */
  setLoss(probability: number, a?: VirtualController, b?: VirtualController): void {
    checkProbability("probability", probability);
    this.#checkPair(a, b);
    this.#medium.space.setLoss(probability, a && this.#chipOf(a), b && this.#chipOf(b));
    this.#reconsider(a, b);
  }

  /** The counters of all its controllers together. */
  get counters(): Readonly<Counters> {
    const sum = noCounters();
    for (const controller of this.#chips.keys()) addCounters(sum, controller.counters);
    return sum;
  }

  /**
   * Writes every packet on the air as pcap (LINKTYPE_BLUETOOTH_LE_LL_WITH_PHDR), until the capture is disposed of.
   *
   * @param write - Gets the file header at once, and then a record for each packet; it *owns* them.
   * With `timing: "air"` records come in the order of their times, and so some 40 ms late.
   *
   * @throws {@link Error} There is a capture already.
   * @throws {@link RangeError} An option has a value that there is not; the message names it.
   */
  capture(write: (octets: Uint8Array) => void, options: AirCaptureOptions = {}): Disposable {
    const medium = this.#medium;
    if (medium.capture) throw new Error("this virtual air is being captured already");
    checkOneOf("payload", options.payload ?? "plain", ["plain", "cipher"]);
    const capture = new AirCapture(medium.clock, medium.timing, write, options);
    medium.capture = capture;
    this.#reconsider();
    return {
      [Symbol.dispose]: () => {
        if (medium.capture !== capture) return;
        this.#endCapture();
        this.#reconsider();
      },
    };
  }

  /**
   * Switches every controller off; hosts find their transports failed. A transport that is started afterwards finds its
   * controller as after power-on.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    const error = new TransportError("the virtual air was switched off");
    await Promise.all([...this.#open].map((transport) => transport.close(error)));
    this.#endCapture();
  }

  #endCapture(): void {
    this.#medium.capture?.[Symbol.dispose]();
    this.#medium.capture = undefined;
  }

  #setApart(apart: boolean, a: VirtualController, b?: VirtualController): void {
    this.#checkPair(a, b);
    this.#medium.space.setApart(apart, this.#chipOf(a), b && this.#chipOf(b));
    this.#reconsider(a, b);
  }

  /** Links follow what has changed between their ends. */
  #reconsider(a?: VirtualController, b?: VirtualController): void {
    const other = b && this.#chipOf(b);
    for (const chip of a ? [this.#chipOf(a)] : this.#chips.values()) {
      for (const end of chip.links.all()) {
        // Of all links, each is met twice.
        const isMeant = a ? !other || end.peer.chip === other : end.role === Role.Central;
        if (isMeant) end.link.reconsider();
      }
    }
  }

  #checkPair(a: VirtualController | undefined, b: VirtualController | undefined): void {
    if (a !== undefined && a === b) throw new RangeError("a controller has no distance to itself: name two");
    if (a === undefined && b !== undefined) throw new RangeError("name the first of the two controllers");
  }

  #chipOf(controller: VirtualController): Chip {
    if (!((controller as unknown) instanceof VirtualController)) {
      throw new TypeError("give a controller of this virtual air: what air.controller() gave");
    }
    const chip = this.#chips.get(controller);
    if (!chip) throw new RangeError("this controller is not of this virtual air");
    return chip;
  }
}
