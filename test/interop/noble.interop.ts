import { describe, expect, it } from "vitest";
import * as database from "./database.js";
import { installed } from "./support/installed.ts";
import { read, testOurPeripheral, visit } from "./support/our-peripheral.ts";
import { swallowed } from "./support/pairing.ts";
import { Radio, smallControllers } from "./support/radio.ts";

const noble = installed("@abandonware/noble");
const central = { program: "noble" };
const limits = { mostRead: 255, refusal: "empty value" } as const;
const { uuid, value } = database;
const extended = { NOBLE_EXTENDED: "1" };

describe.skipIf(noble.skipped)(`${noble.title} as central`, () => {
  testOurPeripheral("noble", { ...central, ...limits });

  it("reads a value that is longer than the MTU, where that is no larger than its own 256", async () => {
    await using visited = await visit("noble-mtu", { ...central, hostOptions: { mtu: 128 } });
    expect(await read(visited, uuid.long)).toEqual(value.long);
  });

  it("pairs when a value needs encryption: LE legacy pairing, Just Works", async () => {
    await using visited = await visit("noble-secret", central);
    expect(await read(visited, uuid.secret)).toEqual(value.secret);
    expect(visited.connection.security).toMatchObject({
      encrypted: true,
      authenticated: false,
      secureConnections: false,
      keySize: 16,
    });
  });
});

describe.skipIf(noble.skipped)(`${noble.title} as central, both on controllers of Bluetooth 4.0`, () => {
  testOurPeripheral("noble-4.0", { ...central, ...limits, ...smallControllers });
});

describe.skipIf(noble.skipped)(`${noble.title} as central, by extended advertising`, () => {
  testOurPeripheral("noble-extended", {
    ...central,
    ...limits,
    env: extended,
    advertising: { extended: true },
  });
});

describe.skipIf(noble.skipped)(`${noble.title}, what is wrong with it`, () => {
  it("forgets the services of an advertisement when its scan response comes, in extended scanning", async () => {
    await using radio = new Radio("noble-fault-extended");
    const host = await radio.host();
    await host.advertise({ services: [database.service], name: "ours", intervalMs: 20 });
    const peer = await radio.peer("noble", { env: extended });
    expect(await peer.call<object>("scan", {})).toMatchObject({ services: [] });
  });

  it("takes the server's MTU for that of the link: it sends more than its own 256 octets at once", async () => {
    await using visited = await visit("noble-fault-mtu", central);
    expect(visited.connection.mtu).toBe(256);
    const written = new Promise((resolve) => visited.local.written.once("written", resolve));
    await visited.peer.call("write", { uuid: uuid.written, value: new Uint8Array(400) });
    await written;
    const longest = Math.max(...visited.radio.heard.map(({ length }) => length));
    expect(longest).toBe(400 + 3);
  });

  it("waits for ever to read what needs encryption when the peripheral takes Secure Connections alone", async () => {
    await using visited = await visit("noble-fault-pairing", {
      ...central,
      hostOptions: { pairing: { secureConnections: "required" } },
    });
    const { connection, peer } = visited;
    const failed = new Promise((resolve) => connection.once("pairingFailed", resolve));
    let settled = false;
    void swallowed(peer.call("read", { uuid: uuid.secret }).finally(() => (settled = true)));
    expect(await failed).toMatchObject({ code: "PAIRING_FAILED", by: "local" });
    await peer.call("rssi"); // it has heard of that before
    expect(settled).toBe(false);
    expect(connection.connected).toBe(true);
  });

  it("does not ask for the buffers on a user channel, and so sends no data at all", async () => {
    await using radio = new Radio("noble-fault-user");
    const host = await radio.host();
    const advertising = await host.advertise({ services: [database.service], intervalMs: 20 });
    const accepted = advertising[Symbol.asyncIterator]().next();
    const peer = await radio.peer("noble", { env: { HCI_CHANNEL_USER: "1" } });
    await peer.call("scan", { service: database.service });
    void swallowed(peer.call("connect"));
    const { value: connection } = await accepted;
    const searching = connection?.gatt.services({ signal: AbortSignal.timeout(1_000) });
    await expect(searching).rejects.toMatchObject({ name: "TimeoutError" });
    expect(radio.heard).toEqual([]);
  });

  it("sends commands without waiting for the answers on a user channel", async () => {
    await using radio = new Radio("noble-fault-commands");
    const host = await radio.host();
    await host.advertise({ services: [database.service], intervalMs: 20 });
    const peer = await radio.peer("noble", { env: { HCI_CHANNEL_USER: "1" }, answersAfterMs: 10 });
    await peer.call("scan", { service: database.service });
    expect(radio.faultsOfPeers).toContain("commandCredit");
  });
});
