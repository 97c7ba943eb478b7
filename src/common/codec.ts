import { hexNumber } from "./bytes.ts";
import { MalformedPduError } from "./errors.ts";
import { type Fields, struct } from "./struct.ts";

/** One PDU of a protocol whose PDUs begin with an octet that tells them apart: ATT and SMP. Both directions. */
export interface Codec<T> {
  /** Name in the specification, such as `ATT_READ_REQ`. */
  readonly name: string;
  /** The first octet of the PDU; SMP calls it the code. */
  readonly opcode: number;
  /**
   * Reads a whole PDU, opcode first. Octet strings in the result are *borrowed* views of it.
   *
   * @throws {@link MalformedPduError} The opcode is another's, octets are missing, or there are too many.
   */
  decode(pdu: Uint8Array): T;
  /**
   * Writes a whole PDU, opcode first.
   *
   * @returns A buffer of its own that the caller *owns*.
   * @throws {@link RangeError} A value does not fit its field.
   */
  encode(value: T): Uint8Array;
}

/** A PDU whose parameters follow its opcode one after the other. */
export function pdu<T extends object>(name: string, opcode: number, fields: Fields<T>): Codec<T> {
  const parameters = struct(name, fields, "refuse");
  const head = Uint8Array.of(opcode);
  return {
    name,
    opcode,
    decode(octets) {
      if (octets[0] !== opcode) {
        throw new MalformedPduError(name, `does not begin with opcode 0x${hexNumber(opcode, 2)}`, octets);
      }
      return parameters.decode(octets, 1);
    },
    encode: (value) => parameters.encode(value, head),
  };
}
