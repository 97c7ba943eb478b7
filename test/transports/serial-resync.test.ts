import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concat, fromHex, toHex } from "../../src/common/bytes.ts";
import { VirtualClock } from "../../src/common/clock.ts";
import { SeededRandom } from "../../src/common/random.ts";
import { ResyncingFramer } from "../../transports/serial-resync.ts";
import { runs } from "../support/runs.ts";

const reset = fromHex("01 03 0c 00");
const resetComplete = fromHex("04 0e 04 01 03 0c 00");

/** A framer, and what came out of it. */
class Taken {
  readonly clock = new VirtualClock();
  readonly packets: string[] = [];
  readonly faults: string[] = [];
  readonly framer = new ResyncingFramer(
    {
      packet: (packet) => this.packets.push(toHex(packet)),
      fault: (error) => this.faults.push(error.message),
    },
    this.clock,
  );

  push(...hex: readonly string[]): this {
    for (const each of hex) this.framer.push(fromHex(each));
    return this;
  }
}

const packets = [
  "040e0401030c00",
  "02402007000300040 00a0300".replace(" ", ""),
  "04130501400001 00".replace(" ", ""),
  "043e0c020100014523c1efcdab00c8",
  "04ff0301c004",
  "0405040040 0013".replace(" ", ""),
];

describe("H4 on a line with noise (Vol 4, Part A)", () => {
  it("gives the packets of a clean stream as they are, however they are cut", () => {
    const stream = fromHex(packets.join(""));
    fc.assert(
      fc.property(fc.array(fc.nat(stream.length)), (cuts) => {
        const taken = new Taken();
        let at = 0;
        for (const cut of [...cuts.sort((a, b) => a - b), stream.length]) {
          taken.framer.push(stream.subarray(at, cut));
          at = cut;
        }
        expect(taken.packets).toEqual(packets);
        expect([taken.faults, taken.framer.skipped, taken.framer.faults]).toEqual([[], 0, 0]);
      }),
      runs,
    );
  });

  it.each([
    [
      "the banner of a board that starts",
      toHex(new TextEncoder().encode("*** Booting Zephyr OS v3.7 ***\r\n")),
      32,
    ],
    ["octets of no packet type", "00 ff fe 80", 4],
    ["an event of no code there is", "00 04 99 02 01 02", 6],
    ["an event with a length that does not fit it", "00 04 13 02 01 02", 6],
    ["the answer to a command there is not", "00 04 0e 04 01 ff 4f 00", 8],
    ["what begins an event and does not end one", "00 04 3e", 3],
  ])("skips %s, tells of it once, and takes the event behind", (_, noise, skipped) => {
    const whole = new Taken().push(noise + packets[2]! + packets[1]!);
    expect(whole.packets).toEqual([packets[2], packets[1]]);
    expect(whole.framer.skipped).toBe(skipped);
    expect(whole.faults).toHaveLength(1);
    expect(whole.faults[0]).toContain("is no packet type");
    const byOctets = new Taken();
    for (const octet of fromHex(noise + packets[2]! + packets[1]!))
      byOctets.framer.push(Uint8Array.of(octet));
    expect(byOctets.packets).toEqual(whole.packets);
  });

  it("does not take an event for one that is followed by what no controller sends", () => {
    const taken = new Taken().push("00", "04 05 04 00 40 00 13 99", packets[0]!);
    expect(taken.packets).toEqual([packets[0]]);
  });

  it("finds the answer to HCI_Reset within what looked like a long packet", () => {
    const taken = new Taken();
    taken.push("02 40 20 ff ff", "aa ".repeat(100)); // noise that looks like the header of 65 535 octets of data
    taken.push("04 0e 04 01 03 0c 00");
    expect(taken.packets).toEqual([]);
    taken.framer.sent(reset);
    for (const octet of resetComplete) taken.framer.push(Uint8Array.of(octet));
    taken.push(packets[2]!);
    expect(taken.packets).toEqual([toHex(resetComplete), packets[2]]);
    expect(taken.faults).toEqual([expect.stringContaining("came within what was taken for a packet")]);
  });

  it("finds the answer to HCI_Reset within what could have been an event", () => {
    const taken = new Taken();
    taken.push("ff 04 3e f0 0d 11 22");
    taken.framer.sent(reset);
    taken.push(toHex(resetComplete));
    expect(taken.packets).toEqual([toHex(resetComplete)]);
  });

  it("gives up a packet that was never finished, when an event comes after a silence", () => {
    const taken = new Taken().push("04 3e 13 0d");
    taken.clock.advanceSync(499);
    taken.push("01");
    taken.clock.advanceSync(500);
    taken.push(packets[0]!);
    expect(taken.packets).toEqual([packets[0]]);
    expect(taken.faults).toEqual([expect.stringContaining("never finished")]);
    expect(taken.framer.skipped).toBe(5);
  });

  it("goes on with a packet after a silence, when what comes is no event", () => {
    const taken = new Taken().push("02 40 20 07 00 03 00");
    taken.clock.advanceSync(60_000);
    taken.push("04 00 0a 03 00");
    expect([taken.packets, taken.faults]).toEqual([[packets[1]], []]);
  });

  it("finds order again after 1 MiB of noise, with HCI_Reset, and holds little of it", () => {
    const random = new SeededRandom(7);
    const taken = new Taken();
    const noise = random.bytes(1024 * 1024);
    for (let at = 0; at < noise.length; at += 4096) taken.framer.push(noise.subarray(at, at + 4096));
    taken.framer.sent(reset);
    taken.framer.push(resetComplete);
    taken.push(...packets);
    expect(taken.packets.slice(-packets.length - 1)).toEqual([toHex(resetComplete), ...packets]);
    expect(taken.faults.length).toBeGreaterThan(0);
  });

  it("finds the answer to HCI_Reset behind any noise, and takes all that follows", () => {
    const noise = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc
        .array(fc.constantFrom(...packets).map(fromHex), { maxLength: 4 })
        .map((all) => concat(...all).slice(1)),
    );
    fc.assert(
      fc.property(noise, fc.array(fc.nat(400)), (octets, cuts) => {
        const taken = new Taken();
        taken.framer.sent(reset);
        const stream = concat(octets, resetComplete, fromHex(packets.join("")));
        let at = 0;
        for (const cut of [...cuts.sort((a, b) => a - b), stream.length]) {
          const end = Math.min(cut, stream.length);
          taken.framer.push(stream.subarray(at, end));
          at = end;
        }
        expect(taken.packets.slice(-packets.length - 1)).toEqual([toHex(resetComplete), ...packets]);
      }),
      runs,
    );
  });
});
