import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { type Connection, fileBondStore, type Host, RecordingAgent } from "../../../src/index.ts";
import { devicePath } from "../guest/bluez-device.ts";
import { bluezAddress, connectToBluez } from "../guest/bluez-peripheral.ts";
import { adapterPath, Interface } from "../guest/bluez.ts";
import type { Stage, StageHostOptions } from "../guest/stage.ts";
import { poll, within } from "../guest/until.ts";
import type { Scenario } from "../scenario.ts";
import { offerServices, pattern, Uuids } from "./our-services.ts";

/** Peers that know each other. */
export const bonds: readonly Scenario[] = [
  {
    name: "bluez-central-bonded",
    says: "BlueZ bonds with us; both sides restart; it reads what is protected, and nobody is asked",
    core: true,
    play: async (stage) => {
      const store = (): StageHostOptions => ({ bonds: fileBondStore(stage.file("bonds.json")) });
      const first = await open(stage, store());
      await first.host.advertise();
      const device = await stage.find(first.host);
      await device.connect();
      const agent = await stage.agent({ capability: "DisplayYesNo" });
      await device.pair();
      await poll("our bond", () => first.host.bonds.all.length === 1);
      assert.equal((await device.characteristic(Uuids.authenticated).read())[0], 0xa1);
      await agent[Symbol.asyncDispose]();
      await first.host[Symbol.asyncDispose]();
      await stage.bluez.until("the end of the link", () => device.get("Connected") === false);

      await stage.bluez.restart();
      assert.equal(device.get("Bonded"), true);
      const second = await open(stage, store());
      await second.host.advertise();
      await device.connect();
      assert.equal((await device.characteristic(Uuids.authenticated).read())[0], 0xa1);
      assertBonded(connectionOf(second.host));
      assert.deepEqual(second.agent.methods, []);
      await device.disconnect();
    },
  },
  {
    name: "our-central-bonded",
    says: "We bond with BlueZ; both sides restart; we connect and encrypt, and nobody is asked",
    core: true,
    play: async (stage) => {
      const store = (): StageHostOptions => ({ bonds: fileBondStore(stage.file("bonds.json")) });
      await stage.bluez.set(adapterPath, Interface.Adapter, "Pairable", ["b", true]);
      const first = await open(stage, store());
      const agent = await stage.agent({ capability: "DisplayYesNo" });
      const before = await connectToBluez(stage.bluez, first.host);
      await before.pair({ mitm: true });
      await before.disconnect();
      await agent[Symbol.asyncDispose]();
      const path = devicePath(first.host.address);
      const is = (name: string): unknown => stage.bluez.get(path, Interface.Device, name);
      await stage.bluez.until("BlueZ's bond", () => is("Bonded") === true);
      await stage.bluez.until("the end of the link", () => is("Connected") === false);
      await first.host[Symbol.asyncDispose]();

      await stage.bluez.restart();
      const second = await open(stage, store());
      const after = await connectToBluez(stage.bluez, second.host);
      await after.encrypt();
      assertBonded(after);
      assert.deepEqual(second.agent.methods, []);
      await after.disconnect();
    },
  },
  {
    name: "bluez-central-privacy",
    says: "We use private addresses: BlueZ knows us by its bond when the address has changed",
    core: true,
    play: async (stage) => {
      const { host } = await open(stage, { privacy: "resolvable", addressRotationMs: 20_000 });
      const stranger = host.address;
      assert.equal(stranger.kind, "resolvable private");
      await host.advertise({ name: "private" });
      const device = await stage.find(host);
      await device.connect();
      await stage.agent({ capability: "DisplayYesNo" });
      await device.pair();
      const identity = host.identity.toString().slice(0, 17).toUpperCase();
      await stage.bluez.until("our identity in BlueZ", () => device.address === identity);
      await device.disconnect();

      await poll("another address", () => host.address.toString() !== stranger.toString());
      await stage.bluez.call(adapterPath, Interface.Adapter, "StartDiscovery");
      await stage.bluez.until("BlueZ hears us again", () => device.get("RSSI"));
      await stage.bluez.call(adapterPath, Interface.Adapter, "StopDiscovery");
      const strangers = [...stage.bluez.objects.values()].filter((object) => object[Interface.Device]);
      assert.equal(strangers.length, 1, "BlueZ takes us for somebody else");
      await device.connect();
      assert.equal((await device.characteristic(Uuids.authenticated).read())[0], 0xa1);
      assertBonded(connectionOf(host));
      await device.disconnect();
    },
  },
  {
    name: "bluez-private",
    says: "BlueZ uses private addresses: we know it by its bond when it comes back",
    play: async (stage) => {
      await stage.configure("[General]\nPrivacy=device\n");
      const { host } = await open(stage, {});
      await host.advertise();
      const device = await stage.find(host);
      await device.connect();
      const { peerAddress } = connectionOf(host);
      assert.equal(peerAddress.kind, "resolvable private");
      await stage.agent({ capability: "DisplayYesNo" });
      await device.pair();
      await poll("our bond", () => host.bonds.all.length === 1);
      assert.equal(connectionOf(host).peerIdentity.toString(), bluezAddress(stage.bluez).toString());
      await device.disconnect();
      await poll("the end of the link", () => host.connections.length === 0);

      await device.connect();
      assert.equal((await device.characteristic(Uuids.authenticated).read())[0], 0xa1);
      assert.equal(connectionOf(host).peerIdentity.toString(), bluezAddress(stage.bluez).toString());
      stage.note(`first ${peerAddress.toString()}, then ${connectionOf(host).peerAddress.toString()}`);
      assertBonded(connectionOf(host));
      await device.disconnect();
    },
  },
  {
    name: "bluez-enhanced-bearers",
    says: "Enhanced ATT bearers with BlueZ: opened once the link is encrypted, values come and go over them",
    play: async (stage) => {
      await stage.enableEnhancedChannels();
      await stage.configure("[GATT]\nChannels=3\n");
      const host = await stage.host({ name: "jelling", enhancedBearers: 3 });
      const { notifying } = offerServices(host);
      const agent = new RecordingAgent({ capability: "DisplayYesNo" });
      host.agents.register(agent);
      // BlueZ pairs as soon as it is connected, since it may open no enhanced bearer before.
      await stage.agent({ capability: "DisplayYesNo" });
      await host.advertise();
      const device = await stage.find(host);
      await device.connect();
      await poll("our bond", async () => {
        await device.pair().catch(() => undefined); // one may be under way already
        return host.bonds.all.length === 1;
      });
      await poll("enhanced bearers", () => connectionOf(host).gatt.bearers > 1);
      stage.note(`${connectionOf(host).gatt.bearers} bearers`);
      assert.equal((await device.characteristic(Uuids.authenticated).read())[0], 0xa1);
      assert.deepEqual(await device.characteristic(Uuids.long).read(), pattern(512));
      const values = [pattern(20, 1), pattern(60, 2), pattern(3, 3)];
      const got = await device.characteristic(Uuids.notifying).values(values.length, async () => {
        for (const value of values) await notifying.notify(value);
      });
      assert.deepEqual(got, values);
      await device.disconnect();
    },
  },
  {
    name: "bluez-forgets",
    says: "BlueZ removes its bond and pairs anew: our agent is asked, and the new bond takes the place of the old one",
    play: async (stage) => {
      const { host, agent } = await open(stage, {});
      await host.advertise();
      const device = await stage.find(host);
      await device.connect();
      await stage.agent({ capability: "DisplayYesNo" });
      await device.pair();
      await poll("our bond", () => host.bonds.all.length === 1);
      await device.remove();
      await poll("the end of the link", () => host.connections.length === 0);
      await pause(100);

      const asked = agent.calls.length;
      const again = await stage.find(host);
      await again.connect();
      await again.pair();
      assert.ok(agent.calls.length > asked, "our agent was not asked");
      assert.equal(host.bonds.all.length, 1);
      assert.equal((await again.characteristic(Uuids.authenticated).read())[0], 0xa1);
    },
  },
  {
    name: "bluez-central-protected",
    says: "BlueZ reads what needs encryption and authentication: it pairs by itself as the errors tell it to",
    core: true,
    play: async (stage) => {
      const { host } = await open(stage, {});
      await host.advertise();
      const device = await stage.find(host);
      await device.connect();
      const agent = await stage.agent({ capability: "DisplayYesNo" });
      const read = device.characteristic(Uuids.authenticated).read();
      assert.equal((await within("a protected value", read))[0], 0xa1);
      assert.ok(agent.calls.includes("RequestConfirmation"), agent.calls.join());
      assert.equal(connectionOf(host).security.authenticated, true);
      await device.characteristic(Uuids.encrypted).write(Uint8Array.of(5));
      await device.disconnect();
    },
  },
];

async function open(
  stage: Stage,
  options: StageHostOptions,
): Promise<{ readonly host: Host; readonly agent: RecordingAgent }> {
  const host = await stage.host({ name: "jelling", ...options });
  offerServices(host);
  const agent = new RecordingAgent({ capability: "DisplayYesNo" });
  host.agents.register(agent);
  return { host, agent };
}

function connectionOf(host: Host): Connection {
  const [connection] = host.connections;
  assert.ok(connection, "there is no connection");
  return connection;
}

function assertBonded({ security }: Connection): void {
  assert.deepEqual(security, {
    encrypted: true,
    authenticated: true,
    secureConnections: true,
    keySize: 16,
    bonded: true,
  });
}
