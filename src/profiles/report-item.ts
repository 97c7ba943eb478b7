import { MalformedPduError } from "../common/errors.ts";

/** What an item of a report map is about. Device Class Definition for HID 1.11, 6.2.2.2. */
export type ReportItemType = "main" | "global" | "local" | "reserved";

/** One item of a report map. */
export interface ReportItem {
  readonly type: ReportItemType;
  /** One of {@link MainTag}, {@link GlobalTag} or {@link LocalTag}; of a long item its own tag, and `type` is reserved. */
  readonly tag: number;
  /** 0, 1, 2 or 4 octets, little-endian; a long item has up to 255. *Borrowed* from the report map. */
  readonly data: Uint8Array;
}

/** The tags of main items. Device Class Definition for HID 1.11, 6.2.2.4. */
export const MainTag = { Input: 8, Output: 9, Collection: 10, Feature: 11, EndCollection: 12 } as const;

/** The tags of global items. Device Class Definition for HID 1.11, 6.2.2.7. */
export const GlobalTag = {
  UsagePage: 0,
  LogicalMinimum: 1,
  LogicalMaximum: 2,
  PhysicalMinimum: 3,
  PhysicalMaximum: 4,
  UnitExponent: 5,
  Unit: 6,
  ReportSize: 7,
  ReportId: 8,
  ReportCount: 9,
  Push: 10,
  Pop: 11,
} as const;

/** The tags of local items. Device Class Definition for HID 1.11, 6.2.2.8. */
export const LocalTag = { Usage: 0, UsageMinimum: 1, UsageMaximum: 2 } as const;

const types = ["main", "global", "local", "reserved"] as const;
const longItem = 0xfe;

/**
 * The items of a report map, in their order. Device Class Definition for HID 1.11, 6.2.2.
 *
 * @throws {@link MalformedPduError} The last item is cut short.
 */
export function reportItems(reportMap: Uint8Array): readonly ReportItem[] {
  const items: ReportItem[] = [];
  for (let at = 0; at < reportMap.length;) {
    const prefix = reportMap[at] ?? 0;
    const isLong = prefix === longItem;
    const start = at + (isLong ? 3 : 1);
    const size = isLong ? (reportMap[at + 1] ?? 0) : shortSize(prefix);
    const end = start + size;
    if (end > reportMap.length) {
      throw new MalformedPduError("Report Map", `the item at ${at} is cut short`, reportMap);
    }
    items.push({
      type: isLong ? "reserved" : (types[(prefix >> 2) & 3] ?? "reserved"),
      tag: isLong ? (reportMap[at + 2] ?? 0) : prefix >> 4,
      data: reportMap.subarray(start, end),
    });
    at = end;
  }
  return items;
}

/** The item's data as a number without a sign. */
export function unsignedData({ data }: ReportItem): number {
  return data.reduceRight((number, octet) => number * 256 + octet, 0);
}

/** The item's data as a number whose topmost bit is its sign. */
export function signedData(item: ReportItem): number {
  const { length } = item.data;
  const unsigned = unsignedData(item);
  return length > 0 && unsigned >= 2 ** (8 * length - 1) ? unsigned - 2 ** (8 * length) : unsigned;
}

/** The lowest two bits say how much data follows; 3 stands for 4 octets. */
function shortSize(prefix: number): number {
  return (prefix & 3) === 3 ? 4 : prefix & 3;
}
