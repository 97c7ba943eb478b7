import { AdType } from "./ad-type.ts";
import { type AdvertisingPart, partsOf } from "./advertising-data.ts";
import type { AdvertisingDataInput } from "./advertising-fields.ts";
import { type AdStructure, joinStructures, structureSize } from "./advertising-structure.ts";

/** How many octets each of the two packets holds; legacy advertising has 31 in each. */
export interface AdvertisingRoom {
  readonly advertising: number;
  /** 0 when the advertising is not scannable. */
  readonly scanResponse: number;
}

/** What to give to the controller. The caller *owns* both. */
export interface AdvertisingLayout {
  readonly advertisingData: Uint8Array;
  readonly scanResponseData: Uint8Array;
}

type Packet = keyof AdvertisingRoom;
type Placement = readonly { readonly packet: Packet; readonly structure: AdStructure }[];

/**
 * Lays `input` out over advertising data, which every scanner hears, and scan response data, which an active scanner
 * asks for. Vol 3, Part C, 11.
 *
 * Flags, service UUIDs and the name go into the advertising data first; what has no room there goes into the scan
 * response. When all else fits and the name does not, its beginning is sent as Shortened Local Name.
 *
 * @throws {@link RangeError} Something fits nowhere; the message names it.
 */
export function layOutAdvertising(input: AdvertisingDataInput, room: AdvertisingRoom): AdvertisingLayout {
  const parts = partsOf(input);
  const placement = place(parts, room) ?? placeWithShortName(parts, room);
  const packet = (wanted: Packet): Uint8Array =>
    joinStructures(placement.filter(({ packet }) => packet === wanted).map(({ structure }) => structure));
  return { advertisingData: packet("advertising"), scanResponseData: packet("scanResponse") };
}

/**
 * A packet for each part; of all ways the one that has the earliest parts in the advertising data.
 * `undefined` when there is no way at all.
 */
function place(parts: readonly AdvertisingPart[], room: AdvertisingRoom): Placement | undefined {
  const hopeless = new Set<string>();
  const from = (at: number, left: AdvertisingRoom): Placement | undefined => {
    const part = parts[at];
    if (!part) return [];
    const state = `${at}/${left.advertising}`; // which tells what is left of the scan response, too
    if (hopeless.has(state)) return undefined;
    const { structure } = part;
    for (const packet of packetsFor(structure)) {
      const rest = left[packet] - structureSize(structure);
      if (rest < 0) continue;
      const others = from(at + 1, { ...left, [packet]: rest });
      if (others) return [{ packet, structure }, ...others];
    }
    hopeless.add(state);
    return undefined;
  };
  return from(0, room);
}

/** "The Flags AD type shall not be included in the scan response data." Supplement to the Core Specification, Part A, 1.3. */
function packetsFor({ type }: AdStructure): readonly Packet[] {
  return type === AdType.Flags ? ["advertising"] : ["advertising", "scanResponse"];
}

function placeWithShortName(parts: readonly AdvertisingPart[], room: AdvertisingRoom): Placement {
  const others = parts.filter(({ property }) => property !== "localName");
  const placement = place(others, room);
  if (!placement) throw tooMuch(others, room);
  const name = parts.find(({ property }) => property === "localName");
  if (!name) return placement;
  const packet = roomiest(placement, room);
  const data = shortened(name.structure.data, left(packet, placement, room) - 2);
  if (data.length === 0)
    throw new RangeError("localName fits into neither packet, not even its first character");
  return [...placement, { packet, structure: { type: AdType.ShortenedLocalName, data } }];
}

function roomiest(placement: Placement, room: AdvertisingRoom): Packet {
  const inScanResponse = left("scanResponse", placement, room) > left("advertising", placement, room);
  return inScanResponse ? "scanResponse" : "advertising";
}

function left(packet: Packet, placement: Placement, room: AdvertisingRoom): number {
  const inPacket = placement.filter((placed) => placed.packet === packet);
  return inPacket.reduce((size, { structure }) => size - structureSize(structure), room[packet]);
}

/** The first octets of a text, but no part of a character. */
function shortened(text: Uint8Array, most: number): Uint8Array {
  let end = Math.max(0, Math.min(most, text.length));
  while (end > 0 && end < text.length && ((text[end] ?? 0) & 0xc0) === 0x80) end--;
  return text.subarray(0, end);
}

/** As programs write them. */
const shortNames: Readonly<Record<string, string>> = { serviceUuids: "services", localName: "name" };

/** Of each packet of legacy advertising. Vol 6, Part B, 2.3.1. */
const legacyRoom = 31;

/** Blames the first part without which, and without those behind it, there is a way. */
function tooMuch(parts: readonly AdvertisingPart[], room: AdvertisingRoom): RangeError {
  let count = parts.length - 1;
  while (count > 0 && !place(parts.slice(0, count), room)) count--;
  const part = parts[count];
  const size = part ? structureSize(part.structure) : 0;
  const name = part?.property ?? "advertising data";
  const advice =
    Math.max(room.advertising, room.scanResponse) <= legacyRoom ? "; extended: true has room for more" : "";
  return new RangeError(
    `${shortNames[name] ?? name} takes ${size} octets that fit into neither the ${room.advertising} of advertising ` +
      `data nor the ${room.scanResponse} of scan response data beside what comes before it${advice}`,
  );
}
