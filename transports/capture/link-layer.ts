import { CaptureError } from "./error.ts";
import { type Frame, viewOf } from "./frame.ts";
import type { LinkLayerDirection, LinkLayerPacket, LinkLayerRecord, Phy } from "./record.ts";

/** How a packet was heard, as far as the capture tells. */
type Reception = Pick<
  LinkLayerPacket,
  "channel" | "rssi" | "phy" | "direction" | "auxiliary" | "crcValid" | "decrypted"
>;

const phys: readonly (Phy | undefined)[] = ["1M", "2M", "coded"];

/** Size of the pseudo-header of LINKTYPE_BLUETOOTH_LE_LL_WITH_PHDR. */
const pseudoHeaderSize = 10;

/** Bits of the flags in that header. */
const Flag = {
  Dewhitened: 0x0001,
  SignalPowerValid: 0x0002,
  Decrypted: 0x0008,
  ReferenceAccessAddressValid: 0x0010,
  CrcChecked: 0x0400,
  CrcValid: 0x0800,
} as const;

const pduTypeShift = 7;
const phyShift = 14;
const auxiliaryAdvertising = 1;
const centralToPeripheral = 2;
const peripheralToCentral = 3;

/** A packet with nothing in front (LINKTYPE_BLUETOOTH_LE_LL). */
export function bareRecord(frame: Frame): LinkLayerRecord {
  return linkLayerRecord(frame, 0, {});
}

/** A packet behind the pseudo-header of LINKTYPE_BLUETOOTH_LE_LL_WITH_PHDR, whose numbers are little-endian. */
export function pseudoHeaderRecord(frame: Frame): LinkLayerRecord {
  if (frame.octets.length < pseudoHeaderSize) throw tooShort(frame, pseudoHeaderSize);
  const fields = viewOf(frame.octets);
  const flags = fields.getUint16(8, true);
  return linkLayerRecord(frame, pseudoHeaderSize, {
    channel: channelIndexOf(fields.getUint8(0)),
    rssi: flags & Flag.SignalPowerValid ? fields.getInt8(1) : undefined,
    phy: phys[flags >> phyShift],
    direction: directionOf((flags >> pduTypeShift) & 7),
    auxiliary: ((flags >> pduTypeShift) & 7) === auxiliaryAdvertising,
    crcValid: flags & Flag.CrcChecked ? (flags & Flag.CrcValid) !== 0 : undefined,
    decrypted: (flags & Flag.Decrypted) !== 0,
  });
}

/** The pseudo-header to write in front of a packet. */
export function pseudoHeader({
  packet,
  channel,
  rssi,
  phy,
  direction,
  auxiliary = false,
  ...rest
}: LinkLayerPacket): Uint8Array {
  const octets = new Uint8Array(pseudoHeaderSize);
  const fields = viewOf(octets);
  fields.setUint8(0, rfChannelOf(channel ?? 0));
  fields.setInt8(1, rssi ?? 0);
  octets.set(packet.subarray(0, 4), 4);
  const pduType = direction === undefined ? Number(auxiliary) * auxiliaryAdvertising : pduTypes[direction];
  let flags: number = Flag.Dewhitened | Flag.ReferenceAccessAddressValid | (pduType << pduTypeShift);
  if (rssi !== undefined) flags |= Flag.SignalPowerValid;
  if (rest.decrypted) flags |= Flag.Decrypted;
  if (rest.crcValid !== undefined) flags |= Flag.CrcChecked;
  if (rest.crcValid) flags |= Flag.CrcValid;
  flags |= phys.indexOf(phy ?? "1M") << phyShift;
  fields.setUint16(8, flags, true);
  return octets;
}

const pduTypes = { centralToPeripheral, peripheralToCentral } as const;

function directionOf(pduType: number): LinkLayerDirection | undefined {
  if (pduType === centralToPeripheral) return "centralToPeripheral";
  if (pduType === peripheralToCentral) return "peripheralToCentral";
  return undefined;
}

const nordicHeaderSize = 7;
const nordicEventSize = 10;
const advertisingAccessAddress = 0x8e89bed6;

/** Messages of the nRF Sniffer that hold a packet; to protocol versions before 3 only the second is known, for all. */
const NordicMessage = { Advertising: 0x02, Packet: 0x06 } as const;

/**
 * A message of the nRF Sniffer (LINKTYPE_NORDIC_BLE), protocol versions 1 to 3, little-endian.
 *
 * @returns `undefined` when the message is no packet but news of the sniffer's own.
 */
export function nordicRecord(frame: Frame): LinkLayerRecord | undefined {
  const { octets, format, offset, number } = frame;
  if (octets.length < nordicHeaderSize) throw tooShort(frame, nordicHeaderSize);
  const fields = viewOf(octets);
  const version = fields.getUint8(3);
  if (version < 1 || version > 3) {
    throw new CaptureError(
      format,
      offset,
      `record ${number} has nRF Sniffer protocol version ${version}, not 1 to 3`,
    );
  }
  const message = fields.getUint8(6);
  if (message !== NordicMessage.Advertising && message !== NordicMessage.Packet) return undefined;
  const start = nordicHeaderSize + nordicEventSize;
  if (octets.length < start) throw tooShort(frame, start);
  const flags = fields.getUint8(8);
  const channel = fields.getUint8(9);
  const record = linkLayerRecord(frame, start, {
    channel: channel <= 39 ? channel : undefined,
    rssi: -fields.getUint8(10),
    phy: phys[(flags >> 4) & 7],
    crcValid: (flags & 1) !== 0,
  });
  // The bit has this meaning on data channels only.
  if (record.accessAddress === advertisingAccessAddress || message === NordicMessage.Advertising)
    return record;
  return { ...record, direction: flags & 2 ? "centralToPeripheral" : "peripheralToCentral" };
}

function linkLayerRecord(frame: Frame, start: number, reception: Reception): LinkLayerRecord {
  const { number, timestampMicroseconds } = frame;
  const packet = frame.octets.subarray(start);
  const accessAddress = packet.length < 4 ? undefined : viewOf(packet).getUint32(0, true);
  const originalLength = Math.max(frame.originalLength - start, packet.length);
  return {
    kind: "linkLayer",
    number,
    timestampMicroseconds,
    accessAddress,
    packet,
    originalLength,
    ...reception,
  };
}

function tooShort({ format, offset, number, octets }: Frame, size: number): CaptureError {
  const why = `record ${number} has only ${octets.length} of the ${size} octets of its pseudo-header`;
  return new CaptureError(format, offset, why);
}

/** Of an RF channel, where 0 is 2402 MHz and 39 is 2480 MHz, the channel index. Vol 6, Part B, 1.4.1. */
function channelIndexOf(rfChannel: number): number | undefined {
  if (rfChannel > 39) return undefined;
  if (rfChannel === 39) return 39;
  if (rfChannel === 0) return 37;
  if (rfChannel === 12) return 38;
  return rfChannel < 12 ? rfChannel - 1 : rfChannel - 2;
}

function rfChannelOf(channel: number): number {
  if (channel >= 39) return 39;
  if (channel === 37) return 0;
  if (channel === 38) return 12;
  return channel <= 10 ? channel + 1 : channel + 2;
}
