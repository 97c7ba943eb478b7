import { type Clock, systemClock } from "../../src/common/clock.ts";
import { TransportError } from "../../src/common/errors.ts";
import { SeededRandom } from "../../src/common/random.ts";
import { Chip } from "./chip.ts";
import { VirtualController } from "./controller.ts";
import { Medium } from "./medium.ts";
import { settingsOf, type VirtualControllerOptions } from "./settings.ts";
import type { VirtualTransport } from "./virtual-transport.ts";

/** How an air behaves. */
export interface VirtualAirOptions {
  /** Where time comes from; default: the operating system. */
  readonly clock?: Clock;
  /** Two airs with one seed give the same random numbers; default 1. */
  readonly seed?: number;
  /** `"instant"`: packets of a link take no time. The only one so far. */
  readonly timing?: "instant";
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
  #controllers = 0;

  constructor({ clock = systemClock, seed = 1 }: VirtualAirOptions = {}) {
    this.#medium = new Medium(clock, new SeededRandom(seed));
  }

  /**
   * A new controller within reach of all others.
   *
   * @throws {@link RangeError} An option is out of its range; the message names it.
   */
  controller(options: VirtualControllerOptions = {}): VirtualController {
    const settings = settingsOf(options, ++this.#controllers);
    return new VirtualController(new Chip(this.#medium, settings), this.#open);
  }

  /** Switches every controller off; hosts find their transports failed. */
  async [Symbol.asyncDispose](): Promise<void> {
    const error = new TransportError("the virtual air was switched off");
    await Promise.all([...this.#open].map((transport) => transport.close(error)));
  }
}
