import { decodeAdvertisingData } from "../../src/gap/advertising-data.ts";
import { adTypeName } from "../../src/gap/ad-type.ts";
import type { Fields } from "./decoded.ts";

const carriers = ["advertisingData", "scanResponseData"] as const;

/** Adds to the parameters of a command or an event what the advertising data in them says. */
export function withAdvertisingData(parameters: unknown): Fields {
  const fields = parameters as Fields;
  for (const carrier of carriers) {
    const data = fields[carrier];
    if (data instanceof Uint8Array) return { ...fields, advertising: advertisingFields(data) };
  }
  const { reports } = fields;
  if (!Array.isArray(reports)) return fields;
  return { ...fields, reports: (reports as readonly Fields[]).map(withReportedData) };
}

/** What advertising data says: nothing that it does not say, and structures of types nobody knows as octets. */
export function advertisingFields(octets: Uint8Array): Fields {
  const { structures, truncated, ...said } = decodeAdvertisingData(octets);
  const present = Object.entries(said).filter(([, value]) => !Array.isArray(value) || value.length > 0);
  const others = structures.filter(({ type }) => adTypeName(type) === undefined);
  return {
    ...Object.fromEntries(present),
    ...(others.length > 0 ? { others } : {}),
    ...(truncated ? { truncated } : {}),
  };
}

function withReportedData(report: Fields): Fields {
  const { data } = report;
  return data instanceof Uint8Array ? { ...report, advertising: advertisingFields(data) } : report;
}
