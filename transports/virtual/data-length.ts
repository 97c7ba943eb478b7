import { airTime, micSize } from "./air-time.ts";
import { hasFeature, LeFeature } from "./le-feature.ts";
import { Phy } from "./phy.ts";
import type { Settings } from "./settings.ts";

/** Limits of one direction of a link. */
export interface Limit {
  /** Payload octets of a Link Layer packet, 27 to 251. */
  readonly octets: number;
  /** Time on the air of a packet, in µs, 328 to 17040. */
  readonly time: number;
}

/** What of a controller decides on lengths. */
export interface Measured {
  readonly features: Uint8Array;
  readonly settings: Pick<Settings, "dataOctets">;
  readonly dataLengthDefaults: Limit;
}

/** What every controller can do, and all links begin with. Vol 6, Part B, 4.5.10. */
export const leastLimit: Limit = { octets: 27, time: 328 };

/** What a controller can do at best: a full payload on the slowest PHY that it has. Vol 6, Part B, 4.5.10. */
export function limitOf({ settings, features }: Measured): Limit {
  if (!hasFeature(features, LeFeature.DataPacketLengthExtension)) return leastLimit;
  const { dataOctets: octets } = settings;
  const slowest = hasFeature(features, LeFeature.LeCoded) ? Phy.CodedS8 : Phy.Le1M;
  return { octets, time: airTime(slowest, octets + micSize) };
}

/** The lengths one end of a link goes by. Vol 6, Part B, 4.5.10. */
export class DataLength {
  /** What this end wishes to send. */
  wanted: Limit;
  /** What this end can receive. */
  readonly receivable: Limit;
  /** What this end sends at most, from its wish and the peer's ability. */
  transmit: Limit = leastLimit;
  /** What this end receives at most. */
  receive: Limit = leastLimit;

  constructor(chip: Measured) {
    this.wanted = chip.dataLengthDefaults;
    this.receivable = limitOf(chip);
  }

  /** The outcome of an LL Data Length procedure with `peer`; true if it changed anything. Vol 6, Part B, 5.1.9. */
  negotiate(peer: DataLength): boolean {
    const transmit = least(this.wanted, this.receivable, peer.receivable);
    const receive = least(peer.wanted, peer.receivable, this.receivable);
    const isSame = same(transmit, this.transmit) && same(receive, this.receive);
    this.transmit = transmit;
    this.receive = receive;
    return !isSame;
  }
}

function least(...limits: readonly Limit[]): Limit {
  return {
    octets: Math.min(...limits.map(({ octets }) => octets)),
    time: Math.min(...limits.map(({ time }) => time)),
  };
}

function same(a: Limit, b: Limit): boolean {
  return a.octets === b.octets && a.time === b.time;
}
