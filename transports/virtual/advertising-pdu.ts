import { concat, noOctets, putU16, putU24 } from "../../src/common/bytes.ts";
import type { DeviceAddress } from "./device-address.ts";
import type { LinkIdentity } from "./link-identity.ts";

/** PDU types of the advertising channels. Vol 6, Part B, 2.3. */
export const PduType = {
  AdvInd: 0,
  AdvDirectInd: 1,
  AdvNonconnInd: 2,
  ScanReq: 3,
  ScanRsp: 4,
  AdvScanInd: 6,
  /** ADV_EXT_IND, AUX_ADV_IND, AUX_SCAN_RSP, AUX_SYNC_IND and AUX_CHAIN_IND. */
  Extended: 7,
  AuxConnectRsp: 8,
} as const;

/** AdvMode. Vol 6, Part B, 2.3.4.1. */
export const AdvMode = { Neither: 0, Connectable: 1, Scannable: 2 } as const;

/** The longest payload of a PDU, in octets. Vol 6, Part B, 2.3. */
const mostPayload = 255;

/** Bits of the header: ChSel, TxAdd, RxAdd. Vol 6, Part B, 2.3. */
const HeaderBit = { ChSel: 0x20, TxAdd: 0x40, RxAdd: 0x80 } as const;

/** An address, lowest octet first. The caller *owns* it. */
export function addressOctets({ value }: DeviceAddress): Uint8Array {
  const octets = new Uint8Array(6);
  for (let i = 0, left = value; i < 6; i++, left = Math.floor(left / 256)) octets[i] = left % 256;
  return octets;
}

function pdu(type: number, bits: number, payload: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(type | bits, payload.length), payload);
}

function addressBits(from: DeviceAddress | undefined, to: DeviceAddress | undefined): number {
  return (from?.type === 1 ? HeaderBit.TxAdd : 0) | (to?.type === 1 ? HeaderBit.RxAdd : 0);
}

/**
 * A legacy PDU, and AUX_SCAN_REQ: an address, perhaps another, perhaps data. Vol 6, Part B, 2.3.1.
 *
 * @param chSel - Whether its sender has Channel Selection Algorithm #2.
 */
export function legacyPdu(
  type: number,
  from: DeviceAddress,
  to: DeviceAddress | undefined,
  data: Uint8Array,
  chSel = false,
): Uint8Array {
  const payload = concat(addressOctets(from), to ? addressOctets(to) : noOctets, data);
  return pdu(type, addressBits(from, to) | (chSel ? HeaderBit.ChSel : 0), payload);
}

/** Where the next packet of an advertisement comes. Vol 6, Part B, 2.3.4.5. */
export interface AuxPointer {
  /** Channel index. */
  readonly channel: number;
  /** In 30 µs. */
  readonly offset: number;
  /** 1 LE 1M, 2 LE 2M, 3 LE Coded. */
  readonly phy: number;
}

/** Where the packets of a periodic advertising train come. Vol 6, Part B, 2.3.4.6. */
export interface SyncInfo {
  /** In 30 µs. */
  readonly offset: number;
  /** In 1.25 ms. */
  readonly interval: number;
  readonly identity: LinkIdentity;
  readonly eventCounter: number;
}

/** The extended header of a PDU: what is there of it is sent. Vol 6, Part B, 2.3.4. */
export interface ExtendedHeader {
  readonly mode: number;
  readonly advA?: DeviceAddress | undefined;
  readonly targetA?: DeviceAddress | undefined;
  /** The DID in the lower twelve bits, the SID in the upper four. */
  readonly adi?: number | undefined;
  readonly auxPtr?: AuxPointer | undefined;
  readonly syncInfo?: SyncInfo | undefined;
  /** In dBm. */
  readonly txPower?: number | undefined;
}

function auxOctets({ channel, offset, phy }: AuxPointer): Uint8Array {
  const octets = new Uint8Array(3);
  octets[0] = channel;
  putU16(octets, 1, offset | ((phy - 1) << 13));
  return octets;
}

/** SyncInfo of a train. All channels are used, and the sleep clock is taken for one of 500 ppm. */
export function syncInfoOctets({ offset, interval, identity, eventCounter }: SyncInfo): Uint8Array {
  const octets = new Uint8Array(18);
  putU16(octets, 0, offset);
  putU16(octets, 2, interval);
  octets.set([0xff, 0xff, 0xff, 0xff, 0x1f], 4);
  new DataView(octets.buffer).setUint32(9, identity.accessAddress, true);
  putU24(octets, 13, identity.crcInit);
  putU16(octets, 16, eventCounter);
  return octets;
}

/** The fields of an extended header in their order, each with its flag. Vol 6, Part B, 2.3.4. */
function headerFields(header: ExtendedHeader): readonly (readonly [flag: number, octets: Uint8Array])[] {
  const { advA, targetA, adi, auxPtr, syncInfo, txPower } = header;
  const fields: (readonly [number, Uint8Array])[] = [];
  if (advA) fields.push([0x01, addressOctets(advA)]);
  if (targetA) fields.push([0x02, addressOctets(targetA)]);
  if (adi !== undefined) fields.push([0x08, Uint8Array.of(adi & 0xff, adi >> 8)]);
  if (auxPtr) fields.push([0x10, auxOctets(auxPtr)]);
  if (syncInfo) fields.push([0x20, syncInfoOctets(syncInfo)]);
  if (txPower !== undefined) fields.push([0x40, Uint8Array.of(txPower)]);
  return fields;
}

/** How much data goes behind an extended header. Vol 6, Part B, 2.3.4.8. */
export function roomBehind(header: ExtendedHeader): number {
  const fields = headerFields(header);
  const size = fields.reduce((sum, [, octets]) => sum + octets.length, 0);
  return mostPayload - 1 - (size > 0 ? 1 + size : 0);
}

/** A PDU with the Common Extended Advertising Payload Format. Vol 6, Part B, 2.3.4. */
export function extendedPdu(
  header: ExtendedHeader,
  data: Uint8Array,
  type: number = PduType.Extended,
): Uint8Array {
  const fields = headerFields(header);
  const flags = fields.reduce((sum, [flag]) => sum | flag, 0);
  const octets =
    fields.length > 0 ? concat(Uint8Array.of(flags), ...fields.map(([, field]) => field)) : noOctets;
  const payload = concat(Uint8Array.of(octets.length | (header.mode << 6)), octets, data);
  return pdu(type, addressBits(header.advA, header.targetA), payload);
}
