import { describe, expect, it } from "vitest";
import { CommandTimeoutError, HardwareFailureError } from "../../src/hci/error.ts";
import { UnavailableError } from "../../src/gap/error.ts";
import type { Found } from "../../src/gap/found.ts";
import type { Host } from "../../src/host.ts";
import { characteristic, service } from "../../src/gatt/service-builder.ts";
import { outcome, twoHosts } from "../support/two-hosts.ts";

/** What the host tells about its controller, oldest first. */
function told(host: Host): [event: string, error: unknown][] {
  const events: [string, unknown][] = [];
  host.on("recovered", (cause) => events.push(["recovered", cause]));
  host.on("closed", (error) => events.push(["closed", error]));
  return events;
}

describe.each(["4.0", "5.4"] as const)("A controller of %s that fails (Vol 4, Part E, 7.7.16)", (profile) => {
  it("is reset: what waits is rejected with the cause, and scans and advertising go on", async () => {
    const { air, central, peripheral } = await twoHosts({ profile });
    const events = told(peripheral.host);
    peripheral.host.gatt.add(service("180d", { rate: characteristic("2a37", { value: Uint8Array.of(1) }) }));
    const advertising = await air.until(peripheral.host.advertise({ name: "still here" }));
    const links = await air.connect(central, await air.open({ profile }));
    expect(links.central.connected).toBe(true);
    const mine = await air.until(central.host.connect(peripheral.host.address));
    const theirs = peripheral.host.connections[0]!;
    const scan = peripheral.host.scan();
    const next = scan.next();
    await air.clock.advance(10);
    const connecting = outcome(peripheral.host.connect("00:00:00:00:00:99/public"));
    await air.clock.advance(10);
    peripheral.controller.hardwareError(7);
    await air.clock.advance(100);
    expect(events).toMatchObject([["recovered", { constructor: HardwareFailureError, hardwareCode: 7 }]]);
    expect(theirs.disconnectReason).toBeInstanceOf(HardwareFailureError);
    // A controller of 4.0 does not connect beside a link as peripheral: that was refused before.
    const why = profile === "4.0" ? UnavailableError : HardwareFailureError;
    expect(await air.until(connecting)).toMatchObject({ error: { constructor: why } });
    expect(peripheral.host.connections).toEqual([]);
    await air.until(mine.disconnect().catch(() => undefined));
    const again = await air.until(central.host.connect(peripheral.host.address));
    const value = await air.until(again.gatt.characteristic("180d", "2a37").then((found) => found.read()));
    expect(value).toEqual(Uint8Array.of(1));
    expect(advertising.active).toBe(true);
    const other = await air.open({ profile });
    await air.until(other.host.advertise({ name: "heard after all" }));
    expect((await air.until(next)).done).toBe(false);
    await air.until(scan[Symbol.asyncDispose]());
    await air.expectNothingLeft();
  });

  it("and stays silent is the end of the host, with a typed error", async () => {
    const { air, peripheral } = await twoHosts({ profile });
    const events = told(peripheral.host);
    const scan = peripheral.host.scan();
    const found: Found[] = [];
    const collect = async (): Promise<void> => {
      for await (const one of scan) found.push(one);
    };
    const loop = outcome(collect());
    await air.clock.advance(10);
    peripheral.controller.stopAnswering();
    const advertising = outcome(peripheral.host.advertise());
    await air.clock.advance(11_000);
    expect(events).toMatchObject([["closed", { constructor: CommandTimeoutError }]]);
    expect(await air.until(loop)).toMatchObject({ error: { constructor: CommandTimeoutError } });
    expect(await air.until(advertising)).toMatchObject({ error: { constructor: CommandTimeoutError } });
    // A controller that answers nothing is reset whether it takes commands or not.
    await air.expectNothingLeft({ forgiven: ["commandCredit"] });
  });

  it("over and over while it is being reset is the end of the host", async () => {
    const { air, peripheral } = await twoHosts({ profile });
    const events = told(peripheral.host);
    peripheral.transport.onPacket = (packet, toHost) => {
      const isReset = !toHost && packet[1] === 0x03 && packet[2] === 0x0c;
      if (isReset) air.clock.soon(() => peripheral.transport.inject(Uint8Array.of(4, 0x10, 1, 9)));
      return isReset ? undefined : packet;
    };
    peripheral.controller.hardwareError(1);
    await air.clock.advance(10);
    expect(events).toMatchObject([["closed", { constructor: HardwareFailureError }]]);
    await air.expectNothingLeft();
  });

  it("twice with time between recovers twice", async () => {
    const { air, central, peripheral } = await twoHosts({ profile });
    const events = told(peripheral.host);
    await air.until(peripheral.host.advertise());
    for (const code of [1, 2]) {
      peripheral.controller.hardwareError(code);
      await air.clock.advance(1000);
      const connection = await air.until(central.host.connect(peripheral.host.address));
      await air.until(connection.disconnect());
    }
    expect(events).toMatchObject([
      ["recovered", { hardwareCode: 1 }],
      ["recovered", { hardwareCode: 2 }],
    ]);
    await air.expectNothingLeft();
  });
});
