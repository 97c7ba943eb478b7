import type fc from "fast-check";
import { type Mutation, mutationsOf } from "./mutation.ts";
import type { Values } from "./values.ts";

/** Where a PDU belongs. */
export type Protocol =
  "ATT" | "SMP" | "L2CAP signaling" | "HCI command" | "HCI return parameters" | "HCI event";

/** What this package knows of one kind of PDU: how to read and write it, and what to try codecs and peers with. */
export interface PduCodec<T = unknown> {
  readonly protocol: Protocol;
  /** Name in the specification, such as `ATT_READ_REQ`. */
  readonly name: string;
  /** Opcode, code, event code; of an LE Meta event the subevent code. */
  readonly code: number;
  /**
   * Reads a whole PDU with its header: of HCI with the packet-type octet, of signalling with code and identifier.
   *
   * @throws {@link MalformedPduError} It is no such PDU.
   */
  decode(octets: Uint8Array): T;
  /**
   * Writes a whole PDU.
   *
   * @throws {@link RangeError} A value does not fit its field.
   */
  encode(value: T): Uint8Array;
  /** Values that the specification allows. */
  readonly valid: fc.Arbitrary<T>;
  /** Values that fit their fields: also what is reserved or forbidden, which decodes all the same. */
  readonly encodable: fc.Arbitrary<T>;
  /** PDUs that the specification allows. */
  readonly octets: fc.Arbitrary<Uint8Array>;
  /** PDUs that are nearly right. */
  readonly mutations: fc.Arbitrary<Mutation>;
}

/** How a PDU begins: where mutations find what to falsify. */
export interface PduHeader {
  /** Where the octet is that says which PDU it is. */
  readonly codeAt: number;
  /** Where the octet is, the first of them, that says how long the PDU is; `undefined` for none. */
  readonly lengthAt: number | undefined;
}

/** What a {@link PduCodec} is made of. */
export interface PduDefinition {
  readonly protocol: Protocol;
  readonly name: string;
  readonly code: number;
  readonly header: PduHeader;
  decode(octets: Uint8Array): unknown;
  encode(value: unknown): Uint8Array;
  /** Called once, when somebody wants values. */
  values(): Values;
}

/** A codec whose values are made when they are first wanted. */
export function pduCodec(definition: PduDefinition): PduCodec {
  const { protocol, name, code, header } = definition;
  let made: Values | undefined;
  const values = (): Values => (made ??= definition.values());
  const encode = (value: unknown): Uint8Array => definition.encode(value);
  return {
    protocol,
    name,
    code,
    decode: (octets) => definition.decode(octets),
    encode,
    get valid() {
      return values().valid;
    },
    get encodable() {
      return values().encodable;
    },
    get octets() {
      return values().valid.map(encode);
    },
    get mutations() {
      return mutationsOf(values().valid.map(encode), values().encodable.map(encode), header);
    },
  };
}
