import { parseArgs } from "node:util";
import { understood } from "../arguments.ts";
import { UsageError } from "../usage-error.ts";

/** What `jelling doctor` is asked to do. */
export interface DoctorOptions {
  /** The names of transports to see what answers there. */
  readonly probe: readonly string[];
  readonly json: boolean;
}

/** What `jelling doctor --help` prints. */
export const doctorHelp = `Usage: jelling doctor [OPTION]...

Looks at everything that Bluetooth needs on this computer: adapters, switches of radios, programs
that hold an adapter, rights of this Node, serial ports, npm packages. Says what works, what does
not, and the command that mends it. Changes nothing.

Options:
  --probe NAME  Also open the transport of this name and see what answers, as in
                --probe serial:/dev/ttyACM0, --probe hci:0 or --probe tcp:127.0.0.1:9000. A
                controller is reset by it; to a serial port without a rate several are tried, which
                takes up to half a minute. May be repeated.
  --json        Print one line of JSON:
                {"healthy":true,"findings":[{"about":"adapters","verdict":"ok","text":"..."}]}
                with "verdict" one of ok, note and problem, and "mend" where something mends it.
  --help        Print this text.

Exit status: 0 if nothing has to be mended, 1 if something has, 2 if the command line is wrong.

Example:
  jelling doctor --probe serial:/dev/ttyACM0
`;

/**
 * Reads the arguments behind `doctor`.
 *
 * @returns `help` when that is all that is asked for.
 * @throws {@link UsageError} They cannot be understood.
 */
export function parseDoctorOptions(args: readonly string[]): DoctorOptions | "help" {
  const { probe = [], json = false, help = false } = understood(() => parse(args));
  if (help) return "help";
  if (probe.includes("")) throw new UsageError("--probe: which NAME?");
  return { probe, json };
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    options: {
      probe: { type: "string", multiple: true },
      json: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  }).values;
}
