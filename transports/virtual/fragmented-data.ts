import { concat, noOctets } from "../../src/common/bytes.ts";
import { Status } from "../../src/hci/status.ts";

/** Operation of the commands that set data piece by piece. Vol 4, Part E, 7.8.54. */
export const Operation = { Intermediate: 0, First: 1, Last: 2, Complete: 3, Unchanged: 4 } as const;

/** Data that a host sets in one piece or in several. Vol 4, Part E, 7.8.54, 7.8.55 and 7.8.62. */
export class FragmentedData {
  /** *Owned*; to be sent only if nothing is missing. */
  value: Uint8Array = noOctets;
  /** Whether the last fragment is missing. */
  partial = false;

  /** Takes one piece; all is discarded if it becomes more than `most` octets. */
  take(operation: number, piece: Uint8Array, most: number): typeof Status.MemoryCapacityExceeded | undefined {
    if (operation === Operation.Unchanged) return undefined;
    const isStart = operation === Operation.First || operation === Operation.Complete;
    this.value = isStart ? piece.slice() : concat(this.value, piece);
    this.partial = operation === Operation.First || operation === Operation.Intermediate;
    if (this.value.length <= most) return undefined;
    this.clear();
    return Status.MemoryCapacityExceeded;
  }

  clear(): void {
    this.value = noOctets;
    this.partial = false;
  }
}
