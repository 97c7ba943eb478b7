import { openOurs } from "./ours.ts";
import { type Outcome, play } from "./play.ts";
import type { Line } from "./render.ts";
import { scripts } from "./scenes/all.ts";
import type { Btvirt } from "./theirs.ts";

/** A step after which the two radios did not say the same. */
export interface Difference {
  readonly script: string;
  readonly step: string;
  /** Only that in which they differ. */
  readonly ours: string;
  readonly theirs: string;
}

/** Plays every script on both radios. */
export async function compare(btvirt: Btvirt): Promise<Difference[]> {
  const differences: Difference[] = [];
  for (const script of scripts) {
    await using theirs = await btvirt.open();
    await using ours = openOurs(theirs.addresses);
    const said = await play(script, theirs);
    for (const [i, { step, lines }] of (await play(script, ours)).entries()) {
      const [a, b] = differing(lines, linesOf(said[i]));
      if (a !== b) differences.push({ script: script.name, step, ours: a, theirs: b });
    }
  }
  return differences;
}

function linesOf(outcome: Outcome | undefined): readonly Line[] {
  return outcome?.lines ?? [];
}

function differing(ours: readonly Line[], theirs: readonly Line[]): [string, string] {
  const whole = ({ title, fields }: Line): string => [title, ...fields].join(", ");
  const beyond = (lines: readonly Line[], others: readonly Line[]): Line[] => {
    const known = new Set(others.map(whole));
    return lines.filter((line) => !known.has(whole(line)));
  };
  const a = beyond(ours, theirs);
  const b = beyond(theirs, ours);
  if (a.length === 0 && b.length === 0) {
    // The same packets, perhaps in another order.
    return [ours.map(whole).join("; "), theirs.map(whole).join("; ")];
  }
  return [a.map((line) => abridged(line, b)).join("; "), b.map((line) => abridged(line, a)).join("; ")];
}

/** Without the fields that a packet of the same kind shares. */
function abridged({ title, fields }: Line, others: readonly Line[]): string {
  const other = others.find((line) => line.title === title);
  const tells = (field: string): boolean =>
    other ? !other.fields.includes(field) : /^(status|reason) /.test(field);
  return [title, ...fields.filter(tells)].join(", ");
}
