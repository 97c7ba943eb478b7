import { describe, expect, it } from "vitest";
import { HostClosedError } from "../../src/common/errors.ts";
import type { Found } from "../../src/gap/found.ts";
import type { Scan, ScanOptions } from "../../src/gap/scan.ts";
import { encodeEvent } from "../../src/hci/event.ts";
import { HciError } from "../../src/hci/error.ts";
import { type AdvertisingReport, LeAdvertisingReport } from "../../src/hci/events/le-advertising.ts";
import { LeReadSupportedStates } from "../../src/hci/commands/le-controller.ts";
import { LeSetScanEnable, LeSetScanParameters } from "../../src/hci/commands/le-scanning.ts";
import {
  LeSetExtendedScanEnable,
  LeSetExtendedScanParameters,
  type ScanningParameters,
} from "../../src/hci/commands/le-extended-scanning.ts";
import { Status } from "../../src/hci/status.ts";
import { u16At } from "../../src/common/bytes.ts";
import { countingSignal } from "../support/counting-signal.ts";
import { HostsOnAir, outcome, type Station, type TwoHosts, twoHosts } from "../support/two-hosts.ts";

/** Collects what a scan finds until it ends. */
async function collect(scan: Scan, into: Found[] = []): Promise<Found[]> {
  for await (const found of scan) into.push(found);
  return into;
}

/** What was asked of the scanning radio, in short: `active 60/30`, `off`. Either set of commands will do. */
function asked({ transport }: Station): string[] {
  return transport.commandPackets.flatMap((packet) => {
    switch (u16At(packet, 1)) {
      case LeSetScanParameters.opcode:
        return inShort(LeSetScanParameters.parameters.decode(packet, 4));
      case LeSetExtendedScanParameters.opcode:
        return inShort(LeSetExtendedScanParameters.parameters.decode(packet, 4).scanningPhys[0]!);
      case LeSetScanEnable.opcode:
      case LeSetExtendedScanEnable.opcode:
        return packet[4] === 1 ? "on" : "off";
      default:
        return [];
    }
  });
}

function inShort({ scanType, scanInterval, scanWindow }: ScanningParameters): string {
  return `${scanType === 1 ? "active" : "passive"} ${scanInterval * 0.625}/${scanWindow * 0.625}`;
}

const report = (changes: Partial<AdvertisingReport> = {}): Uint8Array =>
  encodeEvent(LeAdvertisingReport, {
    reports: [{ eventType: 0, addressType: 0, address: 1, data: new Uint8Array(0), rssi: -60, ...changes }],
  });

/** A scan that has begun, and what it has found so far. */
async function begun(
  air: HostsOnAir,
  { host }: Station,
  options: ScanOptions = {},
): Promise<{ readonly scan: Scan; readonly found: Found[]; readonly loop: Promise<Found[]> }> {
  const scan = host.scan(options);
  const found: Found[] = [];
  const loop = air.track("scan", collect(scan, found));
  await air.clock.advance(0);
  return { scan, found, loop };
}

describe("A scan", () => {
  it("begins with the iteration and not before, and the radio is silent when the loop was left", async () => {
    const { air, central, peripheral } = await twoHosts();
    await air.until(peripheral.host.advertise({ name: "here" }));
    const scan = central.host.scan();
    await air.clock.advance(1000);
    expect(asked(central)).toEqual([]);
    const first = (async () => {
      for await (const found of scan) return found;
      return undefined;
    })();
    expect((await air.until(first))?.name).toBe("here");
    expect(asked(central)).toEqual(["active 60/30", "on", "off"]);
    await air.expectNothingLeft();
  });

  it("that was never iterated takes nothing and leaves nothing", async () => {
    const { air, central } = await twoHosts();
    const scan = central.host.scan({ signal: new AbortController().signal, durationMs: 10 });
    await air.until(scan[Symbol.asyncDispose]());
    expect(await air.until(scan.next())).toEqual({ done: true, value: undefined });
    expect(asked(central)).toEqual([]);
    await air.expectNothingLeft();
  });

  const wrong: [why: string, options: ScanOptions, error: new (...args: never[]) => Error, text: string][] = [
    ["a window longer than the interval", { intervalMs: 10, windowMs: 20 }, RangeError, "windowMs"],
    ["an interval below 2.5 ms", { intervalMs: 2 }, RangeError, "intervalMs"],
    ["an interval above 10.24 s", { intervalMs: 10_241 }, RangeError, "intervalMs"],
    ["a window that is no number", { windowMs: Number.NaN }, RangeError, "Ms"],
    ["a duration below 0", { durationMs: -1 }, RangeError, "durationMs"],
    ["a duration that timers cannot wait for", { durationMs: 2 ** 31 }, RangeError, "durationMs"],
    ["a policy for duplicates that there is not", { duplicates: "none" as "all" }, RangeError, "duplicates"],
    ["a service that is no UUID", { services: ["heart rate"] }, SyntaxError, "heart rate"],
    ["an address that is none", { addresses: ["C0:FF:EE:00:00:01"] }, SyntaxError, "C0:FF:EE:00:00:01"],
  ];
  it.each(wrong)("refuses %s at once", async (_, options, kind, text) => {
    const { central } = await twoHosts();
    expect(() => central.host.scan(options)).toThrow(kind);
    expect(() => central.host.scan(options)).toThrow(text);
  });

  it("ends normally with its duration, after what was found", async () => {
    const { air, central, peripheral } = await twoHosts();
    await air.until(peripheral.host.advertise());
    const found = await air.until(collect(central.host.scan({ durationMs: 500 })));
    expect(found).toHaveLength(1); // its scan response says nothing, so that is no news
    expect(air.clock.now()).toBeGreaterThanOrEqual(500);
    expect(air.clock.now()).toBeLessThan(600);
    expect(asked(central).at(-1)).toBe("off");
    await air.expectNothingLeft();
  });

  it.each(["a text", null, 0, undefined, new Error("an error")])(
    "throws the reason of its signal, whatever that is: %s",
    async (reason) => {
      const { air, central, peripheral } = await twoHosts();
      await air.until(peripheral.host.advertise());
      const { signal, abort, listeners } = countingSignal();
      const { loop, found } = await begun(air, central, { signal });
      await air.clock.advance(10);
      expect(found.length).toBeGreaterThan(0);
      abort(reason);
      expect(await air.ending(loop)).toEqual({ error: signal.reason as unknown });
      expect(listeners()).toBe(0);
      expect(asked(central).at(-1)).toBe("off");
      await air.expectNothingLeft();
    },
  );

  it("throws at once when its signal was aborted before, and leaves the radio alone", async () => {
    const { air, central } = await twoHosts();
    const signal = AbortSignal.abort();
    const ending = await air.ending(collect(central.host.scan({ signal })));
    expect(ending).toEqual({ error: signal.reason as unknown });
    expect(asked(central)).toEqual([]);
  });

  it("gives nothing any more after its signal, even what waits to be taken", async () => {
    const { air, central, peripheral } = await twoHosts();
    await air.until(peripheral.host.advertise());
    const { signal, abort } = countingSignal();
    const scan = central.host.scan({ signal });
    await air.until(scan.next());
    abort("over");
    expect(await air.ending(scan.next())).toEqual({ error: "over" });
    expect(await air.until(scan.next())).toEqual({ done: true, value: undefined });
    await air.expectNothingLeft();
  });

  it("lets go of its signal and its timer when the loop is left", async () => {
    const { air, central, peripheral } = await twoHosts();
    await air.until(peripheral.host.advertise());
    const { signal, listeners } = countingSignal();
    const leave = (async () => {
      for await (const found of central.host.scan({ signal, durationMs: 60_000 })) return found;
      return undefined;
    })();
    await air.until(leave);
    expect(listeners()).toBe(0);
    await air.until(peripheral.host[Symbol.asyncDispose]());
    expect(air.clock.timers).toBe(0);
    await air.expectNothingLeft();
  });

  it("can be ended from outside while the loop waits, which an async generator cannot", async () => {
    const { air, central } = await twoHosts();
    const { scan, loop } = await begun(air, central);
    await air.until(scan[Symbol.asyncDispose]());
    expect(await air.until(loop)).toEqual([]);
    expect(asked(central).at(-1)).toBe("off");
    await air.expectNothingLeft();
  });

  it("can be held with await using, on every Node that the package runs on", async () => {
    const { air, central, peripheral } = await twoHosts();
    await air.until(peripheral.host.advertise({ name: "held" }));
    const held = (async () => {
      await using scan = central.host.scan();
      return (await scan.next()).value;
    })();
    expect((await air.until(held))?.name).toBe("held");
    expect(asked(central).at(-1)).toBe("off");
    await air.expectNothingLeft();
  });

  it("ends with the host, which it blames", async () => {
    const { air, central } = await twoHosts();
    const { loop } = await begun(air, central, { durationMs: 60_000 });
    const ending = outcome(loop);
    await air.until(central.host[Symbol.asyncDispose]());
    expect(await ending).toMatchObject({ error: { constructor: HostClosedError } });
    expect(await air.ending(central.host.scan().next())).toMatchObject({
      error: { constructor: HostClosedError },
    });
    await air.expectNothingLeft();
  });

  it("fails when the controller refuses to scan, and the next scan can do better", async () => {
    const { air, central, peripheral } = await twoHosts({ profile: "4.0" });
    await air.until(peripheral.host.advertise());
    const refusal = central.transport.refuse(LeSetScanParameters, Status.CommandDisallowed);
    expect(await air.ending(collect(central.host.scan()))).toMatchObject({
      error: { constructor: HciError, status: Status.CommandDisallowed },
    });
    refusal.on = false;
    expect(await air.until(collect(central.host.scan({ durationMs: 100 })))).not.toEqual([]);
    await air.expectNothingLeft();
  });
});

describe("What a scan reports", () => {
  it("puts advertisement and scan response of a device together", async () => {
    const { air, central } = await twoHosts();
    const { found } = await begun(air, central);
    central.transport.inject(report({ data: Uint8Array.of(3, 0x03, 0x0d, 0x18) }));
    central.transport.inject(report({ eventType: 4, data: Uint8Array.of(3, 0x09, 0x68, 0x69), rssi: -61 }));
    await air.clock.advance(0);
    expect(found).toHaveLength(2);
    expect(found[0]).toMatchObject({
      name: undefined,
      connectable: true,
      rssi: -60,
      scanResponse: undefined,
    });
    expect(found[1]).toMatchObject({ name: "hi", connectable: true, rssi: -61 });
    expect(found.map(({ services }) => services.map(String))).toEqual([["180d"], ["180d"]]);
    await air.expectNothingLeft();
  });

  it("takes a scan response for the device of its advertisement, and a random address for another device", async () => {
    const { air, central } = await twoHosts();
    const { found } = await begun(air, central);
    central.transport.inject(report({ addressType: 0, data: Uint8Array.of(2, 0x0a, 4) }));
    central.transport.inject(report({ addressType: 1, eventType: 4, data: Uint8Array.of(2, 0x0a, 5) }));
    await air.clock.advance(0);
    expect(found.map(({ address }) => address.type)).toEqual(["public", "random"]);
    expect(found[1]?.advertisement.txPowerLevel).toBeUndefined();
    await air.expectNothingLeft();
  });

  const policies: [name: NonNullable<ScanOptions["duplicates"]>, lengths: number[]][] = [
    ["changed", [0, 1, 2, 1]],
    ["all", [0, 0, 1, 1, 2, 1]],
    ["once", [0]],
  ];
  it.each(policies)("with duplicates: %s, reports as often as it says", async (duplicates, expected) => {
    const { air, central } = await twoHosts();
    const { found } = await begun(air, central, { duplicates });
    for (const size of [0, 0, 1, 1, 2, 1]) {
      central.transport.inject(report({ data: new Uint8Array(size) }));
    }
    await air.clock.advance(0);
    // Zeros end the data early; the octets that are there tell the packets apart.
    expect(found).toHaveLength(expected.length);
    await air.expectNothingLeft();
  });

  it("once: waits for the packet that passes the filter, and is then silent about the device", async () => {
    const { air, central } = await twoHosts();
    const { found } = await begun(air, central, { duplicates: "once", name: "hi" });
    central.transport.inject(report());
    central.transport.inject(report({ eventType: 4, data: Uint8Array.of(3, 0x09, 0x68, 0x69) }));
    central.transport.inject(report({ data: Uint8Array.of(2, 0x0a, 4) }));
    central.transport.inject(report({ eventType: 4, data: Uint8Array.of(3, 0x09, 0x68, 0x69) }));
    await air.clock.advance(0);
    expect(found.map(({ name }) => name)).toEqual(["hi"]);
    await air.expectNothingLeft();
  });

  const filters: [name: string, filter: ScanOptions, passes: string[]][] = [
    ["a service", { services: ["180d"] }, ["heart", "both"]],
    [
      "either of two services",
      { services: [0x180d, "0000180f-0000-1000-8000-00805f9b34fb"] },
      ["heart", "battery", "both"],
    ],
    ["a name", { name: "battery" }, ["battery"]],
    ["an address", { addresses: ["00:00:00:00:00:03/public"] }, ["both"]],
    ["an address of the other type", { addresses: ["00:00:00:00:00:03/random"] }, []],
    ["a strength", { minRssi: -60 }, ["heart", "battery"]],
    ["all of it at once", { services: ["180f"], minRssi: -80, name: "both" }, ["both"]],
    ["no service at all", { services: [] }, []],
  ];
  it.each(filters)("is filtered by %s", async (_, filter, passes) => {
    const { air, central } = await twoHosts();
    const { found } = await begun(air, central, filter);
    const devices: [name: string, services: number[], rssi: number][] = [
      ["heart", [0x0d], -50],
      ["battery", [0x0f], -60],
      ["both", [0x0d, 0x0f], -70],
      ["weak", [], 127],
    ];
    for (const [index, [name, services, rssi]] of devices.entries()) {
      const list = services.flatMap((low) => [low, 0x18]);
      const text = new TextEncoder().encode(name);
      const data = Uint8Array.of(1 + list.length, 0x03, ...list, 1 + text.length, 0x09, ...text);
      central.transport.inject(report({ address: index + 1, data, rssi }));
    }
    await air.clock.advance(0);
    expect(found.map(({ name }) => name)).toEqual(passes);
    await air.expectNothingLeft();
  });

  it("keeps memory bounded: of 10,000 devices it remembers the 8,192 heard last, and the last 256 results", async () => {
    const { air, central } = await twoHosts();
    const scan = central.host.scan();
    const first = scan.next();
    await air.clock.advance(0);
    const hear = (address: number): void => central.transport.inject(report({ address }));
    for (let address = 1; address <= 10_000; address++) hear(address);
    await air.until(first);
    expect(scan.dropped).toBe(10_000 - 1 - 256);
    const waiting = await Promise.all(Array.from({ length: 256 }, () => air.until(scan.next())));
    expect(waiting.map(({ value }) => value?.address.value)).toEqual(
      Array.from({ length: 256 }, (_, i) => 9745 + i),
    );
    for (let address = 1809; address <= 10_000; address++) hear(address); // known: no news
    hear(1808); // forgotten: news
    expect((await air.until(scan.next())).value?.address.value).toBe(1808);
    await air.until(scan[Symbol.asyncDispose]());
    await air.expectNothingLeft();
  });

  it("does not fail at data that is no advertising data", async () => {
    const { air, central } = await twoHosts();
    const { found } = await begun(air, central);
    central.transport.inject(
      report({ data: Uint8Array.of(255, 1, 2), eventType: 0x77, addressType: 0xff, rssi: -128 }),
    );
    await air.clock.advance(0);
    expect(found[0]).toMatchObject({ connectable: false, advertisement: { truncated: true } });
    await air.expectNothingLeft();
  });
});

/** Two hosts, of which the central's controller cannot scan while it initiates. Vol 4, Part E, 7.8.27. */
async function hostsThatPause(): Promise<TwoHosts> {
  const air = new HostsOnAir();
  const peripheral = await air.open();
  const prepared = air.prepare();
  prepared.transport.onPacket = (packet, toHost) => {
    const isStates = toHost && packet[1] === 0x0e && u16At(packet, 4) === LeReadSupportedStates.opcode;
    return isStates ? packet.map((octet, at) => (at > 6 ? 0 : octet)) : packet;
  };
  return { air, peripheral, central: await air.openOn(prepared) };
}

describe("Scans at the same time", () => {
  it("share the radio, which does what the most demanding asks for, and stops with the last", async () => {
    const { air, central } = await twoHosts();
    const slow = await begun(air, central, { active: false, intervalMs: 100, windowMs: 10 });
    const eager = await begun(air, central, { active: false, intervalMs: 50, windowMs: 50 });
    const active = await begun(air, central, { intervalMs: 100, windowMs: 20 });
    await air.until(eager.scan[Symbol.asyncDispose]());
    await air.until(slow.scan[Symbol.asyncDispose]());
    await air.until(active.scan[Symbol.asyncDispose]());
    expect(asked(central)).toEqual([
      ...["passive 100/10", "on"],
      ...["off", "passive 50/50", "on"],
      ...["off", "active 50/50", "on"],
      ...["off", "active 100/20", "on"],
      "off",
    ]);
    await air.expectNothingLeft();
  });

  it("leave the radio alone when one more wants the same", async () => {
    const { air, central } = await twoHosts();
    const first = await begun(air, central);
    const second = await begun(air, central, { name: "other filter" });
    await air.until(first.scan[Symbol.asyncDispose]());
    expect(asked(central)).toEqual(["active 60/30", "on"]);
    await air.until(second.scan[Symbol.asyncDispose]());
    expect(asked(central).at(-1)).toBe("off");
    await air.expectNothingLeft();
  });

  it("each report by their own filter and memory", async () => {
    const { air, central, peripheral } = await twoHosts();
    const other = await air.open();
    await air.until(peripheral.host.advertise({ name: "a" }));
    await air.until(other.host.advertise({ name: "b" }));
    const [a, b] = await Promise.all([
      air.until(collect(central.host.scan({ name: "a", durationMs: 300 }))),
      air.until(collect(central.host.scan({ name: "b", durationMs: 300, duplicates: "all" }))),
    ]);
    expect(new Set(a.map(({ name }) => name))).toEqual(new Set(["a"]));
    expect(a).toHaveLength(1);
    expect(new Set(b.map(({ name }) => name))).toEqual(new Set(["b"]));
    expect(b.length).toBeGreaterThan(4);
    await air.expectNothingLeft();
  });

  it("pause while the host connects where the controller cannot do both, and go on afterwards", async () => {
    const { air, central, peripheral } = await hostsThatPause();
    const other = await air.open();
    await air.until(other.host.advertise({ name: "still here" }));
    const { found, scan } = await begun(air, central, { duplicates: "all" });
    const connecting = outcome(central.host.connect(peripheral.host.address, { timeoutMs: 1000 }));
    await air.clock.advance(10);
    const before = found.length;
    await air.clock.advance(900);
    expect(found).toHaveLength(before);
    await air.until(connecting);
    await air.clock.advance(1000);
    expect(found.length).toBeGreaterThan(before);
    expect(asked(central)).toEqual(["active 60/30", "on", "off", "active 60/30", "on"]);
    await air.until(scan[Symbol.asyncDispose]());
    await air.expectNothingLeft();
  });

  it("that begin while the host connects wait for it where the controller cannot do both", async () => {
    const { air, central, peripheral } = await hostsThatPause();
    await air.until(peripheral.host.advertise());
    const connecting = outcome(central.host.connect("00:00:00:00:00:99/public", { timeoutMs: 1000 }));
    const scan = central.host.scan();
    const first = await air.until(scan.next());
    expect(air.clock.now()).toBeGreaterThanOrEqual(1000);
    expect(first.value?.connectable).toBe(true);
    await air.until(connecting);
    await air.until(scan[Symbol.asyncDispose]());
    await air.expectNothingLeft();
  });
});
