import { u16At } from "../../src/common/bytes.ts";
import { FixedCid } from "../../src/l2cap/channel.ts";
import { basicHeaderSize } from "../../src/l2cap/reassembler.ts";
import { decodeSignaling } from "../../src/l2cap/signaling-pdu.ts";
import { signalingCommandByCode, signalingName } from "../../src/l2cap/signaling-registry.ts";
import { attLayer } from "./att-layer.ts";
import type { Layer } from "./decoded.ts";
import { withFields, withOctets } from "./fields.ts";
import { smpLayer } from "./smp-layer.ts";

/** Fixed channels of BR/EDR. Vol 3, Part A, 2.1, Table 2.1. */
const BrEdrCid = { Signaling: 0x0001, Connectionless: 0x0002, SecurityManager: 0x0007 } as const;

const commandHeaderSize = 4;

/**
 * A PDU with its Basic header, and what stands in it. Vol 3, Part A, 3.1.
 *
 * Channels that are not fixed are shown as octets: what they carry was agreed on elsewhere.
 */
export function l2capLayers(pdu: Uint8Array): Layer[] {
  const cid = u16At(pdu, 2);
  const payload = pdu.subarray(basicHeaderSize);
  const fields = { cid, length: payload.length };
  const frame = { layer: "l2cap", kind: "pdu", name: "L2CAP PDU", cid, fields } as const;
  switch (cid) {
    case FixedCid.Attribute:
      return [frame, attLayer(payload)];
    case FixedCid.SecurityManager:
    case BrEdrCid.SecurityManager:
      return [frame, smpLayer(payload)];
    case FixedCid.Signaling:
      return [signalingLayer(payload, cid)];
    case BrEdrCid.Signaling:
      return brEdrSignalingLayers(payload);
    case BrEdrCid.Connectionless:
      return [{ ...frame, name: "L2CAP connectionless data", fields: { cid, octets: payload } }];
    default:
      return [{ ...frame, fields: { cid, octets: payload } }];
  }
}

/** The one command of a C-frame on the LE signalling channel. Vol 3, Part A, 4. */
function signalingLayer(frame: Uint8Array, cid: number): Layer {
  const opcode = frame[0];
  const name = opcode === undefined ? "L2CAP signaling" : signalingName(opcode);
  return withFields({ layer: "l2cap", kind: "signaling", name, opcode, cid }, frame, () => {
    const { code, identifier, data } = decodeSignaling(frame);
    const command = signalingCommandByCode(code);
    if (command) return { identifier, ...(command.decode(data) as object) };
    return data.length > 0 ? { identifier, octets: data } : { identifier };
  });
}

/** On BR/EDR a C-frame holds one command or more. Their layouts are not this stack's matter. Vol 3, Part A, 4. */
function brEdrSignalingLayers(frame: Uint8Array): Layer[] {
  const cid = BrEdrCid.Signaling;
  const layers: Layer[] = [];
  let at = 0;
  do {
    const end = at + commandHeaderSize + u16At(frame, at + 2);
    const command = frame.subarray(at, end);
    const opcode = command[0];
    const name = opcode === undefined ? "L2CAP signaling" : signalingName(opcode);
    const layer = { layer: "l2cap", kind: "signaling", name, opcode, cid } as const;
    if (at + commandHeaderSize > frame.length || end > frame.length) {
      layers.push({ ...withOctets(layer, command), malformed: "the command is cut short" });
      break;
    }
    const octets = command.subarray(commandHeaderSize);
    layers.push({ ...layer, fields: { identifier: command[1], ...(octets.length > 0 ? { octets } : {}) } });
    at = end;
  } while (at < frame.length);
  return layers;
}
