import { describe, expect, it } from "vitest";
import { TransportError } from "../../src/common/errors.ts";
import { ConnectTimeoutError } from "../../src/gap/error.ts";
import type { Found } from "../../src/gap/found.ts";
import type { Scan, ScanOptions } from "../../src/gap/scan.ts";
import { characteristic, service } from "../../src/gatt/service-builder.ts";
import { DisconnectedError } from "../../src/hci/error.ts";
import type { HciTransport } from "../../src/hci/transport.ts";
import { Host } from "../../src/host.ts";
import { type Ending, type HostsOnAir, outcome, type Station, twoHosts } from "../support/two-hosts.ts";
import { manyLinks } from "../support/profile.ts";

const heartRate = (): ReturnType<typeof service> =>
  service("180d", { rate: characteristic("2a37", { notify: true, value: Uint8Array.of(1, 2, 3) }) });

/** The commands that begin or end scanning, as they were sent. */
function scanning({ transport }: Station): ("on" | "off")[] {
  return transport.commandPackets.flatMap((packet, at) =>
    (transport.commands[at] ?? "").endsWith("Scan_Enable") ? (packet[4] ? "on" : "off") : [],
  );
}

function begin(
  air: HostsOnAir,
  { host }: Station,
  options: ScanOptions = {},
): { scan: Scan; found: Found[] } {
  const scan = host.scan(options);
  const found: Found[] = [];
  const loop = async (): Promise<void> => {
    for await (const each of scan) found.push(each);
  };
  void air.track("scan", outcome(loop()));
  return { scan, found };
}

// What users of other stacks complain about, each by its name.
describe("It does not happen that", () => {
  it("connecting to a powered-down device hangs: it rejects by its time-out, and the radio is free again", async () => {
    const { air, central, peripheral } = await twoHosts();
    await air.until(peripheral.host[Symbol.asyncDispose]());
    const connecting = central.host.connect(peripheral.controller.address, { timeoutMs: 5_000 });
    expect(await air.ending(connecting)).toMatchObject({ error: { constructor: ConnectTimeoutError } });
    expect(air.clock.now()).toBe(5_000);
    const unlimited = air.track("connect", central.host.connect("00:00:00:00:00:99/public"));
    expect(await air.ending(unlimited)).toMatchObject({ error: { constructor: ConnectTimeoutError } });
    const other = await air.open();
    await air.connect(central, other);
    await air.expectNothingLeft();
  });

  it("a device that is powered down while it is being connected to hangs the attempt", async () => {
    const { air, central, peripheral } = await twoHosts({}, "air");
    await air.until(peripheral.host.advertise());
    const connecting = outcome(central.host.connect(peripheral.host.address, { timeoutMs: 5_000 }));
    await air.clock.advance(40);
    air.air.setPathLoss(central.controller, peripheral.controller, 200);
    const ending = await air.until(connecting);
    if ("value" in ending) expect(await air.ending(ending.value.gatt.services())).toHaveProperty("error");
    else expect(ending.error).toMatchObject({ name: expect.stringMatching(/Error$/) as unknown });
    await air.expectNothingLeft();
  });

  it("scanning does not restart after a disconnection", async () => {
    const { air, central, peripheral } = await twoHosts();
    const { found, scan } = begin(air, central, { duplicates: "all" });
    const { central: connection } = await air.connect(central, peripheral);
    await air.until(connection.disconnect());
    const other = await air.open();
    await air.until(other.host.advertise({ name: "later" }));
    await air.clock.advance(1_000);
    expect(found.map(({ name }) => name)).toContain("later");
    await air.until(scan[Symbol.asyncDispose]());
    const again = begin(air, central);
    await air.clock.advance(1_000);
    expect(again.found.map(({ name }) => name)).toContain("later");
    await air.until(again.scan[Symbol.asyncDispose]());
    expect(scanning(central).at(-1)).toBe("off");
    await air.expectNothingLeft();
  });

  it("discovery on the second connection finds nothing", async () => {
    const { air, central, peripheral } = await twoHosts();
    peripheral.host.gatt.add(heartRate());
    for (let time = 0; time < 3; time++) {
      const { central: connection } = await air.connect(central, peripheral);
      const services = await air.until(connection.gatt.services());
      expect(services.map(({ uuid }) => uuid.toString())).toContain("180d");
      const rate = await air.until(connection.gatt.characteristic("180d", "2a37"));
      expect(await air.until(rate.read())).toEqual(Uint8Array.of(1, 2, 3));
      const gone = new Promise((resolve) => connection.once("disconnected", resolve));
      // Either side ends it, or the radio.
      if (time === 0) await air.until(connection.disconnect());
      else await air.until(peripheral.host.connections[0]!.disconnect());
      await air.until(gone);
    }
    await air.expectNothingLeft();
  });

  it("connecting twice makes two links, or fails the second", async () => {
    const { air, central, peripheral } = await twoHosts();
    await air.until(peripheral.host.advertise());
    const twice = [0, 1].map(() => air.track("connect", central.host.connect(peripheral.host.address)));
    const [one, other] = await air.until(Promise.all(twice));
    expect(one).toBe(other);
    expect(central.host.connections).toEqual([one]);
    expect(central.controller.connections).toBe(1);
    await air.expectNothingLeft();
  });

  it.each(["this side", "the peer", "the radio"])(
    "discovery hangs when the link goes in the middle of it, ended by %s",
    async (who) => {
      const { air, central, peripheral } = await twoHosts({}, "air");
      for (const uuid of ["180d", "180f", "1809", "181a"]) peripheral.host.gatt.add(service(uuid, {}));
      const { central: connection } = await air.connect(central, peripheral);
      const discovering = outcome(air.track("discover", connection.gatt.services()));
      await air.clock.advance(60);
      if (who === "this side") void connection.disconnect();
      if (who === "the peer") void peripheral.host.connections[0]?.disconnect();
      if (who === "the radio") air.air.setPathLoss(central.controller, peripheral.controller, 200);
      expect(await air.until(discovering)).toMatchObject({ error: { constructor: DisconnectedError } });
      expect(central.host.connections).toEqual([]);
      await air.expectNothingLeft();
    },
  );

  it("anything hangs when the adapter is unplugged in the middle of everything", async () => {
    const { air, central, peripheral } = await twoHosts(manyLinks, "air");
    peripheral.host.gatt.add(heartRate());
    const { central: connection } = await air.connect(central, peripheral);
    const rate = await air.until(connection.gatt.characteristic("180d", "2a37"));
    const { scan } = begin(air, central, { duplicates: "all" });
    const lost = new TransportError("the adapter was unplugged");
    const advertising = await air.until(central.host.advertise({ name: "here" }));
    const pending: [string, Promise<unknown>][] = [
      ["read", rate.read()],
      ["subscribe", rate.subscribe({ onValue: () => undefined })],
      ["discover", connection.gatt.services()],
      ["connect", central.host.connect("00:00:00:00:00:99/public")],
      ["next advertised connection", advertising[Symbol.asyncIterator]().next()],
      ["RSSI", connection.link.rssi()],
      ["parameters", connection.updateParameters({ latency: 1 })],
      ["parameters of it", connection.updateParameters({ latency: 2 })],
    ];
    const endings: [string, Promise<Ending<unknown>>][] = pending.map(([name, promise]) => [
      name,
      outcome(air.track(name, promise)),
    ]);
    const closed = new Promise((resolve) => central.host.once("closed", resolve));
    central.transport.fail(lost);
    const reason = await air.until(closed);
    expect(reason).toMatchObject({ constructor: TransportError, cause: lost });
    for (const [name, ending] of endings) expect(await air.until(ending), name).toEqual({ error: reason });
    expect(connection.disconnectReason).toBe(reason);
    await air.until(scan[Symbol.asyncDispose]());
    await air.until(advertising[Symbol.asyncDispose]());
    expect(await air.ending(central.host.advertise())).toEqual({ error: reason });
    await air.expectNothingLeft();
  });

  it("stopping a scan twice fails, or stops the scan of somebody else", async () => {
    const { air, central, peripheral } = await twoHosts();
    await air.until(peripheral.host.advertise());
    const mine = begin(air, central, { duplicates: "all" });
    const theirs = begin(air, central, { duplicates: "all" });
    await air.clock.advance(300);
    await air.until(Promise.all([mine.scan.return(), mine.scan.return(), mine.scan[Symbol.asyncDispose]()]));
    await air.until(mine.scan.return());
    const heard = theirs.found.length;
    await air.clock.advance(300);
    expect(theirs.found.length).toBeGreaterThan(heard);
    await air.until(theirs.scan.return());
    await air.until(theirs.scan.return());
    expect(scanning(central)).toEqual(["on", "off"]);
    await air.expectNothingLeft();
  });

  it("two who want one controller disturb each other: the second is told, and the first goes on", async () => {
    const { air, central, peripheral } = await twoHosts();
    peripheral.host.gatt.add(heartRate());
    const { central: connection } = await air.connect(central, peripheral);
    const taken: [HciTransport, RegExp][] = [
      [central.transport, /another host has this transport/],
      [central.controller.transport(), /already has a host/],
    ];
    for (const [transport, message] of taken) {
      expect(await air.ending(Host.open(transport, { clock: air.clock }))).toMatchObject({
        error: { constructor: TransportError, message: expect.stringMatching(message) as unknown },
      });
    }
    const rate = await air.until(connection.gatt.characteristic("180d", "2a37"));
    expect(await air.until(rate.read())).toEqual(Uint8Array.of(1, 2, 3));
    expect(central.transport.disposals).toBe(0);
    await air.expectNothingLeft();
  });

  it("a name that is in the scan response, or changes between that and the advertising data, is lost or old", async () => {
    const { air, central, peripheral } = await twoHosts();
    const long = "a name that is too long for the rest";
    const services = ["0000180d-1212-efde-1523-785feabcd123"];
    const advertising = await air.until(peripheral.host.advertise({ name: "short", services }));
    const { found, scan } = begin(air, central);
    await air.clock.advance(1_000);
    expect(found.at(-1)?.name).toBe("short");
    for (const name of [long.slice(0, 20), "short", long.slice(0, 24), "other"]) {
      await air.until(advertising.update({ name, services }));
      await air.clock.advance(1_000);
      expect(found.at(-1)?.name).toBe(name);
    }
    await air.until(scan.return());
    await air.expectNothingLeft();
  });
});
