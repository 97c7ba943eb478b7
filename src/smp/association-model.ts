import { AuthReq, IoCapability, type PairingFeatures } from "./pdu.ts";

/** Who shows the passkey: the other one types it; or both type what a person has thought of. Vol 3, Part H, 2.3.5.1. */
export type PasskeyDisplay = "initiator" | "responder" | "neither";

/** How the two sides of a pairing authenticate each other. Vol 3, Part H, 2.3.5.1. */
export type AssociationModel =
  | { readonly method: "justWorks" }
  | { readonly method: "numericComparison" }
  | { readonly method: "outOfBand" }
  | { readonly method: "passkeyEntry"; readonly display: PasskeyDisplay };

/** A cell of Table 2.8; two where LE Secure Connections differs: [legacy, Secure Connections]. */
type Cell = "JW" | "I" | "R" | "both" | readonly ["JW" | "I" | "R", "NC"];

/**
 * Mapping of IO capabilities to a method: a row for each capability of the responder, in it the initiator's from
 * DisplayOnly to KeyboardDisplay. `I` and `R` tell who displays the passkey. Vol 3, Part H, 2.3.5.1, Table 2.8.
 */
const table: Readonly<Record<number, readonly Cell[]>> = {
  [IoCapability.DisplayOnly]: ["JW", "JW", "R", "JW", "R"],
  [IoCapability.DisplayYesNo]: ["JW", ["JW", "NC"], "R", "JW", ["R", "NC"]],
  [IoCapability.KeyboardOnly]: ["I", "I", "both", "JW", "I"],
  [IoCapability.NoInputNoOutput]: ["JW", "JW", "JW", "JW", "JW"],
  [IoCapability.KeyboardDisplay]: ["I", ["I", "NC"], "R", "JW", ["I", "NC"]],
};

const models: Readonly<Record<"JW" | "NC" | "I" | "R" | "both", AssociationModel>> = {
  JW: { method: "justWorks" },
  NC: { method: "numericComparison" },
  I: { method: "passkeyEntry", display: "initiator" },
  R: { method: "passkeyEntry", display: "responder" },
  both: { method: "passkeyEntry", display: "neither" },
};

/**
 * The method that what both sides have said leads to. Vol 3, Part H, 2.3.5.1, Tables 2.6 to 2.8.
 *
 * @param secureConnections - Whether both sides have LE Secure Connections.
 */
export function associationModel(
  request: PairingFeatures,
  response: PairingFeatures,
  secureConnections: boolean,
): AssociationModel {
  const oob = [request, response].filter(({ oobDataFlag }) => oobDataFlag !== 0).length;
  // Legacy needs the same secret on both sides; Secure Connections can do with the data of one.
  if (oob === 2 || (secureConnections && oob === 1)) return { method: "outOfBand" };
  if (((request.authReq | response.authReq) & AuthReq.Mitm) === 0) return models.JW;
  const cell = table[response.ioCapability]?.[request.ioCapability] ?? "JW";
  return models[typeof cell === "string" ? cell : cell[secureConnections ? 1 : 0]];
}
