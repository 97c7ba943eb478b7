import type { Link } from "./link.ts";

/** Probabilities are drawn to one in so many. */
const grain = 0x1_0000_0000;

/** Whether chance has it that the next packet of a link is lost. */
export function isLost({ loss, medium }: Link): boolean {
  return loss > 0 && medium.random.below(grain) < loss * grain;
}
