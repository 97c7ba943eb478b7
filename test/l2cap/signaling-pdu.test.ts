import { existsSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../src/common/bytes.ts";
import { MalformedPduError } from "../../src/common/errors.ts";
import * as l2cap from "../../src/l2cap/signaling-pdu.ts";
import * as registry from "../../src/l2cap/signaling-registry.ts";
import { codecs, decodedUnlessMalformed, reencodes, roundTrips } from "../../testing/index.ts";
import { runs } from "../support/runs.ts";

type Command<T> = l2cap.SignalingCommand<T>;
type Row<T> = readonly [title: string, command: Command<T>, hex: string, value: T];
const row = <T>(title: string, command: Command<T>, hex: string, value: T): Row<unknown> => [
  title,
  command,
  hex,
  value,
];

const table: readonly Row<unknown>[] = [
  row("L2CAP_COMMAND_REJECT_RSP, not understood (4.1)", l2cap.CommandReject, "0000", {
    reason: l2cap.RejectReason.CommandNotUnderstood,
    data: fromHex(""),
  }),
  row("L2CAP_COMMAND_REJECT_RSP, invalid CID (4.1)", l2cap.CommandReject, "0200 7f00 4100", {
    reason: l2cap.RejectReason.InvalidCidInRequest,
    data: fromHex("7f004100"),
  }),
  row("L2CAP_DISCONNECTION_REQ (4.6)", l2cap.DisconnectionRequest, "4000 4100", {
    destinationCid: 0x40,
    sourceCid: 0x41,
  }),
  row("L2CAP_DISCONNECTION_RSP (4.7)", l2cap.DisconnectionResponse, "4000 4100", {
    destinationCid: 0x40,
    sourceCid: 0x41,
  }),
  row(
    "L2CAP_CONNECTION_PARAMETER_UPDATE_REQ (4.20)",
    l2cap.ConnectionParameterUpdateRequest,
    "0600 800c f301 0a00",
    {
      intervalMin: 6,
      intervalMax: 3200,
      latency: 499,
      timeout: 10,
    },
  ),
  row("L2CAP_CONNECTION_PARAMETER_UPDATE_RSP (4.21)", l2cap.ConnectionParameterUpdateResponse, "0100", {
    result: l2cap.ConnectionParametersResult.Rejected,
  }),
  row(
    "L2CAP_LE_CREDIT_BASED_CONNECTION_REQ (4.22)",
    l2cap.LeCreditBasedConnectionRequest,
    "8000 4100 0002 f700 0a00",
    { spsm: 0x80, sourceCid: 0x41, mtu: 512, mps: 247, initialCredits: 10 },
  ),
  row(
    "L2CAP_LE_CREDIT_BASED_CONNECTION_RSP (4.23)",
    l2cap.LeCreditBasedConnectionResponse,
    "4000 a002 bc00 0400 0a00",
    {
      destinationCid: 0x40,
      mtu: 672,
      mps: 188,
      initialCredits: 4,
      result: l2cap.ConnectionResult.SourceCidAlreadyAllocated,
    },
  ),
  row("L2CAP_FLOW_CONTROL_CREDIT_IND (4.24)", l2cap.FlowControlCreditIndication, "4100 ffff", {
    cid: 0x41,
    credits: 65535,
  }),
  row(
    "L2CAP_CREDIT_BASED_CONNECTION_REQ, five channels (4.25)",
    l2cap.CreditBasedConnectionRequest,
    "2700 4000 4100 0500 4000 4100 4200 4300 4400",
    { spsm: 0x27, mtu: 0x40, mps: 0x41, initialCredits: 5, sourceCids: [0x40, 0x41, 0x42, 0x43, 0x44] },
  ),
  row(
    "L2CAP_CREDIT_BASED_CONNECTION_RSP, one refused (4.26)",
    l2cap.CreditBasedConnectionResponse,
    "a002 bc00 0400 0400 4000 0000",
    {
      mtu: 672,
      mps: 188,
      initialCredits: 4,
      result: l2cap.ConnectionResult.NoResources,
      destinationCids: [0x40, 0x00],
    },
  ),
  row(
    "L2CAP_CREDIT_BASED_CONNECTION_RSP, without CIDs (4.26)",
    l2cap.CreditBasedConnectionResponse,
    "a002 bc00 0400 0600",
    {
      mtu: 672,
      mps: 188,
      initialCredits: 4,
      result: l2cap.ConnectionResult.InsufficientAuthorization,
      destinationCids: [],
    },
  ),
  row(
    "L2CAP_CREDIT_BASED_RECONFIGURE_REQ (4.27)",
    l2cap.CreditBasedReconfigureRequest,
    "0002 4000 4100 4200",
    {
      mtu: 512,
      mps: 64,
      destinationCids: [0x41, 0x42],
    },
  ),
  row("L2CAP_CREDIT_BASED_RECONFIGURE_RSP (4.28)", l2cap.CreditBasedReconfigureResponse, "0300", {
    result: l2cap.ReconfigureResult.InvalidDestinationCid,
  }),
];

describe("L2CAP signalling commands, as Vol 3, Part A, 4 lays them out", () => {
  it.each(table)("%s decodes to its fields", (_, command, hex, value) => {
    expect(command.decode(fromHex(hex))).toEqual(value);
  });

  it.each(table)("%s encodes to its octets", (_, command, hex, value) => {
    expect(toHex(command.encode(value))).toBe(toHex(fromHex(hex)));
  });

  it("are all in the table above, each under a code and a name of its own", () => {
    expect(new Set(table.map(([, command]) => command))).toEqual(new Set(registry.signalingCommands));
    for (const command of registry.signalingCommands) {
      expect(registry.signalingCommandByCode(command.code)).toBe(command);
      expect(registry.signalingName(command.code)).toBe(command.name);
    }
    expect(registry.signalingCommandByCode(l2cap.SignalingCode.EchoRequest)).toBeUndefined();
  });

  it.each([
    ["half a reason", l2cap.CommandReject, "00"],
    ["one CID", l2cap.DisconnectionRequest, "4000"],
    ["an octet too many", l2cap.DisconnectionResponse, "4000 4100 00"],
    ["parameters without time-out", l2cap.ConnectionParameterUpdateRequest, "0600 0600 0000"],
    ["no result", l2cap.ConnectionParameterUpdateResponse, ""],
    ["no credits", l2cap.LeCreditBasedConnectionRequest, "8000 4100 0002 f700"],
    ["half a result", l2cap.LeCreditBasedConnectionResponse, "4000 a002 bc00 0400 0a"],
    ["half a CID", l2cap.CreditBasedConnectionRequest, "2700 4000 4100 0500 40"],
    ["no result", l2cap.CreditBasedConnectionResponse, "a002 bc00 0400"],
    ["half a CID behind a whole one", l2cap.CreditBasedReconfigureRequest, "0002 4000 4100 42"],
  ] as const)("with %s are malformed: %o", (_, command, hex) => {
    expect(() => command.decode(fromHex(hex))).toThrow(MalformedPduError);
  });

  it("cannot be sent with numbers beyond their field: RangeError", () => {
    expect(() => l2cap.FlowControlCreditIndication.encode({ cid: 0x41, credits: 0x1_0000 })).toThrow(
      RangeError,
    );
    expect(() => l2cap.DisconnectionRequest.encode({ destinationCid: -1, sourceCid: 0x40 })).toThrow(
      RangeError,
    );
  });
});

describe("the frame of a signalling command (Vol 3, Part A, 4)", () => {
  it("is code, identifier, Data Length and data", () => {
    expect(l2cap.decodeSignaling(fromHex("16 05 0400 41000100"))).toEqual({
      code: l2cap.SignalingCode.FlowControlCreditIndication,
      identifier: 5,
      data: fromHex("41000100"),
    });
    expect(toHex(l2cap.encodeSignaling(0x16, 5, fromHex("41000100")))).toBe("1605040041000100");
    expect(l2cap.decodeSignaling(fromHex("08 01 0000"))).toEqual({
      code: 0x08,
      identifier: 1,
      data: fromHex(""),
    });
  });

  it.each([
    ["nothing", ""],
    ["three octets of header", "16 05 04"],
    ["less data than announced", "16 05 0400 410001"],
    ["more data than announced", "16 05 0400 4100010000"],
    ["a second command behind the first, as BR/EDR allows", "08 01 0000 08 02 0000"],
  ])("is malformed with %s", (_, hex) => {
    expect(() => l2cap.decodeSignaling(fromHex(hex))).toThrow(MalformedPduError);
  });

  it("decodes what it encodes, for any code, known or not", () => {
    const u8 = fc.integer({ min: 0, max: 0xff });
    fc.assert(
      fc.property(u8, u8, fc.uint8Array({ maxLength: 300 }), (code, identifier, data) => {
        expect(l2cap.decodeSignaling(l2cap.encodeSignaling(code, identifier, data))).toEqual({
          code,
          identifier,
          data,
        });
      }),
      runs,
    );
  });

  it("decodes from any octets, or they are malformed, nothing else", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 16 }), (octets) => {
        try {
          const { code, identifier, data } = l2cap.decodeSignaling(octets);
          expect(toHex(l2cap.encodeSignaling(code, identifier, data))).toBe(toHex(octets));
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedPduError);
        }
      }),
      runs,
    );
  });

  it("answers another where its name ends in RSP, and in no other case", () => {
    for (let code = 0; code <= 0xff; code++) {
      const withdrawn = code >= 0x0c && code <= 0x11;
      if (!withdrawn) expect(l2cap.isResponse(code)).toBe(registry.signalingName(code).endsWith("_RSP"));
    }
  });
});

describe.each(codecs("L2CAP signaling"))("$name", (codec) => {
  it("decodes what it encodes", () => {
    fc.assert(
      fc.property(codec.encodable, (value) => {
        roundTrips(codec, value);
      }),
      runs,
    );
  });

  it("decodes any octets to what gives them back, or they are malformed, nothing else", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 24 }), (octets) => {
        const command = l2cap.encodeSignaling(codec.code, 1, octets);
        if (decodedUnlessMalformed(codec, command) !== undefined) reencodes(codec, command);
      }),
      runs,
    );
  });
});

describe("names of signalling", () => {
  it("are those of the specification, and the number where there is none (4)", () => {
    expect(registry.signalingName(0x01)).toBe("L2CAP_COMMAND_REJECT_RSP");
    expect(registry.signalingName(0x02)).toBe("L2CAP_CONNECTION_REQ");
    expect(registry.signalingName(0x1a)).toBe("L2CAP_CREDIT_BASED_RECONFIGURE_RSP");
    expect(registry.signalingName(0x7e)).toBe("L2CAP signaling 0x7e");
  });

  it.each([
    [registry.rejectReasonName, l2cap.RejectReason, "Reserved reason"],
    [registry.connectionResultName, l2cap.ConnectionResult, "Reserved result"],
    [registry.reconfigureResultName, l2cap.ReconfigureResult, "Reserved result"],
  ] as const)("%o has a word for each of its numbers and one for all others", (name, numbers, other) => {
    const words = Object.values(numbers).map(name);
    expect(new Set(words).size).toBe(words.length);
    expect(words).not.toContain(other);
    expect(name(0x7777)).toBe(other);
  });
});

// Cases that may lie beside the checkout.
const file = new URL("../../../shared/vectors/l2cap-cases.json", import.meta.url);

interface Case {
  readonly name: string;
  readonly script: readonly { readonly code?: number | string; readonly data?: string | null }[];
}

describe("signalling commands of the conformance cases", () => {
  it("decode and encode to the same octets, but for those that are malformed on purpose (4)", ({ skip }) => {
    if (!existsSync(file)) skip("shared/vectors/l2cap-cases.json is not beside the checkout");
    const cases = JSON.parse(readFileSync(file, "utf8")) as Readonly<Record<"bluez" | "spec", Case[]>>;
    let count = 0;
    const malformed: string[] = [];
    for (const { name, script } of [...cases.bluez, ...cases.spec]) {
      for (const { code, data } of script) {
        const command = typeof code === "number" ? registry.signalingCommandByCode(code) : undefined;
        if (!command || !data) continue;
        count++;
        try {
          expect(toHex(command.encode(command.decode(fromHex(data)))), name).toBe(data);
        } catch (error) {
          if (!(error instanceof MalformedPduError)) throw error;
          malformed.push(name);
        }
      }
    }
    expect(malformed).toEqual(["ecred-odd-length"]);
    expect(count).toBeGreaterThan(60);
  });
});
