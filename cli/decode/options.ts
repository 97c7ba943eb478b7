import { parseArgs } from "node:util";
import { understood } from "../arguments.ts";
import { UsageError } from "../usage-error.ts";
import { type LayerName, layerNames } from "./decoded.ts";

/** What `jelling decode` is asked to do. */
export interface DecodeOptions {
  /** A path, or `-` for the standard input. */
  readonly file: string;
  readonly json: boolean;
  readonly summary: boolean;
  /** Time of day instead of seconds since the first packet. */
  readonly absolute: boolean;
  /** Octets to the last one. */
  readonly full: boolean;
  /** All of them where none is named. */
  readonly layers: ReadonlySet<LayerName>;
}

/** What `jelling decode --help` prints. */
export const decodeHelp = `Usage: jelling decode FILE [OPTION]...

Prints a Bluetooth capture, one packet a line: its number, the time in seconds since the first
packet, the direction, the connection, the layer, what the packet is and what it says. FILE is
btsnoop (Android's HCI snoop log, btmon -w), pcap or pcapng, with HCI or link-layer packets;
"-" reads the standard input, to its end before the first line is printed.

  →  from host to controller, or from central to peripheral
  ←  the other way
  ·  the capture does not tell

Options:
  --json         Print one JSON object a line, octets as hex, codes with their names.
  --summary      Print how often each thing occurs on each layer instead of the packets.
  --layer NAMES  Only the layers named: ll, hci, l2cap, att, smp. Separate several with commas or
                 repeat the option. Each packet is shown as the highest of these layers that it
                 has; without this option as the highest it has at all. A summary counts all.
  --absolute     Print the time of day (UTC) instead of seconds since the first packet.
  --full         Print octets to the last one; without it, lines leave off after 32 of a value.
                 JSON is always full.
  -h, --help     Print this text.

Exit status:
  0  The capture was read to its end, or whoever reads the output has seen enough.
  1  The file cannot be opened, is of another kind, cut short or damaged. All packets in front
     of the damage are printed, then the error with its place in the file.
  2  The command line is wrong.
Malformed packets are marked in the output; they do not change the exit status.

Examples:
  jelling decode btsnoop_hci.log | less
  jelling decode --layer att --json trace.btsnoop | grep ATT_HANDLE_VALUE_NTF
  jelling decode --summary sniffed.pcapng
`;

/**
 * Reads the arguments behind `decode`.
 *
 * @returns `help` when that is all that is asked for.
 * @throws {@link UsageError} They cannot be understood.
 */
export function parseDecodeOptions(args: readonly string[]): DecodeOptions | "help" {
  const { values, positionals } = understood(() => parse(args));
  if (values.help) return "help";
  const [file, ...others] = positionals;
  if (file === undefined) throw new UsageError('which FILE? ("-" is the standard input)');
  if (others.length > 0) throw new UsageError(`one FILE at a time, not also ${others.join(" ")}`);
  const { json = false, summary = false, absolute = false, full = false } = values;
  return { file, json, summary, absolute, full, layers: layersIn(values.layer ?? []) };
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      json: { type: "boolean" },
      summary: { type: "boolean" },
      absolute: { type: "boolean" },
      full: { type: "boolean" },
      layer: { type: "string", multiple: true },
      help: { type: "boolean", short: "h" },
    },
  });
}

function layersIn(named: readonly string[]): ReadonlySet<LayerName> {
  if (named.length === 0) return new Set(layerNames);
  const layers = new Set<LayerName>();
  for (const name of named.flatMap((names) => names.split(","))) {
    const layer = layerNames.find((each) => each === name);
    if (!layer) throw new UsageError(`there is no layer "${name}"; there are ${layerNames.join(", ")}`);
    layers.add(layer);
  }
  return layers;
}
