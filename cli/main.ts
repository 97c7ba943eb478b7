import { createRequire } from "node:module";
import { runDecode } from "./decode/decode.ts";
import type { Streams } from "./streams.ts";
import { UsageError } from "./usage-error.ts";

const help = `Usage: jelling COMMAND [OPTION]...

Commands:
  demo         Two hosts find each other over a virtual radio and exchange data.
  decode FILE  Print a Bluetooth capture (btsnoop, pcap, pcapng) as readable lines.
  doctor       Look at what Bluetooth needs on this computer, and say what mends it.
  virtual      Serve controllers of a virtual radio to hosts in other processes.

Options:
  -h, --help   Print this text. "jelling COMMAND --help" tells about a command.
  --version    Print the version.

Exit status: 0 if all went well, 1 if something failed, 2 if the command line is wrong.
`;

type Command = (args: readonly string[], streams: Streams) => Promise<number>;

const commands: ReadonlyMap<string, Command> = new Map<string, Command>([
  ["demo", async (args, streams) => (await import("./demo/demo.ts")).runDemo(args, streams)],
  ["decode", runDecode],
  ["doctor", async (args, streams) => (await import("./doctor/doctor.ts")).runDoctor(args, streams)],
  ["virtual", async (args, streams) => (await import("./virtual/virtual.ts")).runVirtual(args, streams)],
]);

/**
 * The command line of jelling.
 *
 * @param argv - Without the names of the interpreter and the program.
 * @returns The exit status.
 */
export async function main(argv: readonly string[], streams: Streams): Promise<number> {
  const [name, ...args] = argv;
  const { stdout, stderr } = streams;
  if (name === undefined) {
    stderr.write(help);
    return 2;
  }
  if (name === "--help" || name === "-h" || name === "help") {
    stdout.write(help);
    return 0;
  }
  if (name === "--version") {
    stdout.write(`${version()}\n`);
    return 0;
  }
  const command = commands.get(name);
  if (!command) {
    const what = name.startsWith("-") ? "option" : "command";
    stderr.write(`jelling: unknown ${what} "${name}". Try "jelling --help".\n`);
    return 2;
  }
  try {
    return await command(args, streams);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    stderr.write(`jelling ${name}: ${error.message}\nTry "${helpOf(name)}".\n`);
    return 2;
  }
}

/** What tells about a command: whoever came by `npm start` may have no `jelling` to call. */
function helpOf(name: string): string {
  const { npm_lifecycle_event: script, npm_package_name: ofPackage } = process.env;
  const isStart = name === "demo" && script === "start" && ofPackage === "jelling";
  return isStart ? "npm start -- --help" : `jelling ${name} --help`;
}

/** By the package's own name: the path to package.json is not the same from the sources and from what is built. */
function version(): string {
  const manifest = createRequire(import.meta.url)("jelling/package.json") as { readonly version: string };
  return manifest.version;
}
