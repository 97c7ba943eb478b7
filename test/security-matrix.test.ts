import { describe, expect, it } from "vitest";
import { concat, fromHex, reversed, toHex } from "../src/common/bytes.ts";
import type { AgentCapability } from "../src/gap/agent.ts";
import { RecordingAgent } from "../src/gap/agents/recording-agent.ts";
import type { Connection } from "../src/gap/connection.ts";
import { characteristic, service } from "../src/gatt/service-builder.ts";
import type { PairingError } from "../src/smp/error.ts";
import type { OobData } from "../src/smp/oob-data.ts";
import { PairingFailure } from "../src/smp/pairing-failure.ts";
import { VirtualAir } from "../transports/virtual/index.ts";
import { HostsOnAir, type Station } from "./support/two-hosts.ts";

/**
 * The association models of Vol 3, Part H, 2.3.5.1, Table 2.8, written down from there: a row for each responder, a
 * column for each initiator. Of two words the first is for LE legacy pairing, the second for LE Secure Connections.
 */
const columns = [
  "DisplayOnly",
  "DisplayYesNo",
  "KeyboardOnly",
  "NoInputNoOutput",
  "KeyboardDisplay",
] as const;
const table: Readonly<Record<AgentCapability, readonly string[]>> = {
  DisplayOnly: ["works", "works", "initiatorTypes", "works", "initiatorTypes"],
  DisplayYesNo: ["works", "works/compare", "initiatorTypes", "works", "initiatorTypes/compare"],
  KeyboardOnly: ["responderTypes", "responderTypes", "bothType", "works", "responderTypes"],
  NoInputNoOutput: ["works", "works", "works", "works", "works"],
  KeyboardDisplay: [
    "responderTypes",
    "responderTypes/compare",
    "initiatorTypes",
    "works",
    "responderTypes/compare",
  ],
};

/** Which methods of its agent each side's pairing calls, by model. */
const calls: Readonly<Record<string, readonly [initiator: readonly string[], responder: readonly string[]]>> =
  {
    works: [[], ["requestAuthorization"]],
    compare: [["requestConfirmation"], ["requestConfirmation"]],
    initiatorTypes: [["requestPasskey"], ["displayPasskey", "cancel"]],
    responderTypes: [["displayPasskey", "cancel"], ["requestPasskey"]],
    bothType: [["requestPasskey"], ["requestPasskey"]],
    outOfBand: [[], []],
  };

/** Who has got the data of the other out of band. */
type Oob = "none" | "initiator" | "responder" | "both";

interface Cell {
  readonly initiator: AgentCapability;
  readonly responder: AgentCapability;
  readonly secure: boolean;
  readonly oob: Oob;
  /** The MITM flag of each. */
  readonly mitm: readonly [initiator: boolean, responder: boolean];
}

/** The tables 2.6 and 2.7 of the same section, and the rules around them. */
function expectedModel({ initiator, responder, secure, oob, mitm }: Cell): string {
  if (oob === "both" || (secure && oob !== "none")) return "outOfBand";
  if (!mitm[0] && !mitm[1]) return "works";
  const [legacy = "", modern = legacy] = (table[responder][columns.indexOf(initiator)] ?? "").split("/");
  return secure ? modern : legacy;
}

const every = [false, true] as const;
const cellsOf = (fixed: Pick<Cell, "initiator" | "responder" | "secure">): readonly Cell[] =>
  (["none", "initiator", "responder", "both"] as const).flatMap((oob) =>
    every.flatMap((mine) => every.map((theirs): Cell => ({ ...fixed, oob, mitm: [mine, theirs] }))),
  );

/** Two hosts that pair again and again, each time with other capabilities. */
class Matrix {
  readonly #air = new HostsOnAir();
  #responderMitm = false;
  #responderOob: OobData | undefined;
  readonly #secure: boolean;

  constructor(secure: boolean) {
    this.#secure = secure;
  }

  async run(cells: readonly Cell[]): Promise<void> {
    const air = this.#air;
    const shared = { secureConnections: this.#secure ? "preferred" : "off", bond: false } as const;
    const matrix = this as { readonly mitm: boolean };
    const pairing = {
      ...shared,
      get mitm() {
        return matrix.mitm;
      },
      oob: () => this.#responderOob,
    };
    const responder = await air.open({}, { pairing });
    const initiator = await air.open({}, { pairing: shared });
    for (const cell of cells) {
      const ends = await air.connect(initiator, responder);
      const agents = agentsOf(cell);
      initiator.host.agents.register(agents[0]);
      responder.host.agents.register(agents[1]);
      const data = [initiator, responder].map(({ host }) => this.#oobData(host));
      await this.#cell(cell, agents, data, [ends.central, ends.peripheral]);
      initiator.host.agents.unregister(agents[0]);
      responder.host.agents.unregister(agents[1]);
      await air.clock.advance(1000);
      await air.until(ends.central.disconnect());
      await air.clock.advance(1000);
    }
    await air.expectNothingLeft();
  }

  #oobData(host: Station["host"]): OobData {
    return this.#secure ? host.oobData() : { temporaryKey: new Uint8Array(16).fill(7) };
  }

  get mitm(): boolean {
    return this.#responderMitm;
  }

  async #cell(
    cell: Cell,
    agents: readonly [RecordingAgent, RecordingAgent],
    data: readonly OobData[],
    [initiator, responder]: readonly [Connection, Connection],
  ): Promise<void> {
    const { oob, mitm } = cell;
    this.#responderMitm = mitm[1];
    this.#responderOob = oob === "responder" || oob === "both" ? data[0] : undefined;
    const initiatorOob = oob === "initiator" || oob === "both" ? data[1] : undefined;
    const ending = await this.#air.ending(
      initiator.pair({ mitm: mitm[0], ...(initiatorOob && { oob: initiatorOob }) }),
    );
    await this.#air.clock.advance(1000);
    const model = expectedModel(cell);
    const where = JSON.stringify({ ...cell, model });
    const asked = agents.map(({ methods }) => [...new Set(methods.filter((method) => method !== "release"))]);
    if (model === "works" && (mitm[0] || mitm[1])) {
      const { error } = ending as { readonly error: PairingError };
      expect(error, where).toMatchObject({ reason: PairingFailure.AuthenticationRequirements });
      expect(responder.security.encrypted, where).toBe(false);
      return;
    }
    expect(ending, where).toHaveProperty("value");
    const security = {
      encrypted: true,
      authenticated: model !== "works",
      secureConnections: this.#secure,
      keySize: 16,
      bonded: false,
    };
    expect([initiator.security, responder.security], where).toEqual([security, security]);
    expect(asked, where).toEqual(calls[model]);
  }
}

function agentsOf({ initiator, responder }: Cell): readonly [RecordingAgent, RecordingAgent] {
  let show: (passkey: string) => void = () => undefined;
  const shown = new Promise<string>((resolve) => (show = resolve));
  // Two keyboards: the people at them have agreed on a passkey.
  const passkey = (): Promise<string> | string =>
    initiator === "KeyboardOnly" && responder === "KeyboardOnly" ? "271828" : shown;
  const agent = (capability: AgentCapability): RecordingAgent =>
    new RecordingAgent({
      capability,
      passkey,
      onCall: (call) => {
        if (call.method === "displayPasskey" && call.passkey !== undefined) show(call.passkey);
      },
    });
  return [agent(initiator), agent(responder)];
}

describe("Two hosts choose the association model of the tables (Vol 3, Part H, 2.3.5.1), with every OOB and MITM flag", () => {
  for (const secure of every) {
    const kind = secure ? "LE Secure Connections" : "LE legacy pairing";
    it.each(columns.flatMap((initiator) => columns.map((responder) => [initiator, responder] as const)))(
      `${kind}: %s begins, %s answers`,
      async (initiator, responder) => {
        await new Matrix(secure).run(cellsOf({ initiator, responder, secure }));
      },
    );
  }

  it("which are 800 cells", () => {
    const capabilities = columns.flatMap((initiator) =>
      columns.map((responder) => ({ initiator, responder })),
    );
    const cells = every.flatMap((secure) => capabilities.flatMap((pair) => cellsOf({ ...pair, secure })));
    expect(new Set(cells.map((cell) => JSON.stringify(cell))).size).toBe(800);
  });
});

/** An air on which encrypted packets are encrypted indeed. */
class CipheredAir extends HostsOnAir {
  override readonly air: VirtualAir = new VirtualAir({ clock: this.clock, encryption: "ccm" });
}

/** Everything on the air of a pairing, and the keys that came of it. */
async function overheard(
  capabilities: readonly [AgentCapability, AgentCapability],
  secureConnections: "off" | "preferred",
  value: { readonly before: Uint8Array; readonly after: Uint8Array },
): Promise<{ readonly air: Uint8Array; readonly keys: readonly string[] }> {
  const hosts = new CipheredAir();
  const options = { pairing: { secureConnections } } as const;
  const [peripheral, central] = [await hosts.open({}, options), await hosts.open({}, options)];
  const chunks: Uint8Array[] = [];
  const capture = hosts.air.capture((octets) => chunks.push(octets.slice()), { payload: "cipher" });
  peripheral.host.gatt.add(
    service("1815", {
      digital: characteristic("2a56", { read: true, write: true, value: Uint8Array.of(0) }),
    }),
  );
  const [initiator, responder] = capabilities;
  const agents = agentsOf({ initiator, responder, secure: true, oob: "none", mitm: [true, true] });
  central.host.agents.register(agents[0]);
  peripheral.host.agents.register(agents[1]);
  const ends = await hosts.connect(central, peripheral);
  const remote = await hosts.until(ends.central.gatt.characteristic("1815", "2a56"));
  await hosts.until(remote.write(value.before));
  await hosts.until(ends.central.pair());
  await hosts.clock.advance(1000);
  await hosts.until(remote.write(value.after));
  const documents = [central, peripheral].map(({ host }) => JSON.stringify(host.bonds.export()));
  await hosts.expectNothingLeft();
  capture[Symbol.dispose]();
  const keys = documents.flatMap((text) =>
    [...text.matchAll(/"(?:key|irk)":"([0-9a-f]{32})"/g)].map(([, key = ""]) => key),
  );
  return { air: concat(...chunks), keys: [...new Set(keys)] };
}

describe("Whoever listens to a pairing", () => {
  const before = fromHex("b0b1b2b3b4b5b6b7b8b9babbbcbdbebf");
  const after = fromHex("a0a1a2a3a4a5a6a7a8a9aaabacadaeaf");

  it.each([
    ["Just Works, legacy", ["NoInputNoOutput", "NoInputNoOutput"], "off"],
    ["passkey entry, legacy", ["KeyboardOnly", "DisplayOnly"], "off"],
    ["Just Works, Secure Connections", ["NoInputNoOutput", "NoInputNoOutput"], "preferred"],
    ["passkey entry, Secure Connections", ["DisplayOnly", "KeyboardOnly"], "preferred"],
    ["numeric comparison", ["DisplayYesNo", "DisplayYesNo"], "preferred"],
  ] as const)("never sees a key in any packet on the air: %s", async (_name, capabilities, secure) => {
    const { air, keys } = await overheard(capabilities, secure, { before, after });
    const text = toHex(air);
    // They do see what is sent before: else this would prove nothing.
    expect(text).toContain(toHex(before));
    expect(text).not.toContain(toHex(after));
    // Two identity resolving keys, two to sign with, and one or two long term keys.
    expect(keys.length).toBeGreaterThanOrEqual(5);
    for (const key of keys) {
      expect(text).not.toContain(key);
      expect(text).not.toContain(toHex(reversed(fromHex(key))));
    }
  });
});
