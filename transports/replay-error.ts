import { BleError } from "../src/common/errors.ts";
import { describePacket } from "./replay-script.ts";

/** What a host has done otherwise than in a capture. */
export interface ReplayDifference {
  /** The record of the capture that it is about; `undefined` behind its end. */
  readonly record: number | undefined;
  /** What the capture has there; `undefined` behind its end. */
  readonly recorded: Uint8Array | undefined;
  /** What the host has sent; `undefined` where it has left out what was recorded. */
  readonly sent: Uint8Array | undefined;
}

/** A host sends something else than the capture that is replayed to it has. */
export class ReplayError extends BleError {
  readonly code = "REPLAY";
  readonly difference: ReplayDifference;

  constructor(difference: ReplayDifference) {
    super(describeDifference(difference));
    this.difference = difference;
  }
}

function describeDifference({ record, recorded, sent }: ReplayDifference): string {
  const did = sent ? `the host sends ${describePacket(sent)}` : "the host leaves it out";
  if (!recorded || record === undefined) return `the capture is over, and ${did}`;
  return `record ${record} of the capture is ${describePacket(recorded)}, and ${did}`;
}
