import { beforeEach, describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../src/common/bytes.ts";
import type { BleError } from "../../src/common/errors.ts";
import { Priority } from "../../src/common/priority.ts";
import { DisconnectedError } from "../../src/hci/error.ts";
import type { Channel, ChannelUser } from "../../src/l2cap/channel.ts";
import { ChannelUnavailableError } from "../../src/l2cap/error.ts";
import { OneLink } from "./one-link.ts";

class User implements ChannelUser {
  readonly received: string[] = [];
  readonly closings: BleError[] = [];
  readonly channel: Channel;

  constructor(channel: Channel) {
    this.channel = channel;
  }

  receive(sdu: Uint8Array): void {
    this.received.push(toHex(sdu));
  }

  closed(reason: BleError): void {
    this.closings.push(reason);
  }
}

const open = (one: OneLink, cid: number): User => one.link.openFixed(cid, (channel) => new User(channel));
const reason = new DisconnectedError(0x08);
let one: OneLink;

beforeEach(() => {
  one = new OneLink();
});

describe("a fixed channel of the program (Vol 3, Part A, 2.1)", () => {
  it.each([0x0001, 0x0003, 0x0007, 0x0020, 0x003f])(
    "carries what it is given, with channel identifier %i",
    (cid) => {
      const user = open(one, cid);
      user.channel.send(Priority.Bulk, fromHex("01"), fromHex("0203"));
      one.receive(cid, fromHex("0a0b"));
      one.receive(cid, fromHex(""));
      expect(user.received).toEqual(["0a0b", ""]);
      expect(one.sent).toEqual([`0300${toHex(Uint8Array.of(cid, 0))} 010203`]);
    },
  );

  it.each([0x0000, 0x0004, 0x0005, 0x0006, 0x0040, 0x007f, 0xffff, -1, 1.5, Number.NaN])(
    "cannot have channel identifier %d",
    (cid) => {
      expect(() => open(one, cid)).toThrow(RangeError);
      expect(() => open(one, cid)).toThrow("0x0001 to 0x003f");
    },
  );

  it("has one user, until it is closed; then another may open it", () => {
    const first = open(one, 0x20);
    expect(() => open(one, 0x20)).toThrow(ChannelUnavailableError);
    one.link.closeFixed(0x20);
    one.receive(0x20, fromHex("01"));
    first.channel.send(Priority.Bulk, fromHex("02"));
    expect([first.received, first.closings, one.sent]).toEqual([[], [], []]);
    const second = open(one, 0x20);
    one.receive(0x20, fromHex("03"));
    first.channel.send(Priority.Bulk, fromHex("02"));
    expect([first.received, second.received, one.sent]).toEqual([[], ["03"], []]);
    one.link.closeFixed(0x21); // nobody has it
  });

  it("does not close the stack's own", () => {
    one.link.closeFixed(0x0005);
    expect(one.signal(fromHex("3f 01 0000"))).toEqual(["010102000000"]);
  });

  it("is told when the link goes, and cannot be opened then", () => {
    const user = open(one, 0x20);
    one.link.close(reason);
    expect(user.closings).toEqual([reason]);
    expect(() => open(one, 0x21)).toThrow(
      expect.objectContaining({ code: "CHANNEL_UNAVAILABLE", cause: reason }),
    );
    user.channel.send(Priority.Bulk, fromHex("02"));
    expect(one.sent).toEqual([]);
  });
});
