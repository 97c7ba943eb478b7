import { beforeEach, describe, expect, it } from "vitest";
import { AttBearer, type AttUser } from "../../src/att/att.ts";
import { AttributeTable } from "../../src/att/attribute-table.ts";
import { AttError, AttTimeoutError } from "../../src/att/error.ts";
import { ErrorCode } from "../../src/att/error-code.ts";
import { Opcode } from "../../src/att/opcode.ts";
import { fromHex, toHex } from "../../src/common/bytes.ts";
import { VirtualClock } from "../../src/common/clock.ts";
import { BackPressureError, type BleError, MalformedPduError } from "../../src/common/errors.ts";
import type { Outcome } from "../../src/common/procedure.ts";
import { DisconnectedError } from "../../src/hci/error.ts";
import { ScriptedChannel } from "./scripted-channel.ts";

class Recorder implements AttUser {
  readonly seen: string[] = [];
  reason: BleError | undefined;

  value(handle: number, value: Uint8Array, indicated: boolean): void {
    this.seen.push(`${indicated ? "indication" : "notification"} of ${handle}: ${toHex(value)}`);
  }

  mtuChanged(mtu: number): void {
    this.seen.push(`mtu ${mtu}`);
  }

  closed(reason: BleError): void {
    this.seen.push("closed");
    this.reason = reason;
  }
}

let channel: ScriptedChannel;
let clock: VirtualClock;
let user: Recorder;
let bearer: AttBearer<undefined>;
const gone = new DisconnectedError(0x08);

function open(localMtu?: number): void {
  channel = new ScriptedChannel();
  clock = new VirtualClock();
  user = new Recorder();
  bearer = new AttBearer(channel, clock, new AttributeTable(), undefined, user, localMtu);
}

/** A read of `handle`; what came of it is put into the list. */
function read(handle: number, signal?: AbortSignal): Outcome<string>[] {
  const outcomes: Outcome<string>[] = [];
  const note = (outcome: Outcome<Uint8Array>): void => {
    outcomes.push(outcome instanceof Uint8Array ? toHex(outcome) : outcome);
  };
  bearer.request(Uint8Array.of(0x0a, handle, handle >> 8), undefined, Opcode.ReadResponse, note, signal);
  return outcomes;
}

const receive = (pdu: string): void => {
  bearer.receive(fromHex(pdu));
};

beforeEach(() => {
  open();
});

describe("ATT requests (Vol 3, Part F, 3.3.2)", () => {
  it("go out one at a time, the next when the last was answered", () => {
    const first = read(1);
    const second = read(2);
    expect(channel.take()).toEqual(["0a0100"]);
    receive("0b 11");
    expect(channel.take()).toEqual(["0a0200"]);
    receive("0b 22");
    expect([first, second]).toEqual([["0b11"], ["0b22"]]);
    expect(clock.timers).toBe(0);
  });

  it("are told of an error by its code and handle (3.4.1.1)", () => {
    const outcome = read(3);
    receive("01 0a 0300 02");
    expect(outcome[0]).toBeInstanceOf(AttError);
    expect(outcome[0]).toMatchObject({ status: ErrorCode.ReadNotPermitted, handle: 3 });
  });

  it("are ended by an error that names another request or handle too: nothing else will come", () => {
    const outcome = read(3);
    receive("01 08 ffff 0e");
    expect(outcome[0]).toMatchObject({ status: ErrorCode.UnlikelyError, handle: 0xffff });
    expect(clock.timers).toBe(0);
  });

  it.each([
    ["the response to another request", "13"],
    ["an Error Response that is too short", "01 0a 03"],
    ["an Error Response that is too long", "01 0a 0300 02 00"],
  ])("end as malformed with %s, and the next goes out", (_name, response) => {
    const outcome = read(3);
    const next = read(4);
    receive(response);
    expect(outcome[0]).toBeInstanceOf(MalformedPduError);
    receive("0b 44");
    expect(next).toEqual(["0b44"]);
  });

  it("responses that nobody waits for are dropped, and confirmations too", () => {
    for (const pdu of ["0b 11", "01 0a 0300 02", "13", "1e"]) receive(pdu);
    expect(channel.take()).toEqual([]);
    expect(user.seen).toEqual([]);
    const outcome = read(1);
    receive("1e");
    expect(outcome, "a confirmation is no response").toEqual([]);
  });

  it("may be made from within the answer to another", () => {
    const order: string[] = [];
    bearer.request(fromHex("0a 0100"), undefined, Opcode.ReadResponse, () => {
      order.push("first");
      bearer.request(fromHex("0a 0300"), undefined, Opcode.ReadResponse, () => order.push("third"));
    });
    bearer.request(fromHex("0a 0200"), undefined, Opcode.ReadResponse, () => order.push("second"));
    for (let i = 0; i < 3; i++) receive("0b");
    expect(order).toEqual(["first", "second", "third"]);
    expect(channel.take()).toEqual(["0a0100", "0a0200", "0a0300"]);
  });

  it("are not sent when they were aborted while they waited for their turn", () => {
    const abort = new AbortController();
    read(1);
    const aborted = read(2, abort.signal);
    const last = read(3);
    abort.abort();
    receive("0b 11");
    expect(channel.take()).toEqual(["0a0100", "0a0300"]);
    receive("0b 33");
    expect([aborted, last]).toEqual([[], ["0b33"]]);
    expect(clock.timers).toBe(0);
  });

  it("are refused beyond 1024, so that a program that does not wait fills no memory", () => {
    const outcomes = Array.from({ length: 1025 }, () => read(1));
    expect(outcomes[1023]).toEqual([]);
    expect(outcomes[1024]?.[0]).toBeInstanceOf(BackPressureError);
  });
});

describe("ATT transaction time-out (Vol 3, Part F, 3.3.3)", () => {
  it("fails every waiting request 30 s after the first was sent, and not before", () => {
    const first = read(1);
    const second = read(2);
    clock.advanceSync(29_999);
    expect([first, second]).toEqual([[], []]);
    clock.advanceSync(1);
    expect(first[0]).toBeInstanceOf(AttTimeoutError);
    expect(second[0]).toBeInstanceOf(AttTimeoutError);
    expect(user.seen).toEqual(["closed"]);
    expect(clock.timers).toBe(0);
  });

  it("counts from when the request was sent, not from when it was asked for", () => {
    read(1);
    const second = read(2);
    clock.advanceSync(29_000);
    receive("0b");
    clock.advanceSync(29_999);
    expect(second).toEqual([]);
    clock.advanceSync(1);
    expect(second[0]).toBeInstanceOf(AttTimeoutError);
  });

  it("lets nothing out afterwards, and nothing in", () => {
    read(1);
    clock.advanceSync(30_000);
    channel.take();
    const late = read(2);
    expect(late[0]).toBeInstanceOf(AttTimeoutError);
    bearer.notify(3, Uint8Array.of(1));
    bearer.writeCommand(3, Uint8Array.of(1));
    bearer.indicate(3, Uint8Array.of(1), () => undefined);
    for (const pdu of ["0b 11", "1d 0300 01", "0a 0300", "02 6400"]) receive(pdu);
    expect(channel.take()).toEqual([]);
    expect(user.seen).toEqual(["closed"]);
    expect(clock.timers).toBe(0);
  });

  it("holds for indications as for requests", () => {
    const outcomes: unknown[] = [];
    bearer.indicate(3, Uint8Array.of(1), (outcome) => outcomes.push(outcome));
    clock.advanceSync(29_999);
    expect(outcomes).toEqual([]);
    clock.advanceSync(1);
    expect(outcomes[0]).toBeInstanceOf(AttTimeoutError);
    expect(user.reason).toBeInstanceOf(AttTimeoutError);
  });

  it("closing ends all that waits with the reason, once, and leaves no timer", () => {
    const outcomes: unknown[] = [];
    const requests = [read(1), read(2)];
    bearer.indicate(3, Uint8Array.of(1), (outcome) => outcomes.push(outcome));
    bearer.closed(gone);
    bearer.closed(new DisconnectedError(0x13));
    expect([...requests, outcomes]).toEqual([[gone], [gone], [gone]]);
    expect(read(4)).toEqual([gone]);
    expect(user.seen).toEqual(["closed"]);
    expect(user.reason).toBe(gone);
    expect(clock.timers).toBe(0);
  });
});

describe("ATT_MTU (Vol 3, Part F, 3.4.2)", () => {
  const exchange = (): Outcome<number>[] => {
    const outcomes: Outcome<number>[] = [];
    bearer.exchangeMtu((outcome) => outcomes.push(outcome));
    return outcomes;
  };

  it.each([
    ["the peer's where it is smaller", 517, 100, 100],
    ["ours where it is smaller", 100, 247, 100],
    ["23 where the peer says less", 517, 22, 23],
    ["23 where the peer says 0", 517, 0, 23],
    ["ours where the peer says all bits", 517, 0xffff, 517],
  ])("is %s", (_name, ours, theirs, agreed) => {
    open(ours);
    const outcome = exchange();
    expect(channel.take()).toEqual([toHex(Uint8Array.of(0x02, ours, ours >> 8))]);
    bearer.receive(Uint8Array.of(0x03, theirs, theirs >> 8));
    expect(outcome).toEqual([agreed]);
    expect(bearer.mtu).toBe(agreed);

    open(ours);
    bearer.receive(Uint8Array.of(0x02, theirs, theirs >> 8));
    expect(channel.take()).toEqual([toHex(Uint8Array.of(0x03, ours, ours >> 8))]);
    expect(bearer.mtu, "and the same when the peer asks").toBe(agreed);
  });

  it("is the same when both sides ask, and told once", () => {
    exchange();
    receive("02 6400");
    receive("03 6400");
    expect(bearer.mtu).toBe(100);
    expect(user.seen).toEqual(["mtu 100"]);
  });

  it("follows a peer that asks again (it should not)", () => {
    receive("02 6400");
    receive("02 c800");
    expect(channel.take()).toEqual(["030502", "030502"]);
    expect(user.seen).toEqual(["mtu 100", "mtu 200"]);
  });

  it("stays at 23 when the server does not know the request", () => {
    const outcome = exchange();
    receive("01 02 0000 06");
    expect(outcome[0]).toMatchObject({ status: ErrorCode.RequestNotSupported });
    expect(bearer.mtu).toBe(23);
    expect(user.seen).toEqual([]);
  });

  it.each(["03", "03 17", "03 1700 00"])("stays at 23 after the malformed response %s", (response) => {
    const outcome = exchange();
    receive(response);
    expect(outcome[0]).toBeInstanceOf(MalformedPduError);
    expect(bearer.mtu).toBe(23);
  });
});

describe("ATT values sent by a server (Vol 3, Part F, 3.4.7)", () => {
  it("a notification is cut to ATT_MTU - 3 (3.4.7.1)", () => {
    bearer.notify(0x1234, new Uint8Array(30).fill(7));
    expect(channel.take()).toEqual([`1b3412${"07".repeat(20)}`]);
    receive("02 6400");
    channel.take();
    bearer.notify(1, new Uint8Array(97).fill(7));
    expect(channel.take()).toEqual([`1b0100${"07".repeat(97)}`]);
  });

  it("indications go out one at a time, and a confirmation lets the next go (3.4.7.3)", () => {
    const confirmed: number[] = [];
    for (const handle of [1, 2]) bearer.indicate(handle, Uint8Array.of(handle), () => confirmed.push(handle));
    expect(channel.take()).toEqual(["1d010001"]);
    receive("1e");
    expect(channel.take()).toEqual(["1d020002"]);
    receive("1e");
    receive("1e");
    expect(confirmed).toEqual([1, 2]);
    expect(clock.timers).toBe(0);
  });

  it("an indication does not wait for a request, nor a request for an indication (3.3.2)", () => {
    const answered = read(1);
    bearer.indicate(2, Uint8Array.of(2), () => undefined);
    expect(channel.take()).toEqual(["0a0100", "1d020002"]);
    receive("0b 11");
    expect(answered).toEqual(["0b11"]);
  });

  it("a received notification is told, and not answered (3.4.7.1)", () => {
    receive("1b 0300 aabb");
    expect(user.seen).toEqual(["notification of 3: aabb"]);
    expect(channel.take()).toEqual([]);
  });

  it("a received indication is told and confirmed, whatever its handle (3.4.7.2)", () => {
    receive("1d ffff");
    expect(user.seen).toEqual(["indication of 65535: "]);
    expect(channel.take()).toEqual(["1e"]);
  });

  it.each(["1b", "1b 03", "1d", "1d 03"])("the malformed %s is neither told nor confirmed", (pdu) => {
    expect(() => {
      receive(pdu);
    }).toThrow(MalformedPduError);
    expect(user.seen).toEqual([]);
    expect(channel.take()).toEqual([]);
  });

  it.each([
    ["two values", "23 0300 0100 aa 0400 0000", ["notification of 3: aa", "notification of 4: "]],
    ["one value, as some servers send it", "23 0300 0200 aabb", ["notification of 3: aabb"]],
  ])("%s in one notification are told one by one (3.4.7.4)", (_name, pdu, seen) => {
    receive(pdu);
    expect(user.seen).toEqual(seen);
    expect(channel.take()).toEqual([]);
  });

  it.each([
    ["nothing", "23"],
    ["half a header", "23 0300 01"],
    ["a value that is cut", "23 0300 0100 aa 0400 0200 bb"],
    ["a length that leads behind the end", "23 0300 ffff aa"],
  ])("a notification of several values with %s is malformed, and none is told (3.4.7.4)", (_name, pdu) => {
    expect(() => {
      receive(pdu);
    }).toThrow(MalformedPduError);
    expect(user.seen).toEqual([]);
  });

  it("a server that does not wait for confirmations while the link takes none fills no memory", () => {
    channel.room = 4;
    for (let i = 0; i < 1000; i++) receive("1d 0300 01");
    expect(channel.take()).toEqual(["1e", "1e", "1e", "1e"]);
    receive("1d 0300 01");
    expect(channel.take()).toEqual(["1e"]);
  });

  it("more than 1024 do not wait for room", () => {
    channel.room = 0;
    const outcomes: unknown[] = [];
    for (let i = 0; i < 1025; i++) bearer.whenRoom((outcome) => outcomes.push(outcome));
    expect(outcomes).toHaveLength(1);
    expect(outcomes[0]).toBeInstanceOf(BackPressureError);
    channel.room = 1;
    channel.take();
    expect(outcomes).toHaveLength(1025);
  });

  it("but of those that come one after the other any number does", () => {
    const outcomes = new Set<unknown>();
    for (let i = 0; i < 3000; i++) {
      channel.room = 0;
      bearer.whenRoom((outcome) => outcomes.add(outcome));
      channel.room = 1;
      channel.take();
    }
    expect([...outcomes]).toEqual([undefined]);
  });
});

it("an ATT PDU without an opcode is malformed", () => {
  expect(() => {
    receive("");
  }).toThrow(MalformedPduError);
});

describe("AttError", () => {
  it("names the error and the handle", () => {
    expect(new AttError(ErrorCode.InvalidOffset, 0x12).message).toBe(
      "Invalid Offset (0x07) on handle 0x0012",
    );
  });

  it.each([
    [0x100, 0],
    [-1, 0],
    [1.5, 0],
    [1, 0x10000],
  ])("is not made of code %s and handle %s, which no PDU could carry", (status, handle) => {
    expect(() => new AttError(status, handle)).toThrow(RangeError);
  });
});

describe("ATT on an enhanced bearer (Vol 3, Part G, 5.3)", () => {
  beforeEach(() => {
    channel = new ScriptedChannel();
    clock = new VirtualClock();
    user = new Recorder();
    bearer = new AttBearer(channel, clock, new AttributeTable(), undefined, user, 100, { fixedMtu: 100 });
  });

  it("has the MTU of its channel, and the one it is reconfigured to (5.3.1)", () => {
    expect(bearer.mtu).toBe(100);
    bearer.channelReconfigured(200);
    expect(bearer.mtu).toBe(200);
    expect(user.seen).toEqual(["mtu 200"]);
    open();
    bearer.channelReconfigured(200);
    expect(bearer.mtu, "an unenhanced one is not").toBe(23);
  });

  it("exchanges no MTU, in neither role (4.2)", () => {
    const told: unknown[] = [];
    bearer.exchangeMtu((outcome) => told.push(outcome));
    expect(told).toEqual([100]);
    receive("02 0002");
    expect(channel.take()).toEqual(["0102000006"]);
    expect(bearer.mtu).toBe(100);
  });
});

describe("ATT_SIGNED_WRITE_CMD sent (Vol 3, Part F, 3.4.5.4)", () => {
  const signature = fromHex("01000000 f1871e933c900ff2");

  function signing(
    fixedMtu: number | undefined,
    sign: (message: Uint8Array) => Uint8Array | undefined,
  ): boolean {
    channel = new ScriptedChannel();
    bearer = new AttBearer(channel, clock, new AttributeTable(), undefined, user, 517, {
      fixedMtu,
      signing: { sign, verify: () => false },
    });
    return bearer.signedWriteCommand(0x0012, fromHex("1337"));
  }

  it("signs opcode and parameters, and appends the signature (sample data of 3.4.5.4)", () => {
    const messages: string[] = [];
    const sign = (message: Uint8Array): Uint8Array => (messages.push(toHex(message)), signature);
    expect(signing(undefined, sign)).toBe(true);
    expect(messages).toEqual(["d212001337"]);
    expect(channel.take()).toEqual(["d21200133701000000f1871e933c900ff2"]);
  });

  it("sends nothing without a key, on an enhanced bearer, or after the end", () => {
    expect(signing(undefined, () => undefined)).toBe(false);
    expect(signing(100, () => signature)).toBe(false);
    open();
    expect(bearer.signedWriteCommand(1, fromHex("00")), "nobody signs").toBe(false);
    signing(undefined, () => signature);
    channel.take();
    bearer.closed(gone);
    expect(bearer.signedWriteCommand(1, fromHex("00"))).toBe(false);
    expect(bearer.open).toBe(false);
    expect(channel.take()).toEqual([]);
  });
});
