import type { Address } from "../../src/common/address.ts";
import type { HciTransport } from "../../src/hci/transport.ts";
import type { Chip } from "./chip.ts";
import type { HostFault } from "./host-fault.ts";
import { VirtualTransport } from "./virtual-transport.ts";

/** A simulated LE controller on a {@link VirtualAir}, strict with its host. */
export class VirtualController {
  readonly #chip: Chip;
  readonly #open: Set<VirtualTransport>;

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

  /**
   * A way to the controller for one host. There may be one started transport at a time; when it is closed the next one
   * finds the controller as after power-on.
   */
  transport(): HciTransport {
    const transport = new VirtualTransport(this.#chip, (closed) => this.#open.delete(closed));
    this.#open.add(transport);
    return transport;
  }
}
