import { describe, expect, it } from "vitest";
import { decodeAdvertisingData, encodeAdvertisingData } from "../../src/gap/advertising-data.ts";
import type { AdvertisingDataInput } from "../../src/gap/advertising-fields.ts";
import type { Found } from "../../src/gap/found.ts";
import { compileFilter, type ScanFilter } from "../../src/gap/scan-filter.ts";
import { Address } from "../../src/common/address.ts";

function found(input: AdvertisingDataInput, changes: Partial<Found> = {}): Found {
  const advertisement = decodeAdvertisingData(encodeAdvertisingData(input, 200));
  return {
    identity: undefined,
    address: Address.parse("00:00:00:00:00:01/public"),
    rssi: -60,
    connectable: true,
    name: advertisement.localName,
    services: advertisement.serviceUuids,
    serviceData: advertisement.serviceData,
    manufacturerData: advertisement.manufacturerData,
    advertisement,
    scanResponse: undefined,
    directed: false,
    anonymous: false,
    extended: false,
    truncated: false,
    primaryPhy: "1M",
    secondaryPhy: undefined,
    sid: undefined,
    txPower: undefined,
    periodicIntervalMs: undefined,
    packet: {
      scanResponse: false,
      connectable: true,
      scannable: true,
      directed: false,
      data: new Uint8Array(),
    },
    ...changes,
  };
}

const beacon = found({
  localName: "jelling stone",
  serviceUuids: ["180d", "180f"],
  serviceData: [{ uuid: "feaa", data: Uint8Array.of(0x10, 0xeb, 0x03) }],
  manufacturerData: [{ companyId: 0x004c, data: Uint8Array.of(0x02, 0x15, 0xab) }],
});
const at = (...octets: number[]): Uint8Array => Uint8Array.from(octets);

describe("A scan filter", () => {
  const cases: [why: string, filter: ScanFilter, passes: boolean][] = [
    ["nothing", {}, true],
    ["its name", { name: "jelling stone" }, true],
    ["the beginning of its name alone as the name", { name: "jelling" }, false],
    ["the beginning of its name", { namePrefix: "jelling" }, true],
    ["another beginning", { namePrefix: "stone" }, false],
    ["one of its services", { services: ["1800", "180f"] }, true],
    ["none of its services", { services: ["1800"] }, false],
    ["its service data's service", { serviceData: [{ uuid: "feaa" }] }, true],
    ["how its service data begins", { serviceData: [{ uuid: "feaa", data: at(0x10) }] }, true],
    ["how it does not begin", { serviceData: [{ uuid: "feaa", data: at(0x20) }] }, false],
    ["more than it has", { serviceData: [{ uuid: "feaa", data: at(0x10, 0xeb, 3, 4) }] }, false],
    ["service data of another", { serviceData: [{ uuid: "feab" }, { uuid: "180d" }] }, false],
    ["its company", { manufacturerData: [{ companyId: 0x4c }] }, true],
    [
      "the bits of a mask",
      { manufacturerData: [{ companyId: 0x4c, data: at(0x02, 0xff, 0xa0), mask: at(0xff, 0x00, 0xf0) }] },
      true,
    ],
    ["bits it has not", { manufacturerData: [{ companyId: 0x4c, data: at(3), mask: at(1) }] }, false],
    ["another company", { manufacturerData: [{ companyId: 0x4d }] }, false],
    ["its strength", { minRssi: -60 }, true],
    ["more than its strength", { minRssi: -59 }, false],
    ["its address", { addresses: ["00:00:00:00:00:01/public"] }, true],
    ["the same digits of another type", { addresses: ["00:00:00:00:00:01/random"] }, false],
    ["all it has", { namePrefix: "jell", minRssi: -70, services: ["180d"] }, true],
    ["all it has but one", { namePrefix: "jell", minRssi: -70, services: ["180e"] }, false],
  ];
  it.each(cases)("that asks for %s", (_, filter, passes) => {
    expect(compileFilter(filter)(beacon)).toBe(passes);
  });

  it("passes over a device of unknown strength where a strength is asked for", () => {
    expect(compileFilter({ minRssi: -100 })(found({}, { rssi: undefined }))).toBe(false);
  });

  const wrong: [why: string, filter: ScanFilter, text: string][] = [
    [
      "a mask of another length",
      { serviceData: [{ uuid: "feaa", data: at(1), mask: at(1, 2) }] },
      "serviceData",
    ],
    ["a mask without data", { manufacturerData: [{ companyId: 1, mask: at(1) }] }, "manufacturerData"],
    ["a company beyond 16 bits", { manufacturerData: [{ companyId: 0x1_0000 }] }, "companyId"],
    ["a strength that is no number", { minRssi: Number.NaN }, "minRssi"],
  ];
  it.each(wrong)("refuses %s with a RangeError that names it", (_, filter, text) => {
    expect(() => compileFilter(filter)).toThrow(RangeError);
    expect(() => compileFilter(filter)).toThrow(text);
  });
});
