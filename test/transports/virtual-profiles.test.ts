import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toHex, u16At } from "../../src/common/bytes.ts";
import { Reset, SetEventMask } from "../../src/hci/commands/controller-baseband.ts";
import {
  ReadBufferSize,
  ReadLocalSupportedCommands,
  ReadLocalSupportedFeatures,
  ReadLocalVersionInformation,
} from "../../src/hci/commands/informational.ts";
import { LeSetAdvertisingEnable, LeSetAdvertisingParameters } from "../../src/hci/commands/le-advertising.ts";
import {
  LeCreateConnection,
  LeReadRemoteFeatures,
  LeWriteSuggestedDefaultDataLength,
} from "../../src/hci/commands/le-connection.ts";
import {
  LeReadBufferSize,
  LeReadLocalSupportedFeatures,
  LeReadSupportedStates,
  LeSetEventMask,
} from "../../src/hci/commands/le-controller.ts";
import {
  LeReadMaximumAdvertisingDataLength,
  LeReadNumberOfSupportedAdvertisingSets,
} from "../../src/hci/commands/le-extended-advertising.ts";
import { LeReadFilterAcceptListSize } from "../../src/hci/commands/le-filter-accept-list.ts";
import { LeReadResolvingListSize } from "../../src/hci/commands/le-resolving-list.ts";
import { LeSetScanParameters } from "../../src/hci/commands/le-scanning.ts";
import { ReadRemoteVersionInformation } from "../../src/hci/commands/link-control.ts";
import { commandName } from "../../src/hci/commands/names.ts";
import { commandByOpcode } from "../../src/hci/commands/registry.ts";
import {
  LeChannelSelectionAlgorithm,
  LeConnectionComplete,
  LeDataLengthChange,
  LeEnhancedConnectionComplete,
  LeReadRemoteFeaturesComplete,
} from "../../src/hci/events/le-connection.ts";
import { ReadRemoteVersionInformationComplete } from "../../src/hci/events/link.ts";
import { Status } from "../../src/hci/status.ts";
import { supportedCommandBit } from "../../src/hci/supported-commands.ts";
import { commandTable } from "../../transports/virtual/command-table.ts";
import type { VirtualControllerOptions, VirtualProfile } from "../../transports/virtual/index.ts";
import { leFeatures } from "../../transports/virtual/identity.ts";
import { featureSet, hasFeature, LeFeature } from "../../transports/virtual/le-feature.ts";
import { virtualProfiles } from "../../transports/virtual/controller-options.ts";
import { RawHost } from "../support/raw-host.ts";
import { advertising, connection, RawPair } from "../support/raw-pair.ts";
import { runs } from "../support/runs.ts";

const everything = 0xffff_ffff_ffff_ffffn;

/** Every opcode that has a bit in Supported_Commands. */
const opcodes = Array.from({ length: 0x10000 }, (_, opcode) => opcode).filter(
  (opcode) => supportedCommandBit(opcode) !== undefined,
);

const optionsOf = (kind: VirtualProfile | VirtualControllerOptions): VirtualControllerOptions =>
  typeof kind === "string" ? { profile: kind } : kind;

/** The opcodes that the host of a controller hears Unknown HCI Command about. */
function unknownTo(kind: VirtualProfile | VirtualControllerOptions): Set<number> {
  const { a } = new RawPair(optionsOf(kind));
  return new Set(
    opcodes.filter((opcode) => {
      if (opcode === 0x0c35) return !knowsHostNumberOfCompletedPackets(kind); // it is not answered
      a.host.send(Uint8Array.of(1, opcode & 0xff, opcode >> 8, 0));
      return a.host.takeAnswers(opcode)[0]!.status === Status.UnknownHciCommand;
    }),
  );
}

/** Host Number Of Completed Packets is answered only where it is wrong. Vol 4, Part E, 7.3.40. */
function knowsHostNumberOfCompletedPackets(kind: VirtualProfile | VirtualControllerOptions): boolean {
  const { a } = new RawPair(optionsOf(kind));
  a.host.send(Uint8Array.of(1, 0x35, 0x0c, 1, 1));
  return a.host.takeAnswers(0x0c35).every(({ status }) => status !== Status.UnknownHciCommand);
}

/** The opcodes whose bit the controller sets. Vol 4, Part E, 6.27. */
function claimedBy(kind: VirtualProfile | VirtualControllerOptions): Set<number> {
  const { supportedCommands } = new RawPair(optionsOf(kind)).a.host.ask(ReadLocalSupportedCommands, {});
  return new Set(
    opcodes.filter((opcode) => {
      const bit = supportedCommandBit(opcode)!;
      return ((supportedCommands[bit >> 3]! >> (bit & 7)) & 1) === 1;
    }),
  );
}

const name = (opcode: number): string => commandByOpcode(opcode)?.name ?? opcode.toString(16);
const without = (all: ReadonlySet<number>, some: ReadonlySet<number>): number[] =>
  [...all].filter((opcode) => !some.has(opcode));

describe("profiles: what a controller says it is", () => {
  it.each<[VirtualProfile, number, string, string]>([
    ["4.0", 0x06, "0100000000000000", "ffffff1f00000000"],
    ["4.2", 0x08, "ff00000000000000", "ffffffffff030000"],
    ["5.0", 0x09, "ff79000000000000", "ffffffffff030000"],
    ["5.4", 0x0d, "ff79000f3e000000", "ffffffffff030000"],
    ["small", 0x0d, "bf79000f3e000000", "ffffffffff030000"],
    ["clone dongle", 0x08, "0100000000000000", "ffffff1f00000000"],
  ])("%s: versions, features and states (Vol 4, Part E, 7.4.1, 7.8.3 and 7.8.27)", (profile, ...expected) => {
    const { a } = new RawPair({ profile });
    const { hciVersion, lmpVersion } = a.host.ask(ReadLocalVersionInformation, {});
    expect(lmpVersion).toBe(hciVersion);
    const states = profile === "clone dongle" ? undefined : a.host.ask(LeReadSupportedStates, {}).states;
    const { features } = a.host.ask(LeReadLocalSupportedFeatures, {});
    expect([hciVersion, toHex(features), states ? toHex(states) : expected[2]]).toEqual(expected);
  });

  it.each<[VirtualProfile, number, number]>([
    ["4.0", 27, 8],
    ["4.2", 251, 8],
    ["5.0", 251, 12],
    ["5.4", 251, 12],
    ["small", 27, 3],
    ["clone dongle", 0, 0],
  ])("%s: %d octets in each of %d buffers (Vol 4, Part E, 7.8.2)", (profile, octets, count) => {
    const { host } = new RawPair({ profile }).a;
    const buffers = { aclDataPacketLength: octets, totalNumAclDataPackets: count };
    expect(host.ask(LeReadBufferSize, {})).toEqual(buffers);
    const shared =
      profile === "clone dongle" ? { aclDataPacketLength: 310, totalNumAclDataPackets: 4 } : buffers;
    expect(host.ask(ReadBufferSize, {})).toMatchObject(shared);
  });

  it("small has room for very little", () => {
    const { a } = new RawPair({ profile: "small" });
    expect(a.host.ask(LeReadNumberOfSupportedAdvertisingSets, {})).toEqual({
      numSupportedAdvertisingSets: 1,
    });
    expect(a.host.ask(LeReadMaximumAdvertisingDataLength, {})).toEqual({ maxAdvertisingDataLength: 31 });
    expect(a.host.ask(LeReadFilterAcceptListSize, {})).toEqual({ filterAcceptListSize: 1 });
    expect(a.host.status(LeReadResolvingListSize, {})).toBe(Status.UnknownHciCommand);
  });

  it("small has one connection, and asks for a second one in vain (Vol 4, Part E, 7.8.12)", () => {
    const pair = new RawPair({ profile: "small" });
    const other = pair.station();
    pair.connect();
    other.host.ask(LeSetAdvertisingParameters, advertising);
    other.host.ask(LeSetAdvertisingEnable, { advertisingEnable: true });
    const parameters = { ...connection, peerAddress: other.address };
    expect(pair.a.host.status(LeCreateConnection, parameters)).toBe(Status.ConnectionLimitExceeded);
  });

  it("clone dongle is dual-mode, and made by somebody else (Vol 4, Part E, 7.4.1 and 7.4.3)", () => {
    const { a } = new RawPair({ profile: "clone dongle" });
    expect(toHex(a.host.ask(ReadLocalSupportedFeatures, {}).lmpFeatures)).toBe("0000000040000000");
    expect(a.host.ask(ReadLocalVersionInformation, {}).companyIdentifier).toBe(0x000a);
  });

  it("tells peers the same as its host (Vol 6, Part B, 5.1.4 and 5.1.5)", () => {
    const pair = new RawPair({}, { profile: "clone dongle" });
    const { a: connectionHandle } = pair.connect();
    pair.a.host.status(LeReadRemoteFeatures, { connectionHandle });
    pair.a.host.status(ReadRemoteVersionInformation, { connectionHandle });
    const { features } = pair.a.host.takeOne(LeReadRemoteFeaturesComplete);
    expect(toHex(features)).toBe("0100000000000000");
    const { version, companyIdentifier, subversion } = pair.a.host.takeOne(
      ReadRemoteVersionInformationComplete,
    );
    expect([version, companyIdentifier, subversion]).toEqual([0x08, 0x000a, 0x22bb]);
  });

  it("takes an option that is given before what the profile says", () => {
    const { a } = new RawPair({ profile: "4.0", aclOctets: 100, version: 0x07 });
    expect(a.host.ask(LeReadBufferSize, {})).toEqual({ aclDataPacketLength: 100, totalNumAclDataPackets: 8 });
    expect(a.host.ask(ReadLocalVersionInformation, {})).toMatchObject({ hciVersion: 0x07 });
  });

  it("refuses a profile that there is not", () => {
    const { air } = new RawPair();
    expect(() => air.controller({ profile: "6.0" as VirtualProfile })).toThrow(
      "profile is one of 4.0, 4.2, 5.0, 5.4, small, clone dongle: 6.0",
    );
  });
});

describe("profiles: commands", () => {
  it("5.4 knows every command of the table", () => {
    expect(
      without(new Set(commandTable.keys()), new Set(without(new Set(opcodes), unknownTo("5.4")))),
    ).toEqual([]);
  });

  it.each<[VirtualProfile, readonly number[], readonly number[]]>([
    ["4.0", [0x2001, 0x200d, 0x201b], [0x0c7b, 0x2020, 0x2022, 0x2027, 0x2030, 0x2036, 0x2060]],
    ["4.2", [0x0c7b, 0x2020, 0x2022, 0x2025, 0x2027, 0x202f], [0x2030, 0x2036, 0x204e, 0x205e, 0x2060]],
    ["5.0", [0x2030, 0x2036, 0x2043, 0x204e], [0x2059, 0x205e, 0x205f, 0x2060, 0x2076, 0x207d]],
    ["5.4", [0x205e, 0x2060, 0x2074, 0x2076, 0x207c, 0x207e], [0x2062, 0x2068]],
    ["small", [0x2022, 0x2036, 0x2060, 0x207e], [0x2027, 0x202e, 0x204e, 0x2062]],
  ])("%s knows those of its time, and says so (Vol 4, Part E, 3.1 and 6.27)", (profile, known, unknown) => {
    const unknownOnes = unknownTo(profile);
    expect(known.filter((opcode) => unknownOnes.has(opcode)).map(name)).toEqual([]);
    expect(unknown.filter((opcode) => !unknownOnes.has(opcode)).map(name)).toEqual([]);
    const claimed = claimedBy(profile);
    expect(without(new Set(opcodes), unknownOnes).map(name)).toEqual([...claimed].map(name));
  });

  it("with any features: what is known is told, what is told is known, and a feature is what its commands are", () => {
    const bits = [...Array(64).keys()].filter((bit) => (leFeatures[bit >> 3]! >> (bit & 7)) & 1);
    fc.assert(
      fc.property(fc.constantFrom(...virtualProfiles), fc.subarray(bits), (profile, chosen) => {
        const features = featureSet(...(chosen as LeFeature[]));
        const options = { profile, leFeatures: features };
        const unknown = unknownTo(options);
        if (profile !== "clone dongle") {
          expect(without(new Set(opcodes), unknown).map(name)).toEqual([...claimedBy(options)].map(name));
        }
        const has = (opcode: number): boolean => !unknown.has(opcode);
        const told = new RawPair(options).a.host.ask(LeReadLocalSupportedFeatures, {}).features;
        const isTold = (bit: LeFeature): boolean => hasFeature(told, bit);
        // A command that the version of the profile has is there exactly if its feature is.
        const rows: [number, number, LeFeature][] = [
          [0x2019, 6, LeFeature.Encryption],
          [0x2020, 7, LeFeature.ConnectionParametersRequest],
          [0x2022, 8, LeFeature.DataPacketLengthExtension],
          [0x2027, 8, LeFeature.LlPrivacy],
          [0x2036, 9, LeFeature.ExtendedAdvertising],
          [0x203e, 9, LeFeature.PeriodicAdvertising],
          [0x206d, 11, LeFeature.SleepClockAccuracyUpdates],
          [0x2077, 11, LeFeature.PowerControlRequest],
          [0x207e, 12, LeFeature.ConnectionSubrating],
        ];
        const version = { "4.0": 6, "4.2": 8, "5.0": 9, "5.4": 13, small: 13, "clone dongle": 6 }[profile];
        for (const [opcode, since, feature] of rows) {
          expect([name(opcode), has(opcode)]).toEqual([name(opcode), isTold(feature)]);
          if (version < since) expect(isTold(feature)).toBe(false);
        }
      }),
      { ...runs, numRuns: 60 },
    );
  });

  it("5.4 knows every LE command but those that the documents list (docs/virtual-radio.md)", () => {
    const unknown = [...Array(0x90).keys()]
      .map((ocf) => 0x2000 + ocf)
      .filter((opcode) => commandName(opcode) !== undefined && !commandTable.has(opcode));
    const rows: [number, number][] = [
      [0x201d, 3], // tests
      [0x2033, 2],
      [0x204f, 2],
      [0x2051, 8], // direction finding
      [0x2061, 12], // isochronous channels
      [0x206e, 6],
      [0x2075, 1],
      [0x207b, 1], // the last of the tests
      [0x2082, 3], // periodic advertising with responses
      [0x2086, 1],
    ];
    const listed = rows.flatMap(([first, count]) => Array.from({ length: count }, (_, i) => first + i));
    expect(unknown.map(name)).toEqual(listed.map(name));
  });

  it("each version knows what the one before it knows", () => {
    const chain = ["4.0", "4.2", "5.0", "5.4"] as const;
    const sizes = chain.map((profile, at) => {
      const unknown = unknownTo(profile);
      const before = chain[at - 1];
      if (before) expect(without(unknown, unknownTo(before))).toEqual([]);
      return opcodes.length - unknown.size;
    });
    expect([...new Set(sizes)]).toEqual(sizes.toSorted((a, b) => a - b));
  });

  it("clone dongle claims commands that it answers with Unknown HCI Command, and conceals others", () => {
    const unknown = unknownTo("clone dongle");
    const claimed = claimedBy("clone dongle");
    const broken = [...claimed].filter((opcode) => unknown.has(opcode));
    expect(broken.map(name)).toEqual(
      expect.arrayContaining(["HCI_Read_RSSI", "HCI_Set_Event_Mask_Page_2", "HCI_LE_Set_Data_Length"]),
    );
    const concealed = opcodes.filter((opcode) => !claimed.has(opcode) && !unknown.has(opcode));
    expect(concealed.map(name)).toEqual([
      "HCI_Read_Remote_Version_Information",
      "HCI_LE_Clear_Filter_Accept_List",
      "HCI_LE_Encrypt",
      "HCI_LE_Rand",
    ]);
  });

  it("before 4.2 there are two own address types and two filter policies (Vol 4, Part E, 7.8.10)", () => {
    const scan = {
      scanType: 0,
      scanInterval: 16,
      scanWindow: 16,
      ownAddressType: 0,
      scanningFilterPolicy: 0,
    };
    for (const [profile, status] of [
      ["4.0", Status.InvalidHciCommandParameters],
      ["4.2", Status.Success],
    ] as const) {
      const { a } = new RawPair({ profile });
      expect(a.host.status(LeSetScanParameters, { ...scan, ownAddressType: 2 })).toBe(status);
      expect(a.host.status(LeSetScanParameters, { ...scan, scanningFilterPolicy: 2 })).toBe(status);
    }
  });
});

describe("profiles: events", () => {
  /** The LE events of a new connection when every event is unmasked. */
  function eventsOf(profile: VirtualProfile): number[] {
    const pair = new RawPair({ profile });
    for (const { host } of [pair.a, pair.b]) host.ask(LeSetEventMask, { eventMask: everything });
    pair.b.host.ask(LeSetAdvertisingParameters, advertising);
    pair.b.host.ask(LeSetAdvertisingEnable, { advertisingEnable: true });
    pair.a.host.status(LeCreateConnection, { ...connection, peerAddress: pair.b.address });
    return pair.a.host.events.map((packet) => packet[3]!);
  }

  it.each<[VirtualProfile, readonly number[]]>([
    ["4.0", [LeConnectionComplete.subevent!]],
    ["4.2", [LeEnhancedConnectionComplete.subevent!]],
    ["5.0", [LeEnhancedConnectionComplete.subevent!, LeChannelSelectionAlgorithm.subevent!]],
    ["5.4", [LeEnhancedConnectionComplete.subevent!, LeChannelSelectionAlgorithm.subevent!]],
    ["clone dongle", [LeConnectionComplete.subevent!]],
  ])("%s sends those of its time, whatever is unmasked (Vol 4, Part E, 7.7.65)", (profile, subevents) => {
    expect(eventsOf(profile)).toEqual(subevents);
  });
});

describe("profiles: together", () => {
  const pairs = virtualProfiles.flatMap((a) => virtualProfiles.map((b) => [a, b] as const));

  it.each(pairs)("%s and %s connect and exchange data", (a, b) => {
    for (const timing of ["instant", "air"] as const) {
      const pair = new RawPair({ profile: a }, { profile: b }, { timing });
      pair.b.host.ask(LeSetAdvertisingParameters, advertising);
      pair.b.host.ask(LeSetAdvertisingEnable, { advertisingEnable: true });
      pair.a.host.ask(LeCreateConnection, { ...connection, peerAddress: pair.b.address });
      pair.clock.advanceSync(300);
      const handleA = pair.a.host.takeOne(LeConnectionComplete).connectionHandle;
      const handleB = pair.b.host.takeOne(LeConnectionComplete).connectionHandle;
      pair.a.host.sendData(handleA, new Uint8Array(27).fill(1));
      pair.b.host.sendData(handleB, new Uint8Array(27).fill(2));
      pair.clock.advanceSync(300);
      expect(pair.a.host.data.map((packet) => [u16At(packet, 1) & 0xfff, packet[5]])).toEqual([[handleA, 2]]);
      expect(pair.b.host.data.map((packet) => [u16At(packet, 1) & 0xfff, packet[5]])).toEqual([[handleB, 1]]);
      expect([...pair.a.controller.faults, ...pair.b.controller.faults]).toEqual([]);
    }
  });

  it("longer packets only where both have them (Vol 6, Part B, 5.1.9)", () => {
    for (const [profile, changes] of [
      ["4.0", 0],
      ["4.2", 1],
    ] as const) {
      const pair = new RawPair({}, { profile });
      pair.a.host.ask(LeWriteSuggestedDefaultDataLength, {
        suggestedMaxTxOctets: 251,
        suggestedMaxTxTime: 2120,
      });
      pair.connect();
      expect(pair.a.host.take(LeDataLengthChange)).toHaveLength(changes);
    }
  });

  it.each(virtualProfiles)("%s answers every command once, whatever its parameters", (profile) => {
    const pair = new RawPair({ profile });
    pair.connect();
    for (const opcode of opcodes) {
      if (opcode === 0x0c35) continue; // not answered
      for (const length of [0, 1, 2, 4, 7, 8, 15, 25]) {
        pair.a.host.send(
          Uint8Array.of(1, opcode & 0xff, opcode >> 8, length, ...new Uint8Array(length).fill(1)),
        );
        expect(pair.a.host.takeAnswers(opcode), name(opcode)).toHaveLength(1);
      }
    }
    expect(pair.a.controller.faults).toEqual([]);
  });

  it("a reset leaves it what it is (Vol 4, Part E, 7.3.2)", () => {
    const clock = new RawPair();
    const host = new RawHost(clock.air.controller({ profile: "4.0" }).transport(), clock.clock);
    host.ask(Reset, {});
    host.ask(SetEventMask, { eventMask: everything });
    expect(toHex(host.ask(LeReadLocalSupportedFeatures, {}).features)).toBe("0100000000000000");
    expect(host.status(LeReadResolvingListSize, {})).toBe(Status.UnknownHciCommand);
  });
});
