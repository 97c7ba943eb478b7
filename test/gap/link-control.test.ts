import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { UnavailableError } from "../../src/gap/error.ts";
import { encodeEvent } from "../../src/hci/event.ts";
import { LeTransmitPowerReporting } from "../../src/hci/events/le-power.ts";
import { LePhyUpdateComplete } from "../../src/hci/events/le-connection.ts";
import { HciError } from "../../src/hci/error.ts";
import { HostsOnAir, outcome, twoHosts } from "../support/two-hosts.ts";

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

  it("gives a peripheral that asks for subrating what the host accepts, after a reset too (Vol 4, Part E, 7.8.123)", async () => {
    const air = new HostsOnAir();
    const central = await air.open(modern, { acceptSubrating: { minFactor: 2, maxFactor: 6 } });
    const peripheral = await air.open(modern);
    for (const round of ["at first", "after a reset"]) {
      const links = await air.connect(central, peripheral);
      const asked = { minFactor: 4, maxFactor: 20 };
      const { factor } = await air.until(links.peripheral.link.requestSubrate(asked));
      expect([4, 5, 6], round).toContain(factor);
      const again = once(central.host, "recovered");
      central.transport.inject(Uint8Array.of(4, 0x10, 1, 0));
      await air.until(again);
      await air.clock.advance(10_000);
    }
    await air.expectNothingLeft();
  });

  it("tells of changes of the transmit power on either side, which answer no question (Vol 4, Part E, 7.8.121)", async () => {
    const { air, central, peripheral } = await twoHosts(modern);
    const { central: connection } = await air.connect(central, peripheral);
    const told: unknown[] = [];
    connection.on("txPowerChanged", (change) => told.push(change));
    await air.until(connection.link.reportTxPower({ local: true, remote: true }));
    central.controller.setTransmitPower(4);
    peripheral.controller.setTransmitPower(20);
    await air.clock.advance(1_000);
    expect(told).toMatchObject([
      { side: "local", phy: "1M", txPower: 4, least: false, most: false },
      { side: "remote", phy: "1M", txPower: 20, least: false, most: true },
    ]);
    const asked = connection.link.remoteTxPower();
    central.transport.inject(
      encodeEvent(LeTransmitPowerReporting, {
        ...{ status: 0, connectionHandle: connection.handle, reason: 1, phy: 4 },
        ...{ txPowerLevel: 126, txPowerLevelFlag: 1, delta: 127 },
      }),
    );
    expect(await air.until(asked)).toBe(20);
    expect(told[2]).toEqual({
      ...{ side: "remote", phy: "coded", txPower: undefined, change: undefined },
      ...{ least: true, most: false },
    });
    await air.until(connection.link.reportTxPower({}));
    central.controller.setTransmitPower(0);
    await air.clock.advance(1_000);
    expect(told).toHaveLength(3);
    await air.expectNothingLeft();
  });

  it("tells of the zones of path loss as the peer moves (Vol 4, Part E, 7.8.119 and 7.8.120)", async () => {
    const { air, central, peripheral } = await twoHosts(modern);
    const { central: connection } = await air.connect(central, peripheral);
    const told: string[] = [];
    connection.on("pathLossChanged", ({ zone, pathLoss }) => told.push(`${zone} ${pathLoss}`));
    const far = async (decibels: number): Promise<void> => {
      air.air.setPathLoss(central.controller, peripheral.controller, decibels);
      await air.clock.advance(5_000);
    };
    await far(40);
    await air.until(connection.link.monitorPathLoss({ low: 50, high: 70, lowHysteresis: 2, minEvents: 5 }));
    await far(60);
    await far(75);
    await far(51);
    await far(47);
    await air.until(connection.link.monitorPathLoss(undefined));
    await far(80);
    expect(told).toEqual(["low 40", "middle 60", "high 75", "middle 51", "low 47"]);
    await air.expectNothingLeft();
  });

  it.each([
    [{ low: 255 }, /low: 255/],
    [{ low: 50, high: 40 }, /high: 40/],
    [{ low: 50, high: 60, lowHysteresis: 11 }, /lowHysteresis/],
    [{ low: 50, lowHysteresis: 51 }, /lowHysteresis: 51/],
    [{ low: 50, high: 250, highHysteresis: 5 }, /highHysteresis: 5/],
    [{ low: 50, minEvents: 65_536 }, /minEvents: 65536/],
  ])("refuses the zones %j", async (zones, message) => {
    const { air, central, peripheral } = await twoHosts(modern);
    const { central: connection } = await air.connect(central, peripheral);
    expect(await air.ending(connection.link.monitorPathLoss(zones))).toMatchObject({
      error: { name: "RangeError", message: expect.stringMatching(message) as unknown },
    });
    expect(await air.ending(connection.link.reportTxPower({ both: true } as never))).toMatchObject({
      error: { name: "TypeError" },
    });
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
      () => link.reportTxPower({ local: true }),
      () => link.monitorPathLoss({ low: 50 }),
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
