import { describe, expect, it } from "vitest";
import { noOctets, toHex } from "../../src/common/bytes.ts";
import * as database from "./database.js";
import { installed } from "./support/installed.ts";
import { meet, testOurCentral } from "./support/our-central.ts";
import { Radio, smallControllers } from "./support/radio.ts";

const bleno = installed("@abandonware/bleno");
const peripheral = { program: "bleno" };

describe.skipIf(bleno.skipped)(`${bleno.title} as peripheral`, () => {
  testOurCentral("bleno", peripheral);

  it("is paired with by LE legacy pairing, and the bond serves the next connection", async () => {
    await using meeting = await meet("bleno-bond", peripheral);
    const { connection, host, peer } = meeting;
    expect(await connection.pair()).toMatchObject({ encrypted: true, secureConnections: false, keySize: 16 });
    await connection.disconnect();
    await peer.next("disconnected");
    const again = await host.connect(connection.peerAddress);
    expect(await again.encrypt()).toMatchObject({ encrypted: true, bonded: true });
  });

  it("reads the strength of our signal", async () => {
    await using meeting = await meet("bleno-rssi", peripheral);
    expect(await meeting.peer.call<number>("rssi")).toBe(-50);
  });

  it("is heard as an iBeacon", async () => {
    await using radio = new Radio("bleno-beacon");
    const host = await radio.host();
    const peer = await radio.peer("bleno");
    await peer.call("beacon", { uuid: database.service, major: 1, minor: 2, power: -59 });
    for await (const { manufacturerData } of host.scan()) {
      const [apple] = manufacturerData;
      expect(apple?.companyId).toBe(0x004c);
      expect(toHex(apple?.data ?? noOctets)).toBe(`0215${database.service}00010002c5`);
      break;
    }
  });

  it("serves, unencrypted, on a user channel as on a raw one", async () => {
    await using meeting = await meet("bleno-user", { ...peripheral, env: { HCI_CHANNEL_USER: "1" } });
    expect(await (await meeting.find(database.uuid.short)).read()).toEqual(database.value.short);
  });
});

describe.skipIf(bleno.skipped)(`${bleno.title} as peripheral, both on controllers of Bluetooth 4.0`, () => {
  testOurCentral("bleno-4.0", { ...peripheral, ...smallControllers });
});

describe.skipIf(bleno.skipped)(`${bleno.title}, what is wrong with it`, () => {
  it("never answers LE Long Term Key Request on a user channel: no link is ever encrypted", async () => {
    await using meeting = await meet("bleno-fault-user", { ...peripheral, env: { HCI_CHANNEL_USER: "1" } });
    const { connection, radio } = meeting;
    await expect(connection.pair({ signal: AbortSignal.timeout(1_000) })).rejects.toMatchObject({
      name: "TimeoutError",
    });
    expect(connection.security.encrypted).toBe(false);
    const pairingRandom = 0x04;
    expect(radio.heard.filter(({ cid }) => cid === 0x0006).at(-1)?.code).toBe(pairingRandom);
  });

  it("does not answer requests of L2CAP signalling", async () => {
    await using meeting = await meet("bleno-fault-signalling", peripheral);
    const opening = meeting.connection.openChannel({ spsm: 0x80, signal: AbortSignal.timeout(1_000) });
    await expect(opening).rejects.toMatchObject({ name: "TimeoutError" });
    expect(meeting.radio.heard.some(({ cid }) => cid === 0x0005)).toBe(false);
  });

  it("sends commands without waiting for the answers on a user channel", async () => {
    const env = { HCI_CHANNEL_USER: "1" };
    await using meeting = await meet("bleno-fault-commands", { ...peripheral, env, answersAfterMs: 10 });
    expect(meeting.radio.faultsOfPeers).toContain("commandCredit");
  });
});
