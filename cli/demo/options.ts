import { parseArgs } from "node:util";
import { understood } from "../arguments.ts";
import { UsageError } from "../usage-error.ts";

/** What `jelling demo` is asked to do. */
export interface DemoOptions {
  /** How many heart rate measurements to wait for. */
  readonly count: number;
  /** From one measurement to the next, in ms. */
  readonly intervalMs: number;
  readonly json: boolean;
  /** `false` for no trace at all, `undefined` for a new file among the temporary ones. */
  readonly trace: string | false | undefined;
}

const defaults = { count: 10, intervalMs: 200 } as const;

/** What `jelling demo --help` prints. */
export const demoHelp = `Usage: npm start -- [OPTION]...        (in a checkout)
       jelling demo [OPTION]...        (where jelling is installed)

Two Bluetooth Low Energy hosts meet in this process: a heart rate belt (peripheral) and a program
that reads it (central). Each has its own controller on a virtual radio, so no hardware is needed
or used. The central scans, connects, discovers, reads, pairs by numeric comparison to read a
protected value, writes, subscribes, sends 1 MiB through a channel and disconnects. All packets
between the central and its controller go into a trace, a capture file.

Options:
  --count N      Wait for N heart rate measurements (1 to 10000); 10 by default.
  --interval MS  Milliseconds from one to the next (10 to 10000); 200 by default. A real belt
                 sends one a second.
  --trace FILE   Write the trace (btsnoop) to FILE; by default to a new file among the temporary
                 ones, whose name is printed.
  --no-trace     Write no trace.
  --json         Print one JSON object a line. Use "npm start --silent -- --json" to have nothing
                 else on standard output.
  -h, --help     Print this text.

The virtual radio is the only one so far: transports to real controllers do not exist yet.

Elsewhere:
  npx jelling decode FILE   Print a capture as readable lines, this one or any other.
  npx jelling --help        Tells what else the command can do.

Exit status: 0 if all went well, 1 if a step failed, 2 if the command line is wrong, 130 after
Ctrl-C. Colours are used on a terminal, unless NO_COLOR is set.
`;

/**
 * Reads the arguments behind `demo`.
 *
 * @returns `help` when that is all that is asked for.
 * @throws {@link UsageError} They cannot be understood.
 */
export function parseDemoOptions(args: readonly string[]): DemoOptions | "help" {
  const values = understood(() => parse(args));
  if (values.help) return "help";
  const { trace, "no-trace": noTrace = false, json = false } = values;
  if (noTrace && trace !== undefined) throw new UsageError("--trace and --no-trace exclude each other");
  if (trace === "") throw new UsageError("--trace: which FILE?");
  return {
    count: number("--count", values.count, defaults.count, { least: 1, most: 10_000 }),
    intervalMs: number("--interval", values.interval, defaults.intervalMs, { least: 10, most: 10_000 }),
    json,
    trace: noTrace ? false : trace,
  };
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    options: {
      count: { type: "string" },
      interval: { type: "string" },
      trace: { type: "string" },
      "no-trace": { type: "boolean" },
      json: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  }).values;
}

function number(
  option: string,
  text: string | undefined,
  otherwise: number,
  { least, most }: { readonly least: number; readonly most: number },
): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new UsageError(`${option}: "${text}" is not a whole number from ${least} to ${most}`);
}
