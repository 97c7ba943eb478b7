import { Address } from "../common/address.ts";
import type { Clock } from "../common/clock.ts";
import type { CallOptions } from "../common/promised.ts";
import type { Random } from "../common/random.ts";
import { defaultMtu, mostMtu } from "../att/att.ts";

/** What a host is told when it opens; all of it has a default. */
export interface HostOptions extends CallOptions {
  /** The Device Name of the GAP service, up to 248 octets of UTF-8. Default `"jelling"`. */
  readonly name?: string;
  /** The Appearance of the GAP service. Assigned Numbers, 2.6. Default 0, unknown. */
  readonly appearance?: number;
  /** The most octets of an ATT PDU that this host receives, 23 to 517. Default 517. */
  readonly mtu?: number;
  /**
   * Which address others see: the controller's public one, or a random static one. Default random where
   * `randomAddress` is given or the controller has no public one, else public.
   */
  readonly addressType?: "public" | "random";
  /** The random static address, `C0:FF:EE:00:00:01/random`. Default: a fresh one each time. */
  readonly randomAddress?: Address | string;
  /** Where time comes from. Default: the operating system. */
  readonly clock?: Clock;
  /** Where chance comes from. Default: the operating system. */
  readonly random?: Random;
}

/** The longest Device Name, in octets. Vol 3, Part C, 12.1. */
const mostNameOctets = 248;

/**
 * Refuses options before anything has begun.
 *
 * @throws {@link RangeError} An option is out of its range; the message names it.
 * @throws {@link SyntaxError} The address is none.
 */
export function checkHostOptions({
  name = "",
  mtu,
  appearance,
  addressType,
  randomAddress,
}: HostOptions): void {
  const nameOctets = new TextEncoder().encode(name).length;
  if (nameOctets > mostNameOctets) {
    throw new RangeError(`name: ${nameOctets} octets of UTF-8 are more than ${mostNameOctets}`);
  }
  checkWhole("mtu", mtu, defaultMtu, mostMtu);
  checkWhole("appearance", appearance, 0, 0xffff);
  if (addressType !== undefined && !["public", "random"].includes(addressType)) {
    throw new RangeError(`addressType: "${addressType}" is neither "public" nor "random"`);
  }
  if (randomAddress !== undefined && Address.from(randomAddress).kind !== "static") {
    throw new RangeError(
      `randomAddress: ${String(randomAddress)} is no static address, whose two highest bits are 1`,
    );
  }
}

function checkWhole(name: string, value: number | undefined, least: number, most: number): void {
  if (value === undefined || (Number.isInteger(value) && value >= least && value <= most)) return;
  throw new RangeError(`${name}: ${value} is not a whole number from ${least} to ${most}`);
}
