import type { Codec } from "../common/codec.ts";
import * as pdu from "./pdu.ts";

/** Every SMP command, for decoders and tests. Vol 3, Part H, 3.3. */
export const codecs: readonly Codec<unknown>[] = [
  pdu.PairingRequest,
  pdu.PairingResponse,
  pdu.PairingConfirm,
  pdu.PairingRandom,
  pdu.PairingFailed,
  pdu.EncryptionInformation,
  pdu.CentralIdentification,
  pdu.IdentityInformation,
  pdu.IdentityAddressInformation,
  pdu.SigningInformation,
  pdu.SecurityRequest,
  pdu.PairingPublicKey,
  pdu.PairingDhKeyCheck,
  pdu.PairingKeypressNotification,
];

const byCode: ReadonlyMap<number, Codec<unknown>> = new Map(codecs.map((codec) => [codec.opcode, codec]));

/** The codec of the command with this code, `undefined` for a reserved one. Vol 3, Part H, 3.3. */
export function codecByCode(code: number): Codec<unknown> | undefined {
  return byCode.get(code);
}
