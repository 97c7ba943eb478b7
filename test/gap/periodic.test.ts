import { describe, expect, it } from "vitest";
import { decodeAdvertisingData } from "../../src/gap/advertising-data.ts";
import { SyncTimeoutError, UnavailableError } from "../../src/gap/error.ts";
import type { Found } from "../../src/gap/found.ts";
import { countingSignal } from "../support/counting-signal.ts";
import { type HostsOnAir, outcome, type Station, twoHosts } from "../support/two-hosts.ts";

const modern = { profile: "5.4" } as const;
const periodic = { intervalMs: 50, data: { name: "every 50 ms" } };

async function find(air: HostsOnAir, { host }: Station): Promise<Found> {
  const search = async (): Promise<Found> => {
    for await (const found of host.scan()) if (found.periodicIntervalMs !== undefined) return found;
    throw new Error("the scan has ended");
  };
  return air.until(search());
}

describe("Periodic advertising (Vol 3, Part C, 9.5)", () => {
  it("is told of by scans, and received at its interval by those who synchronise", async () => {
    const { air, central, peripheral } = await twoHosts(modern);
    const advertising = await air.until(peripheral.host.advertise({ periodic }));
    const found = await find(air, central);
    expect(found).toMatchObject({ periodicIntervalMs: 50, connectable: false });
    const sync = await air.until(central.host.syncPeriodic(found));
    expect(sync).toMatchObject({ intervalMs: 50, sid: found.sid, active: true, serviceData: undefined });
    const reports = sync[Symbol.asyncIterator]();
    const first = await air.until(reports.next());
    expect(decodeAdvertisingData(first.value!.data).localName).toBe("every 50 ms");
    const start = air.clock.now();
    for (let n = 0; n < 10; n++) await air.until(reports.next());
    expect(air.clock.now() - start).toBeCloseTo(500, -1);
    await air.until(advertising.updatePeriodic({ name: "changed" }));
    await air.until(reports.next());
    await air.until(reports.next());
    expect(decodeAdvertisingData((await air.until(reports.next())).value!.data).localName).toBe("changed");
    await air.until(sync[Symbol.asyncDispose]());
    expect(sync.active).toBe(false);
    await air.expectNothingLeft();
  });

  it("carries data of many fragments", async () => {
    const { air, central, peripheral } = await twoHosts(modern);
    const manufacturerData = [1, 2, 3].map((companyId) => ({ companyId, data: new Uint8Array(200).fill(7) }));
    await air.until(peripheral.host.advertise({ periodic: { ...periodic, data: { manufacturerData } } }));
    const sync = await air.until(central.host.syncPeriodic(await find(air, central)));
    const { value } = await air.until(sync[Symbol.asyncIterator]().next());
    expect(value?.truncated).toBe(false);
    expect(decodeAdvertisingData(value!.data).manufacturerData).toEqual(manufacturerData);
    await air.expectNothingLeft();
  });

  it("that is not heard any more ends the iteration with a SyncTimeoutError (Vol 4, Part E, 7.7.65.16)", async () => {
    const { air, central, peripheral } = await twoHosts(modern);
    const advertising = await air.until(peripheral.host.advertise({ periodic }));
    const sync = await air.until(central.host.syncPeriodic(await find(air, central), { lostAfterMs: 1000 }));
    await air.until(advertising[Symbol.asyncDispose]());
    const drain = async (): Promise<void> => {
      for await (const report of sync) expect(report.truncated).toBe(false);
    };
    expect(await air.ending(drain())).toMatchObject({ error: { constructor: SyncTimeoutError } });
    await air.until(sync[Symbol.asyncDispose]());
    await air.expectNothingLeft();
  });

  it("that is not there is given up after the time-out, and by a signal, and the next is found", async () => {
    const { air, central, peripheral } = await twoHosts(modern);
    const nobody = { address: "00:00:00:00:00:99/public", sid: 1 };
    const late = await air.ending(central.host.syncPeriodic(nobody, { timeoutMs: 1000 }));
    expect(late).toMatchObject({ error: { constructor: SyncTimeoutError } });
    const { signal, abort, listeners } = countingSignal();
    const called = outcome(central.host.syncPeriodic(nobody, { signal }));
    await air.clock.advance(100);
    abort("enough");
    expect(await air.until(called)).toEqual({ error: "enough" });
    expect(listeners()).toBe(0);
    await air.until(peripheral.host.advertise({ periodic }));
    expect((await air.until(central.host.syncPeriodic(await find(air, central)))).active).toBe(true);
    await air.expectNothingLeft();
  });

  it("is told of to a peer, which then receives it without a search (Vol 4, Part E, 7.8.89 and 7.8.90)", async () => {
    const { air, central, peripheral } = await twoHosts(modern);
    const third = await air.open(modern);
    const advertising = await air.until(third.host.advertise({ periodic }));
    const { central: link, peripheral: other } = await air.connect(central, peripheral);
    const offers = await air.until(peripheral.host.acceptPeriodicSyncs(other));
    const sync = await air.until(central.host.syncPeriodic(await find(air, central)));
    await air.until(sync.transferTo(link, 0x1234));
    const { value } = await air.until(offers.next());
    expect(value).toMatchObject({ serviceData: 0x1234, intervalMs: 50 });
    const report = await air.until(value![Symbol.asyncIterator]().next());
    expect(decodeAdvertisingData(report.value!.data).localName).toBe("every 50 ms");
    await air.until(offers.return!());
    await air.until(advertising[Symbol.asyncDispose]());
    await air.expectNothingLeft();
  });

  it("is told of by its own advertiser to a peer", async () => {
    const { air, central, peripheral } = await twoHosts(modern);
    const { central: link, peripheral: other } = await air.connect(central, peripheral);
    const advertising = await air.until(peripheral.host.advertise({ periodic }));
    const offers = await air.until(central.host.acceptPeriodicSyncs(link));
    await air.until(advertising.transferPeriodicTo(other, 7));
    const { value } = await air.until(offers.next());
    expect(value).toMatchObject({ serviceData: 7, active: true });
    const next = outcome(offers.next());
    await air.until(link.disconnect());
    expect(await air.until(next)).toMatchObject({ error: { code: "DISCONNECTED" } });
    await air.expectNothingLeft();
  });

  it("cannot be had from a controller that has none, which is said at once", async () => {
    const { air, central } = await twoHosts({ profile: "4.2" });
    const syncing = async (): Promise<unknown> =>
      central.host.syncPeriodic({ address: "00:00:00:00:00:99/public", sid: 1 });
    expect(await air.ending(syncing())).toMatchObject({ error: { constructor: UnavailableError } });
    await air.expectNothingLeft();
  });
});
