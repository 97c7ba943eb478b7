import type { Address } from "../../src/common/address.ts";
import { TransportError } from "../../src/common/errors.ts";
import { HardwareError } from "../../src/hci/events/flow.ts";
import type { HciTransport } from "../../src/hci/transport.ts";
import type { Chip } from "./chip.ts";
import { addCounters, type Counters, noCounters } from "./counters.ts";
import type { HostFault } from "./host-fault.ts";
import { txPowerRange } from "./identity.ts";
import { changePower } from "./power-control.ts";
import { checkProbability, checkWithin } from "./range-check.ts";
import { VirtualTransport } from "./virtual-transport.ts";

/** What {@link VirtualController.disturb} does to events. */
export interface Disturbance {
  /** The probability that an event comes twice, 0 to 1; default 0. */
  readonly duplicate?: number;
  /** How much later than they could events come, in ms; data does not wait for them. Default 0. */
  readonly delayMs?: number;
}

/** A simulated LE controller on a {@link VirtualAir}, strict with its host. */
export class VirtualController {
  readonly #chip: Chip;
  readonly #open: Set<VirtualTransport>;
  readonly #own = new Set<VirtualTransport>();

  /** Made by `VirtualAir.controller`. @param open - Where its transports are kept while they serve a host. */
  constructor(chip: Chip, open: Set<VirtualTransport>) {
    this.#chip = chip;
    this.#open = open;
  }

  /** The public device address. */
  get address(): Address {
    return this.#chip.settings.address;
  }

  /** What hosts of this controller did wrong at HCI, oldest first; the first thousand are kept. */
  get faults(): readonly HostFault[] {
    return this.#chip.faults;
  }

  /** How many links it has. */
  get connections(): number {
    return this.#chip.links.all().length;
  }

  /** What it has done on its links since it was made, those that have ended among them. */
  get counters(): Readonly<Counters> {
    const sum = noCounters();
    addCounters(sum, this.#chip.counters);
    for (const end of this.#chip.links.all()) {
      end.link.carrier.settle();
      addCounters(sum, end.counters);
    }
    return sum;
  }

  /** What it has done on the link with this connection handle; `undefined` when there is none. */
  countersOf(connectionHandle: number): Readonly<Counters> | undefined {
    const end = this.#chip.links.get(connectionHandle);
    end?.link.carrier.settle();
    return end && { ...end.counters };
  }

  /**
   * A way to the controller for one host. There may be one started transport at a time; when it is closed the next one
   * finds the controller as after power-on.
   */
  transport(): HciTransport {
    const transport = new VirtualTransport(this.#chip, (closed) => {
      this.#open.delete(closed);
      this.#own.delete(closed);
    });
    this.#open.add(transport);
    this.#own.add(transport);
    return transport;
  }

  /** Breaks down: its transports close with an error, and its peers hear no more of it. */
  async die(reason = "the virtual controller died"): Promise<void> {
    const error = new TransportError(reason);
    await Promise.all([...this.#own].map((transport) => transport.close(error)));
  }

  /** From now on it neither takes nor gives anything at HCI; its links go on. */
  stopAnswering(): void {
    this.#chip.hci.trouble = { ...this.#chip.hci.trouble, hung: true };
  }

  /** It goes on with what its host has sent meanwhile. */
  answerAgain(): void {
    this.#chip.hci.trouble = { ...this.#chip.hci.trouble, hung: false };
  }

  /**
   * Sends its host a Hardware Error event. Vol 4, Part E, 7.7.16.
   *
   * @param hardwareCode - 0 to 255.
   */
  hardwareError(hardwareCode: number): void {
    checkWithin("hardwareCode", hardwareCode, 0, 255);
    this.#chip.hci.event(HardwareError, { hardwareCode });
  }

  /**
   * Duplicates or delays events from now on; `{}` ends that.
   *
   * @throws {@link RangeError} A value is out of its range; the message names it.
   */
  disturb({ duplicate = 0, delayMs = 0 }: Disturbance): void {
    checkProbability("duplicate", duplicate);
    checkWithin("delayMs", delayMs, 0, 60_000);
    this.#chip.hci.trouble = { ...this.#chip.hci.trouble, duplicate, delayMs };
  }

  /** With which power it transmits, in dBm. */
  get transmitPower(): number {
    return this.#chip.txPower;
  }

  /**
   * Transmits with another power, in dBm, -40 to 20: hosts that asked for it are told (Vol 4, Part E, 7.7.65.33).
   *
   * @throws {@link RangeError} The power is out of that range.
   */
  setTransmitPower(txPower: number): void {
    checkWithin("txPower", txPower, txPowerRange.least, txPowerRange.greatest);
    changePower(this.#chip, txPower);
  }
}
