import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromHex } from "../../src/common/bytes.ts";
import { SecurityManager } from "../../src/smp/security-manager.ts";
import { ScriptedChannel } from "../att/scripted-channel.ts";
import { runs } from "../support/runs.ts";

function open() {
  const channel = new ScriptedChannel();
  const manager = new SecurityManager(channel);
  const receive = (pdu: string): string[] => {
    manager.receive(fromHex(pdu));
    return channel.take();
  };
  return { channel, manager, receive };
}

const notSupported = "0505";

describe("Security Manager that does not pair (Vol 3, Part H, 3.5.5)", () => {
  it.each([
    ["Pairing Request", "01 04 00 2d 10 0f 0f"],
    ["Security Request", "0b 05"],
    ["Pairing Request that is cut off, as it would be no better whole", "01"],
  ])("answers a %s with Pairing Not Supported", (_name, pdu) => {
    expect(open().receive(pdu)).toEqual([notSupported]);
  });

  it.each([
    ["Pairing Response", "02 03 00 01 10 00 00"],
    ["Pairing Confirm", `03${"11".repeat(16)}`],
    ["Pairing Random", `04${"11".repeat(16)}`],
    ["Pairing Failed, lest two hosts answer each other for ever", "05 05"],
    ["Pairing Public Key", `0c${"11".repeat(64)}`],
    ["command with a reserved code", "0f 00"],
    ["command without a code", ""],
  ])("drops a %s, which belongs to no pairing", (_name, pdu) => {
    expect(open().receive(pdu)).toEqual([]);
  });

  it("a peer that asks on while the link takes no answers fills no memory", () => {
    const { channel, manager } = open();
    channel.room = 4;
    for (let i = 0; i < 1000; i++) manager.receive(fromHex("0b 05"));
    expect(channel.take()).toHaveLength(4);
  });

  it("any octets get Pairing Failed or nothing, and are never thrown at", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), (octets) => {
        const { channel, manager } = open();
        manager.receive(octets);
        const asks = octets[0] === 0x01 || octets[0] === 0x0b;
        expect(channel.take()).toEqual(asks ? [notSupported] : []);
        manager.closed();
      }),
      runs,
    );
  });
});
