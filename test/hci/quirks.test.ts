import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ControllerCapabilities } from "../../src/hci/controller-capabilities.ts";
import { encodeEvent } from "../../src/hci/event.ts";
import { CommandComplete, CommandStatus, NumberOfCompletedPackets } from "../../src/hci/events/flow.ts";
import { DisconnectionComplete } from "../../src/hci/events/link.ts";
import {
  ReadLocalVersionInformation,
  type ReadLocalVersionInformationReturns,
} from "../../src/hci/commands/informational.ts";
import { ReadTransmitPowerLevel, WriteLeHostSupport } from "../../src/hci/commands/controller-baseband.ts";
import { LeExtendedCreateConnection } from "../../src/hci/commands/le-extended-connection.ts";
import { LeSetExtendedScanParameters } from "../../src/hci/commands/le-extended-scanning.ts";
import { LeSetResolvablePrivateAddressTimeout } from "../../src/hci/commands/le-resolving-list.ts";
import { PacketType } from "../../src/hci/packet.ts";
import { knownQuirks, quirksOf } from "../../src/hci/quirks.ts";
import { Status } from "../../src/hci/status.ts";
import { u16At } from "../../src/common/bytes.ts";
import { runs } from "../support/runs.ts";
import { HostsOnAir, type Station } from "../support/two-hosts.ts";
import type { WatchedTransport } from "../support/watched-transport.ts";

type Version = ReadLocalVersionInformationReturns;

/** What controllers are reported to say of themselves, and what is known of them. */
const versions: readonly (readonly [who: string, version: Version, quirk: string | undefined])[] = [
  [
    "a CSR8510 A10, of 4.0",
    { hciVersion: 6, hciSubversion: 0x22bb, lmpVersion: 6, companyIdentifier: 10, lmpSubversion: 0x22bb },
    undefined,
  ],
  [
    "a clone of it that says it is of 5.0 (bugzilla.kernel.org 60824)",
    { hciVersion: 9, hciSubversion: 0x3120, lmpVersion: 9, companyIdentifier: 10, lmpSubversion: 0x22bb },
    "csr-clone",
  ],
  [
    "a Barrot 8041a02 with the subversion of a chip of 2.0",
    { hciVersion: 6, hciSubversion: 0x1012, lmpVersion: 6, companyIdentifier: 10, lmpSubversion: 0x0810 },
    "csr-clone",
  ],
  [
    "an Actions ATS2851, of 5.3",
    { hciVersion: 12, hciSubversion: 0x0201, lmpVersion: 12, companyIdentifier: 992, lmpSubversion: 0x0201 },
    "actions-ats2851",
  ],
  [
    "an Intel AX200, of 5.2",
    { hciVersion: 11, hciSubversion: 0x20ce, lmpVersion: 11, companyIdentifier: 2, lmpSubversion: 0x20ce },
    "intel-le-coded",
  ],
  [
    "an Intel of 5.4",
    { hciVersion: 13, hciSubversion: 0x0001, lmpVersion: 13, companyIdentifier: 2, lmpSubversion: 0x0001 },
    undefined,
  ],
  [
    "a Realtek RTL8761BU with its firmware, 0xdfc6d922",
    { hciVersion: 10, hciSubversion: 0xdfc6, lmpVersion: 10, companyIdentifier: 93, lmpSubversion: 0xd922 },
    undefined,
  ],
  [
    "a Realtek RTL8761BU without it",
    { hciVersion: 10, hciSubversion: 0x000b, lmpVersion: 10, companyIdentifier: 93, lmpSubversion: 0x8761 },
    "realtek-without-firmware",
  ],
];

/** Has a controller say those versions of itself. */
function pretend(transport: WatchedTransport, version: Version): void {
  const before = transport.onPacket;
  transport.onPacket = (packet, toHost) => {
    const passed = before ? before(packet, toHost) : packet;
    const isAnswer =
      toHost &&
      packet[0] === PacketType.Event &&
      packet[1] === CommandComplete.code &&
      u16At(packet, 4) === ReadLocalVersionInformation.opcode;
    if (!isAnswer) return passed;
    const { opcode: commandOpcode, returns } = ReadLocalVersionInformation;
    const returnParameters = returns?.encode(version, Uint8Array.of(0)) ?? new Uint8Array();
    return encodeEvent(CommandComplete, { numHciCommandPackets: 1, commandOpcode, returnParameters });
  };
}

/** Has it answer Unknown HCI Command to whatever it is asked of some commands, though it claims them. */
function lie(
  air: HostsOnAir,
  transport: WatchedTransport,
  opcodes: readonly number[],
): { readonly asked: number[] } {
  const asked: number[] = [];
  transport.onPacket = (packet, toHost) => {
    const commandOpcode = !toHost && packet[0] === PacketType.Command ? u16At(packet, 1) : -1;
    if (!opcodes.includes(commandOpcode)) return packet;
    asked.push(commandOpcode);
    air.clock.soon(() => {
      const status = Status.UnknownHciCommand;
      transport.inject(encodeEvent(CommandStatus, { status, numHciCommandPackets: 1, commandOpcode }));
    });
    return undefined;
  };
  return { asked };
}

/** Opens a host on a controller that says it is another, and that does not know what the quirk says it does not. */
async function openOn(
  air: HostsOnAir,
  version: Version,
): Promise<Station & { readonly asked: readonly number[] }> {
  const prepared = air.prepare({ profile: version.hciVersion < 9 ? "4.0" : "5.4" });
  const opcodes = quirksOf(version).flatMap(({ lacks: { commands = [] } }) => commands);
  const { asked } = lie(
    air,
    prepared.transport,
    opcodes.map(({ opcode }) => opcode),
  );
  pretend(prepared.transport, version);
  return { ...(await air.openOn(prepared)), asked };
}

/** Scans, is connected to, and connects. */
async function works(air: HostsOnAir, station: Station): Promise<void> {
  const other = await air.open({ profile: "5.4" });
  const advertising = await air.until(other.host.advertise({ name: "other" }));
  const scan = station.host.scan({ name: "other" });
  expect((await air.until(scan.next())).value).toMatchObject({ name: "other" });
  await air.until(scan.return());
  await air.until(advertising[Symbol.asyncDispose]());
  const asPeripheral = await air.connect(other, station);
  await air.until(asPeripheral.peripheral.disconnect());
  const asCentral = await air.connect(station, other);
  expect(await air.until(asCentral.central.gatt.services())).not.toEqual([]);
}

describe("Known quirks", () => {
  it.each(versions)("know %s", (_, version, quirk) => {
    expect(quirksOf(version).map(({ name }) => name)).toEqual(quirk === undefined ? [] : [quirk]);
  });

  it("have each a name of its own, two pages that tell of it, and a test above", () => {
    const names = knownQuirks.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(new Set(versions.flatMap(([, , quirk]) => quirk ?? []))).toEqual(new Set(names));
    for (const { evidence, summary } of knownQuirks) {
      expect(evidence.length).toBeGreaterThanOrEqual(2);
      for (const page of evidence) expect(page).toMatch(/^https:\/\/\S+/);
      expect(summary.length).toBeGreaterThan(40);
    }
  });

  it.each(versions)("a host opens and works with %s, and shows what it knows", async (_, version, quirk) => {
    const air = new HostsOnAir();
    const station = await openOn(air, version);
    expect(station.host.controller.lmpSubversion).toBe(version.lmpSubversion);
    expect(station.host.controller.quirks.map(({ name }) => name)).toEqual(
      quirk === undefined ? [] : [quirk],
    );
    for (const { evidence } of station.host.controller.quirks) expect(evidence).not.toEqual([]);
    await works(air, station);
    expect(station.asked).toEqual([]); // what it does not know it is not asked
    await air.expectNothingLeft();
  });

  it("an ATS2851 is used with the legacy commands, and the host resolves addresses", async () => {
    const air = new HostsOnAir();
    const version = versions.find(([, , quirk]) => quirk === "actions-ats2851")![1];
    const { host } = await openOn(air, version);
    const { capabilities } = host.controller;
    expect(capabilities.usesExtendedCommands).toBe(false);
    expect(capabilities.supportsPeriodicAdvertising).toBe(false);
    expect(capabilities.resolvesAddresses).toBe(false);
    for (const command of [
      LeSetExtendedScanParameters,
      LeExtendedCreateConnection,
      LeSetResolvablePrivateAddressTimeout,
    ]) {
      expect(capabilities.supports(command)).toBe(false);
    }
    expect(host.controller.resolvingListSize).toBe(0);
    await air.expectNothingLeft();
  });

  it("an Intel of 5.2 has no LE Coded, and keeps its other PHYs", async () => {
    const air = new HostsOnAir();
    const version = versions.find(([, , quirk]) => quirk === "intel-le-coded")![1];
    const { host } = await openOn(air, version);
    const { capabilities } = host.controller;
    expect([capabilities.supportsCodedPhy, capabilities.supports2MPhy]).toEqual([false, true]);
    expect(capabilities.usesExtendedCommands).toBe(true);
    const ending = await air.ending(host.scan({ phys: ["coded"] }).next());
    expect(ending).toMatchObject({ error: { code: "UNAVAILABLE" } });
    await air.expectNothingLeft();
  });

  it("take nothing away but what they name, whatever the masks are", () => {
    const masks = fc.tuple(
      fc.uint8Array({ minLength: 0, maxLength: 64 }),
      fc.uint8Array({ minLength: 0, maxLength: 8 }),
    );
    fc.assert(
      fc.property(masks, fc.constantFrom(...knownQuirks), ([commands, features], { lacks }) => {
        const lmp = new Uint8Array(8);
        const honest = new ControllerCapabilities(commands.slice(), lmp, features.slice());
        const known = new ControllerCapabilities(commands.slice(), lmp, features.slice(), lmp, [lacks]);
        for (let opcode = 0x2000; opcode < 0x2090; opcode++) {
          const isNamed = (lacks.commands ?? []).some((command) => command.opcode === opcode);
          expect(known.supports({ opcode })).toBe(honest.supports({ opcode }) && !isNamed);
        }
        expect(known.supports2MPhy).toBe(honest.supports2MPhy);
        expect(known.supportsSubrating).toBe(honest.supportsSubrating);
      }),
      runs,
    );
  });
});

describe("What every controller is expected to do", () => {
  it("a virtual clone dongle is known for what it is, opens and works", async () => {
    const air = new HostsOnAir();
    const station = await air.open({ profile: "clone dongle" });
    expect(station.host.controller.quirks.map(({ name }) => name)).toEqual(["csr-clone"]);
    expect(station.host.controller.capabilities.supports(ReadTransmitPowerLevel)).toBe(false);
    await works(air, station);
    await air.expectNothingLeft();
  });

  it("one that does not know Write LE Host Support, though it claims to, is used all the same", async () => {
    const air = new HostsOnAir();
    const prepared = air.prepare({ profile: "clone dongle" });
    const { asked } = lie(air, prepared.transport, [WriteLeHostSupport.opcode]);
    const station = await air.openOn(prepared);
    expect(asked).toEqual([WriteLeHostSupport.opcode]);
    await works(air, station);
    await air.expectNothingLeft();
  });

  it("Number Of Completed Packets after Disconnection Complete gives no buffers twice (7.7.19, 4.3)", async () => {
    const air = new HostsOnAir();
    const central = await air.open({ aclPackets: 3 });
    const peripheral = await air.open();
    const first = await air.connect(central, peripheral);
    const { handle } = first.central;
    central.transport.onPacket = (packet, toHost) => {
      if (toHost && packet[1] === DisconnectionComplete.code) {
        air.clock.soon(() => {
          const handles = [{ connectionHandle: handle, numCompletedPackets: 200 }];
          central.transport.inject(encodeEvent(NumberOfCompletedPackets, { handles }));
        });
      }
      return packet;
    };
    void first.central.gatt.services().catch(() => undefined);
    await air.until(first.central.disconnect());
    await air.clock.advance(10);
    central.transport.onPacket = undefined;
    // The strict controller faults a host that sends more than it has room for.
    const second = await air.connect(central, peripheral);
    await air.until(second.central.gatt.services());
    await air.expectNothingLeft();
  });
});
