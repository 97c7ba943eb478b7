import { describe, expect, it } from "vitest";
import { BleError, TimeoutError } from "../../src/common/errors.ts";
import { CommandTimeoutError, DisconnectedError, HciError } from "../../src/hci/error.ts";
import { Status, statusName } from "../../src/hci/status.ts";

describe("the HCI status codes", () => {
  it("are all of 0x00 to 0x47 but the reserved ones (Vol 1, Part F, 1.3)", () => {
    const codes = new Set<number>(Object.values(Status));
    const missing = Array.from({ length: 0x48 }, (_, code) => code).filter((code) => !codes.has(code));
    expect(missing).toEqual([0x2b, 0x31, 0x33]);
    expect(codes.size).toBe(0x48 - missing.length);
  });

  it.each([
    [0x00, "Success"],
    [0x08, "Connection Timeout"],
    [0x13, "Remote User Terminated Connection"],
    [0x3b, "Unacceptable Connection Parameters"],
    [0x3d, "Connection Terminated due to MIC Failure"],
    [0x3e, "Connection Failed to be Established"],
    [0x42, "Unknown Advertising Identifier"],
    [0x46, "Too Late"],
  ])("0x%x is named in the words of the specification (Vol 1, Part F, 1.3)", (code, name) => {
    expect(statusName(code)).toBe(name);
  });

  it("have each a name of their own", () => {
    const names = Object.values(Status).map(statusName);
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => name.startsWith("Unknown Status"))).toEqual([]);
  });

  it("are told by their number where the specification has none", () => {
    expect(statusName(0x2b)).toBe("Unknown Status 0x2b");
    expect(statusName(0x7f)).toBe("Unknown Status 0x7f");
  });
});

describe("HciError", () => {
  it("names the command and the reason", () => {
    const error = new HciError(Status.CommandDisallowed, 0x200c);
    expect(error).toBeInstanceOf(BleError);
    expect(error).toMatchObject({ name: "HciError", code: "HCI_ERROR", status: 0x0c, opcode: 0x200c });
    expect(error.message).toBe("HCI_LE_Set_Scan_Enable: Command Disallowed (0x0c)");
  });

  it("gives the opcode of a command that has no name", () => {
    expect(new HciError(0x7f, 0xfc01).message).toBe("HCI command 0xfc01: Unknown Status 0x7f (0x7f)");
  });
});

describe("DisconnectedError", () => {
  it("says why", () => {
    const error = new DisconnectedError(Status.RemoteUserTerminatedConnection);
    expect(error).toMatchObject({ name: "DisconnectedError", code: "DISCONNECTED", reason: 0x13 });
    expect(error.message).toBe("disconnected: Remote User Terminated Connection (0x13)");
  });
});

describe("CommandTimeoutError", () => {
  it("is a TimeoutError that names the command", () => {
    const error = new CommandTimeoutError(0x0c03);
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ name: "CommandTimeoutError", code: "COMMAND_TIMEOUT", opcode: 0x0c03 });
    expect(error.message).toBe("HCI_Reset: the controller does not answer");
  });
});
