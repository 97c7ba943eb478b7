import { describe, expect, it } from "vitest";
import { Address } from "../../src/common/address.ts";
import { fromHex, toHex } from "../../src/common/bytes.ts";
import { VirtualClock } from "../../src/common/clock.ts";
import { SeededRandom } from "../../src/common/random.ts";
import type { Bond, LongTermKey } from "../../src/smp/bond.ts";
import { EncryptionError, PairingError } from "../../src/smp/error.ts";
import { generateKeyPair, keyPairOf, type PublicKey } from "../../src/smp/p256.ts";
import { PairingFailure } from "../../src/smp/pairing-failure.ts";
import type { PairingSettings } from "../../src/smp/pairing-user.ts";
import { AuthReq, Code, IoCapability, PairingFailed, PairingPublicKey } from "../../src/smp/pdu.ts";
import { RepeatedAttempts } from "../../src/smp/repeated-attempts.ts";
import type { EncryptionKey } from "../../src/smp/security-link.ts";
import {
  centralAddress,
  MemoryKeys,
  peripheralAddress,
  plain,
  type SideOptions,
  TwoManagers,
  yesNo,
} from "./two-managers.ts";

type Role = "central" | "peripheral";
const roles: readonly Role[] = ["central", "peripheral"];
const otherOf = (role: Role): Role => (role === "central" ? "peripheral" : "central");

const display: PairingSettings = { ...plain, ioCapability: IoCapability.DisplayOnly, mitm: "required" };
const keyboard: PairingSettings = { ...plain, ioCapability: IoCapability.KeyboardOnly, mitm: "required" };
const legacy: PairingSettings = { ...plain, secureConnections: "off" };
const legacyDisplay: PairingSettings = { ...display, secureConnections: "off" };

/** Lets `count` things arrive, or answers where nothing does; false when there were not so many. */
function play(pair: TwoManagers, count: number): boolean {
  for (let i = 0; i < count; i++) {
    if (pair.step("central") || pair.step("peripheral")) continue;
    if (pair.central.user.answerAll() + pair.peripheral.user.answerAll() === 0) return false;
  }
  return true;
}

/** Two managers that have paired, and let go of each other. */
function bonded(
  central: PairingSettings = plain,
  peripheral: PairingSettings = plain,
): { readonly central: MemoryKeys; readonly peripheral: MemoryKeys } {
  const pair = new TwoManagers({ central: { settings: central }, peripheral: { settings: peripheral } });
  pair.central.pair();
  pair.settle().close();
  expect(pair.central.keys.bonds.size + pair.peripheral.keys.bonds.size).toBe(2);
  return { central: pair.central.keys, peripheral: pair.peripheral.keys };
}

const only = (keys: MemoryKeys): Bond => [...keys.bonds.values()][0]!;

const failed = (reason: PairingFailure): string => toHex(PairingFailed.encode({ reason }));

/** What a side has answered to something that was injected. */
function answerOf(pair: TwoManagers, role: Role): string[] {
  return pair[role].outgoing.splice(0).flatMap((item) => ("pdu" in item ? [toHex(item.pdu)] : []));
}

describe("public key of the peer", () => {
  const x = "20b003d2f297be2c5e2c83a7e9f9a5b9eff49111acf4fddbcc0301480e359de6";
  const y = "dc809c49652aeb6d63329abf5a52155c766345c28fed3024741c8ed01589d28b";
  const bad: readonly [string, string, string][] = [
    ["with Y = 0, the classic of CVE-2018-5383", x, "00".repeat(32)],
    ["with X = Y = 0", "00".repeat(32), "00".repeat(32)],
    ["with one bit wrong", x, `${y.slice(0, -1)}a`],
    ["with X and Y swapped", y, x],
    ["with coordinates above the prime", "ff".repeat(32), "ff".repeat(32)],
    ["with X equal to the prime", `ffffffff00000001${"00".repeat(12)}${"ff".repeat(12)}`, y],
  ];

  /** Puts another public key in place of the one that `from` sends. */
  function exchange(
    from: Role,
    key: (own: PublicKey) => PublicKey,
    settings: PairingSettings = plain,
  ): { readonly pair: TwoManagers; readonly answers: string[] } {
    const pair = new TwoManagers({ central: { settings }, peripheral: { settings } });
    pair.central.pair();
    play(pair, from === "central" ? 2 : 3);
    const sender = pair[from].outgoing.shift();
    if (!sender || !("pdu" in sender) || sender.pdu[0] !== Code.PairingPublicKey) throw new Error("no key");
    const own = from === "central" ? sender.pdu : pair.passed.at(-1)!.pdu;
    pair.inject(otherOf(from), PairingPublicKey.encode(key(PairingPublicKey.decode(own))));
    return { pair, answers: answerOf(pair, otherOf(from)) };
  }

  describe.each(roles)("from the %s", (from) => {
    it.each(bad)("is refused %s (CVE-2018-5383)", (_name, badX, badY) => {
      const { answers, pair } = exchange(from, () => ({ x: fromHex(badX), y: fromHex(badY) }));
      expect(answers).toEqual([failed(PairingFailure.InvalidParameters)]);
      expect(pair[otherOf(from)].user.outcomes).toMatchObject([{ reason: 0x0a, by: "local" }]);
      expect(pair.clock.timers).toBe(1); // the deceived one still waits
    });

    it("is refused if it is the debug key (2.3.5.6.1)", () => {
      const debug = { x: fromHex(x), y: fromHex(y) };
      expect(exchange(from, () => debug).answers).toEqual([failed(PairingFailure.InvalidParameters)]);
      const { answers } = exchange(from, () => debug, { ...plain, allowDebugKey: true });
      expect(answers[0]?.slice(0, 2)).not.toBe("05");
    });
  });

  it.each([
    ["as it is", (own: PublicKey) => own],
    ["with Y negated", (own: PublicKey) => ({ x: own.x, y: negated(own.y) })],
  ])("is refused if it is our own, reflected %s (CVE-2020-26558)", (_name, reflect) => {
    const { answers } = exchange("peripheral", reflect, keyboard);
    expect(answers).toEqual([failed(PairingFailure.InvalidParameters)]);
  });

  function negated(y: Uint8Array): Uint8Array {
    const prime = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;
    return fromHex((prime - BigInt(`0x${toHex(y)}`)).toString(16).padStart(64, "0"));
  }

  it("of ours is another one for each pairing, also after one that failed", () => {
    const keys: string[] = [];
    for (const typed of [1, 0, 0]) {
      const pair = new TwoManagers({
        central: { settings: display, random: randoms.central },
        peripheral: { settings: keyboard, random: randoms.peripheral },
      });
      pair.peripheral.user.person = { typesPasskey: (shown) => (shown! + typed) % 1_000_000 };
      pair.central.pair();
      pair.settle();
      for (const { pdu } of pair.passed) if (pdu[0] === Code.PairingPublicKey) keys.push(toHex(pdu));
    }
    expect(keys).toHaveLength(6);
    expect(new Set(keys).size).toBe(6);
  });

  const randoms = { central: new SeededRandom(10), peripheral: new SeededRandom(20) };
});

describe("passkey", () => {
  it.each([
    ["LE Secure Connections", display],
    ["LE legacy pairing", legacyDisplay],
  ])("serves once: the next pairing shows another (%s)", (_name, settings) => {
    const random = new SeededRandom(30);
    const shown = [1, 2, 3].map(() => {
      const pair = new TwoManagers({
        central: { settings, random },
        peripheral: { settings: keyboard },
      });
      pair.peripheral.user.person = { typesPasskey: () => undefined };
      pair.central.pair();
      pair.settle();
      return pair.central.user.lastPasskey;
    });
    expect(shown.every((passkey) => passkey !== undefined)).toBe(true);
    expect(new Set(shown).size).toBe(3);
  });

  it("that is wrong in one bit is found out in the round of that bit, and no later bit is told", () => {
    for (let bit = 0; bit < 20; bit++) {
      const passkey = 0x5a5a5 & 0xfffff & ~(1 << 19);
      const pair = new TwoManagers({
        central: { settings: { ...display, passkey } },
        peripheral: { settings: keyboard },
      });
      const typed = passkey ^ (1 << bit);
      if (typed > 999_999) continue;
      pair.peripheral.user.person = { typesPasskey: () => typed };
      pair.central.pair();
      pair.settle();
      const rounds = pair.passed.filter(
        ({ from, pdu }) => from === "central" && pdu[0] === Code.PairingRandom,
      );
      expect(rounds).toHaveLength(bit + 1);
      expect(pair.peripheral.user.outcomes).toMatchObject([{ reason: PairingFailure.ConfirmValueFailed }]);
    }
  });
});

describe("LE legacy pairing", () => {
  it("does not take our own confirm and random values, sent back, for the peer's", () => {
    const pair = new TwoManagers({
      central: { settings: legacyDisplay },
      peripheral: { settings: keyboard },
    });
    pair.central.pair();
    play(pair, 2);
    const confirm = pair.central.outgoing.shift();
    if (!confirm || !("pdu" in confirm)) throw new Error("no confirm value");
    pair.inject("central", confirm.pdu);
    expect(answerOf(pair, "central")).toEqual([failed(PairingFailure.ConfirmValueFailed)]);
  });
});

describe("a value that was altered on its way", () => {
  const { ConfirmValueFailed, DhKeyCheckFailed } = PairingFailure;

  it.each([
    ["Pairing Confirm of the responder", plain, "peripheral", Code.PairingConfirm, ConfirmValueFailed],
    ["Pairing Random of the responder", plain, "peripheral", Code.PairingRandom, ConfirmValueFailed],
    ["Pairing Random of the initiator", plain, "central", Code.PairingRandom, DhKeyCheckFailed],
    ["Pairing DHKey Check of the initiator", plain, "central", Code.PairingDhKeyCheck, DhKeyCheckFailed],
    ["Pairing DHKey Check of the responder", plain, "peripheral", Code.PairingDhKeyCheck, DhKeyCheckFailed],
    [
      "legacy Pairing Confirm of the responder",
      legacy,
      "peripheral",
      Code.PairingConfirm,
      ConfirmValueFailed,
    ],
    ["legacy Pairing Random of the responder", legacy, "peripheral", Code.PairingRandom, ConfirmValueFailed],
    ["legacy Pairing Confirm of the initiator", legacy, "central", Code.PairingConfirm, ConfirmValueFailed],
    ["legacy Pairing Random of the initiator", legacy, "central", Code.PairingRandom, ConfirmValueFailed],
  ] as const)(
    "%s: is found out by the other side, which ends the pairing",
    (_name, settings, from, code, reason) => {
      const pair = new TwoManagers({ central: { settings }, peripheral: { settings } });
      pair.central.pair();
      let altered = 0;
      do {
        const item = pair[from].outgoing[0];
        if (!item || !("pdu" in item) || item.pdu[0] !== code) continue;
        item.pdu[16] = item.pdu[16]! ^ 0x80;
        altered++;
      } while (play(pair, 1));
      expect(altered).toBe(1);
      const finder = otherOf(from);
      // What the initiator has sent goes into both check values: the responder sees the first.
      expect(pair[finder].user.outcomes).toMatchObject([{ reason, by: "local" }]);
      expect(pair[from].user.outcomes).toMatchObject([{ reason, by: "peer" }]);
      expect(pair.central.outgoing.some((item) => "encrypt" in item)).toBe(false);
      expect(pair.encrypted).toBe(false);
    },
  );

  it("in the features is found out with them, as far as they are authenticated (2.2.8)", () => {
    for (const settings of [
      yesNo,
      { ...yesNo, secureConnections: "off" as const, ioCapability: IoCapability.KeyboardOnly },
    ]) {
      for (const from of roles) {
        const pair = new TwoManagers({ central: { settings }, peripheral: { settings } });
        pair.central.pair();
        play(pair, from === "central" ? 0 : 1);
        const item = pair[from].outgoing[0]!;
        if ("pdu" in item) item.pdu[3] = item.pdu[3]! ^ AuthReq.Keypress;
        pair.settle();
        for (const role of roles) expect(pair[role].user.outcomes[0]).toBeInstanceOf(PairingError);
        expect(pair.encrypted).toBe(false);
      }
    }
  });
});

describe("key size (KNOB, CVE-2019-9506)", () => {
  it.each(roles)("below the minimum of the %s fails with Encryption Key Size", (strict) => {
    const options = { [strict]: { settings: { ...plain, minKeySize: 16 } } };
    const pair = new TwoManagers({
      ...options,
      [otherOf(strict)]: { settings: { ...plain, maxKeySize: 7 } },
    });
    const box = pair.central.pair();
    pair.settle();
    const by = strict === "central" ? "local" : "peer";
    expect(box.outcome).toMatchObject({ reason: PairingFailure.EncryptionKeySize, by });
    expect(pair.encrypted).toBe(false);
  });

  it.each([
    ["LE Secure Connections", plain],
    ["LE legacy pairing", legacy],
  ])("of 7 leaves 7 octets of each key, and is told (%s)", (_name, settings) => {
    const pair = new TwoManagers({
      central: { settings },
      peripheral: { settings: { ...plain, maxKeySize: 7 } },
    });
    pair.central.pair();
    pair.settle();
    expect(pair.central.manager.state).toMatchObject({ encrypted: true, keySize: 7 });
    expect(pair.central.sessionKey).toMatch(/^0{18}.{14}$/);
    expect(pair.central.sessionKey).not.toMatch(/0{14}$/);
    for (const { centralKey, peripheralKey } of [only(pair.central.keys), only(pair.peripheral.keys)]) {
      for (const key of [centralKey, peripheralKey]) expect(toHex(key!.key)).toMatch(/^0{18}/);
    }
  });

  it.each([
    [0, PairingFailure.EncryptionKeySize],
    [6, PairingFailure.EncryptionKeySize],
    [17, PairingFailure.InvalidParameters],
    [253, PairingFailure.InvalidParameters],
  ])("of %i octets is refused in a request and in a response (CVE-2019-19196)", (size, reason) => {
    const pair = new TwoManagers();
    pair.inject("peripheral", Uint8Array.of(1, 3, 0, 1, size, 7, 7));
    expect(answerOf(pair, "peripheral")).toEqual([failed(reason)]);
    pair.central.pair();
    answerOf(pair, "central");
    pair.inject("central", Uint8Array.of(2, 3, 0, 1, size, 7, 7));
    expect(answerOf(pair, "central")).toEqual([failed(reason)]);
  });

  it("of a stored key below what this host wants makes the key unusable, as central and as peripheral", () => {
    const keys = bonded(plain, { ...plain, maxKeySize: 7 });
    const least = { keySize: 16 };
    const strictCentral = new TwoManagers({
      central: { keys: keys.central, least, settings: null },
      peripheral: { keys: keys.peripheral },
    });
    expect(strictCentral.central.manager.hasKey).toBe(false);
    expect(strictCentral.central.raise({ encrypted: true }).outcome).toBeInstanceOf(PairingError);
    const strictPeripheral = new TwoManagers({
      central: { keys: keys.central },
      peripheral: { keys: keys.peripheral, least },
    });
    const box = strictPeripheral.central.raise({ encrypted: true });
    strictPeripheral.settle();
    expect(box.outcome).toMatchObject({ status: 0x06 });
  });
});

describe("unencrypted reconnection of a bonded peer (BLESA)", () => {
  it("with a peer that does not know the key fails, tells so, and trusts nothing", () => {
    const keys = bonded();
    const pair = new TwoManagers({ central: { keys: keys.central } }); // in its place, someone else
    expect(pair.central.manager.hasKey).toBe(true);
    const box = pair.central.raise({ encrypted: true });
    pair.settle();
    expect(box.outcome).toBeInstanceOf(EncryptionError);
    expect(box.outcome).toMatchObject({ status: 0x06 });
    expect(pair.central.user.lost).toEqual([only(keys.central)]);
    expect(pair.passed).toEqual([]); // no pairing in its stead
    expect(pair.central.manager.state.encrypted).toBe(false);
    expect(pair.central.manager.hasKey).toBe(false);
    expect(keys.central.bonds.size).toBe(1);
    const again = pair.central.raise({ encrypted: true });
    pair.settle();
    expect(again.outcome).toBeInstanceOf(EncryptionError);
  });

  it("with a Security Request does not make us pair anew with whoever sends it (CVE-2025-62235)", () => {
    const keys = bonded();
    const pair = new TwoManagers({ central: { keys: keys.central } });
    pair.inject("central", Uint8Array.of(Code.SecurityRequest, 0x09));
    pair.settle();
    // It learns at once that nothing will come of it.
    expect(pair.passed.map(({ pdu }) => toHex(pdu))).toEqual([failed(PairingFailure.PairingNotSupported)]);
    expect(pair.central.user.lost).toHaveLength(1);
  });

  it("with a Security Request for more than the key is worth has to have that key before there is a pairing", () => {
    for (const spoofed of [false, true]) {
      const keys = bonded();
      const settings = { ...yesNo, repairing: "refuse" as const };
      const pair = new TwoManagers({
        central: { keys: keys.central, settings },
        peripheral: { settings: yesNo, ...(!spoofed && { keys: keys.peripheral }) },
      });
      const before = only(keys.central);
      pair.inject("central", Uint8Array.of(Code.SecurityRequest, 0x0d));
      pair.settle();
      const inClear = pair.passed.filter(({ encrypted }) => !encrypted).map(({ pdu }) => toHex(pdu));
      expect(inClear).toEqual(spoofed ? [failed(PairingFailure.PairingNotSupported)] : []);
      expect(pair.central.manager.state.authenticated).toBe(!spoofed);
      expect(pair.central.user.lost).toHaveLength(spoofed ? 1 : 0);
      expect(only(keys.central) === before).toBe(spoofed);
    }
  });

  it.each(["encrypt", "pair"] as const)(
    "as central that pairs when it was asked to encrypt, by %s() of the peripheral, is asked about",
    (call) => {
      for (const allowed of [false, true]) {
        const keys = bonded();
        const settings = { ...plain, repairing: "ask" as const };
        const pair = new TwoManagers({ peripheral: { keys: keys.peripheral, settings } });
        const before = only(keys.peripheral);
        pair.peripheral.user.person = { authorizes: () => allowed };
        const outcomes: unknown[] = [];
        const done = (outcome: unknown): void => void outcomes.push(outcome);
        if (call === "encrypt") pair.peripheral.manager.encrypt(done);
        else pair.peripheral.manager.pair({}, done);
        pair.settle();
        expect(pair.peripheral.user.calls[0]).toBe("authorize repairing");
        expect(pair.peripheral.user.lost).toEqual([before]);
        expect(outcomes).toHaveLength(1);
        expect(outcomes[0] instanceof PairingError).toBe(!allowed);
        expect(only(keys.peripheral) === before).toBe(!allowed);
      }
    },
  );

  it("that the program wants more of than the key is worth proves to have that key before it pairs anew", () => {
    const keys = bonded();
    const pair = new TwoManagers({
      central: { keys: keys.central, settings: yesNo },
      peripheral: { keys: keys.peripheral, settings: { ...yesNo, repairing: "refuse" } },
    });
    const box = pair.central.pair();
    pair.settle();
    expect(box.outcome).toMatchObject({ method: "numericComparison" });
    expect(pair.passed.filter(({ encrypted }) => !encrypted)).toEqual([]);
    const spoofed = new TwoManagers({
      central: { keys: bonded().central, settings: yesNo },
      peripheral: { settings: yesNo },
    });
    const refused = spoofed.central.pair();
    spoofed.settle();
    expect(refused.outcome).toMatchObject({ status: 0x06 });
    expect(spoofed.passed).toEqual([]);
  });

  it("that somebody has said may pair anew is not asked about a second time for Just Works", () => {
    const keys = bonded();
    const settings = { ...plain, repairing: "ask" as const, authorizeJustWorks: true };
    const pair = new TwoManagers({ peripheral: { keys: keys.peripheral, settings } });
    pair.central.pair();
    pair.settle();
    expect(pair.peripheral.user.calls.filter((call) => call.startsWith("authorize"))).toEqual([
      "authorize repairing",
    ]);
  });

  it.each([
    ["refuse", false, false, [failed(PairingFailure.PairingNotSupported)]],
    ["ask", false, false, [failed(PairingFailure.PairingNotSupported)]],
    ["ask", true, true, []],
    ["allow", false, true, []],
  ] as const)(
    "that asks to pair anew, with repairing: %s (%s): %s",
    (repairing, allowed, success, answers) => {
      const keys = bonded();
      const pair = new TwoManagers({
        peripheral: { keys: keys.peripheral, settings: { ...plain, repairing } },
      });
      pair.peripheral.user.person = { authorizes: () => allowed };
      const box = pair.central.pair();
      play(pair, 1);
      if (!success) expect(answerOf(pair, "peripheral")).toEqual(answers);
      else pair.settle();
      expect(pair.encrypted).toBe(success);
      if (success) expect(box.outcome).toMatchObject({ method: "justWorks" });
    },
  );

  it("that pairs when a service has asked for security, not the program, is asked about as well", () => {
    const keys = bonded();
    const settings = { ...plain, repairing: "refuse" as const };
    const pair = new TwoManagers({ peripheral: { keys: keys.peripheral, settings } });
    const box = pair.peripheral.raise({ encrypted: true });
    pair.settle();
    expect(box.outcome).toMatchObject({ reason: PairingFailure.PairingNotSupported, by: "local" });
    expect(pair.encrypted).toBe(false);
  });

  it("that the program itself wants to pair anew is not asked about: it has been told", () => {
    for (const role of roles) {
      const keys = bonded();
      const settings = { ...plain, repairing: "refuse" as const };
      const pair = new TwoManagers({ [role]: { keys: keys[role], settings } });
      const box = pair[role].pair({ renew: true });
      pair.settle();
      expect(box.outcome).toMatchObject({ method: "justWorks" });
    }
  });

  it("that is on an encrypted link already may pair anew without a question", () => {
    const keys = bonded();
    const settings = { ...plain, repairing: "refuse" as const };
    const pair = new TwoManagers({
      central: { keys: keys.central },
      peripheral: { keys: keys.peripheral, settings },
    });
    pair.central.raise({ encrypted: true });
    pair.settle();
    const box = pair.central.pair({ renew: true });
    pair.settle();
    expect(box.outcome).toMatchObject({ method: "justWorks" });
  });
});

describe("bond", () => {
  it("is not kept when there is no room: a peer that tells another identity each time fills no memory", () => {
    const keys = bonded();
    keys.central.most = 1;
    const before = only(keys.central);
    const known = { central: { keys: keys.central }, peripheral: { keys: keys.peripheral } };
    const pair = new TwoManagers(known);
    pair.central.raise({ encrypted: true });
    pair.settle();
    const other = Address.parse("C1:00:00:00:00:09/random");
    Object.assign(keys.peripheral, { own: { ...keys.peripheral.own, address: other } });
    const box = pair.central.pair({ renew: true });
    pair.settle();
    expect(box.outcome).toMatchObject({ bond: undefined });
    expect(pair.central.manager.state).toMatchObject({ encrypted: true, bonded: false });
    expect([...keys.central.bonds.values()]).toEqual([before]);
  });

  it("stays as it was until the new pairing has succeeded, wherever that is cut off", () => {
    const keys = bonded();
    const before = { central: only(keys.central), peripheral: only(keys.peripheral) };
    let cuts = 0;
    for (let cut = 0; ; cut++) {
      keys.central.bonds.set(before.central.identity.toString(), before.central);
      keys.peripheral.bonds.set(before.peripheral.identity.toString(), before.peripheral);
      const pair = new TwoManagers({
        central: { keys: keys.central },
        peripheral: { keys: keys.peripheral },
        seed: 77,
      });
      pair.central.pair({ renew: true });
      if (!play(pair, cut)) break;
      const done = roles.filter((role) => pair[role].user.outcomes.length > 0);
      pair.close();
      for (const role of roles) {
        if (done.includes(role)) expect(only(keys[role])).not.toEqual(before[role]);
        else expect(only(keys[role])).toBe(before[role]);
      }
      cuts++;
    }
    expect(cuts).toBeGreaterThan(12);
  });

  it.each([
    ["an unauthenticated one", yesNo, plain, plain],
    ["one of LE legacy pairing", plain, legacy, plain],
    ["one with a shorter key", plain, { ...plain, maxKeySize: 15 }, plain],
  ])("is never replaced by %s (CVE-2020-15802)", (_name, first, central, peripheral) => {
    const keys = bonded(first, first);
    const before = { central: only(keys.central), peripheral: only(keys.peripheral) };
    for (const forgetful of [...roles, undefined]) {
      const side = (role: Role, settings: PairingSettings): SideOptions =>
        forgetful === role ? { settings } : { settings, keys: keys[role] };
      const pair = new TwoManagers({
        central: side("central", central),
        peripheral: side("peripheral", peripheral),
      });
      const box = pair.central.pair({ renew: true });
      pair.settle();
      expect(box.outcome).toBeInstanceOf(PairingError);
      for (const role of roles) expect(only(keys[role])).toBe(before[role]);
    }
  });

  it.each([
    ["a weaker pairing", yesNo, plain, "allow", true],
    ["one that nobody has agreed to", plain, plain, "refuse", true],
    ["one that somebody has agreed to", plain, plain, "allow", false],
  ] as const)("cannot be taken by whoever claims its identity address, with %s (CVE-2021-3436)", (...row) => {
    const [, first, second, repairing, refused] = row;
    const keys = bonded(first, first);
    const before = only(keys.peripheral);
    const impostor = new MemoryKeys(before.identity, new Uint8Array(16).fill(6));
    const pair = new TwoManagers({
      central: { settings: second, keys: impostor, address: Address.parse("D0:00:00:00:00:66/random") },
      peripheral: { settings: { ...second, repairing }, keys: keys.peripheral },
    });
    pair.central.pair();
    pair.settle();
    if (refused) {
      expect(only(keys.peripheral)).toBe(before);
      expect(pair.peripheral.user.outcomes).toMatchObject([{ reason: PairingFailure.KeyRejected }]);
      expect(pair.peripheral.disconnected).toBe(0x05);
    } else expect(only(keys.peripheral)).not.toBe(before);
    expect(keys.peripheral.bonds.size).toBe(1);
  });

  it.each(roles)("is not made with a peer that claims to be this host, the %s", (role) => {
    const pair = new TwoManagers();
    pair.central.pair();
    do {
      const item = pair[otherOf(role)].outgoing[0];
      if (!item || !("pdu" in item) || item.pdu[0] !== Code.IdentityAddressInformation) continue;
      item.pdu.set(fromHex(role === "central" ? "0900010000000a00" : "0901020000eeffc0"));
    } while (play(pair, 1));
    expect(pair[role].user.outcomes).toMatchObject([{ reason: PairingFailure.KeyRejected }]);
    expect(pair[role].keys.bonds.size).toBe(0);
  });

  it.each([
    ["resolvable private address as identity", "0901665544332240", PairingFailure.InvalidParameters],
    ["type of address that does not exist", "09026655443322c0", PairingFailure.InvalidParameters],
  ])("is not made with a %s (3.6.5)", (_name, pdu, reason) => {
    const pair = new TwoManagers();
    pair.central.pair();
    while (pair.central.user.outcomes.length === 0) {
      const item = pair.peripheral.outgoing[0];
      if (item && "pdu" in item && item.pdu[0] === Code.IdentityAddressInformation)
        item.pdu.set(fromHex(pdu));
      if (!play(pair, 1)) break;
    }
    expect(pair.central.user.outcomes).toMatchObject([{ reason, by: "local" }]);
    expect(pair.central.keys.bonds.size).toBe(0);
    expect(pair.closed).toBe(true);
  });

  it("is not made of a long term key or a signing key of zeros", () => {
    for (const code of [Code.EncryptionInformation, Code.SigningInformation]) {
      const pair = new TwoManagers({ central: { settings: legacy } });
      pair.central.pair();
      for (;;) {
        const item = pair.peripheral.outgoing[0];
        if (item && "pdu" in item && item.pdu[0] === code) item.pdu.fill(0, 1);
        if (!play(pair, 1)) break;
      }
      expect(pair.central.user.outcomes).toMatchObject([{ reason: PairingFailure.KeyRejected }]);
    }
  });
});

describe("repeated attempts (2.3.6)", () => {
  function attempt(attempts: RepeatedAttempts, clock: VirtualClock, options: SideOptions = {}): string[] {
    const pair = new TwoManagers({
      central: { settings: yesNo, ...options },
      peripheral: { settings: yesNo, attempts },
      clock,
    });
    pair.central.user.person = { comparesNumbers: () => false };
    pair.central.pair();
    play(pair, 1);
    const [first] = pair.peripheral.outgoing;
    pair.settle().close();
    return first && "pdu" in first ? [toHex(first.pdu).slice(0, 4)] : [];
  }

  it("make the peer wait longer each time, and nobody else", () => {
    const clock = new VirtualClock();
    const attempts = new RepeatedAttempts(clock);
    const refused = failed(PairingFailure.RepeatedAttempts);
    for (const wait of [1_000, 2_000, 4_000, 8_000, 16_000]) {
      expect(attempt(attempts, clock)).toEqual(["0201"]);
      expect(attempt(attempts, clock)).toEqual([refused]);
      clock.advanceSync(wait - 1);
      expect(attempt(attempts, clock)).toEqual([refused]);
      expect(attempt(attempts, clock, { address: Address.parse("D0:00:00:00:00:07/random") })).not.toEqual([
        refused,
      ]);
      clock.advanceSync(1);
    }
  });

  it("count for the identity of a bonded peer, whatever address it uses", () => {
    const keys = bonded();
    const irk = only(keys.peripheral).irk!;
    const clock = new VirtualClock();
    const attempts = new RepeatedAttempts(clock);
    const pair = new TwoManagers({
      central: { settings: yesNo, keys: keys.central },
      peripheral: { settings: yesNo, keys: keys.peripheral, attempts },
      clock,
    });
    pair.central.user.person = { comparesNumbers: () => false };
    pair.central.pair({ renew: true });
    pair.settle();
    expect(irk).toHaveLength(16);
    expect(attempts.waitMs(only(keys.peripheral).identity)).toBeGreaterThan(0);
  });

  it("hold back this side's own Pairing Request and Security Request as well", () => {
    for (const role of roles) {
      const pair = new TwoManagers({ central: { settings: yesNo }, peripheral: { settings: yesNo } });
      pair[role].user.person = { comparesNumbers: () => false };
      pair.central.pair();
      pair.settle();
      const box = pair[role].pair();
      expect(box.outcome).toMatchObject({ reason: PairingFailure.RepeatedAttempts, by: "local" });
      pair.clock.advanceSync(1_000);
      pair[role].user.person = {};
      const again = pair[role].pair();
      pair.settle();
      expect(again.outcome).toMatchObject({ method: "numericComparison" });
    }
  });

  it.each(roles)("are none that this side's own program has called off: %s", (role) => {
    const pair = new TwoManagers({ central: { settings: yesNo }, peripheral: { settings: yesNo } });
    pair[role].user.person = { slow: true };
    const outcomes: unknown[] = [];
    const giveUp = pair[role].manager.pair({}, (outcome) => outcomes.push(outcome));
    while (pair.step("central") || pair.step("peripheral"));
    expect(pair[role].user.calls).toEqual(["confirm"]);
    giveUp();
    expect(outcomes).toMatchObject([{ reason: PairingFailure.UnspecifiedReason, by: "local" }]);
    const { attempts } = pair[role];
    expect(attempts.waitMs(role === "central" ? peripheralAddress : centralAddress)).toBe(0);
    // To the other side it is one that has failed, as any.
    pair.settle();
    const other = role === "central" ? "peripheral" : "central";
    expect(pair[other].attempts.waitMs(role === "central" ? centralAddress : peripheralAddress)).toBe(1_000);
  });

  it.each([
    ["that is typed here", "central", keyboard, display],
    ["that is always the same", "central", { ...display, passkey: 42 }, keyboard],
    ["that is shown once", "central", display, keyboard],
  ] as const)(
    "of a passkey %s count when they are called off, if it serves again",
    (name, role, mine, theirs) => {
      const pair = new TwoManagers({ central: { settings: mine }, peripheral: { settings: theirs } });
      const giveUp = pair[role].manager.pair({}, () => undefined);
      // Into the rounds, each of which tells a bit. 2.3.5.6.3.
      for (let i = 0; i < 100 && !pair.passed.some(({ pdu }) => pdu[0] === Code.PairingRandom); i++) {
        if (pair.step("central") || pair.step("peripheral")) continue;
        for (const side of roles) pair[side].user.answerAll();
      }
      giveUp();
      const waits = pair[role].attempts.waitMs(peripheralAddress);
      expect(waits).toBe(name === "that is shown once" ? 0 : 1_000);
    },
  );

  it("of a passkey that was asked for and not typed yet are none when they are called off", () => {
    const pair = new TwoManagers({ central: { settings: keyboard }, peripheral: { settings: display } });
    pair.central.user.person = { slow: true };
    const giveUp = pair.central.manager.pair({}, () => undefined);
    while (pair.step("central") || pair.step("peripheral"));
    expect(pair.central.user.calls).toContain("request");
    giveUp();
    expect(pair.central.attempts.waitMs(peripheralAddress)).toBe(0);
  });
});

/** For each step of a pairing: what was passed, and who has the word next. */
const scripts = [
  ["Just Works", plain, plain],
  ["numeric comparison", yesNo, yesNo],
  ["passkey entry", display, keyboard],
  ["LE legacy pairing", legacy, plain],
  ["legacy passkey entry", legacyDisplay, keyboard],
] as const;

const valid: Readonly<Record<string, Uint8Array>> = {
  "Pairing Request": fromHex("01030001100707"),
  "Pairing Response": fromHex("02030001100707"),
  "Pairing Confirm": fromHex(`03${"5a".repeat(16)}`),
  "Pairing Random": fromHex(`04${"5a".repeat(16)}`),
  "Encryption Information": fromHex(`06${"5a".repeat(16)}`),
  "Central Identification": fromHex(`07${"5a".repeat(10)}`),
  "Identity Information": fromHex(`08${"5a".repeat(16)}`),
  "Identity Address Information": fromHex(`0900${"5a".repeat(6)}`),
  "Signing Information": fromHex(`0a${"5a".repeat(16)}`),
  "Security Request": fromHex("0b01"),
  "Pairing Public Key": PairingPublicKey.encode(generateKeyPair(new SeededRandom(99)).publicKey),
  "Pairing DHKey Check": fromHex(`0d${"5a".repeat(16)}`),
  "Pairing Keypress Notification": fromHex("0e00"),
};

describe.each(scripts)("a command that nobody waits for, in %s,", (_name, central, peripheral) => {
  it.each(Object.keys(valid))(
    "%s: ends the pairing at any point, and never helps it (CVE-2019-17520)",
    (name) => {
      let ended = 0;
      for (let at = 1; play(open(), at); at++) {
        for (const to of roles) {
          const pair = open();
          play(pair, at);
          // For this side it may be over, or nothing have begun.
          const isOver =
            pair[to].user.outcomes.length > 0 || (to === "peripheral" && pair.passed.length === 0);
          const isIgnored = name === "Security Request" && to === "central";
          if (isOver || isIgnored || nextFor(to, at) === valid[name]![0]) continue;
          expectToEnd(pair, to, name);
          ended++;
        }
      }
      expect(ended).toBeGreaterThan(0);
    },
  );

  function open(): TwoManagers {
    const pair = new TwoManagers({ central: { settings: central }, peripheral: { settings: peripheral } });
    pair.central.pair();
    return pair;
  }

  function expectToEnd(pair: TwoManagers, to: Role, name: string): void {
    pair[to].outgoing.length = 0;
    pair.inject(to, valid[name]!);
    const wrongRole = name === (to === "central" ? "Pairing Request" : "Security Request");
    const reason = wrongRole ? PairingFailure.CommandNotSupported : PairingFailure.UnspecifiedReason;
    expect(pair[to].user.outcomes, `${name} to the ${to}`).toMatchObject([{ reason, by: "local" }]);
    expect(answerOf(pair, to)).toEqual(pair.closed ? [] : [failed(reason)]);
  }

  /** The code of the next command that would come to this side. */
  function nextFor(to: Role, at: number): number | undefined {
    const pair = open();
    play(pair, at);
    const before = pair.passed.length;
    for (;;) {
      const next = pair.passed.slice(before).find(({ from }) => from !== to);
      if (next || !play(pair, 1)) return next?.pdu[0];
    }
  }
});

describe("a command without a pairing", () => {
  const others = Object.entries(valid).filter(([name]) => !name.endsWith("Request"));

  it.each(others)("%s is dropped: no answer, no state, no timer", (_name, pdu) => {
    for (const role of roles) {
      const pair = new TwoManagers();
      pair.inject(role, pdu);
      expect(pair[role].outgoing).toEqual([]);
      expect(pair[role].user.calls).toEqual([]);
      expect(pair.clock.timers).toBe(0);
    }
  });

  it.each([
    ["Pairing Request", "central"],
    ["Security Request", "peripheral"],
  ] as const)("%s to the %s, the wrong role, gets Command Not Supported", (name, to) => {
    const pair = new TwoManagers();
    pair.inject(to, valid[name]!);
    expect(answerOf(pair, to)).toEqual([failed(PairingFailure.CommandNotSupported)]);
    expect(pair.clock.timers).toBe(0);
  });

  it("Pairing Failed is dropped, lest two hosts answer each other for ever", () => {
    const pair = new TwoManagers();
    for (const role of roles) pair.inject(role, PairingFailed.encode({ reason: 8 }));
    expect([...pair.central.outgoing, ...pair.peripheral.outgoing]).toEqual([]);
  });

  it("Pairing Request or Security Request gets Pairing Not Supported where nobody wants to pair (CVE-2023-45866)", () => {
    const pair = new TwoManagers({ central: { settings: null }, peripheral: { settings: null } });
    pair.inject("peripheral", valid["Pairing Request"]!);
    pair.inject("central", valid["Security Request"]!);
    for (const role of roles)
      expect(answerOf(pair, role)).toEqual([failed(PairingFailure.PairingNotSupported)]);
  });
});

describe("a command of the wrong length", () => {
  it.each(Object.entries(valid))("%s gets Invalid Parameters in a pairing, and ends it", (name, pdu) => {
    for (const octets of [pdu.subarray(0, -1), Uint8Array.of(...pdu, 0)]) {
      for (const role of roles) {
        if (name === (role === "central" ? "Pairing Request" : "Security Request")) continue; // the wrong role
        const pair = new TwoManagers();
        pair.central.pair();
        play(pair, role === "central" ? 0 : 1);
        answerOf(pair, role);
        pair.inject(role, octets);
        const second = name === "Pairing Request"; // whatever its length
        const reason = second ? PairingFailure.UnspecifiedReason : PairingFailure.InvalidParameters;
        expect(answerOf(pair, role), name).toEqual([failed(reason)]);
        expect(pair[role].user.outcomes).toMatchObject([{ reason, by: "local" }]);
      }
    }
  });

  it.each(["Pairing Request", "Security Request"])("%s gets Invalid Parameters without a pairing", (name) => {
    const pair = new TwoManagers();
    const to = name === "Pairing Request" ? "peripheral" : "central";
    for (const octets of [valid[name]!.subarray(0, -1), Uint8Array.of(...valid[name]!, 0)]) {
      pair.inject(to, octets);
      expect(answerOf(pair, to)).toEqual([failed(PairingFailure.InvalidParameters)]);
    }
  });

  it("with a reserved code, or none, is ignored, also in the middle of a pairing", () => {
    const pair = new TwoManagers();
    const box = pair.central.pair();
    for (let i = 0; i < 30; i++) {
      for (const role of roles)
        if (!pair.closed) for (const pdu of ["", "00", "0f00", "ff"]) pair.inject(role, fromHex(pdu));
      play(pair, 1);
    }
    expect(box.outcome).toMatchObject({ method: "justWorks" });
  });
});

describe("LE Long Term Key Request", () => {
  const rand = new Uint8Array(8);

  it("gets no key before there is one: not a zero one either (CVE-2019-19194)", () => {
    const pair = new TwoManagers();
    const replies: (Uint8Array | undefined)[] = [];
    pair.peripheral.replyKey = (key) => replies.push(key);
    pair.peripheral.manager.keyRequested({ ediv: 0, rand });
    expect(replies).toEqual([undefined]);
  });

  it.each(scripts)("gets no key in %s until both sides are authenticated (CVE-2020-13593)", (_name, a, b) => {
    const last =
      a.secureConnections === "off" || b.secureConnections === "off"
        ? Code.PairingRandom
        : Code.PairingDhKeyCheck;
    for (let at = 1; at < 200; at++) {
      const pair = new TwoManagers({ central: { settings: a }, peripheral: { settings: b } });
      pair.central.pair();
      if (!play(pair, at) || pair.encrypted) return;
      const passed = pair.passed.filter(({ from }) => from === "central").map(({ pdu }) => pdu[0]);
      const authenticated = passed.includes(last);
      const replies: (Uint8Array | undefined)[] = [];
      pair.peripheral.replyKey = (key) => replies.push(key && Uint8Array.from(key));
      pair.peripheral.manager.keyRequested({ ediv: 0, rand });
      expect(replies[0] !== undefined, `after ${at}`).toBe(authenticated);
      // Once it has been given out, or refused, it is gone.
      pair.peripheral.manager.keyRequested({ ediv: 0, rand });
      expect(replies[1]).toBeUndefined();
    }
    throw new Error("never encrypted");
  });

  it("for another EDIV or Rand than the pairing's gets no key", () => {
    for (const name of [
      { ediv: 1, rand },
      { ediv: 0, rand: new Uint8Array(8).fill(1) },
    ]) {
      const pair = new TwoManagers();
      pair.central.pair();
      while (pair.passed.at(-1)?.pdu[0] !== Code.PairingDhKeyCheck) play(pair, 1);
      const replies: (Uint8Array | undefined)[] = [];
      pair.peripheral.replyKey = (key) => replies.push(key);
      pair.peripheral.manager.keyRequested(name);
      expect(replies).toEqual([undefined]);
    }
  });

  it("does not get the key of a bond for the name of another kind of key (CVE-2022-2993)", () => {
    for (const settings of [plain, legacy]) {
      const keys = bonded(settings, settings);
      const { peripheralKey } = only(keys.peripheral);
      const names: [EncryptionKey | LongTermKey, boolean][] = [
        [peripheralKey!, true],
        [{ ...peripheralKey!, ediv: peripheralKey!.ediv ^ 1 }, false],
        [{ ...peripheralKey!, rand: new Uint8Array(8).fill(1) }, false],
        [{ ...peripheralKey!, ediv: 0, rand }, settings === plain],
      ];
      for (const [{ ediv, rand: named }, found] of names) {
        const pair = new TwoManagers({ peripheral: { keys: keys.peripheral } });
        const replies: (Uint8Array | undefined)[] = [];
        pair.peripheral.replyKey = (key) => replies.push(key);
        pair.peripheral.manager.keyRequested({ ediv, rand: named });
        expect(replies).toEqual([found ? peripheralKey!.key : undefined]);
      }
    }
  });

  it("of a peer that nobody knows by its address finds a legacy key by EDIV and Rand (2.4.4.1)", () => {
    const keys = bonded(legacy, legacy);
    const pair = new TwoManagers({
      central: { keys: keys.central, address: Address.parse("11:22:33:44:55:66/random") },
      peripheral: { keys: keys.peripheral },
    });
    expect(pair.peripheral.manager.bond).toBeUndefined();
    const box = pair.central.raise({ encrypted: true });
    pair.settle();
    expect(box).toHaveProperty("outcome", undefined);
    expect(pair.peripheral.manager.peer).toEqual(only(keys.peripheral).identity);
  });
});

describe("encryption that ends or fails (CVE-2024-5754)", () => {
  function encrypted(): TwoManagers {
    const pair = new TwoManagers();
    pair.central.pair();
    return pair.settle();
  }

  it.each([
    ["Encryption Change: off", (pair: TwoManagers) => pair.central.manager.encryptionChanged(0, false)],
    [
      "Encryption Change that failed",
      (pair: TwoManagers) => pair.central.manager.encryptionChanged(0x05, true),
    ],
    ["Encryption Key Refresh that failed", (pair: TwoManagers) => pair.central.manager.keyRefreshed(0x1f)],
  ])("ends the link: nothing goes on in the clear (%s)", (_name, happen) => {
    const pair = encrypted();
    expect(pair.central.manager.state.encrypted).toBe(true);
    happen(pair);
    expect(pair.central.manager.state).toMatchObject({ encrypted: false, authenticated: false, keySize: 0 });
    expect(pair.central.states.at(-1)).toMatchObject({ encrypted: false });
    expect(pair.central.disconnected).toBe(0x05);
  });

  it("counts for nothing when this side has given no key for it", () => {
    const pair = new TwoManagers();
    for (const role of roles) {
      pair[role].manager.encryptionChanged(0, true);
      pair[role].manager.keyRefreshed(0);
      expect(pair[role].manager.state.encrypted).toBe(false);
    }
  });

  it("with the key of a pairing that has ended meanwhile ends the link", () => {
    const pair = new TwoManagers();
    pair.central.pair();
    const manager = pair.central.manager;
    while (!pair.central.outgoing.some((item) => "encrypt" in item)) play(pair, 1);
    manager.receive(PairingFailed.encode({ reason: 8 }));
    manager.encryptionChanged(0, true);
    expect(manager.state.encrypted).toBe(false);
    expect(pair.central.disconnected).toBe(0x05);
  });
});

describe("a link that goes in the middle of a pairing (CVE-2024-3332)", () => {
  it("ends it at any point; answers that come later do nothing", () => {
    for (const [, a, b] of scripts) {
      for (let at = 0; ; at++) {
        const pair = new TwoManagers({ central: { settings: a }, peripheral: { settings: b } });
        for (const role of roles) pair[role].user.person = { slow: true };
        const box = pair.central.pair();
        let more = true;
        for (let i = 0; i < at && more; i++) {
          more = play(pair, 1) || pair.central.user.answerAll() + pair.peripheral.user.answerAll() > 0;
        }
        if (!more) break;
        pair.close();
        expect(box).toHaveProperty("outcome");
        const calls = roles.map((role) => pair[role].user.calls.length);
        for (const role of roles) {
          pair[role].user.answerAll();
          pair[role].user.entry?.keypress(1);
          expect(pair[role].outgoing).toEqual([]);
        }
        expect(roles.map((role) => pair[role].user.calls.length)).toEqual(calls);
        expect(pair.clock.timers).toBe(0);
      }
    }
  });
});

describe("secrets", () => {
  it("of a pairing are wiped when it has ended", () => {
    for (const settings of [plain, legacy]) {
      const pair = new TwoManagers({ central: { settings } });
      const given: Uint8Array[] = [];
      for (const side of [pair.central, pair.peripheral]) {
        const [encrypt, replyKey] = [side.encrypt.bind(side), side.replyKey.bind(side)];
        side.encrypt = (key) => {
          given.push(key.key);
          encrypt(key);
        };
        side.replyKey = (key) => {
          given.push(key!);
          replyKey(key);
        };
      }
      pair.central.pair();
      pair.settle();
      expect(given).toHaveLength(2);
      for (const key of given) expect(toHex(key)).toBe("00".repeat(16));
      expect(toHex(only(pair.central.keys).centralKey!.key)).not.toBe("00".repeat(16));
    }
  });

  it("that were given out of band for legacy pairing are still the program's", () => {
    const temporaryKey = new Uint8Array(16).fill(7);
    const settings = { ...legacy, peerOob: { temporaryKey } };
    const pair = new TwoManagers({ central: { settings }, peripheral: { settings } });
    const box = pair.central.pair();
    pair.settle();
    expect(box.outcome).toMatchObject({ method: "outOfBand" });
    expect(toHex(temporaryKey)).toBe("07".repeat(16));
  });

  it("do not show in errors", () => {
    const pair = new TwoManagers({ central: { settings: display }, peripheral: { settings: keyboard } });
    pair.peripheral.user.person = { typesPasskey: () => 0 };
    pair.central.pair();
    pair.settle();
    const shown = String(pair.central.user.lastPasskey);
    for (const role of roles)
      expect(pair[role].user.outcomes[0]).toHaveProperty("message", expect.not.stringContaining(shown));
  });
});

describe("the debug key pair", () => {
  it("is never our own", () => {
    const debug = keyPairOf(
      fromHex("3f49f6d4 a3c55f38 74c9b3e3 d2103f50 4aff607b eb40b799 5899b8a6 cd3c1abd"),
    );
    const pair = new TwoManagers({ central: { settings: { ...plain, allowDebugKey: true } } });
    pair.central.pair();
    pair.settle();
    for (const { pdu } of pair.passed)
      expect(toHex(pdu)).not.toBe(toHex(PairingPublicKey.encode(debug.publicKey)));
  });
});
