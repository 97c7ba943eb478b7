import { describe, expect, it } from "vitest";
import { Address } from "../../src/common/address.ts";
import { fromHex, reversed, toHex } from "../../src/common/bytes.ts";
import { SeededRandom } from "../../src/common/random.ts";
import { addressOctets, ah } from "../../src/smp/crypto.ts";
import { type PairingError, PairingTimeoutError } from "../../src/smp/error.ts";
import { PairingFailure } from "../../src/smp/pairing-failure.ts";
import type { PairingSettings } from "../../src/smp/pairing-user.ts";
import { Code, IoCapability, PairingFailed } from "../../src/smp/pdu.ts";
import { oobData } from "./arbitrary-pairing.ts";
import {
  allKeys,
  centralAddress,
  noKeys,
  peripheralAddress,
  plain,
  type SideOptions,
  TwoManagers,
  yesNo,
} from "./two-managers.ts";

const io = (ioCapability: number, more: Partial<PairingSettings> = {}): PairingSettings => ({
  ...plain,
  ioCapability,
  mitm: "required",
  ...more,
});
const { DisplayOnly, KeyboardOnly, KeyboardDisplay } = IoCapability;
const off = { secureConnections: "off" } as const;

/** Pairs two sides, of which the central begins. */
function pairUp(central: SideOptions, peripheral: SideOptions) {
  const pair = new TwoManagers({ central, peripheral });
  const box = pair.central.pair();
  return { pair, box };
}

const codesOf = (pair: TwoManagers): string[] =>
  pair.passed.map(({ from, pdu }) => `${from === "central" ? ">" : "<"}${toHex(pdu.subarray(0, 1))}`);

const legacyFlow = ">01 <02 >03 <03 >04 <04";
const secureFlow = ">01 <02 >0c <0c <03 >04 <04 >0d <0d";
const rounds = Array.from({ length: 20 }, () => ">03 <03 >04 <04").join(" ");

describe("pairing (Vol 3, Part H, 2.3.5)", () => {
  it.each([
    ["Just Works", { ...plain, ...off }, { ...plain, ...off }, "justWorks", legacyFlow],
    ["passkey, central shows", io(DisplayOnly, off), io(KeyboardOnly), "passkeyEntry", legacyFlow],
    ["passkey, peripheral shows", io(KeyboardOnly, off), io(DisplayOnly), "passkeyEntry", legacyFlow],
    ["passkey, both type", io(KeyboardOnly, off), io(KeyboardOnly), "passkeyEntry", legacyFlow],
    ["Secure Connections, Just Works", plain, plain, "justWorks", secureFlow],
    ["numeric comparison", yesNo, io(KeyboardDisplay), "numericComparison", secureFlow],
    [
      "Secure Connections, passkey, central shows",
      io(DisplayOnly),
      io(KeyboardDisplay),
      "passkeyEntry",
      `>01 <02 >0c <0c ${rounds} >0d <0d`,
    ],
    [
      "Secure Connections, passkey, peripheral shows",
      io(KeyboardOnly),
      yesNo,
      "passkeyEntry",
      `>01 <02 >0c <0c ${rounds} >0d <0d`,
    ],
    [
      "Secure Connections, passkey, both type",
      io(KeyboardOnly),
      io(KeyboardOnly),
      "passkeyEntry",
      `>01 <02 >0c <0c ${rounds} >0d <0d`,
    ],
  ] as const)(
    "%s: goes through the commands of its figure, whoever is slow",
    (_name, central, peripheral, method, flow) => {
      for (const slow of [[], ["central"], ["peripheral"], ["central", "peripheral"]]) {
        const { pair, box } = pairUp({ settings: central }, { settings: peripheral });
        for (const side of [pair.central, pair.peripheral]) {
          side.user.person = { slow: slow.includes(side.role) };
        }
        pair.settle();
        expect(box.outcome).toMatchObject({ method });
        const plainText = pair.passed.filter(({ encrypted }) => !encrypted).length;
        expect(codesOf(pair).slice(0, plainText).join(" ")).toBe(flow);
        const authenticated = method !== "justWorks";
        const secureConnections = central.secureConnections !== "off";
        const state = { encrypted: true, authenticated, secureConnections, keySize: 16, bonded: true };
        expect(pair.central.manager.state).toEqual(state);
        expect(pair.peripheral.manager.state).toEqual(state);
        expect(pair.clock.timers).toBe(0);
      }
    },
  );

  it.each([
    ["legacy", "out of band with the same temporary key", off],
    ["both", "out of band in both directions", {}],
    ["central", "out of band, where the central alone has read data", {}],
    ["peripheral", "out of band, where the peripheral alone has read data", {}],
  ] as const)("%s: %s is authenticated, without a person (2.3.5.6.4)", (who, _what, more) => {
    const data = oobData(who, 5);
    const settings = { ...plain, ...more };
    const { pair, box } = pairUp(
      { settings: { ...settings, ...data.central } },
      { settings: { ...settings, ...data.peripheral } },
    );
    pair.settle();
    expect(box.outcome).toMatchObject({ method: "outOfBand" });
    expect(pair.central.manager.state).toMatchObject({ authenticated: true });
    expect(pair.central.user.calls).toEqual(["ended"]);
  });

  it.each([
    ["the confirm value", PairingFailure.ConfirmValueFailed, { confirm: new Uint8Array(16) }],
    ["the random value", PairingFailure.ConfirmValueFailed, { random: new Uint8Array(16) }],
  ])("with data of someone else, wrong in %s, fails", (_what, reason, wrong) => {
    const data = oobData("central", 6);
    const told = { ...data.central.peerOob!.secureConnections!, ...wrong };
    const { pair, box } = pairUp(
      { settings: { ...plain, peerOob: { secureConnections: told } } },
      { settings: { ...plain, ...data.peripheral } },
    );
    pair.settle();
    expect(box.outcome).toMatchObject({ reason, by: "local" });
  });

  it("whose peer claims to have data that was never given fails with OOB Not Available", () => {
    const { pair } = pairUp({ settings: { ...plain, ...oobData("central", 7).central } }, {});
    pair.settle();
    expect(pair.peripheral.user.outcomes).toMatchObject([
      { reason: PairingFailure.OobNotAvailable, by: "local" },
    ]);
  });

  it.each(["success", "failure"] as const)(
    "uses up the data of this side, also for links that have them already: after %s (2.3.5.6.1)",
    (end) => {
      const data = oobData("central", 8);
      const peer = { settings: { ...plain, ...data.peripheral } };
      const one = pairUp({ settings: { ...plain, ...data.central, repairing: "allow" } }, peer);
      if (end === "failure") {
        for (let i = 0; i < 4; i++) if (!one.pair.step("central")) one.pair.step("peripheral");
        expect(one.pair.passed.map(({ pdu }) => pdu[0])).toContain(Code.PairingPublicKey);
        one.pair.inject("peripheral", PairingFailed.encode({ reason: PairingFailure.UnspecifiedReason }));
        one.pair.inject("central", PairingFailed.encode({ reason: PairingFailure.UnspecifiedReason }));
        one.pair.clock.advanceSync(5_000);
      }
      one.pair.settle();
      const again = one.pair.central.pair({ renew: true });
      one.pair.settle();
      expect(again.outcome).toMatchObject({ reason: PairingFailure.ConfirmValueFailed, by: "local" });
      expect((again.outcome as PairingError).message).toContain("host.oobData()");
      const { outcomes } = one.pair.peripheral.user;
      expect(outcomes.at(-1)).toMatchObject({ reason: PairingFailure.OobNotAvailable, by: "local" });
      expect((outcomes.at(-1) as PairingError).message).toContain("host.oobData()");
    },
  );

  it("leaves the data of this side for another pairing when the peer has not begun to use them", () => {
    const data = oobData("central", 9);
    const { pair, box } = pairUp(
      { settings: { ...plain, ...data.central, secureConnections: "off" } },
      { settings: { ...plain, ...data.peripheral, repairing: "allow" } },
    );
    pair.settle();
    expect(box.outcome).toMatchObject({ method: "justWorks" });
    pair.central.user.settingsGiven = { ...plain, ...data.central };
    const again = pair.central.pair({ renew: true });
    pair.settle();
    expect(again.outcome).toMatchObject({ method: "outOfBand" });
  });

  it("shows what has been typed at the other side, where both have agreed to tell (3.5.8)", () => {
    const { pair, box } = pairUp(
      { settings: io(DisplayOnly, { keypress: true }) },
      { settings: io(KeyboardOnly, { keypress: true }) },
    );
    pair.peripheral.user.person = { slow: true };
    while (pair.step("central") || pair.step("peripheral"));
    for (const type of [1, 1, 2, 3, 1, 1, 1, 1, 1, 1, 1] as const) pair.peripheral.user.entry!.keypress(type);
    pair.settle();
    const entered = [0, 1, 2, 1, 0, 1, 2, 3, 4, 5, 6];
    expect(pair.central.user.calls).toEqual([...entered.map((count) => `display ${count}`), "ended"]);
    expect(box.outcome).toMatchObject({ method: "passkeyEntry" });
    const types = pair.passed.filter(({ pdu }) => pdu[0] === Code.PairingKeypressNotification);
    expect(types.map(({ pdu }) => pdu[1])).toEqual([0, 1, 1, 2, 3, 1, 1, 1, 1, 1, 1, 1, 4]);
    pair.peripheral.user.entry!.keypress(1);
    expect(pair.peripheral.outgoing).toEqual([]);
  });

  it("tells nothing of what is typed where one side has not agreed", () => {
    const { pair, box } = pairUp(
      { settings: io(DisplayOnly) },
      { settings: io(KeyboardOnly, { keypress: true }) },
    );
    pair.settle();
    pair.peripheral.user.entry!.keypress(1);
    expect(codesOf(pair)).not.toContain("<0e");
    expect(box.outcome).toMatchObject({ method: "passkeyEntry" });
  });

  it("takes a passkey of six digits only: RangeError", () => {
    const { pair } = pairUp({ settings: io(KeyboardOnly) }, { settings: io(DisplayOnly) });
    pair.central.user.person = { slow: true };
    while (pair.step("central") || pair.step("peripheral"));
    for (const passkey of [-1, 1_000_000, 1.5, Number.NaN]) {
      expect(() => pair.central.user.entry!.answer(passkey)).toThrow(/passkey: 0 to 999999/);
    }
    pair.settle();
    expect(pair.encrypted).toBe(true);
  });

  it("shows passkeys with leading zeros as they are, and a fixed one if it is told to", () => {
    for (const passkey of [0, 7, 999_999]) {
      const { pair, box } = pairUp(
        { settings: io(DisplayOnly, { passkey }) },
        { settings: io(KeyboardOnly) },
      );
      pair.settle();
      expect(pair.central.user.lastPasskey).toBe(passkey);
      expect(box.outcome).toMatchObject({ method: "passkeyEntry" });
    }
  });
});

describe("what a user refuses", () => {
  it.each([
    [
      "a passkey",
      io(DisplayOnly),
      io(KeyboardOnly),
      { typesPasskey: () => undefined },
      PairingFailure.PasskeyEntryFailed,
    ],
    [
      "another number",
      yesNo,
      yesNo,
      { comparesNumbers: () => false },
      PairingFailure.NumericComparisonFailed,
    ],
    [
      "a pairing without authentication",
      plain,
      { ...plain, authorizeJustWorks: true },
      { authorizes: () => false },
      PairingFailure.UnspecifiedReason,
    ],
  ] as const)(
    "%s: fails with the reason for it, on both sides",
    (_what, central, peripheral, person, reason) => {
      const { pair, box } = pairUp({ settings: central }, { settings: peripheral });
      pair.peripheral.user.person = person;
      pair.settle();
      expect(pair.peripheral.user.outcomes).toMatchObject([{ reason, by: "local" }]);
      expect(box.outcome).toMatchObject({ reason, by: "peer" });
      expect(pair.encrypted).toBe(false);
    },
  );

  it("counts once: a second answer to the same question changes nothing", () => {
    const numbers = pairUp({ settings: yesNo }, { settings: yesNo });
    numbers.pair.central.user.confirmNumber = (_number, answer) => {
      for (const same of [true, false, true]) answer(same);
    };
    const passkey = pairUp({ settings: io(DisplayOnly, { passkey: 42 }) }, { settings: io(KeyboardOnly) });
    passkey.pair.peripheral.user.requestPasskey = (entry) => {
      for (const typed of [42, 43, undefined]) entry.answer(typed);
    };
    for (const { pair, box } of [numbers, passkey]) {
      pair.settle();
      expect(box.outcome).toMatchObject({ method: expect.any(String) as string });
    }
  });

  it("asks before Just Works only if the peer wants it", () => {
    const settings = { ...plain, authorizeJustWorks: true };
    const { pair } = pairUp({ settings }, { settings });
    pair.settle();
    expect(pair.central.user.calls).toEqual(["ended"]);
    expect(pair.peripheral.user.calls).toEqual(["authorize justWorks", "ended"]);
  });
});

describe("what the two sides cannot agree on", () => {
  it.each([
    ["authentication", { ...plain, mitm: "required" }, plain],
    ["LE Secure Connections", { ...plain, secureConnections: "required" }, { ...plain, ...off }],
    ["Secure Connections Only Mode, for Just Works", { ...plain, secureConnections: "only" }, plain],
    [
      "Secure Connections Only Mode, for legacy",
      { ...yesNo, secureConnections: "only" },
      { ...yesNo, ...off },
    ],
  ] as const)(
    "%s: fails with Authentication Requirements, whichever side demands it",
    (_what, one, other) => {
      for (const [central, peripheral] of [
        [one, other],
        [other, one],
      ] as const) {
        const { pair, box } = pairUp({ settings: central }, { settings: peripheral });
        pair.settle();
        expect(box.outcome).toMatchObject({ reason: PairingFailure.AuthenticationRequirements });
        expect(codesOf(pair).filter((code) => code !== "<05" && code !== ">05").length).toBeLessThanOrEqual(
          2,
        );
      }
    },
  );

  it("Secure Connections Only Mode wants keys of 16 octets (Vol 3, Part C, 10.2.4)", () => {
    const { pair, box } = pairUp(
      { settings: { ...yesNo, secureConnections: "only" } },
      { settings: { ...yesNo, maxKeySize: 15 } },
    );
    pair.settle();
    expect(box.outcome).toMatchObject({ reason: PairingFailure.EncryptionKeySize });
  });
});

describe("distribution of keys (2.4.3, 3.6.1)", () => {
  const kinds = [
    noKeys,
    { ...noKeys, encryption: true },
    { ...noKeys, identity: true },
    { ...noKeys, signing: true },
    allKeys,
  ];
  const commands = (secure: boolean, d: typeof allKeys, a: typeof allKeys): string =>
    [
      d.encryption && a.encryption && !secure ? "06 07" : "",
      d.identity && a.identity ? "08 09" : "",
      d.signing && a.signing ? "0a" : "",
    ]
      .filter(Boolean)
      .join(" ");

  it.each([
    ["LE Secure Connections", plain],
    ["LE legacy pairing", { ...plain, ...off }],
  ])(
    "hands out what was agreed on, the responder first, in the specified order, on an encrypted link: %s",
    (_n, base) => {
      for (const distribute of kinds) {
        for (const accept of kinds) {
          const { pair, box } = pairUp(
            { settings: { ...base, distribute } },
            { settings: { ...base, accept } },
          );
          pair.settle();
          expect(box.outcome).toMatchObject({ method: "justWorks" });
          const keys = pair.passed.filter(({ encrypted }) => encrypted);
          const of = (from: string): string =>
            keys
              .flatMap((passed) => (passed.from === from ? [toHex(passed.pdu.subarray(0, 1))] : []))
              .join(" ");
          const secure = base.secureConnections !== "off";
          expect(of("central")).toBe(commands(secure, distribute, accept));
          expect(of("peripheral")).toBe(commands(secure, allKeys, allKeys));
          const last = keys.findLastIndex(({ from }) => from === "peripheral");
          const first = keys.findIndex(({ from }) => from === "central");
          if (first >= 0) expect(last).toBeLessThan(first);
          expect(pair.passed.every(({ pdu, encrypted }) => encrypted || pdu[0]! < 6 || pdu[0]! > 0x0a)).toBe(
            true,
          );
        }
      }
    },
  );

  it("without bonding on either side hands out and keeps nothing", () => {
    for (const [central, peripheral] of [
      [false, true],
      [true, false],
    ]) {
      const { pair, box } = pairUp(
        { settings: { ...plain, bonding: central! } },
        { settings: { ...plain, bonding: peripheral! } },
      );
      pair.settle();
      expect(box.outcome).toEqual({ bond: undefined, method: "justWorks" });
      expect(pair.passed.some(({ encrypted }) => encrypted)).toBe(false);
      expect(pair.central.keys.saves + pair.peripheral.keys.saves).toBe(0);
      expect(pair.central.manager.state).toMatchObject({ encrypted: true, bonded: false });
    }
  });

  it("keeps what the peer has told, and knows it by its private address later", () => {
    const { pair } = pairUp({}, {});
    pair.settle();
    const { irk } = pair.peripheral.keys.own;
    const bond = pair.central.manager.bond!;
    expect(bond).toMatchObject({ identity: peripheralAddress, irk });
    const prand = fromHex("7a0102");
    const value = Number.parseInt(toHex(Uint8Array.of(...prand, ...ah(irk, prand))), 16);
    expect(pair.central.keys.find(new Address("random", value))).toBe(bond);
    expect(toHex(addressOctets(centralAddress))).toBe("000a00000001");
  });

  it("of a peer that tells no identity and uses a private address keeps nothing: it could not be found again", () => {
    const settings = { ...plain, distribute: { ...allKeys, identity: false } };
    const { pair } = pairUp({ settings, address: Address.parse("7A:00:00:00:00:01/random") }, {});
    pair.settle();
    expect(pair.peripheral.keys.bonds.size).toBe(0);
    expect(pair.peripheral.manager.state).toMatchObject({ encrypted: true, bonded: false });
    expect(pair.central.keys.bonds.size).toBe(1);
  });

  it("of an IRK of zeros, which stands for none, keeps none", () => {
    const { pair } = pairUp({}, {});
    pair.peripheral.keys.own.irk.fill(0);
    pair.settle();
    expect(pair.central.manager.bond!.irk).toBeUndefined();
  });

  it("of a known peer that this time tells no identity leaves that as it was", () => {
    const { pair } = pairUp({}, {});
    pair.settle();
    pair.peripheral.user.settingsGiven = { ...plain, distribute: noKeys };
    const box = pair.central.pair({ renew: true });
    pair.settle();
    expect(box.outcome).toMatchObject({
      bond: { identity: peripheralAddress, irk: pair.peripheral.keys.own.irk },
    });
    expect(pair.central.keys.bonds.size).toBe(1);
  });
});

describe("Security Manager Timer (3.4)", () => {
  it("ends a pairing 30 s after the last command, and with it all pairing on the link", () => {
    const { pair, box } = pairUp({ settings: yesNo }, { settings: yesNo });
    pair.peripheral.user.person = { slow: true };
    while (pair.step("central") || pair.step("peripheral"));
    pair.clock.advanceSync(29_999);
    expect(box).not.toHaveProperty("outcome");
    pair.clock.advanceSync(1);
    expect(box.outcome).toBeInstanceOf(PairingTimeoutError);
    expect(pair.peripheral.user.outcomes[0]).toBeInstanceOf(PairingTimeoutError);
    pair.peripheral.user.answerAll();
    pair.inject("peripheral", fromHex("01030001100707"));
    expect([...pair.central.outgoing, ...pair.peripheral.outgoing]).toEqual([]);
    const again = pair.central.pair();
    expect(again.outcome).toBeInstanceOf(Error);
    pair.clock.advanceSync(10_000);
    expect(pair.central.pair().outcome).toBeInstanceOf(PairingTimeoutError);
    expect(pair.clock.timers).toBe(0);
  });

  it("begins anew with each command that this side sends", () => {
    const { pair, box } = pairUp({ settings: yesNo }, { settings: yesNo });
    for (let i = 0; i < 40; i++) {
      pair.clock.advanceSync(4_000);
      if (!pair.step("central") && !pair.step("peripheral")) break;
    }
    expect(box.outcome).toMatchObject({ method: "numericComparison" });
  });

  it("runs for Security Request too, and while a responder's user is asked", () => {
    const pair = new TwoManagers({ peripheral: { settings: { ...plain, authorizeJustWorks: true } } });
    const box = pair.peripheral.pair();
    pair.peripheral.outgoing.length = 0;
    pair.clock.advanceSync(30_000);
    expect(box.outcome).toBeInstanceOf(PairingTimeoutError);
    const other = new TwoManagers({ peripheral: { settings: { ...plain, authorizeJustWorks: true } } });
    other.peripheral.user.person = { slow: true };
    other.central.pair();
    other.step("central");
    other.clock.advanceSync(30_000);
    expect(other.peripheral.user.outcomes[0]).toBeInstanceOf(PairingTimeoutError);
  });

  it("gives up a link on which the keys do not come, as nothing may rest on such a pairing", () => {
    const { pair, box } = pairUp({}, {});
    while (!pair.encrypted) if (!pair.step("central")) pair.step("peripheral");
    pair.peripheral.outgoing.length = 0;
    pair.clock.advanceSync(30_000);
    expect(box.outcome).toBeInstanceOf(PairingTimeoutError);
    expect(pair.central.disconnected).toBe(0x05);
    expect(pair.central.keys.bonds.size).toBe(0);
  });
});

describe("random values", () => {
  it("come from the generator that the host was given, so that a run can be repeated", () => {
    const run = (): string[] => {
      const { pair } = pairUp({ random: new SeededRandom(1) }, { random: new SeededRandom(2) });
      pair.settle();
      return pair.passed.map(({ pdu }) => toHex(reversed(pdu)));
    };
    expect(run()).toEqual(run());
  });
});
