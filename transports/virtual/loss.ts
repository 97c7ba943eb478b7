import type { SharedLink } from "./link-end.ts";

/** Probabilities are drawn to one in so many. */
const grain = 0x1_0000_0000;

/** Whether chance has it that the next packet of a link is lost. */
export function isLost({ loss, medium }: SharedLink): boolean {
  return loss > 0 && medium.random.below(grain) < loss * grain;
}
