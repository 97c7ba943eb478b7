import type { Address } from "../common/address.ts";
import { reversed } from "../common/bytes.ts";
import type { Random } from "../common/random.ts";
import { dhKeyCheck, keysOf } from "./dhkey-check.ts";
import type { Agreement } from "./feature-exchange.ts";
import { legacyAuthentication } from "./legacy-authentication.ts";
import { numericComparison } from "./numeric-comparison.ts";
import { outOfBand } from "./out-of-band.ts";
import { generateKeyPair } from "./p256.ts";
import type { LocalOobData, PairingSettings } from "./pairing-user.ts";
import { passkeyEntry, passkeyRounds } from "./passkey-entry.ts";
import { PairingRequest, PairingResponse } from "./pdu.ts";
import { type PasskeySource, type Role } from "./phase.ts";
import type { PhaseRunner } from "./phase-runner.ts";
import { publicKeyExchange } from "./public-key-exchange.ts";
import type { Stage1Keys, Stage1Result } from "./stage1.ts";

/** What phase 2 of a pairing goes by. */
export interface AuthenticationParts {
  readonly role: Role;
  readonly agreement: Agreement;
  readonly settings: PairingSettings;
  readonly random: Random;
  /** The addresses that the link was made with. */
  readonly initiator: Address;
  readonly responder: Address;
  /** Takes a secret that is to be wiped when the pairing ends, however it does. */
  readonly secret: (octets: Uint8Array) => void;
  /** Whether data that was given out of band serves this pairing, and from now on no other. */
  readonly takeOob: (data: LocalOobData) => boolean;
}

/** Calls with the key of the agreed kind, 16 octets, not yet masked: STK or LTK. */
type Then = (key: Uint8Array) => void;

/** Phase 2 of either kind of pairing: the two sides authenticate each other and find a key. Vol 3, Part H, 2.3.5. */
export function authenticate(runner: PhaseRunner, parts: AuthenticationParts, then: Then): void {
  if (parts.agreement.secureConnections) exchangePublicKeys(runner, parts, then);
  else authenticateLegacy(runner, parts, then);
}

function authenticateLegacy(runner: PhaseRunner, parts: AuthenticationParts, then: Then): void {
  const { role, agreement, random, initiator, responder } = parts;
  const { request, response } = agreement;
  const context = {
    preq: reversed(PairingRequest.encode(request)),
    pres: reversed(PairingResponse.encode(response)),
    initiator,
    responder,
  };
  const fixed = { role, context, random: random.bytes(16), secret: legacySecret(parts) };
  runner.enter(legacyAuthentication, fixed, ({ stk }) => {
    then(stk);
  });
}

function legacySecret(parts: AuthenticationParts): { type: "key"; tk: Uint8Array } | PasskeySource {
  const { agreement, settings, secret } = parts;
  if (agreement.model.method === "passkeyEntry") return passkeySource(parts);
  const given = agreement.model.method === "outOfBand" ? settings.peerOob?.temporaryKey : undefined;
  const tk = given ? Uint8Array.from(given) : new Uint8Array(16);
  secret(tk);
  return { type: "key", tk };
}

function exchangePublicKeys(runner: PhaseRunner, parts: AuthenticationParts, then: Then): void {
  const { role, agreement, settings, random, secret } = parts;
  // Out of band the confirm value stands for a certain key; else nobody may ever see one twice.
  const given = oobGiven(parts);
  const own = given?.keyPair ?? generateKeyPair(random);
  const fixed = { role, keyPair: own, allowDebugKey: settings.allowDebugKey ?? false };
  runner.enter(publicKeyExchange, fixed, ({ peerKey, dhKey }) => {
    secret(dhKey);
    const keys = { role, own: own.publicKey.x, peer: peerKey.x };
    authenticateStage1(runner, parts, keys, given?.random, (stage1) => {
      const { initiator, responder } = parts;
      const { macKey, ltk } = keysOf(dhKey, stage1, initiator, responder);
      secret(macKey);
      secret(ltk);
      const { request, response } = agreement;
      const check = { role, macKey, ltk, stage1, request, response, initiator, responder };
      runner.enter(dhKeyCheck, check, (result) => {
        then(result.ltk);
      });
    });
  });
}

function authenticateStage1(
  runner: PhaseRunner,
  parts: AuthenticationParts,
  keys: Stage1Keys,
  oobRandom: Uint8Array | undefined,
  then: (result: Stage1Result) => void,
): void {
  const { agreement, settings, random } = parts;
  switch (agreement.model.method) {
    case "justWorks":
    case "numericComparison": {
      const compare = agreement.model.method === "numericComparison";
      runner.enter(numericComparison, { ...keys, nonce: random.bytes(16), compare }, then);
      return;
    }
    case "passkeyEntry": {
      const nonces = Array.from({ length: passkeyRounds }, () => random.bytes(16));
      const { keypress } = agreement;
      runner.enter(passkeyEntry, { ...keys, secret: passkeySource(parts), nonces, keypress }, then);
      return;
    }
    case "outOfBand": {
      const fixed = {
        ...keys,
        nonce: random.bytes(16),
        peerOob: settings.peerOob?.secureConnections,
        peerHasOurs: peerHasOurs(parts),
        random: oobRandom,
      };
      runner.enter(outOfBand, fixed, then);
      return;
    }
  }
}

/** A new passkey for each pairing: of one that serves again each failed attempt has told a bit. Vol 3, Part H, 2.3.5.6.3. */
function passkeySource({ role, agreement, settings, random }: AuthenticationParts): PasskeySource {
  const { model } = agreement;
  if (model.method !== "passkeyEntry" || model.display !== role) return { type: "typed" };
  if (settings.passkey === "asked") return { type: "chosen" };
  return { type: "shown", passkey: settings.passkey ?? random.below(1_000_000) };
}

/** What this side has given the peer out of band, if that has not served before. */
function oobGiven(parts: AuthenticationParts): LocalOobData | undefined {
  const { localOob } = parts.settings;
  return localOob && peerHasOurs(parts) && parts.takeOob(localOob) ? localOob : undefined;
}

/** Whether the peer says that it has got this side's data out of band. */
function peerHasOurs({ role, agreement }: AuthenticationParts): boolean {
  const { request, response, model } = agreement;
  if (model.method !== "outOfBand") return false;
  return (role === "initiator" ? response : request).oobDataFlag !== 0;
}
