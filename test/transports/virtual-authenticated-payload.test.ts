import { describe, expect, it } from "vitest";
import {
  ReadAuthenticatedPayloadTimeout,
  SetEventMaskPage2,
  WriteAuthenticatedPayloadTimeout,
} from "../../src/hci/commands/controller-baseband.ts";
import { AuthenticatedPayloadTimeoutExpired, DisconnectionComplete } from "../../src/hci/events/link.ts";
import { Status } from "../../src/hci/status.ts";
import { LlOpcode } from "../../transports/virtual/ll-control.ts";
import type { Timing } from "../../transports/virtual/timing.ts";
import { connectEncrypted, type Handles } from "../support/raw-encryption.ts";
import { RawPair } from "../support/raw-pair.ts";

describe("virtual controller: authenticated payload timeout (Vol 4, Part E, 7.3.93 and 7.3.94)", () => {
  it("is 30 s, and what the host writes", () => {
    const pair = new RawPair();
    const { a: connectionHandle } = pair.connect();
    const read = (): number =>
      pair.a.host.ask(ReadAuthenticatedPayloadTimeout, { connectionHandle }).authenticatedPayloadTimeout;
    expect(read()).toBe(3000);
    pair.a.host.ask(WriteAuthenticatedPayloadTimeout, { connectionHandle, authenticatedPayloadTimeout: 4 });
    expect(read()).toBe(4);
  });

  it("is no shorter than the time a peripheral may sleep: 0x12 (Vol 4, Part E, 7.3.94)", () => {
    const pair = new RawPair();
    // 30 ms, of which a peripheral may sleep through 3.
    const { a: connectionHandle } = pair.connect(pair.a, pair.b, { maxLatency: 3 });
    const write = (authenticatedPayloadTimeout: number): number =>
      pair.a.host.status(WriteAuthenticatedPayloadTimeout, { connectionHandle, authenticatedPayloadTimeout });
    expect([0, 11, 12].map(write)).toEqual([0x12, 0x12, Status.Success]);
  });

  describe.each<readonly [Timing]>([["instant"], ["air"]])("in an air that is %s", (timing) => {
    /** Encrypted, `a` with the timeout, `b` without one that would matter. */
    const encrypted = (timeout: number): { readonly pair: RawPair; readonly handles: Handles } => {
      const pair = new RawPair({}, {}, { timing });
      const handles = connectEncrypted(pair);
      const { a: connectionHandle } = handles;
      pair.a.host.ask(WriteAuthenticatedPayloadTimeout, {
        connectionHandle,
        authenticatedPayloadTimeout: timeout,
      });
      return { pair, handles };
    };

    it("never expires while the peer answers LE Ping (Vol 6, Part B, 5.1.8)", () => {
      const { pair } = encrypted(20);
      const { packets } = pair.a.controller.counters;
      pair.clock.advanceSync(60_000);
      expect(pair.a.host.events).toEqual([]);
      expect(pair.a.controller.counters.packets - packets).toBeGreaterThan(300);
    });

    it("expires when nothing is heard for so long, again and again (Vol 4, Part E, 7.7.75)", () => {
      const { pair, handles } = encrypted(20);
      pair.air.partition(pair.a.controller, pair.b.controller);
      pair.clock.advanceSync(190);
      expect(pair.a.host.take(AuthenticatedPayloadTimeoutExpired)).toEqual([]);
      pair.clock.advanceSync(60);
      expect(pair.a.host.take(AuthenticatedPayloadTimeoutExpired)).toEqual([{ connectionHandle: handles.a }]);
      pair.clock.advanceSync(200);
      expect(pair.a.host.take(AuthenticatedPayloadTimeoutExpired)).toEqual([{ connectionHandle: handles.a }]);
      pair.clock.advanceSync(1000);
      expect(pair.a.host.takeOne(DisconnectionComplete).reason).toBe(Status.ConnectionTimeout);
      expect(pair.clock.timers).toBe(0);
    });

    it("sends no LE Ping while the peer sends data (Vol 6, Part B, 4.6.5)", () => {
      const { pair, handles } = encrypted(20);
      const opcodes: number[] = [];
      // Behind the headers of the record, its pseudo-header, and the access address.
      pair.air.capture((record) => {
        const at = 16 + 10 + 4;
        if (((record[at] ?? 0) & 0b11) === 0b11) opcodes.push(record[at + 2] ?? -1);
      });
      for (let i = 0; i < 20; i++) {
        pair.b.host.sendData(handles.b, Uint8Array.of(i));
        pair.clock.advanceSync(30);
      }
      expect(opcodes).toEqual([]);
      pair.clock.advanceSync(200);
      expect(opcodes.slice(0, 2)).toEqual([LlOpcode.PingReq, LlOpcode.PingRsp]);
    });
  });

  it("is of encrypted links only (Vol 6, Part B, 4.6.5)", () => {
    const pair = new RawPair();
    pair.a.host.ask(SetEventMaskPage2, { eventMaskPage2: 1n << 23n });
    const { a: connectionHandle } = pair.connect();
    pair.a.host.ask(WriteAuthenticatedPayloadTimeout, { connectionHandle, authenticatedPayloadTimeout: 10 });
    pair.air.partition(pair.a.controller, pair.b.controller);
    pair.clock.advanceSync(700);
    expect(pair.a.host.events).toEqual([]);
  });
});
