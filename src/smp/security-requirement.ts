import type { SecurityRequirement } from "../common/security.ts";
import { PairingError } from "./error.ts";
import { PairingFailure } from "./pairing-failure.ts";
import type { PairingSettings } from "./pairing-user.ts";
import { AuthReq, IoCapability } from "./pdu.ts";

/** What a link has to be like for pairing with these settings to have been of use. */
export function requirementOf(settings: PairingSettings): SecurityRequirement {
  const { mitm, secureConnections, minKeySize } = settings;
  const only = secureConnections === "only";
  return {
    encrypted: true,
    authenticated: only || mitm === "required",
    secureConnections: only || secureConnections === "required",
    keySize: only ? 16 : minKeySize,
  };
}

/** What a Security Request asks for. Vol 3, Part H, 2.4.6. */
export function requestedSecurity(authReq: number): SecurityRequirement {
  const authenticated = (authReq & AuthReq.Mitm) !== 0;
  // Alone the bit says what the peripheral can do; with protection from a man in the middle it asks for level 4.
  return {
    encrypted: true,
    authenticated,
    secureConnections: authenticated && (authReq & AuthReq.SecureConnections) !== 0,
  };
}

/** What of a Security Request a pairing with these settings could give: for the rest none has to be tried. */
export function withinReach(
  requirement: SecurityRequirement,
  settings: PairingSettings,
): SecurityRequirement {
  const { ioCapability, peerOob, localOob, secureConnections } = settings;
  const isMute = ioCapability === IoCapability.NoInputNoOutput && !peerOob && !localOob;
  if (isMute) return { ...requirement, authenticated: false, secureConnections: false };
  return secureConnections === "off" ? { ...requirement, secureConnections: false } : requirement;
}

/** Why no pairing with these settings can meet a requirement, `undefined` where one can. */
export function hindrance(
  settings: PairingSettings,
  requirement: SecurityRequirement,
): PairingError | undefined {
  const { secureConnections, maxKeySize } = settings;
  if (requirement.secureConnections && secureConnections === "off") {
    const detail = "LE Secure Connections are needed, and off here";
    return new PairingError(PairingFailure.AuthenticationRequirements, "local", detail);
  }
  if ((requirement.keySize ?? 0) <= maxKeySize) return undefined;
  const detail = `a longer key than ${maxKeySize} octets is needed, and not allowed here`;
  return new PairingError(PairingFailure.EncryptionKeySize, "local", detail);
}

/**
 * The settings, made stricter so that the pairing meets a requirement or fails. LE Secure Connections that are off stay
 * off, whoever asks: {@link hindrance} tells.
 */
export function strengthened(settings: PairingSettings, requirement: SecurityRequirement): PairingSettings {
  const { mitm, secureConnections, minKeySize } = settings;
  const isOpen = secureConnections === "preferred";
  return {
    ...settings,
    mitm: requirement.authenticated ? "required" : mitm,
    secureConnections: isOpen && requirement.secureConnections ? "required" : secureConnections,
    minKeySize: Math.max(minKeySize, requirement.keySize ?? 0),
  };
}

/** The settings as far as the host lets a single pairing differ from what it asks of all. Vol 3, Part C, 10.2.4. */
export function atLeast(settings: PairingSettings, least: SecurityRequirement): PairingSettings {
  const isOff = settings.secureConnections === "off" && least.secureConnections;
  return strengthened(isOff ? { ...settings, secureConnections: "required" } : settings, least);
}

/** The settings with protection from a man in the middle if both sides can: a Security Request has asked for it. */
export function withMitm(settings: PairingSettings): PairingSettings {
  return { ...settings, mitm: settings.mitm === "required" ? "required" : "preferred" };
}
