import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../../src/common/bytes.ts";
import { VirtualClock } from "../../../src/common/clock.ts";
import { SeededRandom } from "../../../src/common/random.ts";
import { decodeMessage } from "../../../transports/h5/link-control.ts";
import { type End, type State, step } from "../../../transports/h5/link-establishment.ts";
import { H5Link } from "../../../transports/h5/link.ts";
import { decodePacket, encodePacket, H5PacketType, longestPacket } from "../../../transports/h5/packet.ts";
import { SlipDecoder, slipEncode } from "../../../transports/h5/slip.ts";
import { runs } from "../../support/runs.ts";

const full = { windowSize: 7, softwareFlowControl: true, dataIntegrityCheck: true };
const hostEnd: End = { role: "host", configuration: full };

/** One end of a link, with what it was told and what it has put on the wire. */
class LinkEnd {
  readonly told: string[] = [];
  readonly packets: string[] = [];
  readonly wire: Uint8Array[] = [];
  readonly link: H5Link;
  peer: LinkEnd | undefined;
  /** What becomes of octets on their way to the peer. */
  trouble = (octets: Uint8Array): Uint8Array => octets;

  constructor(clock: VirtualClock, end: Partial<End> = {}) {
    this.link = new H5Link(
      {
        write: (octets) => {
          this.wire.push(octets);
          const passed = this.trouble(octets);
          const { peer } = this;
          if (peer) clock.after(1, () => peer.link.receive(passed));
        },
        activated: ({ windowSize, dataIntegrityCheck, softwareFlowControl }) => {
          const flow = softwareFlowControl ? " with XON/XOFF" : "";
          this.told.push(`active, window ${windowSize}${dataIntegrityCheck ? " checked" : ""}${flow}`);
        },
        packet: (packet) => this.packets.push(toHex(packet)),
        reset: () => this.told.push("reset"),
        fault: () => undefined,
        unheard: () => this.told.push("unheard"),
      },
      clock,
      { role: "host", configuration: full, resendMs: 250, ...end },
    );
  }

  /** What it has put on the wire since last asked, in few words. */
  said(): string[] {
    const said: string[] = [];
    const sink = { fault: () => said.push("?"), frame: (octets: Uint8Array) => said.push(inWords(octets)) };
    for (const octets of this.wire.splice(0)) new SlipDecoder(longestPacket).push(octets, sink);
    return said;
  }

  /** The peer says this, in a frame of its own. */
  hear(
    type: number,
    payload: string,
    numbers: { seq?: number; ack?: number; reliable?: boolean } = {},
  ): void {
    const { seq = 0, ack = 0, reliable = false } = numbers;
    const packet = encodePacket({
      sequenceNumber: seq,
      acknowledgementNumber: ack,
      checked: false,
      reliable,
      type,
      payload: fromHex(payload),
    });
    this.link.receive(slipEncode(packet, false));
  }
}

function inWords(octets: Uint8Array): string {
  const { type, payload, reliable, sequenceNumber, acknowledgementNumber } = decodePacket(octets);
  if (type === H5PacketType.LinkControl) return decodeMessage(payload)?.type ?? "unknown";
  if (type === H5PacketType.Acknowledgement) return `ack ${acknowledgementNumber}`;
  return `${type}:${toHex(payload)}${reliable ? ` seq ${sequenceNumber}` : ""} ack ${acknowledgementNumber}`;
}

/** An end that is active, by hand; what it said so far is forgotten. */
function activeEnd(clock: VirtualClock, configuration = "04 7b 07"): LinkEnd {
  const end = new LinkEnd(clock);
  end.link.start();
  end.hear(15, "02 7d");
  end.hear(15, configuration);
  end.said();
  return end;
}

function pair(
  clock: VirtualClock,
  controllerEnd: Partial<End> = {},
): readonly [host: LinkEnd, controller: LinkEnd] {
  const host = new LinkEnd(clock);
  const controller = new LinkEnd(clock, { role: "controller", ...controllerEnd });
  host.peer = controller;
  controller.peer = host;
  return [host, controller];
}

const command = (index: number): Uint8Array => Uint8Array.of(0x01, 0x03, 0x0c, 0x01, index);
const event = (index: number): Uint8Array => Uint8Array.of(0x04, 0xff, 0x01, index);

describe("Establishing a three-wire UART link (Vol 4, Part D, 8)", () => {
  const messages = { type: "message" } as const;

  it("a state answers what it knows, and goes on by the answers it waits for", () => {
    const uninitialized: State = { at: "uninitialized" };
    expect(step(uninitialized, { type: "timer" }, hostEnd)).toMatchObject([
      uninitialized,
      { message: { type: "sync" } },
    ]);
    expect(step(uninitialized, { ...messages, message: { type: "config" } }, hostEnd)).toEqual([
      uninitialized,
    ]);
    expect(step({ at: "initialized" }, { ...messages, message: { type: "sync" } }, hostEnd)).toMatchObject([
      { at: "initialized" },
      { message: { type: "syncResponse" } },
    ]);
  });

  it("sends SYNC every 250 ms until it is answered, then CONFIG every 250 ms (8.4, 8.6)", () => {
    const clock = new VirtualClock();
    const end = new LinkEnd(clock);
    end.link.start();
    clock.advanceSync(749);
    expect(end.said()).toEqual(["sync", "sync", "sync"]);
    end.hear(15, "02 7d");
    clock.advanceSync(500);
    expect(end.said()).toEqual(["config", "config", "config"]);
    end.hear(15, "04 7b 14");
    clock.advanceSync(10_000);
    expect(end.said()).toEqual([]);
    expect(end.told).toEqual(["active, window 4 checked"]);
    expect(clock.timers).toBe(0);
  });

  it("keeps to one packet at a time where the other end says nothing of windows (8.8.2)", () => {
    const end = activeEnd(new VirtualClock(), "04 7b");
    expect(end.told).toEqual(["active, window 1"]);
  });

  it("answers a CONFIG with a configuration by one that both can do, and one without by none (8.7)", () => {
    const clock = new VirtualClock();
    const controller = new LinkEnd(clock, {
      role: "controller",
      configuration: { windowSize: 3, softwareFlowControl: false, dataIntegrityCheck: true },
    });
    controller.link.start();
    controller.hear(15, "02 7d");
    controller.wire.length = 0;
    controller.hear(15, "03 fc 1f");
    controller.hear(15, "03 fc");
    // 0xC0 is the header's checksum here, and escaped.
    expect(controller.wire.map((octets) => toHex(octets, " "))).toEqual([
      "c0 00 3f 00 db dc 04 7b 13 c0",
      "c0 00 2f 00 d0 04 7b c0",
    ]);
    controller.hear(15, "04 7b");
    expect(controller.told).toEqual(["active, window 3 checked"]);
  });

  it("drops everything but link messages until the link is up", () => {
    const end = new LinkEnd(new VirtualClock());
    end.link.start();
    end.hear(4, "0e 04 01 03 0c 00", { reliable: true });
    end.link.send(command(0));
    expect(end.packets).toEqual([]);
    expect(end.said()).toEqual(["sync"]);
  });

  it("gives up after 5 s in which nobody answers", () => {
    const clock = new VirtualClock();
    const end = new LinkEnd(clock);
    end.link.start();
    clock.advanceSync(4_999);
    expect(end.told).toEqual([]);
    clock.advanceSync(1);
    expect(end.told).toEqual(["unheard"]);
    expect(end.said()).toHaveLength(20);
    expect(clock.timers).toBe(0);
  });

  it("begins anew when the other end does, and tells so (8.3)", () => {
    const clock = new VirtualClock();
    const end = activeEnd(clock);
    end.link.send(command(1));
    end.said();
    end.hear(15, "01 7e");
    expect(end.said()).toEqual(["syncResponse", "sync"]);
    end.hear(15, "02 7d");
    end.hear(15, "04 7b 07");
    end.link.send(command(2));
    expect(end.said()).toEqual(["config", "1:030c0102 seq 0 ack 0"]);
    expect(end.told.slice(1)).toEqual(["reset", "active, window 7"]);
  });

  it("two ends find each other, whoever is first, and agree (8.8)", () => {
    const clock = new VirtualClock();
    const [host, controller] = pair(clock);
    host.link.start();
    clock.advanceSync(700);
    controller.link.start();
    clock.advanceSync(2_000);
    expect(host.told).toEqual(["active, window 7 checked with XON/XOFF"]);
    controller.said();
    for (let index = 0; index < 9; index++) controller.link.send(event(index));
    expect(controller.said()).toHaveLength(7);
    clock.advanceSync(100);
    expect(host.packets).toHaveLength(9);
    expect(clock.timers).toBe(0);
  });
});

describe("Reliable packets of the three-wire UART (Vol 4, Part D, 6)", () => {
  it("sends as many as the window lets it, and more as they are acknowledged (8.8.2)", () => {
    const end = activeEnd(new VirtualClock(), "04 7b 02");
    for (let index = 0; index < 4; index++) end.link.send(command(index));
    expect(end.said()).toEqual(["1:030c0100 seq 0 ack 0", "1:030c0101 seq 1 ack 0"]);
    end.hear(0, "", { ack: 1 });
    expect(end.said()).toEqual(["1:030c0102 seq 2 ack 0"]);
    end.hear(0, "", { ack: 3 });
    expect(end.said()).toEqual(["1:030c0103 seq 3 ack 0"]);
  });

  it("sends all that is not acknowledged again after a while, in order (6.6)", () => {
    const clock = new VirtualClock();
    const end = activeEnd(clock);
    for (let index = 0; index < 3; index++) end.link.send(command(index));
    end.said();
    end.hear(0, "", { ack: 1 });
    clock.advanceSync(249);
    expect(end.said()).toEqual([]);
    clock.advanceSync(1);
    expect(end.said()).toEqual(["1:030c0101 seq 1 ack 0", "1:030c0102 seq 2 ack 0"]);
    end.hear(0, "", { ack: 3 });
    clock.advanceSync(10_000);
    expect(end.said()).toEqual([]);
    expect(clock.timers).toBe(0);
  });

  it("acknowledges what comes in order, and says again what it expects where one is missing (6.4, 6.5)", () => {
    const end = activeEnd(new VirtualClock());
    end.hear(4, "ff 01 00", { seq: 0, reliable: true });
    end.hear(4, "ff 01 02", { seq: 2, reliable: true });
    end.hear(4, "ff 01 00", { seq: 0, reliable: true });
    end.hear(4, "ff 01 01", { seq: 1, reliable: true });
    expect(end.packets).toEqual(["04ff0100", "04ff0101"]);
    expect(end.said()).toEqual(["ack 1", "ack 1", "ack 1", "ack 2"]);
  });

  it("lets a packet of its own carry the acknowledgement", () => {
    const clock = new VirtualClock();
    const [host, controller] = pair(clock);
    host.link.start();
    controller.link.start();
    clock.advanceSync(100);
    host.said();
    controller.link.send(event(0));
    clock.advanceSync(5);
    expect(host.said()).toEqual(["ack 1"]);
    host.link.send(command(0));
    expect(host.said()).toEqual(["1:030c0100 seq 0 ack 1"]);
  });

  it("ignores an acknowledgement of what was never sent", () => {
    const end = activeEnd(new VirtualClock());
    end.link.send(command(0));
    end.said();
    end.hear(0, "", { ack: 5 });
    end.link.send(command(1));
    expect(end.said()).toEqual(["1:030c0101 seq 1 ack 0"]);
  });

  it("sends synchronous data and ISO data once, without a sequence number (7)", () => {
    const clock = new VirtualClock();
    const end = activeEnd(clock);
    end.link.send(fromHex("03 05 00 01 aa"));
    end.link.send(fromHex("05 60 00 01 00 aa"));
    expect(end.said()).toEqual(["3:050001aa ack 0", "5:60000100aa ack 0"]);
    expect(clock.timers).toBe(0);
  });

  it("drops a packet whose header checksum is wrong, and takes it when it comes again (6.1)", () => {
    const end = activeEnd(new VirtualClock());
    const octets = encodePacket({
      sequenceNumber: 0,
      acknowledgementNumber: 0,
      checked: true,
      reliable: true,
      type: 4,
      payload: fromHex("ff 01 00"),
    });
    for (const at of [0, 5, 8]) end.link.receive(slipEncode(octets.with(at, octets[at]! ^ 0x10), false));
    expect([end.packets, end.said()]).toEqual([[], []]);
    end.link.receive(slipEncode(octets, false));
    expect(end.packets).toEqual(["04ff0100"]);
  });

  it("gives up an end that acknowledges nothing any more", () => {
    const clock = new VirtualClock();
    const end = activeEnd(clock);
    end.link.send(command(0));
    clock.advanceSync(21 * 250);
    expect(end.told.at(-1)).toBe("unheard");
    expect(end.said()).toHaveLength(21);
    expect(clock.timers).toBe(0);
  });

  it("refuses a payload of more than 4095 octets, and goes on (4.6)", () => {
    const end = activeEnd(new VirtualClock());
    end.link.send(new Uint8Array(4097).fill(2));
    end.link.send(new Uint8Array(4096).fill(2));
    expect(end.said()).toHaveLength(1);
  });
});

describe("Sleep on the three-wire UART (Vol 4, Part D, 9)", () => {
  it("wakes the other end before it sends, every 50 ms until it answers", () => {
    const clock = new VirtualClock();
    const end = activeEnd(clock);
    end.hear(15, "07 78");
    expect(end.said()).toEqual([]);
    end.link.send(command(0));
    clock.advanceSync(120);
    expect(end.said()).toEqual(["wakeup", "wakeup", "wakeup"]);
    end.hear(15, "06 f9");
    expect(end.said()).toEqual(["1:030c0100 seq 0 ack 0"]);
    end.hear(0, "", { ack: 1 });
    clock.advanceSync(10_000);
    expect([end.said(), clock.timers]).toEqual([[], 0]);
  });

  it("wakes an end that fell asleep over packets it has not acknowledged", () => {
    const clock = new VirtualClock();
    const end = activeEnd(clock);
    end.link.send(command(0));
    end.said();
    end.hear(15, "07 78");
    expect(end.said()).toEqual(["wakeup"]);
    end.hear(15, "06 f9");
    expect(end.said()).toEqual(["1:030c0100 seq 0 ack 0"]);
  });

  it("answers WAKEUP by WOKEN (9.1, 9.2)", () => {
    const end = activeEnd(new VirtualClock());
    end.hear(15, "05 fa");
    expect(end.said()).toEqual(["woken"]);
  });

  it("gives up an end that does not wake within 5 s", () => {
    const clock = new VirtualClock();
    const end = activeEnd(clock);
    end.hear(15, "07 78");
    end.link.send(command(0));
    clock.advanceSync(5_000);
    expect(end.told.at(-1)).toBe("unheard");
    expect(clock.timers).toBe(0);
  });

  it("takes any packet for a sign that the other end is awake", () => {
    const end = activeEnd(new VirtualClock());
    end.hear(15, "07 78");
    end.hear(4, "ff 01 00", { reliable: true });
    end.link.send(command(0));
    expect(end.said()).toEqual(["ack 1", "1:030c0100 seq 0 ack 1"]);
  });
});

describe("A three-wire UART on a bad line", () => {
  it("delivers everything in order, both ways, whatever the line does to some of it", () => {
    const count = fc.integer({ min: 1, max: 40 });
    const property = fc.property(
      fc.nat(),
      count,
      count,
      fc.integer({ min: 1, max: 7 }),
      (seed, down, up, size) => {
        const clock = new VirtualClock();
        const random = new SeededRandom(seed);
        const [host, controller] = pair(clock, { configuration: { ...full, windowSize: size } });
        host.link.start();
        controller.link.start();
        clock.advanceSync(2_000);
        // One write of five is hurt: lost, cut short, or an octet of it changed.
        const trouble = (octets: Uint8Array): Uint8Array => {
          const [dice = 0, place = 0, value = 0] = random.bytes(3);
          const at = place % octets.length;
          if (dice >= 51) return octets;
          if (dice < 17) return octets.subarray(0, 0);
          return dice < 34 ? octets.subarray(0, at) : octets.with(at, value);
        };
        host.trouble = trouble;
        controller.trouble = trouble;
        for (let index = 0; index < down; index++) host.link.send(command(index));
        for (let index = 0; index < up; index++) controller.link.send(event(index));
        clock.advanceSync(60_000);
        expect(controller.packets).toEqual(Array.from({ length: down }, (_, index) => toHex(command(index))));
        expect(host.packets).toEqual(Array.from({ length: up }, (_, index) => toHex(event(index))));
        expect(clock.timers).toBe(0);
      },
    );
    fc.assert(property, runs);
  });

  it("takes any octets and any frames, in any state, without an error or a timer that is left", () => {
    const frame = fc
      .record({
        sequenceNumber: fc.nat(7),
        acknowledgementNumber: fc.nat(7),
        checked: fc.boolean(),
        reliable: fc.boolean(),
        type: fc.nat(15),
        payload: fc.oneof(
          fc.uint8Array({ maxLength: 8 }),
          fc.constantFrom("017e", "027d", "03fc1f", "047b07", "05fa", "06f9", "0778").map(fromHex),
        ),
      })
      .map((packet) => slipEncode(encodePacket(packet), false));
    const octets = fc.oneof(frame, fc.uint8Array({ maxLength: 20 }));
    const property = fc.property(fc.array(octets, { maxLength: 40 }), fc.boolean(), (all, isActive) => {
      const clock = new VirtualClock();
      const end = isActive ? activeEnd(clock) : new LinkEnd(clock);
      if (!isActive) end.link.start();
      for (const chunk of all) {
        end.link.receive(chunk);
        end.link.send(command(1));
        clock.advanceSync(30);
      }
      end.link[Symbol.dispose]();
      expect(clock.timers).toBe(0);
    });
    fc.assert(property, runs);
  });
});
