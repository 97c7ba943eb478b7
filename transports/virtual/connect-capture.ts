import { concat, noOctets, putU24 } from "../../src/common/bytes.ts";
import { addressOctets, AdvMode, extendedPdu, PduType } from "./advertising-pdu.ts";
import { airTime, interFrameSpace } from "./air-time.ts";
import type { DeviceAddress } from "./device-address.ts";
import type { HowToBegin } from "./link.ts";
import type { LinkEnd } from "./link-end.ts";
import { u16s } from "./ll-control.ts";

/** PDU type of CONNECT_IND, and of AUX_CONNECT_REQ. Vol 6, Part B, 2.3. */
const connect = 0x05;

/** The bit in the header for Channel Selection Algorithm #2. Vol 6, Part B, 2.3.3.1. */
const chSel = 0x20;

/** WinSize: the first packet comes within so many 1.25 ms. */
const windowSize = 1;

/** Writes the request to connect to the capture, if there is one, and its answer. Vol 6, Part B, 2.3.3. */
export function captureConnect(
  end: LinkEnd,
  central: DeviceAddress,
  peripheral: DeviceAddress,
  { phy, requestedAt, isExtended, channel, source }: HowToBegin,
): void {
  const { link } = end;
  const { capture } = link.medium;
  if (!capture) return;
  const { accessAddress, crcInit, hopIncrement } = link.identity;
  const { connectionInterval, peripheralLatency, supervisionTimeout } = link.parameters;
  const addresses = concat(addressOctets(central), addressOctets(peripheral), new Uint8Array(4));
  new DataView(addresses.buffer).setUint32(12, accessAddress, true);
  const timing = new Uint8Array(4);
  putU24(timing, 0, crcInit);
  timing[3] = windowSize;
  const payload = concat(
    addresses,
    timing,
    u16s(0, connectionInterval, peripheralLatency, supervisionTimeout),
    link.channelMap,
    Uint8Array.of(hopIncrement | (end.chip.clockAccuracy << 5)),
  );
  const second = link.usesSecond ? chSel : 0;
  const head = connect | second | ((central.type & 1) << 6) | ((peripheral.type & 1) << 7);
  capture.cut(source, requestedAt);
  const common = { channel, phy, source };
  const request = concat(Uint8Array.of(head, payload.length), payload);
  capture.advertising({ ...common, at: requestedAt, rssi: end.peer.rssi, pdu: request });
  if (!isExtended) return;
  const at = requestedAt + (airTime(phy, payload.length) + interFrameSpace) / 1000;
  const header = { mode: AdvMode.Neither, advA: peripheral, targetA: central };
  const response = extendedPdu(header, noOctets, PduType.AuxConnectRsp);
  capture.advertising({ ...common, at, rssi: end.rssi, pdu: response });
}
