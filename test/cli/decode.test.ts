import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { main } from "../../cli/main.ts";
import { btsnoop, linkLayerPcap, type Written } from "./captures.ts";
import { gathered, type Run, run } from "./run.ts";

const connected: Written = ["←", "04 3e 13 01 00 4000 00 01 010000eeffc0 1800 0000 f401 00"];

/** A bit of everything: command, event, report, connection, ATT, SMP, signalling, a PDU in two fragments. */
const session: readonly Written[] = [
  ["→", "01 030c 00"],
  ["←", "04 0e 04 01 030c 00"],
  ["←", "04 3e 1a 02 01 00 01 010000eeffc0 0e 020106 03030d18 06094a656c6c79 c4"],
  connected,
  ["→", "02 4000 0b00 0700 0400 08 0100ffff0028"],
  ["←", "02 4020 0900 0500 0400 01 08 0100 0a"],
  ["→", "02 4000 0900 0500 0400 12 0300 4869"],
  ["→", "02 4000 0b00 0700 0600 01 03 00 0d 10 07 07"],
  ["←", "02 4020 1000 0c00 0500 12 01 0800 0600 0c00 0000 c800"],
  ["←", "02 4020 0800 0700 0400 1b0e0000"],
  ["←", "02 4010 0300 48f0ff"],
  ["←", "04 05 04 00 4000 13"],
];

const lines = ({ stdout }: Run): string[] => stdout.split("\n").slice(0, -1);
const decode = (octets: Uint8Array, ...options: string[]): Promise<Run> =>
  run(["decode", "-", ...options], octets);

async function objects(octets: Uint8Array, ...options: string[]): Promise<Record<string, unknown>[]> {
  const printed = await decode(octets, "--json", ...options);
  return lines(printed).map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe("jelling decode", () => {
  it("prints a line for each packet", async () => {
    const printed = await decode(btsnoop(...session));
    expect({ ...printed, stdout: "" }).toEqual({ status: 0, stdout: "", stderr: "" });
    expect(printed.stdout).toMatchInlineSnapshot(`
      "     1     0.000000 → hci    HCI_Reset
           2     0.001500 ← hci    HCI_Command_Complete  numHciCommandPackets=1 commandOpcode=HCI_Reset status=Success
           3     0.003000 ← hci    HCI_LE_Advertising_Report  reports=[{eventType=0x00 address=C0:FF:EE:00:00:01/random rssi=-60 dBm advertising={flags=0x06 (general discoverable, no BR/EDR) serviceUuids=[180d (Heart Rate)] localName="Jelly"}}]
           4     0.004500 ← hci    0040  HCI_LE_Connection_Complete  status=Success role=central peerAddress=C0:FF:EE:00:00:01/random connectionInterval=30 ms peripheralLatency=0 supervisionTimeout=5000 ms centralClockAccuracy=0
           5     0.006000 → att    0040 C0:FF:EE:00:00:01/random  ATT_READ_BY_TYPE_REQ  startHandle=0x0001 endHandle=0xffff type=2800 (Primary Service)
           6     0.007500 ← att    0040 C0:FF:EE:00:00:01/random  ATT_ERROR_RSP  requestOpcode=ATT_READ_BY_TYPE_REQ handle=0x0001 error=Attribute Not Found
           7     0.009000 → att    0040 C0:FF:EE:00:00:01/random  ATT_WRITE_REQ  handle=0x0003 value=4869 "Hi"
           8     0.010500 → smp    0040 C0:FF:EE:00:00:01/random  Pairing Request  ioCapability=NoInputNoOutput oobDataFlag=0 authReq=0x0d (Bonding, MITM, SC) maximumEncryptionKeySize=16 initiatorKeyDistribution=0x07 (EncKey, IdKey, SignKey) responderKeyDistribution=0x07 (EncKey, IdKey, SignKey)
           9     0.012000 ← l2cap  0040 C0:FF:EE:00:00:01/random  L2CAP_CONNECTION_PARAMETER_UPDATE_REQ  identifier=1 intervalMin=7.5 ms intervalMax=15 ms latency=0 timeout=2000 ms
          10     0.013500 ← hci    0040 C0:FF:EE:00:00:01/random  HCI ACL Data  packetBoundary=2 length=8  (fragment, 8 of 11 octets)
          11     0.015000 ← att    0040 C0:FF:EE:00:00:01/random  ATT_HANDLE_VALUE_NTF  handle=0x000e value=0048f0ff
          12     0.016500 ← hci    0040 C0:FF:EE:00:00:01/random  HCI_Disconnection_Complete  status=Success reason=Remote User Terminated Connection
      "
    `);
  });

  it("prints the time of day with --absolute", async () => {
    const [, second] = lines(await decode(btsnoop(...session), "--absolute"));
    expect(second).toBe(
      "     2 2026-01-01T00:00:00.001500Z ← hci    HCI_Command_Complete  numHciCommandPackets=1 commandOpcode=HCI_Reset status=Success",
    );
  });

  it("prints one JSON object a line with --json, octets as hex", async () => {
    const printed = await objects(btsnoop(...session));
    expect(printed.map(({ number }) => number)).toEqual(session.map((_, i) => i + 1));
    expect(printed[0]).toEqual({
      number: 1,
      time: 0,
      direction: "hostToController",
      layer: "hci",
      kind: "command",
      name: "HCI_Reset",
      opcode: 0x0c03,
      fields: {},
    });
    expect(printed[2]?.["fields"]).toEqual({
      reports: [
        {
          eventType: 0,
          addressType: 1,
          address: "C0:FF:EE:00:00:01",
          data: "02010603030d1806094a656c6c79",
          rssi: -60,
          advertising: { flags: 6, serviceUuids: ["180d"], localName: "Jelly" },
        },
      ],
    });
    expect(printed[5]?.["fields"]).toEqual({
      requestOpcode: 8,
      requestOpcodeName: "ATT_READ_BY_TYPE_REQ",
      handle: 1,
      error: 10,
      errorName: "Attribute Not Found",
    });
    expect(printed[6]).toEqual({
      number: 7,
      time: 0.009,
      direction: "hostToController",
      handle: 0x40,
      peer: "C0:FF:EE:00:00:01/random",
      layer: "att",
      kind: "pdu",
      opcode: 0x12,
      name: "ATT_WRITE_REQ",
      fields: { handle: 3, value: "4869" },
    });
  });

  it("shows each packet as the highest of the layers named with --layer", async () => {
    const octets = btsnoop(...session);
    const shown = async (...options: string[]): Promise<string[]> =>
      (await objects(octets, ...options)).map(({ number, name }) => `${String(number)} ${String(name)}`);
    expect(await shown("--layer", "smp")).toEqual(["8 Pairing Request"]);
    expect(await shown("--layer", "l2cap,smp")).toEqual([
      "5 L2CAP PDU",
      "6 L2CAP PDU",
      "7 L2CAP PDU",
      "8 Pairing Request",
      "9 L2CAP_CONNECTION_PARAMETER_UPDATE_REQ",
      "11 L2CAP PDU",
    ]);
    expect((await shown("--layer", "hci", "--layer", "ll")).slice(3, 6)).toEqual([
      "4 HCI_LE_Connection_Complete",
      "5 HCI ACL Data",
      "6 HCI ACL Data",
    ]);
  });

  it("counts what is on each layer with --summary", async () => {
    const printed = await decode(btsnoop(...session), "--summary");
    expect(printed.stdout).toMatchInlineSnapshot(`
      "12 packets in 0.016500 s

      hci
             7           HCI ACL Data
             1  0x0c03   HCI_Reset
             1  0x05     HCI_Disconnection_Complete
             1  0x0e     HCI_Command_Complete
             1  0x3e 01  HCI_LE_Connection_Complete
             1  0x3e 02  HCI_LE_Advertising_Report

      l2cap
             5           L2CAP PDU
             1  0x12     L2CAP_CONNECTION_PARAMETER_UPDATE_REQ

      att
             1  0x01     ATT_ERROR_RSP
             1  0x08     ATT_READ_BY_TYPE_REQ
             1  0x12     ATT_WRITE_REQ
             1  0x1b     ATT_HANDLE_VALUE_NTF

      smp
             1  0x01     Pairing Request
      "
    `);
  });

  it("counts in one JSON object with --summary --json, of the layers named", async () => {
    const [summary] = await objects(btsnoop(...session), "--summary", "--layer", "att");
    expect(summary).toEqual({
      packets: 12,
      seconds: 0.0165,
      counts: [
        { layer: "att", kind: "pdu", name: "ATT_ERROR_RSP", opcode: 0x01, count: 1, malformed: 0 },
        { layer: "att", kind: "pdu", name: "ATT_READ_BY_TYPE_REQ", opcode: 0x08, count: 1, malformed: 0 },
        { layer: "att", kind: "pdu", name: "ATT_WRITE_REQ", opcode: 0x12, count: 1, malformed: 0 },
        { layer: "att", kind: "pdu", name: "ATT_HANDLE_VALUE_NTF", opcode: 0x1b, count: 1, malformed: 0 },
      ],
    });
  });

  it("leaves off after 32 octets of a value, unless --full is given", async () => {
    const octets = btsnoop(["→", `02 4000 2f00 2b00 0400 52 0300 ${"00".repeat(40)}`]);
    const [short] = lines(await decode(octets));
    const [full] = lines(await decode(octets, "--full"));
    expect(short).toMatch(/value=(00){32}… \(40 octets\)$/);
    expect(full).toMatch(/value=(00){40}$/);
  });

  it("prints what is malformed with its octets and goes on", async () => {
    const printed = await decode(btsnoop(["→", "02 4000 0700 0300 0400 0a 0300 00"], ["→", "01 030c 00"]));
    expect(printed.status).toBe(0);
    expect(lines(printed)).toEqual([
      "     1     0.000000 → hci    HCI ACL Data  octets=0240000700030004000a030000  MALFORMED: HCI ACL Data: the length does not match in 02 40 00 07 00 03 00 04 00 0a 03 00 00",
      "     2     0.001500 → hci    HCI_Reset",
    ]);
  });

  it("shows vendor commands, unknown events and opcodes by their numbers", async () => {
    const names = await objects(
      btsnoop(
        ["→", "01 53fd 01 aa"],
        ["→", "01 ff03 00"],
        ["←", "04 ff 02 0102"],
        ["←", "04 7e 00"],
        ["←", "04 3e 02 7f 00"],
        ["→", "02 4000 0600 0200 0400 7e 01"],
        ["→", "02 4000 0600 0200 0600 7e 01"],
        ["→", "02 4000 0a00 0600 0500 7e 01 0200 0102"],
        ["→", "09 00"],
      ),
    );
    expect(names.map(({ name, malformed }) => [name, malformed])).toEqual([
      ["Vendor command 0xfd53", undefined],
      ["Unknown command 0x03ff", undefined],
      ["Vendor event", undefined],
      ["Unknown event 0x7e", undefined],
      ["Unknown LE event 0x7f", undefined],
      ["ATT 0x7e", undefined],
      ["SMP 0x7e", undefined],
      ["L2CAP signaling 0x7e", undefined],
      ["HCI packet of unknown type", undefined],
    ]);
  });

  it("tells what the declarations say that a request has asked for (Vol 3, Part G, 3)", async () => {
    const printed = await decode(
      btsnoop(
        ["→", "02 4000 0b00 0700 0400 10 0100 ffff 0028"],
        ["→", "02 4100 0b00 0700 0400 08 0100 ffff 0028"],
        ["←", "02 4020 0c00 0800 0400 11 06 0100 0500 0d18"],
        ["→", "02 4000 0b00 0700 0400 08 0100 ffff 0328"],
        ["←", "02 4020 0d00 0900 0400 09 07 0200 12 0300 372a"],
        ["←", "02 4020 0d00 0900 0400 09 07 0200 12 0300 372a"],
        ["→", "02 4000 0b00 0700 0400 08 0100 ffff 0228"],
        ["←", "02 4020 0e00 0a00 0400 09 08 0200 1000 1200 0f18"],
        ["→", "02 4000 0b00 0700 0400 08 0100 ffff 0328"],
        ["←", "02 4020 0a00 0600 0400 09 04 0500 c108"],
      ),
    );
    expect(printed.stdout).toMatchInlineSnapshot(`
      "     1     0.000000 → att    0040  ATT_READ_BY_GROUP_TYPE_REQ  startHandle=0x0001 endHandle=0xffff type=2800 (Primary Service)
           2     0.001500 → att    0041  ATT_READ_BY_TYPE_REQ  startHandle=0x0001 endHandle=0xffff type=2800 (Primary Service)
           3     0.003000 ← att    0040  ATT_READ_BY_GROUP_TYPE_RSP  entries=[{handle=0x0001 groupEndHandle=0x0005 declares={uuid=180d (Heart Rate)}}]
           4     0.004500 → att    0040  ATT_READ_BY_TYPE_REQ  startHandle=0x0001 endHandle=0xffff type=2803 (Characteristic)
           5     0.006000 ← att    0040  ATT_READ_BY_TYPE_RSP  entries=[{handle=0x0002 declares={properties=["read", "notify"] valueHandle=0x0003 uuid=2a37 (Heart Rate Measurement)}}]
           6     0.007500 ← att    0040  ATT_READ_BY_TYPE_RSP  entries=[{handle=0x0002 value=120300372a}]
           7     0.009000 → att    0040  ATT_READ_BY_TYPE_REQ  startHandle=0x0001 endHandle=0xffff type=2802 (Include)
           8     0.010500 ← att    0040  ATT_READ_BY_TYPE_RSP  entries=[{handle=0x0002 declares={startHandle=0x0010 endHandle=0x0012 uuid=180f (Battery)}}]
           9     0.012000 → att    0040  ATT_READ_BY_TYPE_REQ  startHandle=0x0001 endHandle=0xffff type=2803 (Characteristic)
          10     0.013500 ← att    0040  ATT_READ_BY_TYPE_RSP  entries=[{handle=0x0005 value=c108}]
      "
    `);
  });

  it("tells the type behind a handle that the same server has told before (Vol 3, Part G, 4.6, 4.7)", async () => {
    const printed = await objects(
      btsnoop(
        ["→", "02 4000 0700 0300 0400 0a 0300"],
        ["→", "02 4000 0b00 0700 0400 08 0100 ffff 0328"],
        ["←", "02 4020 0d00 0900 0400 09 07 0200 12 0300 372a"],
        ["→", "02 4000 0900 0500 0400 04 0400 0500"],
        ["←", "02 4020 0e00 0a00 0400 05 01 0400 0229 0500 0129"],
        ["→", "02 4000 0b00 0700 0400 08 0100 ffff 002a"],
        ["←", "02 4020 0a00 0600 0400 09 04 0900 6162"],
        ["→", "02 4000 0700 0300 0400 0a 0300"],
        ["←", "02 4020 0900 0500 0400 01 0a 0300 02"],
        ["←", "02 4020 0900 0500 0400 01 08 0300 0a"],
        ["←", "02 4020 0800 0400 0400 1b 0300 48"],
        ["→", "02 4000 0900 0500 0400 12 0400 0100"],
        ["→", "02 4000 0700 0300 0400 0a 0900"],
        ["→", "02 4000 0700 0300 0400 0a 0200"],
        ["←", "02 4020 0700 0300 0400 0a 0300"],
        ["→", "02 4000 0800 0400 0400 1b 0300 48"],
        ["→", "02 4100 0700 0300 0400 0a 0300"],
      ),
    );
    const types = printed.map(({ name, fields }) => [name, (fields as Record<string, unknown>)["type"]]);
    expect([types[0], ...types.slice(7)]).toEqual([
      ["ATT_READ_REQ", undefined], // it comes before the discovery
      ["ATT_READ_REQ", "2a37"],
      ["ATT_ERROR_RSP", "2a37"],
      ["ATT_ERROR_RSP", undefined], // of a search: the handle is where it began
      ["ATT_HANDLE_VALUE_NTF", "2a37"],
      ["ATT_WRITE_REQ", "2902"],
      ["ATT_READ_REQ", "2a00"],
      ["ATT_READ_REQ", "2803"],
      ["ATT_READ_REQ", undefined], // of the server on the other side
      ["ATT_HANDLE_VALUE_NTF", undefined], // from the server on the other side
      ["ATT_READ_REQ", undefined], // on another connection
    ]);
  });

  it("shows all commands of a BR/EDR signalling frame (Vol 3, Part A, 4)", async () => {
    const printed = await objects(
      btsnoop(["→", "02 4000 1200 0e00 0100 0a 01 0200 0200 06 02 0400 41004000"]),
    );
    expect(printed.map(({ number, name }) => [number, name])).toEqual([
      [1, "L2CAP_INFORMATION_REQ"],
      [1, "L2CAP_DISCONNECTION_REQ"],
    ]);
  });

  it("a command that failed may leave out its return parameters (Vol 4, Part E, 7.7.14)", async () => {
    const [failed] = await objects(btsnoop(["←", "04 0e 04 01 0220 0c"]));
    expect(failed?.["fields"]).toEqual({
      numHciCommandPackets: 1,
      commandOpcode: 0x2002,
      commandOpcodeName: "HCI_LE_Read_Buffer_Size",
      status: 0x0c,
      statusName: "Command Disallowed",
    });
    expect(failed).not.toHaveProperty("malformed");
  });
});

describe("jelling decode of packets that the logger cut", () => {
  it("shows what is there, and what follows is not taken for its rest", async () => {
    const printed = await objects(
      btsnoop(
        ["→", "02 4000 0b00 0700 0400 52 0300 01", 3],
        ["→", "02 4010 0200 0102"],
        ["→", "02 4000 0700 0300 0400 0a 0300"],
        ["→", "01 0820 20 0302", 29],
      ),
    );
    expect(printed.map(({ name, note, malformed }) => ({ name, note, malformed }))).toEqual([
      { name: "ATT_WRITE_CMD", note: "cut by the logger: 13 of 16 octets" },
      { name: "HCI ACL Data", note: "2 octets of a PDU whose start is not in the capture" },
      { name: "ATT_READ_REQ" },
      { name: "HCI_LE_Set_Advertising_Data", note: "cut by the logger: 6 of 35 octets" },
    ]);
  });

  it("a PDU that is left unfinished does not swallow the next", async () => {
    const printed = await objects(
      btsnoop(["→", "02 4000 0700 0900 0400 520300"], ["→", "02 4000 0700 0300 0400 0a 0300"]),
      "--layer",
      "hci,att",
    );
    expect(printed.map(({ name, note }) => ({ name, note }))).toEqual([
      { name: "HCI ACL Data", note: "fragment, 7 of 13 octets" },
      { name: "ATT_READ_REQ", note: "the PDU before it was left at 7 of 13 octets" },
    ]);
  });

  it("a connection that ends takes its unfinished PDU along", async () => {
    const printed = await objects(
      btsnoop(
        ["←", "02 4020 0700 0900 0400 1b0300"],
        ["←", "04 05 04 00 4000 13"],
        ["←", "02 4010 0200 0102"],
      ),
    );
    expect(printed.at(-1)).toMatchObject({ note: "2 octets of a PDU whose start is not in the capture" });
  });
});

describe("jelling decode of link-layer captures", () => {
  const crc = "000000";
  const connect = `d6be898e c522 020000eeffc0 010000eeffc0 78563412 563412 02 0100 1800 0000 f401 ffffffff1f 05 ${crc}`;
  const central = { channel: 9, direction: "centralToPeripheral" } as const;
  const peripheral = { channel: 9, direction: "peripheralToCentral" } as const;

  it("shows advertising, connections, control and data PDUs", async () => {
    const printed = await decode(
      linkLayerPcap(
        [`d6be898e 4014 010000eeffc0 020106 0a094a656c6c696e6720 31 ${crc}`],
        [connect],
        [`78563412 0306 0c 0d 0f00 0100 ${crc}`, central],
        [`78563412 0100 ${crc}`, peripheral],
        [`78563412 0e07 0300 0400 02 1700 ${crc}`, central],
        [`78563412 0e07 0300 0400 02 1700 ${crc}`, central],
        [`d6be898e 4009 010000eeffc0 020106 ${crc}`, { channel: 38, crcValid: false }],
      ),
    );
    expect(printed.stdout).toMatchInlineSnapshot(`
      "     1     0.000000 · ll     ch37  ADV_IND  advertiserAddress=C0:FF:EE:00:00:01/random advertising={flags=0x06 (general discoverable, no BR/EDR) localName="Jelling 1"}
           2     0.001500 · ll     ch37  CONNECT_IND  initiatorAddress=C0:FF:EE:00:00:02/random advertiserAddress=C0:FF:EE:00:00:01/random accessAddress=0x12345678 crcInit=0x123456 windowSize=2.5 ms windowOffset=1.25 ms connectionInterval=30 ms peripheralLatency=0 supervisionTimeout=5000 ms channelMap=ffffffff1f hopAndSleepClockAccuracy=5
           3     0.003000 → ll     ch09  12345678  LL_VERSION_IND  version=13 companyIdentifier=0x000f subversion=1
           4     0.004500 ← ll     ch09  12345678  LL empty PDU  sequence=0 nextExpectedSequence=0 length=0
           5     0.006000 → att    ch09  12345678  ATT_EXCHANGE_MTU_REQ  mtu=23
           6     0.007500 → att    ch09  12345678  ATT_EXCHANGE_MTU_REQ  mtu=23  (sent again)
           7     0.009000 · ll     ch38  LL packet  octets=d6be898e4009010000eeffc0020106000000  (the CRC is wrong)
      "
    `);
  });

  it("puts L2CAP PDUs together, each direction by itself (Vol 6, Part B, 2.4.1)", async () => {
    const printed = await objects(
      linkLayerPcap(
        [`78563412 0205 0600 0400 52 ${crc}`, central],
        [`78563412 0205 0400 0400 1b ${crc}`, peripheral],
        [`78563412 0905 0300 010203 ${crc}`, central],
        [`78563412 0903 0e00 07 ${crc}`, peripheral],
      ),
    );
    expect(printed.map(({ name, fields, note }) => ({ name, fields, note })).slice(2)).toEqual([
      { name: "ATT_WRITE_CMD", fields: { handle: 3, value: "010203" } },
      { name: "ATT_HANDLE_VALUE_NTF", fields: { handle: 14, value: "07" } },
    ]);
  });

  it("does not add a fragment twice that was sent again (Vol 6, Part B, 4.5.9)", async () => {
    const printed = await objects(
      linkLayerPcap(
        [`78563412 0205 0600 0400 52 ${crc}`, central],
        [`78563412 0902 0300 ${crc}`, central],
        [`78563412 0d02 0300 ${crc}`, central],
        [`78563412 0103 010203 ${crc}`, central],
      ),
    );
    expect(printed[2]).toMatchObject({ name: "LL Data PDU", note: "sent again" });
    expect(printed[3]).toMatchObject({ name: "ATT_WRITE_CMD", fields: { value: "010203" } });
  });

  it("without directions, an answer in between does not disturb a PDU in fragments", async () => {
    const printed = await objects(
      linkLayerPcap(
        [`78563412 0205 0600 0400 52 ${crc}`],
        [`78563412 0205 0100 0400 13 ${crc}`],
        [`78563412 0905 0300 010203 ${crc}`],
      ),
    );
    expect(printed.map(({ name }) => name)).toEqual(["LL Data PDU", "ATT_WRITE_RSP", "ATT_WRITE_CMD"]);
  });

  it("shows as encrypted what follows LL_START_ENC_REQ, until the next connection (Vol 6, Part B, 5.1.3.1)", async () => {
    const secret = `78563412 0e07 0300 0400 02 1700 ${crc}`;
    const printed = await objects(
      linkLayerPcap(
        [`78563412 0301 05 ${crc}`, peripheral],
        [`78563412 0301 05 ${crc}`, peripheral],
        [secret, central],
        [secret.replace("0e07", "0607"), { ...central, decrypted: true }],
        [connect],
        [secret, central],
      ),
    );
    expect(printed.map(({ name, note }) => ({ name, note }))).toEqual([
      { name: "LL_START_ENC_REQ" },
      { name: "LL_START_ENC_REQ", note: "sent again" },
      { name: "LL Data PDU", note: "encrypted" },
      { name: "ATT_EXCHANGE_MTU_REQ" },
      { name: "CONNECT_IND" },
      { name: "ATT_EXCHANGE_MTU_REQ" },
    ]);
  });

  it("reads the extended header (Vol 6, Part B, 2.3.4)", async () => {
    const [printed] = await objects(
      linkLayerPcap([`d6be898e 4711 0d 59 010000eeffc0 2130 8b1440 fb 020106 ${crc}`, { channel: 3 }]),
    );
    expect(printed).toMatchObject({
      name: "AUX_ADV_IND, AUX_SCAN_RSP, AUX_SYNC_IND or AUX_CHAIN_IND",
      fields: {
        advertisingMode: 0,
        advertiserAddressType: 1,
        advertiserAddress: "C0:FF:EE:00:00:01",
        advertisingDid: 0x021,
        advertisingSid: 3,
        auxPointer: { channel: 11, offsetMicroseconds: 6000, phy: 3 },
        txPower: -5,
        data: "020106",
        advertising: { flags: 6 },
      },
    });
  });

  it("a header that claims more than there is is malformed, unless the logger cut the packet", async () => {
    const whole = linkLayerPcap([`78563412 0e07 0300`, central]);
    const cut = whole.slice();
    new DataView(cut.buffer).setUint32(24 + 12, 100, true);
    const [malformed] = await objects(whole);
    const [noted] = await objects(cut);
    expect(malformed).toMatchObject({ name: "LL packet", malformed: "8 octets, announced 16" });
    expect(noted).toMatchObject({ name: "LL packet", note: "cut by the logger: 8 of 90 octets" });
    expect(noted).not.toHaveProperty("malformed");
  });
});

describe("jelling decode and its surroundings", () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "jelling-"));
  });

  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it("reads a file as it reads standard input", async () => {
    const path = join(folder, "session.btsnoop");
    writeFileSync(path, btsnoop(...session));
    expect(await run(["decode", path])).toEqual(await decode(btsnoop(...session)));
  });

  it("prints what is in front of the damage of a file that is cut short, then where that is", async () => {
    const path = join(folder, "cut.btsnoop");
    const whole = btsnoop(...session);
    writeFileSync(path, whole.subarray(0, 16 + 24 + 4 + 24 + 3));
    const printed = await run(["decode", path]);
    expect(printed).toEqual({
      status: 1,
      stdout: "     1     0.000000 → hci    HCI_Reset\n",
      stderr: `jelling decode: ${path}: btsnoop, octet 44: record 2 has 7 octets, but the file ends after 3\n`,
    });
    const counted = await run(["decode", path, "--summary"]);
    expect({ ...counted, stdout: counted.stdout.split("\n")[0] }).toEqual({
      ...printed,
      stdout: "1 packets in 0.000000 s",
    });
  });

  it("says of a file of another kind how it begins", async () => {
    const { status, stdout, stderr } = await decode(Uint8Array.from(Buffer.from("hello, world")));
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toBe(
      "jelling decode: not a capture: standard input: the file begins with 68 65 6c 6c 6f 2c 20 77; btsnoop, pcap and pcapng can be read\n",
    );
  });

  it("says what the operating system has against a file", async () => {
    const path = join(folder, "absent");
    const { status, stderr } = await run(["decode", path]);
    expect(status).toBe(1);
    expect(stderr).toBe(`jelling decode: ${path}: there is no such file\n`);
  });

  it("names a folder that is given for a file", async () => {
    const { status, stderr } = await run(["decode", folder]);
    expect(status).toBe(1);
    expect(stderr).toBe(`jelling decode: ${folder} is a folder, not a capture\n`);
  });

  it.each([
    [[], 'which FILE? ("-" is the standard input)'],
    [["a", "b"], "one FILE at a time, not also b"],
    [["a", "--jsn"], "Unknown option '--jsn'"],
    [["a", "--layer"], "Option '--layer <value>' argument missing"],
    [["a", "--layer", "gatt"], 'there is no layer "gatt"; there are ll, hci, l2cap, att, smp'],
  ])("%j is refused with status 2", async (args, why) => {
    expect(await run(["decode", ...args])).toEqual({
      status: 2,
      stdout: "",
      stderr: `jelling decode: ${why}\nTry "jelling decode --help".\n`,
    });
  });

  it("--help names every option and exit status", async () => {
    const { status, stdout } = await run(["decode", "--help"]);
    expect(status).toBe(0);
    for (const word of [
      "--json",
      "--summary",
      "--layer",
      "--absolute",
      "--full",
      "--help",
      "\n  0 ",
      "\n  1 ",
      "\n  2 ",
    ])
      expect(stdout).toContain(word);
    for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
  });

  it("ends quietly when the reader has gone away", async () => {
    let writes = 0;
    const stdout = new Writable({
      write(_chunk, _encoding, done) {
        writes++;
        done(Object.assign(new Error("write EPIPE"), { code: "EPIPE", syscall: "write" }));
      },
    });
    const stderr = gathered();
    const octets = btsnoop(...Array.from({ length: 5000 }, () => session[0]!));
    const status = await main(["decode", "-"], {
      stdin: Readable.from([octets]),
      stdout,
      stderr: stderr.stream,
    });
    expect({ status, writes, stderr: stderr.text() }).toEqual({ status: 0, writes: 1, stderr: "" });
  });

  it("tells that the output cannot be written", async () => {
    const stdout = new Writable({
      write(_chunk, _encoding, done) {
        done(
          Object.assign(new Error("ENOSPC: no space left on device, write"), {
            code: "ENOSPC",
            syscall: "write",
          }),
        );
      },
    });
    const stderr = gathered();
    const stdin = Readable.from([btsnoop(...session)]);
    const status = await main(["decode", "-"], { stdin, stdout, stderr: stderr.stream });
    expect({ status, stderr: stderr.text() }).toEqual({
      status: 1,
      stderr: "jelling decode: ENOSPC: no space left on device, write\n",
    });
  });

  it("does not run ahead of a slow reader", async () => {
    let waiting = 0;
    let most = 0;
    const stdout = new Writable({
      write(chunk: Buffer, _encoding, done) {
        waiting += chunk.length;
        most = Math.max(most, waiting + stdout.writableLength);
        setImmediate(() => {
          waiting -= chunk.length;
          done();
        });
      },
    });
    const octets = btsnoop(...Array.from({ length: 5000 }, () => session[0]!));
    await main(["decode", "-"], { stdin: Readable.from([octets]), stdout, stderr: gathered().stream });
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThan(0x10000);
  });
});
