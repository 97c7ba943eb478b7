import { probeFields } from "./field-probe.ts";
import { all, type Bound, plainValues, putRight, type Values } from "./values.ts";

/** What the layouts of a protocol do not tell. */
export interface Knowledge {
  /** What the specification allows in a field, by its name alone or by `"NAME_OF_PDU field"`. */
  readonly bounds: Readonly<Record<string, Bound>>;
  /** Values of the fields that have no fixed size, by the same names. */
  readonly open: Readonly<Record<string, Values>>;
  /** Values of whole PDUs that nothing can be found out of. */
  readonly whole?: Readonly<Record<string, Values>>;
}

/**
 * Values for the parameters of a PDU: the fields and their widths from its codec, what they may be from `knowledge`.
 *
 * @param name - In the specification.
 * @param decode - Of the parameters alone.
 * @throws {@link Error} The PDU has a field that neither tells of.
 */
export function parameterValues(
  name: string,
  decode: (parameters: Uint8Array) => unknown,
  { bounds, open, whole = {} }: Knowledge,
): Values {
  if (whole[name]) return whole[name];
  const probed = probeFields(decode);
  if (!probed) throw new Error(`${name}: zeros are malformed, and no values are given`);
  const fields: Record<string, Values> = {};
  for (const [field, layout] of probed.plain) {
    fields[field] = plainValues(layout, bounds[`${name} ${field}`] ?? bounds[field]);
  }
  for (const field of probed.open) {
    const values = open[`${name} ${field}`] ?? open[field];
    if (!values) throw new Error(`${name}: no values are given for ${field}`);
    fields[field] = values;
  }
  return putRight(all(fields), fitting);
}

type Value = Record<string, unknown>;

/** Pairs of which the first may not be greater. */
const pairs: readonly (readonly [lesser: string, greater: string])[] = [
  ["startHandle", "endHandle"],
  ["handle", "groupEndHandle"],
  ["scanWindow", "scanInterval"],
  ["lowThreshold", "highThreshold"],
  ["minCeLength", "maxCeLength"],
  ["minTxPower", "maxTxPower"],
];

/** With fields that fit one another. */
export function fitting(value: Value): Value {
  return onLegacyPhy(subrated(inPeriod(inTime(inOrder(value)))));
}

/** With what is the least not above what is the most. */
function inOrder(value: Value): Value {
  const ordered = { ...value };
  const orderPair = (lesser: string, greater: string): void => {
    const [low, high] = [ordered[lesser], ordered[greater]];
    if (typeof low !== "number" || typeof high !== "number" || low <= high) return;
    [ordered[lesser], ordered[greater]] = [high, low];
  };
  for (const [lesser, greater] of pairs) orderPair(lesser, greater);
  for (const name of Object.keys(value)) {
    if (name.endsWith("Min")) orderPair(name, `${name.slice(0, -3)}Max`);
  }
  return ordered;
}

/** Names of the connection interval in 1.25 ms, the latency in events and the timeout in 10 ms, wherever they occur. */
const intervals = ["connectionIntervalMax", "intervalMax", "connectionInterval"] as const;
const latencies = ["maxLatency", "latency", "peripheralLatency"] as const;
const timeouts = ["supervisionTimeout", "timeout"] as const;
const longestTimeout = 0x0c80;

/** The timeout shall be longer than twice the interval times the latency and one. Vol 4, Part E, 7.8.12. */
function inTime(value: Value): Value {
  const find = (names: readonly string[]): string | undefined =>
    names.find((name) => typeof value[name] === "number");
  const [interval, latency, timeout] = [find(intervals), find(latencies), find(timeouts)];
  if (interval === undefined || latency === undefined || timeout === undefined) return value;
  const apart = Number(value[interval]);
  const skipped = Math.min(Number(value[latency]), Math.floor((4 * longestTimeout - 1) / apart) - 1);
  const least = Math.floor(((1 + skipped) * apart) / 4) + 1;
  return { ...value, [latency]: skipped, [timeout]: Math.max(Number(value[timeout]), least) };
}

/** In which unit a period of scanning is told, and a duration, in ms. Vol 4, Part E, 7.8.65. */
const periodUnit = 1280;
const durationUnit = 10;

/** A period is longer than the scan in it, and without one nothing is filtered anew in each. Vol 4, Part E, 7.8.65. */
function inPeriod(value: Value): Value {
  const { duration, period, filterDuplicates } = value;
  if (typeof duration !== "number" || typeof period !== "number") return value;
  if (period === 0 || duration === 0)
    return { ...value, filterDuplicates: Math.min(Number(filterDuplicates), 1) };
  return { ...value, duration: Math.min(duration, Math.ceil((period * periodUnit) / durationUnit) - 1) };
}

/** The longest subrated latency, in connection events. Vol 4, Part E, 7.8.123. */
const mostSubrated = 500;

/** Latencies are counted in subrated events, and fewer events are continued than left out. Vol 4, Part E, 7.8.123. */
function subrated(value: Value): Value {
  const { subrateMax, maxLatency, continuationNumber } = value;
  if (typeof subrateMax !== "number") return value;
  return {
    ...value,
    maxLatency: Math.min(Number(maxLatency), Math.floor(mostSubrated / subrateMax) - 1),
    continuationNumber: Math.min(Number(continuationNumber), subrateMax - 1),
  };
}

const legacyPdus = 0x10;

/** Legacy PDUs go on LE 1M alone. Vol 4, Part E, 7.8.53. */
function onLegacyPhy(value: Value): Value {
  if ((Number(value["advertisingEventProperties"] ?? 0) & legacyPdus) === 0) return value;
  return { ...value, primaryAdvertisingPhy: 1, secondaryAdvertisingPhy: 1 };
}
