import { noOctets } from "../../src/common/bytes.ts";
import { Property } from "./advertising-parameters.ts";
import {
  AdvMode,
  type ExtendedHeader,
  extendedPdu,
  legacyPdu,
  PduType,
  roomBehind,
} from "./advertising-pdu.ts";
import type { AirCapture } from "./air-capture.ts";
import { airTime, interFrameSpace, minimumAuxSpace } from "./air-time.ts";
import { anonymous, type DeviceAddress } from "./device-address.ts";
import { hasFeature, LeFeature } from "./le-feature.ts";
import type { Phy } from "./phy.ts";
import type { Advertisement, Radio, Train } from "./radio.ts";

const firstPrimary = 37;

/** The channel of all auxiliary packets. */
const secondary = 10;

/** The unit of AuxPtr and SyncInfo offsets, in µs. Vol 6, Part B, 2.3.4.5. */
const offsetUnit = 30;

/** Writes packets one behind the other, the way they are sent. */
interface Sending {
  readonly capture: AirCapture;
  readonly chip: Radio;
  readonly phy: Phy;
  readonly channel: number;
  /** Whose event it is. */
  readonly source: Advertisement;
  /** When the next one begins, in ms. */
  at: number;
}

function send(sending: Sending, pdu: Uint8Array, space: number): void {
  const { capture, chip, phy, channel, at, source } = sending;
  capture.advertising({ at, source, channel, phy, rssi: strengthOf(chip), pdu });
  sending.at += (airTime(phy, pdu.length - 2) + space) / 1000;
}

/** How strongly it is heard where nothing was said of path loss, in dBm. */
function strengthOf({ settings, txPower }: Radio): number {
  return settings.rssi + txPower - settings.txPower;
}

function kindOf(advertiser: Advertisement): number {
  if (advertiser.has(Property.Directed)) return PduType.AdvDirectInd;
  if (advertiser.has(Property.Connectable)) return PduType.AdvInd;
  return advertiser.has(Property.Scannable) ? PduType.AdvScanInd : PduType.AdvNonconnInd;
}

function modeOf(advertiser: Advertisement): number {
  if (advertiser.has(Property.Connectable)) return AdvMode.Connectable;
  return advertiser.has(Property.Scannable) ? AdvMode.Scannable : AdvMode.Neither;
}

const adiOf = ({ dataId, parameters }: Advertisement): number => dataId | (parameters.sid << 12);

const named = (address: DeviceAddress): DeviceAddress | undefined =>
  address.type === anonymous.type ? undefined : address;

/** One advertising event: the packets on the primary channels, and those they point to. Vol 6, Part B, 4.4.2. */
export function captureAdvertising(advertiser: Advertisement): void {
  const { chip, parameters, legacy } = advertiser;
  const { capture, clock } = chip.medium;
  if (!capture) return;
  const pdu = legacy ? legacyAdvertisement(advertiser) : primaryAdvertisement(advertiser);
  let at = clock.now();
  for (let i = 0; i < 3; i++) {
    if ((parameters.channelMap & (1 << i)) === 0) continue;
    const phy = parameters.primaryPhy as Phy;
    send({ capture, chip, phy, channel: firstPrimary + i, source: advertiser, at }, pdu, 0);
    at += advertiser.packetSpacing;
  }
  if (advertiser.hasAuxiliary) captureAuxiliary(advertiser, capture, at);
}

function legacyAdvertisement(advertiser: Advertisement): Uint8Array {
  const { chip, address, target, data, takesData } = advertiser;
  const chSel = hasFeature(chip.features, LeFeature.ChannelSelectionAlgorithm2);
  const isConnectable = advertiser.has(Property.Connectable);
  return legacyPdu(
    kindOf(advertiser),
    address,
    target,
    takesData ? data.value : noOctets,
    isConnectable && chSel,
  );
}

/** ADV_EXT_IND. Its AuxPtr says where AUX_ADV_IND begins, as seen from the last of them. */
function primaryAdvertisement(advertiser: Advertisement): Uint8Array {
  const { address, target, hasAuxiliary, parameters } = advertiser;
  const mode = modeOf(advertiser);
  if (!hasAuxiliary) return extendedPdu({ mode, advA: named(address), targetA: target }, noOctets);
  const offset = Math.round((advertiser.packetSpacing * 1000) / offsetUnit);
  const auxPtr = { channel: secondary, offset, phy: parameters.secondaryPhy };
  return extendedPdu({ mode, adi: adiOf(advertiser), auxPtr }, noOctets);
}

function captureAuxiliary(advertiser: Advertisement, capture: AirCapture, at: number): void {
  const { chip, data, takesData, parameters } = advertiser;
  const phy = parameters.secondaryPhy as Phy;
  const sending: Sending = { capture, chip, phy, channel: secondary, source: advertiser, at };
  sendChained(sending, auxiliaryHeader(advertiser), takesData ? data.value : noOctets, (pdu) => {
    send(sending, pdu, minimumAuxSpace);
  });
}

function auxiliaryHeader(advertiser: Advertisement): ExtendedHeader {
  const { chip, address, target, periodic } = advertiser;
  return {
    mode: modeOf(advertiser),
    advA: named(address),
    targetA: target,
    adi: adiOf(advertiser),
    syncInfo: periodic.running ? periodic.syncInfo : undefined,
    txPower: advertiser.has(Property.IncludeTxPower) ? chip.radiatedPower : undefined,
  };
}

/**
 * When a request is sent to an advertiser whose event began now, in ms: behind the packet that was heard, or behind its
 * AUX_ADV_IND. Vol 6, Part B, 4.1.1.
 *
 * @param heardAt - When the packet began that was heard on a primary channel.
 */
export function requestAt(advertiser: Advertisement, heardAt: number): number {
  const { legacy, packetTime, packetSpacing, parameters, chip, data, takesData } = advertiser;
  if (legacy) return heardAt + packetTime + interFrameSpace / 1000;
  const channels = [0, 1, 2].filter((i) => (parameters.channelMap & (1 << i)) !== 0).length;
  const auxiliary = extendedPdu(auxiliaryHeader(advertiser), takesData ? data.value : noOctets);
  const time = airTime(parameters.secondaryPhy as Phy, auxiliary.length - 2) + interFrameSpace;
  return chip.medium.clock.now() + channels * packetSpacing + time / 1000;
}

/** A packet and as many AUX_CHAIN_IND as its data needs. Vol 6, Part B, 2.3.1.8. */
function sendChained(
  { phy }: Pick<Sending, "phy">,
  header: ExtendedHeader,
  data: Uint8Array,
  write: (pdu: Uint8Array) => void,
): void {
  let next = header;
  let left = data;
  while (left.length > roomBehind(next)) {
    const phyOfNext = Math.min(phy, 3);
    const pointing = { ...next, auxPtr: { channel: secondary, offset: 0, phy: phyOfNext } };
    const piece = left.subarray(0, wholeStructures(left, roomBehind(pointing)));
    const payload = extendedPdu(pointing, piece).length - 2;
    const offset = Math.ceil((airTime(phy, payload) + minimumAuxSpace) / offsetUnit);
    write(extendedPdu({ ...pointing, auxPtr: { ...pointing.auxPtr, offset } }, piece));
    left = left.subarray(piece.length);
    next = { mode: AdvMode.Neither, adi: header.adi };
  }
  write(extendedPdu(next, left));
}

/**
 * How much of advertising data goes into `room`: the controller may cut it anywhere, and cuts between AD structures if
 * it can, for readers who look at each packet alone. Vol 3, Part C, 11.
 */
function wholeStructures(data: Uint8Array, room: number): number {
  let end = 0;
  for (let next = 1 + (data[0] ?? 0); next <= room; next += 1 + (data[next] ?? 0)) end = next;
  return end === 0 ? room : end;
}

/**
 * SCAN_REQ or AUX_SCAN_REQ. Vol 6, Part B, 2.3.2.1.
 *
 * @param heardAt - When the packet began that the scanner has heard.
 * @returns When the answer begins.
 */
export function captureScanRequest(
  scanner: Radio,
  own: DeviceAddress,
  advertiser: Advertisement,
  heardAt: number,
): number {
  if (!scanner.medium.capture) return heardAt;
  const sending = answering(scanner, advertiser, requestAt(advertiser, heardAt));
  if (sending) send(sending, legacyPdu(PduType.ScanReq, own, advertiser.address, noOctets), interFrameSpace);
  return sending?.at ?? heardAt;
}

/** SCAN_RSP, or AUX_SCAN_RSP with what follows it. Vol 6, Part B, 2.3.2.2 and 2.3.2.3. */
export function captureScanResponse(advertiser: Advertisement, at: number): void {
  const { chip, address, legacy, scanResponse } = advertiser;
  const sending = answering(chip, advertiser, at);
  if (!sending) return;
  if (legacy) {
    send(sending, legacyPdu(PduType.ScanRsp, address, undefined, scanResponse.value), interFrameSpace);
    return;
  }
  const header = { mode: AdvMode.Neither, advA: address, adi: adiOf(advertiser) };
  sendChained(sending, header, scanResponse.value, (pdu) => {
    send(sending, pdu, minimumAuxSpace);
  });
}

function answering(chip: Radio, advertiser: Advertisement, at: number): Sending | undefined {
  const { capture } = chip.medium;
  if (!capture) return undefined;
  const { legacy, parameters } = advertiser;
  const phy = (legacy ? parameters.primaryPhy : parameters.secondaryPhy) as Phy;
  return { capture, chip, phy, channel: requestChannel(advertiser, at), source: advertiser, at };
}

/** On which channel an advertiser gets requests, if its event began now. */
export function requestChannel(
  { chip, legacy, parameters, packetSpacing }: Advertisement,
  at: number,
): number {
  if (!legacy) return secondary;
  const used = [0, 1, 2].filter((i) => (parameters.channelMap & (1 << i)) !== 0);
  const turn = Math.floor((at - chip.medium.clock.now()) / packetSpacing);
  return firstPrimary + (used[Math.max(0, Math.min(turn, used.length - 1))] ?? 0);
}

/** AUX_SYNC_IND, with what follows it. Vol 6, Part B, 2.3.1.7. */
export function captureTrain(train: Train): void {
  const { advertiser, data, includesAdi, dataId, parameters, identity } = train;
  const { chip } = advertiser;
  const { capture, clock } = chip.medium;
  if (!capture) return;
  const phy = advertiser.parameters.secondaryPhy as Phy;
  const header: ExtendedHeader = {
    mode: AdvMode.Neither,
    adi: includesAdi ? dataId | (advertiser.parameters.sid << 12) : undefined,
    txPower: parameters?.includesTxPower ? chip.radiatedPower : undefined,
  };
  let at = clock.now();
  sendChained({ phy }, header, data.partial ? noOctets : data.value, (pdu) => {
    const { accessAddress, crcInit } = identity;
    capture.addressed({ at, channel: secondary, phy, rssi: strengthOf(chip), pdu, accessAddress, crcInit });
    at += (airTime(phy, pdu.length - 2) + minimumAuxSpace) / 1000;
  });
}
