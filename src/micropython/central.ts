import { type Address, type ConnectOptions, type Host } from "../index.ts";
import { _IRQ_PERIPHERAL_DISCONNECT } from "./constants.ts";
import type { Irq } from "./irq.ts";
import { addressOf, type BufferLike, octetsOf } from "./octets.ts";
import { OSError, requireWithin } from "./os-error.ts";

/** In µs. Vol 6, Part B, 4.5.1. */
const leastIntervalUs = 7_500;
const mostIntervalUs = 4_000_000;
const unitUs = 1_250;
const mostDurationMs = 2 ** 31 - 1;

/** What stands in the event of an attempt that came to nothing. */
const nobody = 0xffff;
const noType = 0xff;

/** `gap_connect`: one attempt at a time. */
export class Central {
  readonly #host: Host;
  readonly #irq: Irq;
  #attempt: AbortController | undefined;

  constructor(host: Host, irq: Irq) {
    this.#host = host;
    this.#irq = irq;
  }

  connect(
    addr_type: number,
    addr: BufferLike,
    scan_duration_ms: number,
    min_us: number | null,
    max_us: number | null,
  ): void {
    requireWithin("addr_type", addr_type, 0, 3);
    if (octetsOf("addr", addr).length !== 6) throw new OSError("EINVAL", "addr has not 6 octets");
    const address = addressOf(addr_type, addr);
    requireWithin("scan_duration_ms", scan_duration_ms, 1, mostDurationMs);
    const options = { timeoutMs: scan_duration_ms, ...intervals(min_us, max_us) };
    if (this.#attempt) throw new OSError("EALREADY", "an attempt to connect is outstanding");
    const { connections } = this.#host;
    if (connections.some(({ peerAddress, peerIdentity }) => [peerAddress, peerIdentity].some(is(address))))
      throw new OSError("EIO", `${address.toString()} is connected already`);
    this.#connect(address, options);
  }

  /** @throws {@link OSError} EALREADY: there is no attempt to cancel. */
  cancel(): void {
    if (!this.#attempt) throw new OSError("EALREADY", "there is no attempt to connect");
    this.#attempt.abort();
  }

  #connect(address: Address, options: ConnectOptions): void {
    const attempt = (this.#attempt = new AbortController());
    this.#host.connect(address, { ...options, signal: attempt.signal }).then(
      () => {
        this.#attempt = undefined; // the event is that of the connection
      },
      () => {
        this.#attempt = undefined;
        this.#irq.deliverInTurn(_IRQ_PERIPHERAL_DISCONNECT, [nobody, noType, new Uint8Array(6)]);
      },
    );
  }
}

function is(address: Address): (other: Address) => boolean {
  return (other) => other.equals(address);
}

function intervals(
  min_us: number | null,
  max_us: number | null,
): Pick<ConnectOptions, "minIntervalMs" | "maxIntervalMs"> {
  const min = min_us === null ? undefined : intervalMs("min_conn_interval_us", min_us);
  const max = max_us === null ? undefined : intervalMs("max_conn_interval_us", max_us);
  if (min !== undefined && max !== undefined && min > max)
    throw new OSError("EINVAL", "min_conn_interval_us is more than max_conn_interval_us");
  return {
    ...(min !== undefined && { minIntervalMs: min }),
    ...(max !== undefined && { maxIntervalMs: max }),
  };
}

function intervalMs(name: string, us: number): number {
  requireWithin(name, us, leastIntervalUs, mostIntervalUs);
  return (Math.floor(us / unitUs) * unitUs) / 1000;
}
