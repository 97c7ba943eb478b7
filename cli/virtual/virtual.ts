import { TransportError } from "../../src/common/errors.ts";
import { type Door, type Doors, openDoors, VirtualAir } from "../../transports/virtual/index.ts";
import { CaptureFile, CaptureFileError } from "./capture-file.ts";
import { LineWriter, type Streams } from "../streams.ts";
import { parseVirtualOptions, type VirtualOptions, virtualHelp } from "./options.ts";

/**
 * `jelling virtual`: serves controllers of a virtual air to hosts in other processes.
 *
 * @param signal - Ends it as SIGTERM does.
 * @returns The exit status; see {@link virtualHelp}.
 * @throws {@link UsageError} The arguments cannot be understood.
 */
export async function runVirtual(
  args: readonly string[],
  streams: Pick<Streams, "stdout" | "stderr"> = process,
  signal?: AbortSignal,
): Promise<number> {
  const options = parseVirtualOptions(args);
  const out = new LineWriter(streams.stdout);
  if (options === "help") {
    await out.line(virtualHelp.trimEnd());
    await out.flush();
    return 0;
  }
  const complain = (text: string): void => {
    streams.stderr.write(`jelling virtual: ${text}\n`);
  };
  using ending = new Ending(signal);
  const { timing, delayMs: linkDelayMs, seed, loss } = options;
  await using air = new VirtualAir({ timing, linkDelayMs, seed });
  air.setLoss(loss);
  try {
    await using capture = options.capture === undefined ? undefined : await CaptureFile.open(options.capture);
    capture?.record(air);
    await using doors = await openDoors(air, options.places, {
      controller: { profile: options.profile },
      onTrouble: (error, door) => complain(`${nameOf(door)}: ${error.message}`),
    });
    await out.line(readyLine(doors, options));
    await out.flush();
    await ending.promise;
  } catch (error) {
    if (!(error instanceof TransportError || error instanceof CaptureFileError)) throw error;
    complain(error.message);
    return 1;
  }
  return 0;
}

/** Waits for SIGTERM, SIGINT or the signal. A second one ends the process, whatever hangs. */
class Ending implements Disposable {
  readonly promise: Promise<void>;
  readonly #signal: AbortSignal | undefined;
  #resolve: () => void = () => undefined;

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
    this.promise = new Promise((resolve) => (this.#resolve = resolve));
    process.on("SIGTERM", this.#end);
    process.on("SIGINT", this.#end);
    signal?.addEventListener("abort", this.#end);
    if (signal?.aborted) this.#end();
  }

  [Symbol.dispose](): void {
    process.off("SIGTERM", this.#end);
    process.off("SIGINT", this.#end);
    this.#signal?.removeEventListener("abort", this.#end);
  }

  readonly #end = (): void => {
    this[Symbol.dispose]();
    this.#resolve();
  };
}

function readyLine({ doors }: Doors, { json }: VirtualOptions): string {
  if (json) {
    const all = doors.map(({ location, controller }) => {
      const place = location.kind === "tcp" ? { port: location.port } : { path: location.path };
      return { kind: location.kind, ...place, address: controller.address };
    });
    return JSON.stringify({ ready: true, doors: all });
  }
  const all = doors.map((door) => `${nameOf(door)} is ${door.controller.address.toString()}`);
  return `ready: ${all.join(", ")}`;
}

function nameOf({ location }: Door): string {
  return location.kind === "tcp" ? `tcp ${location.port}` : `${location.kind} ${location.path}`;
}
