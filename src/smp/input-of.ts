import type { Codec } from "../common/codec.ts";
import * as pdu from "./pdu.ts";
import type { Input } from "./phase.ts";

const readers: ReadonlyMap<number, (sdu: Uint8Array) => Input> = new Map([
  reader(pdu.PairingResponse, (features) => ({ type: "features", features })),
  reader(pdu.PairingConfirm, ({ value }) => ({ type: "confirm", value })),
  reader(pdu.PairingRandom, ({ value }) => ({ type: "random", value })),
  reader(pdu.PairingPublicKey, (key) => ({ type: "publicKey", key })),
  reader(pdu.PairingDhKeyCheck, ({ value }) => ({ type: "dhKeyCheck", value })),
  reader(pdu.PairingKeypressNotification, ({ type: keypress }) => ({ type: "keypress", keypress })),
  reader(pdu.EncryptionInformation, ({ ltk }) => ({ type: "ltk", key: ltk })),
  reader(pdu.CentralIdentification, ({ ediv, rand }) => ({ type: "identification", ediv, rand })),
  reader(pdu.IdentityInformation, ({ irk }) => ({ type: "irk", key: irk })),
  reader(pdu.IdentityAddressInformation, (address) => ({ type: "identityAddress", ...address })),
  reader(pdu.SigningInformation, ({ csrk }) => ({ type: "csrk", key: csrk })),
]);

/**
 * What a command means to the pairing that it belongs to.
 *
 * @returns `undefined` for a command that begins or ends a pairing, and for a reserved code.
 * @throws {@link MalformedPduError} It has another length than the code says.
 */
export function inputOf(sdu: Uint8Array): Input | undefined {
  return readers.get(sdu[0] ?? 0)?.(sdu);
}

function reader<T>(
  codec: Codec<T>,
  input: (value: T) => Input,
): readonly [code: number, read: (sdu: Uint8Array) => Input] {
  return [codec.opcode, (sdu) => input(codec.decode(sdu))];
}
