import { Opcode, pduKind } from "../../src/att/opcode.ts";
import { Uuid } from "../../src/common/uuid.ts";
import type { DecodedPacket, Fields, Layer } from "./decoded.ts";

/** The way a PDU went. */
export type PduDirection = NonNullable<DecodedPacket["direction"]>;

/** The way of an answer, by the way of what it answers. */
export const opposite: Readonly<Record<PduDirection, PduDirection>> = {
  hostToController: "controllerToHost",
  controllerToHost: "hostToController",
  centralToPeripheral: "peripheralToCentral",
  peripheralToCentral: "centralToPeripheral",
};

/** Their errors are about the start of a range, not about an attribute. Vol 3, Part F, 3.4.1.1. */
const searches: ReadonlySet<unknown> = new Set([
  Opcode.FindInformationRequest,
  Opcode.FindByTypeValueRequest,
  Opcode.ReadByTypeRequest,
  Opcode.ReadByGroupTypeRequest,
]);

/** The types of the attributes of both servers of a connection, as far as their answers have told them. */
export class AttributeTypes {
  /** By the way that the PDUs of the server go. */
  readonly #servers = new Map<PduDirection, Map<number, Uuid>>();

  /** Takes note of what a server has said of its attributes: entries of a kind that all have handles. */
  learn(direction: PduDirection, entries: unknown, type?: Uuid): void {
    if (!Array.isArray(entries)) return;
    for (const { handle, uuid, declares } of entries as readonly Fields[]) {
      this.#learn(direction, handle, type ?? uuid);
      const { valueHandle, uuid: valueType } = (declares ?? {}) as Fields;
      this.#learn(direction, valueHandle, valueType);
    }
  }

  /** Adds the type to a PDU about one attribute, beside the handle. */
  name(layer: Layer, direction: PduDirection): Layer {
    const { opcode, fields } = layer;
    const { handle, ...others } = fields;
    if (opcode === undefined || typeof handle !== "number" || searches.has(fields["requestOpcode"]))
      return layer;
    const kind = pduKind(opcode);
    const fromClient = kind === "request" || kind === "command" || kind === "confirmation";
    const type = this.#servers.get(fromClient ? opposite[direction] : direction)?.get(handle);
    if (!type) return layer;
    // An error begins with what it answers, everything else with the handle.
    const { requestOpcode, ...rest } = others;
    return {
      ...layer,
      fields: { ...(requestOpcode === undefined ? {} : { requestOpcode }), handle, type, ...rest },
    };
  }

  #learn(direction: PduDirection, handle: unknown, type: unknown): void {
    if (typeof handle !== "number" || !(type instanceof Uuid)) return;
    const types = this.#servers.get(direction) ?? new Map<number, Uuid>();
    this.#servers.set(direction, types.set(handle, type));
  }
}
