import type { Summary } from "./statistics.ts";

/** What a figure counts. */
export type ScaleUnit = "µs" | "ms" | "octets" | "times" | "";

/** One figure of one process. */
export interface Figure {
  /** The same in every repetition: figures of one title are put together. */
  readonly title: string;
  readonly value: number;
  readonly unit: ScaleUnit;
  /** Beside another figure of the same process, measured in turns with it: how many times as much. */
  readonly ratio?: Ratio;
  /** The most that the value is to be. */
  readonly most?: number;
  /** What else there is to say, such as what it was that took so long; of the repetition in the middle. */
  readonly note?: string;
}

/** A comparison. */
export interface Ratio {
  readonly value: number;
  /** Beside what, in a few words. */
  readonly to: string;
  /** The most that it is to be. */
  readonly most?: number;
}

/** What one scenario of the scale has to say, in a process of its own. */
export interface ScaleScenario {
  readonly name: string;
  readonly title: string;
  /** What the process needs on its command line. */
  readonly nodeOptions?: readonly string[];
  /** Loads what is measured; not before, since a process is to hold nothing else. */
  readonly load: () => Promise<() => Promise<readonly Figure[]>>;
}

/** A figure of all repetitions. */
export interface ScaleResult {
  readonly title: string;
  readonly unit: ScaleUnit;
  readonly value: Summary;
  readonly most?: number;
  readonly ratio?: { readonly value: Summary; readonly to: string; readonly most?: number };
  readonly note?: string;
}
