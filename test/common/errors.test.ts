import { describe, expect, it } from "vitest";
import * as api from "../../src/index.ts";

const classes = Object.entries(api).filter(([name]) => name.endsWith("Error")) as [
  string,
  abstract new () => Error,
][];

describe("The errors of the public API", () => {
  it.each(classes)("%s is a BleError", (_, type) => {
    expect(type === api.BleError || type.prototype instanceof api.BleError).toBe(true);
  });

  const examples: [error: api.BleError, name: string, code: string][] = [
    [new api.HostClosedError(), "HostClosedError", "HOST_CLOSED"],
    [new api.TransportError("gone"), "TransportError", "TRANSPORT"],
    [new api.QueueOverflowError("full"), "QueueOverflowError", "QUEUE_OVERFLOW"],
    [new api.BackPressureError("full"), "BackPressureError", "BACK_PRESSURE"],
    [new api.MalformedPduError("ATT", "no opcode"), "MalformedPduError", "MALFORMED_PDU"],
    [new api.HciError(0x0c, 0x200d), "HciError", "HCI_ERROR"],
    [new api.DisconnectedError(0x13), "DisconnectedError", "DISCONNECTED"],
    [new api.CommandTimeoutError(0x0c03), "CommandTimeoutError", "COMMAND_TIMEOUT"],
    [new api.HardwareFailureError(1), "HardwareFailureError", "HARDWARE_FAILURE"],
    [new api.AttTimeoutError(), "AttTimeoutError", "ATT_TIMEOUT"],
    [new api.NotFoundError("none"), "NotFoundError", "NOT_FOUND"],
    [new api.ConnectTimeoutError(new api.Address("public", 1), 1), "ConnectTimeoutError", "CONNECT_TIMEOUT"],
    [new api.UnavailableError("not now"), "UnavailableError", "UNAVAILABLE"],
  ];
  it.each(examples)("%s has its name and its stable code", (error, name, code) => {
    expect([error.name, error.code]).toEqual([name, code]);
    expect(String(error)).toMatch(new RegExp(`^${name}: .`));
    expect(error.stack).toContain(name);
  });

  it("name the controller's words and the command in question", () => {
    expect(new api.HciError(0x0c, 0x200d).message).toBe(
      "HCI_LE_Create_Connection: Command Disallowed (0x0c)",
    );
    expect(new api.HciError(0xee, 0xfc01).message).toMatch(/0xfc01.*0xee/);
  });

  it("show the octets of what is malformed, but not all of a long packet", () => {
    expect(new api.MalformedPduError("ATT", "why", Uint8Array.of(1, 2)).message).toBe("ATT: why in 01 02");
    expect(new api.MalformedPduError("ATT", "why", new Uint8Array(100)).message).toMatch(/… \(100 octets\)$/);
  });
});
