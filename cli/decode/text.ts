import { hexNumber } from "../../src/common/bytes.ts";
import type { DecodedPacket, Layer, Link } from "./decoded.ts";
import { FieldText } from "./field-text.ts";
import { dateText, secondsText } from "./time.ts";

const arrows: Readonly<Record<NonNullable<DecodedPacket["direction"]>, string>> = {
  hostToController: "→",
  controllerToHost: "←",
  centralToPeripheral: "→",
  peripheralToCentral: "←",
};

/**
 * One layer of a packet as a line for people.
 *
 * @param microseconds - Since the first packet; without it the time is a date.
 * @param full - Whether octets are shown to the last one.
 */
export function textLine(
  packet: DecodedPacket,
  layer: Layer,
  microseconds: number | undefined,
  full: boolean,
): string {
  const { number, timestampMicroseconds, direction, link, channel } = packet;
  const time =
    microseconds === undefined ? dateText(timestampMicroseconds) : secondsText(microseconds).padStart(12);
  const arrow = direction === undefined ? "·" : arrows[direction];
  const parts = [
    `${String(number).padStart(6)} ${time} ${arrow} ${layer.layer.padEnd(5)}`,
    ...(channel === undefined ? [] : [`ch${String(channel).padStart(2, "0")}`]),
    ...(link ? [linkText(link)] : []),
    layer.name,
    new FieldText(layer, full).text(),
    layer.note === undefined ? "" : `(${layer.note})`,
    layer.malformed === undefined ? "" : `MALFORMED: ${layer.malformed}`,
  ];
  return parts.filter((part) => part !== "").join("  ");
}

function linkText({ handle, accessAddress, peer }: Link): string {
  const number = accessAddress === undefined ? hexNumber(handle ?? 0, 4) : hexNumber(accessAddress, 8);
  return peer === undefined ? number : `${number} ${peer}`;
}
