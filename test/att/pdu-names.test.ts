import { describe, expect, it } from "vitest";
import { ErrorCode, errorName } from "../../src/att/error-code.ts";
import { AttError, AttTimeoutError } from "../../src/att/error.ts";
import { isCommand, Opcode, opcodeName, type PduKind, pduKind } from "../../src/att/opcode.ts";
import { codecByOpcode, codecs } from "../../src/att/registry.ts";
import { BleError, TimeoutError } from "../../src/common/errors.ts";

const kinds: Readonly<Record<Exclude<PduKind, "unknown">, readonly number[]>> = {
  request: [0x02, 0x04, 0x06, 0x08, 0x0a, 0x0c, 0x0e, 0x10, 0x12, 0x16, 0x18, 0x20],
  response: [0x01, 0x03, 0x05, 0x07, 0x09, 0x0b, 0x0d, 0x0f, 0x11, 0x13, 0x17, 0x19, 0x21],
  command: [0x52, 0xd2],
  notification: [0x1b, 0x23],
  indication: [0x1d],
  confirmation: [0x1e],
};

describe("ATT opcodes", () => {
  it("are of the kind their PDU is, and all others are unknown (3.4.8)", () => {
    const found: Record<string, number[]> = {};
    for (let opcode = 0; opcode <= 0xff; opcode++) (found[pduKind(opcode)] ??= []).push(opcode);
    const { unknown, ...known } = found;
    expect(known).toEqual(kinds);
    expect(unknown).toHaveLength(256 - 31);
  });

  it("have the Command Flag in bit 6 and nowhere else (3.3.1)", () => {
    expect([0x52, 0xd2, 0x40, 0x7e, 0xff].every(isCommand)).toBe(true);
    expect([0x12, 0x1b, 0x00, 0x80, 0xbf].some(isCommand)).toBe(false);
    for (let opcode = 0; opcode <= 0xff; opcode++)
      if (pduKind(opcode) === "command") expect(isCommand(opcode)).toBe(true);
  });

  it("have the names of the specification, and their number where there is none (3.4.8)", () => {
    expect(opcodeName(Opcode.ReadRequest)).toBe("ATT_READ_REQ");
    expect(opcodeName(Opcode.MultipleHandleValueNotification)).toBe("ATT_MULTIPLE_HANDLE_VALUE_NTF");
    expect(opcodeName(0x7e)).toBe("ATT 0x7e");
    expect(opcodeName(0x00)).toBe("ATT 0x00");
  });

  it("each have one codec of the same name", () => {
    expect(codecs.map(({ opcode }) => opcode).sort((a, b) => a - b)).toEqual(
      Object.values(Opcode).sort((a, b) => a - b),
    );
    for (const codec of codecs) {
      expect(codec.name).toBe(opcodeName(codec.opcode));
      expect(codecByOpcode(codec.opcode)).toBe(codec);
    }
    expect(codecByOpcode(0x7e)).toBeUndefined();
  });
});

describe("ATT error codes", () => {
  it.each([
    [0x01, "Invalid Handle"],
    [0x0c, "Encryption Key Size Too Short"],
    [0x13, "Value Not Allowed"],
    [0x14, "Reserved Error"],
    [0x7f, "Reserved Error"],
    [0x80, "Application Error"],
    [0x9f, "Application Error"],
    [0xa0, "Reserved Error"],
    [0xe0, "Common Profile and Service Error"],
    [0xfc, "Write Request Rejected"],
    [0xff, "Out of Range"],
  ])("0x%x is in words: %s (3.4.1.1)", (code, name) => {
    expect(errorName(code)).toBe(name);
  });

  it("are 0x01 to 0x13 and 0xfc to 0xff, each with a name of its own", () => {
    const codes = Object.values(ErrorCode);
    expect(codes).toEqual([...Array.from({ length: 0x13 }, (_, i) => i + 1), 0xfc, 0xfd, 0xfe, 0xff]);
    expect(new Set(codes.map(errorName)).size).toBe(codes.length);
  });
});

describe("AttError", () => {
  it("says what the server said, in words and as numbers", () => {
    const error = AttError.from({
      requestOpcode: Opcode.ReadRequest,
      handle: 0x24,
      error: ErrorCode.ReadNotPermitted,
    });
    expect(error).toBeInstanceOf(BleError);
    expect(error).toMatchObject({ name: "AttError", code: "ATT_ERROR", status: 0x02, handle: 0x24 });
    expect(error.message).toBe("Read Not Permitted (0x02) on handle 0x0024");
    expect(new AttError(0x85, 3).message).toBe("Application Error (0x85) on handle 0x0003");
  });
});

describe("AttTimeoutError", () => {
  it("is a time-out with a code of its own (3.3.3)", () => {
    const error = new AttTimeoutError();
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({
      name: "AttTimeoutError",
      code: "ATT_TIMEOUT",
      message:
        "no response within 30 s: nothing more can be sent on this bearer; disconnect and connect again",
    });
  });
});
