import type { Codec } from "../common/codec.ts";
import * as pdu from "./pdu.ts";
import * as serverInitiated from "./pdu-server-initiated.ts";
import * as write from "./pdu-write.ts";

/** Every ATT PDU, for those who take PDUs of any kind apart: decoders and tests. Vol 3, Part F, 3.4.8. */
export const codecs: readonly Codec<unknown>[] = [
  pdu.ErrorResponse,
  pdu.ExchangeMtuRequest,
  pdu.ExchangeMtuResponse,
  pdu.FindInformationRequest,
  pdu.FindInformationResponse,
  pdu.FindByTypeValueRequest,
  pdu.FindByTypeValueResponse,
  pdu.ReadByTypeRequest,
  pdu.ReadByTypeResponse,
  pdu.ReadRequest,
  pdu.ReadResponse,
  pdu.ReadBlobRequest,
  pdu.ReadBlobResponse,
  pdu.ReadMultipleRequest,
  pdu.ReadMultipleResponse,
  pdu.ReadByGroupTypeRequest,
  pdu.ReadByGroupTypeResponse,
  pdu.ReadMultipleVariableRequest,
  pdu.ReadMultipleVariableResponse,
  write.WriteRequest,
  write.WriteResponse,
  write.WriteCommand,
  write.SignedWriteCommand,
  write.PrepareWriteRequest,
  write.PrepareWriteResponse,
  write.ExecuteWriteRequest,
  write.ExecuteWriteResponse,
  serverInitiated.HandleValueNotification,
  serverInitiated.HandleValueIndication,
  serverInitiated.HandleValueConfirmation,
  serverInitiated.MultipleHandleValueNotification,
];

const byOpcode: ReadonlyMap<number, Codec<unknown>> = new Map(codecs.map((codec) => [codec.opcode, codec]));

/** The codec of the PDU with this opcode, `undefined` for an opcode the specification does not define. */
export function codecByOpcode(opcode: number): Codec<unknown> | undefined {
  return byOpcode.get(opcode);
}
