import { type AssociationModel, associationModel } from "./association-model.ts";
import { isWeaker, type KeyStrength } from "./key-strength.ts";
import { PairingFailure } from "./pairing-failure.ts";
import type { DistributedKeys, PairingSettings } from "./pairing-user.ts";
import { AuthReq, IoCapability, KeyDistribution, type PairingFeatures } from "./pdu.ts";

/** Bounds of the encryption key, in octets. Vol 3, Part H, 2.3.4. */
const leastKeySize = 7;
const mostKeySize = 16;

/** The two bits of the bonding flags; 2 and 3 are reserved. Vol 3, Part H, 3.5.1. */
const bondingFlags = 0x03;

/** What there is for both sides to go by after Pairing Request and Pairing Response. Vol 3, Part H, 2.3. */
export interface Agreement {
  readonly model: AssociationModel;
  readonly secureConnections: boolean;
  /** Whether the model protects from a man in the middle. */
  readonly authenticated: boolean;
  /** Octets. */
  readonly keySize: number;
  readonly bonding: boolean;
  readonly keypress: boolean;
  /** Bits of {@link KeyDistribution}: what the initiator will hand out. */
  readonly initiatorKeys: number;
  /** Bits of {@link KeyDistribution}: what the responder will hand out. */
  readonly responderKeys: number;
  readonly request: PairingFeatures;
  readonly response: PairingFeatures;
}

/** The initiator's offer. Vol 3, Part H, 3.5.1. */
export function requestOf(settings: PairingSettings): PairingFeatures {
  const { bonding, distribute, accept } = settings;
  return {
    ...common(settings, offersSecureConnections(settings)),
    initiatorKeyDistribution: bonding ? keyBits(distribute) : 0,
    responderKeyDistribution: bonding ? keyBits(accept) : 0,
  };
}

/** The responder's answer to a request without fault. Vol 3, Part H, 3.5.2. */
export function responseTo(request: PairingFeatures, settings: PairingSettings): PairingFeatures {
  const { bonding, distribute, accept } = settings;
  const offered = settings.secureConnections !== "off";
  const both = offered && (request.authReq & AuthReq.SecureConnections) !== 0;
  const keys = bonding && bonds(request);
  return {
    ...common(settings, offered, both),
    initiatorKeyDistribution: keys ? request.initiatorKeyDistribution & keyBits(accept) : 0,
    responderKeyDistribution: keys ? request.responderKeyDistribution & keyBits(distribute) : 0,
  };
}

/** What is wrong with the features of a peer, if anything. Vol 3, Part H, 3.5.1. */
export function faultIn({
  ioCapability,
  oobDataFlag,
  maximumEncryptionKeySize,
}: PairingFeatures): PairingFailure | undefined {
  if (maximumEncryptionKeySize < leastKeySize) return PairingFailure.EncryptionKeySize;
  if (maximumEncryptionKeySize > mostKeySize) return PairingFailure.InvalidParameters;
  if (ioCapability > IoCapability.KeyboardDisplay || oobDataFlag > 1) return PairingFailure.InvalidParameters;
  return undefined;
}

/**
 * What follows of request and response, or why this side does not agree to it.
 *
 * @param settings - Of this side, whichever role it has.
 * @param atLeast - What the keys of this pairing have to be worth so as to take the place of those there are.
 */
export function agree(
  request: PairingFeatures,
  response: PairingFeatures,
  settings: PairingSettings,
  atLeast: KeyStrength | undefined,
): Agreement | PairingFailure {
  const flags = request.authReq & response.authReq;
  const secureConnections = (flags & AuthReq.SecureConnections) !== 0;
  const model = associationModel(request, response, secureConnections);
  const authenticated = model.method !== "justWorks";
  const keySize = Math.min(request.maximumEncryptionKeySize, response.maximumEncryptionKeySize);
  const strength = { secureConnections, authenticated, keySize };
  const bonding = bonds(request) && bonds(response);
  const refused = refusal(strength, settings, bonding ? atLeast : undefined);
  if (refused !== undefined) return refused;
  // The long term key of Secure Connections is not handed out, both have it; nor is a BR/EDR link key. 3.6.1.
  const legacyKey = secureConnections ? 0 : KeyDistribution.EncKey;
  const kinds = legacyKey | KeyDistribution.IdKey | KeyDistribution.SignKey;
  return {
    model,
    ...strength,
    bonding,
    keypress: secureConnections && (flags & AuthReq.Keypress) !== 0,
    initiatorKeys: request.initiatorKeyDistribution & response.initiatorKeyDistribution & kinds,
    responderKeys: request.responderKeyDistribution & response.responderKeyDistribution & kinds,
    request,
    response,
  };
}

/**
 * AuthReq for Security Request. Vol 3, Part H, 3.6.7.
 *
 * @param hasKey - Whether there is a key that does. Then nothing is asked for that is merely preferred: a central whose
 *   key does not have it pairs anew (2.4.6), on each link.
 */
export function authReqOf(settings: PairingSettings, hasKey: boolean): number {
  if (!hasKey) return authReq(settings, offersSecureConnections(settings));
  const { mitm, secureConnections } = settings;
  const needsSecure = secureConnections === "only" || secureConnections === "required";
  return authReq({ ...settings, mitm: mitm === "required" ? mitm : "no" }, needsSecure);
}

function refusal(
  strength: KeyStrength,
  settings: PairingSettings,
  atLeast: KeyStrength | undefined,
): PairingFailure | undefined {
  const only = settings.secureConnections === "only";
  const needsSecureConnections = only || settings.secureConnections === "required";
  const needsMitm = only || settings.mitm === "required";
  const leastSize = only ? mostKeySize : settings.minKeySize;
  if (needsSecureConnections && !strength.secureConnections) return PairingFailure.AuthenticationRequirements;
  if (needsMitm && !strength.authenticated) return PairingFailure.AuthenticationRequirements;
  if (strength.keySize < leastSize) return PairingFailure.EncryptionKeySize;
  if (!atLeast || !isWeaker(strength, atLeast)) return undefined;
  return strength.keySize < atLeast.keySize
    ? PairingFailure.EncryptionKeySize
    : PairingFailure.AuthenticationRequirements;
}

function common(
  settings: PairingSettings,
  offersSecure: boolean,
  isSecure = offersSecure,
): Pick<PairingFeatures, "ioCapability" | "oobDataFlag" | "authReq" | "maximumEncryptionKeySize"> {
  const { peerOob, ioCapability, maxKeySize } = settings;
  const oob = isSecure ? peerOob?.secureConnections : peerOob?.temporaryKey;
  return {
    ioCapability,
    oobDataFlag: oob ? 1 : 0,
    authReq: authReq(settings, offersSecure),
    maximumEncryptionKeySize: maxKeySize,
  };
}

/** Whoever gives a temporary key alone means LE legacy pairing: the flag can stand for one kind of data only. */
function offersSecureConnections({ secureConnections, peerOob }: PairingSettings): boolean {
  if (secureConnections === "off") return false;
  return (
    secureConnections !== "preferred" || !peerOob?.temporaryKey || peerOob.secureConnections !== undefined
  );
}

function authReq({ bonding, mitm, keypress, secureConnections }: PairingSettings, secure: boolean): number {
  return (
    (bonding ? AuthReq.Bonding : 0) |
    (mitm !== "no" || secureConnections === "only" ? AuthReq.Mitm : 0) |
    (secure ? AuthReq.SecureConnections : 0) |
    (secure && keypress ? AuthReq.Keypress : 0)
  );
}

function keyBits({ encryption, identity, signing }: DistributedKeys): number {
  return (
    (encryption ? KeyDistribution.EncKey : 0) |
    (identity ? KeyDistribution.IdKey : 0) |
    (signing ? KeyDistribution.SignKey : 0)
  );
}

function bonds(features: PairingFeatures): boolean {
  return (features.authReq & bondingFlags) === AuthReq.Bonding;
}
