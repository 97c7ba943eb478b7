import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromHex } from "../../src/common/bytes.ts";
import { ErrorCode } from "../../src/att/error-code.ts";
import { LeSetPrivacyMode } from "../../src/hci/commands/le-resolving-list.ts";
import { decodeEncryptedDataKey } from "../../src/gap/encrypted-advertising.ts";
import { UnavailableError } from "../../src/gap/error.ts";
import type { GapServiceOptions } from "../../src/gap/gap-service.ts";
import type { HostOptions } from "../../src/gap/host-options.ts";
import type { Connection } from "../../src/gap/connection.ts";
import { YesNoAgent } from "../../src/gap/agents/yes-no-agent.ts";
import type { RemoteCharacteristic } from "../../src/gatt/remote-characteristic.ts";
import { Host } from "../../src/host.ts";
import { runs } from "../support/runs.ts";
import { HostsOnAir, type Station } from "../support/two-hosts.ts";

const encoder = new TextEncoder();

interface Reader {
  readonly air: HostsOnAir;
  readonly device: Station;
  readonly reader: Station;
  /** The reader's end of the link. */
  readonly connection: Connection;
  /** A characteristic of the device's GAP service. */
  readonly find: (uuid: number) => Promise<RemoteCharacteristic>;
}

async function readerOf(options: HostOptions): Promise<Reader> {
  const air = new HostsOnAir();
  const device = await air.open({}, options);
  const reader = await air.open({}, { raiseSecurity: "off" });
  const { central: connection } = await air.connect(reader, device);
  const find = (uuid: number): Promise<RemoteCharacteristic> =>
    air.until(connection.gatt.characteristic(0x1800, uuid));
  return { air, device, reader, connection, find };
}

async function uuids({ air, connection }: Reader): Promise<readonly string[]> {
  const gap = await air.until(connection.gatt.service(0x1800));
  return gap.characteristics.map(({ uuid }) => uuid.toString());
}

const status = (code: number): unknown => ({ error: { code: "ATT_ERROR", status: code } });

describe("The GAP service (Vol 3, Part C, 12)", () => {
  it("has name and appearance, and nobody may write them", async () => {
    const reader = await readerOf({});
    expect(await uuids(reader)).toEqual(["2a00", "2a01"]);
    const name = await reader.find(0x2a00);
    expect([name.properties.read, name.properties.write]).toEqual([true, false]);
    await reader.air.expectNothingLeft();
  });

  it("lets peers write the name where the program says so, and tells it (12.1)", async () => {
    const { air, device, find } = await readerOf({ gap: { writableName: "none" } });
    const told: unknown[] = [];
    device.host.on("nameChanged", (name, from) => told.push(name, from.peerAddress.toString()));
    const name = await find(0x2a00);
    await air.until(name.write(encoder.encode("Jelling stone ⚝")));
    expect(device.host.configuration.name).toBe("Jelling stone ⚝");
    expect(told).toEqual(["Jelling stone ⚝", device.host.connections[0]?.peerAddress.toString()]);
    await air.until(name.write(new Uint8Array(0)));
    expect(device.host.configuration.name).toBe("");
    await device.host.configure({ mtu: 100 }); // which has nothing to do with it
    expect(await air.until(name.read())).toEqual(new Uint8Array(0));
    await air.expectNothingLeft();
  });

  it("takes a name of 248 octets, none of 249, and no octets that are no UTF-8 (12.1)", async () => {
    const { air, device, find } = await readerOf({ gap: { writableName: "none" } });
    const name = await find(0x2a00);
    await air.until(name.write(encoder.encode("x".repeat(248))));
    expect(device.host.configuration.name).toBe("x".repeat(248));
    expect(await air.ending(name.write(encoder.encode("y".repeat(249))))).toMatchObject(
      status(ErrorCode.InvalidAttributeValueLength) as object,
    );
    expect(await air.ending(name.write(Uint8Array.of(0xc3)))).toMatchObject(
      status(ErrorCode.ValueNotAllowed) as object,
    );
    expect(device.host.configuration.name).toBe("x".repeat(248));
    await air.expectNothingLeft();
  });

  it("takes any octets for a name, or refuses them, and is never at fault (12.1)", async () => {
    const { air, device, find } = await readerOf({ gap: { writableName: "none" } });
    const faults: unknown[] = [];
    device.host.on("fault", (error) => faults.push(error));
    const name = await find(0x2a00);
    const names = fc.oneof(
      fc.uint8Array({ maxLength: 260 }),
      fc.string({ unit: "binary", maxLength: 130 }).map((text) => encoder.encode(text)),
    );
    await fc.assert(
      fc.asyncProperty(names, async (octets) => {
        const before = device.host.configuration.name;
        const text = Buffer.from(octets).toString("utf8");
        const isName = octets.length <= 248 && Buffer.from(text).equals(octets);
        const ending = await air.ending(name.write(octets));
        expect("error" in ending).toBe(!isName);
        if (!isName) expect(device.host.configuration.name).toBe(before);
        else expect(await air.until(name.read())).toEqual(octets);
      }),
      { numRuns: Math.ceil(runs.numRuns / 2) },
    );
    expect(faults).toEqual([]);
    await air.expectNothingLeft();
  });

  it("asks for what the program says peers must bring (12.1)", async () => {
    const { air, connection, device, find } = await readerOf({ gap: { writableName: "encrypted" } });
    const name = await find(0x2a00);
    const refused = await air.ending(name.write(encoder.encode("a")));
    expect(refused).toMatchObject(status(ErrorCode.InsufficientAuthentication) as object);
    await air.until(connection.pair());
    await air.until(name.write(encoder.encode("a")));
    expect(device.host.configuration.name).toBe("a");
    await air.clock.advance(1000);
    await air.expectNothingLeft();
  });

  it("lets peers write the appearance, two octets of it (12.2)", async () => {
    const { air, device, find } = await readerOf({ gap: { writableAppearance: "none" } });
    const told: number[] = [];
    device.host.on("appearanceChanged", (appearance) => told.push(appearance));
    const appearance = await find(0x2a01);
    await air.until(appearance.write(Uint8Array.of(0x41, 0x03)));
    expect([told, device.host.configuration.appearance]).toEqual([[0x0341], 0x0341]);
    expect(await air.ending(appearance.write(Uint8Array.of(1, 2, 3)))).toMatchObject(
      status(ErrorCode.InvalidAttributeValueLength) as object,
    );
    await air.expectNothingLeft();
  });

  it("tells the connection parameters that it would like to have (12.3)", async () => {
    const preferredParameters = {
      minIntervalMs: 7.5,
      maxIntervalMs: 20,
      latency: 4,
      supervisionTimeoutMs: 4000,
    };
    const reader = await readerOf({ gap: { preferredParameters } });
    expect(await uuids(reader)).toEqual(["2a00", "2a01", "2a04"]);
    const parameters = await reader.find(0x2a04);
    expect(await reader.air.until(parameters.read())).toEqual(fromHex("0600 1000 0400 9001"));
    await reader.air.expectNothingLeft();
  });

  it("says of a host with resolvable addresses that it uses no others, and that its own reach it (12.4, 12.5)", async () => {
    const reader = await readerOf({ privacy: "resolvable" });
    expect(await uuids(reader)).toEqual(["2a00", "2a01", "2aa6", "2ac9"]);
    const resolution = await reader.find(0x2aa6);
    const { resolvingListSize, capabilities } = reader.device.host.controller;
    const resolves = resolvingListSize > 0 && capabilities.supports(LeSetPrivacyMode);
    expect(await reader.air.until(resolution.read())).toEqual(Uint8Array.of(resolves ? 1 : 0));
    expect(await reader.air.until((await reader.find(0x2ac9)).read())).toEqual(Uint8Array.of(0));
    await reader.air.expectNothingLeft();
  });

  it("does not say that its addresses reach it where the controller resolves none (12.4)", async () => {
    const air = new HostsOnAir();
    const device = await air.open({ profile: "4.0" }, { privacy: "resolvable" });
    const ends = await air.connect(await air.open(), device);
    const resolution = await air.until(ends.central.gatt.characteristic(0x1800, 0x2aa6));
    expect(await air.until(resolution.read())).toEqual(Uint8Array.of(0));
    await air.expectNothingLeft();
  });
});

// Supplement to the Core Specification, Part A, 2.3.1
const octets = fromHex("57a9da12d12e6e131e20612ad10a6a19 9e7a00efb17ae746");
const key = decodeEncryptedDataKey(octets);

describe("Encrypted Data Key Material (Vol 3, Part C, 12.6)", () => {
  it("is read on authenticated links alone, and another key is indicated to those who subscribed", async () => {
    const { air, connection, device, reader, find } = await readerOf({ gap: { encryptedDataKey: { key } } });
    const material = await find(0x2b88);
    expect(material.properties.indicate).toBe(true);
    expect(await air.ending(material.read())).toMatchObject(
      status(ErrorCode.InsufficientAuthentication) as object,
    );
    await air.until(connection.pair({ mitm: false }));
    await air.clock.advance(1000);
    expect(await air.ending(material.read())).toMatchObject(
      status(ErrorCode.InsufficientAuthentication) as object,
    );
    reader.host.agents.register(new YesNoAgent(() => true));
    device.host.agents.register(new YesNoAgent(() => true));
    await air.until(connection.pair({ mitm: true, renew: true }));
    await air.clock.advance(1000);
    expect(await air.until(material.read())).toEqual(octets);
    const values: Uint8Array[] = [];
    await air.until(material.subscribe({ onValue: (value) => values.push(value.slice()) }));
    const other = { ...key, iv: new Uint8Array(8) };
    await air.until(device.host.changeDataKey(other));
    expect(values).toEqual([Uint8Array.of(...key.sessionKey, ...other.iv)]);
    expect(await air.until(material.read())).toEqual(values[0]);
    await air.expectNothingLeft();
  });

  it("is read on encrypted links by whom the program authorizes", async () => {
    let granted = false;
    const { air, connection, find } = await readerOf({
      gap: { encryptedDataKey: { key, authorize: () => granted } },
    });
    const material = await find(0x2b88);
    expect(await air.ending(material.read())).toMatchObject(
      status(ErrorCode.InsufficientAuthentication) as object,
    );
    await air.until(connection.pair());
    await air.clock.advance(1000);
    expect(await air.ending(material.read())).toMatchObject(
      status(ErrorCode.InsufficientAuthorization) as object,
    );
    granted = true;
    expect(await air.until(material.read())).toEqual(octets);
    await air.expectNothingLeft();
  });

  it("cannot be changed where there is none, or to one of another length", async () => {
    const air = new HostsOnAir();
    const [without, with_] = [await air.open(), await air.open({}, { gap: { encryptedDataKey: { key } } })];
    await expect(without.host.changeDataKey(key)).rejects.toThrow(UnavailableError);
    await expect(with_.host.changeDataKey({ ...key, iv: octets })).rejects.toThrow(/iv: 24 octets/);
    await air.expectNothingLeft();
  });
});

describe("Options of the GAP service", () => {
  const wrong: [string, GapServiceOptions, RegExp][] = [
    ["no permission", { writableName: "anybody" as "none" }, /gap\.writableName: "anybody"/],
    ["a permission that asks nobody", { writableName: { authorized: true } }, /gap\.writableName: nobody/],
    [
      "an interval out of range",
      { preferredParameters: { minIntervalMs: 1, maxIntervalMs: 20 } },
      /minIntervalMs/,
    ],
    [
      "a key of another length",
      { encryptedDataKey: { key: { ...key, sessionKey: Uint8Array.of(1) } } },
      /sessionKey: 1 octets/,
    ],
  ];
  it.each(wrong)("refuse %s before the controller hears a word", async (_, gap, text) => {
    const air = new HostsOnAir();
    const { transport } = air.prepare();
    const ending = await air.ending(Host.open(transport, { clock: air.clock, gap }));
    expect(ending).toMatchObject({ error: { message: expect.stringMatching(text) as unknown } });
    expect([transport.passed, transport.disposals]).toEqual([0, 1]);
    await air.expectNothingLeft();
  });
});
