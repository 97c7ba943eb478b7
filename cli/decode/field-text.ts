import { Address } from "../../src/common/address.ts";
import { assignedName } from "../../src/common/assigned-names.ts";
import { toHex } from "../../src/common/bytes.ts";
import { Uuid } from "../../src/common/uuid.ts";
import { addressDigits, addressTypeName, isAddress } from "./addresses.ts";
import type { Fields, Layer } from "./decoded.ts";
import { numberText } from "./number-text.ts";

/** Octets shown of one value, where not all are. */
const mostOctets = 32;

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** The fields of a layer as people read them. */
export class FieldText {
  readonly #layer: Layer;
  readonly #full: boolean;

  /** @param full - Whether octets are shown to the last one. */
  constructor(layer: Layer, full: boolean) {
    this.#layer = layer;
    this.#full = full;
  }

  /** `name=value` for each field, a space between them. */
  text(): string {
    // The connection stands in front of the line already.
    const { connectionHandle, ...fields } = this.#layer.fields;
    return this.#fields(
      this.#layer.kind === "command" || connectionHandle === undefined ? this.#layer.fields : fields,
    );
  }

  #fields(fields: Fields): string {
    const parts: string[] = [];
    for (const [name, value] of Object.entries(fields)) {
      if (value === undefined || isSaidElsewhere(name, fields)) continue;
      parts.push(`${name}=${this.#value(name, value, fields)}`);
    }
    return parts.join(" ");
  }

  #value(name: string, value: unknown, fields: Fields): string {
    if (typeof value === "number") return this.#number(name, value, fields);
    if (typeof value === "string") return quoted(value);
    if (typeof value === "bigint") return `0x${value.toString(16)}`;
    if (value instanceof Uint8Array) return this.#octets(value);
    if (value instanceof Uuid) return uuidText(value);
    if (value instanceof Address) return value.toString();
    if (Array.isArray(value)) {
      return `[${(value as readonly unknown[]).map((each) => this.#value(name, each, {})).join(", ")}]`;
    }
    if (typeof value === "object" && value !== null) return `{${this.#fields(value as Fields)}}`;
    return String(value);
  }

  #number(name: string, value: number, fields: Fields): string {
    if (!isAddress(name)) return numberText(name, value, this.#layer);
    const type = fields[`${name}Type`];
    return typeof type === "number"
      ? `${addressDigits(value)}/${addressTypeName(type)}`
      : addressDigits(value);
  }

  /** Hex, and what it says where it is text. */
  #octets(octets: Uint8Array): string {
    if (octets.length === 0) return "(empty)";
    const shown = this.#full ? octets : octets.subarray(0, mostOctets);
    const left = octets.length - shown.length;
    const hex = `${toHex(shown)}${left > 0 ? `… (${octets.length} octets)` : ""}`;
    const text = printable(shown);
    return text === undefined ? hex : `${hex} ${quoted(left > 0 ? `${text}…` : text)}`;
  }
}

/** The type of an address stands behind the address, advertising data and declarations are told by what they say. */
function isSaidElsewhere(name: string, fields: Fields): boolean {
  if (name === "value") return fields["declares"] !== undefined;
  if (name.endsWith("AddressType") || name === "addressType") return fields[name.slice(0, -4)] !== undefined;
  const carrier = name === "data" || name === "advertisingData" || name === "scanResponseData";
  const said = fields["advertising"];
  return carrier && typeof said === "object" && said !== null && Object.keys(said).length > 0;
}

function uuidText(uuid: Uuid): string {
  const name = assignedName(uuid);
  return name === undefined ? uuid.toString() : `${uuid.toString()} (${name})`;
}

/** Text of two characters or more, NULs at its end aside; by chance alone octets seldom are. */
function printable(octets: Uint8Array): string | undefined {
  let end = octets.length;
  while (end > 0 && octets[end - 1] === 0) end--;
  if (end < 2) return undefined;
  try {
    const text = utf8.decode(octets.subarray(0, end));
    return /^[\P{C}\n\r\t]+$/u.test(text) ? text : undefined;
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/** Text from the air in quotes, without what would steer the terminal: controls, and changes of direction. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
