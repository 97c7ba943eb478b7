import { putU24 } from "../../src/common/bytes.ts";
import type { Clock } from "../../src/common/clock.ts";
import { pcapLinkLayerFormat } from "../capture/pcap.ts";
import type { LinkLayerDirection, Phy as RecordedPhy } from "../capture/record.ts";
import { advertisingCrcInit, crc24 } from "./crc24.ts";
import { Phy } from "./phy.ts";

/** Access address of all packets on the advertising channels. Vol 6, Part B, 2.1.2. */
export const advertisingAccessAddress = 0x8e89bed6;

/** The Coding Indicator of a coded packet. Vol 6, Part B, 2.2.3. */
const codingIndicators: Readonly<Record<number, number>> = { [Phy.CodedS8]: 0, [Phy.CodedS2]: 1 };

const recordedPhys: readonly RecordedPhy[] = ["1M", "1M", "2M", "coded", "coded"];

/** Where in a record the flags are, behind its header and most of the pseudo-header, and the PDU type in them. */
const flagsAt = 16 + 8;
const auxiliaryAdvertising = 1 << 7;

/** A packet as it goes through the air. */
export interface AirPacket {
  /** When its first bit is sent, in ms of the air's clock; default: now. */
  readonly at?: number;
  /** Channel index, 0 to 39. Vol 6, Part B, 1.4.1. */
  readonly channel: number;
  /** Default LE 1M. */
  readonly phy?: Phy;
  /** How strongly it is received, in dBm. */
  readonly rssi: number;
  /** Header and payload, without CRC; *borrowed*. */
  readonly pdu: Uint8Array;
}

/** A packet with the access address of a connection or of a periodic advertising train. */
export interface AddressedPacket extends AirPacket {
  /** 32 bits. Vol 6, Part B, 2.1.2. */
  readonly accessAddress: number;
  /** 24 bits. Vol 6, Part B, 3.1.1. */
  readonly crcInit: number;
  /** Of packets of a connection. */
  readonly direction?: LinkLayerDirection;
}

/** Writes what goes through an air as a capture of link-layer packets (LINKTYPE_BLUETOOTH_LE_LL_WITH_PHDR). */
export class AirCapture {
  readonly #clock: Clock;
  readonly #write: (octets: Uint8Array) => void;

  /** @param write - Gets the file header at once, and then a record for each packet; it *owns* them. */
  constructor(clock: Clock, write: (octets: Uint8Array) => void) {
    this.#clock = clock;
    this.#write = write;
    write(pcapLinkLayerFormat.header());
  }

  /** A packet with the access address of the advertising channels: ADV_*, SCAN_*, CONNECT_IND, AUX_*. */
  advertising(packet: AirPacket): void {
    this.addressed({ ...packet, accessAddress: advertisingAccessAddress, crcInit: advertisingCrcInit });
  }

  /** A packet with an access address of its own: of a connection, AUX_SYNC_IND and AUX_CHAIN_IND behind it. */
  addressed({
    at,
    channel,
    phy = Phy.Le1M,
    rssi,
    pdu,
    accessAddress,
    crcInit,
    direction,
  }: AddressedPacket): void {
    const codingIndicator = codingIndicators[phy];
    const start = codingIndicator === undefined ? 4 : 5;
    const end = start + pdu.length;
    const packet = new Uint8Array(end + 3);
    for (let i = 0; i < 4; i++) packet[i] = accessAddress >>> (8 * i);
    if (codingIndicator !== undefined) packet[4] = codingIndicator;
    packet.set(pdu, start);
    putU24(packet, end, crc24(crcInit, packet, start, end));
    const now = this.#clock.now();
    const timestampMicroseconds = Math.round((this.#clock.date() + ((at ?? now) - now)) * 1000);
    const reception = { channel, rssi, phy: recordedPhys[phy], direction, crcValid: true };
    const record = pcapLinkLayerFormat.record({ timestampMicroseconds, packet, ...reception });
    // Without a direction, an access address of its own is that of a periodic advertising train.
    if (direction === undefined && accessAddress !== advertisingAccessAddress) {
      record[flagsAt] = (record[flagsAt] ?? 0) | auxiliaryAdvertising;
    }
    this.#write(record);
  }
}
