import { noOctets } from "../common/bytes.ts";
import { AclPdu } from "../hci/acl-pdu.ts";
import { basicHeaderSize } from "./reassembler.ts";

/**
 * Lays out a B-frame, Basic header and information payload, as the ACL packets that carry it: the one copy of the
 * payload on its way down. Vol 3, Part A, 3.1 and 7.2.1.
 */
export function segment(
  connectionHandle: number,
  packetOctets: number,
  cid: number,
  head: Uint8Array,
  body: Uint8Array = noOctets,
): AclPdu {
  const size = head.length + body.length;
  const pdu = new AclPdu(connectionHandle, basicHeaderSize + size, packetOctets);
  pdu.put(0, size);
  pdu.put(1, size >> 8);
  pdu.put(2, cid);
  pdu.put(3, cid >> 8);
  pdu.write(basicHeaderSize, head);
  if (body.length > 0) pdu.write(basicHeaderSize + head.length, body);
  return pdu;
}
