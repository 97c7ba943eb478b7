import { describe, expect, it } from "vitest";
import type { Connection } from "../../src/gap/connection.ts";
import type { Found } from "../../src/gap/found.ts";
import { characteristic, service } from "../../src/gatt/service-builder.ts";
import { type Command, encodeCommand } from "../../src/hci/command.ts";
import {
  LeSetAdvertisingData,
  LeSetAdvertisingEnable,
  LeSetAdvertisingParameters,
} from "../../src/hci/commands/le-advertising.ts";
import { DisconnectedError } from "../../src/hci/error.ts";
import { Status } from "../../src/hci/status.ts";
import { virtualProfiles } from "../../transports/virtual/controller-options.ts";
import { HostsOnAir, outcome, type Station } from "../support/two-hosts.ts";

const many = 20;

/** A device that advertises its number and is nothing else: no host, so that there is room for hundreds. */
async function advertiser(air: HostsOnAir, number: number): Promise<void> {
  const transport = air.air.controller().transport();
  transport.start({ packet: () => undefined, closed: () => undefined });
  const send = async <P, R>(command: Command<P, R>, parameters: P): Promise<void> => {
    transport.send(encodeCommand(command, parameters));
    await air.clock.advance(0);
  };
  await send(LeSetAdvertisingParameters, {
    ...{ advertisingIntervalMin: 160, advertisingIntervalMax: 160, advertisingType: 0, ownAddressType: 0 },
    ...{ peerAddressType: 0, peerAddress: 0, advertisingChannelMap: 7, advertisingFilterPolicy: 0 },
  });
  await send(LeSetAdvertisingData, { advertisingData: Uint8Array.of(3, 0xff, number & 0xff, number >> 8) });
  await send(LeSetAdvertisingEnable, { advertisingEnable: true });
}

async function open(air: HostsOnAir, profile: (typeof virtualProfiles)[number]): Promise<Station> {
  const station = await air.open({ profile });
  station.host.gatt.add(service("180f", { level: characteristic("2a19", { value: Uint8Array.of(93) }) }));
  return station;
}

async function level(air: HostsOnAir, connection: Connection): Promise<number | undefined> {
  const remote = await air.until(connection.gatt.characteristic("180f", "2a19"));
  return (await air.until(remote.read()))[0];
}

describe.each(virtualProfiles)("On a controller of kind %s", (profile) => {
  it("of 200 advertisers in range each is reported once, however often it is heard", async () => {
    const air = new HostsOnAir();
    const { host } = await air.open({ profile });
    for (let number = 0; number < 200; number++) await advertiser(air, number);
    const found: Found[] = [];
    const scan = host.scan({ active: false, intervalMs: 50, windowMs: 50, durationMs: 5_000 });
    const loop = (async () => {
      for await (const each of scan) found.push(each);
    })();
    await air.until(loop);
    const numbers = found.map(({ manufacturerData: [data] }) => data?.companyId);
    expect(numbers.sort((a = 0, b = 0) => a - b)).toEqual(Array.from({ length: 200 }, (_, n) => n));
    expect(scan.dropped).toBe(0);
    await air.expectNothingLeft();
  });

  it("a program that takes nothing of 200 advertisers gets the last 256 results, and is told what was dropped", async () => {
    const air = new HostsOnAir();
    const { host } = await air.open({ profile });
    for (let number = 0; number < 200; number++) await advertiser(air, number);
    const scan = host.scan({ active: false, duplicates: "all", durationMs: 5_000 });
    const first = air.track("first", scan.next());
    await air.clock.advance(6_000);
    await first;
    let taken = 0;
    for await (const each of scan) if (each.connectable) taken++;
    expect(taken).toBe(256);
    expect(scan.dropped).toBeGreaterThan(1_000);
    await air.expectNothingLeft();
  });

  it("a peripheral serves 20 centrals, of which any may leave", async () => {
    const air = new HostsOnAir();
    const peripheral = await open(air, profile);
    const advertising = await air.until(peripheral.host.advertise());
    const links: Connection[] = [];
    for (let n = 0; n < many; n++) {
      const central = await air.open({ profile });
      links.push(await air.until(central.host.connect(peripheral.host.address)));
    }
    expect(peripheral.host.connections).toHaveLength(many);
    expect(advertising.active).toBe(true);
    await air.until(links[7]!.disconnect());
    for (const [n, link] of links.entries()) {
      if (n !== 7) expect(await level(air, link)).toBe(93);
    }
    expect(peripheral.host.connections).toHaveLength(many - 1);
    await air.expectNothingLeft();
  });

  it("a central holds 20 peripherals, of which one leaves range and comes back", async () => {
    const air = new HostsOnAir();
    const central = await air.open({ profile });
    const peripherals: Station[] = [];
    for (let n = 0; n < many; n++) {
      const station = await open(air, profile);
      await air.until(station.host.advertise({ resume: false }));
      peripherals.push(station);
    }
    // All at once: it is the host that sees to it that each has its turn.
    const connecting = peripherals.map(({ host }) => central.host.connect(host.address));
    const links = await air.until(Promise.all(connecting.map((each, n) => air.track(`connect ${n}`, each))));
    expect(central.host.connections).toHaveLength(many);
    const [link, far] = [links[11]!, peripherals[11]!];
    const gone = new Promise((resolve) => link.once("disconnected", resolve));
    const reading = outcome(air.track("read", link.gatt.services()));
    air.air.partition(central.controller, far.controller);
    expect(await air.until(gone)).toMatchObject({
      constructor: DisconnectedError,
      reason: Status.ConnectionTimeout,
    });
    await air.until(reading);
    expect(central.host.connections).toHaveLength(many - 1);
    for (const each of links) if (each !== link) expect(await level(air, each)).toBe(93);
    air.air.reunite(central.controller, far.controller);
    await air.until(far.host.advertise({ resume: false }));
    const again = await air.until(central.host.connect(far.host.address));
    expect(await level(air, again)).toBe(93);
    expect(central.host.connections).toHaveLength(many);
    await air.expectNothingLeft();
  });
});
