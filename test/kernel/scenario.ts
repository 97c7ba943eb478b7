import type { Stage } from "./guest/stage.ts";

/** Something that a stack has to do with BlueZ. */
export interface Scenario {
  readonly name: string;
  /** What is proven, as a sentence. */
  readonly says: string;
  /** Whether it is run without `--all`, too. */
  readonly core?: boolean;
  /** For all of it, in ms. Default 90,000: processors that are emulated are slow. */
  readonly limitMs?: number;
  readonly play: (stage: Stage) => Promise<void>;
}

/** What came of a scenario. */
export interface Verdict {
  readonly name: string;
  readonly result: "pass" | "fail" | "skip";
  readonly ms: number;
  /** What was measured or seen on the way. */
  readonly notes: readonly string[];
  /** Why it failed or was skipped. */
  readonly reason?: string;
}

/** A line that the guest says. */
export type GuestLine =
  | { readonly kind: "begin"; readonly name: string }
  | { readonly kind: "verdict"; readonly verdict: Verdict }
  | { readonly kind: "ready"; readonly versions: Readonly<Record<string, string>> };
