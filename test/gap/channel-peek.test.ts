import { describe, expect, it } from "vitest";
import { ChannelClosedError } from "../../src/l2cap/error.ts";
import { twoHosts } from "../support/two-hosts.ts";

describe("a channel that is read without waiting", () => {
  it("shows what has come, gives credits when it is taken, and tells when all is sent (Vol 3, Part A, 10.1)", async () => {
    const { air, central, peripheral } = await twoHosts();
    const link = await air.connect(central, peripheral);
    const requested: (readonly number[])[] = [];
    const listener = peripheral.host.listen({
      ...{ spsm: 0x80, mtu: 100, initialCredits: 2 },
      accept: ({ localCids }) => {
        requested.push(localCids);
      },
    });
    const accepted = listener[Symbol.asyncIterator]().next();
    const sender = await air.until(link.central.openChannel({ spsm: 0x80 }));
    const receiver = (await air.until(accepted)).value!;
    expect(requested).toEqual([[receiver.localCid]]);
    let received = 0;
    receiver.on("received", () => received++);
    await air.until(sender.drained());
    for (const octet of [1, 2, 3]) await air.until(sender.send(Uint8Array.of(octet)));
    const drained = air.track("drained", sender.drained());
    await air.clock.advance(1000);
    expect([received, sender.waiting > 0]).toEqual([2, true]);
    expect([receiver.peek(), receiver.peek(1), receiver.peek(2)].map((sdu) => sdu?.[0])).toEqual([
      1,
      2,
      undefined,
    ]);
    expect(receiver.granted).toBe(0);
    expect(receiver.take()).toEqual(Uint8Array.of(1));
    await air.until(drained);
    await air.clock.advance(1000);
    expect([receiver.take(), receiver.take(), receiver.take()].map((sdu) => sdu?.[0])).toEqual([
      2,
      3,
      undefined,
    ]);
    for (const octet of [4, 5, 6, 7, 8]) sender.trySend(Uint8Array.of(octet));
    const never = air.ending(air.track("drained", sender.drained()));
    await air.until(link.central.disconnect());
    expect(await never).toEqual({ error: sender.closeReason });
    await expect(air.until(sender.drained())).rejects.toBe(sender.closeReason);
    expect(sender.closeReason).not.toBeInstanceOf(ChannelClosedError);
    await air.expectNothingLeft();
  });
});
