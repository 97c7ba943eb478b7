import { fromHex } from "../../src/common/bytes.ts";
import { SetEventMaskPage2 } from "../../src/hci/commands/controller-baseband.ts";
import {
  LeEnableEncryption,
  LeLongTermKeyRequestReply,
  type LeEnableEncryptionParameters,
} from "../../src/hci/commands/le-encryption.ts";
import { LeLongTermKeyRequest } from "../../src/hci/events/le-security.ts";
import { EncryptionChange } from "../../src/hci/events/link.ts";
import type { RawPair } from "./raw-pair.ts";

/** The long term key of the sample data, least significant octet first. Vol 6, Part C, 1. */
export const sampleKey: Uint8Array = fromHex("bf01fb9d4ef3bc36d874f5394138684c");

/** Another one. */
export const otherKey: Uint8Array = Uint8Array.from(sampleKey, (octet, at) =>
  at === 15 ? octet ^ 1 : octet,
);

/** Encryption with {@link sampleKey} as LE Secure Connections has it. */
export const start: Omit<LeEnableEncryptionParameters, "connectionHandle"> = {
  randomNumber: new Uint8Array(8),
  encryptedDiversifier: 0,
  longTermKey: sampleKey,
};

/** The handles of a connection. */
export interface Handles {
  readonly a: number;
  readonly b: number;
}

/** `a` encrypts and the host of `b` answers with `key`: both have time for it. */
export function exchangeKeys(pair: RawPair, handles: Handles, key: Uint8Array = sampleKey): void {
  pair.a.host.ask(LeEnableEncryption, { connectionHandle: handles.a, ...start });
  pair.clock.advanceSync(500);
  pair.b.host.takeOne(LeLongTermKeyRequest);
  pair.b.host.ask(LeLongTermKeyRequestReply, { connectionHandle: handles.b, longTermKey: key });
  pair.clock.advanceSync(500);
}

/** A connection that is encrypted, and nothing left to take of how it came so. */
export function connectEncrypted(pair: RawPair): Handles {
  for (const { host } of [pair.a, pair.b]) host.ask(SetEventMaskPage2, { eventMaskPage2: 1n << 23n });
  const handles = pair.connect();
  exchangeKeys(pair, handles);
  for (const { host } of [pair.a, pair.b]) host.takeOne(EncryptionChange);
  return handles;
}
