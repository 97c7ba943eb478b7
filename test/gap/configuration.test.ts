import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { u16At } from "../../src/common/bytes.ts";
import { encodeEvent } from "../../src/hci/event.ts";
import { HardwareError } from "../../src/hci/events/flow.ts";
import { PacketType } from "../../src/hci/packet.ts";
import { LeSetRandomAddress } from "../../src/hci/commands/le-controller.ts";
import { Status } from "../../src/hci/status.ts";
import { RecordingAgent } from "../../src/gap/agents/recording-agent.ts";
import { UnavailableError } from "../../src/gap/error.ts";
import type { ConfigureOptions } from "../../src/gap/host-options.ts";
import { characteristic, service } from "../../src/gatt/service-builder.ts";
import { HostsOnAir, type Station, twoHosts } from "../support/two-hosts.ts";
import { runs } from "../support/runs.ts";

const decoder = new TextDecoder();

/** The name that a peer reads, and the ATT_MTU that it reads it with. */
async function readBy(
  air: HostsOnAir,
  central: Station,
  peripheral: Station,
): Promise<readonly [name: string, mtu: number]> {
  const ends = await air.connect(central, peripheral);
  const name = await air.until(ends.central.gatt.characteristic(0x1800, 0x2a00));
  const value = decoder.decode(await air.until(name.read()));
  const { mtu } = ends.central.gatt;
  await air.until(ends.central.disconnect());
  return [value, mtu];
}

/** The address that an advertiser is heard with. */
async function heard(air: HostsOnAir, by: Station): Promise<string> {
  const scan = by.host.scan({ duplicates: "all" });
  const { value } = await air.until(scan.next());
  await air.until(scan.return());
  return value ? `${value.address.toString()} ${value.address.kind}` : "";
}

describe("host.configuration", () => {
  it("is what the host was opened with, and its defaults", async () => {
    const air = new HostsOnAir();
    const { host, controller } = await air.open();
    expect(host.configuration).toEqual({
      name: "jelling",
      appearance: 0,
      mtu: undefined,
      addressType: "public",
      privacy: "none",
      pairing: {},
      io: "",
      receiveBuffer: undefined,
    });
    expect(host.identity.toString()).toBe(controller.address.toString());
    const given = {
      name: "lamp",
      appearance: 0x0180,
      mtu: 100,
      addressType: "random",
      privacy: "nonResolvable",
      pairing: { mitm: true },
      io: "DisplayOnly",
      receiveBuffer: 7,
    } as const;
    const other = await air.open({}, given);
    expect(other.host.configuration).toEqual(given);
    await air.expectNothingLeft();
  });
});

describe("host.configure", () => {
  it("changes the name and the appearance that peers read, at once (Vol 3, Part C, 12.1 and 12.2)", async () => {
    const { air, central, peripheral } = await twoHosts();
    const { host } = peripheral;
    void host.configure({ name: "lamp in the hall", appearance: 0x0180 });
    expect(host.configuration).toMatchObject({ name: "lamp in the hall", appearance: 0x0180 });
    expect(await readBy(air, central, peripheral)).toEqual(["lamp in the hall", 517]);
    await air.expectNothingLeft();
  });

  it("changes the MTU of links that have not exchanged it yet (Vol 3, Part F, 3.4.2)", async () => {
    const { air, central, peripheral } = await twoHosts();
    const before = await air.connect(central, peripheral);
    await air.until(before.central.gatt.services());
    await peripheral.host.configure({ mtu: 64 });
    expect([before.central.mtu, before.peripheral.mtu]).toEqual([517, 517]);
    await air.until(before.central.disconnect());
    const later = await air.connect(central, peripheral);
    await peripheral.host.configure({ mtu: 48 });
    await air.until(later.central.gatt.attributes.exchangeMtu());
    expect([later.central.mtu, later.peripheral.mtu]).toEqual([48, 48]);
    await peripheral.host.configure({ mtu: 64 });
    await air.until(later.central.disconnect());
    expect(await readBy(air, central, peripheral)).toEqual(["jelling", 64]);
    await air.expectNothingLeft();
  });

  it("changes one option of pairing and leaves the others (Vol 3, Part C, 10.3)", async () => {
    const air = new HostsOnAir();
    const [central, peripheral] = [await air.open({}, { pairing: { keypress: false } }), await air.open()];
    await central.host.configure({ pairing: { bond: false } });
    expect(central.host.configuration.pairing).toEqual({ keypress: false, bond: false });
    const first = await air.connect(central, peripheral);
    expect(await air.until(first.central.pair())).toMatchObject({ encrypted: true, bonded: false });
    await air.until(first.central.disconnect());
    await central.host.configure({ pairing: { mitm: true } });
    const second = await air.connect(central, peripheral);
    expect(await air.ending(second.central.pair())).toMatchObject({ error: { code: "PAIRING_FAILED" } });
    await air.expectNothingLeft();
  });

  it("changes what agents can that are registered from then on", async () => {
    const { air, central, peripheral } = await twoHosts();
    await central.host.configure({ io: "NoInputNoOutput" });
    const agent = new RecordingAgent();
    Object.defineProperty(agent, "capability", { value: undefined });
    central.host.agents.register(agent);
    peripheral.host.agents.register(new RecordingAgent());
    const ends = await air.connect(central, peripheral);
    expect(await air.until(ends.central.pair())).toMatchObject({ authenticated: false });
    await air.clock.advance(1000);
    await air.expectNothingLeft();
  });

  it("bounds what waits: scans then lose the oldest result, and count it", async () => {
    const air = new HostsOnAir();
    const [one, listener] = [await air.open(), await air.open({}, { receiveBuffer: 3 })];
    await air.until(one.host.advertise());
    const scan = listener.host.scan({ duplicates: "all", active: false });
    await air.until(scan.next());
    await air.clock.advance(2000);
    const lost = scan.dropped;
    expect(lost).toBeGreaterThan(5);
    await air.until(scan.return());
    await listener.host.configure({ receiveBuffer: 1000 });
    const patient = listener.host.scan({ duplicates: "all", active: false });
    await air.until(patient.next());
    await air.clock.advance(2000);
    expect(patient.dropped).toBe(0);
    await air.until(patient.return());
    const own = listener.host.scan({ duplicates: "all", active: false, capacity: 1 });
    await air.until(own.next());
    await air.clock.advance(1000);
    expect(own.dropped).toBeGreaterThan(0);
    await air.until(own.return());
    await air.expectNothingLeft();
  });

  it("bounds what waits: subscriptions then end with QueueOverflowError", async () => {
    const air = new HostsOnAir();
    const [central, peripheral] = [await air.open({}, { receiveBuffer: 3 }), await air.open()];
    const { level } = peripheral.host.gatt.add(
      service("180f", { level: characteristic("2a19", { notify: true }) }),
    );
    const ends = await air.connect(central, peripheral);
    const remote = await air.until(ends.central.gatt.characteristic("180f", "2a19"));
    const subscription = await air.until(remote.subscribe());
    for (let i = 0; i < 5; i++) await air.until(level.notify(Uint8Array.of(i)));
    await air.clock.advance(1000);
    const values = subscription[Symbol.asyncIterator]();
    for (let i = 0; i < 3; i++)
      expect(await air.until(values.next())).toMatchObject({ value: Uint8Array.of(i) });
    expect(await air.ending(values.next())).toMatchObject({ error: { code: "QUEUE_OVERFLOW" } });
    await air.expectNothingLeft();
  });

  const addresses: [options: ConfigureOptions, kind: string][] = [
    [{ addressType: "random" }, "static"],
    [{ privacy: "resolvable" }, "resolvable private"],
    [{ privacy: "nonResolvable" }, "non-resolvable private"],
    [{ privacy: "none", addressType: "public" }, "public"],
  ];
  it.each(["4.0", "5.4"] as const)(
    "changes the address on a controller of %s while it advertises, scans and connects, which go on",
    async (profile) => {
      const air = new HostsOnAir();
      const [device, listener] = [await air.open({ profile }), await air.open({ profile: "5.4" })];
      await air.until(device.host.advertise({ name: "device", resume: true }));
      const attempt = air.ending(device.host.connect("C0:FF:EE:00:00:01/random", { timeoutMs: 60_000 }));
      for (const [options, kind] of addresses) {
        await air.until(device.host.configure(options));
        expect(device.host.address.kind).toBe(kind);
        expect(await heard(air, listener)).toBe(`${device.host.address.toString()} ${kind}`);
      }
      expect(await attempt).toMatchObject({ error: { code: "CONNECT_TIMEOUT" } });
      await air.expectNothingLeft();
    },
  );

  it("makes private addresses that change from then on, and no more once they are not wanted", async () => {
    const air = new HostsOnAir();
    const { host } = await air.open({}, { addressRotationMs: 1000 });
    await air.until(host.configure({ privacy: "resolvable" }));
    const first = host.address;
    await air.clock.advance(1500);
    expect(host.address.kind).toBe("resolvable private");
    expect(host.address.equals(first)).toBe(false);
    await air.until(host.configure({ privacy: "none" }));
    await air.clock.advance(5000);
    expect(host.address.equals(host.identity)).toBe(true);
    expect(air.clock.timers).toBe(0);
    await air.expectNothingLeft();
  });

  it("gives peers that bond the key of its private addresses once it has them (Vol 3, Part H, 2.4.2.1)", async () => {
    const { air, central, peripheral } = await twoHosts();
    await air.until(peripheral.host.configure({ privacy: "resolvable" }));
    const ends = await air.connect(central, peripheral);
    await air.until(ends.central.pair());
    await air.clock.advance(1000);
    await air.until(ends.central.disconnect());
    await air.until(peripheral.host.configure({ privacy: "none" }));
    await air.until(peripheral.host.configure({ privacy: "resolvable" }));
    const [bond] = central.host.bonds.all;
    expect(bond).toMatchObject({ resolvable: true });
    const again = await air.connect(central, peripheral);
    expect(again.central.peerIdentity.equals(peripheral.host.identity)).toBe(true);
    expect(await air.until(again.central.encrypt())).toMatchObject({ encrypted: true });
    await air.clock.advance(1000);
    await air.expectNothingLeft();
  });

  it("changes nothing where the controller refuses the address, and goes on", async () => {
    const air = new HostsOnAir();
    const [device, listener] = [await air.open(), await air.open()];
    await air.until(device.host.advertise());
    const before = device.host.configuration;
    const refusal = device.transport.refuse(LeSetRandomAddress, Status.CommandDisallowed);
    const ending = await air.ending(device.host.configure({ name: "other", privacy: "resolvable" }));
    expect(ending).toMatchObject({ error: { code: "HCI_ERROR", status: Status.CommandDisallowed } });
    expect(device.host.configuration).toEqual(before);
    expect(await heard(air, listener)).toContain("public");
    refusal.on = false;
    await air.until(device.host.configure({ privacy: "resolvable" }));
    expect(await heard(air, listener)).toContain("resolvable private");
    await air.expectNothingLeft();
  });

  it("keeps the order of several changes at once", async () => {
    const air = new HostsOnAir();
    const { host } = await air.open();
    const all = [
      host.configure({ privacy: "resolvable", name: "a" }),
      host.configure({ name: "b" }),
      host.configure({ privacy: "none" }),
      host.configure({ name: "c", addressType: "random" }),
    ];
    await air.until(Promise.all(all));
    expect(host.configuration).toMatchObject({ name: "c", privacy: "none", addressType: "random" });
    expect(host.address.kind).toBe("static");
    await air.expectNothingLeft();
  });

  it("refuses the public address of a controller that has none", async () => {
    const air = new HostsOnAir();
    const { host } = await air.open({ address: 0 });
    await expect(host.configure({ addressType: "public", name: "x" })).rejects.toThrow(UnavailableError);
    expect(host.configuration.name).toBe("jelling");
    await air.expectNothingLeft();
  });

  it("refuses to leave resolvable addresses that peers were told of (Vol 3, Part C, 12.5)", async () => {
    const air = new HostsOnAir();
    const { host } = await air.open({}, { privacy: "resolvable" });
    await expect(host.configure({ privacy: "none" })).rejects.toThrow(/peers were told/);
    await host.configure({ privacy: "resolvable", name: "still" });
    expect(host.configuration).toMatchObject({ privacy: "resolvable", name: "still" });
    await air.expectNothingLeft();
  });

  const wrong: [string, unknown, RegExp][] = [
    ["an option that there is not", { nmae: "lamp" }, /"nmae" cannot be changed.*name/],
    ["an option that only Host.open has", { bonds: undefined, clock: 5 }, /"bonds"|"clock"/],
    ["no object", "lamp", /give options/],
    ["null", null, /give options/],
    ["a name that is no text", { name: 5 }, /name: give a text/],
    ["a name of 249 octets", { name: "x".repeat(249) }, /name: 249 octets/],
    ["an MTU of 22", { mtu: 22 }, /mtu: 22 is not a whole number from 23 to 517/],
    ["an appearance of 17 bits", { appearance: 0x10000 }, /appearance/],
    ["a privacy that there is not", { privacy: "private" }, /privacy: "private"/],
    ["an address type that there is not", { addressType: "static" }, /addressType/],
    ["a capability that there is not", { io: "Telepathy" }, /io/],
    ["a receive buffer of 0", { receiveBuffer: 0 }, /receiveBuffer: 0 is not a whole number from 1 to/],
    ["a pairing option out of range", { pairing: { maxKeySize: 17 } }, /maxKeySize/],
    ["pairing options that do not go together", { pairing: { minKeySize: 16 } }, /minKeySize: 16 is more/],
  ];
  it.each(wrong)("refuses %s, and changes nothing of what came with it", async (_, options, text) => {
    const air = new HostsOnAir();
    const { host, transport } = await air.open({}, { pairing: { maxKeySize: 10, minKeySize: 7 } });
    const [before, passed] = [host.configuration, transport.passed];
    const all =
      typeof options === "object" && options !== null ? { privacy: "resolvable", ...options } : options;
    await expect(host.configure(all as ConfigureOptions)).rejects.toThrow(text);
    expect(host.configuration).toEqual(before);
    expect(transport.passed).toBe(passed);
    await air.expectNothingLeft();
  });

  it("rejects once the host is closed, also where it waits for the radio", async () => {
    const air = new HostsOnAir();
    const { host, transport } = await air.open();
    transport.onPacket = (packet, toHost) => (toHost ? undefined : packet);
    const waiting = air.track("configure", host.configure({ privacy: "resolvable" }));
    const outcome = air.ending(waiting);
    await air.until(host[Symbol.asyncDispose]());
    expect(await outcome).toMatchObject({ error: { code: "HOST_CLOSED" } });
    await expect(host.configure({ name: "late" })).rejects.toMatchObject({ code: "HOST_CLOSED" });
    await air.expectNothingLeft();
  });

  it("rejects where the controller falls silent over it, and works once that has recovered", async () => {
    const air = new HostsOnAir();
    const [device, listener] = [await air.open(), await air.open()];
    await air.until(device.host.advertise());
    const causes: string[] = [];
    device.host.on("recovered", ({ code }) => causes.push(code));
    let isDeaf = true;
    device.transport.onPacket = (packet, toHost) => {
      const isAddress =
        !toHost && packet[0] === PacketType.Command && u16At(packet, 1) === LeSetRandomAddress.opcode;
      if (!isAddress || !isDeaf) return packet;
      isDeaf = false;
      return undefined;
    };
    const ending = await air.ending(device.host.configure({ privacy: "resolvable", name: "a" }));
    expect(ending).toMatchObject({ error: { code: "COMMAND_TIMEOUT" } });
    await air.clock.advance(1000);
    expect(causes).toEqual(["COMMAND_TIMEOUT"]);
    expect(device.host.configuration).toMatchObject({ privacy: "none", name: "jelling" });
    expect(await heard(air, listener)).toContain("public");
    await air.until(device.host.configure({ privacy: "resolvable" }));
    expect(await heard(air, listener)).toContain("resolvable private");
    await air.expectNothingLeft();
  });

  it("keeps its address when the controller fails later and is reset", async () => {
    const air = new HostsOnAir();
    const [device, listener] = [await air.open(), await air.open()];
    await air.until(device.host.advertise());
    await air.until(device.host.configure({ addressType: "random" }));
    await air.clock.advance(10); // no command is on its way
    const before = device.host.address;
    device.transport.inject(encodeEvent(HardwareError, { hardwareCode: 1 }));
    await air.clock.advance(1000);
    expect(device.host.address.equals(before)).toBe(true);
    expect(await heard(air, listener)).toBe(`${before.toString()} static`);
    await air.expectNothingLeft();
  });

  it.each([0, 1.5, 2 ** 20 + 1])("refuses %s results of a scan to wait", async (capacity) => {
    const air = new HostsOnAir();
    const { host } = await air.open();
    expect(() => host.scan({ capacity })).toThrow(/^capacity: .* is not a whole number from 1 to 1048576/);
    await air.expectNothingLeft();
  });

  it("is all or nothing in any order of changes, and the radio has the address that it says", async () => {
    const change = fc.record(
      {
        name: fc.constantFrom("a", "b", "x".repeat(300)),
        privacy: fc.constantFrom("none", "resolvable", "nonResolvable"),
        addressType: fc.constantFrom("public", "random"),
        mtu: fc.constantFrom(23, 100, 5000),
      } as const,
      { requiredKeys: [], noNullPrototype: true },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 6 }), async (changes) => {
        const air = new HostsOnAir();
        const [device, listener] = [await air.open(), await air.open()];
        await air.until(device.host.advertise());
        let expected = device.host.configuration;
        for (const options of changes) {
          const ending = await air.ending(device.host.configure(options));
          const isWrong = options.name?.length === 300 || options.mtu === 5000;
          expect("error" in ending).toBe(isWrong);
          if (!isWrong) expected = { ...expected, ...options };
          expect(device.host.configuration).toEqual(expected);
        }
        expect(await heard(air, listener)).toContain(device.host.address.toString());
        await air.expectNothingLeft();
      }),
      { numRuns: Math.ceil(runs.numRuns / 10) },
    );
  });
});
