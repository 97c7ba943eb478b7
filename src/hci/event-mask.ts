import type { Event } from "./event.ts";

/** What of an event decides its place in a mask. */
type Place = Pick<Event<unknown>, "code" | "subevent">;

/** The first event code of page 2; the codes before it are those of page 1. Vol 4, Part E, 7.3.69. */
const pageTwo = 0x40;

/** Where `hciVersion` first has LE events: 4.0. */
const firstLeVersion = 0x06;

/** The last LE subevent of each version from 4.0 on: 4.1, 4.2, 5.0, 5.1, 5.2, 5.3, 5.4. Vol 4, Part E, 7.8.1. */
const lastSubevents = [0x05, 0x06, 0x0b, 0x14, 0x18, 0x22, 0x23, 0x29] as const;

/** Event_Mask: bit n - 1 is the event with code n; all LE events share one. Vol 4, Part E, 7.3.1. */
export function eventMask(events: readonly Place[]): bigint {
  return maskOf(events.map(({ code }) => code).filter((code) => code < pageTwo));
}

/** Event_Mask_Page_2: bit n is the event with code 0x40 + n. Vol 4, Part E, 7.3.69. */
export function eventMaskPage2(events: readonly Place[]): bigint {
  return maskOf(events.map(({ code }) => code - pageTwo + 1).filter((place) => place > 0));
}

/**
 * LE_Event_Mask: bit n - 1 is the subevent with code n. Vol 4, Part E, 7.8.1.
 *
 * @param hciVersion - The controller's. What a version does not know is reserved in it, and old controllers refuse a
 *   mask with reserved bits.
 */
export function leEventMask(events: readonly Place[], hciVersion: number): bigint {
  const version = Math.max(hciVersion - firstLeVersion, 0);
  const last = lastSubevents[version] ?? Number.POSITIVE_INFINITY;
  return maskOf(events.flatMap(({ subevent }) => subevent ?? []).filter((subevent) => subevent <= last));
}

/** @param places - Counted from 1. */
function maskOf(places: readonly number[]): bigint {
  return places.reduce((mask, place) => mask | (1n << BigInt(place - 1)), 0n);
}
