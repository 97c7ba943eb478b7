import { beforeEach, describe, expect, it } from "vitest";
import { toHex, u16At } from "../../src/common/bytes.ts";
import { VirtualClock } from "../../src/common/clock.ts";
import { MalformedPduError, TransportError } from "../../src/common/errors.ts";
import { u8 } from "../../src/common/struct.ts";
import { command, deferredCommand } from "../../src/hci/command.ts";
import { CommandQueue } from "../../src/hci/command-queue.ts";
import { CommandTimeoutError, HciError } from "../../src/hci/error.ts";
import { Status } from "../../src/hci/status.ts";

interface One {
  readonly value: number;
}

const read = command<One, One>("HCI_Read_It", 0x0c01, { value: u8 }, { value: u8 });
const other = command<One, One>("HCI_Read_Other", 0x0c02, { value: u8 }, { value: u8 });
const start = deferredCommand<One>("HCI_Start_It", 0x0c03, { value: u8 });

let clock: VirtualClock;
let sent: Uint8Array[];
let silences: CommandTimeoutError[];
let outcomes: unknown[];
let queue: CommandQueue;

const done = (outcome: unknown): void => {
  outcomes.push(outcome);
};
const values = (): number[] => sent.map((packet) => packet[4]!);
const ok = (...octets: number[]): Uint8Array => Uint8Array.of(0, ...octets);

beforeEach(() => {
  clock = new VirtualClock();
  sent = [];
  silences = [];
  outcomes = [];
  queue = new CommandQueue(
    (packet) => sent.push(packet),
    clock,
    (error) => silences.push(error),
  );
});

describe("the command queue and Num_HCI_Command_Packets (Vol 4, Part E, 4.4)", () => {
  it("sends one command before the controller has said anything", () => {
    for (const value of [1, 2, 3]) queue.send(read, { value }, done);
    expect(sent.map((packet) => toHex(packet))).toEqual(["01010c0101"]);
  });

  it("sends the next when the answer allows one", () => {
    for (const value of [1, 2, 3]) queue.send(read, { value }, done);
    queue.complete(read.opcode, 1, ok(9));
    expect(values()).toEqual([1, 2]);
    expect(outcomes).toEqual([{ value: 9 }]);
  });

  it("sends nothing while the answers allow none, until a Command Complete for no command allows it (7.7.14)", () => {
    for (const value of [1, 2]) queue.send(read, { value }, done);
    queue.complete(read.opcode, 0, ok(9));
    expect(values()).toEqual([1]);
    queue.complete(0x0000, 1, new Uint8Array());
    expect(values()).toEqual([1, 2]);
    expect(outcomes).toEqual([{ value: 9 }]);
  });

  it("takes a Command Status for no command as such a permission too (7.7.15)", () => {
    for (const value of [1, 2]) queue.send(read, { value }, done);
    queue.complete(read.opcode, 0, ok(9));
    queue.status(0x0000, 1, Status.Success);
    expect(values()).toEqual([1, 2]);
  });

  it("sends several when several are allowed, and not one more", () => {
    queue.complete(0x0000, 3, new Uint8Array());
    for (const value of [1, 2, 3, 4, 5]) queue.send(read, { value }, done);
    expect(values()).toEqual([1, 2, 3]);
  });

  it("takes a permission for the whole of it, not for more on top", () => {
    queue.complete(0x0000, 2, new Uint8Array());
    queue.complete(0x0000, 2, new Uint8Array());
    for (const value of [1, 2, 3]) queue.send(read, { value }, done);
    expect(values()).toEqual([1, 2]);
  });

  it("lets a controller that takes a permission back have it", () => {
    queue.complete(0x0000, 5, new Uint8Array());
    queue.complete(0x0000, 0, new Uint8Array());
    queue.send(read, { value: 1 }, done);
    expect(sent).toEqual([]);
  });

  it("never has more commands unanswered than a controller with that many places can take, however late it hears", () => {
    const places = 3;
    queue.complete(0x0000, places, new Uint8Array());
    for (let value = 0; value < 50; value++) queue.send(read, { value }, done);
    // The controller answers each before it has received the ones behind it: all its places look free to it.
    for (let answered = 0; answered < 50; answered++) {
      expect(sent.length - answered).toBeGreaterThan(0);
      expect(sent.length - answered).toBeLessThanOrEqual(places);
      queue.complete(read.opcode, places, ok(1));
    }
    expect(outcomes).toHaveLength(50);
  });

  it("keeps the order in which commands were queued", () => {
    queue.send(read, { value: 1 }, done);
    queue.send(start, { value: 2 }, done);
    queue.send(other, { value: 3 }, done);
    queue.complete(read.opcode, 1, ok(0));
    queue.status(start.opcode, 1, Status.Success);
    queue.complete(other.opcode, 1, ok(0));
    expect(sent.map((packet) => u16At(packet, 1))).toEqual([read.opcode, start.opcode, other.opcode]);
  });
});

describe("the command queue and its answers (Vol 4, Part E, 7.7.14 and 7.7.15)", () => {
  it("gives an answer to the oldest command with that opcode, whatever is around it", () => {
    const told: string[] = [];
    queue.complete(0x0000, 4, new Uint8Array());
    queue.send(other, { value: 0 }, () => told.push("other"));
    queue.send(read, { value: 1 }, (outcome) => told.push(`first ${JSON.stringify(outcome)}`));
    queue.send(read, { value: 2 }, (outcome) => told.push(`second ${JSON.stringify(outcome)}`));
    queue.complete(read.opcode, 1, ok(7));
    queue.complete(read.opcode, 1, ok(8));
    queue.complete(other.opcode, 1, ok(9));
    expect(told).toEqual(['first {"value":7}', 'second {"value":8}', "other"]);
  });

  it("tells a refusal in Command Complete with status and opcode", () => {
    queue.send(read, { value: 1 }, done);
    queue.complete(read.opcode, 1, Uint8Array.of(Status.CommandDisallowed));
    expect(outcomes).toEqual([new HciError(Status.CommandDisallowed, read.opcode)]);
    expect(outcomes[0]).toMatchObject({ status: Status.CommandDisallowed, opcode: read.opcode });
  });

  it("tells a refusal in Command Status, also of a command that Command Complete should answer", () => {
    queue.send(read, { value: 1 }, done);
    queue.status(read.opcode, 1, Status.UnknownHciCommand);
    expect(outcomes).toEqual([new HciError(Status.UnknownHciCommand, read.opcode)]);
    expect(outcomes[0]).toMatchObject({ status: Status.UnknownHciCommand });
  });

  it("goes on waiting for Command Complete when Command Status says the command is pending", () => {
    queue.send(read, { value: 1 }, done);
    queue.status(read.opcode, 1, Status.Success);
    expect(outcomes).toEqual([]);
    queue.complete(read.opcode, 1, ok(5));
    expect(outcomes).toEqual([{ value: 5 }]);
  });

  it("takes Command Complete for the answer of a command that Command Status should answer", () => {
    queue.send(start, { value: 1 }, done);
    queue.send(start, { value: 2 }, done);
    queue.complete(start.opcode, 1, ok());
    queue.complete(start.opcode, 1, Uint8Array.of(Status.ConnectionLimitExceeded));
    expect(outcomes).toEqual([{}, new HciError(Status.ConnectionLimitExceeded, start.opcode)]);
  });

  it("calls return parameters malformed that lack the status, or some of their octets", () => {
    queue.send(read, { value: 1 }, done);
    queue.send(read, { value: 2 }, done);
    queue.complete(read.opcode, 1, new Uint8Array());
    queue.complete(read.opcode, 1, ok());
    expect(outcomes.map((outcome) => outcome instanceof MalformedPduError)).toEqual([true, true]);
    queue.send(read, { value: 3 }, done);
    expect(values()).toEqual([1, 2, 3]);
  });

  it("ignores return parameters that a later version has appended", () => {
    queue.send(read, { value: 1 }, done);
    queue.complete(read.opcode, 1, ok(4, 0xff, 0xff));
    expect(outcomes).toEqual([{ value: 4 }]);
  });

  it("ignores answers to what was not sent, but for what they allow", () => {
    queue.send(read, { value: 1 }, done);
    queue.complete(other.opcode, 1, ok(1));
    queue.status(start.opcode, 1, Status.CommandDisallowed);
    queue.complete(read.opcode, 1, ok(1));
    queue.complete(read.opcode, 1, ok(2));
    expect(outcomes).toEqual([{ value: 1 }]);
  });

  it("finds itself at rest when it tells an outcome, which may send again", () => {
    const again = (outcome: unknown): void => {
      outcomes.push(outcome);
      if (outcomes.length < 4) queue.send(read, { value: outcomes.length }, again);
    };
    queue.send(read, { value: 0 }, again);
    queue.send(other, { value: 100 }, done);
    queue.complete(read.opcode, 1, ok(1));
    expect(values()).toEqual([0, 100]);
    queue.complete(other.opcode, 1, ok(2));
    queue.complete(read.opcode, 1, ok(3));
    queue.complete(read.opcode, 1, ok(4));
    expect(values()).toEqual([0, 100, 1, 3]);
    expect(outcomes).toHaveLength(4);
  });

  it("queues nothing of a command whose parameters do not fit, and throws", () => {
    expect(() => {
      queue.send(read, { value: 256 }, done);
    }).toThrow(RangeError);
    expect(sent).toEqual([]);
    expect(clock.timers).toBe(0);
    queue.send(read, { value: 255 }, done);
    queue.complete(read.opcode, 1, ok(1));
    expect(values()).toEqual([255]);
    expect(outcomes).toEqual([{ value: 1 }]);
  });
});

describe("the command queue and time", () => {
  it("tells of a command that was not answered for 5 s, and not before", () => {
    queue.send(read, { value: 1 }, done);
    clock.advanceSync(4_999);
    expect(silences).toEqual([]);
    clock.advanceSync(1);
    expect(silences).toMatchObject([{ code: "COMMAND_TIMEOUT", opcode: read.opcode }]);
    expect(outcomes).toEqual([]);
  });

  it("gives each command its own time", () => {
    queue.send(read, { value: 1 }, done);
    clock.advanceSync(4_000);
    queue.complete(read.opcode, 1, ok(1));
    queue.send(other, { value: 2 }, done);
    clock.advanceSync(4_999);
    expect(silences).toEqual([]);
    clock.advanceSync(1);
    expect(silences).toMatchObject([{ opcode: other.opcode }]);
  });

  it("is not kept waiting for the oldest by answers to the others", () => {
    queue.complete(0x0000, 4, new Uint8Array());
    queue.send(read, { value: 1 }, done);
    for (let second = 1; second <= 4; second++) {
      queue.send(other, { value: 2 }, done);
      clock.advanceSync(1_000);
      queue.complete(other.opcode, 4, ok(1));
    }
    clock.advanceSync(999);
    expect(silences).toEqual([]);
    clock.advanceSync(1);
    expect(silences).toMatchObject([{ opcode: read.opcode }]);
  });

  it("tells of a controller that has not taken a command for 5 s either", () => {
    queue.send(read, { value: 1 }, done);
    queue.complete(read.opcode, 0, ok(1));
    queue.send(other, { value: 2 }, done);
    clock.advanceSync(4_999);
    expect(silences).toEqual([]);
    clock.advanceSync(1);
    expect(silences).toMatchObject([{ opcode: other.opcode }]);
  });

  it("begins the time anew when a command that had to wait is sent", () => {
    queue.complete(0x0000, 0, new Uint8Array());
    queue.send(read, { value: 1 }, done);
    clock.advanceSync(4_000);
    queue.complete(0x0000, 1, new Uint8Array());
    expect(values()).toEqual([1]);
    clock.advanceSync(4_999);
    expect(silences).toEqual([]);
    clock.advanceSync(1);
    expect(silences).toHaveLength(1);
  });

  it("has no timer while nothing waits", () => {
    expect(clock.timers).toBe(0);
    queue.send(read, { value: 1 }, done);
    queue.send(start, { value: 1 }, done);
    expect(clock.timers).toBe(1);
    queue.complete(read.opcode, 1, ok(1));
    expect(clock.timers).toBe(1);
    queue.status(start.opcode, 1, Status.Success);
    expect(clock.timers).toBe(0);
  });
});

describe("the command queue at its end", () => {
  const reason = new TransportError("the transport was closed");

  it("ends what was sent and what waits, in order, and leaves no timer", () => {
    const told: string[] = [];
    for (const name of ["a", "b", "c"]) {
      queue.send(read, { value: 1 }, (outcome) => told.push(outcome === reason ? name : "wrong"));
    }
    queue.end(reason);
    expect(told).toEqual(["a", "b", "c"]);
    expect(clock.timers).toBe(0);
  });

  it("ends at once what is sent later, also by those who are being told", () => {
    queue.send(read, { value: 1 }, () => {
      queue.send(read, { value: 2 }, done);
    });
    queue.end(reason);
    queue.send(read, { value: 3 }, done);
    expect(outcomes).toEqual([reason, reason]);
    expect(values()).toEqual([1]);
  });

  it("keeps the first reason, and does not hear answers any more", () => {
    queue.send(read, { value: 1 }, done);
    queue.end(reason);
    queue.end(new TransportError("another"));
    queue.complete(read.opcode, 9, ok(1));
    queue.send(read, { value: 2 }, done);
    expect(outcomes).toEqual([reason, reason]);
    expect(clock.timers).toBe(0);
  });
});
