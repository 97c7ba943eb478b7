import { aclHeaderSize } from "../../src/hci/acl-view.ts";
import { isStart } from "./acl-delivery.ts";
import type { LinkEnd } from "./link-end.ts";
import { Llid } from "./llid.ts";
import { Role } from "./role.ts";

/** A packet of a link, but for who sends it and when. */
export interface LinkPacket {
  readonly llid: Llid;
  readonly sn: number;
  readonly nesn: number;
  /** More Data. */
  readonly md: boolean;
  readonly payload: Uint8Array;
  /** Whether `payload` is in plain though the packet goes through the air encrypted. */
  readonly decrypted?: boolean;
}

/** Writes a packet of a link to the capture of the air, if there is one. */
export function captureLinkPacket(
  from: LinkEnd,
  at: number,
  event: number,
  { llid, sn, nesn, md, payload, decrypted = false }: LinkPacket,
): void {
  const { link, peer, phy, role } = from;
  const { capture } = link.medium;
  if (!capture) return;
  const pdu = new Uint8Array(2 + payload.length);
  pdu[0] = llid | (nesn << 2) | (sn << 3) | (Number(md) << 4);
  pdu[1] = payload.length;
  pdu.set(payload, 2);
  const { accessAddress, crcInit } = link.identity;
  capture.addressed({
    at,
    channel: link.channel(event),
    phy: phy.transmit,
    rssi: peer.rssi,
    pdu,
    accessAddress,
    crcInit,
    decrypted,
    direction: role === Role.Central ? "centralToPeripheral" : "peripheralToCentral",
  });
}

/** What an LL Data PDU with part of an ACL packet of a host says of it. */
export function llidOf(packet: Uint8Array, offset: number): Llid {
  return offset === 0 && isStart(packet) ? Llid.Start : Llid.Continuation;
}

/** The payload of part of an ACL packet; *borrowed*. */
export function payloadOf(packet: Uint8Array, offset: number, length: number): Uint8Array {
  return packet.subarray(aclHeaderSize + offset, aclHeaderSize + offset + length);
}
