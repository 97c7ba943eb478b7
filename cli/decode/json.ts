import { hexNumber, toHex } from "../../src/common/bytes.ts";
import type { DecodedPacket, Fields, Layer } from "./decoded.ts";
import { addressDigits, isAddress } from "./addresses.ts";
import { numberText } from "./number-text.ts";
import { dateText } from "./time.ts";

/** Codes: their names stand beside them, as `errorName` beside `error`. */
const namedFields: ReadonlySet<string> = new Set([
  "commandOpcode",
  "error",
  "reason",
  "requestOpcode",
  "result",
  "status",
]);

/**
 * One layer of a packet as a JSON object: octets and access addresses as hex, addresses with colons, codes with their
 * names beside them, what is not known left out.
 *
 * @param microseconds - Since the first packet; without it the time is a date.
 */
export function jsonLine(packet: DecodedPacket, layer: Layer, microseconds: number | undefined): string {
  const { number, timestampMicroseconds, direction, link, channel, rssi } = packet;
  const { layer: name, ...said } = layer;
  const time = microseconds === undefined ? dateText(timestampMicroseconds) : microseconds / 1e6;
  const fields = withNames(layer);
  const line = { number, time, direction, ...link, channel, rssi, layer: name, ...said, fields };
  return JSON.stringify(line, plain);
}

function withNames(layer: Layer): Fields {
  const entries = Object.entries(layer.fields).flatMap(([key, value]): [string, unknown][] =>
    typeof value === "number" && namedFields.has(key)
      ? [
          [key, value],
          [`${key}Name`, numberText(key, value, layer)],
        ]
      : [[key, value]],
  );
  return Object.fromEntries(entries);
}

function plain(key: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return toHex(value);
  if (typeof value === "bigint") return `0x${value.toString(16)}`;
  if (typeof value !== "number") return value;
  if (key === "accessAddress") return hexNumber(value, 8);
  return isAddress(key) ? addressDigits(value) : value;
}
