import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AttBearer, type AttUser } from "../../src/att/att.ts";
import { type Attribute, AttributeTable, type WriteResult } from "../../src/att/attribute-table.ts";
import { ErrorCode } from "../../src/att/error-code.ts";
import { PrepareQueue } from "../../src/att/prepare-queue.ts";
import { overlay } from "../../src/att/overlay.ts";
import { concat, fromHex, toHex } from "../../src/common/bytes.ts";
import { VirtualClock } from "../../src/common/clock.ts";
import { Uuid } from "../../src/common/uuid.ts";
import { runs } from "../support/runs.ts";
import { ScriptedChannel } from "./scripted-channel.ts";

const nobody: AttUser = { value: () => undefined, mtuChanged: () => undefined, closed: () => undefined };

interface Slot {
  readonly writes: string[];
  value: Uint8Array;
  /** What the next write is answered with. */
  refusal: number | undefined;
  /** Where writes wait, when they are to. */
  held: ((result: WriteResult) => void)[] | undefined;
}

/** A server with values at handles 1 to 3 of at most 40 octets, all writable. */
function open() {
  const table = new AttributeTable<undefined>();
  const order: number[] = [];
  const slots = new Map<number, Slot>();
  for (const handle of [1, 2, 3]) {
    const slot: Slot = { writes: [], value: fromHex("00010203"), refusal: undefined, held: undefined };
    slots.set(handle, slot);
    const attribute: Attribute<undefined> = {
      handle,
      type: Uuid.from(0x2a00),
      groupEnd: handle,
      write(_peer, { value, acknowledged }, done) {
        expect(acknowledged).toBe(true);
        slot.writes.push(toHex(value));
        order.push(handle);
        slot.value = value.slice();
        if (slot.held) slot.held.push(done);
        else done(slot.refusal);
      },
      compose(_peer, before, offset, octets) {
        const value = overlay(before ?? slot.value, offset, octets);
        if (typeof value === "number") return value;
        return value.length > 40 ? ErrorCode.InvalidAttributeValueLength : value;
      },
    };
    table.add(attribute);
  }
  const session = { prepared: new PrepareQueue() };
  const bearerOf = (channel: ScriptedChannel): AttBearer<undefined> =>
    new AttBearer(channel, new VirtualClock(), table, undefined, nobody, 517, { session });
  const channel = new ScriptedChannel();
  const bearer = bearerOf(channel);
  const ask = (request: string): string[] => {
    bearer.receive(fromHex(request));
    return channel.take();
  };
  const writesTo = (handle: number): string[] => slots.get(handle)?.writes ?? [];
  const slot = (handle: number): Slot => slots.get(handle)!;
  return { ask, bearer, bearerOf, channel, order, session, slot, table, writesTo };
}

describe("Prepared writes (Vol 3, Part F, 3.4.6)", () => {
  it("change nothing until they are executed, and then make one value of parts that follow each other", () => {
    const { ask, writesTo } = open();
    expect(ask("16 0100 0000 aabb")).toEqual(["1701000000aabb"]);
    expect(ask("16 0100 0200 cc")).toEqual(["1701000200cc"]);
    expect(writesTo(1)).toEqual([]);
    expect(ask("18 01")).toEqual(["19"]);
    expect(writesTo(1)).toEqual(["aabbcc"]);
    expect(ask("18 01"), "the queue is empty then").toEqual(["19"]);
    expect(writesTo(1)).toEqual(["aabbcc"]);
  });

  it("for several attributes may be mixed, and are written in the order of their first parts (3.4.6.3)", () => {
    const { ask, order, writesTo } = open();
    for (const part of ["0200 0000 11", "0100 0000 aa", "0200 0100 22", "0100 0100 bb"]) ask(`16 ${part}`);
    expect(ask("18 01")).toEqual(["19"]);
    expect([writesTo(1), writesTo(2)]).toEqual([["aabb"], ["1122"]]);
    expect(order).toEqual([2, 1]);
  });

  it("for one attribute that do not follow each other are several writes, each on what the last left", () => {
    const { ask, writesTo } = open();
    for (const part of ["0000 aabbcc", "0000 dd", "0100 ee", "0000 112233", "0100 99"])
      ask(`16 0100 ${part}`);
    expect(ask("18 01")).toEqual(["19"]);
    expect(writesTo(1)).toEqual(["aabbcc", "ddee", "112233", "119933"]);
  });

  it("behind the beginning leave the rest of the value as it is", () => {
    const { ask, writesTo } = open();
    ask("16 0100 0100 ff");
    ask("16 0200 0400 ff");
    expect(ask("18 01")).toEqual(["19"]);
    expect([writesTo(1), writesTo(2)]).toEqual([["00ff0203"], ["00010203ff"]]);
  });

  it("are forgotten when they are cancelled (3.4.6.3)", () => {
    const { ask, writesTo } = open();
    ask("16 0100 0000 aa");
    expect(ask("18 00")).toEqual(["19"]);
    expect(ask("18 01")).toEqual(["19"]);
    expect(writesTo(1)).toEqual([]);
  });

  it("are kept when Execute Write has flags that mean nothing", () => {
    const { ask, writesTo } = open();
    ask("16 0100 0000 aa");
    expect(ask("18 02")).toEqual(["0118000004"]);
    expect(ask("18 01")).toEqual(["19"]);
    expect(writesTo(1)).toEqual(["aa"]);
  });

  it.each([
    ["behind the end of the value is an Invalid Offset", "16 0200 0500 ff", "0118020007"],
    [
      "beyond the longest value is an Invalid Attribute Value Length",
      `16 0200 0400 ${"ff".repeat(37)}`,
      "011802000d",
    ],
  ])("of which one %s are all discarded, and none is written (3.4.6.3)", (_name, part, error) => {
    const { ask, bearer, channel, writesTo } = open();
    bearer.receive(fromHex("02 0502"));
    channel.take();
    ask("16 0100 0000 aa");
    ask(part);
    ask("16 0300 0000 bb");
    expect(ask("18 01")).toEqual([error]);
    expect([writesTo(1), writesTo(2), writesTo(3)]).toEqual([[], [], []]);
    expect(ask("18 01"), "the queue is empty then").toEqual(["19"]);
  });

  it("that the program refuses are told with its error and the attribute's handle (3.4.6.3)", () => {
    const { ask, slot, writesTo } = open();
    for (const handle of ["01", "02", "03"]) ask(`16 ${handle}00 0000 aa`);
    slot(2).refusal = 0x80;
    expect(ask("18 01")).toEqual(["0118020080"]);
    expect([writesTo(1), writesTo(2), writesTo(3)]).toEqual([["aa"], ["aa"], []]);
  });

  it("are answered when the last has been written, however long that takes", () => {
    const { ask, channel, slot } = open();
    const held: ((result: WriteResult) => void)[] = [];
    slot(1).held = held;
    ask("16 0100 0000 aa");
    ask("16 0200 0000 bb");
    expect(ask("18 01")).toEqual([]);
    expect(slot(2).writes).toEqual([]);
    held[0]?.(undefined);
    expect(channel.take()).toEqual(["19"]);
    expect(slot(2).writes).toEqual(["bb"]);
  });

  it("do not keep other requests for the same attribute from being carried out (3.4.6.1)", () => {
    const { ask, writesTo } = open();
    ask("16 0100 0000 aa");
    expect(ask("12 0100 11")).toEqual(["13"]);
    expect(ask("18 01")).toEqual(["19"]);
    expect(writesTo(1)).toEqual(["11", "aa"]);
  });

  it.each([
    ["256 parts", 256, 1],
    ["8192 octets", 16, 512],
  ])("are refused when %s wait, and those that do are not affected (3.4.6.1)", (_name, parts, size) => {
    const { ask, bearer, channel, session } = open();
    bearer.receive(fromHex("02 0502"));
    channel.take();
    const part = "ff".repeat(size);
    for (let i = 0; i < parts; i++) expect(ask(`16 0100 0000 ${part}`)).toEqual([`1701000000${part}`]);
    expect(ask(`16 0200 0000 ${part}`)).toEqual(["0116020009"]);
    expect(session.prepared.take().map(({ octets }) => toHex(octets))).toEqual(new Array(parts).fill(part));
    expect(ask(`16 0200 0000 ${part}`), "then there is room again").toEqual([`1702000000${part}`]);
    expect(bearer.open).toBe(true);
  });

  it("are one queue for all bearers of a client, which outlives one of them (3.4.6)", () => {
    const { ask, bearer, bearerOf, writesTo } = open();
    const second = new ScriptedChannel();
    const other = bearerOf(second);
    ask("16 0100 0000 aa");
    other.receive(fromHex("16 0100 0100 bb"));
    other.closed(new Error("gone") as never);
    bearer.receive(fromHex("18 01"));
    expect(writesTo(1)).toEqual(["aabb"]);
  });

  it("for an attribute that is removed cannot be executed: Database Out Of Sync (3.4.6.3)", () => {
    const { ask, session, table, writesTo } = open();
    ask("16 0100 0000 aa");
    ask("16 0200 0000 bb");
    table.remove(2, 2);
    session.prepared.forget(2, 2);
    expect(ask("18 01")).toEqual(["0118020012"]);
    expect(writesTo(1)).toEqual([]);
    expect(ask("18 01")).toEqual(["19"]);
    ask("16 0100 0000 aa");
    session.prepared.forget(2, 3);
    expect(ask("18 01"), "others do not matter").toEqual(["19"]);
  });

  it("of any parts leave what a plain model of the rules leaves", () => {
    const part = fc.record({
      handle: fc.integer({ min: 1, max: 3 }),
      offset: fc.integer({ min: 0, max: 8 }),
      octets: fc.uint8Array({ maxLength: 6 }),
    });
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        const { ask, slot } = open();
        for (const { handle, offset, octets } of parts) {
          const request = concat(Uint8Array.of(0x16, handle, 0, offset, 0), octets);
          expect(ask(toHex(request))).toEqual([toHex(request).replace(/^16/, "17")]);
        }
        const [answer] = ask("18 01");
        // Part by part, as 3.4.6.3 says; what follows the part before it at its end extends the same value.
        const values = new Map([1, 2, 3].map((handle) => [handle, [0, 1, 2, 3]]));
        const ends = new Map<number, number>();
        const error = parts.find(({ handle, offset, octets }) => {
          const value = values.get(handle)!;
          const goesOn = ends.get(handle) === offset;
          if (offset > value.length) return true;
          if (offset === 0 && !goesOn) value.length = 0;
          value.splice(offset, octets.length, ...octets);
          ends.set(handle, offset + octets.length);
          return false;
        });
        if (error) {
          expect(answer?.slice(0, 4)).toBe("0118");
          expect(slot(1).writes.concat(slot(2).writes, slot(3).writes)).toEqual([]);
          return;
        }
        expect(answer).toBe("19");
        for (const handle of [1, 2, 3]) expect([...slot(handle).value]).toEqual(values.get(handle));
      }),
      runs,
    );
  });
});
