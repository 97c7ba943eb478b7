import type { Medium } from "./medium.ts";
import type { Advertisement } from "./radio.ts";

/** Whether a scan interval and window, in 0.625 ms, are in their ranges. Vol 4, Part E, 7.8.10 and 7.8.12. */
export function isValidScan(interval: number, window: number): boolean {
  return window >= 0x0004 && window <= interval && interval <= 0x4000;
}

/** The same for the extended commands. Vol 4, Part E, 7.8.64 and 7.8.66. */
export function isValidExtendedScan(interval: number, window: number): boolean {
  return window >= 0x0004 && window <= interval;
}

/** When one PHY is listened to. */
export interface ScanWindow {
  /** 1 LE 1M, 3 LE Coded. */
  readonly phy: number;
  /** In 0.625 ms. */
  readonly scanInterval: number;
  /** In 0.625 ms. */
  readonly scanWindow: number;
}

const slot = 0.625;
const channels = 3;

/**
 * When the packet begins that a listener gets of an event that begins now, in ms of the clock; `undefined` if it misses
 * the event. Without air time it gets the first.
 *
 * With air time it listens for one window in each interval, on another channel each time, and gets only what falls
 * into a window as a whole. Windows on two PHYs do not disturb each other. Vol 6, Part B, 4.4.3.
 *
 * @param since - When the first window began, in ms of the clock.
 */
export function heardAt(
  medium: Medium,
  advertiser: Advertisement,
  window: ScanWindow,
  since: number,
): number | undefined {
  const { channelMap } = advertiser.parameters;
  const isInstant = medium.timing === "instant";
  const interval = window.scanInterval * slot;
  const time = advertiser.packetTime;
  const now = medium.clock.now();
  let at = now - since;
  for (let i = 0; i < channels; i++) {
    if ((channelMap & (1 << i)) === 0) continue;
    const turn = Math.floor(at / interval);
    if (isInstant) return now;
    if (turn % channels === i && at - turn * interval + time <= window.scanWindow * slot) return since + at;
    at += advertiser.packetSpacing;
  }
  return undefined;
}
