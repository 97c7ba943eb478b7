import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../src/common/bytes.ts";
import { DisconnectedError } from "../../src/hci/error.ts";
import { EncryptionError, PairingError } from "../../src/smp/error.ts";
import { PairingFailure } from "../../src/smp/pairing-failure.ts";
import type { PairingSettings } from "../../src/smp/pairing-user.ts";
import { AuthReq, Code, IoCapability, PairingRequest, SecurityRequest } from "../../src/smp/pdu.ts";
import { requestedSecurity, requirementOf, strengthened } from "../../src/smp/security-requirement.ts";
import { runs } from "../support/runs.ts";
import { settings as anySettings } from "./arbitrary-pairing.ts";
import { MemoryKeys, plain, TwoManagers, yesNo } from "./two-managers.ts";

type Role = "central" | "peripheral";
const roles: readonly Role[] = ["central", "peripheral"];

/** Two who have a bond, on a new link. */
function reconnected(first: PairingSettings = plain, now: PairingSettings = plain): TwoManagers {
  const before = new TwoManagers({ central: { settings: first }, peripheral: { settings: first } });
  before.central.pair();
  before.settle().close();
  return new TwoManagers({
    central: { keys: before.central.keys, settings: now },
    peripheral: { keys: before.peripheral.keys, settings: now },
    seed: 50,
  });
}

const codes = (pair: TwoManagers): string[] => pair.passed.map(({ pdu }) => toHex(pdu.subarray(0, 1)));

describe("raising the security of a link (LinkSecurity)", () => {
  it.each(roles)("is done at once where nothing is lacking: %s", (role) => {
    const pair = new TwoManagers();
    expect(pair[role].raise({})).toHaveProperty("outcome", undefined);
    expect(pair[role].outgoing).toEqual([]);
  });

  it.each(roles)("encrypts with the key of the bond: the %s wants it", (role) => {
    const pair = reconnected();
    expect(pair[role].manager.hasKey).toBe(true);
    const box = pair[role].raise({ encrypted: true });
    pair.settle();
    expect(box).toHaveProperty("outcome", undefined);
    expect(codes(pair)).toEqual(role === "central" ? [] : ["0b"]);
    expect(pair[role].states).toEqual([
      { encrypted: true, authenticated: false, secureConnections: true, keySize: 16, bonded: true },
    ]);
    expect(pair.central.manager.state).toEqual(pair.peripheral.manager.state);
    expect(pair.clock.timers).toBe(0);
  });

  it.each(roles)("pairs where there is no key: the %s wants it", (role) => {
    const pair = new TwoManagers();
    expect(pair[role].manager.hasKey).toBe(false);
    const box = pair[role].raise({ encrypted: true });
    pair.settle();
    expect(box).toHaveProperty("outcome", undefined);
    expect(pair[role].user.contexts[0]).toMatchObject({ wantedBy: "requirement", role });
    expect(pair[role].manager.hasKey).toBe(true);
    // First encrypted, then the keys are kept.
    expect(pair[role].states.map(({ bonded }) => bonded)).toEqual([false, true]);
  });

  it("pairs anew where the key is not enough, and asks for what is lacking", () => {
    const pair = reconnected(plain, { ...yesNo, mitm: "no" });
    pair.central.raise({ encrypted: true });
    pair.settle();
    const box = pair.central.raise({ authenticated: true });
    pair.settle();
    expect(box).toHaveProperty("outcome", undefined);
    const request = PairingRequest.decode(pair.passed[0]!.pdu);
    expect(request.authReq & AuthReq.Mitm).not.toBe(0);
    expect(pair.central.manager.state).toMatchObject({ authenticated: true, bonded: true });
    expect(pair.passed.every(({ encrypted }) => encrypted)).toBe(true);
  });

  it("that needs a better key encrypts with the one there is before it pairs anew: no one else can (BLESA)", () => {
    const pair = reconnected(plain, { ...yesNo, mitm: "no", repairing: "refuse" });
    const box = pair.central.raise({ authenticated: true });
    pair.settle();
    expect(box).toHaveProperty("outcome", undefined);
    expect(pair.central.states.map(({ authenticated, bonded }) => [authenticated, bonded])).toEqual([
      [false, true],
      [true, false],
      [true, true],
    ]);
    expect(pair.passed.every(({ encrypted }) => encrypted)).toBe(true);
    const spoofed = new TwoManagers({
      central: { keys: pair.central.keys, settings: yesNo },
      peripheral: { settings: yesNo },
    });
    const old = spoofed.central.manager.bond!;
    spoofed.central.keys.save({ ...old, centralKey: { ...old.centralKey!, authenticated: false } });
    const refused = spoofed.central.raise({ authenticated: true });
    spoofed.settle();
    expect(refused.outcome).toMatchObject({ status: 0x06 });
    expect(spoofed.passed).toEqual([]);
  });

  it.each([
    ["authentication", { authenticated: true }, plain],
    ["a longer key", { keySize: 16 }, { ...plain, maxKeySize: 10 }],
    ["LE Secure Connections", { secureConnections: true }, { ...plain, secureConnections: "off" }],
  ] as const)(
    "ends with the reason where the two sides cannot give it: %s",
    (_what, requirement, settings) => {
      for (const role of roles) {
        const pair = new TwoManagers({ central: { settings }, peripheral: { settings } });
        const box = pair[role].raise(requirement);
        pair.settle();
        expect(box.outcome).toBeInstanceOf(PairingError);
        expect(pair[role].manager.state.encrypted).toBe(false);
      }
    },
  );

  it("asks a person once, however many wait for it", () => {
    const pair = new TwoManagers({ central: { settings: yesNo }, peripheral: { settings: yesNo } });
    pair.central.user.person = { slow: true, comparesNumbers: () => false };
    const boxes = Array.from({ length: 5 }, () => pair.central.raise({ encrypted: true }));
    pair.settle();
    for (const { outcome } of boxes) expect(outcome).toMatchObject({ reason: 0x0c });
    expect(pair.central.user.calls.filter((call) => call === "confirm")).toHaveLength(1);
    const more = pair.central.raise({ encrypted: true });
    expect(more.outcome).toMatchObject({ reason: PairingFailure.RepeatedAttempts });
  });

  it("of the peripheral whose central comes with a weak key says that it is not enough", () => {
    const pair = reconnected(plain, { ...yesNo, mitm: "no" });
    const box = pair.peripheral.raise({ authenticated: true });
    // Someone at the central decides to encrypt with what there is.
    pair.peripheral.outgoing.length = 0;
    pair.central.raise({ encrypted: true });
    pair.settle();
    expect(box.outcome).toMatchObject({ reason: PairingFailure.AuthenticationRequirements, by: "local" });
  });

  it("waits for a pairing that the peer has begun, and then has nothing to do", () => {
    const pair = new TwoManagers();
    pair.central.pair();
    pair.step("central");
    const box = pair.peripheral.raise({ encrypted: true });
    expect(box).not.toHaveProperty("outcome");
    pair.settle();
    expect(box).toHaveProperty("outcome", undefined);
    expect(codes(pair)).not.toContain("0b");
  });

  it("ends with the loss of the link, and so does all that waits, and all that comes later", () => {
    for (const role of roles) {
      const pair = new TwoManagers();
      const boxes = [
        pair[role].raise({ encrypted: true }),
        pair[role].pair(),
        pair[role].raise({ keySize: 16 }),
      ];
      pair.close();
      for (const { outcome } of [...boxes, pair[role].pair()])
        expect(outcome).toBeInstanceOf(DisconnectedError);
      expect(pair[role].outgoing).toEqual([]);
      expect(pair.clock.timers).toBe(0);
    }
  });
});

describe("pair()", () => {
  it("encrypts with the bond's key where that is what the settings want, and pairs anew if told to", () => {
    const pair = reconnected();
    const first = pair.central.pair();
    pair.settle();
    expect(first).toHaveProperty("outcome", undefined);
    expect(pair.passed).toEqual([]);
    expect(pair.central.pair()).toHaveProperty("outcome", undefined);
    const old = pair.central.manager.bond;
    const anew = pair.central.pair({ renew: true });
    pair.settle();
    expect(anew.outcome).toMatchObject({ method: "justWorks" });
    expect(pair.central.manager.bond).not.toEqual(old);
    expect(pair.central.sessionKey).toBe(toHex(pair.central.manager.bond!.centralKey!.key));
  });

  it("anew on a link that is not encrypted has the peer prove its key first, and asks nobody there", () => {
    const pair = reconnected(plain, { ...plain, repairing: "refuse" });
    const old = pair.central.manager.bond;
    const box = pair.central.pair({ renew: true });
    pair.settle();
    expect(box.outcome).toMatchObject({ method: "justWorks" });
    expect(pair.passed.every(({ encrypted }) => encrypted)).toBe(true);
    expect(pair.central.manager.bond).not.toEqual(old);
    expect(pair.peripheral.user.lost).toEqual([]);
  });

  it("anew goes on without the proof where the peer has forgotten its key, and tells so once", () => {
    const { central, peripheral } = reconnected();
    const pair = new TwoManagers({
      central: { keys: central.keys, settings: plain },
      peripheral: { keys: new MemoryKeys(peripheral.keys.own.address, peripheral.keys.own.irk) },
      seed: 51,
    });
    const outcomes: unknown[] = [];
    for (let i = 0; i < 3; i++) pair.central.manager.encrypt((outcome) => outcomes.push(outcome));
    pair.settle();
    expect(outcomes).toMatchObject([{ status: 0x06 }, { status: 0x06 }, { status: 0x06 }]);
    expect(String(outcomes[0])).toContain("pair({ renew: true })"); // what it says is what helps
    expect(pair.central.user.lost).toEqual([central.manager.bond]);
    const box = pair.central.pair({ renew: true });
    pair.settle();
    expect(box.outcome).toMatchObject({ method: "justWorks", bond: pair.central.manager.bond });
    expect(pair.central.user.lost).toHaveLength(1);
  });

  it("anew tells of the loss by itself where nobody has tried the key before", () => {
    const { central, peripheral } = reconnected();
    const keys = new MemoryKeys(peripheral.keys.own.address, peripheral.keys.own.irk);
    const pair = new TwoManagers({ central: { keys: central.keys }, peripheral: { keys }, seed: 51 });
    const box = pair.central.pair({ renew: true });
    pair.settle();
    expect(box.outcome).toMatchObject({ method: "justWorks" });
    expect(pair.central.user.lost).toHaveLength(1);
  });

  it("called off while the old key is tried does not begin to pair when that is done", () => {
    const pair = reconnected();
    const outcomes: unknown[] = [];
    const giveUp = pair.central.manager.pair({ renew: true }, (outcome) => outcomes.push(outcome));
    giveUp();
    pair.settle();
    expect(outcomes).toMatchObject([{ reason: PairingFailure.UnspecifiedReason, by: "local" }]);
    expect(pair.passed).toEqual([]);
    expect(pair.encrypted).toBe(true);
    const next = pair.central.pair();
    pair.settle();
    expect(next).toHaveProperty("outcome", undefined); // the line goes on
  });

  it("of the peripheral sends Security Request, and gets what the pairing has brought", () => {
    const pair = new TwoManagers({ central: { settings: yesNo }, peripheral: { settings: yesNo } });
    const box = pair.peripheral.pair();
    expect(toHex(SecurityRequest.encode({ authReq: 0x0d }))).toBe("0b0d");
    pair.settle();
    expect(box.outcome).toMatchObject({ method: "numericComparison", bond: pair.peripheral.manager.bond });
    expect(toHex(pair.passed[0]!.pdu)).toBe("0b0d");
    // What came was what the program had wanted.
    expect(pair.peripheral.user.contexts.map(({ wantedBy }) => wantedBy)).not.toContain("peer");
  });

  it("takes settings in place of the user's for this once, also for the pairing that the central begins", () => {
    const overrides = { ioCapability: IoCapability.DisplayYesNo, mitm: "required" as const };
    for (const role of roles) {
      const pair = new TwoManagers({ central: { settings: yesNo }, peripheral: { settings: yesNo } });
      pair[role].user.settingsGiven = plain;
      const box = pair[role].pair({ overrides });
      pair.settle();
      expect(box.outcome).toMatchObject({ method: "numericComparison" });
    }
  });

  it("pairs on an encrypted link that has no bond, if one is wanted", () => {
    const pair = new TwoManagers();
    pair.central.pair({ overrides: { bonding: false } });
    pair.settle();
    expect(pair.central.manager.state.bonded).toBe(false);
    const box = pair.central.pair();
    pair.settle();
    expect(box.outcome).toMatchObject({ bond: pair.central.manager.bond });
    expect(pair.central.manager.state.bonded).toBe(true);
  });

  it("fails with Pairing Not Supported where this side does not pair, with the peer's answer where that does not", () => {
    for (const refuses of roles) {
      for (const begins of roles) {
        const pair = new TwoManagers({ [refuses]: { settings: null } });
        const box = pair[begins].pair();
        pair.settle();
        const by = refuses === begins ? "local" : "peer";
        expect(box.outcome).toMatchObject({ reason: PairingFailure.PairingNotSupported, by });
        expect(pair.clock.timers).toBe(0);
      }
    }
  });

  it("called off tells the peer, and leaves the link as it was", () => {
    for (const role of roles) {
      const pair = new TwoManagers();
      const box = pair[role].pair();
      if (role === "central") pair.step("central");
      else pair.peripheral.outgoing.length = 0;
      pair[role].manager.cancel();
      expect(box.outcome).toMatchObject({ reason: PairingFailure.UnspecifiedReason, by: "local" });
      pair.settle();
      expect(pair.encrypted).toBe(false);
      expect(pair.clock.timers).toBe(0);
      pair[role].manager.cancel(); // nothing to call off
    }
  });

  it("that waits for a pairing of the peer and is called off never begins, and leaves that one alone", () => {
    for (const call of ["pair", "encrypt"] as const) {
      const pair = new TwoManagers({ peripheral: { settings: { ...plain, authorizeJustWorks: true } } });
      pair.peripheral.user.person = { slow: true };
      const theirs = pair.central.pair();
      pair.step("central");
      const outcomes: unknown[] = [];
      const { manager } = pair.peripheral;
      const done = (outcome: unknown): void => void outcomes.push(outcome);
      const giveUp = call === "pair" ? manager.pair({ renew: true }, done) : manager.encrypt(done);
      expect(outcomes).toEqual([]);
      giveUp();
      expect(outcomes).toMatchObject([{ reason: PairingFailure.UnspecifiedReason, by: "local" }]);
      pair.settle();
      expect(theirs.outcome).toMatchObject({ method: "justWorks" });
      expect(codes(pair)).not.toContain("0b");
      giveUp();
      expect(outcomes).toHaveLength(1);
      expect(pair.closed).toBe(false);
    }
  });

  it("two at a time, one on each side, lead to one pairing", () => {
    const pair = new TwoManagers();
    const boxes = [pair.central.pair(), pair.peripheral.pair()];
    pair.settle();
    for (const box of boxes) expect(box).toHaveProperty("outcome");
    expect(boxes[0]!.outcome).toMatchObject({ method: "justWorks" });
    expect(codes(pair).filter((code) => code === "01")).toHaveLength(1);
  });
});

describe("encrypt()", () => {
  it.each(roles)("uses the key there is, when the %s calls it", (role) => {
    const pair = reconnected();
    const outcomes: unknown[] = [];
    for (let i = 0; i < 2; i++) pair[role].manager.encrypt((outcome) => outcomes.push(outcome));
    pair.settle();
    expect(outcomes).toEqual([undefined, undefined]);
    expect(pair.encrypted).toBe(true);
  });

  it.each(roles)("fails where there is none, and does not pair: %s", (role) => {
    const pair = new TwoManagers();
    const outcomes: unknown[] = [];
    pair[role].manager.encrypt((outcome) => outcomes.push(outcome));
    expect(outcomes[0]).toBeInstanceOf(EncryptionError);
    expect(pair[role].outgoing).toEqual([]);
  });

  it("tells the controller's status where it fails otherwise", () => {
    const pair = reconnected();
    const outcomes: unknown[] = [];
    pair.central.manager.encrypt((outcome) => outcomes.push(outcome));
    pair.central.manager.encryptionChanged(0x1a, false);
    expect(outcomes).toMatchObject([{ code: "ENCRYPTION_FAILED", status: 0x1a }]);
    expect(pair.central.user.lost).toEqual([]);
  });
});

describe("Security Request (2.4.6)", () => {
  const request = (authReq: number): Uint8Array => SecurityRequest.encode({ authReq });

  it("makes the central encrypt if it has a key that is enough, else pair", () => {
    const known = reconnected();
    known.inject("central", request(AuthReq.Bonding));
    known.settle();
    expect(known.passed).toEqual([]);
    expect(known.encrypted).toBe(true);
    const unknown = new TwoManagers({
      peripheral: { settings: yesNo },
      central: { settings: { ...yesNo, mitm: "no" } },
    });
    unknown.inject("central", request(AuthReq.Bonding | AuthReq.Mitm));
    unknown.settle();
    expect(unknown.central.user.contexts[0]).toMatchObject({ wantedBy: "peer" });
    expect(unknown.central.manager.state).toMatchObject({ encrypted: true, authenticated: true });
  });

  it("is ignored while something is under way, and when the link is as it asks", () => {
    const pair = new TwoManagers();
    const box = pair.central.pair();
    for (let more = true; more; more = pair.step("central") || pair.step("peripheral")) {
      pair.inject("central", request(AuthReq.Bonding));
    }
    expect(box.outcome).toMatchObject({ method: "justWorks" });
    const count = pair.passed.length;
    pair.inject("central", request(AuthReq.Bonding | AuthReq.SecureConnections));
    expect(pair.settle().passed).toHaveLength(count);
  });

  it("again and again on a link that takes no answers fills no memory", () => {
    const pair = new TwoManagers({ central: { settings: null }, peripheral: { settings: null } });
    for (const [to, pdu] of [
      ["central", request(1)],
      ["peripheral", fromHex("01030001100707")],
    ] as const) {
      const { channel, manager } = pair[to];
      channel.deliver = undefined;
      channel.room = 4;
      for (let i = 0; i < 1_000; i++) manager.receive(pdu);
      expect(channel.take()).toEqual(Array.from({ length: 4 }, () => "0505"));
    }
  });

  it("asks for level 4 only with protection from a man in the middle", () => {
    const { SecureConnections, Mitm } = AuthReq;
    expect(requestedSecurity(SecureConnections)).toMatchObject({
      authenticated: false,
      secureConnections: false,
    });
    expect(requestedSecurity(Mitm)).toMatchObject({ authenticated: true, secureConnections: false });
    expect(requestedSecurity(Mitm | SecureConnections)).toMatchObject({
      authenticated: true,
      secureConnections: true,
    });
  });
});

describe("Security Request where there is a bond (2.4.6)", () => {
  const justWorks: PairingSettings = { ...plain, mitm: "preferred" };
  const legacy: PairingSettings = {
    ...plain,
    ioCapability: IoCapability.KeyboardDisplay,
    mitm: "required",
    secureConnections: "off",
  };

  it.each([
    ["pair()", (pair: TwoManagers) => pair.peripheral.pair()],
    ["a service", (pair: TwoManagers) => pair.peripheral.raise({ encrypted: true })],
  ] as const)("asks for nothing that is merely preferred: nobody pairs anew, for %s", (_what, want) => {
    const persons = { ...justWorks, ioCapability: IoCapability.DisplayYesNo };
    for (const now of [justWorks, persons]) {
      const pair = reconnected(justWorks, now);
      const box = want(pair);
      pair.settle();
      expect(box.outcome).toBeUndefined();
      expect(codes(pair)).toEqual(["0b"]);
      expect(pair.central.manager.state).toMatchObject({ encrypted: true, bonded: true });
    }
  });

  it.each<readonly [string, PairingSettings, number]>([
    ["authentication, of a central that can neither show nor ask", justWorks, AuthReq.Mitm],
    ["level 4, of such a central", justWorks, AuthReq.Mitm | AuthReq.SecureConnections],
    ["level 4, of a central with legacy pairing alone", legacy, AuthReq.Mitm | AuthReq.SecureConnections],
  ])(
    "has the key used that there is where no pairing could bring a better one: %s",
    (_what, settings, flags) => {
      const pair = reconnected(settings, settings);
      pair.inject("central", SecurityRequest.encode({ authReq: AuthReq.Bonding | flags }));
      pair.settle();
      pair.inject("central", SecurityRequest.encode({ authReq: AuthReq.Bonding | flags }));
      pair.settle();
      expect(pair.passed).toEqual([]);
      expect(pair.encrypted).toBe(true);
    },
  );

  it("that is more than the key is worth has the two pair anew where that can bring it", () => {
    const pair = reconnected(justWorks, { ...yesNo, mitm: "no" });
    pair.inject("central", SecurityRequest.encode({ authReq: AuthReq.Bonding | AuthReq.Mitm }));
    pair.settle();
    expect(pair.central.manager.state).toMatchObject({ authenticated: true, bonded: true });
    expect(pair.passed.every(({ encrypted }) => encrypted)).toBe(true);
  });
});

describe("what this side does not allow", () => {
  it.each([
    ["LE Secure Connections that are off", { secureConnections: "off" }, { secureConnections: true }, 0x03],
    ["a key longer than the longest", { maxKeySize: 10 }, { keySize: 16 }, 0x06],
  ] as const)(
    "is not paired for, whoever asks for it: %s (Vol 3, Part C, 10.3.2)",
    (_what, limits, requirement, reason) => {
      for (const role of roles) {
        const settings = { ...yesNo, ...limits };
        const pair = new TwoManagers({ [role]: { settings } });
        const box = pair[role].raise(requirement);
        expect(box.outcome).toMatchObject({ reason, by: "local" });
        expect(pair.settle().passed).toEqual([]);
        expect(pair.clock.timers).toBe(0);
      }
    },
  );

  it("does not keep a key from being used that has it already", () => {
    const pair = reconnected(yesNo, { ...yesNo, secureConnections: "off" });
    const box = pair.central.raise({ authenticated: true, secureConnections: true });
    pair.settle();
    expect(box).toHaveProperty("outcome", undefined);
    expect(pair.passed).toEqual([]);
    expect(pair.central.manager.state).toMatchObject({ secureConnections: true, bonded: true });
  });
});

describe("what a requirement does to the settings", () => {
  const requirement = fc.record({
    encrypted: fc.boolean(),
    authenticated: fc.boolean(),
    secureConnections: fc.boolean(),
    keySize: fc.integer({ min: 7, max: 16 }),
  });

  it("makes them stricter in what is asked, and looser in nothing", () => {
    fc.assert(
      fc.property(anySettings, requirement, (settings, asked) => {
        const before = requirementOf(settings);
        const after = requirementOf(strengthened(settings, asked));
        expect(after.authenticated).toBe(before.authenticated! || asked.authenticated);
        const mayBeSecure = settings.secureConnections !== "off" && asked.secureConnections;
        expect(after.secureConnections).toBe(before.secureConnections! || mayBeSecure);
        expect(after.keySize).toBe(Math.max(before.keySize!, asked.keySize));
      }),
      runs,
    );
  });
});

describe("Secure Connections Only Mode (Vol 3, Part C, 10.2.4)", () => {
  const least = { authenticated: true, secureConnections: true, keySize: 16 };

  it.each(["preferred", "off"] as const)("pairs at level 4, whatever the settings say: %s", (choice) => {
    const pair = new TwoManagers({
      central: { settings: { ...yesNo, mitm: "no", minKeySize: 7, secureConnections: choice }, least },
      peripheral: { settings: { ...yesNo, mitm: "no" } },
    });
    pair.central.pair();
    pair.settle();
    expect(pair.central.manager.state).toMatchObject({
      authenticated: true,
      secureConnections: true,
      keySize: 16,
    });
  });

  it("neither pairs nor encrypts below it, in either role", () => {
    for (const role of roles) {
      const before = reconnected();
      const side = { keys: before[role].keys, least };
      const pair = new TwoManagers({
        central: { keys: before.central.keys },
        peripheral: { keys: before.peripheral.keys },
        [role]: side,
      });
      expect(pair[role].manager.hasKey).toBe(false);
      const box = pair.central.pair();
      pair.settle();
      expect(box.outcome).toBeInstanceOf(Error);
      expect(pair.encrypted).toBe(false);
    }
  });
});

describe("who the peer is", () => {
  it("is its identity once it has proved to have the keys of it", () => {
    const pair = reconnected();
    const identity = pair.central.manager.bond!.identity;
    expect(pair.central.manager.peer).toEqual(identity);
    const stranger = new TwoManagers({ central: { keys: new MemoryKeys(identity, new Uint8Array(16)) } });
    expect(stranger.central.manager.peer).toEqual(stranger.central.peerAddress);
    expect(stranger.central.manager.bond).toBeUndefined();
  });
});

describe("any octets at any time", () => {
  it("are never thrown at, and get nothing but SMP commands", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...roles),
        fc.array(fc.uint8Array({ maxLength: 70 }), { maxLength: 20 }),
        (role, pdus) => {
          const pair = new TwoManagers();
          for (const pdu of pdus) pair[role].manager.receive(pdu);
          for (const item of pair[role].outgoing) {
            if ("pdu" in item) expect(item.pdu[0]).toBeLessThanOrEqual(Code.PairingKeypressNotification);
          }
          pair.close();
          expect(pair.clock.timers).toBe(0);
        },
      ),
      runs,
    );
  });
});
