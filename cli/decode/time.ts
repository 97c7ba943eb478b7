/** Seconds with six decimals. */
export function secondsText(microseconds: number): string {
  const whole = Math.trunc(Math.abs(microseconds) / 1e6);
  const fraction = String(Math.abs(microseconds) % 1e6).padStart(6, "0");
  return `${microseconds < 0 ? "-" : ""}${whole}.${fraction}`;
}

/** Date and time of day in UTC, as ISO 8601 has them, with microseconds. */
export function dateText(timestampMicroseconds: number): string {
  const seconds = Math.floor(timestampMicroseconds / 1e6);
  const fraction = String(timestampMicroseconds - seconds * 1e6).padStart(6, "0");
  return new Date(seconds * 1000).toISOString().replace(".000Z", `.${fraction}Z`);
}
