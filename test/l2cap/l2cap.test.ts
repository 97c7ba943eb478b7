import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../src/common/bytes.ts";
import { type BleError, MalformedPduError } from "../../src/common/errors.ts";
import { Priority } from "../../src/common/priority.ts";
import { DisconnectedError } from "../../src/hci/error.ts";
import { Status } from "../../src/hci/status.ts";
import { type Channel, type ChannelUser, FixedCid } from "../../src/l2cap/channel.ts";
import { runs } from "../support/runs.ts";
import { basicFrame, fragmentsOf } from "./fragments.ts";
import { OneLink } from "./one-link.ts";

class User implements ChannelUser {
  readonly received: string[] = [];
  readonly closings: BleError[] = [];
  readonly channel: Channel;

  constructor(channel: Channel) {
    this.channel = channel;
  }

  receive(sdu: Uint8Array): void {
    if (sdu[0] === 0xff) throw new MalformedPduError("a PDU", "of an opcode that is not");
    this.received.push(toHex(sdu));
  }

  closed(reason: BleError): void {
    this.closings.push(reason);
  }
}

let one: OneLink;
let att: User;
let smp: User;
const reason = new DisconnectedError(Status.ConnectionTimeout);

beforeEach(() => {
  one = new OneLink();
  att = one.link.attach(FixedCid.Attribute, (channel) => new User(channel));
  smp = one.link.attach(FixedCid.SecurityManager, (channel) => new User(channel));
});

describe("the channels of a link (Vol 3, Part A, 2.1)", () => {
  it("give each PDU to the user of its channel, without its header", () => {
    one.receive(FixedCid.Attribute, fromHex("0a0300"));
    one.receive(FixedCid.SecurityManager, fromHex("0b01"));
    one.receive(FixedCid.Attribute, fromHex(""));
    expect(att.received).toEqual(["0a0300", ""]);
    expect(smp.received).toEqual(["0b01"]);
    expect(one.sent).toEqual([]);
  });

  it.each([0x0000, 0x0001, 0x0002, 0x0003, 0x0007, 0x003f, 0x0040, 0x007f, 0x0080, 0xffff])(
    "drop a PDU for channel %i, which does not exist, without an answer",
    (cid) => {
      expect(one.receive(cid, fromHex("0a0300"))).toBeUndefined();
      expect(one.sent).toEqual([]);
      expect(att.received).toEqual([]);
    },
  );

  it("put fragments together, each link for itself", () => {
    const other = new OneLink();
    const [first, ...rest] = fragmentsOf(basicFrame(FixedCid.Attribute, fromHex("0a0300")), 3, 2);
    one.link.receiveAcl(first!.continues, first!.payload);
    expect(() => {
      other.link.receiveAcl(rest[0]!.continues, rest[0]!.payload);
    }).toThrow(MalformedPduError);
    for (const { continues, payload } of rest) one.link.receiveAcl(continues, payload);
    expect(att.received).toEqual(["0a0300"]);
  });

  it("let what a user finds malformed through to HCI, and go on", () => {
    expect(one.receive(FixedCid.Attribute, fromHex("ff"))).toBeInstanceOf(MalformedPduError);
    one.receive(FixedCid.Attribute, fromHex("0a"));
    expect(att.received).toEqual(["0a"]);
  });

  it("send head and body as one PDU, the Basic header in front (3.1)", () => {
    att.channel.send(Priority.Attribute, fromHex("1b0300"), fromHex("0048"));
    smp.channel.send(Priority.Control, fromHex("0505"));
    expect(one.sent).toEqual(["05000400 1b03000048", "02000600 0505"]);
  });

  it("copy what they are given to send before the call returns", () => {
    one.completes = false;
    const [head, body] = [fromHex("1b0300"), new Uint8Array(100).fill(7)];
    att.channel.send(Priority.Attribute, head, body);
    head.fill(0);
    body.fill(0);
    one.complete();
    expect(one.sent).toEqual([`67000400 1b0300${"07".repeat(100)}`]);
  });

  it("send a long PDU in as many packets as it takes", () => {
    const sdu = new Uint8Array(517).fill(0x5a);
    att.channel.send(Priority.Attribute, sdu);
    one.complete();
    expect(one.sent).toEqual([`05020400 ${toHex(sdu)}`]);
  });

  it("throw nothing but MalformedPduError whatever fragments come", () => {
    const fragment = fc.tuple(
      fc.boolean(),
      fc.oneof(
        fc.uint8Array({ maxLength: 30 }),
        fc
          .tuple(fc.constantFrom(4, 5, 6, 7), fc.uint8Array({ maxLength: 30 }))
          .map(([cid, payload]) => basicFrame(cid, payload)),
      ),
    );
    fc.assert(
      fc.property(fc.array(fragment, { maxLength: 30 }), (fragments) => {
        const fresh = new OneLink();
        fresh.link.attach(FixedCid.Attribute, (channel) => new User(channel));
        for (const [continues, payload] of fragments) {
          try {
            fresh.link.receiveAcl(continues, payload);
          } catch (error) {
            expect(error).toBeInstanceOf(MalformedPduError);
          }
        }
        fresh.complete();
        const answers = fresh.sent.splice(0);
        // Whatever it was, the answer to it is on the signalling channel.
        for (const answer of answers) expect(answer).toMatch(/^....0500 /);
        expect(fresh.signal(fromHex("3f 55 0000"))).toEqual(["015502000000"]);
      }),
      runs,
    );
  });
});

describe("the channels of a link that is lost", () => {
  it("tell their users, once", () => {
    one.link.close(reason);
    one.link.close(reason);
    expect(att.closings).toEqual([reason]);
    expect(smp.closings).toEqual([reason]);
  });

  it("receive and send nothing any more", () => {
    one.link.close(reason);
    one.receive(FixedCid.Attribute, fromHex("0a0300"));
    one.receive(FixedCid.Signaling, fromHex("3f010000"));
    att.channel.send(Priority.Attribute, fromHex("0b"));
    expect(att.received).toEqual([]);
    expect(one.sent).toEqual([]);
    expect(one.acl.free).toBe(4);
  });

  it("tell those who wait for room, who find the user told already", () => {
    one.completes = false;
    let told: string[] = [];
    while (att.channel.hasRoom(Priority.Attribute)) att.channel.send(Priority.Attribute, fromHex("1b"));
    att.channel.whenRoom(Priority.Attribute, () => {
      told.push(`closed ${att.closings.length} times`);
    });
    expect(told).toEqual([]);
    one.link.close(reason);
    expect(told).toEqual(["closed 1 times"]);
    told = [];
    att.channel.whenRoom(Priority.Attribute, () => told.push("at once"));
    expect(told).toEqual(["at once"]);
  });
});
