import { describe, expect, it } from "vitest";
import { Address } from "../../src/common/address.ts";
import { characteristic, service } from "../../src/gatt/service-builder.ts";
import * as database from "./database.js";
import { testBonds } from "./support/bonds.ts";
import { openedByPeer, testChannels } from "./support/channels.ts";
import { installed } from "./support/installed.ts";
import { meet, testOurCentral } from "./support/our-central.ts";
import { testOurPeripheral, visit } from "./support/our-peripheral.ts";
import { swallowed, testPairing } from "./support/pairing.ts";
import { Radio, smallControllers } from "./support/radio.ts";

const bleHost = installed("ble-host");
const program = "ble-host";

describe.skipIf(bleHost.skipped)(`${bleHost.title} as peripheral`, () => {
  const name = "ble-host-peripheral";
  testOurCentral(name, { program });
  testPairing((part, hostOptions) => meet(`${name}-${part}`, { program, hostOptions }));
  testBonds((part, hostOptions, folder) =>
    meet(`${name}-${part}`, { program, hostOptions, env: { PEER_FOLDER: folder } }),
  );
  testChannels((part) => meet(`${name}-${part}`, { program }));

  it("asks for security, and is paired with", async () => {
    await using made = await meet(`${name}-security-request`, { program });
    await made.peer.call("expectPairing", {});
    const encrypted = new Promise((resolve) => made.connection.once("securityChanged", resolve));
    await made.peer.call("requestSecurity", { mitm: false });
    await encrypted;
    expect(await made.peer.next("paired")).toMatchObject({ sc: true, bond: true });
    expect(made.connection.security).toMatchObject({ encrypted: true, secureConnections: true });
  });

  it("asks for other connection parameters, and gets them", async () => {
    await using made = await meet(`${name}-parameters`, { program });
    const changed = new Promise((resolve) => made.connection.once("parametersChanged", resolve));
    const parameters = { connIntervalMin: 80, connIntervalMax: 80, connLatency: 2, supervisionTimeout: 600 };
    expect(await made.peer.call<number>("updateParameters", parameters)).toBe(0);
    expect(await changed).toMatchObject({ intervalMs: 100, latency: 2, supervisionTimeoutMs: 6000 });
  });

  it("has a value written as a reliable write", async () => {
    await using made = await meet(`${name}-reliable`, { program });
    const written = await made.find(database.uuid.written);
    await made.connection.gatt.reliableWrite([[written, Uint8Array.of(1, 2, 3)]]);
    expect(await made.peer.next("written")).toMatchObject({ uuid: database.uuid.written });
  });
});

describe.skipIf(bleHost.skipped)(`${bleHost.title} as central`, () => {
  const name = "ble-host-central";
  testOurPeripheral(name, { program });
  testPairing((part, hostOptions) => visit(`${name}-${part}`, { program, hostOptions }));
  testBonds((part, hostOptions, folder) =>
    visit(`${name}-${part}`, { program, hostOptions, env: { PEER_FOLDER: folder } }),
  );
  testChannels((part) => visit(`${name}-${part}`, { program }));

  it("is asked for security by us, and pairs", async () => {
    await using visited = await visit(`${name}-security-request`, { program });
    await visited.peer.call("expectPairing", {});
    await visited.connection.pair();
    expect(await visited.peer.next("paired")).toMatchObject({ sc: true, bond: true });
    expect(visited.connection.security).toMatchObject({ encrypted: true, secureConnections: true });
  });

  it("reads a value that needs encryption once it has paired", async () => {
    await using visited = await visit(`${name}-secret`, { program });
    const { peer } = visited;
    await expect(peer.call("read", { uuid: database.uuid.secret })).rejects.toThrow("0x05");
    await peer.call("expectPairing", {});
    await peer.call("pair", {});
    await peer.next("paired");
    const value = await peer.call<Uint8Array>("read", { uuid: database.uuid.secret });
    expect(Uint8Array.from(value)).toEqual(database.value.secret);
  });

  it("is asked for other connection parameters, and gives them", async () => {
    await using visited = await visit(`${name}-parameters`, { program });
    const parameters = { minIntervalMs: 100, maxIntervalMs: 100, latency: 2, supervisionTimeoutMs: 6000 };
    const now = await visited.connection.updateParameters(parameters);
    expect(now).toMatchObject({ intervalMs: 100, latency: 2, supervisionTimeoutMs: 6000 });
  });

  it("writes a value as a reliable write", async () => {
    await using visited = await visit(`${name}-reliable`, { program });
    const written = new Promise((resolve) => visited.local.written.once("written", resolve));
    const values = [{ uuid: database.uuid.written, value: Uint8Array.of(1, 2, 3) }];
    await visited.peer.call("writeReliably", { values });
    expect(await written).toMatchObject({ value: Uint8Array.of(1, 2, 3) });
  });
});

describe.skipIf(bleHost.skipped)(
  `${bleHost.title} as peripheral, both on controllers of Bluetooth 4.0`,
  () => {
    const name = "ble-host-peripheral-4.0";
    testOurCentral(name, { program, ...smallControllers });
    testChannels((part) => meet(`${name}-${part}`, { program, ...smallControllers }));
  },
);

describe.skipIf(bleHost.skipped)(`${bleHost.title} as central, both on controllers of Bluetooth 4.0`, () => {
  const name = "ble-host-central-4.0";
  testOurPeripheral(name, { program, ...smallControllers });
  testChannels((part) => visit(`${name}-${part}`, { program, ...smallControllers }));
});

describe.skipIf(bleHost.skipped)(`${bleHost.title}, what is wrong with it`, () => {
  it("forgets the credits it is given on a channel that it has opened: with them spent it is silent", async () => {
    await using visited = await visit("ble-host-fault-credits", { program });
    const channel = await openedByPeer(visited, 10);
    const sdus = channel[Symbol.asyncIterator]();
    void swallowed(visited.peer.call("send", { count: 20, size: 20 }));
    for (let i = 0; i < 10; i++) expect((await sdus.next()).value).toEqual(new Uint8Array(20).fill(i));
    const more = sdus.next();
    void swallowed(more);
    expect(channel.granted).toBeGreaterThan(0);
    // It has taken the credits by the time it answers a request that came behind them.
    await visited.connection.gatt.services();
    expect(visited.radio.heard.filter(({ cid }) => cid === channel.localCid)).toHaveLength(10);
  });

  it("ends with its process when a value comes for a handle that is in none of the services it knows", async () => {
    await using visited = await visit("ble-host-fault-notification", { program });
    const { host, peer } = visited;
    const late = service("1815", { digital: characteristic("2a56", { notify: true }) });
    await host.gatt.add(late).digital.notify(Uint8Array.of(1), { force: true });
    await expect(peer.next("never")).rejects.toThrow(
      "Cannot read properties of null (reading 'characteristics')",
    );
  });

  it("says that a link is authenticated which was paired by Just Works", async () => {
    await using made = await meet("ble-host-fault-mitm", { program });
    await made.peer.call("expectPairing", { capability: "NO_INPUT_NO_OUTPUT", mitm: true });
    await made.connection.pair();
    expect(made.connection.security.authenticated).toBe(false);
    expect(await made.peer.next("paired")).toMatchObject({ mitm: false });
    expect(await made.peer.call<object>("security")).toMatchObject({ level: { mitm: true } });
  });

  it("ends with its process when it hears an advertisement with target addresses", async () => {
    await using radio = new Radio("ble-host-fault-target");
    const host = await radio.host();
    await host.advertise({
      services: [database.battery],
      targetAddresses: [Address.from("02:00:00:00:00:07/public")],
    });
    const peer = await radio.peer(program);
    await expect(peer.call("scan", { service: database.service })).rejects.toThrow("buffer is not defined");
  });
});
