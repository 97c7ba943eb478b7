import type { Machine } from "./machine.ts";
import type { ScaleResult, ScaleUnit } from "./scale-figure.ts";
import type { Summary } from "./statistics.ts";

/** Everything that one run of the scale has to say. */
export interface ScaleReport {
  readonly machine: Machine;
  readonly repetitions: number;
  readonly sections: readonly ScaleSection[];
}

/** One scenario. */
export interface ScaleSection {
  readonly name: string;
  readonly title: string;
  readonly results: readonly ScaleResult[];
}

const headings = ["", "figure", "ratio", "goal"];

/** Tables for a terminal, with where it was measured above them. */
export function scaleTextOf(report: ScaleReport): string {
  const sections = report.sections.map((section) => {
    const lines = tableOf(section).map((row) => row.join("  ").trimEnd());
    return `${section.title}\n${lines.join("\n")}\n`;
  });
  return [`${headOf(report)}\n`, ...sections].join("\n");
}

/** The same as Markdown, laid out as Prettier does it. */
export function scaleMarkdownOf(report: ScaleReport): string {
  const sections = report.sections.map((section) => {
    const [head = [], ...rows] = tableOf(section);
    const rule = head.map(({ length }, column) =>
      column === 0 ? "-".repeat(length) : `${"-".repeat(length - 1)}:`,
    );
    const lines = [head, rule, ...rows].map((row) => `| ${row.join(" | ")} |`);
    return `**${section.title}**\n\n${lines.join("\n")}\n`;
  });
  return [`${headOf(report)}\n`, ...sections].join("\n");
}

function headOf({ machine, repetitions }: ScaleReport): string {
  const { date, version, node, processor, processors, system } = machine;
  return [
    `${date}: jelling ${version}, Node ${node}, ${processors} x ${processor}, ${system}.`,
    repetitions === 1 ? "One repetition." : `Medians of ${repetitions} repetitions (least to most).`,
  ].join("\n");
}

/** The headings and a row for each figure, each cell as wide as its column: figures stand to the right. */
function tableOf({ results }: ScaleSection): string[][] {
  const rows = [headings, ...results.map(cellsOf)];
  const widths = headings.map((_, column) => Math.max(3, ...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
    ),
  );
}

function cellsOf({ title, unit, value, ratio, most, note }: ScaleResult): string[] {
  return [
    note === undefined ? title : `${title} (${note})`,
    ranged(value, unit),
    ratio ? `${ranged(ratio.value, "times")} of ${ratio.to}` : "",
    most === undefined ? goal(ratio?.value, ratio?.most, "times") : goal(value, most, unit),
  ];
}

function goal(value: Summary | undefined, most: number | undefined, unit: ScaleUnit): string {
  if (value === undefined || most === undefined) return "";
  return `≤ ${shown(most, unit)}${value.median > most ? ", missed" : ""}`;
}

/** The median in a unit that suits it, with the least and the most in the same one, where they are others. */
function ranged(summary: Summary, unit: ScaleUnit): string {
  const { median, least, most } = summary;
  const scale = scaleOf(median, unit);
  const [middle, from, to] = [median, least, most].map((value) => scale.format(value / scale.divisor));
  const range = from === to ? "" : ` (${from ?? ""}–${to ?? ""})`;
  return `${middle ?? ""}${scale.symbol}${range}`;
}

function shown(value: number, unit: ScaleUnit): string {
  return ranged({ median: value, least: value, most: value }, unit);
}

/** How figures are shown: what they are divided by, and what stands behind them. */
interface Scale {
  readonly divisor: number;
  readonly symbol: string;
  readonly format: (value: number) => string;
}

function scaleOf(value: number, unit: ScaleUnit): Scale {
  const isLarge = Math.abs(value) >= (unit === "octets" ? 1e6 : 1_000);
  switch (unit) {
    case "times":
      return { divisor: 1, symbol: "", format: (times) => times.toFixed(2) };
    case "µs":
      return isLarge
        ? { divisor: 1_000, symbol: " ms", format: digits }
        : { divisor: 1, symbol: " µs", format: digits };
    case "octets":
      return isLarge
        ? { divisor: 1e6, symbol: " MB", format: digits }
        : { divisor: 1, symbol: "", format: (octets) => Math.round(octets).toLocaleString("en") };
    case "ms":
      return { divisor: 1, symbol: " ms", format: digits };
    case "":
      return { divisor: 1, symbol: "", format: (count) => count.toLocaleString("en") };
  }
}

/** Three digits that count. */
function digits(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
