import { equal, noOctets, u16At } from "../../src/common/bytes.ts";
import { basicHeaderSize } from "../../src/l2cap/reassembler.ts";
import type { LinkLayerRecord } from "../../transports/capture/index.ts";
import { AttConversation } from "./att-conversation.ts";
import type { DecodedPacket, Layer } from "./decoded.ts";
import { withOctets } from "./fields.ts";
import { l2capLayers } from "./l2cap-layers.ts";
import { advertisingLayer } from "./ll-advertising-layer.ts";
import { controlLayer, startEncryptionRequest } from "./ll-control-layer.ts";
import { PduCollector } from "./pdu-collector.ts";

/** Of all advertising but the periodic. Vol 6, Part B, 2.1.2. */
const advertisingAccessAddress = 0x8e89bed6;
const accessAddressSize = 4;
const headerSize = 2;
const crcSize = 3;
const micSize = 4;

/** LLID of a data channel PDU. Vol 6, Part B, 2.4. */
const Llid = { Continuation: 0b01, Start: 0b10, Control: 0b11 } as const;

/** One direction of a connection; where the sniffer does not tell directions, both together. */
class Stream {
  readonly collector: PduCollector = new PduCollector();
  readonly #directed: boolean;
  #header: number | undefined;
  #payload: Uint8Array = noOctets;

  constructor(directed: boolean) {
    this.#directed = directed;
  }

  /**
   * Whether the PDU is the one before it once more, since the other side had not acknowledged that: same sequence
   * number, same content. Vol 6, Part B, 4.5.9.
   */
  repeats(header: number, payload: Uint8Array): boolean {
    // Both sides count for themselves: without a direction only a fragment is so seldom the same that it tells.
    if (!this.#directed && ((header & 0b11) !== Llid.Continuation || payload.length === 0)) return false;
    const sequenceAndLlid = 0b1011;
    const same =
      this.#header !== undefined &&
      ((this.#header ^ header) & sequenceAndLlid) === 0 &&
      equal(this.#payload, payload);
    this.#header = header;
    this.#payload = payload.slice();
    return same;
  }
}

interface Connection {
  encrypted: boolean;
  readonly att: AttConversation;
  readonly streams: Map<string, Stream>;
}

/** A PDU of the link layer with what stands around it. */
interface Pdu {
  readonly record: LinkLayerRecord;
  readonly header: number;
  readonly payload: Uint8Array;
}

/** Understands what a sniffer heard, in the order in which it was recorded. Vol 6, Part B, 2. */
export class LinkLayerDecoder {
  readonly #connections = new Map<number, Connection>();

  /** Octets in the result are those of the record, or of a PDU put together. */
  decode(record: LinkLayerRecord): DecodedPacket {
    const { number, timestampMicroseconds, direction, accessAddress, channel, rssi } = record;
    const onAir = accessAddress === undefined || accessAddress === advertisingAccessAddress;
    const link = onAir ? undefined : { accessAddress };
    return { number, timestampMicroseconds, direction, link, channel, rssi, layers: this.#layers(record) };
  }

  #layers(record: LinkLayerRecord): Layer[] {
    const pdu = pduIn(record);
    if (!("header" in pdu)) return [pdu];
    if (record.accessAddress !== advertisingAccessAddress) return this.#data(pdu, record.accessAddress ?? 0);
    const layer = advertisingLayer(pdu.header, pdu.payload, record.channel);
    const { accessAddress } = layer.fields;
    // A connection may get the access address of an earlier one.
    if (typeof accessAddress === "number") this.#connections.delete(accessAddress);
    return [layer];
  }

  /** Vol 6, Part B, 2.4. */
  #data(pdu: Pdu, accessAddress: number): Layer[] {
    const { header, payload, record } = pdu;
    const connection = this.#connection(accessAddress);
    const stream = streamOf(connection, record);
    const repeated = stream.repeats(header, payload);
    const llid = header & 0b11;
    const fields = {
      sequence: (header >> 3) & 1,
      nextExpectedSequence: (header >> 2) & 1,
      length: payload.length,
    };
    const base = { layer: "ll", kind: "data", opcode: llid, fields } as const;
    const note = repeated ? { note: "sent again" } : {};
    if (llid === Llid.Continuation && payload.length === 0) return [{ ...base, name: "LL empty PDU" }];
    // An encrypted PDU has an octet and its MIC at least; a shorter one was sent in clear.
    if (connection.encrypted && !record.decrypted && payload.length > micSize) {
      const name = llid === Llid.Control ? "LL Control PDU" : "LL Data PDU";
      return [{ ...base, name, fields: { ...fields, octets: payload }, note: "encrypted" }];
    }
    if (llid === Llid.Control) {
      const layer = controlLayer(payload);
      if (layer.opcode === startEncryptionRequest) connection.encrypted = true;
      return [{ ...layer, ...note }];
    }
    const data = { ...base, ...note, name: "LL Data PDU" };
    if (llid !== Llid.Start && llid !== Llid.Continuation)
      return [{ ...data, malformed: "LLID 0 is reserved" }];
    const layers = l2capIn(pdu, data, stream.collector, repeated);
    return layers.map((each) => connection.att.explain(each, record.direction));
  }

  #connection(accessAddress: number): Connection {
    let connection = this.#connections.get(accessAddress);
    if (!connection)
      this.#connections.set(
        accessAddress,
        (connection = { encrypted: false, att: new AttConversation(), streams: new Map() }),
      );
    return connection;
  }
}

/** Takes a packet apart, or tells why it cannot. Vol 6, Part B, 2.1. */
function pduIn(record: LinkLayerRecord): Pdu | Layer {
  const { packet, phy, crcValid, originalLength } = record;
  const layer = { layer: "ll", kind: "unknown", name: "LL packet" } as const;
  if (crcValid === false) return { ...withOctets(layer, packet), note: "the CRC is wrong" };
  const start = accessAddressSize + (phy === "coded" ? 1 : 0);
  const size = packet[start + 1] ?? 0;
  const end = start + headerSize + size;
  if (packet.length < end || packet.length < start + headerSize) {
    const cut = originalLength > packet.length;
    const note = `cut by the logger: ${packet.length} of ${originalLength} octets`;
    const malformed = `${packet.length} octets, announced ${end + crcSize}`;
    return { ...withOctets(layer, packet), ...(cut ? { note } : { malformed }) };
  }
  return { record, header: packet[start] ?? 0, payload: packet.subarray(start + headerSize, end) };
}

function streamOf({ streams }: Connection, { direction }: LinkLayerRecord): Stream {
  const key = direction ?? "";
  let stream = streams.get(key);
  if (!stream) streams.set(key, (stream = new Stream(direction !== undefined)));
  return stream;
}

/** A start or continuation of an L2CAP PDU. Vol 6, Part B, 2.4.1. */
function l2capIn(
  { header, payload, record }: Pdu,
  layer: Layer,
  collector: PduCollector,
  repeated: boolean,
): Layer[] {
  const starts = (header & 0b11) === Llid.Start;
  const whole =
    starts && payload.length >= basicHeaderSize && payload.length === basicHeaderSize + u16At(payload, 0);
  // Without a direction, it may be an answer in the middle of what is going the other way.
  if (whole && (repeated || record.direction === undefined)) return [layer, ...l2capLayers(payload)];
  if (repeated) return [layer];
  const { pdu, ...rest } = collector.push(!starts, payload);
  return pdu ? [{ ...layer, ...rest }, ...l2capLayers(pdu)] : [{ ...layer, ...rest }];
}
