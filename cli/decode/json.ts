import { hexNumber, toHex } from "../../src/common/bytes.ts";
import type { DecodedPacket, Layer } from "./decoded.ts";
import { addressDigits, isAddress } from "./addresses.ts";
import { dateText } from "./time.ts";

/**
 * One layer of a packet as a JSON object: octets and access addresses as hex, addresses with colons, what is not known
 * left out.
 *
 * @param microseconds - Since the first packet; without it the time is a date.
 */
export function jsonLine(packet: DecodedPacket, layer: Layer, microseconds: number | undefined): string {
  const { number, timestampMicroseconds, direction, link, channel, rssi } = packet;
  const { layer: name, ...said } = layer;
  const time = microseconds === undefined ? dateText(timestampMicroseconds) : microseconds / 1e6;
  return JSON.stringify({ number, time, direction, ...link, channel, rssi, layer: name, ...said }, plain);
}

function plain(key: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return toHex(value);
  if (typeof value === "bigint") return `0x${value.toString(16)}`;
  if (typeof value !== "number") return value;
  if (key === "accessAddress") return hexNumber(value, 8);
  return isAddress(key) ? addressDigits(value) : value;
}
