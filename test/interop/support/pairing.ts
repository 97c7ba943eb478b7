import { expect, it } from "vitest";
import type { AgentCapability } from "../../../src/gap/agent.ts";
import { RecordingAgent } from "../../../src/gap/agents/recording-agent.ts";
import type { Connection } from "../../../src/gap/connection.ts";
import type { HostOptions } from "../../../src/gap/host-options.ts";
import type { PairingOptions } from "../../../src/gap/pairing-options.ts";
import type { Host } from "../../../src/host.ts";
import type { Peer } from "./peer.ts";

/** A link on which either side can pair, whoever is the central. */
export interface PairingLink extends AsyncDisposable {
  readonly host: Host;
  readonly peer: Peer;
  readonly connection: Connection;
}

/** What the pairing of a case is to come to. */
interface Case {
  readonly title: string;
  readonly ours: AgentCapability;
  readonly theirs: string;
  /** Who types what: the name of the peer for it, with `OURS` and `THEIRS` for the roles. */
  readonly model: string;
  readonly secureConnections: boolean;
}

const numericComparison = "NUMERIC_COMPARISON";
const weType = "PASSKEY_ENTRY_OURS_INPUTS";
const theyType = "PASSKEY_ENTRY_THEIRS_INPUTS";
const bothType = "PASSKEY_ENTRY_BOTH_INPUTS";

const cases: readonly Case[] = [
  {
    title: "by Secure Connections, numeric comparison",
    ...{ ours: "DisplayYesNo", theirs: "DISPLAY_YES_NO", model: numericComparison, secureConnections: true },
  },
  {
    title: "by Secure Connections, numeric comparison, both with a keyboard as well",
    ...{
      ours: "KeyboardDisplay",
      theirs: "KEYBOARD_DISPLAY",
      model: numericComparison,
      secureConnections: true,
    },
  },
  {
    title: "by Secure Connections, a passkey that we show and it types",
    ...{ ours: "DisplayOnly", theirs: "KEYBOARD_ONLY", model: theyType, secureConnections: true },
  },
  {
    title: "by Secure Connections, a passkey that it shows and we type",
    ...{ ours: "KeyboardOnly", theirs: "DISPLAY_ONLY", model: weType, secureConnections: true },
  },
  {
    title: "by Secure Connections, a passkey that both type",
    ...{ ours: "KeyboardOnly", theirs: "KEYBOARD_ONLY", model: bothType, secureConnections: true },
  },
  {
    title: "by LE legacy pairing, a passkey that we show and it types",
    ...{ ours: "DisplayOnly", theirs: "KEYBOARD_ONLY", model: theyType, secureConnections: false },
  },
  {
    title: "by LE legacy pairing, a passkey that it shows and we type",
    ...{ ours: "KeyboardOnly", theirs: "DISPLAY_ONLY", model: weType, secureConnections: false },
  },
];

/** What the peer tells of the person's part. */
interface PasskeyEvent {
  readonly model: string;
  readonly passkey: string | number | null;
}

/** Digits that both type. */
const chosen = 4711;

/** Both ends of one pairing. */
class Pairing {
  readonly link: PairingLink;
  readonly agent: RecordingAgent;
  readonly #theyBegin: boolean;
  #typed: (passkey: number) => void = () => undefined;
  readonly #shown: Promise<string>;

  constructor(link: PairingLink, capability: AgentCapability, answer = true) {
    this.link = link;
    this.#theyBegin = link.connection.role === "peripheral";
    const passkey = new Promise<number>((resolve) => (this.#typed = resolve));
    let show: (passkey: string) => void;
    this.#shown = new Promise((resolve) => (show = resolve));
    this.agent = new RecordingAgent({
      ...{ capability, answer },
      passkey: () => passkey,
      onCall: (call) => {
        if (call.passkey !== undefined) show(call.passkey);
      },
    });
    link.host.agents.register(this.agent);
  }

  /** Begins, as the central does. @returns `ending`, what it comes to here. */
  async begin(theirs: string, options: PairingOptions): Promise<{ readonly ending: Promise<unknown> }> {
    const { peer, connection } = this.link;
    const how = { capability: theirs, mitm: true };
    await peer.call("expectPairing", how);
    if (!this.#theyBegin) return { ending: swallowed(connection.pair({ mitm: true, ...options })) };
    const ended = new Promise((resolve, reject) => {
      connection.once("securityChanged", resolve);
      connection.once("pairingFailed", reject);
    });
    void swallowed(ended);
    await peer.call("pair", how);
    return { ending: ended };
  }

  /** Does what the persons at both ends do. @param mistake - What the one who types adds to the passkey. */
  async answer({ model }: Pick<Case, "model">, mistake = 0): Promise<void> {
    const { peer } = this.link;
    const told = await peer.next<PasskeyEvent>("passkey");
    const [ours, theirs] = this.#theyBegin ? (["RSP", "INIT"] as const) : (["INIT", "RSP"] as const);
    expect(told.model).toBe(model.replace("OURS", ours).replace("THEIRS", theirs));
    switch (model) {
      case numericComparison:
        expect(Number(await this.#shown)).toBe(Number(told.passkey));
        return peer.call("answer");
      case theyType:
        return peer.call("answer", { passkey: Number(await this.#shown) + mistake });
      case weType:
        this.#typed(Number(told.passkey) + mistake);
        return;
      default:
        this.#typed(chosen);
        return peer.call("answer", { passkey: chosen + mistake });
    }
  }
}

/** A promise whose rejection is looked at later, if at all. */
export function swallowed<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

/**
 * The ways to pair with a peer that is protected from a man in the middle.
 *
 * @param link - Makes a link, and is told how our host pairs.
 */
export function testPairing(link: (part: string, options: HostOptions) => Promise<PairingLink>): void {
  for (const [i, each] of cases.entries()) {
    it(`pairs ${each.title}`, async () => {
      const pairing: PairingOptions = { secureConnections: each.secureConnections ? "required" : "off" };
      await using made = await link(`pair-${i}`, { pairing: { mitm: true, ...pairing } });
      const both = new Pairing(made, each.ours);
      const { ending } = await both.begin(each.theirs, pairing);
      await both.answer(each);
      await ending;
      expect(made.connection.security).toMatchObject({
        ...{ encrypted: true, authenticated: true, keySize: 16 },
        secureConnections: each.secureConnections,
      });
      const told = await made.peer.next("paired");
      expect(told).toMatchObject({ sc: each.secureConnections, mitm: true, bond: true });
    });
  }

  it("does not pair when the one at our end says that the numbers differ", async () => {
    await using made = await link("pair-refused-here", { pairing: { mitm: true } });
    const both = new Pairing(made, "DisplayYesNo", false);
    const { ending } = await both.begin("DISPLAY_YES_NO", {});
    await both.link.peer.next("passkey");
    await expect(ending).rejects.toMatchObject({ code: "PAIRING_FAILED", by: "local" });
    expect(await made.peer.next("pairingFailed")).toEqual({
      reason: "NUMERIC_COMPARISON_FAILED",
      remote: true,
    });
    expect(made.connection.security.encrypted).toBe(false);
  });

  it("does not pair when the one at its end says that the numbers differ", async () => {
    await using made = await link("pair-refused-there", { pairing: { mitm: true } });
    const both = new Pairing(made, "DisplayYesNo");
    const { ending } = await both.begin("DISPLAY_YES_NO", {});
    await both.link.peer.next("passkey");
    await both.link.peer.call("refuse");
    await expect(ending).rejects.toMatchObject({ code: "PAIRING_FAILED", by: "peer" });
    expect(made.connection.security.encrypted).toBe(false);
  });

  for (const model of [weType, theyType]) {
    it(`does not pair with a wrong passkey, typed ${model === weType ? "here" : "there"}`, async () => {
      await using made = await link(`pair-wrong-${model}`, { pairing: { mitm: true } });
      const [ours, theirs] =
        model === weType
          ? (["KeyboardOnly", "DISPLAY_ONLY"] as const)
          : (["DisplayOnly", "KEYBOARD_ONLY"] as const);
      const both = new Pairing(made, ours);
      const { ending } = await both.begin(theirs, {});
      await both.answer({ model }, 1);
      await expect(ending).rejects.toMatchObject({ code: "PAIRING_FAILED" });
      expect(await made.peer.next("pairingFailed")).toMatchObject({ reason: "CONFIRM_VALUE_FAILED" });
    });
  }
}
