import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PairingSettings } from "../../src/smp/pairing-user.ts";
import { AuthReq, IoCapability, PairingRequest } from "../../src/smp/pdu.ts";
import {
  FixedCid,
  legacyPairingConversations,
  noKeyInClear,
  pairingConversations,
} from "../../testing/index.ts";
import { plain, TwoManagers, yesNo } from "../smp/two-managers.ts";

interface Said {
  readonly from: string;
  readonly pdu: Uint8Array;
  readonly encrypted: boolean;
}

/** Who says which command, in clear or not: what pairings of one kind have in common. */
const shape = (pdus: readonly Said[]): string[] =>
  pdus.map(
    ({ from, pdu, encrypted }) => `${from} ${pdu[0]} of ${pdu.length}${encrypted ? ", encrypted" : ""}`,
  );

const display: PairingSettings = { ...plain, ioCapability: IoCapability.DisplayOnly, mitm: "required" };
const keyboard: PairingSettings = { ...display, ioCapability: IoCapability.KeyboardOnly };

describe("pairing conversations and the Security Manager", () => {
  it.each([
    ["Just Works", plain, plain],
    ["numeric comparison", yesNo, yesNo],
    ["passkey entry", display, keyboard],
  ])("say the same in the same order with %s", (_, central, peripheral) => {
    const managers = new TwoManagers({
      central: { settings: central },
      peripheral: { settings: peripheral },
    });
    managers.central.pair();
    managers.settle();
    const real = managers.passed;
    const { ioCapability } = central;
    const [made] = fc.sample(
      pairingConversations.filter(({ pdus }) => {
        const request = PairingRequest.decode(pdus[0]!.pdu);
        const everyKey = request.initiatorKeyDistribution === 6 && request.responderKeyDistribution === 6;
        return everyKey && request.ioCapability === ioCapability;
      }),
      1,
    );
    expect(shape(real)).toEqual(shape(made!.pdus));
  });

  it.each([
    ["Just Works", 0, { ...plain, secureConnections: "off" as const }, plain],
    ["passkey entry", AuthReq.Mitm, { ...display, secureConnections: "off" as const }, keyboard],
  ])("say the same in the same order in LE legacy pairing with %s", (_, mitm, central, peripheral) => {
    const managers = new TwoManagers({
      central: { settings: central },
      peripheral: { settings: peripheral },
    });
    managers.central.pair();
    managers.settle();
    const [made] = fc.sample(
      legacyPairingConversations.filter(({ pdus }) => {
        const request = PairingRequest.decode(pdus[0]!.pdu);
        const everyKey = request.initiatorKeyDistribution === 7 && request.responderKeyDistribution === 7;
        return everyKey && (request.authReq & AuthReq.Mitm) === mitm && request.oobDataFlag === 0;
      }),
      1,
    );
    expect(shape(managers.passed)).toEqual(shape(made!.pdus));
  });

  it.each([
    ["Just Works", plain, plain],
    ["numeric comparison", yesNo, yesNo],
    ["passkey entry", display, keyboard],
  ])("show no key in clear with %s", (_, central, peripheral) => {
    const managers = new TwoManagers({
      central: { settings: central },
      peripheral: { settings: peripheral },
    });
    managers.central.pair();
    managers.settle();
    const bonds = [managers.central, managers.peripheral].flatMap(({ keys }) => [...keys.bonds.values()]);
    expect(bonds).toHaveLength(2);
    const keys = bonds.flatMap(({ irk, centralKey, peripheralKey, localSigning, peerSigning }) => [
      irk,
      ...[centralKey, peripheralKey, localSigning, peerSigning].map((each) => each?.key),
    ]);
    const secret = keys.filter((key) => key !== undefined);
    expect(secret.length).toBeGreaterThan(4);
    const pdus = managers.passed.map((said) => ({ ...said, cid: FixedCid.Smp }));
    noKeyInClear(pdus, secret);
    expect(() =>
      noKeyInClear(
        pdus.map((pdu) => ({ ...pdu, encrypted: false })),
        secret,
      ),
    ).toThrow("noKeyInClear");
  });
});
