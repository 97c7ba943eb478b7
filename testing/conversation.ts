/** One end of a link. */
export type Side = "central" | "peripheral";

/** One whole L2CAP PDU on a link, in the order in which they are sent. */
export interface LinkPdu {
  readonly from: Side;
  /** 0x0004 ATT, 0x0005 signalling, 0x0006 SMP, or a channel's. Vol 3, Part A, 2.1. */
  readonly cid: number;
  /** What follows the Basic L2CAP header. */
  readonly pdu: Uint8Array;
  /** Whether the link was encrypted when it was sent. */
  readonly encrypted: boolean;
}

/** One HCI packet with its packet-type octet. */
export interface HciPacket {
  readonly from: "host" | "controller";
  readonly packet: Uint8Array;
}

/** The fixed channels of LE. Vol 3, Part A, 2.1. */
export const FixedCid = { Att: 0x0004, Signaling: 0x0005, Smp: 0x0006 } as const;

/** The side at the other end. */
export function otherSide(side: Side): Side {
  return side === "central" ? "peripheral" : "central";
}
