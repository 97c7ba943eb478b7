import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { UnavailableError } from "../../src/gap/error.ts";
import { LePhyUpdateComplete } from "../../src/hci/events/le-connection.ts";
import { HciError } from "../../src/hci/error.ts";
import { outcome, twoHosts } from "../support/two-hosts.ts";

const modern = { profile: "5.4" } as const;

describe("connection.link", () => {
  it("tells signal strength, channels, PHYs and powers of the link (Vol 4, Part E, 7.5.4, 7.8.20, 7.8.47, 7.8.117)", async () => {
    const { air, central, peripheral } = await twoHosts(modern);
    const { central: connection } = await air.connect(central, peripheral);
    const { link } = connection;
    expect(await air.until(link.rssi())).toBeLessThan(0);
    expect(await air.until(link.channels())).toEqual(Array.from({ length: 37 }, (_, n) => n));
    expect(await air.until(link.phys())).toEqual({ tx: "1M", rx: "1M" });
    expect(await air.until(link.txPower())).toBeTypeOf("number");
    expect(await air.until(link.remoteTxPower())).toBe(await air.until(link.txPower()));
    await air.expectNothingLeft();
  });

  it("tells what the peer's controller is and can (Vol 4, Part E, 7.1.23 and 7.8.21)", async () => {
    const { air, central, peripheral } = await twoHosts(modern);
    const { central: connection } = await air.connect(central, peripheral);
    const { hciVersion, companyIdentifier } = peripheral.host.controller;
    expect(await air.until(connection.link.remoteVersion())).toMatchObject({
      version: hciVersion,
      companyIdentifier,
    });
    const both = Promise.all([connection.link.remoteFeatures(), connection.link.remoteFeatures()]);
    const [features, again] = await air.until(both);
    expect(features).toHaveLength(8);
    expect(again).toEqual(features);
    await air.expectNothingLeft();
  });

  it("changes the PHYs, of which both sides are told (Vol 4, Part E, 7.8.49)", async () => {
    const { air, central, peripheral } = await twoHosts(modern);
    const links = await air.connect(central, peripheral);
    const told = once(links.peripheral, "physChanged");
    expect(await air.until(links.central.link.setPhys({ tx: ["2M"], rx: ["2M"] }))).toEqual({
      tx: "2M",
      rx: "2M",
    });
    expect(await air.until(told)).toEqual([{ tx: "2M", rx: "2M" }]);
    await air.expectNothingLeft();
  });

  it("suggests another data length (Vol 4, Part E, 7.8.33)", async () => {
    const { air, central, peripheral } = await twoHosts(modern);
    const links = await air.connect(central, peripheral);
    await air.clock.advance(100);
    const told = once(links.peripheral, "dataLengthChanged");
    await air.until(links.central.link.setDataLength(100));
    const [length] = (await air.until(told)) as [{ rxOctets: number }];
    expect(length.rxOctets).toBe(100);
    await air.expectNothingLeft();
  });

  it("asks for subrating, which both sides are told of (Vol 4, Part E, 7.8.124)", async () => {
    const { air, central, peripheral } = await twoHosts(modern);
    const links = await air.connect(central, peripheral);
    const told = once(links.peripheral, "subratingChanged");
    const subrating = await air.until(links.central.link.requestSubrate({ minFactor: 4, maxFactor: 4 }));
    expect(subrating.factor).toBe(4);
    expect(await air.until(told)).toMatchObject([{ factor: 4 }]);
    await air.expectNothingLeft();
  });

  it("rejects with why when the link goes before the answer, or the peer does not know it", async () => {
    const { air, central, peripheral } = await twoHosts(modern);
    const links = await air.connect(central, peripheral);
    central.transport.onPacket = (packet, toHost) =>
      toHost && packet[1] === 0x3e && packet[3] === LePhyUpdateComplete.subevent ? undefined : packet;
    const waiting = [outcome(links.central.link.setPhys({})), outcome(links.central.link.setPhys({}))];
    await air.clock.advance(10);
    await air.until(links.peripheral.disconnect());
    for (const one of waiting) {
      expect(await air.until(one)).toMatchObject({ error: { code: "DISCONNECTED" } });
    }
    expect(await air.ending(links.central.link.rssi())).toMatchObject({ error: { constructor: HciError } });
    await air.expectNothingLeft();
  });

  it("says what an old controller cannot do", async () => {
    const { air, central, peripheral } = await twoHosts({ profile: "4.0" });
    const links = await air.connect(central, peripheral);
    const { link } = links.central;
    expect(await air.until(link.txPower())).toBeTypeOf("number");
    const lacking: (() => Promise<unknown>)[] = [
      () => link.phys(),
      () => link.setDataLength(100),
      () => link.remoteTxPower(),
    ];
    for (const asking of lacking) {
      expect(await air.ending(asking())).toMatchObject({ error: { constructor: UnavailableError } });
    }
    await air.expectNothingLeft();
  });

  const wrong: [
    why: string,
    ask: (link: import("../../src/gap/link-control.ts").LinkControl) => Promise<unknown>,
  ][] = [
    ["a data length of 26 octets", (link) => link.setDataLength(26)],
    ["a data length that is no number", (link) => link.setDataLength(Number.NaN)],
    ["a PHY that is none", (link) => link.setPhys({ tx: ["4M" as "2M"] })],
    ["no PHY at all", (link) => link.setPhys({ rx: [] })],
    ["a subrate factor of 0", (link) => link.requestSubrate({ minFactor: 0, maxFactor: 1 })],
    ["a greatest factor below the least", (link) => link.requestSubrate({ minFactor: 3, maxFactor: 2 })],
  ];
  it.each(wrong)("refuses %s with a RangeError", async (_, ask) => {
    const { air, central, peripheral } = await twoHosts(modern);
    const links = await air.connect(central, peripheral);
    expect(await air.ending(ask(links.central.link))).toMatchObject({ error: { constructor: RangeError } });
    await air.expectNothingLeft();
  });
});
