import type { Address } from "../common/address.ts";
import { checkOptions, type OptionKind } from "../common/options.ts";
import type { CallOptions } from "../common/promised.ts";
import type { LeCreateConnectionParameters } from "../hci/commands/le-connection.ts";
import type { LeExtendedCreateConnectionParameters } from "../hci/commands/le-extended-connection.ts";
import { addressTypeOctet } from "./device-address.ts";
import type { Phy } from "./scan-report.ts";
import { connectionInterval, intervalMs, scanTime, supervisionTimeout, timeoutMs } from "./units.ts";

/**
 * How to connect, and what to ask of the link.
 *
 * Attempts that wait at the same time share one request of the controller, with the interval, latency and supervision
 * timeout of the one that was begun first and the PHYs of all. A link whose attempt asks for others gets them by a change
 * right after it has come up, of which `parametersChanged` tells.
 */
export interface ConnectOptions {
  /** Give up after so many ms, at most 2,147,483,647: 24 days, in place of Infinity. Default 30,000. */
  readonly timeoutMs?: number;
  /** From one connection event to the next, 7.5 to 4000 ms. Default 30 to 50; one end given moves the other. */
  readonly minIntervalMs?: number;
  readonly maxIntervalMs?: number;
  /** How many events the peripheral may sleep through, 0 to 499. Default 0. */
  readonly latency?: number;
  /**
   * How long without a packet until the link counts as lost, 100 to 32,000 ms. Default 4000. More than
   * `(1 + latency) * maxIntervalMs * 2`, or the peripheral could sleep through it.
   */
  readonly supervisionTimeoutMs?: number;
  /**
   * The PHYs to connect on. Default `"1M"`, and what a scan result says its advertiser is heard on. `"2M"` is for links
   * that begin on it and stands beside one of the others.
   */
  readonly phys?: readonly Phy[];
  /**
   * How often to try again when the peer did not answer the first packets of a link (0x3E, which radios in a crowd do
   * now and then), 0 to 100. Default 3.
   */
  readonly retries?: number;
}

/** What a link is asked to be, in the units of HCI. Vol 4, Part E, 7.8.12. */
export interface LinkParameters {
  readonly connectionIntervalMin: number;
  readonly connectionIntervalMax: number;
  readonly maxLatency: number;
  readonly supervisionTimeout: number;
  readonly phys: readonly Phy[];
}

/** How often the initiator listens, and how long each time: always. */
const initiatingMs = 60;
const scanInterval = scanTime("scan interval", initiatingMs);

const phyNumber: Readonly<Record<Phy, number>> = { "1M": 1, "2M": 2, coded: 3 };
const mostRetries = 100;

const kinds: Readonly<Record<keyof ConnectOptions | keyof CallOptions, OptionKind>> = {
  timeoutMs: "number",
  minIntervalMs: "number",
  maxIntervalMs: "number",
  latency: "number",
  supervisionTimeoutMs: "number",
  phys: "list",
  retries: "number",
  signal: "signal",
};

/** @throws {@link TypeError} They are no options of `connect`; the message names the one that is none. */
export function checkConnectOptions(options: unknown): void {
  checkOptions("connect", options, kinds, "{ timeoutMs: 10_000, signal }");
}

/**
 * What is asked of the link.
 *
 * @throws {@link RangeError} An option is out of its range.
 */
export function linkParameters(options: ConnectOptions): LinkParameters {
  const { latency = 0, supervisionTimeoutMs = 4000, phys = ["1M"] } = options;
  const { minIntervalMs = Math.min(30, options.maxIntervalMs ?? 30) } = options;
  const { maxIntervalMs = Math.max(50, minIntervalMs) } = options;
  const connectionIntervalMin = connectionInterval("minIntervalMs", minIntervalMs);
  const connectionIntervalMax = connectionInterval("maxIntervalMs", maxIntervalMs);
  if (minIntervalMs > maxIntervalMs) {
    throw new RangeError(`minIntervalMs: ${minIntervalMs} ms is more than maxIntervalMs, ${maxIntervalMs}`);
  }
  if (!Number.isInteger(latency) || latency < 0 || latency > 499)
    throw new RangeError(`latency: ${latency} is not a whole number from 0 to 499`);
  const leastTimeoutMs = (1 + latency) * maxIntervalMs * 2;
  if (supervisionTimeoutMs <= leastTimeoutMs) {
    throw new RangeError(
      `supervisionTimeoutMs: ${supervisionTimeoutMs} ms is not more than ` +
        `(1 + latency) * maxIntervalMs * 2 = ${leastTimeoutMs} ms`,
    );
  }
  checkPhys(phys);
  checkRetries(options.retries);
  return {
    connectionIntervalMin,
    connectionIntervalMax,
    maxLatency: latency,
    supervisionTimeout: supervisionTimeout("supervisionTimeoutMs", supervisionTimeoutMs),
    phys,
  };
}

/** The same in the options that they came of; the PHYs are left out. */
export function wishOf(
  link: LinkParameters,
): Required<Pick<ConnectOptions, "minIntervalMs" | "maxIntervalMs" | "latency" | "supervisionTimeoutMs">> {
  return {
    minIntervalMs: intervalMs(link.connectionIntervalMin),
    maxIntervalMs: intervalMs(link.connectionIntervalMax),
    latency: link.maxLatency,
    supervisionTimeoutMs: timeoutMs(link.supervisionTimeout),
  };
}

/** LE Create Connection to one peer, or to those of the Filter Accept List. Vol 4, Part E, 7.8.12. */
export function legacyCreate(
  peer: Address | undefined,
  link: LinkParameters,
  ownAddressType: number,
): LeCreateConnectionParameters {
  return {
    scanInterval,
    scanWindow: scanInterval,
    ...target(peer),
    ownAddressType,
    connectionIntervalMin: link.connectionIntervalMin,
    connectionIntervalMax: link.connectionIntervalMax,
    maxLatency: link.maxLatency,
    supervisionTimeout: link.supervisionTimeout,
    minCeLength: 0,
    maxCeLength: 0,
  };
}

/** LE Extended Create Connection to one peer, or to those of the Filter Accept List. Vol 4, Part E, 7.8.66. */
export function extendedCreate(
  peer: Address | undefined,
  { phys, ...link }: LinkParameters,
  ownAddressType: number,
): LeExtendedCreateConnectionParameters {
  const onPhy = { scanInterval, scanWindow: scanInterval, ...link, minCeLength: 0, maxCeLength: 0 };
  return {
    ...target(peer),
    ownAddressType,
    initiatingPhys: phys.map((phy) => ({ phy: phyNumber[phy], ...onPhy })),
  };
}

function target(peer: Address | undefined): {
  readonly initiatorFilterPolicy: number;
  readonly peerAddressType: number;
  readonly peerAddress: number;
} {
  if (!peer) return { initiatorFilterPolicy: 1, peerAddressType: 0, peerAddress: 0 };
  return { initiatorFilterPolicy: 0, peerAddressType: addressTypeOctet(peer), peerAddress: peer.value };
}

function checkPhys(phys: readonly Phy[]): void {
  const known = phys.every((phy) => Object.hasOwn(phyNumber, phy)) && new Set(phys).size === phys.length;
  if (known && phys.some((phy) => phy !== "2M")) return;
  throw new RangeError(`phys: "${phys.join(", ")}" is not "1M", "coded" or both, and "2M" beside them`);
}

function checkRetries(retries: number | undefined): void {
  if (retries === undefined || (Number.isInteger(retries) && retries >= 0 && retries <= mostRetries)) return;
  throw new RangeError(`retries: ${retries} is not a whole number from 0 to ${mostRetries}`);
}
