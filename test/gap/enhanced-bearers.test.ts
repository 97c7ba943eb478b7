import { describe, expect, it } from "vitest";
import { characteristic, service } from "../../src/gatt/service-builder.ts";
import type { HostOptions } from "../../src/gap/host-options.ts";
import type { VirtualControllerOptions } from "../../transports/virtual/index.ts";
import { HostsOnAir, type Station } from "../support/two-hosts.ts";

/** A peripheral with values of which some take their time, and a central; both with that many enhanced bearers. */
async function hosts(
  bearers: number,
  peripheralOptions: HostOptions = {},
  kind: VirtualControllerOptions = {},
): Promise<{ readonly air: HostsOnAir; readonly central: Station; readonly peripheral: Station }> {
  const air = new HostsOnAir();
  const peripheral = await air.open(kind, { enhancedBearers: bearers, ...peripheralOptions });
  const central = await air.open(kind, { enhancedBearers: bearers });
  return { air, central, peripheral };
}

describe("Enhanced ATT bearers between two hosts (Vol 3, Part G, 5.3)", () => {
  it("open when the link is encrypted, and a slow read holds up no other", async () => {
    const { air, central, peripheral } = await hosts(3);
    let release: (() => void) | undefined;
    const slow = new Promise<void>((resolve) => (release = resolve));
    const { ticks } = peripheral.host.gatt.add(
      service("180d", {
        slow: characteristic("2a38", {
          onRead: async () => {
            await slow;
            return Uint8Array.of(9);
          },
        }),
        quick: characteristic("2a39", { value: Uint8Array.of(1), write: true }),
        ticks: characteristic("2a37", { notify: true }),
      }),
    );
    const { central: connection } = await air.connect(central, peripheral);
    expect(connection.gatt.bearers).toBe(1);
    await air.until(connection.pair());
    await air.clock.advance(1000);
    expect(connection.gatt.bearers).toBe(4);
    const found = await air.until(connection.gatt.service("180d"));
    const waiting = air.track("slow", found.characteristic("2a38").read());
    const quick = found.characteristic("2a39");
    for (let n = 0; n < 20; n++) {
      await air.until(quick.write(Uint8Array.of(n)));
      expect(await air.until(quick.read())).toEqual(Uint8Array.of(n));
    }
    release?.();
    expect(await air.until(waiting)).toEqual(Uint8Array.of(9));
    const heard: number[] = [];
    await air.until(found.characteristic("2a37").subscribe({ onValue: ([tick]) => heard.push(tick!) }));
    for (let n = 0; n < 50; n++) await air.until(ticks.notify(Uint8Array.of(n)));
    await air.clock.advance(1000);
    expect(heard).toEqual(Array.from({ length: 50 }, (_, n) => n));
    await air.expectNothingLeft();
  });

  it("are not asked of a peer that has none, and the fixed bearer does alone", async () => {
    const { air, central, peripheral } = await hosts(2, { enhancedBearers: 0 });
    const { central: connection } = await air.connect(central, peripheral);
    await air.until(connection.pair());
    await air.clock.advance(1000);
    expect(connection.gatt.bearers).toBe(1);
    expect(await air.until(connection.gatt.services())).not.toEqual([]);
    await air.expectNothingLeft();
  });

  it("are as many as the peer takes", async () => {
    const { air, central, peripheral } = await hosts(5, { enhancedBearers: 2 });
    const { central: connection } = await air.connect(central, peripheral);
    await air.until(connection.pair());
    await air.clock.advance(1000);
    expect(connection.gatt.bearers).toBe(3);
    await air.expectNothingLeft();
  });

  it("end with the link at any moment, with everything that waits on them", async () => {
    for (let ms = 0; ms < 40; ms += 2) {
      const { air, central, peripheral } = await hosts(2, {}, { aclOctets: 27, aclPackets: 2 });
      peripheral.host.gatt.add(service("180d", { one: characteristic("2a38", { value: Uint8Array.of(1) }) }));
      const links = await air.connect(central, peripheral);
      const pairing = air.track("pair", links.central.pair());
      const reading = air.track("read", links.central.gatt.services());
      await air.clock.advance(ms);
      await air.until(links.peripheral.disconnect());
      await air.ending(pairing);
      await air.ending(reading);
      await air.expectNothingLeft();
    }
  });
});
