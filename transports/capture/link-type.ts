import { CaptureError } from "./error.ts";
import { type FrameReader, hciRecord, typedRecord, viewOf } from "./frame.ts";
import { bareRecord, nordicRecord, pseudoHeaderRecord } from "./link-layer.ts";
import { monitorPackets } from "./monitor.ts";

/** LINKTYPE_ values of pcap and pcapng that hold Bluetooth LE. */
export const LinkType = {
  BluetoothHciH4: 187,
  BluetoothHciH4WithPhdr: 201,
  BluetoothLeLl: 251,
  BluetoothLinuxMonitor: 254,
  BluetoothLeLlWithPhdr: 256,
  NordicBle: 272,
} as const;

/** Octets in front of the packet that tell its direction, big-endian: 0 is sent by the host. */
export const directionSize = 4;

const monitorHeaderSize = 4;

const readers: ReadonlyMap<number, FrameReader> = new Map<number, FrameReader>([
  [LinkType.BluetoothHciH4, (frame) => hciRecord(frame, frame.direction)],
  [
    LinkType.BluetoothHciH4WithPhdr,
    (frame) => {
      const { octets, format, offset, number } = frame;
      if (octets.length < directionSize) {
        throw new CaptureError(format, offset, `record ${number} has no room for its direction`);
      }
      const received = viewOf(octets).getUint32(0) & 1;
      return hciRecord(frame, received ? "controllerToHost" : "hostToController", directionSize);
    },
  ],
  [LinkType.BluetoothLeLl, bareRecord],
  [
    LinkType.BluetoothLinuxMonitor,
    (frame) => {
      const { octets, format, offset, number } = frame;
      if (octets.length < monitorHeaderSize) {
        throw new CaptureError(format, offset, `record ${number} has no room for its opcode`);
      }
      const fields = viewOf(octets);
      const packet = monitorPackets.get(fields.getUint16(2));
      return (
        packet && typedRecord(frame, packet.type, packet.direction, monitorHeaderSize, fields.getUint16(0))
      );
    },
  ],
  [LinkType.BluetoothLeLlWithPhdr, pseudoHeaderRecord],
  [LinkType.NordicBle, nordicRecord],
]);

/** How frames of a link type are read. `offset` is where the file names the link type. */
export function frameReader(linkType: number, format: string, offset: number): FrameReader {
  const reader = readers.get(linkType);
  if (reader) return reader;
  const known = "187 and 201 (HCI), 251, 256 and 272 (link layer) and 254 (Linux monitor) can be read";
  throw new CaptureError(format, offset, `link type ${linkType}; ${known}`);
}
