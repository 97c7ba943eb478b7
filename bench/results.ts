import type { Measurement } from "./measurement.ts";
import type { Samples } from "./runner.ts";
import { summarize, type Summary } from "./statistics.ts";

/** What came of one scenario. */
export interface Result {
  readonly name: string;
  readonly title: string;
  /** Operations in a second of wall time; absent where one is done at a time, or memory is meant. */
  readonly perSecond?: Summary;
  /** Millions of octets of payload in a second of wall time. */
  readonly megabytesPerSecond?: Summary;
  /** Wall time of one operation, where there is no rate. */
  readonly milliseconds?: Summary;
  readonly unit: "µs" | "octets";
  /** Of one operation: time of the processor, or memory. */
  readonly cost: Summary;
  readonly floor?: Summary;
  /** How many times the floor, each repetition for itself. */
  readonly ratio?: Summary;
  /** The same operation of ble-host, and how many times as much that is as ours. */
  readonly bleHost?: Summary;
  readonly bleHostRatio?: Summary;
}

/** Brings the samples of one scenario down to figures. */
export function resultOf({ scenario, jelling, floor, bleHost }: Samples): Result {
  const { name, title, cost, repeated, octets } = scenario;
  const costs = jelling.map((sample) => costOf(sample, cost));
  const floorCosts = floor.map((sample) => costOf(sample, cost));
  const bleHostCosts = bleHost.map((sample) => costOf(sample, cost));
  const rates = jelling.map(({ operations, wallMs }) => (1_000 * operations) / wallMs);
  const timed = cost === "cpu";
  return {
    name,
    title,
    ...(timed && repeated && { perSecond: summarize(rates) }),
    ...(octets && { megabytesPerSecond: summarize(rates.map((rate) => (rate * octets) / 1e6)) }),
    ...(timed && !repeated && { milliseconds: summarize(rates.map((rate) => 1_000 / rate)) }),
    unit: timed ? "µs" : "octets",
    cost: summarize(costs),
    ...(floorCosts.length > 0 && {
      floor: summarize(floorCosts),
      ratio: summarize(costs.map((own, i) => own / (floorCosts[i] ?? Number.NaN))),
    }),
    ...(bleHostCosts.length > 0 && {
      bleHost: summarize(bleHostCosts),
      bleHostRatio: summarize(bleHostCosts.map((other, i) => other / (costs[i] ?? Number.NaN))),
    }),
  };
}

function costOf({ operations, cpuMs, allocatedOctets }: Measurement, cost: "cpu" | "memory"): number {
  return (cost === "cpu" ? 1_000 * cpuMs : (allocatedOctets ?? Number.NaN)) / operations;
}
