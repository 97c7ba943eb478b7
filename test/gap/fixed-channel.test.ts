import { describe, expect, it } from "vitest";
import { QueueOverflowError } from "../../src/common/async-queue.ts";
import { DisconnectedError } from "../../src/hci/error.ts";
import { ChannelClosedError, ChannelUnavailableError } from "../../src/l2cap/error.ts";
import { controllerKinds, outcome, twoHosts } from "../support/two-hosts.ts";
import { lendOnly, octets } from "./channel-pair.ts";

const cid = 0x003e;

describe.each(controllerKinds)("A fixed channel of the program, on controllers with %s", (_name, kind) => {
  it("carries payloads of every length in both directions (Vol 3, Part A, 3.1)", async () => {
    const { air, central, peripheral } = await twoHosts(kind);
    const ends = await air.connect(central, peripheral);
    const near = ends.central.openFixedChannel(cid);
    const far = ends.peripheral.openFixedChannel(cid);
    const lengths = [0, 1, 23, 24, 247, 248, 1000, 65_535];
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      for (const length of lengths) {
        await air.until(from.send(octets(length)));
        const { value } = await air.until(to[Symbol.asyncIterator]().next());
        // Not toEqual(), which takes its time with so many octets.
        expect(Buffer.from(value ?? []).equals(octets(length)), `${length} octets`).toBe(true);
      }
    }
    expect([near.cid, String(near)]).toEqual([cid, "0x003e (open)"]);
    await air.expectNothingLeft();
  });
});

describe("A fixed channel of the program", () => {
  it.each([0, 4, 5, 6, 0x40, 0xffff, 1.5, -1])("may not be 0x%s (Vol 3, Part A, 2.1)", async (other) => {
    const { air, central, peripheral } = await twoHosts();
    const ends = await air.connect(central, peripheral);
    expect(() => ends.central.openFixedChannel(other)).toThrow(RangeError);
    expect(() => ends.central.openFixedChannel(cid, { capacity: 0 })).toThrow(/capacity/);
    await air.expectNothingLeft();
  });

  it("gives each payload as octets of the program's own", async () => {
    const { air, central, peripheral } = await twoHosts();
    const ends = await air.connect(central, peripheral);
    const near = ends.central.openFixedChannel(cid);
    const far = ends.peripheral.openFixedChannel(cid);
    lendOnly(peripheral);
    await air.until(near.send(octets(10)));
    await air.clock.advance(100);
    expect(await air.until(far[Symbol.asyncIterator]().next())).toEqual({ done: false, value: octets(10) });
    await air.expectNothingLeft();
  });

  it("is one at a time, and can be had again when it was given up", async () => {
    const { air, central, peripheral } = await twoHosts();
    const ends = await air.connect(central, peripheral);
    const far = ends.peripheral.openFixedChannel(cid);
    const first = ends.central.openFixedChannel(cid);
    expect(() => ends.central.openFixedChannel(cid)).toThrow(ChannelUnavailableError);
    const loop = air.track("loop", first[Symbol.asyncIterator]().next());
    first[Symbol.dispose]();
    first[Symbol.dispose]();
    expect(await air.until(loop)).toEqual({ done: true, value: undefined });
    expect(await air.ending(first.send(octets(1)))).toMatchObject({
      error: { constructor: ChannelClosedError },
    });
    expect(first.trySend(octets(1))).toBe(false);
    await air.until(far.send(octets(1))); // nobody has it: dropped
    await air.clock.advance(10);
    const again = ends.central.openFixedChannel(cid);
    await air.until(far.send(octets(2)));
    expect(await air.until(again[Symbol.asyncIterator]().next())).toEqual({ done: false, value: octets(2) });
    await air.expectNothingLeft();
  });

  it("bounds what waits for a slow program", async () => {
    const { air, central, peripheral } = await twoHosts();
    const ends = await air.connect(central, peripheral);
    const near = ends.central.openFixedChannel(cid);
    const far = ends.peripheral.openFixedChannel(cid, { capacity: 3 });
    for (let i = 0; i < 5; i++) await air.until(near.send(octets(10, i)));
    await air.clock.advance(10);
    const got: unknown[] = [];
    for (let i = 0; i < 4; i++) got.push(await air.ending(far[Symbol.asyncIterator]().next()));
    expect(got).toMatchObject([
      { value: {} },
      { value: {} },
      { value: {} },
      { error: { constructor: QueueOverflowError } },
    ]);
    expect(String(far)).toBe("0x003e (open, but receives no more: too much was waiting)");
    const arrived = air.track("sent all the same", near[Symbol.asyncIterator]().next());
    await air.until(far.send(octets(7)));
    expect(await air.until(arrived)).toEqual({ done: false, value: octets(7) });
    far[Symbol.dispose]();
    expect(String(far)).toBe("0x003e (closed)");
    const again = ends.peripheral.openFixedChannel(cid);
    await air.until(near.send(octets(8)));
    expect(await air.until(again[Symbol.asyncIterator]().next())).toEqual({ done: false, value: octets(8) });
    await air.expectNothingLeft();
  });

  it("refuses mistakes at once, and ends with the link", async () => {
    const { air, central, peripheral } = await twoHosts({ aclPackets: 1 });
    const ends = await air.connect(central, peripheral);
    const near = ends.central.openFixedChannel(cid);
    expect(() => near.trySend("text" as never)).toThrow(TypeError);
    expect(() => near.trySend(new Uint8Array(65_536))).toThrow(RangeError);
    const sends = Array.from({ length: 100 }, () => outcome(air.track("send", near.send(octets(60_000)))));
    const loop = outcome(air.track("loop", near[Symbol.asyncIterator]().next()));
    await air.until(ends.central.disconnect());
    const failed = (await air.until(Promise.all(sends))).filter((ending) => "error" in ending);
    expect(failed.length).toBeGreaterThan(30); // what was queued by then has gone first
    for (const ending of [...failed, await air.until(loop)]) {
      expect(ending).toMatchObject({ error: { constructor: DisconnectedError } });
    }
    near[Symbol.dispose]();
    await air.expectNothingLeft();
  });
});
