import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../src/common/bytes.ts";
import { encodeCommand, opcodeOf } from "../../src/hci/command.ts";
import {
  ReadLeHostSupport,
  ReadTransmitPowerLevel,
  Reset,
  SetEventMask,
  WriteLeHostSupport,
} from "../../src/hci/commands/controller-baseband.ts";
import {
  ReadBdAddr,
  ReadBufferSize,
  ReadLocalSupportedCommands,
  ReadLocalSupportedFeatures,
  ReadLocalVersionInformation,
} from "../../src/hci/commands/informational.ts";
import { LeSetAdvertisingData, LeSetAdvertisingEnable } from "../../src/hci/commands/le-advertising.ts";
import {
  LeReadSuggestedDefaultDataLength,
  LeWriteSuggestedDefaultDataLength,
} from "../../src/hci/commands/le-connection.ts";
import {
  LeEncrypt,
  LeRand,
  LeReadBufferSize,
  LeReadBufferSizeV2,
  LeReadLocalSupportedFeatures,
  LeReadSupportedStates,
  LeSetEventMask,
  LeSetRandomAddress,
} from "../../src/hci/commands/le-controller.ts";
import {
  LeAddDeviceToFilterAcceptList,
  LeClearFilterAcceptList,
  LeReadFilterAcceptListSize,
  LeRemoveDeviceFromFilterAcceptList,
} from "../../src/hci/commands/le-filter-accept-list.ts";
import { LeSetScanEnable, LeSetScanParameters } from "../../src/hci/commands/le-scanning.ts";
import { ReadRssi } from "../../src/hci/commands/status-parameters.ts";
import { CommandComplete, CommandStatus } from "../../src/hci/events/flow.ts";
import { LeAdvertisingReport } from "../../src/hci/events/le-advertising.ts";
import { LeConnectionComplete } from "../../src/hci/events/le-connection.ts";
import { Status } from "../../src/hci/status.ts";
import { supportedCommandBit } from "../../src/hci/supported-commands.ts";
import { commandTable } from "../../transports/virtual/command-table.ts";
import { VirtualAir } from "../../transports/virtual/index.ts";
import { RawPair } from "../support/raw-pair.ts";

const passive = { scanType: 0, scanInterval: 16, scanWindow: 16, ownAddressType: 0, scanningFilterPolicy: 0 };

describe("virtual controller: commands in general", () => {
  it("answers what it does not know with Command Status, Unknown HCI Command (Vol 4, Part E, 4.5)", () => {
    const { a } = new RawPair();
    a.host.send(fromHex("01 34 fc 02 aa bb"));
    expect(a.host.events.map((event) => toHex(event))).toEqual(["040f04010134fc"]);
  });

  it("answers parameters that are too short, too long or not a flag with 0x12 (Vol 4, Part E, 4.5)", () => {
    const { a } = new RawPair();
    for (const packet of [
      "01 05 20 05 0102030405",
      "01 05 20 07 01020304050607",
      "01 0a 20 01 02",
      "01 0c 20 02 01 02",
    ]) {
      const command = fromHex(packet);
      a.host.send(command.slice());
      const answers = a.host.takeAnswers(command[1]! | (command[2]! << 8));
      expect(answers.map(({ status }) => status)).toEqual([Status.InvalidHciCommandParameters]);
    }
    expect(a.controller.faults).toEqual([]);
  });

  it("answers a command whose length octet is wrong with 0x12 and notes the fault (Vol 4, Part E, 5.4.1)", () => {
    const { a } = new RawPair();
    a.host.send(fromHex("01 03 0c 01"));
    expect(a.host.takeAnswers(Reset.opcode).map(({ status }) => status)).toEqual([0x12]);
    a.host.send(fromHex("01 03"));
    a.host.send(fromHex("07 03 0c 00"));
    a.host.send(fromHex(""));
    expect(a.controller.faults.map(({ kind }) => kind)).toEqual(new Array(4).fill("malformedPacket"));
    expect(a.host.events).toEqual([]);
    expect(a.host.run(ReadBdAddr, {}).numHciCommandPackets, "what is not answered costs no credit").toBe(1);
  });

  it("notes a second command sent before the first was answered, and answers both (Vol 4, Part E, 4.4)", () => {
    const { a, clock } = new RawPair();
    a.host.transport.send(encodeCommand(ReadBdAddr, {}));
    a.host.transport.send(encodeCommand(ReadLocalVersionInformation, {}));
    clock.advanceSync(0);
    expect(a.controller.faults.map(({ kind }) => kind)).toEqual(["commandCredit"]);
    expect(a.host.takeAnswers(ReadBdAddr.opcode)).toHaveLength(1);
    expect(a.host.takeAnswers(ReadLocalVersionInformation.opcode)).toHaveLength(1);
  });

  it("allows as many commands as commandPackets says, once it has said so (Vol 4, Part E, 4.4)", () => {
    const { a, clock } = new RawPair({ commandPackets: 3 });
    for (let i = 0; i < 3; i++) a.host.transport.send(encodeCommand(ReadBdAddr, {}));
    clock.advanceSync(0);
    expect(a.host.takeAnswers(ReadBdAddr.opcode).map((answer) => answer.numHciCommandPackets)).toEqual([
      1, 2, 3,
    ]);
    expect(a.controller.faults).toEqual([]);
    for (let i = 0; i < 4; i++) a.host.transport.send(encodeCommand(ReadBdAddr, {}));
    expect(a.controller.faults.map(({ kind }) => kind)).toEqual(["commandCredit"]);
  });

  it("never calls the host from within send", () => {
    const { a, clock } = new RawPair();
    let isSending = true;
    a.host.onPacket = () => expect(isSending).toBe(false);
    a.host.transport.send(encodeCommand(ReadBdAddr, {}));
    isSending = false;
    clock.advanceSync(0);
    expect(a.host.takeAnswers(ReadBdAddr.opcode)).toHaveLength(1);
  });

  it("names the handle in refusals of commands about a link (Vol 4, Part E, 4.5)", () => {
    const { a } = new RawPair();
    const { packet } = a.host.run(ReadRssi, { connectionHandle: 0x0123 });
    expect(toHex(packet)).toBe("040e0601" + "0514" + "02" + "2301");
  });
});

describe("virtual controller: what it is", () => {
  it("reads versions, features and address (Vol 4, Part E, 7.4)", () => {
    const { a, b } = new RawPair({ address: "C0:FF:EE:00:00:01/public" }, {});
    expect(a.host.ask(ReadLocalVersionInformation, {})).toMatchObject({ hciVersion: 0x0d, lmpVersion: 0x0d });
    expect(toHex(a.host.ask(ReadLocalSupportedFeatures, {}).lmpFeatures)).toBe("0000000060000000");
    expect(a.host.ask(ReadBdAddr, {}).bdAddr).toBe(0xc0ffee000001);
    expect(b.host.ask(ReadBdAddr, {}).bdAddr).toBe(0x020000000002);
    expect(a.host.ask(LeReadLocalSupportedFeatures, {}).features).toHaveLength(8);
    expect(toHex(a.host.ask(LeReadSupportedStates, {}).states)).toBe("ffffffffff030000");
  });

  it("says the truth about its commands (Vol 4, Part E, 6.27)", () => {
    const { a } = new RawPair();
    const { supportedCommands } = a.host.ask(ReadLocalSupportedCommands, {});
    // Octet and bit of the specification's table, for some of each group.
    const said = {
      disconnect: [0, 5],
      reset: [5, 7],
      setRandomAddress: [25, 4],
      createConnection: [26, 4],
      rand: [27, 7],
    };
    for (const [octet, bit] of Object.values(said)) expect((supportedCommands[octet!]! >> bit!) & 1).toBe(1);
    // The receiver and transmitter tests and Create Connection of BR/EDR are not there.
    for (const [octet, bit] of [
      [28, 4],
      [28, 5],
      [0, 4],
    ])
      expect((supportedCommands[octet!]! >> bit!) & 1).toBe(0);
    for (const opcode of commandTable.keys())
      expect(supportedCommandBit(opcode), opcode.toString(16)).toBeDefined();
    const bits = [...supportedCommands].reduce(
      (sum, octet) => sum + octet.toString(2).replace(/0/g, "").length,
      0,
    );
    expect(bits).toBe(commandTable.size);
  });

  it("has buffers of its own for LE, or those of BR/EDR (Vol 4, Part E, 7.8.2 and 7.4.5)", () => {
    const { a, b } = new RawPair(
      { aclPackets: 5, aclOctets: 64 },
      { leBufferSizeZero: true, aclOctets: 300 },
    );
    expect(a.host.ask(LeReadBufferSize, {})).toEqual({ aclDataPacketLength: 64, totalNumAclDataPackets: 5 });
    expect(a.host.ask(LeReadBufferSizeV2, {})).toMatchObject({
      aclDataPacketLength: 64,
      isoDataPacketLength: 0,
    });
    expect(b.host.ask(LeReadBufferSize, {})).toEqual({ aclDataPacketLength: 0, totalNumAclDataPackets: 0 });
    expect(b.host.ask(ReadBufferSize, {})).toMatchObject({
      aclDataPacketLength: 300,
      totalNumAclDataPackets: 12,
    });
  });

  it("refuses options out of range, by name", () => {
    const { air } = new RawPair();
    expect(() => air.controller({ aclOctets: 26 })).toThrow(/aclOctets is 27 to 65535: 26/);
    expect(() => air.controller({ aclPackets: 1.5 })).toThrow(RangeError);
    expect(() => air.controller({ address: "C0:FF:EE:00:00:01/random" })).toThrow(/public/);
    expect(() => air.controller({ leFeatures: new Uint8Array(7) })).toThrow(/leFeatures is .* 8 octets: 7/);
    expect(() => air.controller({ leFeatures: "all" as never })).toThrow(/leFeatures .* string/);
    expect(() => new VirtualAir({ timing: "Air" as never })).toThrow(/timing is one of instant, air: Air/);
    expect(() => new VirtualAir({ encryption: "CCM" as never })).toThrow(/encryption is one of flag, ccm/);
    for (const seed of [Number.NaN, -1, 1.5]) expect(() => new VirtualAir({ seed })).toThrow(/seed is 0 to/);
  });

  it("encrypts as FIPS-197, C.1, octets turned round (Vol 4, Part E, 7.8.22)", () => {
    const { a } = new RawPair();
    const turned = (text: string): Uint8Array => fromHex(text).reverse();
    const { encryptedData } = a.host.ask(LeEncrypt, {
      key: turned("000102030405060708090a0b0c0d0e0f"),
      plaintextData: turned("00112233445566778899aabbccddeeff"),
    });
    expect(toHex(encryptedData.slice().reverse())).toBe("69c4e0d86a7b0430d8cdb78070b4c55a");
  });

  it("gives other random numbers each time, and the same again for the same seed (Vol 4, Part E, 7.8.23)", () => {
    const draw = (): string[] => {
      const { a } = new RawPair();
      return [1, 2, 3].map(() => toHex(a.host.ask(LeRand, {}).randomNumber));
    };
    expect(draw()).toEqual(draw());
    expect(new Set(draw()).size).toBe(3);
  });
});

describe("virtual controller: what it is told of its host", () => {
  it("keeps LE Supported (Host), until it is reset (Vol 4, Part E, 7.3.78 and 7.3.79)", () => {
    const { host } = new RawPair().a;
    expect(host.ask(ReadLeHostSupport, {})).toEqual({ supportedHost: false, simultaneousHost: 0 });
    host.ask(WriteLeHostSupport, { supportedHost: true, simultaneousHost: 1 });
    expect(host.ask(ReadLeHostSupport, {})).toEqual({ supportedHost: true, simultaneousHost: 0 });
    host.send(Uint8Array.of(1, 0x6d, 0x0c, 2, 2, 0));
    expect(host.takeAnswers(0x0c6d)[0]!.status).toBe(0x12);
    host.ask(Reset, {});
    expect(host.ask(ReadLeHostSupport, {}).supportedHost).toBe(false);
  });
});

describe("virtual controller: state", () => {
  it("sends LE events only once the host has unmasked LE Meta (Vol 4, Part E, 7.3.1)", () => {
    const pair = new RawPair();
    const scan = (): number => {
      pair.a.host.ask(LeSetScanEnable, { enable: true, filterDuplicates: false });
      pair.clock.advanceSync(0);
      pair.a.host.ask(LeSetScanEnable, { enable: false, filterDuplicates: false });
      return pair.a.host.take(LeAdvertisingReport).length;
    };
    pair.b.host.ask(LeSetAdvertisingEnable, { advertisingEnable: true });
    pair.a.host.ask(Reset, {});
    expect(scan()).toBe(0);
    pair.a.host.ask(SetEventMask, { eventMask: 0x2000_0000_0000_0000n });
    expect(scan()).toBe(1);
    pair.a.host.ask(LeSetEventMask, { eventMask: 0x1dn });
    expect(scan()).toBe(0);
  });

  it("never masks Command Complete and Command Status (Vol 4, Part E, 7.3.1)", () => {
    const { a } = new RawPair();
    a.host.ask(SetEventMask, { eventMask: 0n });
    expect(a.host.run(ReadBdAddr, {}).packet[1]).toBe(CommandComplete.code);
    a.host.send(fromHex("01 34 fc 00"));
    expect(a.host.events[0]?.[1]).toBe(CommandStatus.code);
  });

  it("keeps its random address while it advertises, scans or initiates (Vol 4, Part E, 7.8.4)", () => {
    const { a } = new RawPair();
    const address = { randomAddress: 0xc00000000001 };
    a.host.ask(LeSetRandomAddress, address);
    a.host.ask(LeSetScanEnable, { enable: true, filterDuplicates: false });
    expect(a.host.status(LeSetRandomAddress, address)).toBe(Status.CommandDisallowed);
    a.host.ask(LeSetScanEnable, { enable: false, filterDuplicates: false });
    a.host.ask(LeSetAdvertisingEnable, { advertisingEnable: true });
    expect(a.host.status(LeSetRandomAddress, address)).toBe(Status.CommandDisallowed);
    a.host.ask(LeSetAdvertisingEnable, { advertisingEnable: false });
    expect(a.host.status(LeSetRandomAddress, address)).toBe(Status.Success);
  });

  it("begins again at HCI_Reset (Vol 4, Part E, 7.3.2)", () => {
    const pair = new RawPair();
    const { host } = pair.a;
    const handles = pair.connect();
    host.ask(LeSetRandomAddress, { randomAddress: 0xc00000000001 });
    host.ask(LeSetAdvertisingData, { advertisingData: Uint8Array.of(1, 2) });
    host.ask(LeSetScanParameters, { ...passive, ownAddressType: 1 });
    host.ask(LeAddDeviceToFilterAcceptList, { addressType: 0, address: 1 });
    host.ask(LeSetScanEnable, { enable: true, filterDuplicates: false });
    host.ask(LeWriteSuggestedDefaultDataLength, { suggestedMaxTxOctets: 99, suggestedMaxTxTime: 904 });
    host.ask(Reset, {});
    expect(host.events).toEqual([]);
    expect(host.ask(LeReadSuggestedDefaultDataLength, {}).suggestedMaxTxOctets).toBe(27);
    expect(host.status(ReadRssi, { connectionHandle: handles.a })).toBe(Status.UnknownConnectionIdentifier);
    expect(host.status(LeRemoveDeviceFromFilterAcceptList, { addressType: 0, address: 1 })).not.toBe(0);
    host.ask(LeSetScanParameters, { ...passive, ownAddressType: 1 });
    const enable = { enable: true, filterDuplicates: false };
    expect(host.status(LeSetScanEnable, enable), "the random address is forgotten").toBe(0x12);
  });

  it("measures a link (Vol 4, Part E, 7.5.4 and 7.3.35)", () => {
    const pair = new RawPair({}, { rssi: -71 });
    const { a: connectionHandle } = pair.connect();
    expect(pair.a.host.ask(ReadRssi, { connectionHandle })).toEqual({ connectionHandle, rssi: -71 });
    expect(pair.a.host.ask(ReadTransmitPowerLevel, { connectionHandle, type: 0 }).txPowerLevel).toBe(0);
    expect(pair.a.host.ask(ReadTransmitPowerLevel, { connectionHandle, type: 1 }).txPowerLevel).toBe(20);
    expect(pair.a.host.status(ReadTransmitPowerLevel, { connectionHandle, type: 2 })).toBe(0x12);
  });

  it("keeps a Filter Accept List of its size (Vol 4, Part E, 7.8.14 to 7.8.17)", () => {
    const { a } = new RawPair({ acceptListSize: 2 });
    const device = (address: number, addressType = 0): { addressType: number; address: number } => ({
      addressType,
      address,
    });
    expect(a.host.ask(LeReadFilterAcceptListSize, {}).filterAcceptListSize).toBe(2);
    expect(a.host.status(LeAddDeviceToFilterAcceptList, device(1))).toBe(0);
    expect(a.host.status(LeAddDeviceToFilterAcceptList, device(1))).toBe(0);
    expect(a.host.status(LeAddDeviceToFilterAcceptList, device(1, 1))).toBe(0);
    expect(a.host.status(LeAddDeviceToFilterAcceptList, device(2))).toBe(Status.MemoryCapacityExceeded);
    expect(a.host.status(LeAddDeviceToFilterAcceptList, device(2, 2))).toBe(
      Status.InvalidHciCommandParameters,
    );
    expect(a.host.status(LeRemoveDeviceFromFilterAcceptList, device(3))).toBe(
      Status.InvalidHciCommandParameters,
    );
    expect(a.host.status(LeRemoveDeviceFromFilterAcceptList, device(1))).toBe(0);
    expect(a.host.status(LeAddDeviceToFilterAcceptList, device(0, 0xff))).toBe(0);
    expect(a.host.status(LeClearFilterAcceptList, {})).toBe(0);
  });

  it("does not change the Filter Accept List while it is in use (Vol 4, Part E, 7.8.15)", () => {
    const { a } = new RawPair();
    a.host.ask(LeSetScanParameters, { ...passive, scanningFilterPolicy: 1 });
    a.host.ask(LeSetScanEnable, { enable: true, filterDuplicates: false });
    expect(a.host.status(LeClearFilterAcceptList, {})).toBe(Status.CommandDisallowed);
    expect(a.host.status(LeAddDeviceToFilterAcceptList, { addressType: 0, address: 1 })).toBe(
      Status.CommandDisallowed,
    );
  });
});

describe("virtual controller: hosts come and go", () => {
  it("takes one host at a time, and is as new for the next", async () => {
    const pair = new RawPair();
    const { controller, host } = pair.a;
    const second = controller.transport();
    expect(() => second.start(host)).toThrow(/already has a host/);
    host.ask(LeSetRandomAddress, { randomAddress: 0xc00000000001 });
    await host.transport[Symbol.asyncDispose]();
    expect(host.closings).toBe(1);
    expect(host.closedBy).toBeUndefined();
    await host.transport[Symbol.asyncDispose]();
    expect(host.closings).toBe(1);
    host.send(encodeCommand(ReadBdAddr, {}));
    expect(host.events).toEqual([]);
    second.start(host);
    second.send(encodeCommand(LeSetScanParameters, { ...passive, ownAddressType: 1 }));
    pair.clock.advanceSync(0);
    second.send(encodeCommand(LeSetScanEnable, { enable: true, filterDuplicates: false }));
    pair.clock.advanceSync(0);
    expect(host.takeAnswers(LeSetScanEnable.opcode).map(({ status }) => status)).toEqual([0x12]);
    expect(controller.faults).toEqual([]);
  });

  it("leaves no timer behind when the air is switched off, and tells each host why", async () => {
    const pair = new RawPair();
    pair.connect();
    pair.b.host.ask(LeSetAdvertisingEnable, { advertisingEnable: true });
    pair.a.host.ask(LeSetScanEnable, { enable: true, filterDuplicates: false });
    pair.clock.advanceSync(500);
    expect(pair.clock.timers).toBeGreaterThan(0);
    await pair.air[Symbol.asyncDispose]();
    expect(pair.clock.timers).toBe(0);
    for (const { host } of [pair.a, pair.b]) expect(host.closedBy).toMatchObject({ code: "TRANSPORT" });
    pair.a.host.take(LeConnectionComplete);
  });

  it("hands out to the others when one host throws", () => {
    const { a, b, clock } = new RawPair();
    a.host.onPacket = () => {
      throw new Error("a fault of the host");
    };
    for (const { host } of [a, b]) host.transport.send(encodeCommand(ReadBdAddr, {}));
    expect(() => clock.advanceSync(0)).toThrow("a fault of the host");
    clock.advanceSync(0);
    expect(b.host.takeAnswers(ReadBdAddr.opcode)).toHaveLength(1);
  });

  it("has no opcode twice in its table", () => {
    expect(commandTable.has(opcodeOf(0x03, 0x0003))).toBe(true);
    expect(commandTable.size).toBeGreaterThan(30);
  });
});
