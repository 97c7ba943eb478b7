import { closeSync, mkdtempSync, openSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BleError, type Clock, systemClock, TransportError } from "../../src/index.ts";
import { LineWriter, type Streams } from "../streams.ts";
import type { Report } from "./events.ts";
import { type DemoOptions, demoHelp, parseDemoOptions } from "./options.ts";
import { paintFor } from "./paint.ts";
import { eventLines, introduction } from "./text.ts";
import { runTour } from "./tour.ts";

/** Ctrl-C, or nobody who reads any more: no error, but no reason to go on. */
class Interruption extends Error {
  readonly status: number;

  constructor(status: number) {
    super("the demo was interrupted");
    this.status = status;
  }
}

/** What a shell reports for a program that Ctrl-C has ended. */
const interruptedStatus = 130;

/**
 * `jelling demo`: two hosts on a virtual radio find each other and exchange values.
 *
 * @returns The exit status; see {@link demoHelp}.
 * @throws {@link UsageError} The arguments cannot be understood.
 */
export async function runDemo(
  args: readonly string[],
  streams: Pick<Streams, "stdout" | "stderr"> = process,
  clock: Clock = systemClock,
): Promise<number> {
  const options = parseDemoOptions(args);
  const out = new LineWriter(streams.stdout);
  if (options === "help") {
    await out.line(demoHelp.trimEnd());
    await out.flush();
    return 0;
  }
  const stop = new AbortController();
  const interrupt = (): void => {
    stop.abort(new Interruption(interruptedStatus));
  };
  process.once("SIGINT", interrupt); // once: a second Ctrl-C ends the process whatever hangs
  let trace: string | undefined;
  const { message, status } = await outcomeOf(async () => {
    trace = traceFile(options.trace);
    await run({ ...options, trace }, out, streams, clock, stop);
  });
  process.off("SIGINT", interrupt);
  await out.flush();
  const failure = message ?? out.failure?.message;
  if (failure !== undefined) streams.stderr.write(`jelling demo: ${failure}\n`);
  if (message !== undefined && trace !== undefined) {
    streams.stderr.write(`What went over HCI until then is in ${trace}\n`);
  }
  return failure === undefined ? status : Math.max(status, 1);
}

/** With the name of the file, where there is to be one. */
type TracedOptions = Omit<DemoOptions, "trace"> & { readonly trace: string | undefined };

async function run(
  options: TracedOptions,
  out: LineWriter,
  { stdout }: Pick<Streams, "stdout">,
  clock: Clock,
  stop: AbortController,
): Promise<void> {
  const paint = paintFor(stdout, process.env);
  const print = (lines: readonly string[]): void => {
    for (const line of lines) void out.line(line);
    void out.flush().then(() => {
      if (out.gone) stop.abort(new Interruption(0));
    });
  };
  const report: Report = options.json
    ? (event) => print([JSON.stringify(event)])
    : (event) => print(eventLines(event, paint));
  if (!options.json) print(introduction);
  const onFault = (error: unknown): void => stop.abort(error);
  await runTour({ ...options, clock, report, signal: stop.signal, onFault });
  stop.signal.throwIfAborted(); // by a fault that no step has noticed
}

/** The exit status, and what to say of a failure. Faults of the demo itself are not caught. */
async function outcomeOf(
  tour: () => Promise<void>,
): Promise<{ readonly status: number; readonly message: string | undefined }> {
  try {
    await tour();
    return { status: 0, message: undefined };
  } catch (error) {
    if (error instanceof Interruption) {
      return { status: error.status, message: error.status === 0 ? undefined : error.message };
    }
    const isKnown = error instanceof BleError || (error instanceof Error && "syscall" in error);
    if (!isKnown) throw error;
    return { status: 1, message: error.message };
  }
}

/**
 * Makes sure that the trace can be written, before anything is printed.
 *
 * Without a name it gets a folder of its own: a file of a known name among the temporary ones could be somebody else's
 * trap.
 *
 * @throws {@link TransportError} It cannot.
 */
function traceFile(option: DemoOptions["trace"]): string | undefined {
  if (option === false) return undefined;
  try {
    const path = option ?? join(mkdtempSync(join(tmpdir(), "jelling-")), "demo.btsnoop");
    closeSync(openSync(path, "w"));
    return path;
  } catch (error) {
    if (!(error instanceof Error && "syscall" in error)) throw error;
    throw new TransportError(`no trace can be written: ${error.message}`, { cause: error });
  }
}
