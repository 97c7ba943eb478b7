import { describe, expect, it } from "vitest";
import { Address } from "../../src/common/address.ts";
import { VirtualClock } from "../../src/common/clock.ts";
import { RepeatedAttempts } from "../../src/smp/repeated-attempts.ts";

const peer = Address.parse("C0:FF:EE:00:00:01/random");
const other = Address.parse("C0:FF:EE:00:00:01/public");

function open() {
  const clock = new VirtualClock();
  return { clock, attempts: new RepeatedAttempts(clock) };
}

describe("repeated attempts (Vol 3, Part H, 2.3.6)", () => {
  it("double the waiting interval, up to an hour", () => {
    const { clock, attempts } = open();
    const waits = Array.from({ length: 15 }, () => {
      attempts.failed(peer);
      const wait = attempts.waitMs(peer);
      clock.advanceSync(wait);
      expect(attempts.waitMs(peer)).toBe(0);
      return wait / 1_000;
    });
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 3600, 3600, 3600]);
  });

  it("shrink it again while there are none", () => {
    const { clock, attempts } = open();
    for (let i = 0; i < 5; i++) attempts.failed(peer); // 16 s
    clock.advanceSync(8 * 16_000); // 8 s
    attempts.failed(peer);
    expect(attempts.waitMs(peer)).toBe(16_000);
    clock.advanceSync(24 * 3_600_000);
    attempts.failed(peer);
    expect(attempts.waitMs(peer)).toBe(1_000);
  });

  it("are of one peer alone, and forgotten when it pairs", () => {
    const { attempts } = open();
    attempts.failed(peer);
    expect(attempts.waitMs(other)).toBe(0);
    attempts.succeeded(peer);
    expect(attempts.waitMs(peer)).toBe(0);
    attempts.failed(peer);
    expect(attempts.waitMs(peer)).toBe(1_000);
  });

  it("of ever new addresses fill no memory: the one that failed the longest ago is forgotten", () => {
    const { attempts } = open();
    attempts.failed(peer);
    for (let i = 0; i < 255; i++) attempts.failed(new Address("public", i));
    expect(attempts.waitMs(peer)).toBe(1_000);
    attempts.failed(new Address("public", 255));
    expect(attempts.waitMs(peer)).toBe(0);
    expect(attempts.waitMs(new Address("public", 0))).toBe(1_000);
  });
});
