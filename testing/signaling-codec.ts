import fc from "fast-check";
import { hexNumber } from "../src/common/bytes.ts";
import { MalformedPduError } from "../src/common/errors.ts";
import { decodeSignaling, encodeSignaling, type SignalingCommand } from "../src/l2cap/signaling-pdu.ts";
import { parameterValues } from "./parameter-values.ts";
import { pduCodec, type PduCodec } from "./pdu-codec.ts";
import { signalingKnowledge } from "./signaling-values.ts";
import type { Values } from "./values.ts";

/** A whole signalling command. Vol 3, Part A, 4. */
export interface SignalingPdu {
  /** 0x01 to 0xff; matches a response to its request. */
  readonly identifier: number;
  /** What follows the header. */
  readonly parameters: unknown;
}

/** A signalling command with its header. Vol 3, Part A, 4. */
export function signalingCodec(command: SignalingCommand<unknown>): PduCodec {
  return pduCodec({
    protocol: "L2CAP signaling",
    name: command.name,
    code: command.code,
    header: { codeAt: 0, lengthAt: 2 },
    decode(octets): SignalingPdu {
      const { code, identifier, data } = decodeSignaling(octets);
      if (code !== command.code) {
        throw new MalformedPduError(command.name, `the code is 0x${hexNumber(code, 2)}`, octets);
      }
      return { identifier, parameters: command.decode(data) };
    },
    encode(value) {
      const { identifier, parameters } = value as SignalingPdu;
      return encodeSignaling(command.code, identifier, command.encode(parameters));
    },
    values() {
      const values = parameterValues(command.name, (octets) => command.decode(octets), signalingKnowledge);
      return {
        valid: withIdentifier(values.valid, 1),
        encodable: withIdentifier(values.encodable, 0),
      };
    },
  });
}

function withIdentifier(parameters: Values["valid"], least: number): Values["valid"] {
  return fc.record(
    { identifier: fc.integer({ min: least, max: 0xff }), parameters },
    { noNullPrototype: true },
  );
}
