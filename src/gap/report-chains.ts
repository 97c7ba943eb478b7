import type { ScanReport } from "./scan-report.ts";

/** The most octets that an advertiser can send in one event. Vol 6, Part B, 4.4.2.4: 1650 of data. */
const mostOctets = 1650;

/** How many advertisers' chains may be incomplete at once; beyond that the oldest is given up. */
const mostChains = 64;

interface Chain {
  readonly first: ScanReport;
  readonly parts: Uint8Array[];
  octets: number;
}

/**
 * Puts the parts of long advertising data together. Vol 4, Part E, 7.7.65.13.
 *
 * Controllers report what they receive piece by piece. Bounded: 64 chains of at most 1650 octets.
 */
export class ReportChains {
  readonly #chains = new Map<string, Chain>();

  /** @returns The report with all its data, *borrowed*; `undefined` while more must come. */
  push(report: ScanReport): ScanReport | undefined {
    if (report.legacy) return report;
    const key = keyOf(report);
    const chain = this.#chains.get(key);
    if (report.completeness === "more") {
      this.#keep(key, chain ?? { first: report, parts: [], octets: 0 }, report.data);
      return undefined;
    }
    if (!chain) return report;
    this.#chains.delete(key);
    const { data, cut } = joined(chain, report.data);
    // What is known of the level is of the last packet; what it is, of the first.
    return { ...chain.first, rssi: report.rssi, data, completeness: cut ? "truncated" : report.completeness };
  }

  /** Scanning has stopped: the rest of no chain will come. */
  clear(): void {
    this.#chains.clear();
  }

  #keep(key: string, chain: Chain, data: Uint8Array): void {
    if (chain.octets <= mostOctets) {
      chain.parts.push(data.slice());
      chain.octets += data.length;
    }
    this.#chains.delete(key);
    this.#chains.set(key, chain);
    if (this.#chains.size <= mostChains) return;
    const [oldest] = this.#chains.keys();
    if (oldest !== undefined) this.#chains.delete(oldest);
  }
}

/** An advertiser may have several sets, and a scan response is a chain of its own. */
function keyOf({ addressType, address, sid, isScanResponse }: ScanReport): string {
  return `${addressType}/${address}/${sid ?? ""}/${isScanResponse ? "response" : ""}`;
}

function joined(
  { parts, octets }: Chain,
  last: Uint8Array,
): { readonly data: Uint8Array; readonly cut: boolean } {
  const data = new Uint8Array(Math.min(octets + last.length, mostOctets));
  let at = 0;
  for (const part of [...parts, last]) {
    data.set(part.subarray(0, data.length - at), at);
    at += Math.min(part.length, data.length - at);
  }
  return { data, cut: octets + last.length > mostOctets };
}
