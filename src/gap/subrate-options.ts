import type { SubrateParameters } from "../hci/commands/le-subrating.ts";
import { requireWhole } from "../common/whole-number.ts";
import type { SubrateRequest } from "./link-control.ts";
import { supervisionTimeout } from "./units.ts";

/** The most connection events between two that are used, latency and all. Vol 4, Part E, 7.8.123. */
const mostEvents = 500;

/**
 * Subrating as commands have it. Vol 4, Part E, 7.8.123 and 7.8.124.
 *
 * @param prefix - What stands before the names of the options in messages.
 * @throws {@link RangeError} A number is out of its range, or they do not go together; the message names it.
 */
export function subrateParameters(request: SubrateRequest, prefix = ""): SubrateParameters {
  const { minFactor, maxFactor, maxLatency = 0, continuationNumber = 0 } = request;
  const { supervisionTimeoutMs = 4000 } = request;
  requireWhole(`${prefix}minFactor`, minFactor, 1, 500);
  requireWhole(`${prefix}maxFactor`, maxFactor, minFactor, 500);
  requireWhole(`${prefix}maxLatency`, maxLatency, 0, 499);
  requireWhole(`${prefix}continuationNumber`, continuationNumber, 0, 499);
  if (maxFactor * (maxLatency + 1) > mostEvents) {
    throw new RangeError(
      `${prefix}maxLatency: ${maxLatency} with a maxFactor of ${maxFactor} would skip more than ${mostEvents} events`,
    );
  }
  if (continuationNumber >= maxFactor) {
    throw new RangeError(
      `${prefix}continuationNumber: ${continuationNumber} is not below maxFactor, which is ${maxFactor}`,
    );
  }
  return {
    subrateMin: minFactor,
    subrateMax: maxFactor,
    maxLatency,
    continuationNumber,
    supervisionTimeout: supervisionTimeout(`${prefix}supervisionTimeoutMs`, supervisionTimeoutMs),
  };
}
