import { type Clock, systemClock } from "../src/common/clock.ts";
import { TransportError } from "../src/common/errors.ts";
import { checkOptions } from "../src/common/options.ts";
import type { CallOptions } from "../src/common/promised.ts";
import { readCaptureFile } from "./capture/open.ts";
import type { CaptureRecord, HciRecord } from "./capture/record.ts";
import { openFailure } from "./open-error.ts";
import type { ReplayDifference } from "./replay-error.ts";
import { exactly, type Likeness, roughly, scriptOf } from "./replay-script.ts";
import { ReplayTransport } from "./replay-transport.ts";

export { type ReplayDifference, ReplayError } from "./replay-error.ts";
export type { Likeness } from "./replay-script.ts";
export type { ReplayTransport } from "./replay-transport.ts";

/** How a capture is replayed. */
export interface ReplayOptions extends CallOptions {
  /** A file: btsnoop, pcap or pcapng. Or give `records`. */
  readonly path?: string | undefined;
  /** What was read already, as by `readCapture`. */
  readonly records?: Iterable<CaptureRecord> | undefined;
  /** Which controller, of a capture that has several. Default: the first that a host speaks to. */
  readonly controller?: number | undefined;
  /**
   * What counts as the packet that was recorded. `exact`: the same octets. `rough`: the same command, or data of the
   * same connection, whatever is in it. Default: `exact`, with `tolerant` `rough`.
   */
  readonly match?: "exact" | "rough" | Likeness | undefined;
  /**
   * Go on where the host does something else: what it leaves out is skipped, and commands that were not recorded there
   * are answered as elsewhere in the capture, or as unknown. Default: the transport ends with a {@link ReplayError}.
   */
  readonly tolerant?: boolean | undefined;
  /** Do not wait as long as the controller did. */
  readonly instant?: boolean | undefined;
  /** Told of each difference as it is found. */
  readonly onDifference?: ((difference: ReplayDifference) => void) | undefined;
  /** Where the time comes from. Default: the operating system. */
  readonly clock?: Clock | undefined;
}

/**
 * A capture in the place of a controller: it waits for the commands and data that were recorded of the host, and sends
 * what was recorded of the controller, as much later as it was then.
 *
 * @throws {@link TransportError} The file cannot be read, or there is no HCI in it.
 * @throws {@link CaptureError} It is no capture, or damaged.
 * @throws {@link TypeError} There is neither a path nor records; or an option is none, or of another kind.
 */
export async function openReplay(options: ReplayOptions): Promise<ReplayTransport> {
  checkOptions("openReplay", options, kinds, '{ path: "trace.btsnoop" }');
  const {
    signal,
    controller,
    tolerant = false,
    instant = false,
    onDifference,
    clock = systemClock,
  } = options;
  signal?.throwIfAborted();
  await Promise.resolve();
  const { name, records } = recordsOf(options);
  const script = scriptOf(records, controller);
  if (!script.some(({ toHost }) => !toHost)) {
    throw new TransportError(
      `${name} cannot be replayed: no packet of a host to a controller is in it; a sniffer's capture has none`,
      { reason: "unsupported" },
    );
  }
  return new ReplayTransport({
    ...{ script, tolerant, instant, clock },
    isLike: likenessOf(options.match ?? (tolerant ? "rough" : "exact")),
    onDifference: onDifference ?? (() => undefined),
  });
}

const kinds = {
  path: "anything",
  records: "object",
  controller: "number",
  match: "anything",
  tolerant: "boolean",
  instant: "boolean",
  onDifference: "function",
  signal: "signal",
  clock: "object",
} as const;

const likenesses: ReadonlyMap<unknown, Likeness> = new Map([
  ["exact", exactly],
  ["rough", roughly],
]);

/** @throws {@link RangeError} For programs that no compiler checks. */
function likenessOf(match: "exact" | "rough" | Likeness): Likeness {
  const likeness = typeof match === "function" ? match : likenesses.get(match);
  if (!likeness) throw new RangeError(`match: "${String(match)}" is neither "exact" nor "rough"`);
  return likeness;
}

function recordsOf({ path, records }: ReplayOptions): { name: string; records: readonly HciRecord[] } {
  if (records) return { name: "what was read", records: hciOf(records) };
  if (typeof path !== "string") throw new TypeError("path: give the path of a capture, or records");
  const name = `replay:${path}`;
  try {
    return { name, records: hciOf(readCaptureFile(path)) };
  } catch (error) {
    if (error instanceof Error && "syscall" in error) throw openFailure(name, error);
    throw error;
  }
}

function hciOf(records: Iterable<CaptureRecord>): HciRecord[] {
  return [...records].filter((record) => record.kind === "hci");
}
