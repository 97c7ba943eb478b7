import { hexNumber, u16At } from "../../src/common/bytes.ts";
import { MalformedPduError } from "../../src/common/errors.ts";
import { Ogf } from "../../src/hci/command.ts";
import { commandName } from "../../src/hci/commands/names.ts";
import { commandByOpcode } from "../../src/hci/commands/registry.ts";
import { leMetaEventCode } from "../../src/hci/event.ts";
import { CommandComplete } from "../../src/hci/events/flow.ts";
import { eventName } from "../../src/hci/events/names.ts";
import { eventByCode } from "../../src/hci/events/registry.ts";
import { PacketType } from "../../src/hci/packet.ts";
import { Status } from "../../src/hci/status.ts";
import type { HciRecord } from "../../transports/capture/index.ts";
import { AclDecoder } from "./acl-decoder.ts";
import { withAdvertisingData } from "./advertising.ts";
import { ConnectionTracker } from "./connection-tracker.ts";
import type { DecodedPacket, Fields, Layer } from "./decoded.ts";
import { withFields, withOctets } from "./fields.ts";

const vendorEventCode = 0xff;
const commandHeaderSize = 4;
const eventHeaderSize = 3;
const synchronousHeaderSize = 4;
const isoHeaderSize = 5;

/** Understands HCI packets in the order in which they were recorded. Vol 4, Part E, 5.4. */
export class HciDecoder {
  readonly #connections = new ConnectionTracker();
  readonly #acl = new AclDecoder();

  /** @returns Owns nothing: octets in it are those of the record. */
  decode(record: HciRecord): DecodedPacket {
    const { number, timestampMicroseconds, direction, packet } = record;
    const decoded = { number, timestampMicroseconds, direction };
    if (packet[0] === PacketType.AclData) {
      const { handle, layers } = this.#acl.decode(record);
      return { ...decoded, link: this.#link(record, handle), layers };
    }
    const layer = hciLayer(record);
    const handle = handleIn(layer.fields);
    const known = handle === undefined ? undefined : this.#link(record, handle);
    if (layer.kind === "event") this.#follow(record, layer);
    return { ...decoded, link: known, layers: [layer] };
  }

  #link({ controller }: HciRecord, handle: number | undefined): DecodedPacket["link"] {
    return handle === undefined ? undefined : { handle, peer: this.#connections.peer(controller, handle) };
  }

  #follow({ controller }: HciRecord, layer: Layer): void {
    const ended = this.#connections.follow(controller, layer);
    if (ended === "all") this.#acl.forget(controller);
    else if (ended !== undefined) this.#acl.forget(controller, ended);
  }
}

/** What is not data with PDUs of its own. */
function hciLayer(record: HciRecord): Layer {
  const { packet, originalLength } = record;
  const layer = typedLayer(packet);
  if (originalLength <= packet.length) return layer;
  return {
    ...layer,
    malformed: undefined,
    note: `cut by the logger: ${packet.length} of ${originalLength} octets`,
  };
}

function typedLayer(packet: Uint8Array): Layer {
  switch (packet[0]) {
    case PacketType.Command:
      return commandLayer(packet);
    case PacketType.Event:
      return eventLayer(packet);
    case PacketType.SynchronousData:
      return dataLayer(packet, "sco", "HCI Synchronous Data", synchronousHeaderSize);
    case PacketType.IsoData:
      return dataLayer(packet, "iso", "HCI ISO Data", isoHeaderSize);
    default:
      return withOctets({ layer: "hci", kind: "unknown", name: "HCI packet of unknown type" }, packet);
  }
}

/** Vol 4, Part E, 5.4.1. */
function commandLayer(packet: Uint8Array): Layer {
  if (packet.length < commandHeaderSize) return short("command", "HCI Command", packet);
  const opcode = u16At(packet, 1);
  const name = nameOfCommand(opcode);
  const layer = { layer: "hci", kind: "command", name, opcode } as const;
  const parameters = packet.subarray(commandHeaderSize);
  const definition = commandByOpcode(opcode);
  return withFields(layer, parameters, () => {
    checkLength(name, packet[3] ?? 0, parameters);
    if (definition) return withAdvertisingData(definition.parameters.decode(parameters));
    return parameters.length > 0 ? { octets: parameters } : {};
  });
}

/** Vol 4, Part E, 5.4.4. */
function eventLayer(packet: Uint8Array): Layer {
  if (packet.length < eventHeaderSize) return short("event", "HCI Event", packet);
  const opcode = packet[1] ?? 0;
  const subevent = opcode === leMetaEventCode ? packet[eventHeaderSize] : undefined;
  const name = nameOfEvent(opcode, subevent);
  const parameters = packet.subarray(eventHeaderSize);
  return withFields({ layer: "hci", kind: "event", name, opcode, subevent }, parameters, () => {
    checkLength(name, packet[2] ?? 0, parameters);
    if (opcode === CommandComplete.code) return commandCompleteFields(parameters);
    const definition = eventByCode(opcode, subevent);
    const start = subevent === undefined ? 0 : 1;
    if (definition) return withAdvertisingData(definition.parameters.decode(parameters, start));
    return parameters.length > start ? { octets: parameters.subarray(start) } : {};
  });
}

/** The answer to a command, its return parameters as the command defines them. Vol 4, Part E, 7.7.14. */
function commandCompleteFields(parameters: Uint8Array): Fields {
  const { returnParameters, ...fields } = CommandComplete.parameters.decode(parameters);
  const [status] = returnParameters;
  if (status === undefined) return fields;
  const returns = commandByOpcode(fields.commandOpcode)?.returns;
  if (!returns && commandName(fields.commandOpcode) === undefined)
    return { ...fields, octets: returnParameters };
  const octets = returnParameters.subarray(1);
  // Of a command that failed, controllers leave the rest out.
  if (returns && (status === Status.Success || octets.length > 0)) {
    return { ...fields, status, ...(returns.decode(returnParameters, 1) as object) };
  }
  return { ...fields, status, ...(octets.length > 0 ? { octets } : {}) };
}

function dataLayer(packet: Uint8Array, kind: "sco" | "iso", name: string, headerSize: number): Layer {
  if (packet.length < headerSize) return short(kind, name, packet);
  const fields = { connectionHandle: u16At(packet, 1) & 0x0fff, octets: packet.subarray(headerSize) };
  return { layer: "hci", kind, name, fields };
}

function short(kind: Layer["kind"], name: string, packet: Uint8Array): Layer {
  return {
    ...withOctets({ layer: "hci", kind, name }, packet),
    malformed: `${name}: shorter than its header`,
  };
}

function checkLength(name: string, announced: number, parameters: Uint8Array): void {
  if (announced === parameters.length) return;
  throw new MalformedPduError(
    name,
    `${parameters.length} octets of parameters, announced ${announced}`,
    parameters,
  );
}

function nameOfCommand(opcode: number): string {
  const name = commandName(opcode);
  if (name !== undefined) return name;
  return `${opcode >> 10 === Ogf.Vendor ? "Vendor" : "Unknown"} command 0x${hexNumber(opcode, 4)}`;
}

function nameOfEvent(code: number, subevent: number | undefined): string {
  if (code === vendorEventCode) return "Vendor event";
  const name = eventName(code, subevent);
  if (name !== undefined) return name;
  if (subevent !== undefined) return `Unknown LE event 0x${hexNumber(subevent, 2)}`;
  return `Unknown event 0x${hexNumber(code, 2)}`;
}

function handleIn({ connectionHandle }: Fields): number | undefined {
  return typeof connectionHandle === "number" ? connectionHandle : undefined;
}
