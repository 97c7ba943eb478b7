import { concat, putU24 } from "../../src/common/bytes.ts";
import type { DeviceAddress } from "./device-address.ts";
import type { LinkEnd } from "./link.ts";
import { u16s } from "./ll-control.ts";
import { type Phy, Phy as Phys } from "./phy.ts";

/** PDU type of CONNECT_IND, and of AUX_CONNECT_REQ. Vol 6, Part B, 2.3. */
const connect = 0x05;

/** The bit in the header for Channel Selection Algorithm #2. Vol 6, Part B, 2.3.3.1. */
const chSel = 0x20;

/** WinSize: the first packet comes within so many 1.25 ms. */
const windowSize = 1;

/** The last of the primary advertising channels, and one of the secondary ones. */
const [primary, secondary] = [39, 10];

/** Writes the request to connect to the capture, if there is one. Vol 6, Part B, 2.3.3.1. */
export function captureConnect(
  end: LinkEnd,
  central: DeviceAddress,
  peripheral: DeviceAddress,
  phy: Phy,
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
    Uint8Array.of(hopIncrement),
  );
  const second = link.usesSecond ? chSel : 0;
  const head = connect | second | ((central.type & 1) << 6) | ((peripheral.type & 1) << 7);
  capture.advertising({
    at: link.requestedAt,
    channel: phy === Phys.Le1M ? primary : secondary,
    phy,
    rssi: end.peer.rssi,
    pdu: concat(Uint8Array.of(head, payload.length), payload),
  });
}

function addressOctets({ value }: DeviceAddress): Uint8Array {
  const octets = new Uint8Array(6);
  for (let i = 0, left = value; i < 6; i++, left = Math.floor(left / 256)) octets[i] = left % 256;
  return octets;
}
