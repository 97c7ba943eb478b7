import { u16At } from "../../src/common/bytes.ts";
import { MalformedPduError } from "../../src/common/errors.ts";
import { aclHeaderSize, AclView } from "../../src/hci/acl-view.ts";
import { basicHeaderSize } from "../../src/l2cap/reassembler.ts";
import type { HciRecord } from "../../transports/capture/index.ts";
import { AttConversation } from "./att-conversation.ts";
import { keyOf } from "./connection-tracker.ts";
import type { Layer } from "./decoded.ts";
import { l2capLayers } from "./l2cap-layers.ts";
import { PduCollector } from "./pdu-collector.ts";

const acl = { layer: "hci", kind: "acl", name: "HCI ACL Data" } as const;

/** An ACL Data packet, and the PDU that ends in it. */
export interface DecodedAcl {
  /** `undefined` when the packet ends in front of it. */
  readonly handle: number | undefined;
  readonly layers: readonly Layer[];
}

/** What is remembered of a connection. */
interface Connection {
  /** By direction. */
  readonly collectors: Map<string | undefined, PduCollector>;
  readonly att: AttConversation;
}

/** Understands ACL Data packets, fragments and all, each connection and direction by itself. Vol 4, Part E, 5.4.2. */
export class AclDecoder {
  readonly #connections = new Map<string, Connection>();

  /** Octets in the result are those of the record, or of a PDU put together. */
  decode(record: HciRecord): DecodedAcl {
    if (record.originalLength > record.packet.length) return this.#cut(record);
    let view: AclView;
    try {
      view = AclView.over(record.packet);
    } catch (error) {
      if (!(error instanceof MalformedPduError)) throw error;
      const layer = { ...acl, fields: { octets: record.packet }, malformed: error.message };
      return { handle: undefined, layers: [layer] };
    }
    const { connectionHandle: handle, payload, packetBoundary } = view;
    const connection = this.#connection(record, handle);
    const { pdu, ...rest } = collectorOf(connection, record).push(view.continues, payload);
    const layer = {
      ...acl,
      fields: { connectionHandle: handle, packetBoundary, length: payload.length },
      ...rest,
    };
    const inside = pdu ? l2capLayers(pdu) : [];
    return {
      handle,
      layers: [layer, ...inside.map((each) => connection.att.explain(each, record.direction))],
    };
  }

  /** Forgets a connection that has ended, or all of a controller. */
  forget(controller: number | undefined, handle?: number): void {
    const ended = keyOf(controller, handle);
    for (const key of [...this.#connections.keys()]) {
      if (handle === undefined ? key.startsWith(ended) : key === ended) this.#connections.delete(key);
    }
  }

  /** A packet that the logger kept only the beginning of: what is there is shown, what is not is nobody's fault. */
  #cut(record: HciRecord): DecodedAcl {
    const { packet, originalLength } = record;
    const note = `cut by the logger: ${packet.length} of ${originalLength} octets`;
    if (packet.length < aclHeaderSize) return { handle: undefined, layers: [{ ...acl, fields: {}, note }] };
    const handle = u16At(packet, 1) & 0x0fff;
    collectorOf(this.#connection(record, handle), record).drop();
    const packetBoundary = ((packet[2] ?? 0) >> 4) & 0b11;
    const fields = { connectionHandle: handle, packetBoundary, length: u16At(packet, 3) };
    const layers: Layer[] = [{ ...acl, fields, note }];
    const payload = packet.subarray(aclHeaderSize);
    if (packetBoundary !== 1 && payload.length > basicHeaderSize) {
      for (const layer of l2capLayers(payload)) layers.push({ ...layer, malformed: undefined, note });
    }
    return { handle, layers };
  }

  #connection({ controller }: HciRecord, handle: number): Connection {
    const key = keyOf(controller, handle);
    let connection = this.#connections.get(key);
    if (!connection) {
      connection = { collectors: new Map(), att: new AttConversation() };
      this.#connections.set(key, connection);
    }
    return connection;
  }
}

function collectorOf({ collectors }: Connection, { direction }: HciRecord): PduCollector {
  let collector = collectors.get(direction);
  if (!collector) {
    collector = new PduCollector();
    collectors.set(direction, collector);
  }
  return collector;
}
