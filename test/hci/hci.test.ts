import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../src/common/bytes.ts";
import { MalformedPduError, TransportError } from "../../src/common/errors.ts";
import { Priority } from "../../src/common/priority.ts";
import { AclPdu } from "../../src/hci/acl-pdu.ts";
import { Reset } from "../../src/hci/commands/controller-baseband.ts";
import { ReadBdAddr } from "../../src/hci/commands/informational.ts";
import { Disconnect } from "../../src/hci/commands/link-control.ts";
import { CommandTimeoutError, HardwareFailureError } from "../../src/hci/error.ts";
import { events } from "../../src/hci/events/registry.ts";
import { HardwareError } from "../../src/hci/events/flow.ts";
import { LeAdvertisingReport } from "../../src/hci/events/le-advertising.ts";
import { LeConnectionUpdateComplete } from "../../src/hci/events/le-connection.ts";
import { DisconnectionComplete } from "../../src/hci/events/link.ts";
import { aclPacket } from "../support/raw-host.ts";
import { runs } from "../support/runs.ts";
import { commandStatus, complete, eventPacket, ScriptedHci } from "./scripted-controller.ts";

let scripted: ScriptedHci;

beforeEach(() => {
  scripted = new ScriptedHci();
});

const disconnected = eventPacket(0x05, 0x00, 0x40, 0x00, 0x13);

describe("Hci and what comes", () => {
  it("gives each event to whoever asked for it, and drops the others", () => {
    const { hci, controller, faults } = scripted;
    const told: unknown[] = [];
    hci.on(DisconnectionComplete, (event) => told.push(event));
    hci.on(LeConnectionUpdateComplete, (event) => told.push(event));
    controller.give(disconnected);
    controller.give(eventPacket(0x3e, 0x03, 0x00, 0x40, 0x00, 0x18, 0x00, 0x00, 0x00, 0xc8, 0x00));
    controller.give(eventPacket(0x3e, 0x05, 0x40, 0x00));
    controller.give(eventPacket(0x08, 0x00, 0x40, 0x00, 0x01));
    controller.give(eventPacket(0xff, 1, 2, 3));
    expect(told).toEqual([
      { status: 0, connectionHandle: 0x40, reason: 0x13 },
      {
        status: 0,
        connectionHandle: 0x40,
        connectionInterval: 24,
        peripheralLatency: 0,
        supervisionTimeout: 200,
      },
    ]);
    expect(faults).toEqual([]);
  });

  it("gives data to its connection, in place, and drops what belongs to none", () => {
    const { hci, controller, faults } = scripted;
    const told: string[] = [];
    hci.route(0x40, {
      receiveAcl: (continues, packet, start) => told.push(`${continues} ${toHex(packet.subarray(start))}`),
    });
    controller.give(aclPacket(0x40, fromHex("aabb"), 0b0010));
    controller.give(aclPacket(0x40, fromHex("cc"), 0b0001));
    controller.give(aclPacket(0x41, fromHex("dd"), 0b0010));
    hci.route(0x40, undefined);
    controller.give(aclPacket(0x40, fromHex("ee"), 0b0010));
    expect(told).toEqual(["false aabb", "true cc"]);
    expect(faults).toEqual([]);
  });

  it.each([
    ["an empty packet", ""],
    ["an unknown packet type", "09 00"],
    ["a command, which no controller sends", "01 03 0c 00"],
    ["an event of half a header", "04 0e"],
    ["an event that is shorter than it says", "04 05 04 00 40 00"],
    ["an event that is longer than it says", "04 05 03 00 40 00 13"],
    ["an event that ends within its parameters", "04 05 03 00 40 00"],
    ["an LE Meta event without a subevent", "04 3e 00"],
    ["Number Of Completed Packets without a count", "04 13 00"],
    ["Number Of Completed Packets with fewer handles than it says (7.7.19)", "04 13 05 02 40 00 01 00"],
    ["Command Complete without an opcode", "04 0e 02 01 03"],
    ["Command Status without an opcode", "04 0f 02 00 01"],
    ["data that is shorter than it says", "02 40 20 02 00 aa"],
    ["data of half a header", "02 40 20"],
  ])("tells of %s as a fault, and goes on", (_, hex) => {
    const { hci, controller, faults, endings } = scripted;
    let heard = 0;
    hci.on(DisconnectionComplete, () => heard++);
    controller.give(fromHex(hex));
    expect(faults).toHaveLength(1);
    expect(faults[0]).toBeInstanceOf(MalformedPduError);
    controller.give(disconnected);
    expect(heard).toBe(1);
    expect(endings).toEqual([]);
  });

  it("drops synchronous and isochronous data without a word", () => {
    const { controller, faults } = scripted;
    controller.give(fromHex("03 01 00 01 aa"));
    controller.give(fromHex("05 01 00 01 00 aa"));
    expect(faults).toEqual([]);
  });

  it("throws nothing but programming errors whatever comes, and still answers afterwards", () => {
    const anyPacket = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc
        .tuple(fc.constantFrom(...events), fc.uint8Array({ maxLength: 60 }))
        .map(([{ code, subevent }, octets]) =>
          eventPacket(code, ...(subevent === undefined ? [] : [subevent]), ...octets),
        ),
      fc
        .tuple(fc.integer({ min: 0, max: 0xffff }), fc.uint8Array({ maxLength: 30 }))
        .map(([field, octets]) => aclPacket(field & 0xfff, octets, field >> 12)),
    );
    fc.assert(
      fc.property(fc.array(anyPacket, { maxLength: 20 }), (packets) => {
        const { hci, controller, faults, endings } = new ScriptedHci();
        for (const event of events) {
          // What Hci has handlers of its own for has to keep them.
          if (![0x0e, 0x0f, 0x10].includes(event.code)) hci.on(event, () => undefined);
        }
        for (let handle = 0; handle < 0x1000; handle += 7) hci.route(handle, { receiveAcl: () => undefined });
        const waiting: unknown[] = [];
        hci.send(Reset, {}, (outcome) => waiting.push(outcome));
        for (const packet of packets) controller.give(packet);
        for (const fault of faults) expect(fault).toBeInstanceOf(MalformedPduError);
        const hardwareFailed = packets.some((packet) => packet[0] === 4 && packet[1] === HardwareError.code);
        if (!hardwareFailed) expect(endings).toEqual([]);
        if (endings.length > 0) return;
        if (waiting.length === 0) controller.give(complete(Reset.opcode, Uint8Array.of(0)));
        expect(waiting).toHaveLength(1);
      }),
      runs,
    );
  });
});

describe("Hci and what goes", () => {
  it("sends commands, and calls with what they return", () => {
    const { hci, controller } = scripted;
    const outcomes: unknown[] = [];
    hci.send(ReadBdAddr, {}, (outcome) => outcomes.push(outcome));
    hci.send(Disconnect, { connectionHandle: 0x40, reason: 0x13 }, (outcome) => outcomes.push(outcome));
    controller.give(complete(ReadBdAddr.opcode, fromHex("00 06 05 04 03 02 01")));
    controller.give(commandStatus(Disconnect.opcode, 0));
    expect(controller.sent.map((packet) => toHex(packet))).toEqual(["01091000", "01060403400013"]);
    expect(outcomes).toEqual([{ bdAddr: 0x010203040506 }, {}]);
  });

  it("counts completed packets for every handle of an event (7.7.19)", () => {
    const { hci, controller } = scripted;
    hci.acl.begin({ packetOctets: 27, packets: 6 });
    const links = [hci.acl.open(0x001), hci.acl.open(0xeff)];
    for (const link of links) {
      for (let i = 0; i < 2; i++) {
        hci.acl.send(link, new AclPdu(link.connectionHandle, 5, 27), Priority.Attribute);
      }
    }
    expect(links.map(({ inFlight }) => inFlight)).toEqual([2, 2]);
    // The upper four bits of a handle are reserved.
    controller.give(fromHex("04 13 09 02 01 f0 01 00 ff 0e 02 00"));
    expect(links.map(({ inFlight }) => inFlight)).toEqual([1, 0]);
    expect(hci.acl.free).toBe(5);
  });

  it("counts none of an event that names more handles than it carries", () => {
    const { hci, controller, faults } = scripted;
    hci.acl.begin({ packetOctets: 27, packets: 6 });
    const link = hci.acl.open(0x001);
    hci.acl.send(link, new AclPdu(0x001, 5, 27), Priority.Attribute);
    controller.give(fromHex("04 13 05 02 01 00 01 00"));
    expect(link.inFlight).toBe(1);
    expect(faults).toHaveLength(1);
  });
});

describe("Hci and turns", () => {
  it("runs what was deferred when the packet has changed all state, and while the packet is still there", () => {
    const { hci, controller, turn } = scripted;
    const told: string[] = [];
    hci.on(LeAdvertisingReport, ({ reports }) => {
      for (const { data } of reports) {
        turn.defer(() => told.push(`deferred ${toHex(data)}`));
        told.push("handled");
      }
    });
    const report = "00 00 010203040506 02 aabb d0";
    controller.give(eventPacket(0x3e, 0x02, 0x01, ...fromHex(report)));
    expect(told).toEqual(["handled", "deferred aabb"]);
  });

  it("runs it also when the rest of the packet is malformed", () => {
    const { hci, controller, turn, faults } = scripted;
    const told: string[] = [];
    hci.on(DisconnectionComplete, () => {
      turn.defer(() => told.push(`deferred, ${faults.length} faults`));
      throw new MalformedPduError("a PDU", "in the data");
    });
    controller.give(disconnected);
    expect(told).toEqual(["deferred, 1 faults"]);
  });

  it("does not hide an error that is no malformed packet", () => {
    const { hci, controller, turn } = scripted;
    hci.on(DisconnectionComplete, () => {
      throw new RangeError("a fault of ours");
    });
    expect(() => {
      controller.give(disconnected);
    }).toThrow(RangeError);
    const told: string[] = [];
    turn.defer(() => told.push("still in order"));
    expect(told).toEqual(["still in order"]);
  });
});

describe("Hci at its end", () => {
  it("ends commands with TransportError when the transport fails, its error as the cause", () => {
    const { hci, controller, endings } = scripted;
    const outcomes: unknown[] = [];
    hci.send(Reset, {}, (outcome) => outcomes.push(outcome));
    const cause = new Error("the cable is out");
    controller.close(cause);
    expect(outcomes).toMatchObject([{ code: "TRANSPORT", cause }]);
    expect(endings).toEqual(outcomes);
    expect(controller.clock.timers).toBe(0);
  });

  it("ends them with TransportError too when the transport was closed by us", () => {
    const { hci, controller, endings } = scripted;
    const outcomes: unknown[] = [];
    hci.send(Reset, {}, (outcome) => outcomes.push(outcome));
    controller.close();
    expect(outcomes[0]).toBeInstanceOf(TransportError);
    expect(endings).toEqual([undefined]);
  });

  it("ends everything when the controller does not answer", () => {
    const { hci, controller, endings } = scripted;
    const outcomes: unknown[] = [];
    hci.send(Reset, {}, (outcome) => outcomes.push(outcome));
    hci.send(ReadBdAddr, {}, (outcome) => outcomes.push(outcome));
    controller.clock.advanceSync(5_000);
    expect(outcomes).toHaveLength(2);
    for (const outcome of [...outcomes, ...endings]) expect(outcome).toBeInstanceOf(CommandTimeoutError);
    expect(endings).toMatchObject([{ opcode: Reset.opcode }]);
    expect(controller.clock.timers).toBe(0);
  });

  it("ends everything when the controller reports a hardware error (7.7.16)", () => {
    const { hci, controller, endings } = scripted;
    const outcomes: unknown[] = [];
    hci.send(Reset, {}, (outcome) => outcomes.push(outcome));
    controller.give(eventPacket(0x10, 0x42));
    expect(outcomes[0]).toBeInstanceOf(HardwareFailureError);
    expect(endings).toMatchObject([{ code: "HARDWARE_FAILURE", hardwareCode: 0x42 }]);
    expect(controller.clock.timers).toBe(0);
  });

  it("is told once, hears nothing any more and refuses what is sent", () => {
    const { hci, controller, endings } = scripted;
    let heard = 0;
    hci.on(DisconnectionComplete, () => heard++);
    hci.end();
    hci.end(new TransportError("again"));
    controller.give(disconnected);
    controller.close(new Error("late"));
    const outcomes: unknown[] = [];
    hci.send(Reset, {}, (outcome) => outcomes.push(outcome));
    expect(heard).toBe(0);
    expect(endings).toEqual([undefined]);
    expect(outcomes[0]).toBeInstanceOf(TransportError);
    expect(controller.sent).toEqual([]);
  });
});
