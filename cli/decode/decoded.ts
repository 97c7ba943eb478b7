import type { Direction } from "../../src/hci/packet.ts";
import type { LinkLayerDirection } from "../../transports/capture/index.ts";

/** The layers a packet is shown on, lowest first. */
export const layerNames = ["ll", "hci", "l2cap", "att", "smp"] as const;
/** One of the layers a packet is shown on. */
export type LayerName = (typeof layerNames)[number];

/** What a thing of a layer is. `unknown` where the layer cannot be told. */
export type Kind =
  | "advertising"
  | "data"
  | "control"
  | "command"
  | "event"
  | "acl"
  | "sco"
  | "iso"
  | "pdu"
  | "signaling"
  | "unknown";

/** The parts of a packet by the names they have in the stack: numbers, text, octets, and lists and groups of these. */
export type Fields = Readonly<Record<string, unknown>>;

/** What one layer has to say in a packet. */
export interface Layer {
  readonly layer: LayerName;
  readonly kind: Kind;
  /** In the specification's words, such as `HCI_Reset` or `ATT_READ_REQ`. */
  readonly name: string;
  /** The number that tells what it is: command opcode, event code, signalling code, PDU type; of some there is none. */
  readonly opcode?: number | undefined;
  /** Of LE Meta events. */
  readonly subevent?: number | undefined;
  /** Of L2CAP: the channel it was sent on. */
  readonly cid?: number | undefined;
  readonly fields: Fields;
  /** What a reader has to know about it: it is encrypted, one of several fragments, cut by the logger. */
  readonly note?: string | undefined;
  /** What is wrong with its octets. */
  readonly malformed?: string | undefined;
}

/** The connection that a packet belongs to. */
export interface Link {
  /** Of HCI. */
  readonly handle?: number | undefined;
  /** Of the link layer. */
  readonly accessAddress?: number | undefined;
  /** The other device as seen from the host, as far as the capture has told. */
  readonly peer?: string | undefined;
}

/** A record of a capture, understood as far as possible. */
export interface DecodedPacket {
  /** In the capture, from 1. */
  readonly number: number;
  readonly timestampMicroseconds: number;
  readonly direction: Direction | LinkLayerDirection | undefined;
  readonly link: Link | undefined;
  /** Of the link layer: how the packet was heard. */
  readonly channel?: number | undefined;
  /** In dBm. */
  readonly rssi?: number | undefined;
  /** Lowest first, at least one. Two of one layer stand for one PDU with two commands. */
  readonly layers: readonly Layer[];
}
