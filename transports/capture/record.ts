import type { Direction } from "../../src/hci/packet.ts";

/** What a capture file has to tell, in the order in which it was recorded. */
export type CaptureRecord = HciRecord | LinkLayerRecord;

interface Recorded {
  /** 1 for the first record of the file. Records that hold no packet are counted too, as other tools do. */
  readonly number: number;
  /** Octets the packet had on its way, counted as {@link packet} is; larger than its length when it was cut short. */
  readonly originalLength: number;
}

/** An HCI packet, and when and which way it went. */
export interface HciPacket {
  /** Whole microseconds since 1970-01-01 UTC. */
  readonly timestampMicroseconds: number;
  readonly direction: Direction;
  /** Packet-type octet first. Vol 4, Part A, 2. */
  readonly packet: Uint8Array;
}

/** An HCI packet as a capture has it. */
export interface HciRecord extends Recorded, Omit<HciPacket, "direction"> {
  readonly kind: "hci";
  /** `undefined` for data packets of files that do not tell. */
  readonly direction: Direction | undefined;
  /** Which controller of several, as the host numbers them; `undefined` in files that know but one. */
  readonly controller: number | undefined;
}

/** The physical layer a packet was sent on. Vol 6, Part A, 2. */
export type Phy = "1M" | "2M" | "coded";

/** Which end of a connection a link-layer packet comes from. */
export type LinkLayerDirection = "centralToPeripheral" | "peripheralToCentral";

/** A link-layer packet, and how it was heard. */
export interface LinkLayerPacket {
  /** Whole microseconds since 1970-01-01 UTC. */
  readonly timestampMicroseconds: number;
  /** From the access address to the CRC, without preamble; on the coded PHY the CI octet is behind the access address. */
  readonly packet: Uint8Array;
  /** Channel index, 0 to 39; the primary advertising channels are 37 to 39. Vol 6, Part B, 1.4.1. */
  readonly channel?: number | undefined;
  /** In dBm. */
  readonly rssi?: number | undefined;
  readonly phy?: Phy | undefined;
  /** Of data channel packets, where the sniffer tells. */
  readonly direction?: LinkLayerDirection | undefined;
  /**
   * Whether it is an auxiliary advertising packet that its access address does not show to be one: AUX_SYNC_IND and
   * AUX_CHAIN_IND of a periodic advertising train. Vol 6, Part B, 2.3.
   */
  readonly auxiliary?: boolean | undefined;
  /** Whether the CRC was right, where it was checked. */
  readonly crcValid?: boolean | undefined;
  /** Whether the sniffer has decrypted the payload. */
  readonly decrypted?: boolean | undefined;
}

/** A link-layer packet as a capture has it. */
export interface LinkLayerRecord extends Recorded, LinkLayerPacket {
  readonly kind: "linkLayer";
  /** The first four octets of the packet as a number; `undefined` when it was cut shorter than that. */
  readonly accessAddress: number | undefined;
}

/** How captures of `T` are written. The octets returned are the caller's *own*. */
export interface CaptureFormat<T> {
  /** What the file begins with. */
  header(): Uint8Array;
  /** One packet with its time stamp, to append. */
  record(packet: T): Uint8Array;
}
