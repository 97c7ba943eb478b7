import { hexNumber } from "../../src/common/bytes.ts";
import { type DecodedPacket, type Layer, type LayerName, layerNames } from "./decoded.ts";
import { secondsText } from "./time.ts";

interface Count extends Pick<Layer, "layer" | "kind" | "name" | "opcode" | "subevent"> {
  count: number;
  malformed: number;
}

/** Counts what a capture has on each layer. */
export class Summary {
  readonly #layers: ReadonlySet<LayerName>;
  readonly #counts = new Map<string, Count>();
  #packets = 0;
  #first: number | undefined;
  #last = 0;

  constructor(layers: ReadonlySet<LayerName>) {
    this.#layers = layers;
  }

  /** Counts all layers of a packet, not only the highest. */
  add(packet: DecodedPacket): void {
    this.#packets++;
    this.#first ??= packet.timestampMicroseconds;
    this.#last = packet.timestampMicroseconds;
    for (const { layer, kind, name, opcode, subevent, malformed } of packet.layers) {
      if (!this.#layers.has(layer)) continue;
      const key = `${layer}/${kind}/${name}`;
      let count = this.#counts.get(key);
      if (!count)
        this.#counts.set(key, (count = { layer, kind, name, opcode, subevent, count: 0, malformed: 0 }));
      count.count++;
      if (malformed !== undefined) count.malformed++;
    }
  }

  /** What was counted, by layer and opcode: as text, or as one JSON object. */
  lines(json: boolean): string[] {
    const counts = [...this.#counts.values()].sort(inOrder);
    const microseconds = this.#last - (this.#first ?? 0);
    if (json) return [JSON.stringify({ packets: this.#packets, seconds: microseconds / 1e6, counts })];
    const lines = [`${this.#packets} packets in ${secondsText(microseconds)} s`];
    for (const layer of layerNames) {
      const own = counts.filter((count) => count.layer === layer);
      if (own.length > 0) lines.push("", layer, ...own.map(countLine));
    }
    return lines;
  }
}

function countLine({ kind, name, opcode, subevent, count, malformed }: Count): string {
  let code = opcode === undefined ? "" : `0x${hexNumber(opcode, kind === "command" ? 4 : 2)}`;
  if (subevent !== undefined) code += ` ${hexNumber(subevent, 2)}`;
  const note = malformed > 0 ? `  (${malformed} malformed)` : "";
  return `${String(count).padStart(8)}  ${code.padEnd(7)}  ${name}${note}`;
}

function inOrder(a: Count, b: Count): number {
  return (
    layerNames.indexOf(a.layer) - layerNames.indexOf(b.layer) ||
    a.kind.localeCompare(b.kind) ||
    (a.opcode ?? -1) - (b.opcode ?? -1) ||
    (a.subevent ?? -1) - (b.subevent ?? -1)
  );
}
