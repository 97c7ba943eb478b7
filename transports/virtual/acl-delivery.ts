import { putU16 } from "../../src/common/bytes.ts";
import { aclHeaderSize, PacketBoundary } from "../../src/hci/acl-view.ts";
import { PacketType } from "../../src/hci/packet.ts";
import type { LinkEnd } from "./link-end.ts";

/** Whether a packet of a host begins an L2CAP PDU. Vol 4, Part E, 5.4.2. */
export function isStart(packet: Uint8Array): boolean {
  return (packet[2] ?? 0) >> 4 === PacketBoundary.FirstNonFlushable;
}

/**
 * Hands an ACL Data packet to the host of `to`, as it is if that host's packets are so long, and otherwise cut.
 *
 * @param origin - Whose buffer comes free when the host has it.
 */
export function deliver(to: LinkEnd, packet: Uint8Array, origin: LinkEnd | undefined): void {
  const { hci, settings } = to.chip;
  const size = packet.length - aclHeaderSize;
  const first = isStart(packet);
  const most = Math.min(settings.aclOctets, hci.flow.mostOctets);
  if (size <= most) {
    putU16(packet, 1, flagged(to.handle, first));
    hci.push(packet, origin);
    return;
  }
  for (let at = 0; at < size; at += most) {
    const length = Math.min(most, size - at);
    const part = partOf(packet, at, length, first && at === 0);
    putU16(part, 1, flagged(to.handle, first && at === 0));
    hci.push(part, at + length === size ? origin : undefined);
  }
}

/** Part of the payload of an ACL Data packet as one of its own, still with the flags of a host. */
export function partOf(packet: Uint8Array, at: number, length: number, first: boolean): Uint8Array {
  const part = new Uint8Array(aclHeaderSize + length);
  part[0] = PacketType.AclData;
  part[2] = (first ? PacketBoundary.FirstNonFlushable : PacketBoundary.Continuing) << 4;
  putU16(part, 3, length);
  part.set(packet.subarray(aclHeaderSize + at, aclHeaderSize + at + length), aclHeaderSize);
  return part;
}

/** The handle with the flags of a packet to the host. Vol 4, Part E, 5.4.2. */
function flagged(handle: number, first: boolean): number {
  return handle | ((first ? PacketBoundary.FirstFlushable : PacketBoundary.Continuing) << 12);
}
