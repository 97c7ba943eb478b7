import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../src/common/bytes.ts";
import { SetEventMaskPage2 } from "../../src/hci/commands/controller-baseband.ts";
import { LeSetEventMask } from "../../src/hci/commands/le-controller.ts";
import {
  LeEnableEncryption,
  LeLongTermKeyRequestNegativeReply,
  LeLongTermKeyRequestReply,
} from "../../src/hci/commands/le-encryption.ts";
import { Disconnect } from "../../src/hci/commands/link-control.ts";
import { LeLongTermKeyRequest } from "../../src/hci/events/le-security.ts";
import {
  DisconnectionComplete,
  EncryptionChange,
  EncryptionChangeV2,
  EncryptionKeyRefreshComplete,
} from "../../src/hci/events/link.ts";
import { Status } from "../../src/hci/status.ts";
import type { VirtualAirOptions } from "../../transports/virtual/index.ts";
import { featureSet } from "../../transports/virtual/le-feature.ts";
import { LlOpcode } from "../../transports/virtual/ll-control.ts";
import { connectEncrypted, exchangeKeys, otherKey, sampleKey, start } from "../support/raw-encryption.ts";
import { RawPair } from "../support/raw-pair.ts";

const airs: readonly (readonly [string, VirtualAirOptions])[] = [
  ["instant, keys compared", { timing: "instant", encryption: "flag" }],
  ["instant, AES-CCM", { timing: "instant", encryption: "ccm" }],
  ["air time, keys compared", { timing: "air", encryption: "flag" }],
  ["air time, AES-CCM", { timing: "air", encryption: "ccm" }],
];

/** Payloads as hosts get them, put together again. */
const received = (data: readonly Uint8Array[]): string =>
  data.map((packet) => toHex(packet.slice(5))).join("");

describe.each(airs)("virtual controller: encryption (Vol 6, Part B, 5.1.3), %s", (_, air) => {
  it("asks the peripheral's host for the key and tells both hosts (Vol 4, Part E, 7.7.65.5 and 7.7.8)", () => {
    const pair = new RawPair({}, {}, air);
    const handles = pair.connect();
    const named = { randomNumber: fromHex("0102030405060708"), encryptedDiversifier: 0x2474 };
    pair.a.host.ask(LeEnableEncryption, { connectionHandle: handles.a, ...start, ...named });
    pair.clock.advanceSync(500);
    expect(pair.b.host.takeOne(LeLongTermKeyRequest)).toEqual({ connectionHandle: handles.b, ...named });
    expect([...pair.a.host.events, ...pair.b.host.events]).toEqual([]);
    pair.b.host.ask(LeLongTermKeyRequestReply, { connectionHandle: handles.b, longTermKey: sampleKey });
    pair.clock.advanceSync(500);
    for (const [host, connectionHandle] of [
      [pair.a.host, handles.a],
      [pair.b.host, handles.b],
    ] as const) {
      expect(host.takeOne(EncryptionChange)).toEqual({ status: 0, connectionHandle, encryptionEnabled: 1 });
      expect(host.events).toEqual([]);
    }
  });

  it("carries data as before, both ways, in packets of every size", () => {
    const pair = new RawPair({}, {}, air);
    const handles = connectEncrypted(pair);
    const sizes = [1, 22, 23, 27, 28, 100, 251];
    const payloads = sizes.map((size) => Uint8Array.from({ length: size }, (__, at) => at ^ size));
    for (const payload of payloads) {
      pair.a.host.sendData(handles.a, payload.slice());
      pair.b.host.sendData(handles.b, payload.slice());
      pair.clock.advanceSync(1000);
    }
    const whole = payloads.map((payload) => toHex(payload)).join("");
    expect(received(pair.b.host.data)).toBe(whole);
    expect(received(pair.a.host.data)).toBe(whole);
    expect(pair.a.host.takeCompleted(handles.a)).toBe(sizes.length);
    expect([...pair.a.controller.faults, ...pair.b.controller.faults]).toEqual([]);
  });

  it("holds data back while encryption starts, and sends it then (Vol 6, Part B, 5.1.3.1)", () => {
    const pair = new RawPair({}, {}, air);
    const handles = pair.connect();
    pair.a.host.ask(LeEnableEncryption, { connectionHandle: handles.a, ...start });
    pair.clock.advanceSync(500);
    pair.a.host.sendData(handles.a, Uint8Array.of(1));
    pair.b.host.sendData(handles.b, Uint8Array.of(2));
    pair.clock.advanceSync(500);
    expect([...pair.a.host.data, ...pair.b.host.data]).toEqual([]);
    pair.b.host.ask(LeLongTermKeyRequestReply, { connectionHandle: handles.b, longTermKey: sampleKey });
    pair.clock.advanceSync(500);
    expect(received(pair.a.host.data)).toBe("02");
    expect(received(pair.b.host.data)).toBe("01");
  });

  it("ends with unequal keys: MIC Failure for the peripheral, silence for the central (Vol 6, Part B, 5.1.3.1)", () => {
    const pair = new RawPair({}, {}, air);
    const handles = pair.connect();
    exchangeKeys(pair, handles, otherKey);
    expect(pair.b.host.takeOne(DisconnectionComplete)).toMatchObject({
      reason: Status.ConnectionTerminatedDueToMicFailure,
    });
    pair.clock.advanceSync(1000);
    expect(pair.a.host.takeOne(DisconnectionComplete)).toMatchObject({ reason: Status.ConnectionTimeout });
    for (const { host } of [pair.a, pair.b]) expect(host.events).toEqual([]);
    expect(pair.clock.timers).toBe(0);
  });

  it("goes on unencrypted when the peripheral's host has no key (Vol 4, Part E, 7.8.26)", () => {
    const pair = new RawPair({}, {}, air);
    const handles = pair.connect();
    pair.a.host.ask(LeEnableEncryption, { connectionHandle: handles.a, ...start });
    pair.clock.advanceSync(500);
    pair.a.host.sendData(handles.a, Uint8Array.of(1));
    pair.b.host.take(LeLongTermKeyRequest);
    pair.b.host.ask(LeLongTermKeyRequestNegativeReply, { connectionHandle: handles.b });
    pair.clock.advanceSync(500);
    const refused = { status: Status.PinOrKeyMissing, connectionHandle: handles.a, encryptionEnabled: 0 };
    expect(pair.a.host.takeOne(EncryptionChange)).toEqual(refused);
    expect(pair.b.host.take(EncryptionChange)).toEqual([]);
    expect(received(pair.b.host.data)).toBe("01");
    exchangeKeys(pair, handles);
    expect(pair.a.host.takeOne(EncryptionChange)).toMatchObject({ status: 0, encryptionEnabled: 1 });
  });

  it("changes the key of an encrypted link (Vol 6, Part B, 5.1.3.2 and Vol 4, Part E, 7.7.39)", () => {
    const pair = new RawPair({}, {}, air);
    const handles = connectEncrypted(pair);
    pair.a.host.ask(LeEnableEncryption, { connectionHandle: handles.a, ...start, longTermKey: otherKey });
    pair.clock.advanceSync(500);
    pair.a.host.sendData(handles.a, Uint8Array.of(1));
    pair.b.host.takeOne(LeLongTermKeyRequest);
    pair.b.host.ask(LeLongTermKeyRequestReply, { connectionHandle: handles.b, longTermKey: otherKey });
    pair.clock.advanceSync(500);
    for (const [host, connectionHandle] of [
      [pair.a.host, handles.a],
      [pair.b.host, handles.b],
    ] as const) {
      expect(host.takeOne(EncryptionKeyRefreshComplete)).toEqual({ status: 0, connectionHandle });
      expect(host.take(EncryptionChange)).toEqual([]);
    }
    pair.b.host.sendData(handles.b, Uint8Array.of(2));
    pair.clock.advanceSync(500);
    expect(received(pair.b.host.data)).toBe("01");
    expect(received(pair.a.host.data)).toBe("02");
  });

  it("ends an encrypted link whose new key the peripheral's host does not have (Vol 6, Part B, 5.1.3.1)", () => {
    const pair = new RawPair({}, {}, air);
    const handles = connectEncrypted(pair);
    pair.a.host.ask(LeEnableEncryption, { connectionHandle: handles.a, ...start });
    pair.clock.advanceSync(500);
    pair.b.host.take(LeLongTermKeyRequest);
    pair.b.host.ask(LeLongTermKeyRequestNegativeReply, { connectionHandle: handles.b });
    pair.clock.advanceSync(500);
    expect(pair.a.host.takeOne(DisconnectionComplete)).toMatchObject({ reason: Status.PinOrKeyMissing });
    expect(pair.b.host.takeOne(DisconnectionComplete)).toMatchObject({
      reason: Status.ConnectionTerminatedByLocalHost,
    });
    expect(pair.clock.timers).toBe(0);
  });

  it("ends the link when no answer comes within 40 s, and not before (Vol 6, Part B, 5.2)", () => {
    const pair = new RawPair({}, {}, air);
    const handles = pair.connect();
    pair.a.host.ask(LeEnableEncryption, { connectionHandle: handles.a, ...start });
    pair.clock.advanceSync(39_900);
    pair.b.host.takeOne(LeLongTermKeyRequest);
    expect([...pair.a.host.events, ...pair.b.host.events]).toEqual([]);
    pair.clock.advanceSync(1000);
    for (const { host } of [pair.a, pair.b]) {
      expect(host.takeOne(DisconnectionComplete)).toMatchObject({ reason: Status.LlResponseTimeout });
    }
  });

  it("lets either host disconnect while it starts, though data waits (Vol 6, Part B, 5.1.3.1)", () => {
    for (const ender of ["a", "b"] as const) {
      const pair = new RawPair({}, {}, air);
      const handles = pair.connect();
      pair.a.host.ask(LeEnableEncryption, { connectionHandle: handles.a, ...start });
      pair.clock.advanceSync(500);
      pair[ender].host.sendData(handles[ender], Uint8Array.of(1));
      pair[ender].host.ask(Disconnect, { connectionHandle: handles[ender], reason: 0x13 });
      pair.clock.advanceSync(500);
      for (const { host } of [pair.a, pair.b]) host.takeOne(DisconnectionComplete);
      expect(pair.clock.timers).toBe(0);
    }
  });
});

describe("virtual controller: the encryption commands", () => {
  it("are for the central, and not while it is encrypting: Command Disallowed (Vol 4, Part E, 7.8.24)", () => {
    const pair = new RawPair();
    const handles = pair.connect();
    const enable = (side: "a" | "b"): number =>
      pair[side].host.status(LeEnableEncryption, { connectionHandle: handles[side], ...start });
    expect(enable("b")).toBe(Status.CommandDisallowed);
    expect(enable("a")).toBe(Status.Success);
    expect(enable("a")).toBe(Status.CommandDisallowed);
    const missing = { connectionHandle: 0x0123, ...start };
    expect(pair.a.host.status(LeEnableEncryption, missing)).toBe(Status.UnknownConnectionIdentifier);
  });

  it("give a key only where one is asked for, once: Command Disallowed (Vol 4, Part E, 7.8.25 and 7.8.26)", () => {
    const pair = new RawPair();
    const handles = pair.connect();
    const reply = { connectionHandle: handles.b, longTermKey: sampleKey };
    const refuse = { connectionHandle: handles.b };
    expect(pair.b.host.status(LeLongTermKeyRequestReply, reply)).toBe(Status.CommandDisallowed);
    expect(pair.b.host.status(LeLongTermKeyRequestNegativeReply, refuse)).toBe(Status.CommandDisallowed);
    exchangeKeys(pair, handles);
    expect(pair.b.host.status(LeLongTermKeyRequestReply, reply)).toBe(Status.CommandDisallowed);
    const central = { connectionHandle: handles.a, longTermKey: sampleKey };
    expect(pair.a.host.status(LeLongTermKeyRequestReply, central)).toBe(Status.CommandDisallowed);
  });

  it("do not ask a host that has masked the request: it has no key (Vol 6, Part B, 5.1.3.1)", () => {
    const pair = new RawPair();
    const { a: connectionHandle } = pair.connect();
    pair.b.host.ask(LeSetEventMask, { eventMask: 0x0fn });
    pair.a.host.ask(LeEnableEncryption, { connectionHandle, ...start });
    expect(pair.a.host.takeOne(EncryptionChange).status).toBe(Status.PinOrKeyMissing);
    expect(pair.b.host.events).toEqual([]);
  });

  it("fail with Unsupported Remote Feature where the peripheral cannot encrypt (Vol 6, Part B, 5.1.3.1)", () => {
    const pair = new RawPair({}, { leFeatures: featureSet() });
    const { a: connectionHandle } = pair.connect();
    pair.a.host.ask(LeEnableEncryption, { connectionHandle, ...start });
    const refused = { status: Status.UnsupportedRemoteFeature, connectionHandle, encryptionEnabled: 0 };
    expect(pair.a.host.takeOne(EncryptionChange)).toEqual(refused);
  });

  it("work between controllers of 4.0 too, which reject in the plain way (Vol 6, Part B, 5.1.3.1)", () => {
    const pair = new RawPair({ profile: "4.0" });
    const handles = pair.connect();
    pair.a.host.ask(LeEnableEncryption, { connectionHandle: handles.a, ...start });
    const opcodes: number[] = [];
    // Behind the headers of the record, its pseudo-header, the access address and the header.
    pair.air.capture((record) => opcodes.push(record[32] ?? -1));
    pair.b.host.ask(LeLongTermKeyRequestNegativeReply, { connectionHandle: handles.b });
    expect(opcodes).toContain(LlOpcode.RejectInd);
    expect(opcodes).not.toContain(LlOpcode.RejectExtInd);
    expect(pair.a.host.takeOne(EncryptionChange).status).toBe(Status.PinOrKeyMissing);
    pair.b.host.take(LeLongTermKeyRequest);
    exchangeKeys(pair, handles);
    expect(pair.a.host.takeOne(EncryptionChange).status).toBe(Status.Success);
  });

  it("end in the second version of the event, and only in that, for hosts that want it (Vol 4, Part E, 7.7.8)", () => {
    const pair = new RawPair();
    pair.a.host.ask(SetEventMaskPage2, { eventMaskPage2: 1n << 25n });
    const handles = pair.connect();
    exchangeKeys(pair, handles);
    expect(pair.a.host.takeOne(EncryptionChangeV2)).toEqual({
      status: 0,
      connectionHandle: handles.a,
      encryptionEnabled: 1,
      encryptionKeySize: 16,
    });
    expect(pair.b.host.takeOne(EncryptionChange).connectionHandle).toBe(handles.b);
    for (const { host } of [pair.a, pair.b]) expect(host.events).toEqual([]);
  });
});

describe("virtual controller: what is really encrypted (Vol 6, Part E)", () => {
  /** What a capture has of the air while the central sends twenty zeros, in hex. */
  const onAir = (air: VirtualAirOptions, payload: "plain" | "cipher" = "cipher"): string => {
    const pair = new RawPair({}, {}, air);
    const handles = connectEncrypted(pair);
    const parts: Uint8Array[] = [];
    pair.air.capture((octets) => parts.push(octets.slice()), { payload });
    pair.a.host.sendData(handles.a, Uint8Array.from({ length: 20 }));
    expect(received(pair.b.host.data)).toBe("00".repeat(20));
    return parts.map((part) => toHex(part)).join("");
  };

  it("cannot be read in a capture of the air, where the option says so", () => {
    expect(onAir({ encryption: "flag" })).toContain("00".repeat(20));
    expect(onAir({ encryption: "ccm" })).not.toContain("00".repeat(20));
    expect(onAir({ encryption: "ccm" }, "plain")).toContain("00".repeat(20));
    const pair = new RawPair();
    const payload = "secret" as "plain";
    expect(() => pair.air.capture(() => undefined, { payload })).toThrow("payload is one of plain, cipher");
  });

  it("goes by shares of the session key that are drawn, the same for the same seed (Vol 6, Part B, 5.1.3.1)", () => {
    expect(onAir({ encryption: "ccm", seed: 1 })).toBe(onAir({ encryption: "ccm", seed: 1 }));
    expect(onAir({ encryption: "ccm", seed: 1 })).not.toBe(onAir({ encryption: "ccm", seed: 2 }));
  });

  it("arrives intact though packets are lost and sent again (Vol 6, Part E, 2.1)", () => {
    const pair = new RawPair({}, {}, { timing: "air", encryption: "ccm" });
    const handles = connectEncrypted(pair);
    pair.air.setLoss(0.3, pair.a.controller, pair.b.controller);
    const payload = Uint8Array.from({ length: 100 }, (_, at) => at);
    for (let i = 0; i < 10; i++) {
      pair.a.host.sendData(handles.a, payload.slice());
      pair.b.host.sendData(handles.b, payload.slice());
    }
    pair.clock.advanceSync(20_000);
    for (const { host, controller } of [pair.a, pair.b]) {
      expect(received(host.data)).toBe(toHex(payload).repeat(10));
      expect(controller.counters.retransmissions).toBeGreaterThan(10);
    }
  });
});
