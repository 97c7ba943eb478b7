import type { LeSetPathLossReportingParametersParameters } from "../../src/hci/commands/le-power.ts";
import { LePathLossThreshold, LeTransmitPowerReporting } from "../../src/hci/events/le-power.ts";
import { Status } from "../../src/hci/status.ts";
import type { EventPlan } from "./event-plan.ts";
import type { HciPort } from "./hci-port.ts";
import type { Medium } from "./medium.ts";
import type { Antenna } from "./space.ts";
import { txPowerRange } from "./identity.ts";

/** Reason of LE Transmit Power Reporting. Vol 4, Part E, 7.7.65.33. */
export const PowerReason = { LocalChanged: 0, RemoteChanged: 1, RemoteRead: 2 } as const;
export type PowerReason = (typeof PowerReason)[keyof typeof PowerReason];

/** Zone_Entered of LE Path Loss Threshold. Vol 4, Part E, 7.7.65.32. */
const Zone = { Low: 0, Middle: 1, High: 2 } as const;
type Zone = (typeof Zone)[keyof typeof Zone];

/** High_Threshold for no high zone. Vol 4, Part E, 7.8.119. */
const noHighZone = 0xff;

/** One end of a link, as far as its power is concerned. */
export interface PoweredEnd {
  readonly chip: Antenna & { readonly hci: HciPort };
  readonly handle: number;
  readonly link: { readonly medium: Medium; readonly plan: Pick<EventPlan, "interval"> };
  readonly peer: PoweredEnd;
}

/** What the host of one end wants to know of powers and of the path loss. Vol 4, Part E, 7.8.119 to 7.8.121. */
export class LinkPower implements Disposable {
  /** Transmit_Power reports when this end changes its own. */
  reportsLocal = false;
  /** The same when the peer does. */
  reportsRemote = false;
  readonly #end: PoweredEnd;
  #parameters: LeSetPathLossReportingParametersParameters | undefined;
  #enabled = false;
  #zone: Zone = Zone.Middle;
  #timer: Disposable | undefined;

  constructor(end: PoweredEnd) {
    this.#end = end;
  }

  /** Whether the host has said what the zones are. */
  get hasZones(): boolean {
    return this.#parameters !== undefined;
  }

  setZones(parameters: LeSetPathLossReportingParametersParameters): void {
    this.#parameters = parameters;
    this.update();
  }

  /** The zone of this moment is told at once. Vol 6, Part B, 4.5.16. */
  enable(enable: boolean): void {
    this.#enabled = enable;
    this.#stop();
    if (!enable) return;
    this.#zone = this.#zoneNow();
    this.#tell();
  }

  /** The path loss may be another: another zone counts when the link has been in it for long enough. */
  update(): void {
    if (!this.#enabled || this.#zoneNow() === this.#zone) {
      this.#stop();
      return;
    }
    const { link } = this.#end;
    const events = this.#parameters?.minTimeSpent ?? 0;
    this.#timer ??= link.medium.clock.after(events * link.plan.interval, () => {
      this.#timer = undefined;
      this.#zone = this.#zoneNow();
      this.#tell();
    });
  }

  [Symbol.dispose](): void {
    this.#enabled = false;
    this.#stop();
  }

  /** LE Transmit Power Reporting about the power of `whose`. Vol 4, Part E, 7.7.65.33. */
  report(whose: PoweredEnd, reason: PowerReason, phy: number, delta: number): void {
    const { chip, handle } = this.#end;
    const txPowerLevel = whose.chip.txPower;
    chip.hci.event(LeTransmitPowerReporting, {
      status: Status.Success,
      connectionHandle: handle,
      reason,
      phy,
      txPowerLevel,
      txPowerLevelFlag: powerFlags(txPowerLevel),
      delta,
    });
  }

  /** The power of the peer could not be read. Vol 4, Part E, 7.7.65.33. */
  reportFailure(status: Status, phy: number): void {
    const { chip, handle } = this.#end;
    chip.hci.event(LeTransmitPowerReporting, {
      status,
      connectionHandle: handle,
      reason: PowerReason.RemoteRead,
      phy,
      txPowerLevel: unknownPower,
      txPowerLevelFlag: 0,
      delta: 0,
    });
  }

  get #pathLoss(): number {
    const { chip, link, peer } = this.#end;
    return Math.min(254, Math.max(0, link.medium.space.pathLoss(peer.chip, chip)));
  }

  /** A zone is left only by more than its hysteresis. Vol 6, Part B, 4.5.16. */
  #zoneNow(): Zone {
    const parameters = this.#parameters;
    if (!parameters) return Zone.Middle;
    const { highThreshold, highHysteresis, lowThreshold, lowHysteresis } = parameters;
    const pathLoss = this.#pathLoss;
    const stay = (zone: Zone, hysteresis: number): number => (this.#zone === zone ? -hysteresis : hysteresis);
    if (highThreshold !== noHighZone && pathLoss >= highThreshold + stay(Zone.High, highHysteresis))
      return Zone.High;
    return pathLoss <= lowThreshold - stay(Zone.Low, lowHysteresis) ? Zone.Low : Zone.Middle;
  }

  #tell(): void {
    const { chip, handle } = this.#end;
    chip.hci.event(LePathLossThreshold, {
      connectionHandle: handle,
      currentPathLoss: this.#pathLoss,
      zoneEntered: this.#zone,
    });
  }

  #stop(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }
}

/** TX_Power_Level that nobody knows, in dBm. Vol 4, Part E, 7.7.65.33. */
const unknownPower = 127;

/** Bit 0: it can be no less; bit 1: it can be no more. */
export function powerFlags(txPower: number): number {
  return Number(txPower <= txPowerRange.least) | (Number(txPower >= txPowerRange.greatest) << 1);
}
