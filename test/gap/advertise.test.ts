import { describe, expect, it } from "vitest";
import { HostClosedError } from "../../src/common/errors.ts";
import type { Connection } from "../../src/gap/connection.ts";
import type { AdvertiseOptions } from "../../src/gap/advertising-plan.ts";
import { UnavailableError } from "../../src/gap/error.ts";
import type { Found } from "../../src/gap/found.ts";
import type { ScanOptions } from "../../src/gap/scan.ts";
import { LeSetAdvertisingEnable } from "../../src/hci/commands/le-advertising.ts";
import { HciError } from "../../src/hci/error.ts";
import { Status } from "../../src/hci/status.ts";
import { countingSignal } from "../support/counting-signal.ts";
import { type HostsOnAir, outcome, type Station, twoHosts } from "../support/two-hosts.ts";

/** What an active scan has found after a second. */
async function heard(air: HostsOnAir, { host }: Station, options: ScanOptions = {}): Promise<Found[]> {
  const found: Found[] = [];
  const listening = (async () => {
    for await (const one of host.scan({ durationMs: 1000, ...options })) found.push(one);
  })();
  await air.until(listening);
  return found;
}

describe("Advertising", () => {
  it("says its data in the advertisement, and in the scan response what has no room there", async () => {
    const { air, central, peripheral } = await twoHosts();
    const name = "a name of thirty octets, or so!"; // 31 are too many behind the flags
    await air.until(
      peripheral.host.advertise({
        name: name.slice(0, 29),
        services: ["180d", 0x180f],
        manufacturerData: [{ companyId: 0xffff, data: Uint8Array.of(1, 2, 3) }],
      }),
    );
    const found = (await heard(air, central)).at(-1);
    expect(found).toMatchObject({
      name: name.slice(0, 29),
      connectable: true,
      rssi: -50,
      manufacturerData: [{ companyId: 0xffff, data: Uint8Array.of(1, 2, 3) }],
    });
    expect(found?.services.map(String)).toEqual(["180d", "180f"]);
    expect(found?.advertisement.flags).toBe(0x06);
    expect(found?.scanResponse?.localName).toBe(name.slice(0, 29));
    expect(found?.address.toString()).toBe(peripheral.host.address.toString());
    await air.expectNothingLeft();
  });

  const wrong: [why: string, options: AdvertiseOptions, text: string][] = [
    [
      "data that fits nowhere",
      { manufacturerData: [{ companyId: 1, data: new Uint8Array(28) }] },
      "manufacturerData",
    ],
    [
      "more services than there is room for",
      { services: Array.from({ length: 5 }, (_, i) => `0000000${i}-0000-1000-8000-000000000000`) },
      "services takes 82 octets",
    ],
    ["an interval below 20 ms", { intervalMs: 19 }, "intervalMs"],
    ["an interval above 10.24 s", { intervalMs: 10_241 }, "intervalMs"],
    ["an interval that is no number", { intervalMs: Number.NaN }, "intervalMs"],
  ];
  it.each(wrong)(
    "refuses %s with a RangeError that names it, and sends nothing",
    async (_, options, text) => {
      const { air, peripheral } = await twoHosts();
      const before = peripheral.transport.passed;
      const { error } = (await air.ending(peripheral.host.advertise(options))) as { error: Error };
      expect(error).toBeInstanceOf(RangeError);
      expect(error.message).toContain(text);
      expect(peripheral.transport.passed).toBe(before);
      await air.until(peripheral.host.advertise()); // a mistake does not stand in the way of the next attempt
      await air.expectNothingLeft();
    },
  );

  it("is refused while the host advertises on a controller that does one at a time, and not any more when that was stopped", async () => {
    const { air, central, peripheral } = await twoHosts({ profile: "4.0" });
    const first = await air.until(peripheral.host.advertise({ name: "first" }));
    expect(await air.ending(peripheral.host.advertise())).toMatchObject({
      error: { constructor: UnavailableError },
    });
    expect((await heard(air, central)).at(-1)?.name).toBe("first");
    await air.until(first[Symbol.asyncDispose]());
    expect(await heard(air, central)).toEqual([]);
    await air.until(peripheral.host.advertise({ name: "second" }));
    expect((await heard(air, central)).at(-1)?.name).toBe("second");
    await air.expectNothingLeft();
  });

  it("changes from one to the other without a pause between stopping and starting", async () => {
    const { air, central, peripheral } = await twoHosts();
    const first = await air.until(peripheral.host.advertise({ name: "first" }));
    const stopping = first[Symbol.asyncDispose]();
    await air.until(peripheral.host.advertise({ name: "second" }));
    await air.until(stopping);
    expect(new Set((await heard(air, central)).map(({ name }) => name))).toEqual(new Set(["second"]));
    await air.expectNothingLeft();
  });

  it("may be stopped more than once, and after the host was closed", async () => {
    const { air, peripheral } = await twoHosts({ profile: "4.0" });
    const advertising = await air.until(peripheral.host.advertise());
    await air.until(Promise.all([advertising[Symbol.asyncDispose](), advertising[Symbol.asyncDispose]()]));
    const enables = peripheral.transport.commands.filter((name) => name === "LE_Set_Advertising_Enable");
    expect(enables).toHaveLength(2);
    const other = await air.until(peripheral.host.advertise());
    await air.until(peripheral.host[Symbol.asyncDispose]());
    await air.until(other[Symbol.asyncDispose]());
    await air.expectNothingLeft();
  });

  it("tells those who iterate it of each connection, goes on by itself, and ends with its disposal", async () => {
    const { air, central, peripheral } = await twoHosts();
    const advertising = await air.until(peripheral.host.advertise());
    const came: Connection[] = [];
    const loop = air.track(
      "loop",
      (async () => {
        for await (const connection of advertising) came.push(connection);
      })(),
    );
    const third = await air.open();
    const a = await air.until(central.host.connect(peripheral.host.address));
    const b = await air.until(third.host.connect(peripheral.host.address));
    await air.clock.advance(0);
    expect(came.map(({ peerAddress }) => peerAddress.toString())).toEqual(
      [central, third].map(({ host }) => host.address.toString()),
    );
    expect(came.every(({ role }) => role === "peripheral")).toBe(true);
    await air.until(advertising[Symbol.asyncDispose]());
    await air.until(loop);
    expect([a.connected, b.connected]).toEqual([true, true]);
    await air.expectNothingLeft();
  });

  it("ends with its first connection when it is not to resume, also for those who iterate it", async () => {
    const { air, central, peripheral } = await twoHosts();
    const advertising = await air.until(peripheral.host.advertise({ resume: false }));
    const came: Connection[] = [];
    const loop = (async () => {
      for await (const connection of advertising) came.push(connection);
    })();
    const connection = await air.until(central.host.connect(peripheral.host.address));
    await air.until(loop);
    expect(came).toHaveLength(1);
    await air.until(connection.disconnect());
    expect(await heard(air, central)).toEqual([]);
    await air.until(peripheral.host.advertise()); // the host is free to advertise again
    await air.expectNothingLeft();
  });

  it("goes on when there is room for a link again, where the controller could not hold one more", async () => {
    const { air, central } = await twoHosts();
    const peripheral = await air.open({ connections: 1 });
    await air.until(peripheral.host.advertise());
    const connection = await air.until(central.host.connect(peripheral.host.address));
    await air.clock.advance(1000);
    expect(await heard(air, await air.open())).toEqual([]);
    await air.until(connection.disconnect());
    expect(await heard(air, central)).toHaveLength(1);
    await air.expectNothingLeft();
  });

  it("gives the reason to those who iterate it when the host is closed", async () => {
    const { air, peripheral } = await twoHosts();
    const advertising = await air.until(peripheral.host.advertise());
    const next = advertising[Symbol.asyncIterator]().next();
    const ending = outcome(next);
    await air.until(peripheral.host[Symbol.asyncDispose]());
    expect(await ending).toMatchObject({ error: { constructor: HostClosedError } });
    await air.expectNothingLeft();
  });

  const kinds: [name: string, options: AdvertiseOptions, connectable: boolean, answered: boolean][] = [
    ["connectable", {}, true, true],
    ["scannable, but not connectable", { connectable: false }, false, true],
    ["neither connectable nor scannable", { connectable: false, scannable: false }, false, false],
  ];
  it.each(kinds)("can be %s", async (_, options, connectable, answered) => {
    const { air, central, peripheral } = await twoHosts();
    await air.until(peripheral.host.advertise({ name: "kind", ...options }));
    const found = (await heard(air, central, { duplicates: "all" })).at(-1);
    expect([found?.connectable, found?.scanResponse !== undefined]).toEqual([connectable, answered]);
    const ending = await air.ending(central.host.connect(peripheral.host.address, { timeoutMs: 1000 }));
    expect("value" in ending).toBe(connectable);
    await air.expectNothingLeft();
  });

  it("has no room for what does not fit one packet when it is not scannable", async () => {
    const { air, peripheral } = await twoHosts();
    const data = new Uint8Array(20);
    const ending = await air.ending(
      peripheral.host.advertise({
        connectable: false,
        scannable: false,
        manufacturerData: [
          { companyId: 1, data },
          { companyId: 2, data },
        ],
      }),
    );
    expect(ending).toMatchObject({ error: { constructor: RangeError } });
  });

  it("rejects with what the controller said, and leaves nothing behind that the next attempt would see", async () => {
    const { air, central, peripheral } = await twoHosts({ profile: "4.0" });
    const refusal = peripheral.transport.refuse(LeSetAdvertisingEnable, Status.MemoryCapacityExceeded);
    const ending = await air.ending(peripheral.host.advertise());
    expect(ending).toMatchObject({ error: { constructor: HciError, status: Status.MemoryCapacityExceeded } });
    refusal.on = false;
    await air.until(peripheral.host.advertise({ name: "at last" }));
    expect((await heard(air, central)).at(-1)?.name).toBe("at last");
    await air.expectNothingLeft();
  });

  it("tells of a controller that refuses to stop, and does not blame the next advertising for it", async () => {
    const { air, peripheral } = await twoHosts({ profile: "4.0" });
    const advertising = await air.until(peripheral.host.advertise());
    const refusal = peripheral.transport.refuse(LeSetAdvertisingEnable, Status.HardwareFailure);
    expect(await air.ending(advertising[Symbol.asyncDispose]())).toMatchObject({
      error: { constructor: HciError, status: Status.HardwareFailure },
    });
    refusal.on = false;
    await air.until(peripheral.host.advertise());
    await air.expectNothingLeft();
  });

  it("is called off by its signal before it has begun, and stops the radio", async () => {
    const { air, central, peripheral } = await twoHosts();
    const { signal, abort, listeners } = countingSignal();
    const starting = peripheral.host.advertise({ signal });
    abort("no");
    expect(await air.ending(starting)).toEqual({ error: "no" });
    expect(listeners()).toBe(0);
    expect(await heard(air, central)).toEqual([]);
    await air.until(peripheral.host.advertise({ signal: new AbortController().signal }));
    await air.expectNothingLeft();
  });

  it("lets go of its signal once it has begun", async () => {
    const { air, peripheral } = await twoHosts();
    const { signal, listeners } = countingSignal();
    await air.until(peripheral.host.advertise({ signal }));
    expect(listeners()).toBe(0);
    await air.expectNothingLeft();
  });

  it("is refused by a closed host", async () => {
    const { air, peripheral } = await twoHosts();
    await air.until(peripheral.host[Symbol.asyncDispose]());
    expect(await air.ending(peripheral.host.advertise())).toMatchObject({
      error: { constructor: HostClosedError },
    });
  });
});
