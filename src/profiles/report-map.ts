import {
  GlobalTag,
  LocalTag,
  MainTag,
  type ReportItem,
  reportItems,
  signedData,
  unsignedData,
} from "./report-item.ts";

/** Which way a report goes: from the device, to it, or both. */
export type ReportKind = "input" | "output" | "feature";

/** Usages one after the other: usage page in the upper 16 bits, usage in the lower. */
export interface UsageRange {
  readonly first: number;
  readonly last: number;
}

/** A field of a report: one or more values of the same size. Device Class Definition for HID 1.11, 6.2.2.5. */
export interface ReportField {
  /** Where the first value begins, in bits from the start of the report. */
  readonly offset: number;
  /** How many bits a value has. */
  readonly size: number;
  /** How many values there are. */
  readonly count: number;
  /** What the values mean, in their order; of an array, what it may contain. */
  readonly usages: readonly UsageRange[];
  readonly logicalMinimum: number;
  readonly logicalMaximum: number;
  /** Fills the report up and means nothing. */
  readonly constant: boolean;
  /** Each value has a usage of its own; else the values are an array of indices into the usages. */
  readonly variable: boolean;
  /** The values are changes. */
  readonly relative: boolean;
}

/** One of the reports that a report map describes. */
export interface ReportDescription {
  readonly kind: ReportKind;
  /** 0 where the device has one report of each kind and numbers none. */
  readonly id: number;
  /** How long the report is, in octets and without its number, which has no place in a characteristic. */
  readonly octets: number;
  readonly fields: readonly ReportField[];
}

/** What global items set, for all fields that follow. */
interface Globals {
  readonly usagePage: number;
  readonly logicalMinimum: number;
  readonly logicalMaximum: ReportItem | undefined;
  readonly size: number;
  readonly count: number;
  readonly id: number;
}

const initial: Globals = {
  usagePage: 0,
  logicalMinimum: 0,
  logicalMaximum: undefined,
  size: 0,
  count: 0,
  id: 0,
};

const kinds: Readonly<Record<number, ReportKind>> = {
  [MainTag.Input]: "input",
  [MainTag.Output]: "output",
  [MainTag.Feature]: "feature",
};

/**
 * The reports that a report map describes, in the order of their first fields.
 *
 * Collections, physical units and strings are skipped; {@link reportItems} has them.
 *
 * @throws {@link MalformedPduError} The last item is cut short.
 */
export function reportsIn(reportMap: Uint8Array): readonly ReportDescription[] {
  const walk = new Walk();
  for (const item of reportItems(reportMap)) walk.take(item);
  return walk.reports();
}

/** A report while its fields are gathered. */
interface Draft {
  readonly kind: ReportKind;
  readonly id: number;
  bits: number;
  readonly fields: ReportField[];
}

/** What the items so far have said. Device Class Definition for HID 1.11, 6.2.2.1. */
class Walk {
  #globals = initial;
  readonly #pushed: Globals[] = [];
  #usages: UsageRange[] = [];
  #usageMinimum: number | undefined;
  readonly #drafts = new Map<string, Draft>();

  reports(): readonly ReportDescription[] {
    return Array.from(this.#drafts.values(), ({ kind, id, bits, fields }) => ({
      kind,
      id,
      octets: Math.ceil(bits / 8),
      fields,
    }));
  }

  take(item: ReportItem): void {
    if (item.type === "global") this.#global(item);
    else if (item.type === "local") this.#local(item);
    else if (item.type === "main") this.#main(item);
  }

  #global(item: ReportItem): void {
    switch (item.tag) {
      case GlobalTag.Push:
        this.#pushed.push(this.#globals);
        break;
      case GlobalTag.Pop:
        this.#globals = this.#pushed.pop() ?? this.#globals;
        break;
      default:
        this.#globals = { ...this.#globals, ...globalOf(item) };
    }
  }

  #local(item: ReportItem): void {
    const usage = this.#usageOf(item);
    if (item.tag === LocalTag.Usage) this.#usages.push({ first: usage, last: usage });
    else if (item.tag === LocalTag.UsageMinimum) this.#usageMinimum = usage;
    else if (item.tag === LocalTag.UsageMaximum) {
      this.#usages.push({ first: this.#usageMinimum ?? usage, last: usage });
      this.#usageMinimum = undefined;
    }
  }

  /** A usage of four octets brings its page along. */
  #usageOf(item: ReportItem): number {
    const usage = unsignedData(item);
    return item.data.length === 4 ? usage : this.#globals.usagePage * 0x1_0000 + usage;
  }

  #main(item: ReportItem): void {
    const kind = kinds[item.tag];
    if (kind) this.#addField(kind, unsignedData(item));
    this.#usages = []; // local items are for the next main item alone
    this.#usageMinimum = undefined;
  }

  #addField(kind: ReportKind, bits: number): void {
    const { id, size, count, logicalMinimum, logicalMaximum } = this.#globals;
    const key = `${kind} ${id}`;
    const draft = this.#drafts.get(key) ?? { kind, id, bits: 0, fields: [] };
    this.#drafts.set(key, draft);
    draft.fields.push({
      offset: draft.bits,
      size,
      count,
      usages: this.#usages,
      logicalMinimum,
      logicalMaximum: maximumOf(logicalMaximum, logicalMinimum),
      constant: (bits & 0x01) !== 0,
      variable: (bits & 0x02) !== 0,
      relative: (bits & 0x04) !== 0,
    });
    draft.bits += size * count;
  }
}

function globalOf(item: ReportItem): Partial<Globals> {
  switch (item.tag) {
    case GlobalTag.UsagePage:
      return { usagePage: unsignedData(item) & 0xffff };
    case GlobalTag.LogicalMinimum:
      return { logicalMinimum: signedData(item) };
    case GlobalTag.LogicalMaximum:
      return { logicalMaximum: item };
    case GlobalTag.ReportSize:
      return { size: unsignedData(item) };
    case GlobalTag.ReportCount:
      return { count: unsignedData(item) };
    case GlobalTag.ReportId:
      return { id: unsignedData(item) & 0xff };
    default:
      return {};
  }
}

/** Many devices say 255 in one octet and mean no -1: the maximum has a sign only where the minimum is negative. */
function maximumOf(item: ReportItem | undefined, minimum: number): number {
  if (!item) return 0;
  return minimum < 0 ? signedData(item) : unsignedData(item);
}

/**
 * The values of a field in a report, as far as the report goes; signed where the logical minimum is negative.
 *
 * @param report - As it comes in a Report characteristic.
 */
export function valuesOf(field: ReportField, report: Uint8Array): readonly number[] {
  const values: number[] = [];
  const { offset, size, count, logicalMinimum } = field;
  if (size < 1 || size > 32) return values;
  const fitting = Math.floor((8 * report.length - offset) / size);
  for (let place = 0; place < Math.min(count, fitting); place++) {
    let value = 0;
    const start = offset + place * size;
    for (let bit = size - 1; bit >= 0; bit--) {
      const at = start + bit;
      value = value * 2 + (((report[at >> 3] ?? 0) >> (at & 7)) & 1);
    }
    values.push(logicalMinimum < 0 && value >= 2 ** (size - 1) ? value - 2 ** size : value);
  }
  return values;
}
