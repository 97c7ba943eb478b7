import type { Advertisement, Radio } from "./radio.ts";
import type { Phy } from "./phy.ts";
import { heardAt, type ScanWindow } from "./scan-timing.ts";

/** A packet on a primary advertising channel, as a listener got it. */
export interface Reception<W extends ScanWindow> {
  /** The window in which it came. */
  readonly window: W;
  /** When it began, in ms of the clock. */
  readonly at: number;
  /** In dBm. */
  readonly rssi: number;
}

/**
 * What a listener with these windows gets of an advertising event that begins now; `undefined` if it gets nothing.
 *
 * @param since - When the first windows began, in ms of the clock.
 */
export function receptionOf<W extends ScanWindow>(
  chip: Radio,
  advertiser: Advertisement,
  windows: readonly W[],
  since: number,
): Reception<W> | undefined {
  if (advertiser.chip === chip) return undefined;
  // The legacy commands know no extended PDUs. Vol 4, Part E, 3.1.1.
  if (!advertiser.legacy && chip.commandSet !== "extended") return undefined;
  const { primaryPhy } = advertiser.parameters;
  const window = windows.find(({ phy }) => phy === primaryPhy);
  const at = window && heardAt(chip.medium, advertiser, window, since);
  if (!window || at === undefined) return undefined;
  const rssi = chip.medium.receives(advertiser.chip, chip, primaryPhy as Phy);
  return rssi === undefined ? undefined : { window, at, rssi };
}
