import { MalformedPduError } from "../../src/common/errors.ts";
import { dataIntegrityCheck } from "./data-integrity-check.ts";

/** The packet types that HCI does not know; the others are those of HCI. Vol 4, Part D, 4.5. */
export const H5PacketType = {
  Acknowledgement: 0,
  LinkControl: 15,
} as const;

const headerSize = 4;
const checkSize = 2;

/** As many octets as a payload may have: its length has 12 bits. Vol 4, Part D, 4.6. */
export const longestPayload = 0xfff;

/** As many octets as a packet may have, header and data integrity check included. */
export const longestPacket: number = headerSize + longestPayload + checkSize;

/** A packet of the three-wire UART, without its frame. Vol 4, Part D, 4. */
export interface H5Packet {
  /** 0 to 7; of unreliable packets 0. */
  readonly sequenceNumber: number;
  /** The sequence number that is expected next, 0 to 7. */
  readonly acknowledgementNumber: number;
  /** Whether the data integrity check follows the payload. */
  readonly checked: boolean;
  /** Whether it is sent again until it is acknowledged. */
  readonly reliable: boolean;
  /** 0 to 15; see {@link H5PacketType}. */
  readonly type: number;
  /** At most {@link longestPayload} octets. */
  readonly payload: Uint8Array;
}

/** The octets of a packet. The caller *owns* them. */
export function encodePacket(packet: H5Packet): Uint8Array {
  const { sequenceNumber, acknowledgementNumber, checked, reliable, type, payload } = packet;
  const size = headerSize + payload.length;
  const octets = new Uint8Array(size + (checked ? checkSize : 0));
  octets[0] = sequenceNumber | (acknowledgementNumber << 3) | (checked ? 0x40 : 0) | (reliable ? 0x80 : 0);
  octets[1] = type | ((payload.length & 0x0f) << 4);
  octets[2] = payload.length >> 4;
  octets[3] = 0xff - ((octets[0] + octets[1] + octets[2]) & 0xff);
  octets.set(payload, headerSize);
  if (checked) {
    const check = dataIntegrityCheck(octets.subarray(0, size));
    octets[size] = check >> 8; // the only number of HCI with its most significant octet first
    octets[size + 1] = check;
  }
  return octets;
}

/**
 * Reads a packet; its payload is a view of `octets`.
 *
 * @throws {@link MalformedPduError} A checksum or the length is wrong.
 */
export function decodePacket(octets: Uint8Array): H5Packet {
  const [first = 0, second = 0, third = 0, sum = 0] = octets;
  if (octets.length < headerSize) throw malformed("shorter than its header", octets);
  if (((first + second + third + sum) & 0xff) !== 0xff)
    throw malformed("the header checksum is wrong", octets);
  const checked = (first & 0x40) !== 0;
  const size = headerSize + ((second >> 4) | (third << 4));
  if (octets.length !== size + (checked ? checkSize : 0))
    throw malformed("the length does not match", octets);
  if (checked) requireCheck(octets, size);
  return {
    sequenceNumber: first & 0x07,
    acknowledgementNumber: (first >> 3) & 0x07,
    checked,
    reliable: (first & 0x80) !== 0,
    type: second & 0x0f,
    payload: octets.subarray(headerSize, size),
  };
}

function requireCheck(octets: Uint8Array, at: number): void {
  const check = ((octets[at] ?? 0) << 8) | (octets[at + 1] ?? 0);
  if (check === dataIntegrityCheck(octets.subarray(0, at))) return;
  throw malformed("the data integrity check is wrong", octets);
}

function malformed(why: string, octets: Uint8Array): MalformedPduError {
  return new MalformedPduError("three-wire UART packet", why, octets);
}
