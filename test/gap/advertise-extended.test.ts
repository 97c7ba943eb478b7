import { describe, expect, it } from "vitest";
import type { AdvertiseOptions } from "../../src/gap/advertising-plan.ts";
import { UnavailableError } from "../../src/gap/error.ts";
import type { Found } from "../../src/gap/found.ts";
import type { ScanOptions } from "../../src/gap/scan.ts";
import { HostsOnAir, type Station, twoHosts } from "../support/two-hosts.ts";

const modern = { profile: "5.4" } as const;

async function heard(air: HostsOnAir, { host }: Station, options: ScanOptions = {}): Promise<Found[]> {
  const found: Found[] = [];
  const collect = async (): Promise<void> => {
    for await (const one of host.scan({ durationMs: 1000, ...options })) found.push(one);
  };
  await air.until(collect());
  return found;
}

describe("Extended advertising", () => {
  it("carries what legacy advertising has no room for, in several fragments (Vol 4, Part E, 7.8.54)", async () => {
    const { air, central, peripheral } = await twoHosts(modern);
    const data = Uint8Array.from({ length: 240 }, (_, at) => at);
    const manufacturerData = [1, 2, 3, 4, 5].map((companyId) => ({ companyId, data }));
    await air.until(peripheral.host.advertise({ extended: true, connectable: false, manufacturerData }));
    const found = (await heard(air, central)).at(-1);
    expect(found).toMatchObject({ extended: true, truncated: false, connectable: false, primaryPhy: "1M" });
    expect(found?.manufacturerData).toEqual(manufacturerData);
    await air.expectNothingLeft();
  });

  it("can be connected to", async () => {
    const { air, central, peripheral } = await twoHosts(modern);
    const advertising = await air.until(peripheral.host.advertise({ extended: true, name: "modern" }));
    const [found] = await heard(air, central, { name: "modern" });
    expect(found).toMatchObject({ connectable: true, extended: true });
    const connection = await air.until(central.host.connect(found!));
    const { value } = await air.until(advertising[Symbol.asyncIterator]().next());
    expect([connection.role, value?.role]).toEqual(["central", "peripheral"]);
    await air.expectNothingLeft();
  });

  it("ends after so many advertising events, also for those who iterate it (Vol 4, Part E, 7.8.56)", async () => {
    const { air, central, peripheral } = await twoHosts(modern);
    const options = { name: "five times", extended: true, maxEvents: 5, intervalMs: 100 };
    let packets = 0;
    const attentive = { duplicates: "all", active: false, intervalMs: 60, windowMs: 60 } as const;
    const scan = central.host.scan({ ...attentive, durationMs: 2_000 });
    const listening = (async () => {
      for await (const { name } of scan) if (name === "five times") packets++;
    })();
    const advertising = await air.until(peripheral.host.advertise(options));
    const next = advertising[Symbol.asyncIterator]().next();
    expect(await air.until(next)).toEqual({ done: true, value: undefined });
    expect(air.clock.now()).toBeLessThan(700);
    await air.until(listening);
    expect(packets).toBeGreaterThan(0);
    expect(packets).toBeLessThanOrEqual(5);
    await air.expectNothingLeft();
  });

  it("with more data than the scanner's controller keeps is found truncated, with its beginning", async () => {
    const air = new HostsOnAir();
    const central = await air.open({ ...modern, scanDataOctets: 100 });
    const peripheral = await air.open(modern);
    const data = new Uint8Array(200).fill(7);
    await air.until(
      peripheral.host.advertise({ extended: true, name: "long", manufacturerData: [{ companyId: 1, data }] }),
    );
    const scan = central.host.scan();
    const { value } = await air.until(scan.next());
    expect(value).toMatchObject({ truncated: true, extended: true });
    await air.until(scan.return());
    await air.expectNothingLeft();
  });

  it("answers scan requests with all of its data where it is scannable", async () => {
    const { air, central, peripheral } = await twoHosts(modern);
    const options = { extended: true, connectable: false, scannable: true, name: "x".repeat(200) };
    await air.until(peripheral.host.advertise(options));
    expect((await heard(air, central)).at(-1)).toMatchObject({ name: "x".repeat(200), extended: true });
    await air.expectNothingLeft();
  });

  it("can keep its address to itself", async () => {
    const { air, central, peripheral } = await twoHosts(modern);
    await air.until(peripheral.host.advertise({ anonymous: true, name: "somebody" }));
    expect((await heard(air, central)).at(-1)).toMatchObject({
      anonymous: true,
      connectable: false,
      name: "somebody",
    });
    await air.expectNothingLeft();
  });

  it("is heard on LE Coded by those who listen there, and by no others", async () => {
    const { air, central, peripheral } = await twoHosts(modern);
    await air.until(peripheral.host.advertise({ primaryPhy: "coded", name: "far", connectable: false }));
    expect(await heard(air, central)).toEqual([]);
    const found = await heard(air, central, { phys: ["1M", "coded"] });
    expect(found.at(-1)).toMatchObject({ name: "far", primaryPhy: "coded", secondaryPhy: "coded" });
    await air.expectNothingLeft();
  });

  it("of several sets says each its own, and each gets its own connections (Vol 4, Part E, 7.7.65.18)", async () => {
    const { air, central, peripheral } = await twoHosts(modern);
    const other = await air.open(modern);
    const first = await air.until(peripheral.host.advertise({ name: "first", sid: 3, resume: false }));
    const second = await air.until(
      peripheral.host.advertise({ name: "second", directedTo: other.host.address }),
    );
    expect((await heard(air, central, { name: "first" })).at(-1)).toMatchObject({ sid: 3 });
    await air.until(other.host.connect(peripheral.host.address));
    const taken = await air.until(
      Promise.race(
        [first, second].map(async (advertising) => {
          const { value } = await advertising[Symbol.asyncIterator]().next();
          return [advertising, value] as const;
        }),
      ),
    );
    expect(taken[1]?.peerAddress.toString()).toBe(other.host.address.toString());
    await air.expectNothingLeft();
  });

  it("has no more sets than the controller, whose places are free again when one has ended", async () => {
    const { air, peripheral } = await twoHosts(modern);
    const { advertisingSets } = peripheral.host.controller;
    expect(advertisingSets).toBeGreaterThan(1);
    const all = [];
    for (let n = 0; n < advertisingSets; n++) {
      all.push(await air.until(peripheral.host.advertise({ connectable: false, name: `set ${n}` })));
    }
    expect(await air.ending(peripheral.host.advertise())).toMatchObject({
      error: { constructor: UnavailableError },
    });
    await air.until(all[1]![Symbol.asyncDispose]());
    await air.until(peripheral.host.advertise({ durationMs: 500 }));
    await air.clock.advance(1000);
    await air.until(peripheral.host.advertise());
    await air.expectNothingLeft();
  });
});

describe.each(["4.0", "5.4"] as const)("Advertising on a controller of %s", (profile) => {
  it("ends after its duration", async () => {
    const { air, central, peripheral } = await twoHosts({ profile });
    const advertising = await air.until(peripheral.host.advertise({ name: "brief", durationMs: 2000 }));
    expect(await heard(air, central)).not.toEqual([]);
    expect(advertising.active).toBe(true);
    const next = advertising[Symbol.asyncIterator]().next();
    expect(await air.until(next)).toEqual({ done: true, value: undefined });
    expect(advertising.active).toBe(false);
    expect(await heard(air, central)).toEqual([]);
    await air.until(peripheral.host.advertise()); // its place is free
    await air.expectNothingLeft();
  });

  it("ends after its duration however long that is, and whatever has interrupted it", async () => {
    const { air, central, peripheral } = await twoHosts({ profile });
    const advertising = await air.until(peripheral.host.advertise({ durationMs: 1_000_000 }));
    await air.clock.advance(400_000);
    const connection = await air.until(central.host.connect(peripheral.host.address));
    await air.until(connection.disconnect());
    await air.clock.advance(1_000_000 - 10 - air.clock.now());
    expect(advertising.active).toBe(true);
    await air.clock.advance(20);
    expect(advertising.active).toBe(false);
    await air.clock.advance(1_000);
    expect(await heard(air, central)).toEqual([]);
    await air.expectNothingLeft();
  });

  it("says something else without being stopped", async () => {
    const { air, central, peripheral } = await twoHosts({ profile });
    const advertising = await air.until(peripheral.host.advertise({ name: "before" }));
    const before = peripheral.transport.commands.filter((name) => name.includes("Enable")).length;
    await air.until(advertising.update({ name: "after", services: ["180d"] }));
    expect(peripheral.transport.commands.filter((name) => name.includes("Enable"))).toHaveLength(before);
    expect((await heard(air, central)).at(-1)).toMatchObject({ name: "after" });
    const tooMuch = advertising.update({ manufacturerData: [{ companyId: 1, data: new Uint8Array(60) }] });
    expect(await air.ending(tooMuch)).toMatchObject({ error: { constructor: RangeError } });
    expect((await heard(air, central)).at(-1)).toMatchObject({ name: "after" });
    await air.until(advertising[Symbol.asyncDispose]());
    expect(await air.ending(advertising.update({}))).toMatchObject({
      error: { constructor: UnavailableError },
    });
    await air.expectNothingLeft();
  });

  it("for one device is heard by it alone, and ends after 1.28 s at high duty cycle (Vol 6, Part B, 4.4.2.4.3)", async () => {
    const { air, central, peripheral } = await twoHosts({ profile });
    const directed = { directedTo: central.host.address, highDutyCycle: true };
    const advertising = await air.until(peripheral.host.advertise(directed));
    const next = advertising[Symbol.asyncIterator]().next();
    expect(await air.until(next)).toEqual({ done: true, value: undefined });
    expect(air.clock.now()).toBeLessThan(1300);
    if (profile === "4.0") {
      // Low duty cycle came with 4.1, and is not among its supported states. Vol 4, Part E, 7.8.27.
      const slowly = peripheral.host.advertise({ directedTo: central.host.address });
      expect(await air.ending(slowly)).toMatchObject({ error: { constructor: UnavailableError } });
      await air.expectNothingLeft();
      return;
    }
    await air.until(peripheral.host.advertise({ directedTo: central.host.address }));
    expect((await heard(air, central)).at(-1)).toMatchObject({ directed: true, connectable: true });
    const connection = await air.until(central.host.connect(peripheral.host.address));
    expect(connection.connected).toBe(true);
    await air.expectNothingLeft();
  });
});

describe("What advertising cannot be", () => {
  const wrong: [why: string, options: AdvertiseOptions, text: string][] = [
    ["anonymous and connectable", { anonymous: true, connectable: true }, "anonymous"],
    ["extended, connectable and scannable", { extended: true, scannable: true }, "scannable"],
    ["periodic and connectable", { periodic: {}, connectable: true }, "periodic"],
    ["high duty cycle for everyone", { highDutyCycle: true }, "directedTo"],
    ["legacy on LE Coded", { extended: false, primaryPhy: "coded" }, "primaryPhy"],
    ["a set beyond 15", { sid: 16 }, "sid"],
    ["more than 255 events", { maxEvents: 256 }, "maxEvents"],
    ["on a PHY that is none", { primaryPhy: "2M" as "1M" }, "primaryPhy"],
  ];
  it.each(wrong)("%s: a RangeError names the option", async (_, options, text) => {
    const { air, peripheral } = await twoHosts(modern);
    const { error } = (await air.ending(peripheral.host.advertise(options))) as { error: Error };
    expect(error).toBeInstanceOf(RangeError);
    expect(error.message).toContain(text);
    await air.until(peripheral.host.advertise());
    await air.expectNothingLeft();
  });

  it.each([{ extended: true }, { maxEvents: 3 }, { periodic: {} }, { primaryPhy: "coded" as const }])(
    "extended on a controller without it: an UnavailableError says so",
    async (options) => {
      const { air, peripheral } = await twoHosts({ profile: "4.0" });
      expect(await air.ending(peripheral.host.advertise(options))).toMatchObject({
        error: { constructor: UnavailableError },
      });
      await air.expectNothingLeft();
    },
  );
});
