import type { Machine } from "./machine.ts";
import type { Result } from "./results.ts";
import type { Effort } from "./runner.ts";
import type { Summary } from "./statistics.ts";

/** Everything that one run of the benchmark has to say. */
export interface Report {
  readonly machine: Machine;
  readonly effort: Effort;
  readonly results: readonly Result[];
}

/** How figures are shown: what they are divided by, and what stands behind them. */
const scales = {
  µs: { divisor: 1, symbol: " µs" },
  ms: { divisor: 1_000, symbol: " ms" },
  octets: { divisor: 1, symbol: " octets" },
  times: { divisor: 1, symbol: "" },
};
type Unit = keyof typeof scales;

const headings = ["operation", "rate", "cost", "floor", "ratio", "ble-host", "of ours"];

/** A table for a terminal, with where it was measured above it. */
export function textOf(report: Report): string {
  const lines = tableOf(report).map((row) => row.join("  ").trimEnd());
  return `${headOf(report)}\n\n${lines.join("\n")}\n`;
}

/** The same as Markdown, laid out as Prettier does it. */
export function markdownOf(report: Report): string {
  const [head = [], ...rows] = tableOf(report);
  const rule = head.map(({ length }, column) =>
    column === 0 ? "-".repeat(length) : `${"-".repeat(length - 1)}:`,
  );
  const lines = [head, rule, ...rows].map((row) => `| ${row.join(" | ")} |`);
  return `${headOf(report)}\n\n${lines.join("\n")}\n`;
}

/** The headings and a row for each result, each cell as wide as its column: figures stand to the right. */
function tableOf({ results }: Report): string[][] {
  const rows = [headings, ...results.map(cellsOf)];
  const widths = headings.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
    ),
  );
}

function headOf({ machine, effort }: Report): string {
  const { date, version, node, processor, processors, system } = machine;
  const repetitions =
    effort.repetitions === 1 ? "One repetition" : `Medians of ${effort.repetitions} repetitions`;
  return [
    `${date}: jelling ${version}, Node ${node}, ${processors} x ${processor}, ${system}.`,
    effort.controllers === "virtual"
      ? "Controllers of the virtual radio."
      : "Controllers that only forward data.",
    `${repetitions} (least to most), each ${effort.measureMs} ms of processor after ${effort.warmUpMs} ms of warming up.`,
  ].join("\n");
}

function cellsOf(result: Result): readonly string[] {
  const { title, unit, cost, floor, ratio, bleHost, bleHostRatio } = result;
  return [
    title,
    rateOf(result),
    ranged(cost, unit),
    floor ? ranged(floor, unit) : "",
    ratio ? ranged(ratio, "times") : "",
    bleHost ? ranged(bleHost, unit) : "",
    bleHostRatio ? ranged(bleHostRatio, "times") : "",
  ];
}

function rateOf({ perSecond, megabytesPerSecond, milliseconds }: Result): string {
  if (milliseconds) return `one in ${digits(milliseconds.median)} ms`;
  if (!perSecond) return "";
  const rate = `${thousands(perSecond.median)}/s`;
  return megabytesPerSecond ? `${rate}, ${digits(megabytesPerSecond.median)} MB/s` : rate;
}

/** The median in a unit that suits it, with the least and the most. */
function ranged({ median, least, most }: Summary, unit: Unit): string {
  const scale = unit === "µs" && median >= 1_000 ? "ms" : unit;
  const { divisor, symbol } = scales[scale];
  const [middle, from, to] = [median, least, most].map((value) => digits(value / divisor));
  return `${middle ?? ""}${symbol} (${from ?? ""}–${to ?? ""})`;
}

/** Three digits that count. */
function digits(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

function thousands(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString("en");
}
