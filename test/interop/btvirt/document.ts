import type { Difference } from "./compare.ts";
import { type Judgement, judgementOf, type Verdict } from "./judgements.ts";

const width = 116;

const headings: Readonly<Record<Verdict, string>> = {
  btvirt: "btvirt is right",
  both: "Both are allowed",
  jelling: "jelling is right",
};

/** All differences as Markdown, those of one kind together. */
export function listOf(differences: readonly Difference[]): string {
  const lines: string[] = [];
  for (const verdict of ["btvirt", "both", "jelling"] as const) {
    const judged = grouped(differences, judgementOf);
    const kinds = [...judged].filter(([judgement]) => judgement?.verdict === verdict);
    if (kinds.length > 0) lines.push("", `### ${headings[verdict]}`, "");
    for (const [judgement, alike] of kinds) lines.push(...itemOf(judgement, alike));
  }
  return lines.join("\n");
}

function itemOf(judgement: Judgement | undefined, alike: readonly Difference[]): string[] {
  const same = grouped(alike, ({ ours, theirs }) => `jelling ${said(ours)}, btvirt ${said(theirs)}`);
  const items = [...same].map(([outcome, group]) => `${gathered(group.map(({ step }) => step))}: ${outcome}`);
  const title = wrapped(`- ${judgement?.why ?? "Not judged"}`, "  ");
  return [...title, ...items.flatMap((item) => wrapped(`  - ${item}`, "    "))];
}

/** Who answers is of no interest where it is the one who was asked. */
function said(text: string): string {
  const seats = new Set(text.match(/\b[ab](?=: )/g));
  const plain = seats.size > 1 ? text : text.replace(/\b[ab]: /g, "");
  return plain === "" ? "nothing more" : `"${plain}"`;
}

/** Commands once, each with all that was asked of it. */
function gathered(steps: readonly string[]): string {
  const plain = new Set(steps.map((step) => step.replace(/^[ab]: /, "").split(", ")));
  const byCommand = grouped(plain, ([command = ""]) => command);
  return [...byCommand]
    .map(([command, asked]) => {
      const what = new Set(asked.map(([, ...rest]) => rest.join(", ")).filter((text) => text !== ""));
      return what.size === 0 ? command : `${command} (${[...what].join("; ")})`;
    })
    .join(", ");
}

function grouped<T, K>(items: Iterable<T>, keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

function wrapped(text: string, indent: string): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/(?<=\S) /)) {
    if (line.length + 1 + word.length > width && line !== "") {
      lines.push(line);
      line = indent + word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
