import type { SubrateParameters } from "../../src/hci/commands/le-subrating.ts";
import { DisconnectionComplete } from "../../src/hci/events/link.ts";
import { Status } from "../../src/hci/status.ts";
import type { ControlPdu } from "./carrier.ts";
import type { Chip } from "./chip.ts";
import type { PendingWish } from "./connection-update.ts";
import { addCounters, type Counters, noCounters } from "./counters.ts";
import { DataLength } from "./data-length.ts";
import type { DeviceAddress } from "./device-address.ts";
import type { Link, Role } from "./link.ts";
import { LinkEncryption } from "./link-encryption.ts";
import { LinkPhy, phyWish, supportedPhys } from "./link-phy.ts";
import { LinkPower } from "./link-power.ts";
import { LlOpcode, llControl } from "./ll-control.ts";
import { ProcedureLine } from "./procedure-line.ts";

/** Rounding of times, in ms. */
const hair = 1e-6;

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
  readonly phy: LinkPhy;
  readonly power: LinkPower;
  readonly encryption: LinkEncryption;
  readonly procedures: ProcedureLine;
  readonly counters: Counters = noCounters();
  /** How many of its controller's ACL buffers hold packets of this link. */
  held = 0;
  /** How many packets the peer has taken since the host was last told. */
  completed = 0;
  /** The peripheral's wish that the central's host has been asked about. Vol 6, Part B, 5.1.7. */
  request: PendingWish | undefined;
  /** What it grants the peripheral, if it is the central. Vol 4, Part E, 7.8.123. */
  subrate: SubrateParameters;
  /** Whether versions have been exchanged. Vol 6, Part B, 5.1.5. */
  knowsVersion = false;
  /** When it last heard its peer, in ms. */
  heardAt = 0;
  /** Whether its packets carry a message integrity check. Vol 6, Part B, 2.4. */
  encrypted = false;
  #paused = false;
  #gone = false;
  #supervision: Disposable | undefined;

  /** Makes both ends: that of `self` and, as its {@link peer}, that of `other`. */
  constructor(link: Link, self: EndOptions, other: EndOptions, peer?: LinkEnd) {
    const { chip } = self;
    this.chip = chip;
    this.link = link;
    this.role = self.role;
    this.handle = chip.links.freeHandle();
    this.address = self.address;
    this.dataLength = new DataLength(chip);
    this.phy = new LinkPhy(phyWish(chip.phyDefaults, supportedPhys(chip.features)));
    this.power = new LinkPower(this);
    this.encryption = new LinkEncryption(this);
    this.subrate = chip.subrateDefaults;
    this.procedures = new ProcedureLine(chip.medium.clock, () => {
      this.lose(Status.LlResponseTimeout);
    });
    chip.links.add(this);
    this.peer = peer ?? new LinkEnd(link, other, self, this);
  }

  /** Data of its host waits, as during the encryption procedure; control does not. Vol 6, Part B, 5.1.3. */
  get paused(): boolean {
    return this.#paused;
  }

  set paused(paused: boolean) {
    this.#paused = paused;
    if (!paused && !this.#gone) this.link.carrier.replan();
  }

  /** How strongly it hears its peer, in dBm. */
  get rssi(): number {
    return this.link.medium.space.rssi(this.peer.chip, this.chip);
  }

  /** Sends an LL Control PDU to the peer. Vol 6, Part B, 2.4.2. */
  control(
    octets: Uint8Array,
    arrived: ControlPdu["arrived"],
    how: Pick<ControlPdu, "instantAt" | "behindData"> = {},
  ): void {
    if (!this.#gone) this.link.carrier.control(this, { octets, arrived, ...how });
  }

  /** LL Termination: both hosts are told, each its own reason. Vol 6, Part B, 5.1.6. */
  terminate(reason: number): void {
    // To a peer that does not hear it the packet goes again and again, until the supervision timeout.
    this.control(
      llControl(LlOpcode.TerminateInd, reason),
      () => {
        this.#close(Status.ConnectionTerminatedByLocalHost);
        this.peer.#close(reason);
      },
      { behindData: !this.#paused },
    );
  }

  /** This end is gone, as by a reset: the peer notices when its supervision timeout is over. Vol 6, Part B, 4.5.2. */
  fallSilent(): void {
    this.#forget();
    this.link.gone = true;
    this.link.reconsider();
  }

  /** This end gives the link up, of which the peer hears nothing. */
  lose(reason: number): void {
    this.#close(reason);
    this.link.gone = true;
    this.link.reconsider();
  }

  /** Nothing was heard when something was due: if nothing is until the supervision timeout, the link is lost. */
  watch(): void {
    if (this.#supervision || this.#gone) return;
    const { clock } = this.link.medium;
    const wait = this.heardAt + this.link.patience - clock.now();
    this.#supervision = clock.after(wait, () => {
      this.#supervision = undefined;
      if (this.heardAt + this.link.patience > clock.now() + hair) {
        if (this.link.silent || this.link.loss > 0) this.watch();
      } else {
        this.lose(this.link.established ? Status.ConnectionTimeout : Status.ConnectionFailedToBeEstablished);
      }
    });
  }

  unwatch(): void {
    this.#supervision?.[Symbol.dispose]();
    this.#supervision = undefined;
  }

  #close(reason: number): void {
    if (this.#gone) return;
    this.#forget();
    this.chip.hci.event(DisconnectionComplete, {
      status: Status.Success,
      connectionHandle: this.handle,
      reason,
    });
  }

  #forget(): void {
    this.link.carrier.settle();
    this.#gone = true;
    this.unwatch();
    this.procedures[Symbol.dispose]();
    this.power[Symbol.dispose]();
    this.encryption[Symbol.dispose]();
    this.chip.links.remove(this);
    this.chip.acl.forget(this);
    this.chip.hci.flow.forget(this.handle);
    addCounters(this.chip.counters, this.counters);
    if (this.peer.#gone) this.link.carrier.dispose();
  }
}
