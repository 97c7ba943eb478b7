import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../src/common/bytes.ts";
import { MalformedPduError } from "../../src/common/errors.ts";
import { encodeEvent, type Event, leMetaEventCode } from "../../src/hci/event.ts";
import * as flow from "../../src/hci/events/flow.ts";
import * as advertising from "../../src/hci/events/le-advertising.ts";
import * as connection from "../../src/hci/events/le-connection.ts";
import * as periodicAdvertising from "../../src/hci/events/le-periodic-advertising.ts";
import * as power from "../../src/hci/events/le-power.ts";
import * as security from "../../src/hci/events/le-security.ts";
import * as link from "../../src/hci/events/link.ts";
import { eventName, eventNames, leEventNames } from "../../src/hci/events/names.ts";
import { eventByCode, events } from "../../src/hci/events/registry.ts";
import { runs } from "../support/runs.ts";
import { decodesOrRefuses, decodesWhatItEncodes } from "./struct-properties.ts";

type Row = readonly [name: string, clause: string, hex: string, event: Event<unknown>, parameters: unknown];

/** Ties the parameters of a row to the type that its event has. */
function row<T>(clause: string, hex: string, event: Event<T>, parameters: NoInfer<T>): Row {
  return [event.name, clause, hex, event, parameters];
}

const x = "e69d350e480103ccdbfdf4ac1191f4efb9a5f9e9a7832c5e2cbe97f2d203b020";
const y = "8bd28915d08e1c742430ed8fc24563765c15525abf9a32636deb2a65499c80dc";

const connected = {
  status: 0,
  connectionHandle: 0x40,
  role: 1,
  peerAddressType: 1,
  peerAddress: 0xc0ffee000006,
  connectionInterval: 0x18,
  peripheralLatency: 4,
  supervisionTimeout: 200,
  centralClockAccuracy: 5,
};
const privateAddresses = {
  localResolvablePrivateAddress: 0x4102030405a1,
  peerResolvablePrivateAddress: 0x5102030405a2,
};
const syncEstablished = {
  status: 0,
  syncHandle: 1,
  advertisingSid: 10,
  advertiserAddressType: 1,
  advertiserAddress: 0xc0ffee000006,
  advertiserPhy: 2,
  periodicAdvertisingInterval: 0x50,
  advertiserClockAccuracy: 7,
};
const responseTiming = { numSubevents: 4, subeventInterval: 6, responseSlotDelay: 3, responseSlotSpacing: 2 };

const rows: readonly Row[] = [
  row("7.7.5", "04 05 04 00 4000 13", link.DisconnectionComplete, {
    status: 0,
    connectionHandle: 0x40,
    reason: 0x13,
  }),
  row("7.7.8", "04 08 04 00 4000 01", link.EncryptionChange, {
    status: 0,
    connectionHandle: 0x40,
    encryptionEnabled: 1,
  }),
  row("7.7.8", "04 59 05 00 4000 01 10", link.EncryptionChangeV2, {
    status: 0,
    connectionHandle: 0x40,
    encryptionEnabled: 1,
    encryptionKeySize: 16,
  }),
  row("7.7.12", "04 0c 08 00 4000 0d f105 7856", link.ReadRemoteVersionInformationComplete, {
    status: 0,
    connectionHandle: 0x40,
    version: 13,
    companyIdentifier: 0x05f1,
    subversion: 0x5678,
  }),
  row("7.7.14", "04 0e 04 01 030c 00", flow.CommandComplete, {
    numHciCommandPackets: 1,
    commandOpcode: 0x0c03,
    returnParameters: Uint8Array.of(0),
  }),
  row("7.7.15", "04 0f 04 00 02 0d20", flow.CommandStatus, {
    status: 0,
    numHciCommandPackets: 2,
    commandOpcode: 0x200d,
  }),
  row("7.7.16", "04 10 01 42", flow.HardwareError, { hardwareCode: 0x42 }),
  row("7.7.19", "04 13 09 02 4000 0100 4100 0300", flow.NumberOfCompletedPackets, {
    handles: [
      { connectionHandle: 0x40, numCompletedPackets: 1 },
      { connectionHandle: 0x41, numCompletedPackets: 3 },
    ],
  }),
  row("7.7.26", "04 1a 01 01", flow.DataBufferOverflow, { linkType: 1 }),
  row("7.7.39", "04 30 03 00 4000", link.EncryptionKeyRefreshComplete, { status: 0, connectionHandle: 0x40 }),
  row("7.7.75", "04 57 02 4000", link.AuthenticatedPayloadTimeoutExpired, { connectionHandle: 0x40 }),
  row(
    "7.7.65.1",
    "04 3e 13 01 00 4000 01 01 060000eeffc0 1800 0400 c800 05",
    connection.LeConnectionComplete,
    connected,
  ),
  row(
    "7.7.65.2, arrays interleaved as in 5.2",
    "04 3e 19 02 02 00 01 060000eeffc0 03 020106 c4 04 00 5634129a7800 00 7f",
    advertising.LeAdvertisingReport,
    {
      reports: [
        { eventType: 0, addressType: 1, address: 0xc0ffee000006, data: fromHex("020106"), rssi: -60 },
        { eventType: 4, addressType: 0, address: 0x00789a123456, data: new Uint8Array(0), rssi: 127 },
      ],
    },
  ),
  row("7.7.65.3", "04 3e 0a 03 00 4000 0c00 0000 c800", connection.LeConnectionUpdateComplete, {
    status: 0,
    connectionHandle: 0x40,
    connectionInterval: 12,
    peripheralLatency: 0,
    supervisionTimeout: 200,
  }),
  row("7.7.65.4", "04 3e 0c 04 00 4000 ff01000000000080", connection.LeReadRemoteFeaturesComplete, {
    status: 0,
    connectionHandle: 0x40,
    features: fromHex("ff01000000000080"),
  }),
  row("7.7.65.5", "04 3e 0d 05 4000 0807060504030201 3412", security.LeLongTermKeyRequest, {
    connectionHandle: 0x40,
    randomNumber: fromHex("0807060504030201"),
    encryptedDiversifier: 0x1234,
  }),
  row("7.7.65.6", "04 3e 0b 06 4000 0600 0c00 0400 c800", connection.LeRemoteConnectionParameterRequest, {
    connectionHandle: 0x40,
    intervalMin: 6,
    intervalMax: 12,
    maxLatency: 4,
    timeout: 200,
  }),
  row("7.7.65.7", "04 3e 0b 07 4000 fb00 4808 1b00 4801", connection.LeDataLengthChange, {
    connectionHandle: 0x40,
    maxTxOctets: 251,
    maxTxTime: 2120,
    maxRxOctets: 27,
    maxRxTime: 328,
  }),
  row("7.7.65.8", `04 3e 42 08 00 ${x} ${y}`, security.LeReadLocalP256PublicKeyComplete, {
    status: 0,
    keyXCoordinate: fromHex(x),
    keyYCoordinate: fromHex(y),
  }),
  row("7.7.65.9", `04 3e 22 09 00 ${x}`, security.LeGenerateDhKeyComplete, { status: 0, dhKey: fromHex(x) }),
  row(
    "7.7.65.10",
    "04 3e 1f 0a 00 4000 01 01 060000eeffc0 a10504030241 a20504030251 1800 0400 c800 05",
    connection.LeEnhancedConnectionComplete,
    { ...connected, ...privateAddresses },
  ),
  row(
    "7.7.65.10",
    "04 3e 22 29 00 4000 01 01 060000eeffc0 a10504030241 a20504030251 1800 0400 c800 05 ff 0100",
    connection.LeEnhancedConnectionCompleteV2,
    { ...connected, ...privateAddresses, advertisingHandle: 0xff, syncHandle: 1 },
  ),
  row(
    "7.7.65.11",
    "04 3e 12 0b 01 01 01 060000eeffc0 01 a10504030241 c4",
    advertising.LeDirectedAdvertisingReport,
    {
      reports: [
        {
          eventType: 1,
          addressType: 1,
          address: 0xc0ffee000006,
          directAddressType: 1,
          directAddress: 0x4102030405a1,
          rssi: -60,
        },
      ],
    },
  ),
  row("7.7.65.12", "04 3e 06 0c 00 4000 02 03", connection.LePhyUpdateComplete, {
    status: 0,
    connectionHandle: 0x40,
    txPhy: 2,
    rxPhy: 3,
  }),
  row(
    "7.7.65.13",
    "04 3e 1d 0d 01 1300 01 060000eeffc0 01 00 ff 7f c4 0000 00 000000000000 03 020106",
    advertising.LeExtendedAdvertisingReport,
    {
      reports: [
        {
          eventType: 0x13,
          addressType: 1,
          address: 0xc0ffee000006,
          primaryPhy: 1,
          secondaryPhy: 0,
          advertisingSid: 0xff,
          txPower: 127,
          rssi: -60,
          periodicAdvertisingInterval: 0,
          directAddressType: 0,
          directAddress: 0,
          data: fromHex("020106"),
        },
      ],
    },
  ),
  row(
    "7.7.65.14",
    "04 3e 10 0e 00 0100 0a 01 060000eeffc0 02 5000 07",
    periodicAdvertising.LePeriodicAdvertisingSyncEstablished,
    syncEstablished,
  ),
  row(
    "7.7.65.14",
    "04 3e 14 24 00 0100 0a 01 060000eeffc0 02 5000 07 04 06 03 02",
    periodicAdvertising.LePeriodicAdvertisingSyncEstablishedV2,
    { ...syncEstablished, ...responseTiming },
  ),
  row("7.7.65.15", "04 3e 0a 0f 0100 7f c4 ff 00 02 aabb", periodicAdvertising.LePeriodicAdvertisingReport, {
    syncHandle: 1,
    txPower: 127,
    rssi: -60,
    cteType: 0xff,
    dataStatus: 0,
    data: fromHex("aabb"),
  }),
  row(
    "7.7.65.15",
    "04 3e 0d 25 0100 7f c4 ff 3412 02 00 02 aabb",
    periodicAdvertising.LePeriodicAdvertisingReportV2,
    {
      syncHandle: 1,
      txPower: 127,
      rssi: -60,
      cteType: 0xff,
      periodicEventCounter: 0x1234,
      subevent: 2,
      dataStatus: 0,
      data: fromHex("aabb"),
    },
  ),
  row("7.7.65.17", "04 3e 01 11", advertising.LeScanTimeout, {}),
  row("7.7.65.18", "04 3e 06 12 00 01 4000 05", advertising.LeAdvertisingSetTerminated, {
    status: 0,
    advertisingHandle: 1,
    connectionHandle: 0x40,
    numCompletedExtendedAdvertisingEvents: 5,
  }),
  row("7.7.65.19", "04 3e 09 13 01 01 060000eeffc0", advertising.LeScanRequestReceived, {
    advertisingHandle: 1,
    scannerAddressType: 1,
    scannerAddress: 0xc0ffee000006,
  }),
  row("7.7.65.20", "04 3e 04 14 4000 01", connection.LeChannelSelectionAlgorithm, {
    connectionHandle: 0x40,
    channelSelectionAlgorithm: 1,
  }),
  row(
    "7.7.65.24",
    "04 3e 14 18 00 4000 3412 0100 0a 01 060000eeffc0 02 5000 07",
    periodicAdvertising.LePeriodicAdvertisingSyncTransferReceived,
    { ...syncEstablished, connectionHandle: 0x40, serviceData: 0x1234 },
  ),
  row(
    "7.7.65.24",
    "04 3e 18 26 00 4000 3412 0100 0a 01 060000eeffc0 02 5000 07 04 06 03 02",
    periodicAdvertising.LePeriodicAdvertisingSyncTransferReceivedV2,
    { ...syncEstablished, connectionHandle: 0x40, serviceData: 0x1234, ...responseTiming },
  ),
  row("7.7.65.32", "04 3e 05 20 4000 50 02", power.LePathLossThreshold, {
    connectionHandle: 0x40,
    currentPathLoss: 80,
    zoneEntered: 2,
  }),
  row("7.7.65.33", "04 3e 09 21 00 4000 01 02 fc 01 fe", power.LeTransmitPowerReporting, {
    status: 0,
    connectionHandle: 0x40,
    reason: 1,
    phy: 2,
    txPowerLevel: -4,
    txPowerLevelFlag: 1,
    delta: -2,
  }),
  row("7.7.65.35", "04 3e 0c 23 00 4000 0400 0100 0200 c800", connection.LeSubrateChange, {
    status: 0,
    connectionHandle: 0x40,
    subrateFactor: 4,
    peripheralLatency: 1,
    continuationNumber: 2,
    supervisionTimeout: 200,
  }),
  row("7.7.65.36", "04 3e 04 27 01 03 02", periodicAdvertising.LePeriodicAdvertisingSubeventDataRequest, {
    advertisingHandle: 1,
    subeventStart: 3,
    subeventDataCount: 2,
  }),
  row(
    "7.7.65.37",
    "04 3e 12 28 01 03 00 02 7f c4 ff 00 00 01 aa 7f 7f ff 01 ff 00",
    periodicAdvertising.LePeriodicAdvertisingResponseReport,
    {
      advertisingHandle: 1,
      subevent: 3,
      txStatus: 0,
      responses: [
        { txPower: 127, rssi: -60, cteType: 0xff, responseSlot: 0, dataStatus: 0, data: Uint8Array.of(0xaa) },
        {
          txPower: 127,
          rssi: 127,
          cteType: 0xff,
          responseSlot: 1,
          dataStatus: 0xff,
          data: new Uint8Array(0),
        },
      ],
    },
  ),
];

describe("HCI events", () => {
  it.each(rows)("%s encodes and decodes (%s)", (_name, _clause, hex, definition, parameters) => {
    const packet = encodeEvent(definition, parameters);
    expect(toHex(packet)).toBe(toHex(fromHex(hex)));
    expect(definition.parameters.decode(packet, definition.subevent === undefined ? 3 : 4)).toEqual(
      parameters,
    );
  });

  it("ignore parameters that a later version appends (5.2)", () => {
    expect(connection.LePhyUpdateComplete.parameters.decode(fromHex("00 4000 02 03 ff"))).toEqual({
      status: 0,
      connectionHandle: 0x40,
      txPhy: 2,
      rxPhy: 3,
    });
  });

  it.each([
    ["a report without its end", advertising.LeAdvertisingReport, "01 00 01 060000eeffc0 03 0201"],
    ["fewer reports than announced", advertising.LeAdvertisingReport, "02 00 01 060000eeffc0 00 c4"],
    ["a number of handles without them", flow.NumberOfCompletedPackets, "01 4000 01"],
    ["nothing at all", flow.CommandStatus, ""],
  ])("are malformed with %s", (_what, definition: Event<unknown>, hex) => {
    expect(() => definition.parameters.decode(fromHex(hex))).toThrow(MalformedPduError);
  });
});

describe("the catalogue of events", () => {
  it("defines each code once", () => {
    const codes = events.map(({ code, subevent }) => `${code} ${subevent ?? ""}`);
    expect(new Set(codes).size).toBe(codes.length);
    expect(codes.length).toBeGreaterThan(40);
  });

  it("has every LE event but those of isochronous channels and direction finding (7.7.65)", () => {
    const missing = Object.keys(leEventNames).filter((code) => !eventByCode(leMetaEventCode, Number(code)));
    expect(missing.map((code) => eventName(leMetaEventCode, Number(code)))).toEqual([
      "HCI_LE_Connectionless_IQ_Report",
      "HCI_LE_Connection_IQ_Report",
      "HCI_LE_CTE_Request_Failed",
      "HCI_LE_CIS_Established",
      "HCI_LE_CIS_Request",
      "HCI_LE_Create_BIG_Complete",
      "HCI_LE_Terminate_BIG_Complete",
      "HCI_LE_BIG_Sync_Established",
      "HCI_LE_BIG_Sync_Lost",
      "HCI_LE_BIGInfo_Advertising_Report",
    ]);
  });

  it("finds what it has, and nothing for other codes", () => {
    for (const definition of events)
      expect(eventByCode(definition.code, definition.subevent)).toBe(definition);
    expect(eventByCode(0xff)).toBeUndefined();
    expect(eventByCode(leMetaEventCode)).toBeUndefined();
    expect(eventByCode(leMetaEventCode, 0xfe)).toBeUndefined();
  });

  it.each(events)("$name has that name in the table of the standard", ({ name, code, subevent }) => {
    expect(eventName(code, subevent)).toBe(name);
  });

  it("names events without a definition, and no others", () => {
    expect(eventName(0x03)).toBe("HCI_Connection_Complete");
    expect(eventName(leMetaEventCode)).toBe("HCI_LE_Meta");
    expect(eventName(leMetaEventCode, 0x19)).toBe("HCI_LE_CIS_Established");
    expect(eventName(leMetaEventCode, 0xfe)).toBeUndefined();
    expect(eventName(0xff)).toBeUndefined();
  });

  it("gives no name to two codes", () => {
    const names = [...Object.values(eventNames), ...Object.values(leEventNames)];
    expect(new Set(names).size).toBe(names.length);
  });
});

describe.each(events)("$name", ({ parameters }) => {
  it("decodes what it encodes", () => {
    fc.assert(decodesWhatItEncodes(parameters, "fromTheStart"), runs);
  });

  it("either decodes any octets or finds them malformed, nothing else", () => {
    fc.assert(decodesOrRefuses(parameters), runs);
  });
});
