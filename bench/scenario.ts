import type { Budget, Measurement } from "./measurement.ts";

/** Who does the work: the stack, the two hosts that only frame, or another stack. */
export type Subject = "jelling" | "floor" | "ble-host";

/** Measures one subject, in a process of its own. */
export type Run = (subject: Subject, budget: Budget) => Promise<Measurement>;

/** One thing that is measured, and how it is shown. */
export interface Scenario {
  readonly name: string;
  readonly title: string;
  /** Whether there are hosts that do the same and nothing else. */
  readonly floor: boolean;
  /** Whether ble-host can do it too. */
  readonly bleHost: boolean;
  /** Octets of payload in one operation, where throughput is the point. */
  readonly octets?: number;
  /** What an operation costs: time of the processor, or memory. */
  readonly cost: "cpu" | "memory";
  /** Whether operations follow each other, so that a rate says something; else the time of one is shown. */
  readonly repeated: boolean;
  /** What the process needs on its command line. */
  readonly nodeOptions?: readonly string[];
  /** Loads what is measured; not before, since loading may be it. */
  readonly load: () => Promise<Run>;
}
