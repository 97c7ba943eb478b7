import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { u16At } from "../../src/common/bytes.ts";
import { Reset, SetEventMask } from "../../src/hci/commands/controller-baseband.ts";
import { Disconnect } from "../../src/hci/commands/link-control.ts";
import { DataBufferOverflow, NumberOfCompletedPackets } from "../../src/hci/events/flow.ts";
import { DisconnectionComplete } from "../../src/hci/events/link.ts";
import { aclPacket } from "../support/raw-host.ts";
import { RawPair } from "../support/raw-pair.ts";
import { runs } from "../support/runs.ts";

const octets = (...values: number[]): Uint8Array => Uint8Array.from(values);

describe("virtual controller: ACL data (Vol 4, Part E, 5.4.2)", () => {
  it("arrives with the peer's handle, as a start (0b10) or a continuation (0b01)", () => {
    const pair = new RawPair();
    const handles = pair.connect();
    pair.a.host.sendData(handles.a, octets(1, 2, 3), 0b00);
    pair.a.host.sendData(handles.a, octets(4), 0b01);
    expect(pair.b.host.data).toEqual([
      aclPacket(handles.b, octets(1, 2, 3), 0b10),
      aclPacket(handles.b, octets(4), 0b01),
    ]);
    expect(pair.a.controller.faults).toEqual([]);
  });

  it("is the very buffer that was sent, where it fits", () => {
    const pair = new RawPair();
    const handles = pair.connect();
    const buffer = new Uint8Array(20);
    const packet = buffer.subarray(5, 15);
    packet.set(aclPacket(handles.a, octets(9, 9, 9, 9, 9)));
    let arrived: ArrayBufferLike | undefined;
    pair.b.host.packet = (received) => (arrived = received.buffer);
    pair.a.host.send(packet);
    expect(arrived).toBe(buffer.buffer);
    expect([...buffer.subarray(0, 5), ...buffer.subarray(15)], "and nothing beside it").toEqual(
      new Array(10).fill(0),
    );
  });

  it("is cut to the size of the receiving controller's packets", () => {
    const pair = new RawPair({ aclOctets: 251 }, { aclOctets: 27 });
    const handles = pair.connect();
    const payload = Uint8Array.from({ length: 60 }, (_, i) => i);
    pair.a.host.sendData(handles.a, payload);
    expect(pair.b.host.data).toEqual([
      aclPacket(handles.b, payload.subarray(0, 27), 0b10),
      aclPacket(handles.b, payload.subarray(27, 54), 0b01),
      aclPacket(handles.b, payload.subarray(54), 0b01),
    ]);
    expect(pair.a.host.takeCompleted(handles.a)).toBe(1);
  });

  it("never reaches the receiver from within send", () => {
    const pair = new RawPair();
    const handles = pair.connect();
    pair.a.host.transport.send(aclPacket(handles.a, octets(1)));
    expect(pair.b.host.data).toEqual([]);
    pair.clock.advanceSync(0);
    expect(pair.b.host.data).toHaveLength(1);
  });

  it("comes before the disconnection that was asked for behind it", () => {
    const pair = new RawPair();
    const handles = pair.connect();
    const seen: number[] = [];
    pair.b.host.onPacket = (packet) => seen.push(packet[0]!, packet[1]!);
    pair.a.host.transport.send(aclPacket(handles.a, octets(1)));
    pair.a.host.ask(Disconnect, { connectionHandle: handles.a, reason: 0x13 });
    expect(seen).toEqual([0x02, handles.b & 0xff, 0x04, DisconnectionComplete.code]);
    pair.clock.advanceSync(1);
    expect(pair.a.host.take(NumberOfCompletedPackets), "nothing about a handle that is gone (4.3)").toEqual(
      [],
    );
  });
});

describe("virtual controller: flow control (Vol 4, Part E, 4.1 and 7.7.19)", () => {
  it("returns the buffers of several packets and links in one event, after the peers have them", () => {
    const pair = new RawPair();
    const other = pair.station();
    const toB = pair.connect();
    const toOther = pair.connect(pair.a, other);
    pair.a.host.onPacket = () => expect([pair.b.host.data.length, other.host.data.length]).toEqual([2, 1]);
    for (const handle of [toB.a, toOther.a, toB.a]) pair.a.host.transport.send(aclPacket(handle, octets(1)));
    pair.clock.advanceSync(0);
    expect(pair.a.host.take(NumberOfCompletedPackets)).toEqual([
      {
        handles: [
          { connectionHandle: toB.a, numCompletedPackets: 2 },
          { connectionHandle: toOther.a, numCompletedPackets: 1 },
        ],
      },
    ]);
  });

  it("takes no more packets than it has buffers: a fault and Data Buffer Overflow (7.7.26)", () => {
    const pair = new RawPair({ aclPackets: 3 });
    const handles = pair.connect();
    for (let i = 0; i < 5; i++) pair.a.host.transport.send(aclPacket(handles.a, octets(i)));
    pair.clock.advanceSync(0);
    expect(pair.a.controller.faults.map(({ kind }) => kind)).toEqual(["aclCredit", "aclCredit"]);
    expect(pair.a.host.take(DataBufferOverflow)).toEqual([{ linkType: 1 }, { linkType: 1 }]);
    expect(pair.b.host.data).toHaveLength(3);
    expect(pair.a.host.takeCompleted(handles.a)).toBe(3);
  });

  const faulty: [string, (handle: number) => Uint8Array, string][] = [
    ["longer than a buffer", (handle) => aclPacket(handle, new Uint8Array(28)), "aclLength"],
    ["with the boundary flag 0b10", (handle) => aclPacket(handle, octets(1), 0b10), "aclFlags"],
    ["with a broadcast flag", (handle) => aclPacket(handle, octets(1), 0b0100), "aclFlags"],
  ];
  it.each(faulty)("notes and drops a packet %s, and gives its buffer back", (_, packet, kind) => {
    const pair = new RawPair({ aclOctets: 27 });
    const handles = pair.connect();
    pair.a.host.send(packet(handles.a));
    expect(pair.a.controller.faults.map((fault) => fault.kind)).toEqual([kind]);
    expect(pair.b.host.data).toEqual([]);
    expect(pair.a.host.takeCompleted(handles.a)).toBe(1);
  });

  it("notes and drops a packet for a handle that is not connected, or of the wrong length", () => {
    const pair = new RawPair();
    const handles = pair.connect();
    pair.a.host.sendData(handles.a + 1, octets(1));
    const short = aclPacket(handles.a, octets(1, 2, 3)).subarray(0, 7);
    pair.a.host.send(short);
    pair.a.host.send(octets(2, 0, 0, 0));
    const kinds = ["unknownHandle", "malformedPacket", "malformedPacket"];
    expect(pair.a.controller.faults.map(({ kind }) => kind)).toEqual(kinds);
    expect([...pair.a.host.events, ...pair.b.host.data]).toEqual([]);
  });

  it("forgives a packet for a link whose end the host could not know of, and no other (5.4.2)", () => {
    const pair = new RawPair();
    const handles = pair.connect();
    const kinds = (): string[] => pair.a.controller.faults.map(({ kind }) => kind);
    // Sent while Disconnection Complete is still under way to the host.
    pair.a.controller.disturb({ delayMs: 50 });
    pair.b.host.ask(Disconnect, { connectionHandle: handles.b, reason: 0x13 });
    pair.a.host.sendData(handles.a, octets(1));
    pair.clock.advanceSync(10);
    pair.a.host.sendData(handles.a, octets(1));
    expect(kinds()).toEqual([]);
    pair.clock.advanceSync(50);
    expect(pair.a.host.take(DisconnectionComplete)).toHaveLength(1);
    pair.a.host.sendData(handles.a, octets(1));
    expect(kinds()).toEqual(["unknownHandle"]);
    expect(pair.b.host.data).toEqual([]);
  });

  it("forgives none behind a reset, and none where the host does not want to be told", () => {
    const pair = new RawPair();
    const handles = pair.connect();
    pair.a.host.ask(Reset, {});
    pair.a.host.sendData(handles.a, octets(1));
    expect(pair.a.controller.faults.map(({ kind }) => kind)).toEqual(["unknownHandle"]);
    const other = new RawPair();
    const { a, b } = other.connect();
    other.b.host.ask(SetEventMask, { eventMask: 0n });
    other.a.host.ask(Disconnect, { connectionHandle: a, reason: 0x13 });
    other.b.host.sendData(b, octets(1));
    expect(other.b.controller.faults.map(({ kind }) => kind)).toEqual(["unknownHandle"]);
  });

  it("takes an empty packet and delivers nothing", () => {
    const pair = new RawPair();
    const handles = pair.connect();
    pair.a.host.sendData(handles.a, octets());
    expect(pair.b.host.data).toEqual([]);
    expect(pair.a.host.takeCompleted(handles.a)).toBe(1);
  });

  it("keeps the buffers of a link whose peer is silent until the link is given up (4.3)", () => {
    const pair = new RawPair({ aclPackets: 2 });
    const handles = pair.connect();
    pair.b.host.ask(Reset, {});
    for (let i = 0; i < 3; i++) pair.a.host.sendData(handles.a, octets(i));
    expect(pair.a.host.takeCompleted(handles.a)).toBe(0);
    expect(pair.a.controller.faults.map(({ kind }) => kind)).toEqual(["aclCredit"]);
    pair.clock.advanceSync(720);
    expect(pair.a.host.takeOne(DisconnectionComplete).reason).toBe(0x08);
    expect(pair.a.host.take(NumberOfCompletedPackets)).toEqual([]);
    // Both buffers are free for the next link.
    pair.b.host.ask(SetEventMask, { eventMask: 0xffff_ffff_ffff_ffffn });
    const again = pair.connect();
    for (let i = 0; i < 2; i++) pair.a.host.transport.send(aclPacket(again.a, octets(i)));
    pair.clock.advanceSync(0);
    expect(pair.a.host.takeCompleted(again.a)).toBe(2);
    expect(pair.a.controller.faults).toHaveLength(1);
  });

  it("splits what it returns over events when the links are many", () => {
    const pair = new RawPair({ aclPackets: 100, connections: 100 });
    const handles = Array.from({ length: 70 }, () => pair.connect(pair.a, pair.station()).a);
    for (const handle of handles) pair.a.host.transport.send(aclPacket(handle, octets(1)));
    pair.clock.advanceSync(0);
    const returned = pair.a.host.take(NumberOfCompletedPackets).map((event) => event.handles.length);
    expect(returned).toEqual([63, 7]);
  });

  it("keeps order, content and credits whatever is sent both ways", () => {
    const traffic = fc.array(
      fc.record({
        fromA: fc.boolean(),
        size: fc.integer({ min: 1, max: 251 }),
        first: fc.boolean(),
        flush: fc.boolean(),
      }),
      { maxLength: 60 },
    );
    const sizes = fc.constantFrom(27, 251);
    fc.assert(
      fc.property(
        sizes,
        sizes,
        fc.integer({ min: 1, max: 8 }),
        traffic,
        (sizeA, sizeB, aclPackets, sendings) => {
          const pair = new RawPair({ aclOctets: sizeA, aclPackets }, { aclOctets: sizeB, aclPackets });
          const handles = pair.connect();
          const ends = {
            a: {
              ...pair.a,
              handle: handles.a,
              size: sizeA,
              sent: [] as number[],
              packets: 0,
              free: aclPackets,
            },
            b: {
              ...pair.b,
              handle: handles.b,
              size: sizeB,
              sent: [] as number[],
              packets: 0,
              free: aclPackets,
            },
          };
          const settle = (): void => {
            pair.clock.advanceSync(0);
            for (const end of [ends.a, ends.b]) {
              end.free += end.host.takeCompleted(end.handle);
              expect(end.free).toBe(aclPackets);
            }
          };
          for (const { fromA, size, first, flush } of sendings) {
            const end = fromA ? ends.a : ends.b;
            const payload = Uint8Array.from({ length: Math.min(size, end.size) }, (_, i) => end.packets + i);
            end.packets++;
            end.sent.push(...payload);
            end.free--;
            end.host.transport.send(aclPacket(end.handle, payload, first ? 0 : 1));
            if (flush || end.free === 0) settle();
          }
          settle();
          for (const [from, to] of [
            [ends.a, ends.b],
            [ends.b, ends.a],
          ] as const) {
            for (const packet of to.host.data) {
              expect(packet.length - 5).toBe(u16At(packet, 3));
              expect(packet.length - 5).toBeLessThanOrEqual(to.size);
              expect(u16At(packet, 1) & 0x0fff).toBe(to.handle);
            }
            expect(to.host.data.flatMap((packet) => [...packet.subarray(5)])).toEqual(
              from.sent.map((octet) => octet & 0xff),
            );
            expect(from.controller.faults).toEqual([]);
          }
        },
      ),
      runs,
    );
  });
});
