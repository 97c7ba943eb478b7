import type { Address } from "../common/address.ts";
import type { LeCreateConnectionParameters } from "../hci/commands/le-connection.ts";
import { addressTypeOctet } from "./device-address.ts";
import { connectionInterval, scanTime, supervisionTimeout } from "./units.ts";

/** How to connect, and what to ask of the link. */
export interface ConnectOptions {
  /** Give up after so many ms, counted from when the attempts before have ended. Default 30,000. */
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
}

/** How often the initiator listens, and how long each time: always. */
const initiatingMs = 60;

/**
 * What the controller is asked for. Vol 4, Part E, 7.8.12.
 *
 * @throws {@link RangeError} An option is out of its range.
 */
export function createConnectionParameters(
  peer: Address,
  options: ConnectOptions,
  ownAddressType: number,
): LeCreateConnectionParameters {
  const { latency = 0, supervisionTimeoutMs = 4000 } = options;
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
  return {
    scanInterval: scanTime("scan interval", initiatingMs),
    scanWindow: scanTime("scan window", initiatingMs),
    initiatorFilterPolicy: 0,
    peerAddressType: addressTypeOctet(peer),
    peerAddress: peer.value,
    ownAddressType,
    connectionIntervalMin,
    connectionIntervalMax,
    maxLatency: latency,
    supervisionTimeout: supervisionTimeout("supervisionTimeoutMs", supervisionTimeoutMs),
    minCeLength: 0,
    maxCeLength: 0,
  };
}
