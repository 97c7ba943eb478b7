/** Whether a scan interval and window, in 0.625 ms, are in their ranges. Vol 4, Part E, 7.8.10 and 7.8.12. */
export function isValidScan(interval: number, window: number): boolean {
  return window >= 0x0004 && window <= interval && interval <= 0x4000;
}
