import { Opcode } from "../../src/att/opcode.ts";
import { MalformedPduError } from "../../src/common/errors.ts";
import { Uuid } from "../../src/common/uuid.ts";
import {
  decodeCharacteristicDeclaration,
  decodeIncludeDeclaration,
  GattType,
  propertyList,
} from "../../src/gatt/declaration.ts";
import { AttributeTypes, opposite, type PduDirection } from "./attribute-types.ts";
import type { Fields, Layer } from "./decoded.ts";

/** Attribute types whose values GATT lays out, and how. Vol 3, Part G, 3.1 to 3.3. */
const declarations: ReadonlyMap<string, (value: Uint8Array) => Fields> = new Map([
  [GattType.PrimaryService.key, serviceDeclaration],
  [GattType.SecondaryService.key, serviceDeclaration],
  [GattType.Include.key, (value: Uint8Array) => ({ ...decodeIncludeDeclaration(value) })],
  [
    GattType.Characteristic.key,
    (value: Uint8Array) => {
      const { properties, ...declaration } = decodeCharacteristicDeclaration(value);
      return { properties: propertyList(properties), ...declaration };
    },
  ],
]);

const answers: Readonly<Record<number, number>> = {
  [Opcode.ReadByTypeRequest]: Opcode.ReadByTypeResponse,
  [Opcode.ReadByGroupTypeRequest]: Opcode.ReadByGroupTypeResponse,
};

/** The ATT requests of a connection and the responses to them: which type was asked for tells what a value means. */
export class AttConversation {
  /** What either side waits for, by the direction in which it asked: the opcode of the response, and the type. */
  readonly #asked = new Map<PduDirection | undefined, { readonly answer: number; readonly type: Uuid }>();
  readonly #types = new AttributeTypes();

  /**
   * Adds to a response what the declarations in it say, and to a handle the type of its attribute where a response
   * before has told it; takes note of a request.
   */
  explain(layer: Layer, direction: PduDirection | undefined): Layer {
    if (layer.layer !== "att") return layer;
    const { opcode, fields } = layer;
    if (direction && opcode === Opcode.FindInformationResponse)
      this.#types.learn(direction, fields["entries"]);
    const explained = this.#declarations(layer, direction);
    return direction ? this.#types.name(explained, direction) : explained;
  }

  #declarations(layer: Layer, direction: PduDirection | undefined): Layer {
    const { opcode, fields } = layer;
    if (opcode === undefined) return layer;
    const answer = answers[opcode];
    if (answer !== undefined && fields["type"] instanceof Uuid) {
      this.#asked.set(direction, { answer, type: fields["type"] });
      return layer;
    }
    const request = direction && opposite[direction];
    const asked = this.#asked.get(request);
    if (asked?.answer !== opcode) return layer;
    // An answer whose request was not heard is not to be taken for the answer to this one.
    this.#asked.delete(request);
    const decode = declarations.get(asked.type.key);
    const { entries } = fields;
    if (!Array.isArray(entries)) return layer;
    const explained = decode
      ? (entries as readonly Fields[]).map((entry) => declared(entry, decode))
      : (entries as readonly Fields[]);
    if (direction) this.#types.learn(direction, explained, asked.type);
    return { ...layer, fields: { entries: explained } };
  }
}

function declared(entry: Fields, decode: (value: Uint8Array) => Fields): Fields {
  const { value } = entry;
  if (!(value instanceof Uint8Array)) return entry;
  try {
    return { ...entry, declares: decode(value) };
  } catch (error) {
    // The value is the server's own matter; the PDU that brings it is as it should be.
    if (error instanceof MalformedPduError) return entry;
    throw error;
  }
}

function serviceDeclaration(value: Uint8Array): Fields {
  return { uuid: Uuid.fromAir(value) };
}
