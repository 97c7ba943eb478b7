/** Pairing with ble-host, in both roles. */
import bleHost from "ble-host";
import { tell } from "./program.js";

const { AssociationModels, HciErrors, IOCapabilities, SmpErrors } = bleHost;

function features({ capability = "NO_INPUT_NO_OUTPUT", mitm = false, bond = true }) {
  return { ioCap: IOCapabilities[capability], bondingFlags: bond ? 1 : 0, mitm };
}

/** @param current - Gives the connection that pairs. */
export function pairingVerbs(current) {
  let answer;
  return {
    /** Gets ready to pair: how, and to tell what happens. */
    expectPairing(how) {
      const { smp } = current();
      for (const event of [
        "pairingRequest",
        "passkeyExchange",
        "pairingComplete",
        "pairingFail",
        "encrypt",
      ]) {
        smp.removeAllListeners(event);
      }
      smp.on("pairingRequest", (_request, callback) => callback(features(how)));
      smp.on("passkeyExchange", (model, passkey, callback) => {
        answer = callback;
        tell("passkey", { model: AssociationModels.toString(model), passkey });
      });
      smp.on("pairingComplete", ({ sc, mitm, bond }) => tell("paired", { sc, mitm, bond }));
      smp.on("pairingFail", (reason, remote) =>
        tell("pairingFailed", { reason: SmpErrors.toString(reason), remote }),
      );
      smp.on("encrypt", (status) => tell("encrypted", HciErrors.toString(status)));
    },
    /** As central. */
    pair: (how) => current().smp.sendPairingRequest(features(how)),
    /** As peripheral. */
    requestSecurity: ({ mitm }) => current().smp.sendSecurityRequest(true, mitm, true, false),
    /** What the person says: a passkey that was typed, or nothing when the numbers are the same. */
    answer: ({ passkey }) => answer(passkey),
    refuse: () => current().smp.sendPairingFailed(SmpErrors.NUMERIC_COMPARISON_FAILED),
    /** As central: with the key of a bond. */
    encrypt: () => current().smp.startEncryption(),
    security() {
      const { isBonded, hasLtk, currentEncryptionLevel: level } = current().smp;
      return { isBonded, hasLtk, level };
    },
  };
}
