import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../src/common/bytes.ts";
import { MalformedPduError } from "../../src/common/errors.ts";
import { type Command, encodeCommand } from "../../src/hci/command.ts";
import * as baseband from "../../src/hci/commands/controller-baseband.ts";
import * as informational from "../../src/hci/commands/informational.ts";
import * as advertising from "../../src/hci/commands/le-advertising.ts";
import * as connection from "../../src/hci/commands/le-connection.ts";
import * as controller from "../../src/hci/commands/le-controller.ts";
import * as encryption from "../../src/hci/commands/le-encryption.ts";
import * as extendedAdvertising from "../../src/hci/commands/le-extended-advertising.ts";
import * as extendedConnection from "../../src/hci/commands/le-extended-connection.ts";
import * as extendedScanning from "../../src/hci/commands/le-extended-scanning.ts";
import * as filterAcceptList from "../../src/hci/commands/le-filter-accept-list.ts";
import * as periodicAdvertising from "../../src/hci/commands/le-periodic-advertising.ts";
import * as periodicSync from "../../src/hci/commands/le-periodic-sync.ts";
import * as periodicSyncTransfer from "../../src/hci/commands/le-periodic-sync-transfer.ts";
import * as power from "../../src/hci/commands/le-power.ts";
import * as resolvingList from "../../src/hci/commands/le-resolving-list.ts";
import * as scanning from "../../src/hci/commands/le-scanning.ts";
import * as subrating from "../../src/hci/commands/le-subrating.ts";
import * as linkControl from "../../src/hci/commands/link-control.ts";
import { commandName, commandNames } from "../../src/hci/commands/names.ts";
import { commandByOpcode, commands } from "../../src/hci/commands/registry.ts";
import * as statusParameters from "../../src/hci/commands/status-parameters.ts";
import { runs } from "../support/runs.ts";
import { decodesWhatItEncodes, decodesOrRefuses } from "./struct-properties.ts";

type Row = readonly [
  name: string,
  clause: string,
  hex: string,
  command: Command<unknown, unknown>,
  parameters: unknown,
];

/** Ties the parameters of a row to the type that its command wants. */
function row<P>(clause: string, hex: string, command: Command<P, unknown>, parameters: NoInfer<P>): Row {
  return [command.name, clause, hex, command, parameters];
}

/** The same for what a command returns, behind the status. */
function answer<P, R>(clause: string, hex: string, command: Command<P, R>, returns: NoInfer<R>): Row {
  return [command.name, clause, hex, command, returns];
}

const key = "000102030405060708090a0b0c0d0e0f";
const x = "e69d350e480103ccdbfdf4ac1191f4efb9a5f9e9a7832c5e2cbe97f2d203b020";
const y = "8bd28915d08e1c742430ed8fc24563765c15525abf9a32636deb2a65499c80dc";
const scanResponse = "05096a656c6c";

const initiating = {
  scanInterval: 0x60,
  scanWindow: 0x30,
  connectionIntervalMin: 0x18,
  connectionIntervalMax: 0x28,
  maxLatency: 0,
  supervisionTimeout: 0x1f4,
  minCeLength: 0,
  maxCeLength: 0,
};
const initiatingHex = "60003000 18002800 0000f401 00000000";

const rows: readonly Row[] = [
  row("7.1.6", "01 0604 03 4000 13", linkControl.Disconnect, { connectionHandle: 0x40, reason: 0x13 }),
  row("7.1.23", "01 1d04 02 4000", linkControl.ReadRemoteVersionInformation, { connectionHandle: 0x40 }),
  row("7.3.1", "01 010c 08 fffffbff07f8bf3d", baseband.SetEventMask, { eventMask: 0x3dbff807fffbffffn }),
  row("7.3.2", "01 030c 00", baseband.Reset, {}),
  row("7.3.35", "01 2d0c 03 4000 01", baseband.ReadTransmitPowerLevel, { connectionHandle: 0x40, type: 1 }),
  row("7.3.38", "01 310c 01 01", baseband.SetControllerToHostFlowControl, { flowControlEnable: 1 }),
  row("7.3.39", "01 330c 07 fb00 00 1000 0000", baseband.HostBufferSize, {
    hostAclDataPacketLength: 251,
    hostSynchronousDataPacketLength: 0,
    hostTotalNumAclDataPackets: 16,
    hostTotalNumSynchronousDataPackets: 0,
  }),
  row("7.3.40", "01 350c 09 02 4000 0100 4100 0300", baseband.HostNumberOfCompletedPackets, {
    handles: [
      { connectionHandle: 0x40, hostNumCompletedPackets: 1 },
      { connectionHandle: 0x41, hostNumCompletedPackets: 3 },
    ],
  }),
  row("7.3.69", "01 630c 08 0000800000000000", baseband.SetEventMaskPage2, { eventMaskPage2: 0x800000n }),
  row("7.3.79", "01 6d0c 02 01 00", baseband.WriteLeHostSupport, {
    supportedHost: true,
    simultaneousHost: 0,
  }),
  row("7.3.94", "01 7c0c 04 4000 b80b", baseband.WriteAuthenticatedPayloadTimeout, {
    connectionHandle: 0x40,
    authenticatedPayloadTimeout: 3000,
  }),
  row("7.4.1", "01 0110 00", informational.ReadLocalVersionInformation, {}),
  row("7.4.5", "01 0510 00", informational.ReadBufferSize, {}),
  row("7.4.6", "01 0910 00", informational.ReadBdAddr, {}),
  row("7.5.4", "01 0514 02 4000", statusParameters.ReadRssi, { connectionHandle: 0x40 }),
  row("7.8.1", "01 0120 08 1f00000000000000", controller.LeSetEventMask, { eventMask: 0x1fn }),
  row("7.8.2", "01 0220 00", controller.LeReadBufferSize, {}),
  row("7.8.2", "01 6020 00", controller.LeReadBufferSizeV2, {}),
  row("7.8.4", "01 0520 06 010000eeffc0", controller.LeSetRandomAddress, { randomAddress: 0xc0ffee000001 }),
  row("7.8.5", "01 0620 0f a000 f000 00 01 00 000000000000 07 00", advertising.LeSetAdvertisingParameters, {
    advertisingIntervalMin: 0xa0,
    advertisingIntervalMax: 0xf0,
    advertisingType: 0,
    ownAddressType: 1,
    peerAddressType: 0,
    peerAddress: 0,
    advertisingChannelMap: 7,
    advertisingFilterPolicy: 0,
  }),
  row("7.8.7", `01 0820 20 03 020106 ${"00".repeat(28)}`, advertising.LeSetAdvertisingData, {
    advertisingData: fromHex("020106"),
  }),
  row("7.8.8", `01 0920 20 06 ${scanResponse} ${"00".repeat(25)}`, advertising.LeSetScanResponseData, {
    scanResponseData: fromHex(scanResponse),
  }),
  row("7.8.9", "01 0a20 01 01", advertising.LeSetAdvertisingEnable, { advertisingEnable: true }),
  row("7.8.10", "01 0b20 07 01 6000 3000 01 00", scanning.LeSetScanParameters, {
    scanType: 1,
    scanInterval: 0x60,
    scanWindow: 0x30,
    ownAddressType: 1,
    scanningFilterPolicy: 0,
  }),
  row("7.8.11", "01 0c20 02 01 00", scanning.LeSetScanEnable, { enable: true, filterDuplicates: false }),
  row(
    "7.8.12",
    "01 0d20 19 6000 3000 00 01 060000eeffc0 00 1800 2800 0000 f401 0000 0000",
    connection.LeCreateConnection,
    {
      ...initiating,
      initiatorFilterPolicy: 0,
      peerAddressType: 1,
      peerAddress: 0xc0ffee000006,
      ownAddressType: 0,
    },
  ),
  row("7.8.13", "01 0e20 00", connection.LeCreateConnectionCancel, {}),
  row("7.8.16", "01 1120 07 00 5634129a7800", filterAcceptList.LeAddDeviceToFilterAcceptList, {
    addressType: 0,
    address: 0x00789a123456,
  }),
  row("7.8.18", "01 1320 0e 4000 0600 0c00 0400 c800 0200 0300", connection.LeConnectionUpdate, {
    connectionHandle: 0x40,
    connectionIntervalMin: 6,
    connectionIntervalMax: 12,
    maxLatency: 4,
    supervisionTimeout: 200,
    minCeLength: 2,
    maxCeLength: 3,
  }),
  row("7.8.19", "01 1420 05 ffffffff1f", connection.LeSetHostChannelClassification, {
    channelMap: fromHex("ffffffff1f"),
  }),
  row("7.8.22", `01 1720 20 ${key} ${"ff".repeat(16)}`, controller.LeEncrypt, {
    key: fromHex(key),
    plaintextData: fromHex("ff".repeat(16)),
  }),
  row("7.8.24", `01 1920 1c 4000 0807060504030201 3412 ${key}`, encryption.LeEnableEncryption, {
    connectionHandle: 0x40,
    randomNumber: fromHex("0807060504030201"),
    encryptedDiversifier: 0x1234,
    longTermKey: fromHex(key),
  }),
  row("7.8.25", `01 1a20 12 4000 ${key}`, encryption.LeLongTermKeyRequestReply, {
    connectionHandle: 0x40,
    longTermKey: fromHex(key),
  }),
  row("7.8.26", "01 1b20 02 4000", encryption.LeLongTermKeyRequestNegativeReply, { connectionHandle: 0x40 }),
  row(
    "7.8.31",
    "01 2020 0e 4000 0600 0c00 0400 c800 0200 0300",
    connection.LeRemoteConnectionParameterRequestReply,
    {
      connectionHandle: 0x40,
      intervalMin: 6,
      intervalMax: 12,
      maxLatency: 4,
      timeout: 200,
      minCeLength: 2,
      maxCeLength: 3,
    },
  ),
  row("7.8.32", "01 2120 03 4000 3b", connection.LeRemoteConnectionParameterRequestNegativeReply, {
    connectionHandle: 0x40,
    reason: 0x3b,
  }),
  row("7.8.33", "01 2220 06 4000 fb00 4808", connection.LeSetDataLength, {
    connectionHandle: 0x40,
    txOctets: 251,
    txTime: 2120,
  }),
  row("7.8.37", `01 2620 40 ${x} ${y}`, controller.LeGenerateDhKey, {
    keyXCoordinate: fromHex(x),
    keyYCoordinate: fromHex(y),
  }),
  row("7.8.37", `01 5e20 41 ${x} ${y} 01`, controller.LeGenerateDhKeyV2, {
    keyXCoordinate: fromHex(x),
    keyYCoordinate: fromHex(y),
    keyType: 1,
  }),
  row(
    "7.8.38",
    `01 2720 27 01 060000eeffc0 ${key} ${"00".repeat(16)}`,
    resolvingList.LeAddDeviceToResolvingList,
    {
      peerIdentityAddressType: 1,
      peerIdentityAddress: 0xc0ffee000006,
      peerIrk: fromHex(key),
      localIrk: new Uint8Array(16),
    },
  ),
  row("7.8.45", "01 2e20 02 8403", resolvingList.LeSetResolvablePrivateAddressTimeout, { rpaTimeout: 900 }),
  row("7.8.49", "01 3220 07 4000 00 02 04 0100", connection.LeSetPhy, {
    connectionHandle: 0x40,
    allPhys: 0,
    txPhys: 2,
    rxPhys: 4,
    phyOptions: 1,
  }),
  row(
    "7.8.53",
    "01 3620 19 01 1300 a00000 f00000 07 01 00 000000000000 00 7f 01 00 02 0a 01",
    extendedAdvertising.LeSetExtendedAdvertisingParameters,
    {
      advertisingHandle: 1,
      advertisingEventProperties: 0x13,
      primaryAdvertisingIntervalMin: 0xa0,
      primaryAdvertisingIntervalMax: 0xf0,
      primaryAdvertisingChannelMap: 7,
      ownAddressType: 1,
      peerAddressType: 0,
      peerAddress: 0,
      advertisingFilterPolicy: 0,
      advertisingTxPower: 127,
      primaryAdvertisingPhy: 1,
      secondaryAdvertisingMaxSkip: 0,
      secondaryAdvertisingPhy: 2,
      advertisingSid: 10,
      scanRequestNotificationEnable: true,
    },
  ),
  row("7.8.54", "01 3720 07 01 03 01 03 020106", extendedAdvertising.LeSetExtendedAdvertisingData, {
    advertisingHandle: 1,
    operation: 3,
    fragmentPreference: 1,
    advertisingData: fromHex("020106"),
  }),
  row(
    "7.8.56, arrays interleaved as in 5.2",
    "01 3920 0a 01 02 00 0000 00 01 2c01 05",
    extendedAdvertising.LeSetExtendedAdvertisingEnable,
    {
      enable: true,
      sets: [
        { advertisingHandle: 0, duration: 0, maxExtendedAdvertisingEvents: 0 },
        { advertisingHandle: 1, duration: 300, maxExtendedAdvertisingEvents: 5 },
      ],
    },
  ),
  row("7.8.61", "01 3e20 07 01 5000 6000 4000", periodicAdvertising.LeSetPeriodicAdvertisingParameters, {
    advertisingHandle: 1,
    periodicAdvertisingIntervalMin: 0x50,
    periodicAdvertisingIntervalMax: 0x60,
    periodicAdvertisingProperties: 0x40,
  }),
  row("7.8.63", "01 4020 02 01 05", periodicAdvertising.LeSetPeriodicAdvertisingEnable, {
    enable: 1,
    advertisingHandle: 5,
  }),
  row(
    "7.8.64, each PHY of the mask in turn",
    "01 4120 0d 01 00 05 01 6000 3000 00 c000 6000",
    extendedScanning.LeSetExtendedScanParameters,
    {
      ownAddressType: 1,
      scanningFilterPolicy: 0,
      scanningPhys: [
        { phy: 1, scanType: 1, scanInterval: 0x60, scanWindow: 0x30 },
        { phy: 3, scanType: 0, scanInterval: 0xc0, scanWindow: 0x60 },
      ],
    },
  ),
  row("7.8.65", "01 4220 06 01 02 e803 0800", extendedScanning.LeSetExtendedScanEnable, {
    enable: true,
    filterDuplicates: 2,
    duration: 1000,
    period: 8,
  }),
  row(
    "7.8.66",
    `01 4320 2a 00 01 01 060000eeffc0 03 ${initiatingHex} ${initiatingHex}`,
    extendedConnection.LeExtendedCreateConnection,
    {
      initiatorFilterPolicy: 0,
      ownAddressType: 1,
      peerAddressType: 1,
      peerAddress: 0xc0ffee000006,
      initiatingPhys: [
        { phy: 1, ...initiating },
        { phy: 2, ...initiating },
      ],
    },
  ),
  row(
    "7.8.66",
    `01 8520 1c 05 02 00 01 01 060000eeffc0 01 ${initiatingHex}`,
    extendedConnection.LeExtendedCreateConnectionV2,
    {
      advertisingHandle: 5,
      subevent: 2,
      initiatorFilterPolicy: 0,
      ownAddressType: 1,
      peerAddressType: 1,
      peerAddress: 0xc0ffee000006,
      initiatingPhys: [{ phy: 1, ...initiating }],
    },
  ),
  row(
    "7.8.67",
    "01 4420 0e 02 0a 01 060000eeffc0 0300 e803 10",
    periodicSync.LePeriodicAdvertisingCreateSync,
    {
      options: 2,
      advertisingSid: 10,
      advertiserAddressType: 1,
      advertiserAddress: 0xc0ffee000006,
      skip: 3,
      syncTimeout: 1000,
      syncCteType: 0x10,
    },
  ),
  row("7.8.76", "01 4d20 04 f6ff 0a00", controller.LeWriteRfPathCompensation, {
    rfTxPathCompensation: -10,
    rfRxPathCompensation: 10,
  }),
  row(
    "7.8.91",
    "01 5c20 08 4000 02 0300 e803 00",
    periodicSyncTransfer.LeSetPeriodicAdvertisingSyncTransferParameters,
    { connectionHandle: 0x40, mode: 2, skip: 3, syncTimeout: 1000, cteType: 0 },
  ),
  row("7.8.115", "01 7420 02 26 01", controller.LeSetHostFeature, { bitNumber: 38, bitValue: true }),
  row("7.8.119", "01 7820 08 4000 50 05 28 04 0a00", power.LeSetPathLossReportingParameters, {
    connectionHandle: 0x40,
    highThreshold: 80,
    highHysteresis: 5,
    lowThreshold: 40,
    lowHysteresis: 4,
    minTimeSpent: 10,
  }),
  row("7.8.124", "01 7e20 0c 4000 0200 0800 0100 0300 c800", subrating.LeSubrateRequest, {
    connectionHandle: 0x40,
    subrateMin: 2,
    subrateMax: 8,
    maxLatency: 1,
    continuationNumber: 3,
    supervisionTimeout: 200,
  }),
  row(
    "7.8.125",
    "01 8220 0b 01 02 00 00 04 01 aa 01 04 02 00",
    periodicAdvertising.LeSetPeriodicAdvertisingSubeventData,
    {
      advertisingHandle: 1,
      subevents: [
        { subevent: 0, responseSlotStart: 0, responseSlotCount: 4, subeventData: Uint8Array.of(0xaa) },
        { subevent: 1, responseSlotStart: 4, responseSlotCount: 2, subeventData: new Uint8Array(0) },
      ],
    },
  ),
  row("7.8.127", "01 8420 07 0100 4000 02 00 05", periodicSync.LeSetPeriodicSyncSubevent, {
    syncHandle: 1,
    periodicAdvertisingProperties: 0x40,
    subevents: [0, 5],
  }),
];

const returned: readonly Row[] = [
  answer("7.3.35", "4000 fc", baseband.ReadTransmitPowerLevel, { connectionHandle: 0x40, txPowerLevel: -4 }),
  answer("7.3.78", "01 00", baseband.ReadLeHostSupport, { supportedHost: true, simultaneousHost: 0 }),
  answer("7.3.93", "4000 b80b", baseband.ReadAuthenticatedPayloadTimeout, {
    connectionHandle: 0x40,
    authenticatedPayloadTimeout: 3000,
  }),
  answer("7.4.1", "0d 3412 0d f105 7856", informational.ReadLocalVersionInformation, {
    hciVersion: 13,
    hciSubversion: 0x1234,
    lmpVersion: 13,
    companyIdentifier: 0x05f1,
    lmpSubversion: 0x5678,
  }),
  answer("7.4.5", "fd03 40 0800 0a00", informational.ReadBufferSize, {
    aclDataPacketLength: 1021,
    synchronousDataPacketLength: 64,
    totalNumAclDataPackets: 8,
    totalNumSynchronousDataPackets: 10,
  }),
  answer("7.4.6", "5634129a7800", informational.ReadBdAddr, { bdAddr: 0x00789a123456 }),
  answer("7.5.4", "4000 c4", statusParameters.ReadRssi, { connectionHandle: 0x40, rssi: -60 }),
  answer("7.8.2", "fb00 0c", controller.LeReadBufferSize, {
    aclDataPacketLength: 251,
    totalNumAclDataPackets: 12,
  }),
  answer("7.8.2", "fb00 0c ff00 04", controller.LeReadBufferSizeV2, {
    aclDataPacketLength: 251,
    totalNumAclDataPackets: 12,
    isoDataPacketLength: 255,
    totalNumIsoDataPackets: 4,
  }),
  answer("7.8.6", "f4", advertising.LeReadAdvertisingPhysicalChannelTxPower, { txPowerLevel: -12 }),
  answer("7.8.20", "4000 ff0f000010", connection.LeReadChannelMap, {
    connectionHandle: 0x40,
    channelMap: fromHex("ff0f000010"),
  }),
  answer("7.8.46", "fb00 4808 fb00 9042", connection.LeReadMaximumDataLength, {
    supportedMaxTxOctets: 251,
    supportedMaxTxTime: 2120,
    supportedMaxRxOctets: 251,
    supportedMaxRxTime: 17040,
  }),
  answer("7.8.47", "4000 02 03", connection.LeReadPhy, { connectionHandle: 0x40, txPhy: 2, rxPhy: 3 }),
  answer("7.8.53", "f8", extendedAdvertising.LeSetExtendedAdvertisingParameters, { selectedTxPower: -8 }),
  answer("7.8.57", "7206", extendedAdvertising.LeReadMaximumAdvertisingDataLength, {
    maxAdvertisingDataLength: 1650,
  }),
  answer("7.8.61", "05", periodicAdvertising.LeSetPeriodicAdvertisingParametersV2, { advertisingHandle: 5 }),
  answer("7.8.74", "ec 08", controller.LeReadTransmitPower, { minTxPower: -20, maxTxPower: 8 }),
  answer("7.8.117", "4000 01 fd 08", power.LeEnhancedReadTransmitPowerLevel, {
    connectionHandle: 0x40,
    phy: 1,
    currentTxPowerLevel: -3,
    maxTxPowerLevel: 8,
  }),
];

describe("HCI commands", () => {
  it.each(rows)("%s encodes and decodes (%s)", (_name, _clause, hex, definition, parameters) => {
    const packet = encodeCommand(definition, parameters);
    expect(toHex(packet)).toBe(toHex(fromHex(hex)));
    expect(definition.parameters.decode(packet, 4)).toEqual(parameters);
  });

  it.each(returned)(
    "%s decodes and encodes its return parameters (%s)",
    (_name, _clause, hex, { returns }, value) => {
      expect(returns!.decode(fromHex(hex))).toEqual(value);
      expect(toHex(returns!.encode(value))).toBe(toHex(fromHex(hex)));
    },
  );

  it("wait for their result where Command Status answers (7.1.6 to 7.8.124)", () => {
    const deferred = commands.filter(({ returns }) => !returns).map(({ name }) => name);
    expect(deferred.sort()).toEqual([
      "HCI_Disconnect",
      "HCI_LE_Connection_Update",
      "HCI_LE_Create_Connection",
      "HCI_LE_Enable_Encryption",
      "HCI_LE_Extended_Create_Connection",
      "HCI_LE_Extended_Create_Connection [v2]",
      "HCI_LE_Generate_DHKey",
      "HCI_LE_Generate_DHKey [v2]",
      "HCI_LE_Periodic_Advertising_Create_Sync",
      "HCI_LE_Read_Local_P-256_Public_Key",
      "HCI_LE_Read_Remote_Features",
      "HCI_LE_Read_Remote_Transmit_Power_Level",
      "HCI_LE_Request_Peer_SCA",
      "HCI_LE_Set_PHY",
      "HCI_LE_Subrate_Request",
      "HCI_Read_Remote_Version_Information",
    ]);
  });

  it("ignore return parameters that a later version appends (5.2)", () => {
    expect(controller.LeReadTransmitPower.returns?.decode(fromHex("ec 08 ff"))).toEqual({
      minTxPower: -20,
      maxTxPower: 8,
    });
  });

  it("refuse parameters that are too few or too many", () => {
    expect(() => scanning.LeSetScanEnable.parameters.decode(fromHex("01"))).toThrow(MalformedPduError);
    expect(() => scanning.LeSetScanEnable.parameters.decode(fromHex("010000"))).toThrow(MalformedPduError);
  });
});

describe("HCI_LE_Set_Advertising_Data", () => {
  const { parameters } = advertising.LeSetAdvertisingData;

  it("takes 31 octets and no more (7.8.7)", () => {
    const advertisingData = new Uint8Array(31).fill(7);
    expect(parameters.decode(parameters.encode({ advertisingData }))).toEqual({ advertisingData });
    expect(() => parameters.encode({ advertisingData: new Uint8Array(32) })).toThrow(RangeError);
  });

  it("is malformed where the length is over 31 (7.8.7)", () => {
    const octets = new Uint8Array(32);
    octets[0] = 32;
    expect(() => parameters.decode(octets)).toThrow(MalformedPduError);
  });
});

describe("HCI_LE_Set_Extended_Scan_Parameters", () => {
  const { parameters } = extendedScanning.LeSetExtendedScanParameters;
  const on = (phy: number) => ({ phy, scanType: 1, scanInterval: phy, scanWindow: phy });

  it("puts the PHYs into the order of the mask (7.8.64)", () => {
    const encoded = parameters.encode({
      ownAddressType: 0,
      scanningFilterPolicy: 0,
      scanningPhys: [on(3), on(1)],
    });
    expect(toHex(encoded)).toBe("000005" + "0101000100" + "0103000300");
    expect(parameters.decode(encoded).scanningPhys).toEqual([on(1), on(3)]);
  });

  it.each([[[on(1), on(1)]], [[on(0)]], [[on(9)]]])(
    "refuses PHYs out of range or named twice (7.8.64)",
    (phys) => {
      const value = { ownAddressType: 0, scanningFilterPolicy: 0, scanningPhys: phys };
      expect(() => parameters.encode(value)).toThrow(RangeError);
    },
  );

  it("is malformed where the mask and the number of arrays differ (7.8.64)", () => {
    expect(() => parameters.decode(fromHex("0000 05 0160003000"))).toThrow(MalformedPduError);
    expect(() => parameters.decode(fromHex("0000 01 0160003000 0160003000"))).toThrow(MalformedPduError);
  });
});

describe("the catalogue of commands", () => {
  it("defines each opcode once", () => {
    const opcodes = commands.map(({ opcode }) => opcode);
    expect(new Set(opcodes).size).toBe(opcodes.length);
    expect(opcodes.length).toBeGreaterThan(100);
  });

  it("finds what it has, and nothing for other opcodes", () => {
    for (const definition of commands) expect(commandByOpcode(definition.opcode)).toBe(definition);
    expect(commandByOpcode(0xfc01)).toBeUndefined();
  });

  it.each(commands)("$name has that name in the table of the standard", ({ name, opcode }) => {
    expect(commandName(opcode)).toBe(name);
  });

  it("names commands without a definition, and no others", () => {
    expect(commandName(0x0401)).toBe("HCI_Inquiry");
    expect(commandName(0x2062)).toBe("HCI_LE_Set_CIG_Parameters");
    expect(commandName(0xfc01)).toBeUndefined();
  });

  it("gives no name to two opcodes", () => {
    const names = Object.values(commandNames);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe.each(commands)("$name", ({ parameters, returns }) => {
  it("decodes what it encodes", () => {
    fc.assert(decodesWhatItEncodes(parameters, "exactly"), runs);
    if (returns) fc.assert(decodesWhatItEncodes(returns, "fromTheStart"), runs);
  });

  it("either decodes any octets or finds them malformed, nothing else", () => {
    fc.assert(decodesOrRefuses(parameters), runs);
    if (returns) fc.assert(decodesOrRefuses(returns), runs);
  });
});
