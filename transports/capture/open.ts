import { equal, toHex } from "../../src/common/bytes.ts";
import { btsnoopMagic, readBtsnoop } from "./btsnoop.ts";
import { type ByteSource, FileSource, OctetsSource } from "./byte-source.ts";
import { CaptureError } from "./error.ts";
import { pcapVariant, readPcap } from "./pcap.ts";
import { readPcapng, sectionHeaderMagic } from "./pcapng.ts";
import type { CaptureRecord } from "./record.ts";

/**
 * Reads a capture file that is in memory: btsnoop, pcap or pcapng, told apart by how they begin.
 *
 * Records come one by one, so that of a damaged file everything in front of the damage is there. Packets are views of
 * `octets` where they can be.
 *
 * @throws {@link CaptureError} From the iteration: the file is cut short, damaged or of another kind.
 */
export function readCapture(octets: Uint8Array): Generator<CaptureRecord, void> {
  return readFrom(new OctetsSource(octets));
}

/**
 * Reads a capture file from disk, however large, a chunk at a time; otherwise like {@link readCapture}.
 * The file is open from the first record asked for until the last, or until the iteration is left.
 *
 * @throws What the operating system has to say against opening or reading the file.
 */
export function* readCaptureFile(path: string): Generator<CaptureRecord, void> {
  const source = new FileSource(path);
  try {
    yield* readFrom(source);
  } finally {
    source[Symbol.dispose]();
  }
}

function* readFrom(source: ByteSource): Generator<CaptureRecord, void> {
  const beginning = source.peek(8);
  if (equal(beginning, btsnoopMagic)) yield* readBtsnoop(source);
  else if (pcapVariant(beginning)) yield* readPcap(source);
  else if (equal(beginning.subarray(0, 4), sectionHeaderMagic)) yield* readPcapng(source);
  else {
    const shown = beginning.length === 0 ? "is empty" : `begins with ${toHex(beginning, " ")}`;
    throw new CaptureError("capture", 0, `the file ${shown}; btsnoop, pcap and pcapng can be read`);
  }
}
