import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { ErrorCode } from "../../src/att/error-code.ts";
import { InvalidArgumentsError, RejectedError } from "../../src/gap/agent-error.ts";
import { FixedPasskeyAgent } from "../../src/gap/agents/fixed-passkey-agent.ts";
import { RecordingAgent } from "../../src/gap/agents/recording-agent.ts";
import { YesNoAgent } from "../../src/gap/agents/yes-no-agent.ts";
import type { Connection } from "../../src/gap/connection.ts";
import { characteristic, service } from "../../src/gatt/service-builder.ts";
import { UnavailableError } from "../../src/gap/error.ts";
import { HostClosedError } from "../../src/common/errors.ts";
import { DisconnectedError } from "../../src/hci/error.ts";
import { PairingError, PairingTimeoutError } from "../../src/smp/error.ts";
import { PairingFailure } from "../../src/smp/pairing-failure.ts";
import { countingSignal } from "../support/counting-signal.ts";
import { controllerKinds, HostsOnAir, outcome, twoHosts, type TwoHosts } from "../support/two-hosts.ts";

interface Ends {
  readonly central: Connection;
  readonly peripheral: Connection;
}

async function connected(): Promise<TwoHosts & { readonly ends: Ends }> {
  const hosts = await twoHosts();
  return { ...hosts, ends: await hosts.air.connect(hosts.central, hosts.peripheral) };
}

/** Closes all, when the last keys have arrived too. */
async function finish(air: HostsOnAir): Promise<void> {
  await air.clock.advance(1000);
  await air.expectNothingLeft();
}

const best = { encrypted: true, authenticated: true, secureConnections: true, keySize: 16, bonded: true };
const justWorks = { ...best, authenticated: false };

describe("connection.pair", () => {
  it.each(controllerKinds)("compares numbers on controllers with %s", async (_name, options) => {
    const { air, central, peripheral } = await twoHosts(options);
    const ends = await air.connect(central, peripheral);
    const agents = { central: new RecordingAgent(), peripheral: new RecordingAgent() };
    central.host.agents.register(agents.central);
    peripheral.host.agents.register(agents.peripheral);
    expect(ends.central.security).toEqual({
      encrypted: false,
      authenticated: false,
      secureConnections: false,
      keySize: 0,
      bonded: false,
    });
    expect(await air.until(ends.central.pair())).toEqual(best);
    await air.clock.advance(1000);
    expect(ends.peripheral.security).toEqual(best);
    const [mine] = agents.central.calls;
    const [theirs] = agents.peripheral.calls;
    expect(agents.central.methods).toEqual(["requestConfirmation"]);
    expect(agents.peripheral.methods).toEqual(["requestConfirmation"]);
    expect(mine?.passkey).toMatch(/^\d{6}$/);
    expect(theirs?.passkey).toBe(mine?.passkey);
    expect(mine?.device).toBe(ends.central);
    expect(theirs?.device).toBe(ends.peripheral);
    for (const { bonds } of [central.host, peripheral.host]) {
      expect(bonds.all).toHaveLength(1);
      expect(bonds.all[0]).toMatchObject({ authenticated: true, secureConnections: true, keySize: 16 });
    }
    expect(ends.central.peerIdentity.equals(peripheral.host.address)).toBe(true);
    await finish(air);
    expect(agents.central.methods).toEqual(["requestConfirmation", "release"]);
  });

  it("works without agents, unauthenticated: Just Works (Vol 3, Part H, 2.3.5.1)", async () => {
    const { air, ends } = await connected();
    const changes: unknown[] = [];
    ends.peripheral.on("securityChanged", (security) => changes.push(security));
    expect(await air.until(ends.central.pair())).toEqual(justWorks);
    await air.clock.advance(1000);
    expect(changes).toEqual([{ ...justWorks, bonded: false }, justWorks]);
    await finish(air);
  });

  it("pairs at the peripheral's wish: Security Request (Vol 3, Part H, 2.4.6)", async () => {
    const { air, ends } = await connected();
    expect(await air.until(ends.peripheral.pair())).toEqual(justWorks);
    await air.clock.advance(1000);
    expect(ends.central.security).toEqual(justWorks);
    await finish(air);
  });

  it("keeps nothing without bond, and says so", async () => {
    const { air, central, peripheral, ends } = await connected();
    expect(await air.until(ends.central.pair({ bond: false }))).toEqual({ ...justWorks, bonded: false });
    await air.clock.advance(1000);
    expect([central.host.bonds.all, peripheral.host.bonds.all]).toEqual([[], []]);
    await finish(air);
  });

  it("has one side type what the other shows, tells it of each key, and calls cancel when it is to be taken away", async () => {
    const { air, central, peripheral, ends } = await connected();
    let shown = "";
    const display = new RecordingAgent({
      capability: "DisplayOnly",
      onCall: ({ passkey = shown }) => (shown = passkey),
    });
    const keyboard = new RecordingAgent({ capability: "KeyboardOnly", passkey: () => shown });
    peripheral.host.agents.register(display);
    central.host.agents.register(keyboard);
    expect(await air.until(ends.central.pair())).toEqual(best);
    await air.clock.advance(1000);
    expect(shown).toMatch(/^\d{6}$/);
    expect(keyboard.methods).toEqual(["requestPasskey"]);
    expect(display.methods.filter((method) => method !== "displayPasskey")).toEqual(["cancel"]);
    const entered = display.calls.flatMap((call) => call.entered ?? []);
    expect(entered).toEqual([0, ...entered.slice(1)]);
    expect(Math.max(...entered)).toBe(6);
    await finish(air);
  });

  it("lets two automatic agents type the same passkey", async () => {
    const { air, central, peripheral, ends } = await connected();
    central.host.agents.register(new FixedPasskeyAgent(123456));
    peripheral.host.agents.register(new FixedPasskeyAgent("123456"));
    expect(await air.until(ends.central.pair({ mitm: true }))).toEqual(best);
    await finish(air);
  });

  it("is not done with LE Secure Connections where they are off, whatever a server asks for (Vol 3, Part C, 10.3.2)", async () => {
    const air = new HostsOnAir();
    const peripheral = await air.open({}, { pairing: { passkey: 7 } });
    const central = await air.open({}, { pairing: { secureConnections: "off" } });
    central.host.agents.register(new FixedPasskeyAgent(7));
    const level = characteristic("2a19", {
      value: Uint8Array.of(80),
      permissions: { read: "secureConnections" },
    });
    peripheral.host.gatt.add(service("180f", { level }));
    const ends = await air.connect(central, peripheral);
    const remote = await air.until(ends.central.gatt.characteristic("180f", "2a19"));
    const legacy = { ...best, secureConnections: false };
    for (let again = 0; again < 2; again++) {
      expect(await air.ending(remote.read())).toMatchObject({
        error: {
          status: ErrorCode.InsufficientAuthentication,
          cause: { reason: PairingFailure.AuthenticationRequirements, by: "local" },
        },
      });
      await air.clock.advance(1000);
      expect([ends.central.security, ends.peripheral.security]).toEqual([legacy, legacy]);
    }
    await finish(air);
  });

  it("shows the passkey of the options, for a device with a sticker and no agent", async () => {
    const air = new HostsOnAir();
    const peripheral = await air.open({}, { pairing: { passkey: "000042" } });
    const central = await air.open();
    const ends = await air.connect(central, peripheral);
    central.host.agents.register(new FixedPasskeyAgent(42));
    expect(await air.until(ends.central.pair({ mitm: true }))).toEqual(best);
    await finish(air);
  });

  it("fails on both sides when the passkey is wrong, and leaves the link as it was", async () => {
    const { air, central, peripheral, ends } = await connected();
    const failed = once(ends.peripheral, "pairingFailed");
    central.host.agents.register(new FixedPasskeyAgent(1));
    peripheral.host.agents.register(new FixedPasskeyAgent(2));
    const { error } = (await air.ending(ends.central.pair())) as { readonly error: PairingError };
    expect(error).toBeInstanceOf(PairingError);
    expect(error.reason).toBe(PairingFailure.ConfirmValueFailed);
    const [theirs] = (await air.until(failed)) as [PairingError];
    expect(theirs.reason).toBe(PairingFailure.ConfirmValueFailed);
    expect([error.by, theirs.by].sort()).toEqual(["local", "peer"]);
    expect([ends.central.security.encrypted, ends.peripheral.security.encrypted]).toEqual([false, false]);
    expect([...central.host.bonds.all, ...peripheral.host.bonds.all]).toEqual([]);
    await finish(air);
  });

  it.each(["central", "peripheral"] as const)("fails when the person at the %s says no", async (side) => {
    const { air, central, peripheral, ends } = await connected();
    for (const [name, { host }] of Object.entries({ central, peripheral })) {
      host.agents.register(new YesNoAgent(() => name !== side));
    }
    const { error } = (await air.ending(ends.central.pair())) as { readonly error: PairingError };
    expect(error.reason).toBe(PairingFailure.NumericComparisonFailed);
    expect(error.by).toBe(side === "central" ? "local" : "peer");
    await finish(air);
  });

  it("requires what mitm asks for (Authentication Requirements, Vol 3, Part H, 3.5.5)", async () => {
    const { air, ends } = await connected();
    const { error } = (await air.ending(ends.central.pair({ mitm: true }))) as {
      readonly error: PairingError;
    };
    expect(error.reason).toBe(PairingFailure.AuthenticationRequirements);
    await finish(air);
  });

  it("asks for no comparison where neither side wants protection", async () => {
    const air = new HostsOnAir();
    const peripheral = await air.open({}, { pairing: { mitm: false } });
    const central = await air.open();
    const ends = await air.connect(central, peripheral);
    const agent = new RecordingAgent();
    central.host.agents.register(agent);
    peripheral.host.agents.register(new RecordingAgent());
    expect(await air.until(ends.central.pair({ mitm: false }))).toEqual(justWorks);
    expect(agent.methods).toEqual([]);
    await finish(air);
  });

  it.each([
    ["legacy", { secureConnections: "off" }, { ...justWorks, secureConnections: false }],
    ["seven octets", { maxKeySize: 7 }, { ...justWorks, keySize: 7 }],
  ] as const)("pairs as the options have it: %s", async (_name, options, expected) => {
    const air = new HostsOnAir();
    const pairing = { minKeySize: 7 };
    const [peripheral, central] = [await air.open({}, { pairing }), await air.open({}, { pairing })];
    const ends = await air.connect(central, peripheral);
    expect(await air.until(ends.central.pair(options))).toEqual(expected);
    await air.clock.advance(1000);
    expect(ends.peripheral.security).toEqual(expected);
    await finish(air);
  });

  it("takes no key shorter than 16 octets unless told to (KNOB)", async () => {
    const air = new HostsOnAir();
    const [peripheral, central] = [await air.open(), await air.open({}, { pairing: { maxKeySize: 15 } })];
    const ends = await air.connect(central, peripheral);
    const { error } = (await air.ending(ends.central.pair())) as { readonly error: PairingError };
    expect([error.reason, error.by]).toEqual([PairingFailure.EncryptionKeySize, "peer"]);
    await finish(air);
  });

  it.each([
    ["minKeySize", {}, { minKeySize: 15 }],
    ["maxKeySize", {}, { maxKeySize: 7 }],
    ["minKeySize", { minKeySize: 10 }, { minKeySize: 9 }],
    ["maxKeySize", { maxKeySize: 12 }, { maxKeySize: 11 }],
  ])("cannot lower the %s of its host for one pairing (KNOB)", async (name, pairing, options) => {
    const air = new HostsOnAir();
    const [peripheral, central] = [await air.open(), await air.open({}, { pairing })];
    const ends = await air.connect(central, peripheral);
    const { error } = (await air.ending(ends.central.pair(options))) as { readonly error: RangeError };
    expect(error).toBeInstanceOf(RangeError);
    expect(error.message).toMatch(new RegExp(`^${name}: \\d+ is less than the \\d+ octets`));
    await finish(air);
  });

  it("can raise the minKeySize of its host for one pairing", async () => {
    const air = new HostsOnAir();
    const peripheral = await air.open({}, { pairing: { minKeySize: 7, maxKeySize: 9 } });
    const central = await air.open({}, { pairing: { minKeySize: 7 } });
    const ends = await air.connect(central, peripheral);
    expect(await air.ending(ends.central.pair({ minKeySize: 10 }))).toMatchObject({
      error: { reason: PairingFailure.EncryptionKeySize },
    });
    await air.clock.advance(1000); // the peer had not heard that this was no guess
    expect(await air.until(ends.central.pair())).toMatchObject({ keySize: 9 });
    await finish(air);
  });

  it("does nothing more when the link is good enough, and pairs anew with renew", async () => {
    const { air, central, peripheral, ends } = await connected();
    const agent = new RecordingAgent();
    central.host.agents.register(agent);
    peripheral.host.agents.register(new RecordingAgent());
    await air.until(ends.central.pair());
    expect(await air.until(ends.central.pair({ mitm: true }))).toEqual(best);
    expect(agent.methods).toEqual(["requestConfirmation"]);
    expect(await air.until(ends.central.pair({ renew: true }))).toEqual(best);
    expect(agent.methods).toEqual(["requestConfirmation", "requestConfirmation"]);
    await finish(air);
  });

  it("betters a link that is paired without authentication", async () => {
    const { air, central, peripheral, ends } = await connected();
    await air.until(ends.central.pair());
    central.host.agents.register(new RecordingAgent());
    peripheral.host.agents.register(new RecordingAgent());
    expect(await air.until(ends.central.pair({ mitm: true }))).toEqual(best);
    await finish(air);
  });

  it("is refused by a host that is not pairable, which may still begin itself", async () => {
    const { air, peripheral, ends } = await connected();
    peripheral.host.pairable = false;
    const { error } = (await air.ending(ends.central.pair())) as { readonly error: PairingError };
    expect([error.reason, error.by]).toEqual([PairingFailure.PairingNotSupported, "peer"]);
    expect(await air.until(ends.peripheral.pair())).toEqual(justWorks);
    await finish(air);
  });

  it("refuses what its options and those of the host come to together", async () => {
    const air = new HostsOnAir();
    const pairing = { minKeySize: 10, maxKeySize: 12 };
    const [peripheral, central] = [await air.open(), await air.open({}, { pairing })];
    const ends = await air.connect(central, peripheral);
    for (const options of [{ minKeySize: 13 }, { maxKeySize: 9 }]) {
      const { error } = (await air.ending(ends.central.pair(options))) as { readonly error: RangeError };
      expect(error).toBeInstanceOf(RangeError);
      expect(error.message).toContain("minKeySize: ");
    }
    await finish(air);
  });

  it("is one at a time", async () => {
    const { air, ends } = await connected();
    const first = ends.central.pair();
    expect(await air.ending(ends.central.pair())).toMatchObject({ error: { constructor: UnavailableError } });
    expect(await air.until(first)).toEqual(justWorks);
    await finish(air);
  });

  it.each([
    ["minKeySize", { minKeySize: 6 }],
    ["maxKeySize", { maxKeySize: 17 }],
    ["minKeySize", { minKeySize: 16, maxKeySize: 10 }],
    ["secureConnections", { secureConnections: "maybe" as "off" }],
    ["repairing", { repairing: "" as "ask" }],
    ["passkey", { passkey: 1_000_000 }],
    ["random", { oob: { confirm: new Uint8Array(16), random: new Uint8Array(15) } }],
    ["minKeySize", { secureConnections: "only", minKeySize: 7 } as const],
    ["oob", { oob: {} }],
    ["oob", { oob: { role: "central" } as const }],
  ])("refuses an option that is out of its range and names it: %s", async (name, options) => {
    const { air, ends } = await connected();
    const { error } = (await air.ending(ends.central.pair(options))) as { readonly error: RangeError };
    expect(error).toBeInstanceOf(RangeError);
    expect(error.message).toContain(name);
    expect(await air.ending(ends.central.pair({ mitm: "yes" as unknown as boolean }))).toMatchObject({
      error: { constructor: TypeError },
    });
    expect(await air.until(ends.central.pair())).toEqual(justWorks);
    await finish(air);
  });
});

describe("What pair() and encrypt() are given", () => {
  it.each([
    ["pair", null],
    ["pair", "mitm"],
    ["pair", { MITM: true }],
    ["pair", { renew: "yes" }],
    ["pair", { signal: 5 }],
    ["pair", { agent: "default" }],
    ["encrypt", null],
    ["encrypt", { timeoutMs: 5 }],
    ["encrypt", { signal: "soon" }],
  ] as const)("is refused with a TypeError where it is no option: %s(%j)", async (method, options) => {
    const { air, ends } = await connected();
    const { error } = (await air.ending(ends.central[method](options as never))) as { readonly error: Error };
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toMatch(new RegExp(`^(${method}|signal|renew|agent): `));
    expect(await air.until(ends.central.pair())).toEqual(justWorks);
    await finish(air);
  });
});

describe("An agent", () => {
  it("that is named is asked in place of the default, if it is registered", async () => {
    const { air, central, peripheral, ends } = await connected();
    const [usual, named] = [new RecordingAgent(), new RecordingAgent()];
    peripheral.host.agents.register(new RecordingAgent());
    central.host.agents.register(usual);
    expect(await air.ending(ends.central.pair({ agent: named }))).toMatchObject({
      error: { constructor: InvalidArgumentsError },
    });
    central.host.agents.register(named);
    await air.until(ends.central.pair({ agent: named }));
    expect([usual.methods, named.methods]).toEqual([[], ["requestConfirmation"]]);
    await finish(air);
  });

  it("authorizes a peer that begins to pair with nothing to compare, and no pairing of this side", async () => {
    const { air, central, peripheral, ends } = await connected();
    const [mine, theirs] = [new RecordingAgent(), new RecordingAgent({ capability: "NoInputNoOutput" })];
    central.host.agents.register(mine);
    peripheral.host.agents.register(theirs);
    expect(await air.until(ends.central.pair())).toEqual(justWorks);
    expect([mine.methods, theirs.methods]).toEqual([[], ["requestAuthorization"]]);
    await finish(air);
  });

  it.each([
    ["says no", new RecordingAgent({ capability: "NoInputNoOutput", answer: false })],
    [
      "cannot be asked although it has a display",
      { displayPasskey: () => undefined, capability: "DisplayOnly" },
    ],
  ] as const)("that %s keeps such a peer out", async (_name, agent) => {
    const { air, peripheral, ends } = await connected();
    peripheral.host.agents.register(agent);
    const { error } = (await air.ending(ends.central.pair())) as { readonly error: PairingError };
    expect(error.by).toBe("peer");
    expect(ends.peripheral.security.encrypted).toBe(false);
    await finish(air);
  });

  it.each([
    ["requestConfirmation", "" as const],
    ["requestPasskey", "KeyboardOnly" as const],
  ])(
    "that never answers %s ends in the time-out of 30 s, with cancel and its signal",
    async (method, capability) => {
      const { air, central, peripheral, ends } = await connected();
      const agent = new RecordingAgent({ capability, answer: "wait" });
      central.host.agents.register(agent);
      peripheral.host.agents.register(new RecordingAgent());
      const failed = once(ends.peripheral, "pairingFailed");
      const started = air.clock.now();
      const { error } = (await air.ending(ends.central.pair())) as { readonly error: Error };
      expect(error).toBeInstanceOf(PairingTimeoutError);
      expect(air.clock.now() - started).toBeGreaterThanOrEqual(30_000);
      expect(air.clock.now() - started).toBeLessThan(31_000);
      await air.until(failed);
      await air.clock.advance(0);
      expect(agent.methods).toEqual([method, "cancel"]);
      // Nothing more on this link. Vol 3, Part H, 3.4.
      expect(await air.ending(ends.central.pair())).toMatchObject({
        error: { constructor: PairingTimeoutError },
      });
      await finish(air);
    },
  );

  it("gets a signal that is aborted when the peer gives up", async () => {
    const { air, central, peripheral, ends } = await connected();
    let asked: AbortSignal | undefined;
    let cancelled = 0;
    central.host.agents.register({
      capability: "DisplayYesNo",
      displayPasskey: () => undefined,
      requestConfirmation: (_device, _passkey, signal) => {
        asked = signal;
        return new Promise(() => undefined);
      },
      cancel: () => {
        cancelled++;
      },
    });
    peripheral.host.agents.register(new YesNoAgent(() => false));
    await air.ending(ends.central.pair());
    expect([asked?.aborted, cancelled]).toEqual([true, 1]);
    await finish(air);
  });

  it("that is unregistered in the middle has its question called off: cancel, then release", async () => {
    const { air, central, peripheral, ends } = await connected();
    const agent = new RecordingAgent({ answer: "wait" });
    central.host.agents.register(agent);
    peripheral.host.agents.register(new RecordingAgent());
    const pairing = air.track("pair", ends.central.pair());
    await air.clock.advance(1000);
    central.host.agents.unregister(agent);
    const { error } = (await air.ending(pairing)) as { readonly error: PairingError };
    expect([error.constructor, error.by]).toEqual([PairingError, "local"]);
    await air.clock.advance(0);
    expect(agent.methods).toEqual(["requestConfirmation", "cancel", "release"]);
    await finish(air);
  });

  it("that throws something refuses, and what is no refusal is told as a fault", async () => {
    const { air, central, peripheral, ends } = await connected();
    const faults: unknown[] = [];
    central.host.on("fault", (fault) => faults.push(fault));
    peripheral.host.agents.register(new RecordingAgent());
    const mistake = new Error("a mistake");
    for (const thrown of [mistake, new RejectedError()]) {
      const agent = {
        displayPasskey: () => undefined,
        requestConfirmation: () => {
          throw thrown;
        },
      };
      const registration = central.host.agents.register(agent, "DisplayYesNo");
      expect(await air.ending(ends.central.pair({ agent }))).toMatchObject({
        error: { reason: PairingFailure.NumericComparisonFailed },
      });
      registration[Symbol.dispose]();
      await air.clock.advance(60_000); // the back-off after a failure
    }
    expect(faults).toEqual([mistake]);
    await finish(air);
  });

  it.each([
    ["compares", "DisplayYesNo", PairingFailure.NumericComparisonFailed],
    ["shows", "DisplayOnly", PairingFailure.PasskeyEntryFailed],
    ["authorizes", "DisplayOnly", PairingFailure.UnspecifiedReason],
  ] as const)("that returns false, which no compiler has checked, refuses: %s", async (what, io, reason) => {
    const { air, central, peripheral, ends } = await connected();
    const no = (): never => false as never;
    peripheral.host.agents.register(
      { displayPasskey: no, requestConfirmation: no, requestAuthorization: no },
      io,
    );
    if (what !== "authorizes") central.host.agents.register(new RecordingAgent({ passkey: () => 5 }));
    const { error } = (await air.ending(ends.central.pair())) as { readonly error: PairingError };
    expect([error.reason, error.by]).toEqual([reason, "peer"]);
    await finish(air);
  });

  it("that says a bonded peer may pair anew is not asked again for Just Works", async () => {
    const { air, central, peripheral, ends } = await connected();
    await air.until(ends.central.pair());
    await air.clock.advance(1000);
    await air.until(ends.central.disconnect());
    await central.host.bonds.clear();
    const agent = new RecordingAgent({ capability: "DisplayOnly" });
    peripheral.host.agents.register(agent);
    const next = await air.connect(central, peripheral);
    expect(await air.until(next.central.pair())).toEqual(justWorks);
    expect(agent.methods).toEqual(["requestAuthorization"]);
    await finish(air);
  });

  it.each(["many", -1, 1_000_000, undefined])("that answers %j for a passkey refuses", async (answer) => {
    const { air, central, peripheral, ends } = await connected();
    const faults: unknown[] = [];
    central.host.on("fault", (fault) => faults.push(fault));
    central.host.agents.register({ requestPasskey: () => answer as number }, "KeyboardOnly");
    peripheral.host.agents.register(new RecordingAgent());
    expect(await air.ending(ends.central.pair())).toMatchObject({
      error: { reason: PairingFailure.PasskeyEntryFailed, by: "local" },
    });
    expect(faults).toEqual([expect.any(RangeError)]);
    await finish(air);
  });

  it("that does not want to show a passkey refuses", async () => {
    const { air, central, peripheral, ends } = await connected();
    central.host.agents.register(new RecordingAgent({ capability: "DisplayOnly", answer: false }));
    peripheral.host.agents.register(new FixedPasskeyAgent(1));
    expect(await air.ending(ends.central.pair())).toMatchObject({
      error: { constructor: PairingError, reason: PairingFailure.PasskeyEntryFailed, by: "local" },
    });
    expect(ends.central.security.encrypted).toBe(false);
    await finish(air);
  });

  it("cannot be registered with a host that is closed, which says so", async () => {
    const { air, central } = await connected();
    await air.until(central.host[Symbol.asyncDispose]());
    expect(() => central.host.agents.register(new RecordingAgent())).toThrow(HostClosedError);
    await finish(air);
  });

  it("may unregister itself, pair another link and close the host from within", async () => {
    const { air, central, peripheral, ends } = await connected();
    peripheral.host.agents.register(new RecordingAgent());
    central.host.agents.register({
      capability: "DisplayYesNo",
      displayPasskey: () => undefined,
      requestConfirmation: async () => {
        await central.host[Symbol.asyncDispose]();
      },
    });
    expect(await air.ending(ends.central.pair())).toMatchObject({ error: expect.any(Error) as Error });
    await finish(air);
  });
});

describe("A pairing that is interrupted", () => {
  it("is called off by its signal; the peer is told, and no listener stays", async () => {
    const { air, central, peripheral, ends } = await connected();
    const agent = new RecordingAgent({ answer: "wait" });
    central.host.agents.register(agent);
    peripheral.host.agents.register(new RecordingAgent());
    const failed = once(ends.peripheral, "pairingFailed");
    const { signal, abort, listeners } = countingSignal();
    const pairing = ends.central.pair({ signal });
    await air.clock.advance(1000);
    abort("enough");
    expect(await air.ending(pairing)).toEqual({ error: "enough" });
    const [reason] = (await air.until(failed)) as [PairingError];
    expect([reason.reason, reason.by]).toEqual([PairingFailure.UnspecifiedReason, "peer"]);
    expect(listeners()).toBe(0);
    expect(agent.methods).toEqual(["requestConfirmation", "cancel"]);
    await finish(air);
  });

  it("is taken back by its signal while it waits for that of the peer, which goes on", async () => {
    const { air, central, peripheral, ends } = await connected();
    const agent = new RecordingAgent({ answer: "wait", capability: "DisplayOnly" });
    peripheral.host.agents.register(agent);
    const theirs = air.track("theirs", ends.central.pair());
    await air.clock.advance(1000);
    const control = new AbortController();
    const mine = [ends.peripheral.pair({ signal: control.signal }), ends.peripheral.encrypt(control)];
    const endings = mine.map((each) => outcome(each));
    await air.clock.advance(1000);
    control.abort("enough");
    expect(await Promise.all(endings)).toEqual([{ error: "enough" }, { error: "enough" }]);
    await air.clock.advance(1000);
    expect(agent.methods).toEqual(["requestAuthorization"]); // and no cancel
    peripheral.host.agents.unregister(agent);
    expect(await air.ending(theirs)).toMatchObject({ error: { by: "peer" } });
    await air.clock.advance(1000);
    expect(central.host.bonds.all).toEqual([]); // nothing has begun after it
    await finish(air);
  });

  it("does not begin with a signal that was aborted before", async () => {
    const { air, ends } = await connected();
    expect(await air.ending(ends.central.pair({ signal: AbortSignal.abort("no") }))).toEqual({ error: "no" });
    expect(await air.until(ends.central.pair())).toEqual(justWorks);
    await finish(air);
  });

  it("rejects on both sides when the link goes, and afterwards", async () => {
    const { air, central, peripheral, ends } = await connected();
    const agents = [new RecordingAgent({ answer: "wait" }), new RecordingAgent({ answer: "wait" })] as const;
    central.host.agents.register(agents[0]);
    peripheral.host.agents.register(agents[1]);
    const pairings = [ends.central.pair(), ends.peripheral.pair()].map((each) => outcome(each));
    await air.clock.advance(1000);
    await air.until(ends.central.disconnect());
    for (const ending of pairings) {
      expect(await air.until(ending)).toMatchObject({ error: { constructor: DisconnectedError } });
    }
    expect(agents.map(({ methods }) => methods.at(-1))).toEqual(["cancel", "cancel"]);
    const late = [ends.central.pair(), ends.central.encrypt()].map((call) => air.ending(call));
    for (const ending of late)
      expect(await ending).toMatchObject({ error: { constructor: DisconnectedError } });
    await finish(air);
  });

  it("rejects when the host is closed", async () => {
    const { air, central, peripheral, ends } = await connected();
    central.host.agents.register(new RecordingAgent({ answer: "wait" }));
    peripheral.host.agents.register(new RecordingAgent());
    const pairing = air.track("pair", ends.central.pair());
    const ending = outcome(pairing);
    await air.clock.advance(1000);
    await air.until(central.host[Symbol.asyncDispose]());
    expect(await air.until(ending)).toMatchObject({ error: { constructor: DisconnectedError } });
    await finish(air);
  });

  it.each<readonly [string, (hosts: TwoHosts, ends: Ends, control: AbortController) => unknown]>([
    ["the link goes", (_hosts, ends) => ends.peripheral.disconnect()],
    ["the host closes", ({ central }) => central.host[Symbol.asyncDispose]()],
    [
      "the agent is unregistered",
      ({ peripheral: { host } }) => {
        host.agents.unregister(host.agents.default!);
      },
    ],
    [
      "it is called off",
      (_hosts, _ends, control) => {
        control.abort(new Error("enough"));
      },
    ],
  ])("leaves nothing behind at whatever moment %s", async (_name, happen) => {
    let interrupted = 0;
    for (let ms = 0; ms <= 4000; ms += 160) {
      const hosts = await twoHosts({}, "air");
      const { air, central, peripheral } = hosts;
      for (const { host } of [central, peripheral]) host.agents.register(new FixedPasskeyAgent(123456));
      const ends = await air.connect(central, peripheral);
      const control = new AbortController();
      const pairing = outcome(air.track("pair", ends.central.pair({ signal: control.signal })));
      await air.clock.advance(ms);
      await air.until(Promise.resolve(happen(hosts, ends, control)));
      if ("error" in (await air.until(pairing))) interrupted++;
      await air.clock.advance(1000);
      const [mine, theirs] = [central, peripheral].map(({ host }) => host.bonds.all.length);
      expect(mine, `after ${ms} ms`).toBe(theirs);
      await air.expectNothingLeft();
    }
    expect(interrupted).toBeGreaterThan(10);
  });
});
