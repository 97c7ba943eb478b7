import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Address, type AddressType } from "../../src/common/address.ts";
import { fromHex, reversed, toHex } from "../../src/common/bytes.ts";
import { VirtualClock } from "../../src/common/clock.ts";
import type { Random } from "../../src/common/random.ts";
import type { DistributedKeys, PairingSettings } from "../../src/smp/pairing-user.ts";
import { AuthReq, Code, KeyDistribution, PairingRequest, PairingResponse } from "../../src/smp/pdu.ts";
import { RepeatedAttempts } from "../../src/smp/repeated-attempts.ts";
import type { EncryptionKey, SecurityLink } from "../../src/smp/security-link.ts";
import { SecurityManager } from "../../src/smp/security-manager.ts";
import { ScriptedChannel } from "../att/scripted-channel.ts";
import { MemoryKeys, noKeys, plain, TestUser, TwoManagers } from "../smp/two-managers.ts";
import { PurposeTable } from "./table.ts";

// Scripts of pairings that may lie beside the checkout.
const file = new URL("../../../shared/vectors/smp-cases.json", import.meta.url);

interface Party {
  readonly type: AddressType;
  readonly address: string;
  readonly identity: string;
}

type Entry =
  | { readonly from: "initiator" | "responder"; readonly pdu: string; readonly what: string }
  | { readonly event: string; readonly key: string };

interface Session {
  readonly name: string;
  readonly stackRole: "initiator" | "responder";
  readonly expect: string;
  readonly initiator: Party;
  readonly responder: Party;
  readonly stackInputs: {
    readonly passkey?: number;
    readonly oobTk?: string;
    readonly numericComparisonDisplayed?: number;
  };
  readonly stackPrivateKeyLE?: string;
  readonly authenticated: boolean;
  readonly script: readonly Entry[];
  readonly asRandom?: {
    readonly ltkLE: string;
    readonly dhkeyCheckI: string;
    readonly dhkeyCheckR: string;
  };
}

interface Template {
  readonly name: string;
  readonly stackRole: "initiator" | "responder";
  readonly mitm: boolean;
  readonly sc: boolean;
  readonly io: string;
  readonly initiator?: Party;
  readonly responder?: Party;
  readonly script: readonly {
    readonly dir: "to-stack" | "from-stack";
    readonly pdu: string;
    readonly computed?: boolean;
  }[];
}

interface Cases {
  readonly sessions: readonly Session[];
  readonly templates: readonly Template[];
  readonly negative: readonly Template[];
}

const absent = "../shared/vectors/smp-cases.json is absent";
const cases: Cases | undefined = existsSync(file)
  ? (JSON.parse(readFileSync(file, "utf8")) as Cases)
  : undefined;

/** The values that a session was recorded with, for each size in the order in which they are drawn. */
class RecordedRandom implements Random {
  readonly #values = new Map<number, Uint8Array[]>();

  add(value: Uint8Array): void {
    this.#values.set(value.length, [...(this.#values.get(value.length) ?? []), value]);
  }

  bytes(size: number): Uint8Array {
    return Uint8Array.from(this.#values.get(size)?.shift() ?? new Uint8Array(size));
  }

  below(): number {
    throw new Error("nothing else is drawn");
  }
}

/** The value behind the code of a PDU, most significant octet first. */
const valueOf = (pdu: Uint8Array, from = 1, to = pdu.length): Uint8Array => reversed(pdu.subarray(from, to));

/** Everything that the stack has drawn by chance in a session. */
function recordedRandom(session: Session): RecordedRandom {
  const random = new RecordedRandom();
  if (session.stackPrivateKeyLE) random.add(reversed(fromHex(session.stackPrivateKeyLE)));
  for (const entry of session.script) {
    if ("event" in entry || entry.from !== session.stackRole) continue;
    const pdu = fromHex(entry.pdu);
    const drawn: readonly number[] = [
      Code.PairingRandom,
      Code.EncryptionInformation,
      Code.SigningInformation,
    ];
    if (drawn.includes(pdu[0]!)) random.add(valueOf(pdu));
    if (pdu[0] === Code.CentralIdentification) {
      random.add(valueOf(pdu, 1, 3)); // EDIV, then Rand
      random.add(valueOf(pdu, 3));
    }
  }
  return random;
}

function distributed(bits: number): DistributedKeys {
  return {
    encryption: (bits & KeyDistribution.EncKey) !== 0,
    identity: (bits & KeyDistribution.IdKey) !== 0,
    signing: (bits & KeyDistribution.SignKey) !== 0,
  };
}

/** What leads a stack to say this Pairing Request or Pairing Response. */
function settingsOf(pdu: Uint8Array): PairingSettings {
  const isRequest = pdu[0] === Code.PairingRequest;
  const features = isRequest ? PairingRequest.decode(pdu) : PairingResponse.decode(pdu);
  const { ioCapability, authReq, initiatorKeyDistribution, responderKeyDistribution } = features;
  const [initiator, responder] = [
    distributed(initiatorKeyDistribution),
    distributed(responderKeyDistribution),
  ];
  return {
    ...plain,
    ioCapability,
    bonding: (authReq & AuthReq.Bonding) !== 0,
    mitm: (authReq & AuthReq.Mitm) !== 0 ? "preferred" : "no",
    secureConnections: (authReq & AuthReq.SecureConnections) !== 0 ? "preferred" : "off",
    maxKeySize: features.maximumEncryptionKeySize,
    distribute: isRequest ? initiator : responder,
    accept: isRequest ? responder : initiator,
  };
}

const addressOf = ({ type, address }: Party): Address => new Address(type, Number.parseInt(address, 16));

/** One Security Manager whose link and peer are a script. */
class Scripted implements SecurityLink {
  readonly role: "central" | "peripheral";
  readonly localAddress: Address;
  readonly peerAddress: Address;
  readonly channel = new ScriptedChannel();
  readonly user: TestUser;
  readonly keys: MemoryKeys;
  readonly clock = new VirtualClock();
  readonly manager: SecurityManager;
  given: EncryptionKey | undefined;
  replied: Uint8Array | undefined;

  constructor(
    stackRole: "initiator" | "responder",
    initiator: Party,
    responder: Party,
    settings: PairingSettings,
    random: Random,
    irk: Uint8Array = new Uint8Array(16),
  ) {
    const [own, peer] = stackRole === "initiator" ? [initiator, responder] : [responder, initiator];
    this.role = stackRole === "initiator" ? "central" : "peripheral";
    this.localAddress = addressOf(own);
    this.peerAddress = addressOf(peer);
    this.user = new TestUser(settings);
    this.keys = new MemoryKeys(new Address("public", Number.parseInt(own.identity, 16)), irk);
    this.manager = new SecurityManager({
      channel: this.channel,
      link: this,
      clock: this.clock,
      random,
      user: this.user,
      keys: this.keys,
      attempts: new RepeatedAttempts(this.clock),
    });
  }

  encrypt(key: EncryptionKey): void {
    this.given = { ...key, key: Uint8Array.from(key.key) };
  }

  replyKey(key: Uint8Array | undefined): void {
    this.replied = key && Uint8Array.from(key);
  }

  disconnect(): void {
    throw new Error("the link was given up");
  }
}

/** Plays a session and checks every PDU and the key. */
function replay(session: Session): Scripted {
  const { stackRole, script, initiator, responder, stackInputs } = session;
  const own = script.flatMap((entry) =>
    "pdu" in entry && entry.from === stackRole ? [fromHex(entry.pdu)] : [],
  );
  const irkPdu = own.find((pdu) => pdu[0] === Code.IdentityInformation);
  const { passkey, oobTk } = stackInputs;
  const settings = {
    ...settingsOf(own[0]!),
    passkey,
    ...(oobTk !== undefined && { peerOob: { temporaryKey: reversed(fromHex(oobTk)) } }),
  };
  const scripted = new Scripted(
    stackRole,
    initiator,
    responder,
    settings,
    recordedRandom(session),
    irkPdu && valueOf(irkPdu),
  );
  const { manager, user, channel } = scripted;
  user.person = { typesPasskey: () => passkey };
  user.other = new TestUser(undefined);
  user.other.shownPasskey = passkey;
  if (stackRole === "initiator") manager.pair({}, () => undefined);
  const sent: string[] = [];
  for (const entry of script) {
    sent.push(...channel.take());
    if ("event" in entry) {
      const rand = new Uint8Array(8);
      if (stackRole === "responder") manager.keyRequested({ ediv: 0, rand });
      else expect(scripted.given).toMatchObject({ ediv: 0, rand });
      expect(toHex(reversed(scripted.given?.key ?? scripted.replied!))).toBe(entry.key);
      manager.encryptionChanged(0, true);
    } else if (entry.from === stackRole) expect(sent.shift(), entry.what).toBe(entry.pdu);
    else manager.receive(fromHex(entry.pdu));
  }
  expect([...sent, ...channel.take()]).toEqual([]);
  return scripted;
}

function expectSuccess({ manager, user, clock, keys }: Scripted, session: Session): void {
  const { authenticated, stackInputs, script, initiator, responder, stackRole } = session;
  expect(user.outcomes).toMatchObject([{ method: expect.any(String) as string }]);
  expect(manager.state).toMatchObject({ encrypted: true, authenticated, bonded: true, keySize: 16 });
  expect(clock.timers).toBe(0);
  if (stackInputs.numericComparisonDisplayed !== undefined) {
    expect(user.numbers).toEqual([stackInputs.numericComparisonDisplayed]);
  }
  // What the peer has told is what is kept.
  const peer = stackRole === "initiator" ? responder : initiator;
  const told = (code: number): string | undefined =>
    script
      .flatMap((entry) => ("pdu" in entry && entry.from !== stackRole ? [fromHex(entry.pdu)] : []))
      .filter((pdu) => pdu[0] === code)
      .map((pdu) => toHex(valueOf(pdu)))[0];
  const bond = [...keys.bonds.values()][0]!;
  expect(toHex(bond.irk ?? new Uint8Array())).toBe(told(Code.IdentityInformation) ?? "");
  expect(toHex(bond.peerSigning?.key ?? new Uint8Array())).toBe(told(Code.SigningInformation) ?? "");
  expect(bond.identity.value).toBe(Number.parseInt(peer.identity, 16));
}

const table = new PurposeTable("SMP sessions, templates and negative cases (Vol 3, Part H)");
const sessions = cases?.sessions ?? [];
const completed = sessions.filter(({ expect: end }) => end === "success");

describe.skipIf(!cases)(`recorded pairings (skipped where ${absent})`, () => {
  it.each(completed)("$name is repeated octet for octet, and leads to the same keys", async (session) => {
    await table.judge(session.name, () => {
      expectSuccess(replay(session), session);
    });
  });

  const privates = sessions.filter(({ asRandom }) => asRandom !== undefined);
  it.each(privates)(
    "$name has private addresses in the check values as random ones (2.2.7, 2.2.8)",
    async (session) => {
      const { ltkLE, dhkeyCheckI, dhkeyCheckR } = session.asRandom!;
      const script = session.script.map((entry) => {
        if ("event" in entry) return { ...entry, key: ltkLE };
        if (entry.what !== "DHKey Check") return entry;
        return { ...entry, pdu: entry.from === "initiator" ? dhkeyCheckI : dhkeyCheckR };
      });
      const [initiator, responder] = [session.initiator, session.responder].map((party) => ({
        ...party,
        type: "random" as const,
      }));
      const changed = { ...session, script, initiator: initiator!, responder: responder! };
      await table.judge(`${session.name}, as random`, () => {
        expectSuccess(replay(changed), changed);
      });
    },
  );

  it("with our own public key for the peer's end at once (CVE-2020-26558)", async () => {
    const session = sessions.find(({ name }) => name.endsWith("_peer_same_pk"))!;
    const failed = { from: session.stackRole, pdu: "050a", what: "Pairing Failed" };
    await table.judge(session.name, () => {
      const { user } = replay({ ...session, script: [...session.script.slice(0, 4), failed] });
      expect(user.outcomes).toMatchObject([{ reason: 0x0a, by: "local" }]);
    });
  });

  it("are all judged", () => {
    expect([completed.length, privates.length]).toEqual([14, 4]);
    expect(sessions).toHaveLength(completed.length + 1);
  });
});

/** What BlueZ says of BR/EDR, which this host does not have: CT2 and the link key. */
function withoutBrEdr(pdu: string): string {
  const octets = fromHex(pdu);
  if (octets[0] !== Code.PairingRequest && octets[0] !== Code.PairingResponse) return pdu;
  octets[3] = octets[3]! & ~AuthReq.Ct2;
  octets[5] = octets[5]! & ~KeyDistribution.LinkKey;
  octets[6] = octets[6]! & ~KeyDistribution.LinkKey;
  return toHex(octets);
}

/** Code and length of what nobody can foresee; the Pairing Failed of a test that ends there is none of the script's. */
const shape = (pdu: string): string => `${pdu.slice(0, 2)}…${pdu.length}`;

const isMalformed = ({ script }: Template): boolean =>
  script[0]!.pdu.length !== 14 || script[1]!.pdu.length !== 14;
const templates = cases?.templates ?? [];

describe.skipIf(!cases)(`templates of BlueZ (skipped where ${absent})`, () => {
  const whole = templates.filter((template) => !isMalformed(template));
  it.each(whole)("$name is followed between two managers, but for what is of BR/EDR", async (template) => {
    await table.judge(template.name, () => {
      follow(template);
    });
  });

  function follow({ name, stackRole, script }: Template): void {
    const [central, peripheral] = [script[0]!, script[1]!].map(({ pdu }) => settingsOf(fromHex(pdu)));
    const pair = new TwoManagers({ central: { settings: central! }, peripheral: { settings: peripheral! } });
    pair.central.pair();
    pair.settle();
    const [stack, peer] = stackRole === "initiator" ? ["central", "peripheral"] : ["peripheral", "central"];
    for (const [i, { dir, pdu, computed }] of script.entries()) {
      const passed = pair.passed.filter(({ encrypted }) => !encrypted)[i]!;
      expect(passed.from, `${name}: ${i}`).toBe(dir === "from-stack" ? stack : peer);
      const octets = toHex(passed.pdu);
      if (computed) expect(shape(octets), `${name}: ${i}`).toBe(shape(pdu));
      else expect(octets, `${name}: ${i}`).toBe(withoutBrEdr(pdu));
    }
  }
});

describe.skipIf(!cases)(`what is malformed or in the wrong role (skipped where ${absent})`, () => {
  const wrong = [...templates.filter(isMalformed), ...(cases?.negative ?? [])];
  it.each(wrong)("$name gets exactly this Pairing Failed (3.5.5)", async (template) => {
    await table.judge(template.name, () => {
      expectRefusal(template);
    });
  });

  const party = { type: "public", address: "000000000001", identity: "000000000001" } as const;
  const other = { type: "public", address: "000000000002", identity: "000000000002" } as const;

  function expectRefusal({ stackRole, initiator = party, responder = other, script }: Template): void {
    const response = script.find(({ dir, pdu }) => dir === "from-stack" && pdu.length === 14);
    const settings = response
      ? settingsOf(fromHex(response.pdu))
      : { ...plain, bonding: false, distribute: noKeys, accept: noKeys };
    const random = new RecordedRandom(); // as the cases have it: all 0
    const withIdentity = (of: Party): Party => ({ ...of, identity: of.address });
    const { manager, channel, clock } = new Scripted(
      stackRole,
      withIdentity(initiator),
      withIdentity(responder),
      settings,
      random,
    );
    if (script[0]!.dir === "from-stack") manager.pair({}, () => undefined);
    const sent: string[] = [];
    for (const { dir, pdu } of script) {
      sent.push(...channel.take());
      if (dir === "to-stack") manager.receive(fromHex(pdu));
      else expect(sent.shift()).toBe(pdu);
    }
    expect([...sent, ...channel.take()]).toEqual([]);
    expect(clock.timers).toBe(0);
  }
});
