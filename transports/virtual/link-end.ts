import type { SubrateParameters } from "../../src/hci/commands/le-subrating.ts";
import { DisconnectionComplete } from "../../src/hci/events/link.ts";
import { Status } from "../../src/hci/status.ts";
import type { Carrier, ControlPdu } from "./carrier.ts";
import type { Radio } from "./radio.ts";
import type { PendingWish } from "./connection-wish.ts";
import { addCounters, type Counters, noCounters } from "./counters.ts";
import { DataLength } from "./data-length.ts";
import type { DeviceAddress } from "./device-address.ts";
import type { LinkParameters, Role } from "./role.ts";
import { LinkEncryption } from "./link-encryption.ts";
import { LinkPhy, phyWish, supportedPhys } from "./link-phy.ts";
import { LinkPower } from "./link-power.ts";
import type { EventPlan } from "./event-plan.ts";
import type { LinkIdentity } from "./link-identity.ts";
import type { Medium } from "./medium.ts";
import { LlOpcode, llControl } from "./ll-control.ts";
import { ProcedureLine } from "./procedure-line.ts";

/** Rounding of times, in ms. */
const hair = 1e-6;

/** The connection of two controllers, as its ends and what carries its packets know it. Vol 6, Part B, 4.5. */
export interface SharedLink {
  readonly medium: Medium;
  readonly identity: LinkIdentity;
  readonly plan: EventPlan;
  readonly carrier: Carrier<LinkEnd>;
  /** The central's end; the other one is its peer. */
  readonly central: LinkEnd;
  /** As Vol 4, Part E, 7.8.19. */
  channelMap: Uint8Array;
  /** How long a connection event may be, in ms; 0 for as long as there is room. Vol 4, Part E, 7.8.18. */
  mostEventTime: number;
  /** Whether either end is gone without a word. */
  gone: boolean;
  /** The ends do not hear one another; what they send waits. */
  readonly silent: boolean;
  /** Its last event was lost to another link. */
  crowded: boolean;
  /** The probability that a packet is lost. */
  readonly loss: number;
  /** Whether Channel Selection Algorithm #2 chooses the channels. Vol 6, Part B, 4.5.8.3. */
  readonly usesSecond: boolean;
  /** Whether a packet ever arrived. Vol 6, Part B, 4.5. */
  established: boolean;
  readonly parameters: LinkParameters;
  /** How long an end may hear nothing, in ms. Vol 6, Part B, 4.5.2. */
  readonly patience: number;
  /** Other parameters, from a connection event on. Vol 6, Part B, 5.1.1. */
  change(event: number, parameters: LinkParameters): void;
  /** Of `factor` events one is used, from `base` on. Vol 6, Part B, 5.1.19. */
  subrate(factor: number, base: number, continuation: number, parameters: LinkParameters): void;
  /** The data channel of a connection event. */
  channel(event: number): number;
  /** Something has changed between the ends: whether they hear one another, and how much is lost. */
  reconsider(): void;
}

/** What one end is made from. */
export interface EndOptions {
  readonly chip: Radio;
  readonly role: Role;
  /** The address it used to make the connection. */
  readonly address: DeviceAddress;
}

/** One controller's end of a link. */
export class LinkEnd {
  readonly chip: Radio;
  readonly link: SharedLink;
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
  /** Whether features have been exchanged. Vol 6, Part B, 5.1.4. */
  knowsFeatures = false;
  /** Opcodes that the peer has answered with LL_UNKNOWN_RSP. Vol 6, Part B, 2.4.2.8. */
  readonly unknownToPeer: Set<number> = new Set<number>();
  /** When it last heard its peer, in ms. */
  heardAt = 0;
  /** Whether its packets carry a message integrity check. Vol 6, Part B, 2.4. */
  encrypted = false;
  #paused = false;
  #gone = false;
  /** LL_TERMINATE_IND is on its way. */
  #terminating = false;
  #supervision: Disposable | undefined;
  /** The T_terminate timer. Vol 6, Part B, 5.1.6. */
  #farewell: Disposable | undefined;

  /** Makes both ends: that of `self` and, as its {@link peer}, that of `other`. */
  constructor(link: SharedLink, self: EndOptions, other: EndOptions, peer?: LinkEnd) {
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
    chip.hci.ended.forget(this.handle);
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

  /** The peer's host has a packet of this end, whose buffer is free. */
  returned(): void {
    this.chip.acl.returned(this);
  }

  /** Sends an LL Control PDU to the peer. Vol 6, Part B, 2.4.2. */
  control(
    octets: Uint8Array,
    arrived: ControlPdu["arrived"],
    how: Pick<ControlPdu, "instantAt" | "behindData"> = {},
  ): void {
    if (!this.#gone) this.link.carrier.control(this, { octets, arrived, ...how });
  }

  /** ACL Termination procedure: both hosts are told, each its own reason. Vol 6, Part B, 5.1.6. */
  terminate(reason: number): void {
    if (this.#terminating) return;
    this.#terminating = true;
    // To a peer that does not hear it the packet goes again and again, until the supervision timeout.
    this.control(
      llControl(LlOpcode.TerminateInd, reason),
      () => {
        this.#close(Status.ConnectionTerminatedByLocalHost);
        this.peer.#close(reason);
      },
      { behindData: !this.#paused },
    );
    if (this.#gone) return;
    // A peer that has no room for what goes before the packet never acknowledges it: this end leaves all the same.
    this.#farewell = this.chip.medium.clock.after(this.link.parameters.supervisionTimeout * 10, () => {
      this.lose(Status.ConnectionTerminatedByLocalHost);
    });
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
        const { silent, loss, crowded } = this.link;
        if (silent || loss > 0 || crowded) this.watch();
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
    this.chip.hci.ended.end(this.handle, this.chip.hci.wants(DisconnectionComplete));
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
    this.#farewell?.[Symbol.dispose]();
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
