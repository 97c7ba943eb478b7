import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ReportChains } from "../../src/gap/report-chains.ts";
import { fromExtended, type ScanReport } from "../../src/gap/scan-report.ts";
import { runs } from "../support/runs.ts";

/** A report of an extended advertisement; `status` is that of its data: 0 complete, 1 more comes, 2 truncated. */
const part = (data: Uint8Array, status: number, address = 1, sid = 0): ScanReport =>
  fromExtended({
    eventType: status << 5,
    addressType: 0,
    address,
    primaryPhy: 1,
    secondaryPhy: 1,
    advertisingSid: sid,
    txPower: 127,
    rssi: -60,
    periodicAdvertisingInterval: 0,
    directAddressType: 0,
    directAddress: 0,
    data,
  });

describe("Chains of extended advertising reports (Vol 4, Part E, 7.7.65.13)", () => {
  it("are put together however they were cut, and mixed with those of others", () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 229 }), { minLength: 1, maxLength: 7 });
    fc.assert(
      fc.property(pieces, pieces, fc.array(fc.boolean()), (one, other, order) => {
        const chains = new ReportChains();
        const whole = new Map<number, ScanReport>();
        const queues = [one, other].map((data, at) =>
          data.map((octets, n) => part(octets, n === data.length - 1 ? 0 : 1, at)),
        );
        const turns = [...order, ...Array.from({ length: 14 }, (_, n) => n % 2 === 0)];
        for (const first of turns) {
          const report = queues[first ? 0 : 1]?.shift();
          const done = report && chains.push(report);
          if (done) whole.set(done.address, done);
        }
        for (const [at, data] of [one, other].entries()) {
          const expected = Uint8Array.from(data.flatMap((octets) => [...octets])).slice(0, 1650);
          if (queues[at]?.length === 0) expect(whole.get(at)?.data).toEqual(expected);
        }
      }),
      runs,
    );
  });

  it("that the controller could not receive whole are told as truncated, with their beginning", () => {
    const chains = new ReportChains();
    expect(chains.push(part(Uint8Array.of(1, 2), 1))).toBeUndefined();
    const cut = chains.push(part(Uint8Array.of(3), 2));
    expect([cut?.completeness, cut?.data]).toEqual(["truncated", Uint8Array.of(1, 2, 3)]);
  });

  it("without end hold no more than 1650 octets each, of 64 advertisers", () => {
    const chains = new ReportChains();
    const octets = new Uint8Array(229).fill(7);
    for (let n = 0; n < 100; n++) expect(chains.push(part(octets, 1))).toBeUndefined();
    const whole = chains.push(part(octets, 0));
    expect([whole?.completeness, whole?.data.length]).toEqual(["truncated", 1650]);
    for (let address = 0; address < 200; address++) chains.push(part(octets, 1, address));
    expect(chains.push(part(Uint8Array.of(9), 0, 0))?.data).toEqual(Uint8Array.of(9)); // its beginning was given up
    expect(chains.push(part(Uint8Array.of(9), 0, 199))?.data).toHaveLength(230);
  });

  it("are forgotten when scanning stops", () => {
    const chains = new ReportChains();
    chains.push(part(Uint8Array.of(1), 1));
    chains.clear();
    expect(chains.push(part(Uint8Array.of(2), 0))?.data).toEqual(Uint8Array.of(2));
  });
});
