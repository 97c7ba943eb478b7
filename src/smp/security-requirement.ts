import type { SecurityRequirement } from "../common/security.ts";
import type { PairingSettings } from "./pairing-user.ts";
import { AuthReq } from "./pdu.ts";

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

/** The settings, made stricter so that the pairing meets a requirement or fails. */
export function strengthened(settings: PairingSettings, requirement: SecurityRequirement): PairingSettings {
  const { mitm, secureConnections, minKeySize } = settings;
  const mustBeSecure = requirement.secureConnections && secureConnections !== "only";
  return {
    ...settings,
    mitm: requirement.authenticated ? "required" : mitm,
    secureConnections: mustBeSecure ? "required" : secureConnections,
    minKeySize: Math.max(minKeySize, requirement.keySize ?? 0),
  };
}

/** The settings with protection from a man in the middle if both sides can: a Security Request has asked for it. */
export function withMitm(settings: PairingSettings): PairingSettings {
  return { ...settings, mitm: settings.mitm === "required" ? "required" : "preferred" };
}
