/** How a finding is meant: something works, is worth knowing, or has to be mended. */
export type Verdict = "ok" | "note" | "problem";

/** One thing that the doctor has looked at. */
export interface Finding {
  /** The part of the report it stands in. */
  readonly about: "adapters" | "privileges" | "serial" | "packages" | "probe";
  readonly verdict: Verdict;
  /** A sentence without its full stop. */
  readonly text: string;
  /** The command that mends it, or what to do where no command does. */
  readonly mend?: string;
}
