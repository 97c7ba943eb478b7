import { existsSync, readFileSync } from "node:fs";
import { beforeEach, describe, expect, it } from "vitest";
import { fromHex, u16At } from "../../src/common/bytes.ts";
import { unprotected } from "../../src/common/security.ts";
import { FixedCid } from "../../src/l2cap/channel.ts";
import { isDynamicCid } from "../../src/l2cap/cid-allocator.ts";
import {
  CreditBasedConnectionRequest,
  encodeSignaling,
  LeCreditBasedConnectionRequest,
  SignalingCode,
} from "../../src/l2cap/signaling-pdu.ts";
import { enhancedRequest, request, Scripted, SettableSecurity } from "../l2cap/scripted.ts";

interface Entry {
  readonly dir: "to-stack" | "from-stack";
  readonly code: number | "raw" | "k-frame" | "acl";
  readonly data: string | null;
}

interface Case {
  readonly name: string;
  readonly role?: "client" | "server";
  readonly mode?: "enhanced";
  readonly serverSpsm?: number;
  readonly applicationDecides?: "accept" | "reject";
  readonly script: readonly Entry[];
}

const vectors = new URL("../../../shared/vectors/l2cap-cases.json", import.meta.url);
const all = existsSync(vectors)
  ? (JSON.parse(readFileSync(vectors, "utf8")) as {
      readonly bluez: readonly Case[];
      readonly spec: readonly Case[];
    })
  : { bluez: [], spec: [] };

/** What a case is about. */
interface Bench {
  readonly one: Scripted;
}

let security: SettableSecurity;

/** A link with a listener for what the cases ask, whose peer has opened 0x41 to our 0x40 where a case wants that. */
function bench(options: { mtu?: number; mps?: number; open?: boolean } = {}): Bench {
  const one = new Scripted({ security });
  one.listen(options);
  if (options.open) one.say(LeCreditBasedConnectionRequest, request);
  return { one };
}

function secured(requirement: object, state = unprotected, hasKey = false): Bench {
  const one = new Scripted({ security });
  one.listen({ security: requirement });
  Object.assign(security, { state, hasKey });
  return { one };
}

function refusing(result: number): Bench {
  const one = new Scripted();
  one.listen().decide = (incoming) => {
    incoming.refuse(result);
  };
  return { one };
}

function enhancedChannels(overrides: object): Bench {
  const { one } = bench();
  one.say(CreditBasedConnectionRequest, { ...enhancedRequest, ...overrides });
  return { one };
}

const central = (): Bench => ({
  one: new Scripted({ role: "central", parametersRequested: () => expect.unreachable() }),
});
const open = (): Bench => bench({ open: true });

/** The setups that the cases describe in words; where there is none, a listener on 0x0080 is all. */
const setups: Readonly<Record<string, () => Bench>> = {
  "le-insufficient-authentication": () => secured({ authenticated: true }),
  "le-insufficient-encryption": () => secured({ encrypted: true }, unprotected, true),
  "le-key-size": () => secured({ keySize: 16 }, { ...unprotected, encrypted: true, keySize: 7 }, true),
  "le-insufficient-authorization": () => refusing(0x0006),
  "le-no-resources": () => refusing(0x0004),
  "credits-zero": open,
  "credits-overflow": open,
  "kframe-without-credit": () => {
    const one = new Scripted();
    const listener = one.listen({ initialCredits: 1 });
    one.say(LeCreditBasedConnectionRequest, request);
    listener.users[0]!.consumes = false; // or the credit goes back
    return { one };
  },
  "kframe-sdu-length-above-mtu": () => bench({ mtu: 64, open: true }),
  "kframe-payload-above-mps": () => bench({ mps: 23, open: true }),
  "kframe-sum-above-sdu-length": open,
  "kframe-first-too-short": open,
  "disconnect-scid-mismatch": open,
  "conn-param-update-invalid": central,
  "conn-param-update-min-above-max": central,
  "conn-param-update-timeout-too-small": central,
  "ecred-partial": () => {
    const one = new Scripted();
    const listener = one.listen();
    listener.decide = (incoming) => void listener.accept(incoming, 2);
    return { one };
  },
  "reconfigure-mtu-decrease": () => enhancedChannels({ mtu: 128 }),
  "reconfigure-mps-decrease-many": () => enhancedChannels({ mps: 128, sourceCids: [0x41, 0x42] }),
};

const disconnects = (data: Uint8Array, code: number): boolean =>
  code === SignalingCode.DisconnectionRequest && u16At(data, 0) === 0x41;

/** What cases say in words about an answer, or leave to the stack: by the case, of the data of the answer as octets. */
const checks: Readonly<Record<string, (data: Uint8Array, code: number) => boolean>> = {
  "le-scid-already-allocated": (data) => u16At(data, 8) === 0,
  "credits-overflow": disconnects,
  "kframe-without-credit": disconnects,
  "kframe-sdu-length-above-mtu": disconnects,
  "kframe-payload-above-mps": disconnects,
  "kframe-sum-above-sdu-length": disconnects,
  "mtu-exceeded": (data) => u16At(data, 0) === 1 && u16At(data, 2) === 23,
  "ecred-6-scids": (_, code) => code === SignalingCode.CommandReject,
  "ecred-no-scid": (data) => data.length === 8 && u16At(data, 6) === 0x000c,
  "ecred-odd-length": (_, code) => code === SignalingCode.CommandReject,
  "ecred-mtu-63": (data) => u16At(data, 6) === 0x000c && u16At(data, 8) === 0,
  "ecred-mps-63": (data) => u16At(data, 6) === 0x000c && u16At(data, 8) === 0,
  "ecred-credits-0": (data) => u16At(data, 6) === 0x000c && u16At(data, 8) === 0,
  "ecred-duplicate-scid": (data) =>
    u16At(data, 6) === 0x000a && isDynamicCid(u16At(data, 8)) && u16At(data, 10) === 0,
  "ecred-partial": (data) =>
    u16At(data, 6) === 4 &&
    isDynamicCid(u16At(data, 8)) &&
    isDynamicCid(u16At(data, 10)) &&
    u16At(data, 12) === 0,
};

/** What comes beside the answers that a case names, by its code. */
const besides: Readonly<Record<string, readonly number[]>> = {
  // "The receiver shall disconnect all included channels": the case has the answer alone. 4.27
  "reconfigure-mtu-decrease": [SignalingCode.DisconnectionRequest],
  // The case leaves open what comes.
  "kframe-first-too-short": [SignalingCode.DisconnectionRequest],
};

function play({ one }: Bench, { name, script }: Case): void {
  const sent: { readonly code: number; readonly data: string }[] = [];
  let identifier = 1;
  for (const { dir, code, data } of script) {
    if (dir === "to-stack") {
      const octets = fromHex(data ?? "");
      const [cid, payload] =
        code === "k-frame"
          ? [0x40, octets]
          : [
              FixedCid.Signaling,
              code === "raw" ? octets : encodeSignaling(Number(code), identifier++, octets),
            ];
      one.receive(cid, payload);
      sent.push(...one.commands());
      continue;
    }
    const answer = sent.shift();
    expect(answer, "an answer").toBeDefined();
    const octets = fromHex(answer!.data);
    if (data === null)
      expect(checks[name]!(octets, answer!.code), `${answer!.code}: ${answer!.data}`).toBe(true);
    else expect(answer).toMatchObject({ code, data });
  }
  expect(sent.map(({ code }) => code)).toEqual(besides[name] ?? []);
}

beforeEach(() => {
  security = new SettableSecurity();
});

describe.skipIf(!existsSync(vectors))(
  "L2CAP cases of the specification (skipped where ../shared/vectors is absent)",
  () => {
    // Described in words alone: test/l2cap/reassembler.test.ts and l2cap.test.ts have them.
    const inWords = [
      "bframe-unknown-cid",
      "acl-fragment-longer-than-pdu",
      "acl-continuation-without-start",
      "acl-start-while-incomplete",
    ];

    it.each(all.spec.filter(({ name }) => !inWords.includes(name)))("$name", (each) => {
      play((setups[each.name] ?? bench)(), each);
    });

    it("are all played but four, which are no octets", () => {
      expect(all.spec).toHaveLength(47);
      expect(all.spec.filter(({ name }) => inWords.includes(name))).toHaveLength(4);
    });
  },
);

describe.skipIf(!existsSync(vectors))(
  "L2CAP cases of BlueZ (skipped where ../shared/vectors is absent)",
  () => {
    it.each(all.bluez.filter(({ role }) => role === "client"))("$name", ({ mode, script }) => {
      const { one } = bench();
      const opening = one.open({ spsm: 0x80, enhanced: mode === "enhanced" });
      expect(one.command()).toMatchObject({ code: script[0]!.code, identifier: 1 });
      one.receive(FixedCid.Signaling, fromHex(script[1]!.data!));
      expect(opening.outcomes).toMatchObject([{ code: "COMMAND_REJECTED" }]);
    });

    it.each(all.bluez.filter(({ role }) => role === "server"))(
      "$name",
      ({ script, serverSpsm = 0, applicationDecides }) => {
        const one = new Scripted();
        const listener = one.listen({ spsm: serverSpsm });
        // 0x0006 is what BlueZ answers when its application refuses.
        if (applicationDecides === "reject") {
          listener.decide = (incoming) => {
            incoming.refuse(0x0006);
          };
        }
        const [asked, answered] = script;
        one.receive(FixedCid.Signaling, encodeSignaling(Number(asked!.code), 1, fromHex(asked!.data!)));
        const { code, data } = one.command();
        const [ours, theirs] = [fromHex(data), fromHex(answered!.data!)];
        const resultAt = code === SignalingCode.LeCreditBasedConnectionResponse ? 8 : 6;
        expect(code).toBe(answered!.code);
        expect(u16At(ours, resultAt)).toBe(u16At(theirs, resultAt));
        const cids = cidsOf(ours, resultAt);
        expect(new Set(cids).size).toBe(cids.length);
        expect(cids.every(isDynamicCid)).toBe(true);
        expect(cids).toHaveLength(cidsOf(theirs, resultAt).length);
      },
    );

    it("are all played", () => {
      expect(all.bluez).toHaveLength(8);
    });
  },
);

/** The ends that a response gives. */
function cidsOf(data: Uint8Array, resultAt: number): number[] {
  const cids: number[] = [];
  if (resultAt === 8) cids.push(u16At(data, 0));
  else for (let at = 8; at < data.length; at += 2) cids.push(u16At(data, at));
  return cids.filter((cid) => cid !== 0);
}
