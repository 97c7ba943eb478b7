import { MalformedPduError } from "../common/errors.ts";
import { rest, struct, u8 } from "../common/struct.ts";
import type { ValueCodec } from "../gatt/value-codec.ts";

/** What a client asks of a sensor by writing to its control point. */
export interface ControlPointRequest {
  readonly type: "request";
  readonly opcode: number;
  /** Laid out as the operation has it; may be empty. */
  readonly parameter: Uint8Array;
}

/** What the sensor answers by indicating its control point. */
export interface ControlPointResponse {
  readonly type: "response";
  /** The opcode of the request. */
  readonly request: number;
  /** One of {@link ControlPointResult}. */
  readonly result: number;
  /** Laid out as the operation has it; may be empty. */
  readonly parameter: Uint8Array;
}

/** What goes back and forth over a control point. */
export type ControlPointMessage = ControlPointRequest | ControlPointResponse;

/** What became of a request, the same for speed and for power. */
export const ControlPointResult = {
  Success: 1,
  OpcodeNotSupported: 2,
  InvalidParameter: 3,
  OperationFailed: 4,
} as const;

const request = { opcode: u8, parameter: rest };
const response = { opcode: u8, request: u8, result: u8, parameter: rest };

/** The messages of a control point whose responses have an opcode of their own. */
export function controlPoint(name: string, responseOpcode: number): ValueCodec<ControlPointMessage> {
  const requests = struct<{ opcode: number; parameter: Uint8Array }>(name, request, "refuse");
  const responses = struct<{ opcode: number; request: number; result: number; parameter: Uint8Array }>(
    name,
    response,
    "refuse",
  );
  return {
    encode: (message) =>
      message.type === "response"
        ? responses.encode({ ...message, opcode: responseOpcode })
        : requests.encode(message),
    decode(octets) {
      if (octets.length === 0) throw new MalformedPduError(name, "no opcode", octets);
      if (octets[0] !== responseOpcode) return { type: "request", ...requests.decode(octets) };
      const { request, result, parameter } = responses.decode(octets);
      return { type: "response", request, result, parameter };
    },
  };
}
