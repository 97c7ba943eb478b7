import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AttBearer, type AttUser } from "../../src/att/att.ts";
import { AttributeTable, type ReadResult } from "../../src/att/attribute-table.ts";
import { ErrorCode } from "../../src/att/error-code.ts";
import { isCommand, Opcode, pduKind } from "../../src/att/opcode.ts";
import { concat, toHex } from "../../src/common/bytes.ts";
import { VirtualClock } from "../../src/common/clock.ts";
import { MalformedPduError } from "../../src/common/errors.ts";
import { Uuid } from "../../src/common/uuid.ts";
import { runs } from "../support/runs.ts";
import { ScriptedChannel } from "./scripted-channel.ts";

const nobody: AttUser = { value: () => undefined, mtuChanged: () => undefined, closed: () => undefined };

/** One attribute of the reference model: all there is to know of it. */
interface Modelled {
  readonly type: Uuid;
  readonly value: Uint8Array;
  readonly readable: boolean;
  readonly writable: boolean;
  readonly groupEnd: number;
}

type Model = Map<number, { -readonly [K in keyof Modelled]: Modelled[K] }>;

const types = ["2800", "2803", "2a00", "00112233-4455-6677-8899-aabbccddeeff"].map((text) => Uuid.from(text));
const attribute = fc.record({
  gap: fc.integer({ min: 1, max: 3 }),
  type: fc.constantFrom(...types),
  // Few lengths, so that attributes of equal length meet, and some that fill a response exactly.
  value: fc
    .constantFrom(0, 2, 2, 16, 19, 20, 22, 23, 300, 512)
    .chain((size) => fc.uint8Array({ minLength: size, maxLength: size })),
  readable: fc.boolean(),
  writable: fc.boolean(),
  group: fc.integer({ min: 0, max: 4 }),
});
const database = fc.array(attribute, { maxLength: 12 });
const handle = fc.integer({ min: 0, max: 30 });
const u16 = (number: number): Uint8Array => Uint8Array.of(number, number >> 8);

function build(rows: typeof database extends fc.Arbitrary<infer T> ? T : never) {
  const model: Model = new Map();
  const table = new AttributeTable<undefined>();
  let at = 0;
  for (const row of rows) {
    at += row.gap;
    const declaration = row.type.short === 0x2800;
    const readable = row.readable || declaration; // "shall be readable": Vol 3, Part G, 3.1
    const writable = row.writable && !declaration;
    const entry = { ...row, readable, writable, groupEnd: declaration ? at + row.group : at };
    model.set(at, entry);
    let stored = row.value;
    table.add({
      handle: at,
      type: entry.type,
      groupEnd: entry.groupEnd,
      ...(declaration && { constant: stored }),
      ...(readable && {
        read: (_peer: undefined, _offset: number, done: (r: ReadResult) => void) => done(stored),
      }),
      ...(writable && {
        write: (_peer: undefined, { value }: { value: Uint8Array }, done: (r: undefined) => void) => {
          stored = value.slice();
          done(undefined);
        },
      }),
    });
  }
  return { model, table };
}

// The reference: what the specification says, in as few words as it goes.
type Answer = readonly [error: number, handle: number] | Uint8Array;

function within(model: Model, start: number, end: number) {
  return [...model].filter(([at]) => at >= start && at <= end);
}

function list(mtu: number, items: readonly Uint8Array[]): Uint8Array {
  const size = items[0]?.length ?? 0;
  const differs = items.findIndex((item) => item.length !== size);
  const same = differs < 0 ? items : items.slice(0, differs);
  return concat(Uint8Array.of(size), ...same.slice(0, Math.floor((mtu - 2) / size)));
}

const reference = {
  read(model: Model, mtu: number, at: number, offset: number): Answer {
    const found = model.get(at);
    if (!found) return [ErrorCode.InvalidHandle, at];
    if (!found.readable) return [ErrorCode.ReadNotPermitted, at];
    if (offset > found.value.length) return [ErrorCode.InvalidOffset, at];
    return found.value.slice(offset, offset + mtu - 1);
  },
  readMultiple(model: Model, mtu: number, handles: readonly number[], withLengths: boolean): Answer {
    const parts: Uint8Array[] = [];
    let room = mtu - 1;
    for (const at of handles) {
      const found = model.get(at);
      if (!found) return [ErrorCode.InvalidHandle, at];
      if (!found.readable) return [ErrorCode.ReadNotPermitted, at];
      const head = withLengths ? u16(found.value.length) : new Uint8Array();
      if (head.length > room) room = 0; // a length is whole or not there
      const part = concat(head, found.value).slice(0, room);
      parts.push(part);
      room -= part.length;
      if (part.length < head.length + found.value.length) room = 0;
    }
    return concat(...parts);
  },
  write(model: Model, at: number): Answer {
    const found = model.get(at);
    if (!found) return [ErrorCode.InvalidHandle, at];
    return found.writable ? new Uint8Array() : [ErrorCode.WriteNotPermitted, at];
  },
  readByType(model: Model, mtu: number, start: number, end: number, type: Uuid): Answer {
    if (start === 0 || start > end) return [ErrorCode.InvalidHandle, start];
    const found = within(model, start, end).filter(([, each]) => each.type.equals(type));
    const [first] = found;
    if (!first) return [ErrorCode.AttributeNotFound, start];
    if (!first[1].readable) return [ErrorCode.ReadNotPermitted, first[0]];
    const secret = found.findIndex(([, each]) => !each.readable);
    const readable = secret < 0 ? found : found.slice(0, secret);
    return list(
      mtu,
      readable.map(([at, { value }]) => concat(u16(at), value.slice(0, Math.min(mtu - 4, 253)))),
    );
  },
  readByGroupType(model: Model, mtu: number, start: number, end: number, type: Uuid): Answer {
    if (start === 0 || start > end) return [ErrorCode.InvalidHandle, start];
    if (type.short !== 0x2800) return [ErrorCode.UnsupportedGroupType, start];
    const found = within(model, start, end).filter(([, each]) => each.type.equals(type));
    if (found.length === 0) return [ErrorCode.AttributeNotFound, start];
    return list(
      mtu,
      found.map(([at, { value, groupEnd }]) =>
        concat(u16(at), u16(groupEnd), value.slice(0, Math.min(mtu - 6, 251))),
      ),
    );
  },
  findInformation(model: Model, mtu: number, start: number, end: number): Answer {
    if (start === 0 || start > end) return [ErrorCode.InvalidHandle, start];
    const found = within(model, start, end).map(([at, { type }]) => concat(u16(at), type.octets));
    if (found.length === 0) return [ErrorCode.AttributeNotFound, start];
    const answer = list(mtu, found);
    answer[0] = answer[0] === 4 ? 1 : 2;
    return answer;
  },
  findByTypeValue(model: Model, mtu: number, start: number, end: number, value: Uint8Array): Answer {
    if (start === 0 || start > end) return [ErrorCode.InvalidHandle, start];
    const found = within(model, start, end).filter(
      ([, each]) => each.type.short === 0x2800 && toHex(each.value) === toHex(value),
    );
    if (found.length === 0) return [ErrorCode.AttributeNotFound, start];
    const ranges = found.map(([at, { groupEnd }]) => concat(u16(at), u16(groupEnd)));
    return concat(...ranges.slice(0, Math.floor((mtu - 1) / 4)));
  },
};

const type = fc.constantFrom(...types);
const someValue = fc
  .constantFrom(0, 2, 16)
  .chain((size) => fc.uint8Array({ minLength: size, maxLength: size }));

type Ask = (model: Model, mtu: number) => readonly [request: Uint8Array, answer: Answer];
const request = fc.oneof(
  handle.map((at): Ask => (model, mtu) => [
    concat(Uint8Array.of(0x0a), u16(at)),
    reference.read(model, mtu, at, 0),
  ]),
  fc
    .tuple(handle, fc.constantFrom(0, 1, 2, 3, 22, 299, 300, 301, 512, 0xffff))
    .map(([at, offset]): Ask => (model, mtu) => [
      concat(Uint8Array.of(0x0c), u16(at), u16(offset)),
      reference.read(model, mtu, at, offset),
    ]),
  fc
    .tuple(fc.array(handle, { minLength: 2, maxLength: 6 }), fc.boolean())
    .map(([handles, withLengths]): Ask => (model, mtu) => [
      concat(Uint8Array.of(withLengths ? 0x20 : 0x0e), ...handles.map(u16)),
      reference.readMultiple(model, mtu, handles, withLengths),
    ]),
  fc.tuple(handle, someValue).map(([at, value]): Ask => (model) => {
    const answer = reference.write(model, at);
    const found = model.get(at);
    if (answer instanceof Uint8Array && found) found.value = value;
    return [concat(Uint8Array.of(0x12), u16(at), value), answer];
  }),
  fc
    .tuple(handle, handle, type)
    .map(([start, end, wanted]): Ask => (model, mtu) => [
      concat(Uint8Array.of(0x08), u16(start), u16(end), wanted.octets),
      reference.readByType(model, mtu, start, end, wanted),
    ]),
  fc
    .tuple(handle, handle, type)
    .map(([start, end, wanted]): Ask => (model, mtu) => [
      concat(Uint8Array.of(0x10), u16(start), u16(end), wanted.octets),
      reference.readByGroupType(model, mtu, start, end, wanted),
    ]),
  fc
    .tuple(handle, handle)
    .map(([start, end]): Ask => (model, mtu) => [
      concat(Uint8Array.of(0x04), u16(start), u16(end)),
      reference.findInformation(model, mtu, start, end),
    ]),
  fc.tuple(handle, handle, handle).map(([start, end, of]): Ask => (model, mtu) => {
    const value = model.get(of)?.value.slice(0, 16) ?? new Uint8Array(2);
    return [
      concat(Uint8Array.of(0x06), u16(start), u16(end), u16(0x2800), value),
      reference.findByTypeValue(model, mtu, start, end, value),
    ];
  }),
);

describe("ATT server against a reference model (Vol 3, Part F, 3.4)", () => {
  it("answers as the model does, whatever the database, the requests and ATT_MTU", () => {
    fc.assert(
      fc.property(
        database,
        fc.array(request, { minLength: 1, maxLength: 20 }),
        fc.oneof(fc.integer({ min: 23, max: 517 }), fc.constantFrom(23, 24, 255, 256, 257, 258, 517)),
        (rows, asked, mtu) => {
          const { model, table } = build(rows);
          const channel = new ScriptedChannel();
          const bearer = new AttBearer(channel, new VirtualClock(), table, undefined, nobody);
          bearer.receive(Uint8Array.of(0x02, mtu, mtu >> 8));
          channel.take();
          for (const ask of asked) {
            const [octets, answer] = ask(model, mtu);
            bearer.receive(octets);
            const opcode = octets[0] ?? 0;
            const expected =
              answer instanceof Uint8Array
                ? concat(Uint8Array.of(opcode + 1), answer)
                : concat(Uint8Array.of(0x01, opcode), u16(answer[1]), Uint8Array.of(answer[0]));
            expect(channel.take(), toHex(octets)).toEqual([toHex(expected)]);
          }
        },
      ),
      runs,
    );
  });
});

describe("ATT bearer: any octets", () => {
  const opcodes = fc.constantFrom(...Object.values(Opcode), 0x00, 0x3f, 0x7f, 0xbf, 0xff);
  const pdu = fc
    .tuple(opcodes, fc.uint8Array({ maxLength: 24 }))
    .map(([op, rest]) => concat(Uint8Array.of(op), rest));
  const octets = fc.oneof(
    { weight: 4, arbitrary: pdu },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 24 }) },
  );

  it("are answered once where they are a request, and otherwise never; nothing but MalformedPduError is thrown", () => {
    fc.assert(
      fc.property(database, fc.array(octets, { maxLength: 30 }), (rows, pdus) => {
        const channel = new ScriptedChannel();
        const clock = new VirtualClock();
        const bearer = new AttBearer(channel, clock, build(rows).table, undefined, nobody);
        for (const each of pdus) {
          const opcode = each[0];
          try {
            bearer.receive(each);
          } catch (error) {
            expect(error).toBeInstanceOf(MalformedPduError);
          }
          const sent = channel.takeOctets();
          if (opcode === undefined) {
            expect(sent).toEqual([]);
            continue;
          }
          const kind = pduKind(opcode);
          const isRequest = kind === "request" || (kind === "unknown" && !isCommand(opcode));
          const confirms = kind === "indication" && each.length >= 3;
          expect(sent.length, toHex(each)).toBe(isRequest || confirms ? 1 : 0);
          const [answer] = sent;
          if (!answer || !isRequest) continue;
          expect(answer.length).toBeLessThanOrEqual(bearer.mtu);
          if (answer[0] === Opcode.ErrorResponse) expect(answer[1]).toBe(opcode);
          else expect(answer[0]).toBe(opcode + 1);
        }
        expect(clock.timers).toBe(0);
      }),
      runs,
    );
  });

  it("as answers to requests and indications end each exactly once, and leave no timer behind", () => {
    fc.assert(
      fc.property(fc.array(octets, { maxLength: 30 }), fc.boolean(), (pdus, timeout) => {
        const channel = new ScriptedChannel();
        const clock = new VirtualClock();
        const bearer = new AttBearer(channel, clock, build([]).table, undefined, nobody);
        const ended: number[] = new Array<number>(20).fill(0);
        const done = (index: number) => (): void => {
          ended[index] = (ended[index] ?? 0) + 1;
        };
        for (let i = 0; i < 10; i++) {
          bearer.request(Uint8Array.of(0x0a, i, 0), undefined, Opcode.ReadResponse, done(i));
          bearer.indicate(i, new Uint8Array(i), done(10 + i));
        }
        for (const each of pdus) {
          try {
            bearer.receive(each);
          } catch (error) {
            expect(error).toBeInstanceOf(MalformedPduError);
          }
        }
        expect(Math.max(...ended)).toBeLessThanOrEqual(1);
        if (timeout) clock.advanceSync(30_000);
        else bearer.closed(new MalformedPduError("test", "closed"));
        expect(ended).toEqual(new Array(20).fill(1));
        expect(clock.timers).toBe(0);
      }),
      runs,
    );
  });
});
