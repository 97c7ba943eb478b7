import assert from "node:assert/strict";
import { once } from "node:events";
import {
  type AgentCapability,
  type Connection,
  type Host,
  type HostPairingOptions,
  type PairingAgent,
  PairingError,
  RecordingAgent,
} from "../../../src/index.ts";
import type { AgentScript } from "../guest/bluez-agent.ts";
import { connectToBluez } from "../guest/bluez-peripheral.ts";
import { adapterPath, Interface } from "../guest/bluez.ts";
import type { Stage } from "../guest/stage.ts";
import { within } from "../guest/until.ts";
import type { Scenario } from "../scenario.ts";
import { offerServices, Uuids } from "./our-services.ts";

/** What a pairing is made with, and what must come of it. */
interface Pairing {
  readonly name: string;
  readonly says: string;
  readonly ours: AgentCapability;
  readonly bluez: AgentScript["capability"];
  readonly secureConnections: boolean;
  readonly authenticated: boolean;
  /** What our agent must be asked, in order of their first time. Which of the two displays is in it, too. */
  readonly asked: readonly (keyof PairingAgent)[];
  readonly core?: "central" | "peripheral" | "both";
}

const pairings: readonly Pairing[] = [
  {
    name: "legacy-just-works",
    says: "legacy pairing, Just Works",
    ...{ ours: "NoInputNoOutput", bluez: "NoInputNoOutput", secureConnections: false, authenticated: false },
    asked: [],
  },
  {
    name: "legacy-passkey-typed-here",
    says: "legacy pairing, a passkey that BlueZ shows and is typed here",
    ...{ ours: "KeyboardOnly", bluez: "DisplayOnly", secureConnections: false, authenticated: true },
    asked: ["requestPasskey"],
    core: "peripheral",
  },
  {
    name: "legacy-passkey-typed-there",
    says: "legacy pairing, a passkey that is shown here and typed at BlueZ's side",
    ...{ ours: "DisplayOnly", bluez: "KeyboardOnly", secureConnections: false, authenticated: true },
    asked: ["displayPasskey"],
    core: "central",
  },
  {
    name: "sc-just-works",
    says: "LE Secure Connections, Just Works",
    ...{ ours: "NoInputNoOutput", bluez: "NoInputNoOutput", secureConnections: true, authenticated: false },
    asked: [],
  },
  {
    name: "sc-numeric",
    says: "LE Secure Connections, numeric comparison",
    ...{ ours: "DisplayYesNo", bluez: "DisplayYesNo", secureConnections: true, authenticated: true },
    asked: ["requestConfirmation"],
    core: "both",
  },
  {
    name: "sc-passkey-typed-here",
    says: "LE Secure Connections, a passkey that BlueZ shows and is typed here",
    ...{ ours: "KeyboardOnly", bluez: "DisplayOnly", secureConnections: true, authenticated: true },
    asked: ["requestPasskey"],
    core: "peripheral",
  },
  {
    name: "sc-passkey-typed-there",
    says: "LE Secure Connections, a passkey that is shown here and typed at BlueZ's side",
    ...{ ours: "DisplayOnly", bluez: "KeyboardOnly", secureConnections: true, authenticated: true },
    asked: ["displayPasskey"],
    core: "central",
  },
];

/** Every association model, in both roles. */
export const pairing: readonly Scenario[] = [
  ...pairings.map((each): Scenario => ({
    name: `bluez-central-${each.name}`,
    says: `BlueZ connects and pairs: ${each.says}`,
    core: each.core === "both" || each.core === "peripheral",
    play: async (stage) => {
      const { host, agent } = await prepare(stage, each);
      const device = await peripheral(stage, host);
      const connection = ownConnection(host);
      const changed = once(connection, "securityChanged");
      await device.pair();
      await within("security on our side", changed);
      check(each, connection, agent);
      await stage.bluez.until("BlueZ's bond", () => device.get("Paired") === true);
      await device.characteristic(Uuids.encrypted).read();
      if (each.authenticated) {
        assert.deepEqual(await device.characteristic(Uuids.authenticated).read(), Uint8Array.of(0xa1));
      }
      await device.disconnect();
    },
  })),
  ...pairings.map((each): Scenario => ({
    name: `our-central-${each.name}`,
    says: `We connect and pair: ${each.says}`,
    core: each.core === "both" || each.core === "central",
    play: async (stage) => {
      const { host, agent } = await prepare(stage, each);
      const connection = await connectToBluez(stage.bluez, host);
      await within("pairing", connection.pair({ mitm: each.authenticated }));
      check(each, connection, agent);
      await connection.disconnect();
    },
  })),
  {
    name: "bluez-central-numeric-refused",
    says: "Somebody at BlueZ's side says that the numbers differ: both sides know it, and nothing is kept",
    play: async (stage) => {
      const [numeric] = pairings.filter(({ name }) => name === "sc-numeric");
      assert.ok(numeric);
      const { host } = await prepare(stage, numeric, { confirm: () => false });
      const device = await peripheral(stage, host);
      const failed = once(ownConnection(host), "pairingFailed");
      await assert.rejects(device.pair(), { name: "org.bluez.Error.AuthenticationFailed" });
      const [reason] = (await within("the failure on our side", failed)) as [unknown];
      assert.ok(reason instanceof PairingError, String(reason));
      assert.equal(reason.by, "peer");
      assert.equal(host.bonds.all.length, 0);
    },
  },
  {
    name: "our-central-wrong-passkey",
    says: "A wrong passkey is typed at BlueZ's side: the pairing fails on both, and nothing is kept",
    play: async (stage) => {
      const [typed] = pairings.filter(({ name }) => name === "sc-passkey-typed-there");
      assert.ok(typed);
      const { host } = await prepare(stage, typed, { passkey: (right) => (right + 1) % 1_000_000 });
      const connection = await connectToBluez(stage.bluez, host);
      await assert.rejects(connection.pair({ mitm: true }), PairingError);
      assert.equal(host.bonds.all.length, 0);
    },
  },
];

interface Mistakes {
  readonly confirm?: AgentScript["confirm"];
  /** What is typed at BlueZ's side in place of what is shown here. */
  readonly passkey?: (right: number) => number;
}

/** A host with an agent, and an agent at BlueZ's side; what one shows the other types. */
async function prepare(
  stage: Stage,
  { ours, bluez, secureConnections }: Pairing,
  { confirm, passkey = (right) => right }: Mistakes = {},
): Promise<{ readonly host: Host; readonly agent: RecordingAgent }> {
  const shownHere = new Shown();
  const shownThere = new Shown();
  const options: HostPairingOptions = { secureConnections: secureConnections ? "required" : "off" };
  const host = await stage.host({ name: "jelling", pairing: options });
  offerServices(host);
  const agent = new RecordingAgent({
    capability: ours,
    passkey: () => shownThere.number,
    onCall: ({ method, passkey: shown }) => {
      if (shown !== undefined && method !== "requestPasskey") shownHere.show(Number(shown));
    },
  });
  host.agents.register(agent);
  await stage.bluez.set(adapterPath, Interface.Adapter, "Pairable", ["b", true]);
  await stage.agent({
    capability: bluez,
    show: (number) => shownThere.show(number),
    passkey: async () => passkey(await shownHere.number),
    // The same number must be shown on both sides.
    confirm: confirm ?? (async (number) => number === (await within("our number", shownHere.number))),
  });
  return { host, agent };
}

async function peripheral(stage: Stage, host: Host) {
  await host.advertise({ name: "jelling", services: [Uuids.service] });
  const device = await stage.find(host);
  await device.connect();
  return device;
}

function ownConnection(host: Host): Connection {
  const [connection] = host.connections;
  assert.ok(connection, "there is no connection");
  return connection;
}

function check(
  { secureConnections, authenticated, asked }: Pairing,
  { security }: Connection,
  agent: RecordingAgent,
): void {
  assert.deepEqual(security, {
    encrypted: true,
    authenticated,
    secureConnections,
    keySize: 16,
    bonded: true,
  });
  const methods = [...new Set(agent.methods)].filter(
    (method) => method !== "cancel" && method !== "requestAuthorization",
  );
  assert.deepEqual(methods, asked);
}

/** A number that is shown sooner or later. */
class Shown {
  readonly number: Promise<number>;
  #resolve: ((number: number) => void) | undefined;

  constructor() {
    this.number = new Promise((resolve) => (this.#resolve = resolve));
  }

  show(number: number): void {
    this.#resolve?.(number);
  }
}
