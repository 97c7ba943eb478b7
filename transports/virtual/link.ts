import { airTime } from "./air-time.ts";
import { AirCarrier } from "./air-carrier.ts";
import type { Carrier } from "./carrier.ts";
import { DelayedCarrier } from "./delayed-carrier.ts";
import { allChannels, dataChannel, dataChannel2 } from "./data-channel.ts";
import { EventPlan } from "./event-plan.ts";
import { InstantCarrier } from "./instant-carrier.ts";
import { hasFeature, LeFeature } from "./le-feature.ts";
import type { LinkEnd, SharedLink } from "./link-end.ts";
import { type LinkIdentity, linkIdentity } from "./link-identity.ts";
import type { Medium } from "./medium.ts";
import { Phy } from "./phy.ts";
import type { LinkParameters } from "./role.ts";

/** What else the request to connect decides. */
export interface HowToBegin {
  /** With which both ends transmit. */
  readonly phy: Phy;
  /** How long a connection event may be, in ms; 0 for as long as there is room. */
  readonly mostEventTime: number;
  /** When the request begins, in ms of the clock. */
  readonly requestedAt: number;
  /** On which channel, 0 to 39. */
  readonly channel: number;
  /** Whether it is AUX_CONNECT_REQ. */
  readonly isExtended: boolean;
  /** The advertiser, whose event it ends. */
  readonly source: object;
}

/** From the end of the request to the first connection event, in ms: a window that opens at once. Vol 6, Part B, 4.5.3. */
function transmitWindowDelay({ isExtended, phy }: HowToBegin): number {
  if (!isExtended) return 1.25;
  return phy >= Phy.CodedS8 ? 3.75 : 2.5;
}

/** Octets of payload of CONNECT_IND. Vol 6, Part B, 2.3.3.1. */
const requestSize = 34;

/** The connection of two controllers, as far as both know the same of it. Vol 6, Part B, 4.5. */
export class Link implements SharedLink {
  readonly medium: Medium;
  readonly identity: LinkIdentity;
  readonly plan: EventPlan;
  readonly carrier: Carrier<LinkEnd>;
  /** As Vol 4, Part E, 7.8.19. */
  channelMap: Uint8Array = allChannels;
  /** How long a connection event may be, in ms; 0 for as long as there is room. Vol 4, Part E, 7.8.18. */
  mostEventTime = 0;
  /** Whether either end is gone without a word. */
  gone = false;
  /** The ends do not hear one another; what they send waits. */
  silent = false;
  /** Its last event was lost to another link. */
  crowded = false;
  /** The probability that a packet is lost. */
  loss = 0;
  /** Whether Channel Selection Algorithm #2 chooses the channels. Vol 6, Part B, 4.5.8.3. */
  usesSecond = false;
  /** Whether a packet ever arrived. Vol 6, Part B, 4.5. */
  established = false;
  #parameters: LinkParameters;
  #central: LinkEnd | undefined;
  readonly #how: HowToBegin;

  constructor(medium: Medium, parameters: LinkParameters, how: HowToBegin) {
    this.medium = medium;
    this.#parameters = parameters;
    this.#how = how;
    this.mostEventTime = how.mostEventTime;
    this.identity = linkIdentity(medium.random);
    const interval = parameters.connectionInterval * 1.25;
    const sentAt = medium.timing === "air" ? how.requestedAt : medium.clock.now();
    const base = sentAt + airTime(how.phy, requestSize) / 1000 + transmitWindowDelay(how);
    this.plan = new EventPlan(base, interval, parameters.peripheralLatency);
    this.carrier = carrierOf(this);
  }

  get parameters(): LinkParameters {
    return this.#parameters;
  }

  /** The central's end; the other one is its peer. */
  get central(): LinkEnd {
    if (!this.#central) throw new Error("this link has not begun");
    return this.#central;
  }

  /** Both ends are there. */
  begin(central: LinkEnd): void {
    this.#central = central;
    central.phy.transmit = central.peer.phy.transmit = this.#how.phy;
    const both = [central, central.peer];
    this.usesSecond = both.every(({ chip }) =>
      hasFeature(chip.features, LeFeature.ChannelSelectionAlgorithm2),
    );
    central.heardAt = central.peer.heardAt = this.medium.clock.now();
    this.channelMap = central.chip.channelMap;
    this.reconsider();
  }

  /** Other parameters, from a connection event on. Vol 6, Part B, 5.1.1. */
  change(event: number, parameters: LinkParameters): void {
    this.carrier.settle();
    this.#parameters = parameters;
    this.plan.change(event, parameters.connectionInterval * 1.25, parameters.peripheralLatency);
    this.carrier.replan();
  }

  /** Of `factor` events one is used, from `base` on. Vol 6, Part B, 5.1.19. */
  subrate(factor: number, base: number, continuation: number, parameters: LinkParameters): void {
    this.carrier.settle();
    this.#parameters = parameters;
    this.plan.latency = parameters.peripheralLatency;
    this.plan.subrate(factor, base, continuation);
    this.carrier.replan();
  }

  /** How long an end may hear nothing, in ms. Vol 6, Part B, 4.5.2. */
  get patience(): number {
    const { connectionInterval, supervisionTimeout } = this.#parameters;
    return this.established ? supervisionTimeout * 10 : 6 * connectionInterval * 1.25;
  }

  /** The data channel of a connection event. */
  channel(event: number): number {
    if (this.usesSecond) return dataChannel2(event, this.identity.accessAddress, this.channelMap);
    return dataChannel(event, this.identity.hopIncrement, this.channelMap);
  }

  /** Something has changed between the ends: whether they hear one another, and how much is lost. */
  reconsider(): void {
    const { central, medium } = this;
    const { peer } = central;
    const { space } = medium;
    this.carrier.settle();
    this.loss = space.loss(central.chip, peer.chip);
    for (const { power } of [central, peer]) power.update();
    const silent =
      this.gone ||
      this.loss === 1 ||
      space.hears(central.chip, peer.chip, central.phy.transmit) === undefined ||
      space.hears(peer.chip, central.chip, peer.phy.transmit) === undefined;
    if (silent === this.silent) {
      if (!silent) this.carrier.replan();
      return;
    }
    this.silent = silent;
    if (silent) this.carrier.pause();
    else this.carrier.resume();
    for (const end of [central, peer]) {
      if (silent) end.watch();
      else end.unwatch();
    }
  }
}

function carrierOf(link: Link): Carrier<LinkEnd> {
  const { timing, linkDelayMs } = link.medium;
  if (timing === "air") return new AirCarrier(link);
  return linkDelayMs > 0 ? new DelayedCarrier(link) : new InstantCarrier(link);
}
