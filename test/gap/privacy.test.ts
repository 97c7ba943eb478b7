import { describe, expect, it } from "vitest";
import type { Address } from "../../src/common/address.ts";
import type { HostOptions } from "../../src/gap/host-options.ts";
import { ConnectTimeoutError, UnavailableError } from "../../src/gap/error.ts";
import { LeSetRandomAddress } from "../../src/hci/commands/le-controller.ts";
import { Status } from "../../src/hci/status.ts";
import { HostsOnAir, type Station, outcome } from "../support/two-hosts.ts";

const quarter = 900_000;

/** The addresses that a host is heard to use, one for each time it changes. */
async function heardBy(air: HostsOnAir, listener: Station, ms: number): Promise<Address[]> {
  const heard: Address[] = [];
  const scan = listener.host.scan({ durationMs: ms });
  const listening = (async () => {
    for await (const { address } of scan) heard.push(address);
  })();
  await air.until(listening);
  return heard;
}

describe("A host with privacy (Vol 3, Part C, 10.7)", () => {
  it.each([
    ["resolvable", "resolvable private"],
    ["nonResolvable", "non-resolvable private"],
  ] as const)("advertises with %s addresses, another one every quarter of an hour", async (privacy, kind) => {
    const air = new HostsOnAir();
    const [device, listener] = [await air.open({}, { privacy }), await air.open()];
    expect(device.host.address.kind).toBe(kind);
    expect(device.host.identity.kind).toBe("public");
    await air.until(device.host.advertise({ name: "device" }));
    const heard = await heardBy(air, listener, 3 * quarter + 1000);
    expect(heard).toHaveLength(4);
    expect(new Set(heard.map(({ kind: each }) => each))).toEqual(new Set([kind]));
    expect(new Set(heard.map(String)).size).toBe(4);
    expect(heard.at(-1)?.equals(device.host.address)).toBe(true);
    await air.expectNothingLeft();
  });

  it("scans and connects with them, and goes on scanning when they change", async () => {
    const air = new HostsOnAir();
    const options = { privacy: "resolvable", addressRotationMs: 1000 } as const;
    const [peripheral, central] = [await air.open(), await air.open({}, options)];
    await air.until(peripheral.host.advertise());
    expect(await heardBy(air, central, 5000)).toHaveLength(1);
    const connection = await air.until(central.host.connect(peripheral.host.address));
    const [theirs] = peripheral.host.connections;
    expect(theirs?.peerAddress.kind).toBe("resolvable private");
    expect(theirs?.peerIdentity.equals(theirs.peerAddress)).toBe(true); // a stranger so far
    expect(await air.until(connection.pair())).toMatchObject({ bonded: true });
    await air.clock.advance(1000);
    expect(theirs?.peerIdentity.equals(central.host.identity)).toBe(true);
    await air.clock.advance(5000); // the link stays while the address changes
    expect(connection.connected).toBe(true);
    await air.expectNothingLeft();
  });

  it.each(["4.0", "5.4"] as const)(
    "advertises with the new address what begins at whatever moment of the change, on %s",
    async (profile) => {
      for (let at = 1; at <= 8; at++) {
        const air = new HostsOnAir();
        const options = { privacy: "resolvable", addressRotationMs: 60_000 } as const;
        const { host, transport } = await air.open({ profile }, options);
        const listener = await air.open();
        const scan = host.scan();
        void outcome(scan.next()); // which has to be still for the change
        await air.clock.advance(59_000);
        const before = host.address;
        const begun: Promise<unknown>[] = [];
        let passed = 0;
        transport.onPacket = (packet) => {
          const begins = () => begun.push(outcome(host.advertise({ name: "late" })));
          if (++passed === at) queueMicrotask(begins);
          return packet;
        };
        await air.clock.advance(1500);
        expect(begun, `packet ${at}`).toHaveLength(1);
        expect(await air.until(begun[0]!)).toHaveProperty("value");
        expect(host.address.equals(before)).toBe(false);
        const heard = await heardBy(air, listener, 3000);
        expect(heard.map(String)).toEqual([host.address.toString()]);
        expect(transport.commands.filter((name) => name === "LE_Set_Random_Address")).toHaveLength(2);
        await air.until(scan[Symbol.asyncDispose]());
        await air.expectNothingLeft();
      }
    },
  );

  it("keeps its address while it connects to somebody, and changes it a second later", async () => {
    const air = new HostsOnAir();
    const { host, transport } = await air.open({}, { privacy: "resolvable", addressRotationMs: 10_000 });
    const refusal = transport.refuse(LeSetRandomAddress, Status.CommandDisallowed);
    const before = host.address;
    await air.clock.advance(10_500);
    expect(host.address.equals(before)).toBe(true);
    refusal.on = false;
    await air.clock.advance(1000);
    expect(host.address.equals(before)).toBe(false);
    await air.expectNothingLeft();
  });

  it("is found and encrypted with by a bonded peer, whatever address it uses, in either role", async () => {
    const air = new HostsOnAir();
    const options = { privacy: "resolvable" } as const;
    const [peripheral, central] = [await air.open({}, options), await air.open({}, options)];
    const stranger = await air.open();
    const first = await air.connect(central, peripheral);
    await air.until(first.central.pair());
    await air.clock.advance(1000);
    await air.until(first.central.disconnect());
    const [known] = central.host.bonds.all;
    expect(known?.identity.equals(peripheral.host.identity)).toBe(true);
    await air.until(stranger.host.advertise());
    for (let day = 0; day < 3; day++) {
      await air.clock.advance(quarter);
      const advertising = await air.until(peripheral.host.advertise({ resume: false }));
      const connection = await air.until(central.host.connect(peripheral.host.identity));
      expect(connection.peerAddress.equals(peripheral.host.address)).toBe(true);
      expect(connection.peerAddress.kind).toBe("resolvable private");
      expect(connection.peerIdentity.equals(peripheral.host.identity)).toBe(true);
      const again = await air.ending(central.host.connect(peripheral.host.identity));
      expect(again).toMatchObject({ error: { constructor: UnavailableError } });
      expect(await air.until(connection.encrypt())).toMatchObject({ encrypted: true, bonded: true });
      await air.until(connection.disconnect());
      await air.until(advertising[Symbol.asyncDispose]());
    }
    await air.clock.advance(1000);
    await air.expectNothingLeft();
  });

  it("that is not there is given up in time, or when the signal says so", async () => {
    const air = new HostsOnAir();
    const [peripheral, central] = [await air.open({}, { privacy: "resolvable" }), await air.open()];
    const first = await air.connect(central, peripheral);
    await air.until(first.central.pair());
    await air.clock.advance(1000);
    await air.until(first.central.disconnect());
    const started = air.clock.now();
    const late = await air.ending(central.host.connect(peripheral.host.identity, { timeoutMs: 5000 }));
    expect(late).toMatchObject({ error: { constructor: ConnectTimeoutError } });
    expect(air.clock.now() - started).toBe(5000);
    const abort = new AbortController();
    const call = outcome(central.host.connect(peripheral.host.identity, { signal: abort.signal }));
    await air.clock.advance(100);
    abort.abort("enough");
    expect(await air.until(call)).toEqual({ error: "enough" });
    expect(await air.ending(central.host.connect(peripheral.host.identity, { latency: -1 }))).toMatchObject({
      error: { constructor: RangeError },
    });
    const closing = outcome(central.host.connect(peripheral.host.identity));
    await air.clock.advance(100);
    await air.until(central.host[Symbol.asyncDispose]());
    expect(await air.until(closing)).toHaveProperty("error");
    await air.expectNothingLeft();
  });

  it.each<[string, HostOptions]>([
    ["privacy", { privacy: "yes" as "resolvable" }],
    ["privacyMode", { privacyMode: "public" as "device" }],
    ["addressRotationMs", { addressRotationMs: 999 }],
    ["io", { io: "Display" as "DisplayOnly" }],
    ["minKeySize", { pairing: { minKeySize: 5 } }],
  ])("refuses options that are out of their range: %s", async (name, options) => {
    const air = new HostsOnAir();
    await expect(air.open({}, options)).rejects.toThrow(name);
    await air.expectNothingLeft();
  });
});
