import { describe, expect, it } from "vitest";
import { Disconnect } from "../../src/hci/commands/link-control.ts";
import { DisconnectionComplete } from "../../src/hci/events/link.ts";
import { VirtualAir } from "../../transports/virtual/index.ts";
import { RawPair } from "../support/raw-pair.ts";

describe("a fixed link delay", () => {
  it("is how long each packet takes, however many there are", () => {
    const pair = new RawPair({}, {}, { linkDelayMs: 20 });
    const handles = pair.connect();
    pair.clock.advanceSync(40);
    for (let i = 0; i < 3; i++) pair.a.host.sendData(handles.a, Uint8Array.of(i));
    pair.clock.advanceSync(5);
    pair.a.host.sendData(handles.a, Uint8Array.of(3));
    pair.b.host.sendData(handles.b, Uint8Array.of(9));
    pair.clock.advanceSync(14.9);
    expect(pair.b.host.data).toEqual([]);
    pair.clock.advanceSync(0.1);
    expect(pair.b.host.data.map((packet) => packet[5])).toEqual([0, 1, 2]);
    expect(pair.a.host.takeCompleted(handles.a), "buffers come back when the peer has the packets").toBe(3);
    pair.clock.advanceSync(5);
    expect(pair.b.host.data.map((packet) => packet[5])).toEqual([0, 1, 2, 3]);
    expect(pair.a.host.data.map((packet) => packet[5])).toEqual([9]);
  });

  it("keeps what was sent in front of what ends the link (Vol 6, Part B, 5.1.6)", () => {
    const pair = new RawPair({}, {}, { linkDelayMs: 20 });
    const handles = pair.connect();
    pair.a.host.sendData(handles.a, Uint8Array.of(1));
    pair.a.host.status(Disconnect, { connectionHandle: handles.a, reason: 0x13 });
    pair.a.host.sendData(handles.a, Uint8Array.of(2));
    pair.clock.advanceSync(19);
    expect(pair.b.host.take(DisconnectionComplete)).toEqual([]);
    pair.clock.advanceSync(1);
    expect(pair.b.host.takeOne(DisconnectionComplete).reason).toBe(0x13);
    expect(pair.a.host.takeOne(DisconnectionComplete).reason).toBe(0x16);
    expect(pair.b.host.data.map((packet) => packet[5])).toEqual([1]);
  });

  it("leaves no timer behind when both hosts are gone", async () => {
    const pair = new RawPair({}, {}, { linkDelayMs: 20 });
    const handles = pair.connect();
    pair.a.host.sendData(handles.a, Uint8Array.of(1));
    await pair.a.host.transport[Symbol.asyncDispose]();
    await pair.b.host.transport[Symbol.asyncDispose]();
    pair.clock.advanceSync(0);
    expect(pair.clock.timers).toBe(0);
  });

  it("is out of the question with air time", () => {
    expect(() => new VirtualAir({ timing: "air", linkDelayMs: 1 })).toThrow(
      /linkDelayMs goes with timing "instant"/,
    );
    expect(() => new VirtualAir({ linkDelayMs: 60_001 })).toThrow(/linkDelayMs is 0 to 60000/);
  });
});
