import { BleError, type Found, type FoundPacket, type Host, HostClosedError, type Scan } from "../index.ts";
import { _IRQ_SCAN_DONE, _IRQ_SCAN_RESULT } from "./constants.ts";
import { tellFault } from "./fault.ts";
import type { Irq } from "./irq.ts";
import { addressTuple } from "./octets.ts";
import { OSError, requireWithin } from "./os-error.ts";

/** What a controller can do, in µs. Vol 4, Part E, 7.8.10. */
const leastUs = 2_500;
const mostUs = 10_240_000;
const mostDurationMs = 2 ** 31 - 1;
/** What is reported where the controller does not know the strength. Vol 4, Part E, 7.7.65.2. */
const rssiUnknown = 127;

/** `gap_scan`: one scan, which reports every packet. */
export class Scanner {
  readonly #host: Host;
  readonly #irq: Irq;
  #scan: Scan | undefined;

  constructor(host: Host, irq: Irq) {
    this.#host = host;
    this.#irq = irq;
  }

  scan(duration_ms: number | null, interval_us: number, window_us: number, active: boolean): void {
    if (duration_ms === null) {
      this.stop();
      return;
    }
    requireWithin("duration_ms", duration_ms, 0, mostDurationMs);
    requireWithin("interval_us", interval_us, 0, mostDurationMs);
    requireWithin("window_us", window_us, 0, mostDurationMs);
    if (this.#scan) throw new OSError("EALREADY", "a scan is running");
    const interval = within(interval_us);
    const scan = this.#host.scan({
      intervalMs: interval / 1000,
      windowMs: Math.min(interval, within(window_us)) / 1000,
      active,
      duplicates: "all",
      ...(duration_ms > 0 && { durationMs: duration_ms }),
    });
    this.#scan = scan;
    void this.#run(scan);
  }

  /** Does nothing where there is no scan. */
  stop(): void {
    const scan = this.#scan;
    this.#scan = undefined;
    void scan?.return();
  }

  async #run(scan: Scan): Promise<void> {
    try {
      for await (const found of scan) if (!found.extended) this.#tell(found);
    } catch (error) {
      if (!(error instanceof BleError)) throw error;
      if (!(error instanceof HostClosedError)) tellFault(this.#host, error);
    } finally {
      if (this.#scan === scan) this.#scan = undefined;
      this.#irq.deliverInTurn(_IRQ_SCAN_DONE, []);
    }
  }

  #tell({ address, rssi = rssiUnknown, packet }: Found): void {
    this.#irq.deliverInTurn(_IRQ_SCAN_RESULT, [...addressTuple(address), advType(packet), rssi, packet.data]);
  }
}

/** The type of an advertising packet, as a controller reports it. Vol 4, Part E, 7.7.65.2. */
function advType({ scanResponse, connectable, directed, scannable }: FoundPacket): number {
  if (scanResponse) return 4;
  if (directed) return 1;
  if (connectable) return 0;
  return scannable ? 2 : 3;
}

/** As near as a controller can. */
function within(us: number): number {
  return Math.max(leastUs, Math.min(mostUs, us));
}
