import {
  type CaptureRecord,
  CaptureError,
  readCapture,
  readCaptureFile,
} from "../../transports/capture/index.ts";
import { concat } from "../../src/common/bytes.ts";
import { LineWriter, type Streams } from "../streams.ts";
import { CaptureDecoder } from "./capture-decoder.ts";
import type { DecodedPacket, Layer, LayerName } from "./decoded.ts";
import { jsonLine } from "./json.ts";
import { type DecodeOptions, decodeHelp, parseDecodeOptions } from "./options.ts";
import { Summary } from "./summary.ts";
import { textLine } from "./text.ts";

/**
 * `jelling decode`: prints a capture.
 *
 * @returns The exit status; see {@link decodeHelp}.
 */
export async function runDecode(args: readonly string[], streams: Streams): Promise<number> {
  const options = parseDecodeOptions(args);
  const out = new LineWriter(streams.stdout);
  if (options === "help") {
    await out.line(decodeHelp.trimEnd());
    await out.flush();
    return 0;
  }
  let failure: string | undefined;
  try {
    await print(await recordsOf(options.file, streams), options, out);
  } catch (error) {
    failure = reasonOf(error, options.file);
    if (failure === undefined) throw error;
  }
  // What was read in front of the damage comes first.
  await out.flush();
  failure ??= out.failure?.message;
  if (failure === undefined) return 0;
  streams.stderr.write(`jelling decode: ${failure}\n`);
  return 1;
}

async function recordsOf(file: string, { stdin }: Streams): Promise<Iterable<CaptureRecord>> {
  if (file !== "-") return readCaptureFile(file);
  const chunks: Uint8Array[] = [];
  for await (const chunk of stdin) chunks.push(typeof chunk === "string" ? Buffer.from(chunk) : chunk);
  return readCapture(concat(...chunks));
}

/** Prints records as they come. What was printed stays printed when the iteration throws. */
async function print(
  records: Iterable<CaptureRecord>,
  options: DecodeOptions,
  out: LineWriter,
): Promise<void> {
  const decoder = new CaptureDecoder();
  const summary = options.summary ? new Summary(options.layers) : undefined;
  let start: number | undefined;
  try {
    for (const record of records) {
      const packet = decoder.decode(record);
      start ??= packet.timestampMicroseconds;
      if (summary) summary.add(packet);
      else await printPacket(packet, start, options, out);
      if (out.gone) return;
    }
  } finally {
    for (const line of summary?.lines(options.json) ?? []) await out.line(line);
  }
}

async function printPacket(
  packet: DecodedPacket,
  start: number,
  options: DecodeOptions,
  out: LineWriter,
): Promise<void> {
  const time = options.absolute ? undefined : packet.timestampMicroseconds - start;
  for (const layer of highest(packet.layers, options.layers)) {
    const line = options.json ? jsonLine(packet, layer, time) : textLine(packet, layer, time, options.full);
    const full = out.line(line);
    if (full) await full;
  }
}

/** What is shown of a packet: what its highest layer among those wanted has to say, with the notes of those below. */
function highest(layers: readonly Layer[], wanted: ReadonlySet<LayerName>): readonly Layer[] {
  const top = layers.findLast(({ layer }) => wanted.has(layer));
  if (!top) return [];
  const notes = new Set(layers.slice(0, layers.indexOf(top) + 1).map(({ note }) => note));
  notes.delete(undefined);
  const note = notes.size > 0 ? [...notes].join("; ") : undefined;
  // Two commands of one C-frame are of one rank; the data PDU around an L2CAP PDU is not.
  return layers
    .filter(({ layer, kind }) => layer === top.layer && kind === top.kind)
    .map((layer) => ({ ...layer, note }));
}

/** What a person has to know about an error that is nobody's fault here; `undefined` for our own. */
function reasonOf(error: unknown, file: string): string | undefined {
  const name = file === "-" ? "standard input" : file;
  if (error instanceof CaptureError) {
    if (error.format !== "capture") return `${name}: ${error.message}`;
    // Of no format known: where in the file that was found is of no interest.
    const why = error.message.replace(/^capture, octet 0: /, "");
    return `not a capture: ${name}: ${why}`;
  }
  if (!(error instanceof Error && "syscall" in error)) return undefined;
  const code = "code" in error ? error.code : undefined;
  if (code === "EISDIR") return `${name} is a folder, not a capture`;
  if (code === "ENOENT") return `${name}: there is no such file`;
  if (code === "EACCES") return `${name}: this user may not read it`;
  return error.message.includes(name) ? error.message : `${name}: ${error.message}`;
}
