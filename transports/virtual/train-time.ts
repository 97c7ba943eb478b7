import { airTime, minimumAuxSpace } from "./air-time.ts";
import type { Phy } from "./phy.ts";

/** Lengths, flags, ADI, AuxPtr and TxPower in front of the data, at most. Vol 6, Part B, 2.3.4. */
const mostHeader = 8;

/** As much data as each packet of a train has room for behind that. Vol 6, Part B, 2.3.4. */
const mostPiece = 247;

/** How long AUX_SYNC_IND and what follows it take with `size` octets of data, in ms. Vol 6, Part B, 4.4.2.12. */
export function trainTime(phy: Phy, size: number): number {
  let time = 0;
  let left = size;
  do {
    const piece = Math.min(left, mostPiece);
    time += airTime(phy, mostHeader + piece) + minimumAuxSpace;
    left -= piece;
  } while (left > 0);
  return time / 1000;
}
