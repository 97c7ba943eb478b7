import { checkOptions, type OptionKinds } from "../common/options.ts";
import { areLegalParameters } from "../l2cap/parameter-update.ts";
import type { ConnectionParameterUpdateRequest } from "../l2cap/signaling-pdu.ts";
import { type ConnectOptions, linkParameters } from "./connect-options.ts";
import type { ConnectionParameters } from "./connection.ts";

/** The connection parameters to change. */
export type ChangedParameters = Pick<
  ConnectOptions,
  "minIntervalMs" | "maxIntervalMs" | "latency" | "supervisionTimeoutMs"
>;

const kinds: OptionKinds = {
  minIntervalMs: "number",
  maxIntervalMs: "number",
  latency: "number",
  supervisionTimeoutMs: "number",
  signal: "signal",
};

/** What goes with anything, in place of what was left out. */
const indulgent: ConnectionParameters = { intervalMs: 7.5, latency: 0, supervisionTimeoutMs: 32_000 };

/**
 * Refuses what no link may have, whatever is in force when its turn comes.
 *
 * @throws {@link TypeError} There is no such option, or it is of another kind.
 * @throws {@link RangeError} An option is out of its range.
 */
export function checkUpdateOptions(options: ChangedParameters): void {
  checkOptions("updateParameters", options, kinds, "{ minIntervalMs: 15, maxIntervalMs: 30 }");
  updateRequest(options, indulgent);
}

/**
 * What is asked for: what was left out stays as it is in force, and of an interval with one end given the other moves
 * only as far as it must.
 *
 * @throws {@link RangeError} What is given does not go with what is in force.
 */
export function updateRequest(
  options: ChangedParameters,
  inForce: ConnectionParameters,
): ConnectionParameterUpdateRequest {
  const { latency = inForce.latency, supervisionTimeoutMs = inForce.supervisionTimeoutMs } = options;
  const { minIntervalMs = Math.min(inForce.intervalMs, options.maxIntervalMs ?? Infinity) } = options;
  const { maxIntervalMs = Math.max(inForce.intervalMs, minIntervalMs) } = options;
  const parameters = linkParameters({ minIntervalMs, maxIntervalMs, latency, supervisionTimeoutMs });
  const request: ConnectionParameterUpdateRequest = {
    intervalMin: parameters.connectionIntervalMin,
    intervalMax: parameters.connectionIntervalMax,
    latency: parameters.maxLatency,
    timeout: parameters.supervisionTimeout,
  };
  if (areLegalParameters(request)) return request;
  throw new RangeError(
    `supervisionTimeoutMs: ${supervisionTimeoutMs} ms is too short once the times are in the radio's units, 1.25 and 10 ms`,
  );
}
