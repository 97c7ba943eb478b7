import { concat, fromHex } from "../../src/common/bytes.ts";
import type { Direction } from "../../src/hci/packet.ts";
import { btsnoopFormat, type LinkLayerPacket, pcapLinkLayerFormat } from "../../transports/capture/index.ts";

/** A packet as hex, the octets of it that the logger left out not counted. */
export type Written = readonly [direction: "→" | "←", hex: string, cutBy?: number];

const directions: Readonly<Record<Written[0], Direction>> = {
  "→": "hostToController",
  "←": "controllerToHost",
};
const start = Date.UTC(2026, 0, 1) * 1000;

/** A btsnoop file of HCI packets 1.5 ms apart, the first at the turn of 2026. */
export function btsnoop(...packets: readonly Written[]): Uint8Array {
  const records = packets.map(([direction, hex, cutBy = 0], i) => {
    const packet = fromHex(hex);
    const timestampMicroseconds = start + i * 1500;
    const record = btsnoopFormat.record({ timestampMicroseconds, direction: directions[direction], packet });
    new DataView(record.buffer).setUint32(0, packet.length + cutBy);
    return record;
  });
  return concat(btsnoopFormat.header(), ...records);
}

/** A pcap file of link-layer packets 1.5 ms apart. */
export function linkLayerPcap(
  ...packets: readonly (readonly [hex: string, heard?: Partial<LinkLayerPacket>])[]
): Uint8Array {
  const records = packets.map(([hex, heard], i) =>
    pcapLinkLayerFormat.record({
      timestampMicroseconds: start + i * 1500,
      packet: fromHex(hex),
      channel: 37,
      ...heard,
    }),
  );
  return concat(pcapLinkLayerFormat.header(), ...records);
}
