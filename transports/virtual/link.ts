import { DisconnectionComplete } from "../../src/hci/events/link.ts";
import { Status } from "../../src/hci/status.ts";
import type { Chip } from "./chip.ts";
import type { ConnectionWish } from "./connection-update.ts";
import { DataLength } from "./data-length.ts";
import type { DeviceAddress } from "./device-address.ts";

/** Role in a connection. Vol 4, Part E, 7.7.65.1. */
export const Role = { Central: 0, Peripheral: 1 } as const;
export type Role = (typeof Role)[keyof typeof Role];

/** What both ends of a link go by. */
export interface LinkParameters {
  /** In 1.25 ms. */
  readonly connectionInterval: number;
  /** In connection events. */
  readonly peripheralLatency: number;
  /** In 10 ms. */
  readonly supervisionTimeout: number;
}

/** The connection of two controllers, as far as both know the same of it. Vol 6, Part B, 4.5. */
export interface Link {
  parameters: LinkParameters;
  /** One end is gone without a word, and the other has yet to notice. */
  silent: boolean;
}

/** What one end is made from. */
export interface EndOptions {
  readonly chip: Chip;
  readonly role: Role;
  /** The address it used to make the connection. */
  readonly address: DeviceAddress;
}

/** One controller's end of a link. */
export class LinkEnd {
  readonly chip: Chip;
  readonly link: Link;
  readonly role: Role;
  readonly handle: number;
  readonly address: DeviceAddress;
  readonly peer: LinkEnd;
  readonly dataLength: DataLength;
  /** How many of its controller's ACL buffers hold packets of this link. */
  held = 0;
  /** How many packets the peer has taken since the host was last told. */
  completed = 0;
  /** The peripheral's wish that the central's host has been asked about. Vol 6, Part B, 5.1.7. */
  request: ConnectionWish | undefined;
  #supervision: Disposable | undefined;

  /** Makes both ends: that of `self` and, as its {@link peer}, that of `other`. */
  constructor(link: Link, self: EndOptions, other: EndOptions, peer?: LinkEnd) {
    this.chip = self.chip;
    this.link = link;
    this.role = self.role;
    this.handle = self.chip.links.freeHandle();
    this.address = self.address;
    this.dataLength = new DataLength(self.chip.dataLengthDefaults, self.chip.settings.dataOctets);
    this.chip.links.add(this);
    this.peer = peer ?? new LinkEnd(link, other, self, this);
  }

  /** LL Termination: both hosts are told, each its own reason. Vol 6, Part B, 5.1.6. */
  terminate(reason: number): void {
    // To a peer that is gone the packet goes again and again, until the supervision timeout.
    if (this.link.silent) return;
    this.#close(Status.ConnectionTerminatedByLocalHost);
    this.peer.#close(reason);
  }

  /** This end is gone, as by a reset: the peer notices when its supervision timeout is over. Vol 6, Part B, 4.5.2. */
  fallSilent(): void {
    this.#forget();
    if (this.link.silent) return;
    this.link.silent = true;
    const { chip } = this.peer;
    this.peer.#supervision = chip.medium.clock.after(this.link.parameters.supervisionTimeout * 10, () => {
      this.peer.#close(Status.ConnectionTimeout);
    });
  }

  #close(reason: number): void {
    this.#forget();
    this.chip.hci.event(DisconnectionComplete, {
      status: Status.Success,
      connectionHandle: this.handle,
      reason,
    });
  }

  #forget(): void {
    this.#supervision?.[Symbol.dispose]();
    this.chip.links.remove(this);
    this.chip.acl.forget(this);
  }
}
